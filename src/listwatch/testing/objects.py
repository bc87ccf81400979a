"""Short words for a test's own reading and writing, straight into the server.

In:    keys such as `pods/default/web`, manifests, patches
Out:   plain mappings, as the server answers
Rules: asynchronous, on the server's loop; cluster.py waits for it. Every word is one or two ordinary requests of the
       administrator, so defaults, validation and admission apply, and the journal has them. Refusals are the errors of
       `listwatch`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

import msgspec
from multidict import CIMultiDict

from listwatch.apimachinery.errors import AlreadyExists, Status, error_from_status
from listwatch.apimachinery.http import Request
from listwatch.apiserver.custom.simple import simple_definition
from listwatch.apiserver.journal.manners import OWN_USER_AGENT
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.server import APIServer
from listwatch.apiserver.storage.looking_back import Place, UnknownResourceError, find_place
from listwatch.testing.manifests import Manifests, objects_of

JSONObject = dict[str, Any]
JSONObjects = list[JSONObject]
PatchType = Literal["merge", "strategic", "json"]
_ESTABLISHED_WITHIN: Final = 5.0
_PATCHES: Final[dict[str, str]] = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
}


class Objects:
    """The administrator's requests.

    Args:
        server: Where to.
        token: The administrator's.
    """

    def __init__(self, server: APIServer, token: str) -> None:
        self._server = server
        self._authorization = f"Bearer {token}"

    async def get(self, key: str, *, namespace: str | None) -> JSONObject:
        """One object."""
        place = find_place(self._server.registry, key, of_object=True, namespace=namespace)
        return await self._send("GET", path_of(place))

    async def list(self, key: str, *, namespace: str | None, **selectors: str) -> JSONObjects:
        """A collection; its items have their `apiVersion` and `kind`."""
        place = find_place(self._server.registry, key, of_object=False, namespace=namespace)
        chosen = {name: value for name, value in selectors.items() if value}
        query = "?" + urlencode(chosen) if chosen else ""
        page = await self._send("GET", path_of(place) + query)
        type_meta = {"apiVersion": place.resource.api_version, "kind": place.resource.kind}
        return [{**type_meta, **item} for item in page["items"]]

    async def create(self, manifest: Mapping[str, Any], *, namespace: str | None) -> JSONObject:
        """Make one object."""
        place = self._place_of(manifest, namespace)
        return await self._send("POST", path_of(place, whole=True), dict(manifest))

    async def patch(
        self, key: str, patch: Any, *, namespace: str | None, patch_type: PatchType, subresource: str
    ) -> JSONObject:
        """Change one object."""
        place = find_place(self._server.registry, key, of_object=True, namespace=namespace)
        part = f"/{subresource}" if subresource else ""
        return await self._send("PATCH", path_of(place) + part, patch, content_type=_PATCHES[patch_type])

    async def delete(
        self, key: str, *, namespace: str | None, grace_period_seconds: int | None
    ) -> JSONObject:
        """Delete one object."""
        place = find_place(self._server.registry, key, of_object=True, namespace=namespace)
        query = "" if grace_period_seconds is None else f"?gracePeriodSeconds={grace_period_seconds}"
        return await self._send("DELETE", path_of(place) + query)

    async def apply(self, manifests: Manifests, *, namespace: str | None) -> JSONObjects:
        """Make what is not there, and change what is; fields that a manifest does not name stay."""
        applied = []
        for each in objects_of(manifests):
            applied.append(await self._apply(each, namespace))
            if each["kind"] == "CustomResourceDefinition":
                await self._served(each)
        return applied

    async def add_kind(self, name: str, *, kind: str, **options: Any) -> None:
        """Make a definition of a kind, and wait until it is served."""
        definition = simple_definition(name, kind=kind, **options)
        await self.create(definition, namespace=None)
        await self._served(definition)

    async def _served(self, definition: JSONObject) -> None:
        """Wait until the kinds of a definition are served, so that what follows may be of them.

        Raises:
            TimeoutError: They are not within some seconds of real time.
        """
        spec = definition["spec"]
        wanted = [each["name"] for each in spec.get("versions", ()) if each.get("served")]
        name = definition["metadata"]["name"]
        try:
            async with asyncio.timeout(_ESTABLISHED_WITHIN):
                while not all(
                    self._server.registry.find(spec["group"], version, spec["names"]["plural"])
                    for version in wanted
                ):
                    await self._server.wait_for_revision(self._server.revision + 1)
        except TimeoutError:
            raise TimeoutError(f"{name} is not served; see its status.conditions") from None

    async def _apply(self, manifest: JSONObject, namespace: str | None) -> JSONObject:
        try:
            return await self.create(manifest, namespace=namespace)
        except AlreadyExists:
            place = self._place_of(manifest, namespace)
            is_custom = place.resource.custom is not None
            form = _PATCHES["merge" if is_custom else "strategic"]
            return await self._send("PATCH", path_of(place), manifest, content_type=form)

    def _place_of(self, manifest: Mapping[str, Any], namespace: str | None) -> Place:
        resource = self._resource_of(manifest)
        metadata = manifest.get("metadata") or {}
        within = metadata.get("namespace") or namespace or "default"
        return Place(resource, within if resource.namespaced else "", metadata.get("name", ""))

    def _resource_of(self, manifest: Mapping[str, Any]) -> Resource:
        group, _, version = str(manifest.get("apiVersion", "")).rpartition("/")
        for resource in self._server.registry.in_version(group, version):
            if resource.kind == manifest.get("kind"):
                return resource
        raise UnknownResourceError(f"{manifest.get('kind')} of {manifest.get('apiVersion')}")

    async def _send(
        self, method: str, target: str, body: Any = None, *, content_type: str = "application/json"
    ) -> JSONObject:
        headers = CIMultiDict({"Authorization": self._authorization, "User-Agent": OWN_USER_AGENT})
        content = b""
        if body is not None:
            headers["Content-Type"] = content_type
            content = msgspec.json.encode(body)
        answer = await self._server.handle(Request(method, target, headers, content))
        text = await answer.read()
        if answer.status >= 400:
            doing = f"{method} {target.partition('?')[0]}"
            raise error_from_status(msgspec.json.decode(text, type=Status), doing=doing)
        decoded: JSONObject = msgspec.json.decode(text)
        return decoded


def path_of(place: Place, *, whole: bool = False) -> str:
    """The path of an object, or of its collection (always, if `whole`)."""
    resource = place.resource
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    within = f"/namespaces/{quote(place.namespace, safe='')}" if place.namespace else ""
    name = f"/{quote(place.name, safe='')}" if place.name and not whole else ""
    return f"{root}{within}/{resource.name}{name}"
