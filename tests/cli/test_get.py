"""`listwatch get`, against a server that follows a script."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from scripted_server import (
    ScriptedServer,
    Terminal,
    failure,
    parsed,
    pod,
    pod_list,
    shell_for,
)

from listwatch.apimachinery.errors import DecodeError, NotFound
from listwatch.cli import get
from listwatch.cli.failures import UsageError
from listwatch.client.discovery import UnknownResource

COLUMNS = [{"name": "Name"}, {"name": "Status"}, {"name": "Age"}, {"name": "Node", "priority": 1}]


def table(*names: str, token: str = "", version: int = 5) -> dict[str, Any]:
    rows = [{"cells": [name, "Running", "4s", "n1"], "object": pod(name, 3)} for name in names]
    return {
        "kind": "Table",
        "columnDefinitions": COLUMNS,
        "metadata": {"resourceVersion": str(version), "continue": token},
        "rows": rows,
    }


def run(
    server: ScriptedServer, words: str, folder: Path, *, out: io.StringIO | None = None
) -> tuple[str, str]:
    """Standard output and error of a `get`."""
    shell = shell_for(server, folder, out=out)

    async def main() -> None:
        assert await get.command(parsed(words), shell) == 0

    asyncio.run(main())
    assert isinstance(shell.out, io.StringIO)
    assert isinstance(shell.err, io.StringIO)
    return shell.out.getvalue(), shell.err.getvalue()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "get pods",
            "NAME       STATUS    AGE\ntest-pod   Running   4s\nweb        Running   4s\n",
        ),
        (
            "get po -o wide",
            "NAME       STATUS    AGE   NODE\ntest-pod   Running   4s    n1\nweb        Running   4s    n1\n",
        ),
        (
            "get Pod -A",
            "NAMESPACE   NAME       STATUS    AGE\ndefault     test-pod   Running   4s\n"
            "default     web        Running   4s\n",
        ),
    ],
)
def test_tables_look_like_kubectl_s(tmp_path: Path, words: str, expected: str) -> None:
    """In a pipe a table is the server's, aligned as kubectl aligns it, without colours."""
    out, err = run(ScriptedServer(lists=[table("test-pod", "web")]), words, tmp_path)
    assert (out, err) == (expected, "")


def test_one_object_is_asked_for_by_name(tmp_path: Path) -> None:
    """With a name the object itself is fetched, as a table of one row."""
    for words in ("get pods web -n prod", "get pod/web -n prod"):
        server = ScriptedServer(lists=[table("web")])
        assert "web" in run(server, words, tmp_path)[0]
        ((path, query, accept),) = server.asked
        assert (path, query) == ("/api/v1/namespaces/prod/pods/web", {})
        assert "as=Table" in accept


def test_pages_are_put_together(tmp_path: Path) -> None:
    """A table of several pages is printed as one; the last page's token is used for the next."""
    server = ScriptedServer(lists=[table("a", "b", token="t1"), table("c", token="t2"), table("d")])
    out, _ = run(server, "get pods", tmp_path)
    assert [line.split()[0] for line in out.splitlines()] == ["NAME", "a", "b", "c", "d"]
    assert [query.get("continue") for _, query, _ in server.asked] == [None, "t1", "t2"]


def test_an_expired_page_begins_anew(tmp_path: Path) -> None:
    """If a continue token expires the whole is fetched in one piece, and nothing is shown twice."""
    server = ScriptedServer(lists=[table("a", token="t1"), failure(410, "Expired"), table("a", "b")])
    out, _ = run(server, "get pods", tmp_path)
    assert [line.split()[0] for line in out.splitlines()] == ["NAME", "a", "b"]
    assert "limit" not in server.asked[-1][1]


def test_servers_without_tables(tmp_path: Path) -> None:
    """From a server that answers with the objects themselves, names and ages are shown."""
    old = pod("web", 3)
    old["metadata"]["creationTimestamp"] = "2025-12-31T23:00:00Z"
    out, _ = run(ScriptedServer(lists=[pod_list(5, old)]), "get pods", tmp_path)
    assert out == "NAME   AGE\nweb    60m\n"


def test_a_terminal_gets_colours(tmp_path: Path) -> None:
    """On a terminal the table is coloured, and its text is the same; NO_COLOR and TERM=dumb are obeyed."""
    server = ScriptedServer(lists=[table("web")])
    out, _ = run(server, "get pods", tmp_path, out=Terminal())
    assert "\x1b[" in out
    for variable, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        shell = shell_for(server, tmp_path, out=Terminal())
        shell.environ = {**shell.environ, variable: value}
        asyncio.run(get.command(parsed("get pods"), shell))
        assert shell.out.getvalue() == "NAME   STATUS    AGE\nweb    Running   4s\n"  # type: ignore[attr-defined]


def test_names(tmp_path: Path) -> None:
    """`-o name` prints names that kubectl takes, and asks for metadata only."""
    server = ScriptedServer(lists=[pod_list(5, pod("a", 1), pod("b", 2))])
    assert run(server, "get pods -o name", tmp_path)[0] == "pod/a\npod/b\n"
    assert "as=PartialObjectMetadataList" in server.asked[0][2]
    web = pod("web", 1) | {"apiVersion": "apps/v1", "kind": "Deployment"}
    assert run(ScriptedServer(lists=[web]), "get deploy web -o name", tmp_path)[0] == "deployment.apps/web\n"


def test_json_and_yaml_of_one_and_of_all(tmp_path: Path) -> None:
    """JSON is all that the server sent, yaml all but managedFields; several objects come as a List."""
    one = pod("a", 1, spec={"x": None})
    one["metadata"]["managedFields"] = [{"manager": "m"}]
    without = json.loads(json.dumps(one))
    del without["metadata"]["managedFields"]
    alone, all_ = ScriptedServer(lists=[one]), ScriptedServer(lists=[pod_list(5, one)])
    assert json.loads(run(alone, "get pod a -o json", tmp_path)[0]) == one
    assert yaml.safe_load(run(alone, "get pod a -o yaml", tmp_path)[0]) == without
    listed = json.loads(run(all_, "get pods -o json", tmp_path)[0])
    assert (listed["kind"], listed["items"]) == ("List", [one])
    assert yaml.safe_load(run(all_, "get pods -o yaml", tmp_path)[0])["items"] == [without]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("get pods", "listwatch: no pods found in namespace default\n"),
        ("get pods -A", "listwatch: no pods found\n"),
        ("get nodes -o name", "listwatch: no nodes found\n"),
    ],
)
def test_nothing_found_is_no_error(tmp_path: Path, words: str, told: str) -> None:
    """An empty collection is told on standard error, prints nothing and succeeds."""
    answer = pod_list(5) if "name" in words else table()
    assert run(ScriptedServer(lists=[answer]), words, tmp_path) == ("", told)


@pytest.mark.parametrize(
    ("words", "answer", "error", "text"),
    [
        ("get pods nope", failure(404, "NotFound", 'pods "nope" not found'), NotFound, "not found"),
        ("get podz", pod_list(5), UnknownResource, "did you mean pods"),
        ("get pods a -l b=c", pod_list(5), UsageError, "exclude each other"),
        ("get pods a -A", pod_list(5), UsageError, "one namespace"),
        ("get tokenreviews", pod_list(5), UsageError, "cannot list"),
        ("get pods", b"[]", DecodeError, "neither a table nor a list"),
    ],
)
def test_refusals(tmp_path: Path, words: str, answer: Any, error: type[Exception], text: str) -> None:
    """What cannot be had is an error, and nothing is printed."""
    with pytest.raises(error, match=text):
        run(ScriptedServer(lists=[answer]), words, tmp_path)


def test_parts_that_did_not_answer_are_told(tmp_path: Path) -> None:
    """A group version that discovery could not read is told on standard error, and the command goes on."""
    server = ScriptedServer(lists=[table("web")])

    async def partly(request: Any) -> Any:
        answer = await server(request)
        if request.target == "/apis":
            document = json.loads(await answer.read())
            document["items"][0]["versions"][0]["freshness"] = "Stale"
            return answer.of(200, json.dumps(document).encode(), content_type="application/json")
        return answer

    shell = shell_for(partly, tmp_path)
    asyncio.run(get.command(parsed("get pods"), shell))
    assert "apps/v1" in shell.err.getvalue()  # type: ignore[attr-defined]
    assert "web" in shell.out.getvalue()  # type: ignore[attr-defined]
