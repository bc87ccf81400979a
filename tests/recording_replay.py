"""Recorded requests, played again to a server of ours, and both answers made comparable.

A recording is a list of steps (flow, number, request, response) of a real kube-apiserver. `replay` sends one
flow's requests in order to a fresh `APIServer`, in memory and in virtual time, and `differences` compares.
What an honest second run would show differently (versions, tokens, uids) is translated on the way in and
renamed on the way out.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from multidict import CIMultiDict
from virtual_time import run_virtual

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.http import Peer, Request, Response
from listwatch.apiserver.server import APIServer

RECORDING = Path(__file__).parent / "recordings" / "kube-apiserver-1.36.jsonl"
# The fingerprint is that of the recorder's certificate.
ADMIN = Peer("admin", ("system:masters",), "04429adb2e92f8885ecda8c894b01e4fda6688d579c075ee6ac07ac2faa8d867")
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
HOST = "127.0.0.1:16443"
RECORDER = "probe"  # how the recorder called itself, and so who manages what it wrote
KEPT_HEADERS = ("content-type", "warning", "retry-after", "location", "allow")
LONGEST_WATCH_SECONDS = 10.0
TRANSLATED = ("resourceVersion", "continue", "uid")

Step = dict[str, Any]


def recorded(flow: str) -> list[Step]:
    """The steps of a flow."""
    steps = [json.loads(line) for line in RECORDING.read_text().splitlines()]
    return [step for step in steps if step["flow"] == flow]


def _config_map(name: str, labels: dict[str, str] | None = None, data: dict[str, str] | None = None) -> Any:
    metadata: dict[str, Any] = {"name": name}
    if labels:
        metadata["labels"] = labels
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {}}


def _table_objects() -> Iterator[tuple[str, Any]]:
    core, apps = "/api/v1/namespaces/open-tables", "/apis/apps/v1/namespaces/open-tables"
    container = [{"name": "c", "image": "i"}]
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": container}}
    yield (
        core + "/services",
        {
            "metadata": {"name": "s"},
            "spec": {"selector": {"a": "b"}, "ports": [{"port": 80, "targetPort": 8080}]},
        },
    )
    yield core + "/secrets", {"metadata": {"name": "s"}, "stringData": {"k": "v"}}
    yield core + "/serviceaccounts", {"metadata": {"name": "sa"}}
    for plural, more in (
        ("replicasets", {}),
        ("deployments", {}),
        ("statefulsets", {"serviceName": "s"}),
        ("daemonsets", {}),
    ):
        spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template, **more}
        yield f"{apps}/{plural}", {"metadata": {"name": "x"}, "spec": spec}
    job = {"template": {"spec": {"restartPolicy": "Never", "containers": container}}}
    yield "/apis/batch/v1/namespaces/open-tables/jobs", {"metadata": {"name": "j"}, "spec": job}
    ready = {"conditions": [{"type": "Ready", "status": "True"}], "nodeInfo": {"kubeletVersion": "v1.36.2"}}
    yield "/api/v1/nodes", {"metadata": {"name": "open-node"}, "status": ready}


# What the recorder did without recording it: objects made before a step. Namespaces stand in NAMESPACES.
UNRECORDED: dict[tuple[str, int], list[tuple[str, Any]]] = {
    ("list", 1): [
        (
            "/api/v1/namespaces/open-list/configmaps",
            _config_map(f"c{n:02}", {"parity": ("even", "odd")[n % 2], "n": str(n)}),
        )
        for n in range(12)
    ],
    ("list", 2): [("/api/v1/namespaces/open-list/configmaps", _config_map("c99"))],
    ("watch", 1): [
        ("/api/v1/namespaces/open-watch/configmaps", _config_map("before", {"app": "x"}, {"k": "0"}))
    ],
    ("watch_errors", 1): [("/api/v1/namespaces/open-watch-errors/configmaps", _config_map("a"))],
    ("watch_list", 1): [
        ("/api/v1/namespaces/open-watch-list/configmaps", _config_map(f"c{n}", {"n": str(n)}))
        for n in range(4)
    ],
    ("tables", 1): list(_table_objects()),
    ("identity", 7): [
        (
            RBAC + "/roles",
            {
                "metadata": {"name": "open-reader"},
                "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]}],
            },
        ),
        (
            RBAC + "/rolebindings",
            {
                "metadata": {"name": "open-reader"},
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "Role",
                    "name": "open-reader",
                },
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "jane"}],
            },
        ),
    ],
}
NAMESPACES = {
    "article_demo": "open-demo",
    "crud": "open-crud",
    "custom_resources": "open-crd",
    "list": "open-list",
    "watch": "open-watch",
    "watch_errors": "open-watch-errors",
    "watch_list": "open-watch-list",
    "patch": "open-patch",
    "apply": "open-apply",
    "delete": "open-delete",
    "leases_and_events": "open-leases",
    "pod_fields": "open-pods",
    "tables": "open-tables",
}


class Player:
    """One flow on one server."""

    def __init__(self, server: APIServer) -> None:
        self.server = server
        self.translations: dict[tuple[str, str], str] = {}
        self.open: list[tuple[Step, asyncio.Task[None]]] = []

    async def create(self, path: str, body: Any) -> None:
        """Make an object that the recording does not tell of."""
        answer = await self._send(
            "POST", path, {"content-type": "application/json"}, json.dumps(body).encode()
        )
        assert answer.status == 201, await answer.read()
        await answer.read()

    async def play(self, step: Step) -> Step:
        """Send a recorded request; gives the step with our response."""
        request = step["request"]
        body = request["body"]
        data = b"" if body is None else body.encode() if isinstance(body, str) else self._body(body)
        path = self._path(request["path"])
        answer = await self._send(request["method"], path, request["headers"], data)
        ours: Step = {**step, "response": {"status": answer.status, "headers": _kept(answer.headers)}}
        if "frames" in step["response"]:
            ours["response"]["frames"] = []
            self.open.append((ours, asyncio.ensure_future(_collect(answer, ours["response"]["frames"]))))
            # A real watch has begun to tell before the next request is sent.
            await asyncio.sleep(0)
        else:
            text = await answer.read()
            try:
                ours["response"]["body"] = json.loads(text)
            except ValueError:
                ours["response"]["body"] = {"text": text.decode()}
            self._learn(step["response"].get("body"), ours["response"]["body"])
        return ours

    async def finish(self) -> None:
        """Let timed watches come to their ends, and cut off the others."""
        await asyncio.sleep(LONGEST_WATCH_SECONDS)
        for step, task in self.open:
            step["response"]["ended_by_server"] = task.done()
            task.cancel()
        await asyncio.gather(*(task for _, task in self.open), return_exceptions=True)

    async def _send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response:
        fields = CIMultiDict({**headers, "Host": HOST, "User-Agent": RECORDER})
        return await self.server.handle(Request(method, path, fields, body, ADMIN))

    def _path(self, path: str) -> str:
        base, _, query = path.partition("?")
        pairs = [
            (name, self.translations.get((name, value), value))
            for name, value in parse_qsl(query, keep_blank_values=True)
        ]
        return f"{base}?{urlencode(pairs, quote_via=quote)}" if pairs else path

    def _body(self, body: Any) -> bytes:
        return json.dumps(self._translated(body, "")).encode()

    def _translated(self, value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: self._translated(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [self._translated(each, key) for each in value]
        return self.translations.get((key, value), value) if isinstance(value, str) else value

    def _learn(self, theirs: Any, ours: Any, key: str = "") -> None:
        if isinstance(theirs, dict) and isinstance(ours, dict):
            for name in theirs.keys() & ours.keys():
                self._learn(theirs[name], ours[name], name)
        elif isinstance(theirs, list) and isinstance(ours, list):
            for one, other in zip(theirs, ours, strict=False):
                self._learn(one, other, key)
        elif key in TRANSLATED and isinstance(theirs, str) and isinstance(ours, str):
            self.translations.setdefault((key, theirs), ours)


async def _collect(answer: Response, frames: list[Any]) -> None:
    tail = b""
    try:
        async for chunk in answer.chunks:
            *lines, tail = (tail + chunk).split(b"\n")
            frames.extend(json.loads(line) for line in lines if line.strip())
    finally:
        await answer.aclose()


def _kept(headers: CIMultiDict[str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() in KEPT_HEADERS}


def replay(flow: str) -> list[tuple[Step, Step]]:
    """Each recorded step of a flow, and ours."""

    async def main() -> list[tuple[Step, Step]]:
        server = APIServer(clock=LoopClock(), chance=random.Random(7))
        player = Player(server)
        namespace = NAMESPACES.get(flow)
        if namespace:
            await player.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
        pairs = []
        for step in recorded(flow):
            for path, body in UNRECORDED.get((flow, step["n"]), ()):
                await player.create(path, body)
            pairs.append((step, await player.play(step)))
        await player.finish()
        await server.aclose()
        return pairs

    return run_virtual(main)


_UID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_RENAMED = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\b10\.0\.0\.\d+\b"), "CLUSTERIP"),
    (re.compile(r"\bgen-[a-z0-9]{5}\b"), "gen-RANDOM"),
    (re.compile(r"hash=[0-9A-F]{64,}"), "hash=HASH"),
    (re.compile(r"(resourceVersion: )\"\d+\""), r'\1"rv"'),
    (re.compile(r"(resource version|resourceVersion)(=|: )\d+( \(\d+\))?"), r"\1\2RV"),
]
_NUMBER = re.compile(r"\b\d{3,}\b")
_AGE = re.compile(r"(<unknown>|\d+(ms|s|m|h|d)\d*(ms|s|m|h)?)")


class Renamer:
    """Gives what may differ between two honest runs the names by which both have it."""

    def __init__(self) -> None:
        self._uids: dict[str, str] = {}

    def rename(self, value: Any, key: str = "", *, in_list: bool = False) -> Any:
        """A comparable copy."""
        if isinstance(value, dict):
            return {name: self._named(each, name) for name, each in sorted(value.items())}
        if isinstance(value, list):
            shown = [self.rename(each, key, in_list=True) for each in value if not _is_clocked_bookmark(each)]
            return sorted(shown, key=json.dumps) if key == "causes" else shown
        return self._text(value, key, in_list=in_list) if isinstance(value, str) else value

    def _named(self, value: Any, name: str) -> Any:
        if name == "resourceVersion" and isinstance(value, str):
            return "rv" if value not in {"", "0"} else value
        if name == "continue" and isinstance(value, str):
            return "token" if value else ""
        return self.rename(value, name)

    def _text(self, text: str, key: str, *, in_list: bool) -> str:
        text = _UID.sub(lambda found: self._uids.setdefault(found[0], f"uid{len(self._uids) + 1}"), text)
        for pattern, name in _RENAMED:
            text = pattern.sub(name, text)
        if key == "message":
            text = _NUMBER.sub("NUM", text)
        return "AGE" if in_list and _AGE.fullmatch(text) else text


def _is_clocked_bookmark(frame: Any) -> bool:
    return (
        isinstance(frame, dict)
        and frame.get("type") == "BOOKMARK"
        and "initial-events-end" not in json.dumps(frame)
    )


def differences(flow: str) -> dict[int, list[str]]:
    """For each step of a flow, in what our answer differs; nothing for equal ones."""
    theirs, ours = Renamer(), Renamer()
    return {
        step["n"]: list(_difference(theirs.rename(step["response"]), ours.rename(own["response"]), ""))
        for step, own in replay(flow)
    }


def _difference(want: Any, got: Any, at: str) -> Iterator[str]:
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted({*want, *got}):
            if key not in got:
                yield f"{at}.{key}: missing, want {_short(want[key])}"
            elif key not in want:
                yield f"{at}.{key}: extra {_short(got[key])}"
            else:
                yield from _difference(want[key], got[key], f"{at}.{key}")
    elif isinstance(want, list) and isinstance(got, list):
        if len(want) != len(got):
            yield f"{at}: want {len(want)} items, got {len(got)}"
        for index, (one, other) in enumerate(zip(want, got, strict=False)):
            yield from _difference(one, other, f"{at}[{index}]")
    elif want != got or isinstance(want, bool) != isinstance(got, bool):
        yield f"{at}: want {_short(want)}, got {_short(got)}"


def _short(value: Any) -> str:
    return json.dumps(value)[:200]
