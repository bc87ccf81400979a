"""`listwatch watch` in a pipe, against a server that follows a script; hours pass in virtual time."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from scripted_server import (
    ScriptedServer,
    Stream,
    failure,
    parsed,
    pod,
    pod_list,
    shell_for,
)

from listwatch.apimachinery.errors import (
    BadRequest,
    CertificateError,
    ConnectionLost,
    ConnectionRefused,
    CredentialError,
    Expired,
    Forbidden,
    InternalError,
    NotFound,
    ProtocolError,
    RequestTimeout,
    TooManyRequests,
    Unauthorized,
)
from listwatch.cli import watch
from listwatch.cli.failures import UsageError
from listwatch.reflector.failure import Failure

Watch = Callable[..., tuple[str, str]]


@pytest.fixture
def run(virtual: Callable[[Any], Any], tmp_path: Path) -> Watch:
    """`run(server, "watch pods …")` gives standard output and error; ends after four minutes, before any watch does."""

    def run(server: ScriptedServer, words: str, *, timeout: str = "4m") -> tuple[str, str]:
        out, err = io.StringIO(), io.StringIO()

        async def main() -> None:
            shell = shell_for(server, tmp_path)
            shell.out, shell.err = out, err
            assert await watch.command(parsed(f"{words} --timeout {timeout}"), shell) == 0

        virtual(main)
        return out.getvalue(), err.getvalue()

    return run


def test_lines_are_the_article_s(run: Watch) -> None:
    """In a pipe the present state and every event are lines `TYPE : name`, and nothing else."""
    server = ScriptedServer(
        lists=[pod_list(5, pod("test-pod", 3))],
        watches=[
            Stream(
                [
                    ("ADDED", pod("test-pod2", 6)),
                    ("MODIFIED", pod("test-pod2", 7)),
                    ("DELETED", pod("test-pod2", 8)),
                ],
                after=9999,
            )
        ],
    )
    out, err = run(server, "watch pods")
    assert out == "ADDED : test-pod\nADDED : test-pod2\nMODIFIED : test-pod2\nDELETED : test-pod2\n"
    assert err == ""
    assert server.watched_from() == ["5"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("watch po", "ADDED : web\n"),
        ("watch po -A", "ADDED : default/web\n"),
        ("watch po -o name", "ADDED pod/web\n"),
        ("watch po -A -o name", "ADDED pod/web\n"),
        ("watch deploy -o name", "ADDED deployment.apps/web\n"),
        ("watch po --no-initial", ""),
        ("watch po -o table", "EVENT      NAME   AGE\nADDED      web    \n"),
    ],
)
def test_formats_of_a_line(run: Watch, words: str, line: str) -> None:
    """Each format writes one event a line; namespaces are shown where there are several."""
    out, _ = run(ScriptedServer(lists=[pod_list(5, pod("web", 3))]), words)
    assert out == line


def test_json_holds_everything(run: Watch) -> None:
    """`-o json` writes one event a line with all that the server sent, unknown fields and managedFields too."""
    state = pod("a", 3, spec={"x": [1, {"y": None}]}, odd="ü")
    state["metadata"]["managedFields"] = [{"manager": "m"}]
    state["metadata"]["new"] = {"field": 1}
    later = pod("a", 6, status={"phase": "Running"})
    server = ScriptedServer(lists=[pod_list(5, state)], watches=[Stream([("MODIFIED", later)], after=9999)])
    out, _ = run(server, "watch pods -o json")
    assert [json.loads(line) for line in out.splitlines()] == [
        {"type": "ADDED", "object": state},
        {"type": "MODIFIED", "object": later},
    ]


def test_yaml_is_documents(run: Watch) -> None:
    """`-o yaml` writes a document an event, long texts as blocks, without managedFields."""
    state = pod("a", 3, data={"text": "one\ntwo\n", "yes": "no", "time": "2026-01-01T00:00:00Z"})
    state["metadata"]["managedFields"] = [{"manager": "m"}]
    out, _ = run(ScriptedServer(lists=[pod_list(5, state, pod("b", 4))]), "watch pods -o yaml")
    del state["metadata"]["managedFields"]
    assert list(yaml.safe_load_all(out)) == [
        {"type": "ADDED", "object": state},
        {"type": "ADDED", "object": pod("b", 4)},
    ]
    assert "text: |\n" in out


@pytest.mark.parametrize(
    ("words", "path", "query"),
    [
        ("watch pods", "/api/v1/namespaces/default/pods", {}),
        ("watch pods -n kube-system", "/api/v1/namespaces/kube-system/pods", {}),
        ("watch pods -A -l a=b,c", "/api/v1/pods", {"labelSelector": "a=b,c"}),
        (
            "watch pod web --field-selector x=y",
            "/api/v1/namespaces/default/pods",
            {"fieldSelector": "metadata.name=web,x=y"},
        ),
        ("watch pod/web", "/api/v1/namespaces/default/pods", {"fieldSelector": "metadata.name=web"}),
        ("watch nodes", "/api/v1/nodes", {}),
        ("watch nodes -n x", "/api/v1/nodes", {}),
    ],
)
def test_what_is_asked(run: Watch, words: str, path: str, query: dict[str, str]) -> None:
    """List and watch are asked for the same objects: namespace, name and selectors reach both."""
    server = ScriptedServer(lists=[pod_list(5)])
    run(server, words)
    ours = ("labelSelector", "fieldSelector")
    assert [(p, {k: v for k, v in q.items() if k in ours}) for p, q, _ in server.asked] == [(path, query)] * 2


@pytest.mark.parametrize(
    ("words", "listing", "watching"),
    [
        ("watch pods", "as=PartialObjectMetadataList;", "as=PartialObjectMetadata;"),
        ("watch pods -o name", "as=PartialObjectMetadataList;", "as=PartialObjectMetadata;"),
        ("watch pods -o wide", "as=Table;", "as=Table;"),
        ("watch pods -o json", "application/json", "application/json"),
        ("watch pods -o yaml", "application/json", "application/json"),
    ],
)
def test_no_more_is_asked_for_than_is_shown(run: Watch, words: str, listing: str, watching: str) -> None:
    """Names need metadata only, tables are the server's, and both lists and watches say so."""
    server = ScriptedServer(lists=[pod_list(5)])
    run(server, words)
    assert [listing in server.asked[0][2], watching in server.asked[1][2]] == [True, True]


def test_a_watch_that_ends_goes_on(run: Watch) -> None:
    """After an orderly end the watch goes on from the last version, a bookmark's included, and nothing is said."""
    bookmark = pod("", 9)
    server = ScriptedServer(
        lists=[pod_list(5)],
        watches=[
            Stream([("ADDED", pod("a", 7))], after=60),
            Stream([("BOOKMARK", bookmark)], after=60),
            Stream(after=60),
        ],
    )
    out, err = run(server, "watch pods")
    assert out == "ADDED : a\n"
    assert err == ""
    assert server.watched_from() == ["5", "7", "9", "9"]


GONE = failure(410, "Expired", "too old resource version")


@pytest.mark.parametrize("gone", [GONE, Stream([("ERROR", GONE)])])
def test_after_410_only_differences_are_told(run: Watch, gone: Any) -> None:
    """A version that has expired leads to a new list, of which only the differences are printed; nothing is said."""
    server = ScriptedServer(
        lists=[
            pod_list(5, pod("same", 1), pod("changed", 2), pod("gone", 3), pod("new-uid", 4)),
            pod_list(90, pod("same", 1), pod("changed", 80), pod("new-uid", 81, uid="2"), pod("come", 82)),
        ],
        watches=[Stream(after=60), gone],
    )
    out, err = run(server, "watch pods")
    assert out.splitlines()[4:] == [
        "DELETED : gone",
        "DELETED : new-uid",
        "MODIFIED : changed",
        "ADDED : new-uid",
        "ADDED : come",
    ]
    assert err == ""
    assert server.watched_from() == ["5", "5", "90"]


def test_lost_connections_are_made_again(run: Watch) -> None:
    """A lost connection is told on standard error, made again with growing delays, and costs no event."""
    server = ScriptedServer(
        lists=[pod_list(5)],
        watches=[
            Stream([("ADDED", pod("a", 7))], error=ConnectionLost("the connection was cut")),
            ConnectionRefused("cannot connect"),
            failure(503, "ServiceUnavailable"),
            Stream([("MODIFIED", pod("a", 8))], after=9999),
        ],
    )
    out, err = run(server, "watch pods")
    assert out == "ADDED : a\nMODIFIED : a\n"
    assert server.watched_from() == ["5", "7", "7", "7"]
    first, second, third, last = err.splitlines()
    assert "the connection was cut; trying again in" in first
    assert "cannot connect; trying again in" in second
    assert "trying again in" in third
    assert last == "listwatch: watching again"


def test_a_frame_that_cannot_be_read_leads_to_a_list(run: Watch) -> None:
    """What stood in an unreadable frame is fetched by a new list; the events before it are told."""
    server = ScriptedServer(
        lists=[pod_list(5), pod_list(9, pod("a", 7), pod("b", 8))],
        watches=[Stream([("ADDED", pod("a", 7)), b"<html>\n"])],
    )
    out, _ = run(server, "watch pods")
    assert out == "ADDED : a\nADDED : b\n"
    assert server.watched_from() == ["5", "9"]


def test_a_server_that_ends_every_watch_is_not_hammered(run: Watch) -> None:
    """Watches that end at once and silently are asked for ever more slowly."""
    server = ScriptedServer(lists=[pod_list(5)], watches=[Stream()] * 1000)
    _, err = run(server, "watch pods", timeout="10m")
    assert 15 < len(server.watched_from()) < 60
    assert "ends every watch at once" in err


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ConnectionRefused("cannot connect"), ConnectionRefused),
        (RequestTimeout("no answer"), RequestTimeout),
        (failure(500, "InternalError"), InternalError),
        (failure(429, "TooManyRequests"), TooManyRequests),
        (failure(403, "Forbidden"), Forbidden),
        (failure(404, "NotFound"), NotFound),
        (failure(410, "Expired"), Expired),
        (b"<html>", ProtocolError),
    ],
)
@pytest.mark.parametrize("words", ["watch pods", "watch pods -o table"])
def test_a_first_list_that_fails_ends_it(run: Watch, words: str, answer: Any, error: type[Exception]) -> None:
    """Whatever keeps it from beginning is told at once: somebody waits to see that it works."""
    server = ScriptedServer(lists=[answer])
    with pytest.raises(error):
        run(server, words)
    assert len(server.asked) <= 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failure(400, "BadRequest"), BadRequest),
        (failure(401, "Unauthorized"), Unauthorized),
        (failure(403, "Forbidden"), Forbidden),
        (failure(404, "NotFound"), NotFound),
        (CertificateError("expired"), CertificateError),
        (CredentialError("exec failed"), CredentialError),
    ],
)
def test_what_waiting_does_not_cure_ends_it(run: Watch, answer: Any, error: type[Exception]) -> None:
    """A later refusal that somebody has to do something about is an error, in a first watch and in a later one."""
    for watches in ([answer], [Stream(after=60), answer]):
        with pytest.raises(error) as caught:
            run(ScriptedServer(lists=[pod_list(5)], watches=watches), "watch pods")
        if not isinstance(caught.value, CredentialError):
            assert any("Configuration in use" in note for note in caught.value.__notes__)


@pytest.mark.parametrize(
    "answer",
    [
        ConnectionRefused("cannot connect"),
        RequestTimeout("no answer"),
        failure(429, "TooManyRequests"),
        failure(500, "InternalError"),
        failure(504, "Timeout", "Too large resource version: 5, current: 4"),
        b"<html>",
    ],
)
@pytest.mark.parametrize("words", ["watch pods -o name", "watch pods -o table --no-initial"])
def test_what_passes_is_waited_for(run: Watch, words: str, answer: Any) -> None:
    """A failure that may pass is told on standard error with the time of the next try, and so is its end."""
    _, err = run(ScriptedServer(lists=[pod_list(5)], watches=[Stream(after=60), answer]), words)
    waiting, *again = err.splitlines()
    assert re.search(r"; trying again in \d+\.\d s$", waiting)
    assert again == ["listwatch: watching again"]


def test_watching_again_is_said_when_it_is_true(run: Watch) -> None:
    """While connections are refused nobody is told that they stand, neither for objects nor for rows."""
    for words in ("watch pods", "watch pods -o table"):
        refused = [ConnectionRefused("cannot connect")] * 3
        _, err = run(ScriptedServer(lists=[pod_list(5)], watches=[Stream(after=60), *refused]), words)
        assert [line.endswith("watching again") for line in err.splitlines()] == [False] * 3 + [True]


def test_the_first_list_is_of_the_present(run: Watch) -> None:
    """No cache's past is asked for, neither at first nor after a failure, and always in pages."""
    for words in ("watch pods", "watch pods -o table"):
        server = ScriptedServer(
            lists=[pod_list(5, token="t"), pod_list(5), pod_list(9)], watches=[Stream(after=60), GONE]
        )
        run(server, words)
        lists = [query for _, query, _ in server.asked if "watch" not in query]
        assert lists == [{"limit": "500"}, {"limit": "500", "continue": "t"}, {"limit": "500"}]


class Unwritable(io.StringIO):
    """A standard error that nobody reads any more."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_words_that_nobody_reads_end_it(virtual: Callable[[Any], Any], tmp_path: Path) -> None:
    """A closed standard error ends the command as a closed standard output does."""
    server = ScriptedServer(lists=[pod_list(5)], watches=[ConnectionRefused("cannot connect")])

    async def main() -> None:
        shell = shell_for(server, tmp_path)
        shell.err = Unwritable()
        with pytest.raises(BrokenPipeError):
            await watch.command(parsed("watch pods"), shell)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    virtual(main)


def test_waits_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """What the reflector logs of its waits the command says itself; other lines of its log go through."""
    logger = logging.getLogger("listwatch.reflector.reflector")
    logger.warning("%s (%s); again in %.1f s", Failure.SERVER_ERROR, "no", 1.0)
    logger.warning("left out %d events", 2)
    assert [watch.is_untold(record) for record in caplog.records] == [False, True]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("watch tokenreviews", "cannot list or watch tokenreviews.authn.io; it can create"),
        ("watch pods,nodes", "one resource at a time"),
        ("watch pod/a b", "RESOURCE/NAME"),
        ("watch pod/", "RESOURCE/NAME"),
        ("watch pods -A -n x", "exclude each other"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Watch, words: str, text: str) -> None:
    """A command that cannot be meant is refused with what is wrong, before anything is listed."""
    server = ScriptedServer()
    with pytest.raises(UsageError, match=text):
        run(server, words)
    assert server.asked == []


def test_table_rows_are_appended(run: Watch) -> None:
    """In a pipe `-o table` writes the server's columns, headers once, each row with its event."""
    columns = [{"name": "Name"}, {"name": "Status"}, {"name": "Node", "priority": 1}]

    def table(version: int, status: str, *, first: bool = True) -> dict[str, Any]:
        row = {"cells": ["web", status, "n1"], "object": pod("web", version)}
        return {
            "kind": "Table",
            "columnDefinitions": columns if first else None,
            "metadata": {"resourceVersion": str(version)},
            "rows": [row],
        }

    empty = {**table(9, ""), "rows": []}
    server = ScriptedServer(
        lists=[table(5, "Pending")],
        watches=[
            Stream(
                [("MODIFIED", table(6, "Running")), ("DELETED", table(7, "Completed", first=False))], after=60
            ),
            Stream([("BOOKMARK", empty)], after=60),
        ],
    )
    out, _ = run(server, "watch pods -o wide")
    assert out.splitlines() == [
        "EVENT      NAME   STATUS    NODE",
        "ADDED      web    Pending   n1",
        "MODIFIED   web    Running   n1",
        "DELETED    web    Completed   n1",
    ]
    assert server.watched_from() == ["5", "7", "9"]
