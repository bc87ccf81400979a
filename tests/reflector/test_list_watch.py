"""List and watch as one: what both are asked, and that anybody's two functions fit."""

from __future__ import annotations

import json
import runpy
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import Scripted, answer, frame, pod_list, stream
from virtual_time import run_virtual

from listwatch.api.core_v1 import Node, Pod
from listwatch.apimachinery.codec import Codec
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apimachinery.watch_event import EventType, WatchEvent
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.reflector.list_watch import ListerWatcher, ListWatch, selecting, unchunked

CONFIG = Config(host="https://api.test", namespace="mine")
PAGE = Codec(Pod).page(json.dumps(pod_list("ab")).encode())


def asked(script: Scripted) -> list[tuple[str, dict[str, str]]]:
    """(path, query) of each request."""
    parts = [urlsplit(request.target) for request in script.requests]
    return [(p.path, {key: value[0] for key, value in parse_qs(p.query).items()}) for p in parts]


def test_two_functions() -> None:
    """Two functions of anybody's make a ListWatch: they get the options as given, and their answers are given on."""
    seen: list[ListOptions] = []

    async def list_func(options: ListOptions) -> ObjectList[Pod]:
        seen.append(options)
        return PAGE

    async def watch_func(options: ListOptions) -> AsyncIterator[WatchEvent[Pod]]:
        seen.append(options)
        for pod in PAGE:
            yield WatchEvent(EventType.ADDED, pod)

    async def main() -> list[str]:
        pods = ListWatch(list_func=list_func, watch_func=watch_func)
        page = await pods.list(ListOptions(limit=5))
        events = pods.watch(ListOptions(resource_version=page.resource_version))
        assert len(seen) == 1
        return [event.object.name async for event in events]

    assert run_virtual(main) == ["a", "b"]
    assert seen == [ListOptions(limit=5), ListOptions(resource_version="10")]


def test_options_may_be_left_out() -> None:
    """Without options everything is listed, and watched from now on."""
    script = Scripted(answer(pod_list("a")), stream(frame("ADDED", "a", 1)))

    async def main() -> list[str]:
        pods = ListWatch.from_client(Client(CONFIG, transport=script), Pod)
        names = [pod.name for pod in await pods.list()]
        return names + [event.object.name async for event in pods.watch()]

    assert run_virtual(main) == ["a", "a"]
    (list_path, list_query), (watch_path, watch_query) = asked(script)
    assert (list_path, watch_path, list_query) == (
        "/api/v1/namespaces/mine/pods",
        "/api/v1/namespaces/mine/pods",
        {},
    )
    assert watch_query.pop("timeoutSeconds")
    assert watch_query == {"watch": "true"}


def test_selectors_reach_both() -> None:
    """The selectors of a ListWatch go with every list and every watch, joined by "and" with those of the options."""
    script = Scripted(answer(pod_list("")), stream())

    async def main() -> None:
        pods = ListWatch.from_client(
            Client(CONFIG, transport=script),
            Pod,
            namespace="",
            field_selector="spec.nodeName=n",
            label_selector="a=b",
        )
        await pods.list(ListOptions(label_selector="c in (d,e)", resource_version="0"))
        async for _ in pods.watch(ListOptions(field_selector="metadata.name=x", timeout_seconds=5)):
            pass

    run_virtual(main)
    assert asked(script) == [
        (
            "/api/v1/pods",
            {"fieldSelector": "spec.nodeName=n", "labelSelector": "a=b,c in (d,e)", "resourceVersion": "0"},
        ),
        (
            "/api/v1/pods",
            {
                "watch": "true",
                "fieldSelector": "spec.nodeName=n,metadata.name=x",
                "labelSelector": "a=b",
                "timeoutSeconds": "5",
            },
        ),
    ]


@pytest.mark.parametrize(("disable", "limit"), [(False, "2"), (True, None)])
def test_disable_chunking(disable: bool, limit: str | None) -> None:
    """With disable_chunking the limit is left out, so that the whole collection comes at once."""
    script = Scripted(answer(pod_list("a")))

    async def main() -> None:
        pods = ListWatch.from_client(Client(CONFIG, transport=script), Pod, disable_chunking=disable)
        await pods.list(ListOptions(limit=2, resource_version="0"))

    run_virtual(main)
    assert asked(script)[0][1] == {"resourceVersion": "0"} | ({"limit": limit} if limit else {})


def test_kinds() -> None:
    """A kind may be a class, namespaced or not, or the name of a collection."""
    tabs = Resource("stable.example.com", "v1", "crontabs", "CronTab")
    script = Scripted(
        answer(pod_list("") | {"kind": "NodeList"}), answer(pod_list("a") | {"kind": "CronTabList"})
    )

    async def main() -> Unstructured:
        client = Client(CONFIG, transport=script)
        await ListWatch.from_client(client, Node).list()
        return (await ListWatch.from_client(client, tabs, namespace="x").list()).items[0]

    assert isinstance(run_virtual(main), Unstructured)
    assert [path for path, _ in asked(script)] == [
        "/api/v1/nodes",
        "/apis/stable.example.com/v1/namespaces/x/crontabs",
    ]


async def names(source: ListerWatcher[Pod]) -> list[str]:
    """The names of whatever lists and watches pods."""
    page = await source.list(ListOptions(limit=1))
    events = source.watch(ListOptions(resource_version=page.resource_version))
    return [pod.name for pod in page] + [event.object.name async for event in events]


def test_a_resource_client_is_a_lister_watcher() -> None:
    """A client's resource is itself a ListerWatcher: whoever asks for one may be given it."""
    script = Scripted(answer(pod_list("a")), stream(frame("ADDED", "b", 1)))

    async def main() -> list[str]:
        return await names(Client(CONFIG, transport=script).resource(Pod))

    assert run_virtual(main) == ["a", "b"]


selectors = st.text(alphabet="ab=,", max_size=5)


@given(selectors, selectors, selectors, selectors)
def test_selecting(fields: str, labels: str, more_fields: str, more_labels: str) -> None:
    """Selectors are joined by a comma where both say something, and nothing else of the options changes."""
    options = ListOptions(field_selector=more_fields, label_selector=more_labels, limit=3, continue_="t")
    made = selecting(field_selector=fields, label_selector=labels)(options)
    joined = [",".join(x for x in pair if x) for pair in ((fields, more_fields), (labels, more_labels))]
    assert made == ListOptions(field_selector=joined[0], label_selector=joined[1], limit=3, continue_="t")


def test_unchunked_keeps_the_rest() -> None:
    """Only the limit goes."""
    options = ListOptions(limit=3, resource_version="5", label_selector="a")
    assert unchunked(options) == ListOptions(resource_version="5", label_selector="a")


def test_example(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The article's program lists names, then prints each event."""
    script = Scripted(
        answer(pod_list(["web-1", "web-2"])),
        stream(
            frame("ADDED", "test-pod", 11),
            frame("MODIFIED", "test-pod", 12),
            frame("DELETED", "test-pod", 13),
        ),
    )
    path = Path(__file__).parents[2] / "examples" / "01_list_watch.py"
    program = runpy.run_path(str(path))
    main = program["main"]
    monkeypatch.setitem(main.__globals__, "load_config", lambda: CONFIG)
    monkeypatch.setitem(main.__globals__, "Client", lambda config: Client(config, transport=script))
    run_virtual(main)
    assert capsys.readouterr().out.splitlines() == [
        "web-1",
        "web-2",
        "ADDED : test-pod",
        "MODIFIED : test-pod",
        "DELETED : test-pod",
    ]
