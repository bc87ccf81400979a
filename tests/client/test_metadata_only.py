"""Asking a server for metadata alone."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from api_caller import config_map
from informer_kit import server_and_client

from listwatch.api.core_v1 import ConfigMap
from listwatch.apimachinery.errors import APIStatusError
from listwatch.apimachinery.object import Object
from listwatch.apimachinery.partial_object_metadata import PartialObjectMetadata
from listwatch.apimachinery.resource import Resource

Virtual = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]


@pytest.mark.parametrize("kind", [ConfigMap, ConfigMap.resource, Resource("", "v1", "configmaps")])
def test_every_reading_verb(virtual: Virtual, kind: type[Object] | Resource) -> None:
    """Get, list, watch, patch and delete give objects that have metadata and nothing else, whatever names the kind."""

    async def main() -> None:
        async with server_and_client() as (_, client):
            whole = client.resource(ConfigMap, namespace="default")
            await whole.create(config_map("a", data={"big": "x" * 100}, labels={"app": "web"}))
            metadata = client.resource(kind, namespace="default", metadata_only=True)
            page = await metadata.list(label_selector="app=web")
            seen: list[Any] = [await metadata.get("a"), *page]
            async with metadata.watch(resource_version=page.resource_version) as events:
                seen.append(await metadata.patch("a", {"metadata": {"labels": {"tier": "front"}}}))
                seen.append((await anext(aiter(events))).object)
            seen.append(await metadata.delete("a"))
            for each in seen[:-1]:
                assert isinstance(each, PartialObjectMetadata)
                assert (each.name, each.labels["app"], each.kind) == ("a", "web", "PartialObjectMetadata")
                assert b"xxx" not in each.to_json()
            assert seen[2].labels["tier"] == seen[3].labels["tier"] == "front"
            assert (await whole.list()).items == []

    virtual(main)


def test_metadata_cannot_be_written_back_as_the_whole(virtual: Virtual) -> None:
    """What was not sent cannot be put back: the server refuses an object that is metadata alone."""

    async def main() -> None:
        async with server_and_client() as (_, client):
            await client.resource(ConfigMap, namespace="default").create(config_map("a", data={"k": "v"}))
            metadata = client.resource(ConfigMap, namespace="default", metadata_only=True)
            with pytest.raises(APIStatusError):
                await metadata.replace(await metadata.get("a"))
            assert (await client.resource(ConfigMap, namespace="default").get("a")).data == {"k": "v"}

    virtual(main)
