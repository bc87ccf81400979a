"""Everybody who decodes a list of pods here: ours in its two ways, the other clients, and the floors.

In:    a name
Out:   a `Contender`; its `load` imports the library and gives two functions: decode a body, read an image
Next:  measure.py (one contender in one process)
Rules: a library is imported inside `load` only; each peer goes the way that its own client goes once it has the
       bytes of a list response, and nothing of the network is in anybody's figure
"""
# ruff: noqa: PLC0415 (a process that measures one library imports that one only)

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple


class Decoding(NamedTuple):
    """How one library does it.

    Attributes:
        decode: From the body to whatever its user would keep.
        pods: The pods in what is kept.
        image: `spec.containers[0].image` of one of them, as its user would write it.
    """

    decode: Callable[[bytes], Any]
    pods: Callable[[Any], Sequence[Any]]
    image: Callable[[Any], str]


class Contender(NamedTuple):
    """Somebody to measure.

    Attributes:
        name: For `--only` and in results.
        title: In tables.
        group: `ours`, `peer` or `floor`.
        package: The distribution that must be installed, empty for the standard library.
        load: Imports it.
    """

    name: str
    title: str
    group: str
    package: str
    load: Callable[[], Decoding]

    @property
    def version(self) -> str | None:
        """What is installed, None if nothing is."""
        if self.package == "listwatch":
            from listwatch.version import __version__

            return __version__
        try:
            return version(self.package) if self.package else platform.python_version()
        except PackageNotFoundError:
            return None


class _Answer(NamedTuple):
    """What the official client's deserializer asks of an HTTP response."""

    data: bytes
    status: int = 200
    headers: dict[str, str] = {"content-type": "application/json"}  # noqa: RUF012 (nobody changes it)


class _AsyncAnswer:
    """What kubernetes_asyncio's deserializer asks of one: its `data` is text already."""

    def __init__(self, data: str) -> None:
        self.data = data


def _ours(*, keep_managed_fields: bool = False, copy: bool = False) -> Decoding:
    from listwatch.api.core_v1 import Pod
    from listwatch.apimachinery.codec import Codec

    codec = Codec(Pod, keep_managed_fields=keep_managed_fields)
    if copy:
        return Decoding(codec.page, _items, lambda pod: pod.copy().spec.containers[0].image)
    return Decoding(codec.page, _items, _image)


def _items(kept: Any) -> Sequence[Any]:
    return kept.items  # type: ignore[no-any-return]


def _image(pod: Any) -> str:
    return pod.spec.containers[0].image  # type: ignore[no-any-return]


def _lightkube() -> Decoding:
    # GenericClient.handle_response: decoders.decode_list(response.content, resource)
    from lightkube.core.decoders import decode_list
    from lightkube.resources.core_v1 import Pod

    return Decoding(lambda body: decode_list(body, Pod), lambda kept: kept[2], _image)


def _official() -> Decoding:
    # CoreV1Api.list_namespaced_pod: ApiClient.response_deserialize(response, {"200": "V1PodList"})
    from kubernetes.client import ApiClient

    client = ApiClient()
    return Decoding(
        lambda body: client.response_deserialize(_Answer(body), {"200": "V1PodList"}).data,
        _items,
        _image,
    )


def _asyncio() -> Decoding:
    # ApiClient.__call_api: response.data.decode("utf-8"), then deserialize(response, "V1PodList").
    # Its __init__ opens a connection pool, which needs a running loop and has no part in decoding.
    from kubernetes_asyncio.client import ApiClient, Configuration

    client = ApiClient.__new__(ApiClient)
    client.configuration = Configuration()
    return Decoding(
        lambda body: client.deserialize(_AsyncAnswer(body.decode("utf-8")), "V1PodList"),
        _items,
        _image,
    )


def _dicts(decode: Callable[[bytes], Any]) -> Decoding:
    return Decoding(
        decode, lambda kept: kept["items"], lambda pod: str(pod["spec"]["containers"][0]["image"])
    )


def _json() -> Decoding:
    import json

    return _dicts(json.loads)


def _msgspec() -> Decoding:
    import msgspec

    return _dicts(msgspec.json.decode)


OURS = "listwatch"
OURS_COPY = "listwatch-copy"
OURS_WITH = "listwatch-managed-fields"

CONTENDERS = (
    Contender(OURS, "listwatch", "ours", "listwatch", _ours),
    Contender(OURS_COPY, "listwatch, copies read", "ours", "listwatch", lambda: _ours(copy=True)),
    Contender(
        OURS_WITH,
        "listwatch, managedFields kept",
        "ours",
        "listwatch",
        lambda: _ours(keep_managed_fields=True),
    ),
    Contender("lightkube", "lightkube", "peer", "lightkube", _lightkube),
    Contender("kubernetes", "kubernetes (official)", "peer", "kubernetes", _official),
    Contender("kubernetes-asyncio", "kubernetes_asyncio", "peer", "kubernetes_asyncio", _asyncio),
    Contender("json", "json.loads", "floor", "", _json),
    Contender("msgspec", "msgspec.json.decode", "floor", "msgspec", _msgspec),
)
BY_NAME = {contender.name: contender for contender in CONTENDERS}
