"""Watches, from their first event to their last."""

from __future__ import annotations

import asyncio

import pytest
from api_caller import CONFIG_MAPS, PODS, Caller, OpenWatch, config_map
from virtual_time import run_virtual


def test_an_event_committed_before_the_first_read_is_told() -> None:
    """A watch's place in the log is taken when it is opened, not when its body is first read."""

    async def main() -> None:
        caller = Caller()
        answer = await caller.open(
            "GET", f"{CONFIG_MAPS}?watch=true&resourceVersion={caller.server.revision}"
        )
        await caller.create(CONFIG_MAPS, config_map("a"))
        chunk = await anext(answer.chunks)
        assert b'"name":"a"' in chunk
        await answer.aclose()
        await caller.server.aclose()

    run_virtual(main)


def test_the_head_of_a_watch_comes_before_any_event() -> None:
    """Status and headers of a watch are there while nothing has happened yet."""

    async def main() -> None:
        caller = Caller()
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true")
        assert (watch.status, watch.headers["Content-Type"]) == (200, "application/json")
        await watch.settle()
        assert watch.events == []
        await watch.close()

    run_virtual(main)


def test_replay_from_every_version_is_exact() -> None:
    """From any retained version a watch tells just the changes after it, in order."""

    async def main() -> None:
        caller = Caller()
        start = caller.server.revision
        for name in ("a", "b"):
            await caller.create(CONFIG_MAPS, config_map(name))
        await caller.patch(f"{CONFIG_MAPS}/a", {"data": {"k": "1"}})
        await caller.create(
            PODS, {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        )
        await caller.delete(f"{CONFIG_MAPS}/b")
        whole = [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]
        for offset, wanted in enumerate([whole, whole[1:], whole[2:], whole[3:], whole[3:], []]):
            watch = await caller.watch(f"{CONFIG_MAPS}?watch=true&resourceVersion={start + offset}")
            await watch.settle()
            assert watch.told() == wanted
            await watch.close()

    run_virtual(main)


def test_ready_events_come_in_one_chunk() -> None:
    """What has happened before the reader comes round is one piece, not one per event."""

    async def main() -> None:
        caller = Caller()
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true&resourceVersion={caller.server.revision}")
        await watch.settle()
        for number in range(50):
            await caller.create(CONFIG_MAPS, config_map(f"c{number:02}"))
        await watch.settle()
        assert len(watch.events) == 50
        assert len(watch.chunks) == 1
        await watch.close()

    run_virtual(main)


def test_an_event_is_encoded_once_for_all_watchers() -> None:
    """A thousand watchers of one form share the bytes of an event."""

    async def main() -> None:
        caller = Caller()
        target = f"{CONFIG_MAPS}?watch=true&resourceVersion={caller.server.revision}"
        answers = [await caller.open("GET", target) for _ in range(3)]
        await caller.create(CONFIG_MAPS, config_map("a"))
        [change] = caller.server.log.track("configmaps").changes
        for answer in answers:
            await anext(answer.chunks)
            await answer.aclose()
        assert len(change.lines) == 1
        assert len(change.current.encoded) == 1

    run_virtual(main)


TRANSITIONS = [
    (
        "labelSelector=app%3Dx",
        [("ADDED", "o"), ("MODIFIED", "o"), ("DELETED", "o"), ("ADDED", "o"), ("DELETED", "o")],
    ),
    ("labelSelector=app%3Dy", [("ADDED", "o"), ("DELETED", "o")]),
    ("labelSelector=none", []),
    ("fieldSelector=metadata.name%3Do", [("ADDED", "o"), *[("MODIFIED", "o")] * 3, ("DELETED", "o")]),
    ("fieldSelector=metadata.name!%3Do", []),
]


@pytest.mark.parametrize(("selector", "wanted"), TRANSITIONS)
def test_selectors_turn_changes_into_arrivals_and_departures(
    selector: str, wanted: list[tuple[str, str]]
) -> None:
    """What begins to match is ADDED, what ceases to is DELETED, and what never does is not told."""

    async def main() -> None:
        caller = Caller()
        query = f"{CONFIG_MAPS}?watch=true&resourceVersion={caller.server.revision}&{selector}"
        watch = await caller.watch(query)
        await caller.create(CONFIG_MAPS, config_map("o", labels={"app": "x"}))
        await caller.patch(f"{CONFIG_MAPS}/o", {"data": {"k": "1"}})
        await caller.patch(f"{CONFIG_MAPS}/o", {"metadata": {"labels": {"app": "y"}}})
        await caller.patch(f"{CONFIG_MAPS}/o", {"metadata": {"labels": {"app": "x"}}})
        await caller.delete(f"{CONFIG_MAPS}/o")
        await watch.settle()
        assert watch.told() == wanted
        await watch.close()

    run_virtual(main)


def test_a_departure_shows_the_last_matching_state_at_the_version_of_the_change() -> None:
    """The DELETED of an object that no longer matches carries its old labels and the new version."""

    async def main() -> None:
        caller = Caller()
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true&labelSelector=app%3Dx")
        await caller.create(CONFIG_MAPS, config_map("o", labels={"app": "x"}))
        changed = (await caller.patch(f"{CONFIG_MAPS}/o", {"metadata": {"labels": {"app": "y"}}})).json
        await watch.settle()
        last = watch.events[-1]
        assert last["type"] == "DELETED"
        assert last["object"]["metadata"]["labels"] == {"app": "x"}
        assert last["object"]["metadata"]["resourceVersion"] == changed["metadata"]["resourceVersion"]
        await watch.close()

    run_virtual(main)


def test_a_version_below_the_floor_is_refused_in_the_stream() -> None:
    """A watch from a compacted version is answered with 200 and one ERROR event that carries the 410."""

    async def main() -> None:
        caller = Caller()
        start = caller.server.revision
        await caller.create(CONFIG_MAPS, config_map("a"))
        caller.server.compact()
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true&resourceVersion={start}")
        await watch.settle()
        assert (watch.status, watch.has_ended) == (200, True)
        [event] = watch.events
        assert event["type"] == "ERROR"
        assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
        assert event["object"]["message"] == f"too old resource version: {start} ({start + 1})"

    run_virtual(main)


def test_a_watcher_that_falls_below_the_floor_is_told_so() -> None:
    """A slow watcher loses nothing silently: compaction past its place ends it with a 410 in the stream."""

    async def main() -> None:
        caller = Caller()
        answer = await caller.open(
            "GET", f"{CONFIG_MAPS}?watch=true&resourceVersion={caller.server.revision}"
        )
        for name in ("a", "b"):
            await caller.create(CONFIG_MAPS, config_map(name))
        caller.server.compact()
        text = await answer.read()
        assert b'"type":"ERROR"' in text
        assert b'"code":410' in text
        assert b"ADDED" not in text

    run_virtual(main)


def test_a_watcher_that_has_read_everything_survives_compaction() -> None:
    """Compaction takes nothing from a watcher whose place is at the end of the log."""

    async def main() -> None:
        caller = Caller()
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true")
        await caller.create(CONFIG_MAPS, config_map("a"))
        await watch.settle()
        caller.server.compact()
        await caller.create(CONFIG_MAPS, config_map("b"))
        await watch.settle()
        assert watch.told() == [("ADDED", "a"), ("ADDED", "b")]
        await watch.close()

    run_virtual(main)


def test_bookmarks_come_by_the_clock_and_right_before_the_end() -> None:
    """A bookmark every interval, and a last one, tell how far a watch has come to which nothing happens."""

    async def main() -> None:
        caller = Caller(bookmark_interval=60.0)
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=150")
        await asyncio.sleep(61)
        first = caller.server.revision
        await caller.create("/api/v1/namespaces", {"metadata": {"name": "other"}})
        await asyncio.sleep(90)
        assert watch.told() == [
            ("BOOKMARK", str(first)),
            ("BOOKMARK", str(first + 1)),
            ("BOOKMARK", str(first + 1)),
        ]
        assert watch.events[0]["object"] == {
            "kind": "ConfigMap",
            "apiVersion": "v1",
            "metadata": {"resourceVersion": str(first)},
        }
        assert watch.has_ended

    run_virtual(main)


def test_without_leave_there_are_no_bookmarks() -> None:
    """A client that did not ask for bookmarks gets none."""

    async def main() -> None:
        caller = Caller(bookmark_interval=1.0)
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true&timeoutSeconds=10")
        await asyncio.sleep(11)
        assert (watch.events, watch.has_ended) == ([], True)

    run_virtual(main)


def test_the_server_chooses_a_length_where_the_client_names_none() -> None:
    """A watch without a timeout lasts between the minimum and twice the minimum."""

    async def main() -> None:
        caller = Caller(minimum_watch_seconds=1800.0)
        watches = [await caller.watch(f"{CONFIG_MAPS}?watch=true") for _ in range(20)]
        await asyncio.sleep(1799)
        assert not any(watch.has_ended for watch in watches)
        await asyncio.sleep(900)
        assert 0 < sum(watch.has_ended for watch in watches) < 20
        await asyncio.sleep(901)
        assert all(watch.has_ended for watch in watches)

    run_virtual(main)


STREAMING = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"


def test_a_streaming_list_tells_the_state_its_end_and_the_changes() -> None:
    """Synthetic ADDED events, one marked bookmark at the version of the state, then what happens."""

    async def main() -> None:
        caller = Caller()
        for name in ("b", "a"):
            await caller.create(CONFIG_MAPS, config_map(name))
        version = str(caller.server.revision)
        answer = await caller.open("GET", f"{CONFIG_MAPS}?{STREAMING}")
        await caller.create(CONFIG_MAPS, config_map("0-later"))
        watch = OpenWatch(answer)
        await watch.settle()
        assert watch.told() == [("ADDED", "a"), ("ADDED", "b"), ("BOOKMARK", version), ("ADDED", "0-later")]
        mark = watch.events[2]["object"]["metadata"]
        assert mark["annotations"] == {"k8s.io/initial-events-end": "true"}
        await watch.close()

    run_virtual(main)


def test_a_streaming_list_waits_for_a_version_that_is_about_to_come() -> None:
    """A version that the server reaches in time is waited for; the state told is then that fresh."""

    async def main() -> None:
        caller = Caller()
        future = caller.server.revision + 1
        watch = await caller.watch(f"{CONFIG_MAPS}?{STREAMING}&resourceVersion={future}")
        await asyncio.sleep(1)
        assert watch.events == []
        await caller.create(CONFIG_MAPS, config_map("a"))
        await watch.settle()
        assert watch.told() == [("ADDED", "a"), ("BOOKMARK", str(future))]
        await watch.close()

    run_virtual(main)


def test_a_plain_watch_from_the_future_skips_what_comes_before() -> None:
    """A watch from a version that is yet to come tells only what comes after that version."""

    async def main() -> None:
        caller = Caller()
        start = caller.server.revision
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true&resourceVersion={start + 1}")
        for name in ("a", "b"):
            await caller.create(CONFIG_MAPS, config_map(name))
        await watch.settle()
        assert watch.told() == [("ADDED", "b")]
        await watch.close()

    run_virtual(main)


def test_watches_of_other_namespaces_and_resources_are_left_alone() -> None:
    """A change is told to watches of its resource and namespace, and to those of all namespaces."""

    async def main() -> None:
        caller = Caller()
        targets = [CONFIG_MAPS, "/api/v1/configmaps", "/api/v1/namespaces/kube-system/configmaps", PODS]
        watches = [await caller.watch(f"{target}?watch=true") for target in targets]
        await asyncio.sleep(1)
        await caller.create(CONFIG_MAPS, config_map("a"))
        await asyncio.sleep(1)
        assert [watch.told() for watch in watches] == [[("ADDED", "a")], [("ADDED", "a")], [], []]
        for watch in watches:
            await watch.close()

    run_virtual(main)


def test_the_deprecated_paths_watch_collections_and_single_objects() -> None:
    """`/watch/` before the resource watches it; with a name, that object alone."""

    async def main() -> None:
        caller = Caller()
        base = "/api/v1/watch/namespaces/default/configmaps"
        watches = [await caller.watch(target) for target in (base, f"{base}/a")]
        for name in ("a", "b"):
            await caller.create(CONFIG_MAPS, config_map(name))
        await watches[0].settle()
        assert [watch.told() for watch in watches] == [[("ADDED", "a"), ("ADDED", "b")], [("ADDED", "a")]]
        for watch in watches:
            await watch.close()

    run_virtual(main)


def test_closing_the_server_ends_every_watch() -> None:
    """After `aclose` open watches end cleanly, and so do those opened afterwards."""

    async def main() -> None:
        caller = Caller()
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true")
        await caller.server.aclose()
        late = await caller.watch(f"{CONFIG_MAPS}?watch=true")
        await watch.settle()
        assert (watch.has_ended, late.has_ended) == (True, True)
        await caller.server.aclose()

    run_virtual(main)


def test_a_closed_watch_leaves_no_task() -> None:
    """Closing the answer of a watch, read or unread, lets go of all that it held."""

    async def main() -> None:
        caller = Caller()
        unread = await caller.open("GET", f"{CONFIG_MAPS}?watch=true")
        await unread.aclose()
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true")
        await watch.settle()
        await watch.close()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(main)


def test_yaml_is_no_form_for_a_stream() -> None:
    """A watch that accepts only YAML is refused, as there is no framing for it."""

    async def main() -> None:
        answer = await Caller().get(f"{CONFIG_MAPS}?watch=true", accept="application/yaml")
        assert answer.status == 406

    run_virtual(main)


def test_a_table_watch_tells_its_columns_once_and_its_bookmarks_in_rows() -> None:
    """The first event carries the columns, the others none; a bookmark's row says where the watch stands."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a"))
        accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
        watch = await caller.watch(f"{CONFIG_MAPS}?{STREAMING}", accept=accept)
        await watch.settle()
        await caller.create(CONFIG_MAPS, config_map("b"))
        await watch.settle()
        tables = [event["object"] for event in watch.events]
        assert [table["columnDefinitions"] is None for table in tables] == [False, True, True]
        mark = tables[1]["rows"][0]["object"]["metadata"]
        assert mark["annotations"] == {"k8s.io/initial-events-end": "true"}
        await watch.close()

    run_virtual(main)


def test_metadata_watches_share_their_bytes() -> None:
    """A metadata-only watch tells metadata and no more."""

    async def main() -> None:
        caller = Caller()
        accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true", accept=accept)
        await caller.create(CONFIG_MAPS, config_map("a", data={"k": "v"}))
        await watch.settle()
        assert set(watch.events[0]["object"]) == {"kind", "apiVersion", "metadata"}
        assert watch.events[0]["object"]["kind"] == "PartialObjectMetadata"
        await watch.close()

    run_virtual(main)
