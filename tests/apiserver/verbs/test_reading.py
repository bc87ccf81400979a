"""Get and list: pages, snapshots, versions."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from api_caller import CONFIG_MAPS, Answer, Caller, config_map
from virtual_time import run_virtual

from listwatch.apiserver.verbs.reading import decode_continue, encode_continue
from listwatch.apiserver.wire.statuses import APIFailure


def _names(answer: Answer) -> list[str]:
    return [item["metadata"]["name"] for item in answer.json["items"]]


async def _ten(caller: Caller) -> None:
    for number in range(10):
        await caller.create(CONFIG_MAPS, config_map(f"c{number}", labels={"n": str(number % 2)}))


def test_pages_are_of_one_snapshot() -> None:
    """All pages of a list show the state of its first page, whatever is written in between."""

    async def main() -> None:
        caller = Caller()
        await _ten(caller)
        page = await caller.get(f"{CONFIG_MAPS}?limit=4")
        version, seen = page.json["metadata"]["resourceVersion"], _names(page)
        assert page.json["metadata"]["remainingItemCount"] == 6
        await caller.delete(f"{CONFIG_MAPS}/c5")
        await caller.create(CONFIG_MAPS, config_map("c55"))
        while token := page.json["metadata"].get("continue"):
            page = await caller.get(f"{CONFIG_MAPS}?limit=4&continue={token}")
            assert page.json["metadata"]["resourceVersion"] == version
            seen += _names(page)
        assert seen == [f"c{number}" for number in range(10)]
        assert "remainingItemCount" not in page.json["metadata"]

    run_virtual(main)


def test_an_expired_token_comes_with_one_that_goes_on_inconsistently() -> None:
    """After compaction a continue token is a 410 whose own token continues at the same place in the current state."""

    async def main() -> None:
        caller = Caller()
        await _ten(caller)
        token = (await caller.get(f"{CONFIG_MAPS}?limit=4")).json["metadata"]["continue"]
        await caller.create(CONFIG_MAPS, config_map("c35"))
        await caller.delete(f"{CONFIG_MAPS}/c5")
        caller.server.compact()
        refused = await caller.get(f"{CONFIG_MAPS}?limit=4&continue={token}")
        assert (refused.status, refused.json["reason"]) == (410, "Expired")
        again = refused.json["metadata"]["continue"]
        page = await caller.get(f"{CONFIG_MAPS}?limit=4&continue={again}")
        assert _names(page) == ["c35", "c4", "c6", "c7"]
        assert page.json["metadata"]["resourceVersion"] == str(caller.server.revision)

    run_virtual(main)


def test_an_exact_version_is_listed_as_it_was_until_it_is_compacted() -> None:
    """`resourceVersionMatch=Exact` shows the past, and answers 410 once the past is gone."""

    async def main() -> None:
        caller = Caller()
        await _ten(caller)
        version = caller.server.revision
        await caller.delete(f"{CONFIG_MAPS}/c0")
        query = f"{CONFIG_MAPS}?resourceVersion={version}&resourceVersionMatch=Exact"
        page = await caller.get(query)
        assert (len(_names(page)), page.json["metadata"]["resourceVersion"]) == (10, str(version))
        caller.server.compact()
        refused = await caller.get(query)
        assert refused.status == 410
        assert refused.json["message"] == "The resourceVersion for the provided list is too old."

    run_virtual(main)


def test_pages_with_a_selector_are_full_and_do_not_count_the_rest() -> None:
    """A limit counts what is selected; how much is left is not told, as nobody has looked."""

    async def main() -> None:
        caller = Caller()
        await _ten(caller)
        page = await caller.get(f"{CONFIG_MAPS}?limit=3&labelSelector=n%3D1")
        assert _names(page) == ["c1", "c3", "c5"]
        assert "remainingItemCount" not in page.json["metadata"]
        token = page.json["metadata"]["continue"]
        rest = await caller.get(f"{CONFIG_MAPS}?limit=3&labelSelector=n%3D1&continue={token}")
        assert _names(rest) == ["c7", "c9"]
        assert "continue" not in rest.json["metadata"]

    run_virtual(main)


def test_a_list_across_namespaces_is_sorted_by_key_and_pages_on() -> None:
    """Objects of all namespaces come in the order of etcd's keys, in which `a-b/` is before `a/`."""

    async def main() -> None:
        caller = Caller()
        for namespace in ("zz", "a", "a-b"):
            await caller.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
            for name in ("y", "x"):
                await caller.create(f"/api/v1/namespaces/{namespace}/configmaps", config_map(name))
        seen: list[tuple[str, str]] = []
        target = "/api/v1/configmaps?limit=1"
        token = ""
        while True:
            page = (await caller.get(f"{target}&continue={token}" if token else target)).json
            seen += [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in page["items"]]
            token = page["metadata"].get("continue", "")
            if not token:
                break
        assert seen == [("a-b", "x"), ("a-b", "y"), ("a", "x"), ("a", "y"), ("zz", "x"), ("zz", "y")]

    run_virtual(main)


def test_a_list_waits_for_a_version_that_is_about_to_come() -> None:
    """A version that is reached within three seconds is waited for; another is answered with 504 and Retry-After."""

    async def main() -> None:
        caller = Caller()
        future = caller.server.revision + 1
        listing = asyncio.ensure_future(caller.get(f"{CONFIG_MAPS}?resourceVersion={future}"))
        await asyncio.sleep(1)
        await caller.create(CONFIG_MAPS, config_map("a"))
        assert _names(await listing) == ["a"]
        refused = await caller.get(f"{CONFIG_MAPS}?resourceVersion={future + 9}")
        assert (refused.status, refused.headers["Retry-After"]) == (504, "1")
        assert refused.json["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"
        assert asyncio.get_running_loop().time() == pytest.approx(4.0)

    run_virtual(main)


def test_a_single_object_is_found_by_its_name_field() -> None:
    """`fieldSelector=metadata.name=…` gives one object, in any namespace."""

    async def main() -> None:
        caller = Caller()
        await _ten(caller)
        for base in (CONFIG_MAPS, "/api/v1/configmaps"):
            assert _names(await caller.get(f"{base}?fieldSelector=metadata.name%3Dc3")) == ["c3"]
            assert _names(await caller.get(f"{base}?fieldSelector=metadata.name%3Dnone")) == []

    run_virtual(main)


FORMS = [
    ("application/json", "ConfigMapList", "application/json"),
    ("application/yaml", None, "application/yaml"),
    ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "Table", "application/json"),
    (
        "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        "PartialObjectMetadataList",
        "application/json",
    ),
    (
        "application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json",
        "ConfigMapList",
        "application/json",
    ),
    ("application/json;as=Nonsense;v=v1;g=meta.k8s.io,*/*", "ConfigMapList", "application/json"),
]


@pytest.mark.parametrize(("accept", "kind", "content_type"), FORMS)
def test_a_list_comes_in_the_first_form_that_can_be_had(
    accept: str, kind: str | None, content_type: str
) -> None:
    """The answer's kind and content type follow from the Accept header."""

    async def main() -> None:
        caller = Caller()
        await _ten(caller)
        answer = await caller.get(CONFIG_MAPS, accept=accept)
        assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
        if kind is None:
            assert answer.body.startswith(b"apiVersion: v1\nitems:\n- metadata:\n")
        else:
            assert answer.json["kind"] == kind
            assert len(answer.json.get("items") or answer.json["rows"]) == 10

    run_virtual(main)


def test_list_items_carry_no_kind() -> None:
    """What the list's own kind implies is not said again in each item."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a", data={"k": "v"}))
        [item] = (await caller.get(CONFIG_MAPS)).json["items"]
        assert set(item) == {"metadata", "data"}

    run_virtual(main)


BAD_TOKENS = [
    ("rubbish", "invalid character '®' looking for beginning of value"),
    ("!", "illegal base64 data"),
    ({"v": "v9", "rv": 1, "start": "/a"}, "server does not recognize this encoded version"),
    ({"v": "meta.k8s.io/v1", "rv": 0, "start": "/a"}, "incorrect encoded start resourceVersion"),
    ({"v": "meta.k8s.io/v1", "rv": 1, "start": ""}, "encoded start key empty"),
    ({"v": "meta.k8s.io/v1", "rv": 1, "start": "/../x"}, "invalid key"),
]


@pytest.mark.parametrize(("token", "message"), BAD_TOKENS)
def test_a_token_of_somebody_elses_is_refused(token: Any, message: str) -> None:
    """A continue token that this server did not make is a 400 that says why."""
    if isinstance(token, dict):
        token = base64.urlsafe_b64encode(json.dumps(token).encode()).rstrip(b"=").decode()
    with pytest.raises(APIFailure, match=message) as refusal:
        decode_continue(token, "default/")
    assert refusal.value.code == 400


def test_tokens_are_those_of_the_real_server() -> None:
    """A token encodes version and place just as kube-apiserver's does."""
    recorded = "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MjM5LCJzdGFydCI6Ii9jMDRcdTAwMDAifQ"
    assert encode_continue(239, "/c04\0") == recorded
    assert decode_continue(recorded, "open-list/") == (239, "open-list/c04\0")
