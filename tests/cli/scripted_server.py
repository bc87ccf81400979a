"""A server that follows a script: for what an embedded server never does, such as losing connections."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from multidict import CIMultiDict

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.http import Request, Response
from listwatch.cli.main import build_parser
from listwatch.cli.shell import Shell

JSON = "application/json"
KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: me}}]
clusters: [{name: here, cluster: {server: "http://scripted.invalid"}}]
users: [{name: me, user: {token: t}}]
"""
_RESOURCES = [
    ("", "pods", "Pod", ["po"], "Namespaced", ["get", "list", "watch"]),
    ("", "nodes", "Node", ["no"], "Cluster", ["get", "list", "watch"]),
    ("apps", "deployments", "Deployment", ["deploy"], "Namespaced", ["get", "list", "watch"]),
    ("authn.io", "tokenreviews", "TokenReview", [], "Cluster", ["create"]),
]


def discovery(*, core: bool) -> bytes:
    """The aggregated discovery document of a small server."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for group, plural, kind, short, scope, verbs in _RESOURCES:
        groups.setdefault(group, []).append(
            {
                "resource": plural,
                "responseKind": {"kind": kind},
                "scope": scope,
                "singularResource": kind.lower(),
                "shortNames": short,
                "verbs": verbs,
            }
        )
    items = [
        {"metadata": {"name": name}, "versions": [{"version": "v1", "resources": resources}]}
        for name, resources in groups.items()
        if (name == "") == core
    ]
    return json.dumps({"kind": "APIGroupDiscoveryList", "items": items}).encode()


def pod(name: str, version: int, *, uid: str = "", **more: Any) -> dict[str, Any]:
    """A pod of namespace default."""
    metadata = {
        "name": name,
        "namespace": "default",
        "uid": uid or f"uid-{name}",
        "resourceVersion": str(version),
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, **more}


def pod_list(version: int, *pods: dict[str, Any], token: str = "") -> dict[str, Any]:
    """A PodList."""
    metadata = {"resourceVersion": str(version), "continue": token}
    return {"apiVersion": "v1", "kind": "PodList", "metadata": metadata, "items": list(pods)}


def failure(code: int, reason: str, message: str = "no") -> dict[str, Any]:
    """A Status."""
    return {
        "apiVersion": "v1",
        "kind": "Status",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }


@dataclass
class Stream:
    """The answer to a watch: frames, then an end.

    Attributes:
        frames: (type, object), or a frame's bytes.
        error: How it ends; None for in order.
        after: Seconds that it stays open after the last frame.
    """

    frames: Sequence[tuple[str, dict[str, Any]] | bytes] = ()
    error: Exception | None = None
    after: float = 0.0


Answer = dict[str, Any] | bytes | Stream | Exception


@dataclass
class ScriptedServer:
    """Answers lists and watches from two scripts; a script that has come to its end hangs or is an error.

    Attributes:
        lists: Answers to lists and gets, in order; the last one is repeated.
        watches: Answers to watches, in order; after the last one watches stay open and silent.
        asked: (path, query, Accept) of every list, get and watch.
    """

    lists: list[Answer] = field(default_factory=list)
    watches: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    clock: LoopClock = field(default_factory=LoopClock)

    async def __call__(self, request: Request) -> Response:
        if request.target in {"/api", "/apis"}:
            return Response.of(200, discovery(core=request.target == "/api"), content_type=JSON)
        parts = urlsplit(request.target)
        query = dict(parse_qsl(parts.query))
        self.asked.append((parts.path, query, request.headers["Accept"]))
        if query.get("watch") == "true":
            answer: Answer = self.watches.pop(0) if self.watches else Stream(after=3600)
        else:
            answer = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Stream):
            return Response(200, CIMultiDict({"Content-Type": JSON}), self._stream(answer))
        if isinstance(answer, bytes):
            return Response.of(200, answer, content_type=JSON)
        code = answer["code"] if answer["kind"] == "Status" else 200
        return Response.of(code, json.dumps(answer).encode(), content_type=JSON)

    async def _stream(self, stream: Stream) -> AsyncIterator[bytes]:
        for frame in stream.frames:
            if isinstance(frame, bytes):
                yield frame
            else:
                kind, obj = frame
                yield json.dumps({"type": kind, "object": obj}).encode() + b"\n"
        await self.clock.sleep(stream.after)
        if stream.error is not None:
            raise stream.error

    def watched_from(self) -> list[str]:
        """The versions that watches began at."""
        return [query["resourceVersion"] for _, query, _ in self.asked if "watch" in query]


class Terminal(io.StringIO):
    """A text stream that a person looks at."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def shell_for(
    server: Callable[[Request], Any],
    folder: Path,
    *,
    out: io.StringIO | None = None,
    kubeconfig: str = KUBECONFIG,
) -> Shell:
    """A shell whose way to a server is `server`, with a kubeconfig in `folder`."""
    path = folder / "kubeconfig"
    path.write_text(kubeconfig, encoding="utf-8")
    return Shell(
        out=out or io.StringIO(),
        err=io.StringIO(),
        transport=server,
        clock=LoopClock(),
        environ={"KUBECONFIG": str(path), "TERM": "xterm-256color", "COLUMNS": "100"},
    )


def parsed(words: str) -> argparse.Namespace:
    """A command line as the command gets it."""
    arguments = words.split()
    return build_parser(arguments).parse_args(arguments)
