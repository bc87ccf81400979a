"""Bytes to objects, pages and events; and everything that is none of these."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.api.core_v1 import Pod, Secret
from listwatch.apimachinery.codec import Codec, UndecodableFrame, decode_status
from listwatch.apimachinery.errors import DecodeError, Expired
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apimachinery.watch_event import EventType

PODS = Codec(Pod)
WIDGETS = Codec(Unstructured, resource=Resource("x.example.com", "v1", "widgets", "Widget"))

MANAGED = b'"managedFields":[{"manager":"m","fieldsV1":{"f:spec":{}}}]'
POD = (
    b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","resourceVersion":"5",%s},"spec":{"x":1}}'
    % MANAGED
)


def frame(kind: str, body: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (kind.encode(), body)


EXPIRED = (
    b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"gone","reason":"Expired",'
    b'"code":410}'
)


def test_an_object() -> None:
    """One body, one object of the codec's class."""
    pod = PODS.object(POD)
    assert (type(pod), pod.name) == (Pod, "p")
    widget = WIDGETS.object(b'{"metadata":{"name":"w"}}')
    assert (type(widget), widget.kind, widget.api_version) == (Unstructured, "Widget", "x.example.com/v1")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "Pod: not JSON"),
        (b"<html><body>Sign in</body></html>", "Pod: not JSON"),
        (POD[:40], "Pod: not JSON"),
        (b"[]", "Pod: Expected `object`, got `array`"),
        (b'{"metadata":{"name":"\xff"}}', "Pod: not JSON"),
        (b'{"spec":' + b"[" * 100_000, "Pod: not JSON"),
        (b'{"future":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "Pod: "),
        (b'{"kind":"Service","apiVersion":"v1","metadata":{}}', "wanted a Pod, got a Service"),
        (EXPIRED, "wanted a Pod, got a Status"),
        (b'{"kind":"PodList","items":[]}', "wanted a Pod, got a PodList"),
    ],
    ids=[
        "nothing",
        "html",
        "torn",
        "array",
        "no-utf8",
        "deep",
        "deep-unknown",
        "other-kind",
        "status",
        "list",
    ],
)
def test_what_is_no_such_object(data: bytes, message: str) -> None:
    """Everything else is a DecodeError that says what was wanted and what came."""
    with pytest.raises(DecodeError, match=f"^{message}"):
        PODS.object(data)


@pytest.mark.parametrize("extra", [b"", b'"unknown":{"a":1},', b'"status":null,'])
def test_managed_fields_can_be_left_out(extra: bytes) -> None:
    """With keep_managed_fields=False they are dropped on reading, in usual and unusual objects, and nothing else is."""
    data = POD.replace(b'"spec"', extra + b'"spec"')
    lean = Codec(Pod, keep_managed_fields=False)
    whole, bare = PODS.object(data), lean.object(data)
    assert whole.metadata.managed_fields[0].manager == "m"
    assert bare.metadata.managed_fields == []
    expected = json.loads(data)
    del expected["metadata"]["managedFields"]
    assert bare.to_dict() == expected
    (event,) = lean.events(frame("ADDED", data))
    assert event.object.to_dict() == expected
    (item,) = lean.page(b'{"metadata":{},"items":[%s]}' % data).items
    assert item.to_dict() == expected


PAGE = (
    b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"9","continue":"tok","remainingItemCount":3},'
    b'"items":[{"metadata":{"name":"a"},"spec":{"u":1.0}},{"metadata":{"name":"b"},"new":1}]}'
)


def test_a_page() -> None:
    """A list's objects, in order, with what the list says of itself; written again it is the same bytes."""
    page = PODS.page(PAGE)
    assert [pod.name for pod in page] == ["a", "b"]
    assert (len(page), page.resource_version, page.metadata.continue_) == (2, "9", "tok")
    assert page.metadata.remaining_item_count == 3
    assert (page.kind, page.api_version) == ("PodList", "v1")
    assert json.loads(page.to_json()) == json.loads(PAGE)
    assert repr(page) == "<PodList of 2 at 9>"


def test_items_know_their_kind() -> None:
    """Items of a list come without kind; they have it all the same, and keep it in copies."""
    for codec, kind in ((PODS, "Pod"), (WIDGETS, "Widget")):
        (item,) = codec.page(b'{"items":[{"metadata":{"name":"a"}}],"metadata":{}}').items
        assert (item.kind, item.copy().kind) == (kind, kind)


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b'{"kind":"PodList","metadata":{},"items":null}', 0),
        (b'{"kind":"PodList"}', 0),
        (b'{"items":[]}', 0),
        (b'{"kind":"PodList","metadata":null,"items":[{"metadata":null}],"future":1}', 1),
    ],
)
def test_unusual_lists(data: bytes, count: int) -> None:
    """Null items, missing metadata and unknown fields of the list itself are read."""
    page = PODS.page(data)
    assert (len(page), page.resource_version) == (count, "")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "list of Pod: not JSON"),
        (b"<html>", "list of Pod: not JSON"),
        (PAGE[:-20], "list of Pod: not JSON"),
        (b"[]", "list of Pod: Expected `object`, got `array`"),
        (EXPIRED, "wanted a list of Pod, got a Status"),
        (POD, "wanted a list of Pod, got a Pod"),
        (b"{}", "wanted a list of Pod, got a '{}'"),
        (b'{"kind":"PodList","items":[null]}', "Pod: Expected `object`, got `null`"),
        (b'{"kind":"PodList","items":{}}', "list of Pod: Expected `array"),
    ],
)
def test_what_is_no_list(data: bytes, message: str) -> None:
    """Everything else is a DecodeError that says what was wanted and what came."""
    with pytest.raises(DecodeError, match=f"^{message}"):
        PODS.page(data)


@pytest.mark.parametrize("codec", [PODS, WIDGETS], ids=["typed", "unstructured"])
def test_events(codec: Codec[Pod]) -> None:
    """Lines become events in their order; blank ones mean nothing, and any line break will do."""
    lines = (
        frame("ADDED", b'{"metadata":{"name":"a"}}')
        + b"\n\r\n"
        + frame("DELETED", b'{"metadata":{"name":"b"}}')
    )
    lines += b'{"object":{"metadata":{"resourceVersion":"7"},"new":1},"type":"BOOKMARK"}\r\n'
    events = codec.events(lines)
    assert [event.type for event in events] == [EventType.ADDED, EventType.DELETED, EventType.BOOKMARK]
    assert [event.object.name for event in events] == ["a", "b", ""]
    assert events[2].object.resource_version == "7"
    assert codec.events(b"") == []


@given(
    st.lists(st.sampled_from([b'{"metadata":{"name":"a"}}', b'{"new":1}', b'{"spec":null}', POD]), max_size=5)
)
def test_a_batch_is_its_lines(bodies: list[bytes]) -> None:
    """Decoding frames together gives what decoding them one by one gives, usual and unusual objects mixed."""
    frames = [frame("MODIFIED", body) for body in bodies]
    together = PODS.events(b"".join(frames))
    assert [e.object for e in together] == [PODS.events(line)[0].object for line in frames]
    assert [json.loads(e.object.to_json(type_meta=False)) for e in together] == [
        json.loads(b) for b in bodies
    ]


@pytest.mark.parametrize(
    ("line", "reason", "message"),
    [
        (frame("ERROR", EXPIRED), "Expired", "gone"),
        (EXPIRED + b"\n", "Expired", "gone"),
        (frame("ERROR", b'{"reason":"x"}'), None, '\'{"reason":"x"}\''),
        (b'{"type":"ERROR"}\n', None, "''"),
    ],
    ids=["error-event", "bare-status", "no-status", "nothing"],
)
def test_errors_in_a_watch(line: bytes, reason: str | None, message: str) -> None:
    """An ERROR event, and a bare Status in place of one, end up as an ERROR event that carries a Status."""
    good, bad = PODS.events(frame("ADDED", POD) + line)
    assert good.object.name == "p"
    assert bad.type is EventType.ERROR
    assert bad.status is not None
    assert (bad.status.reason, bad.status.message) == (reason, message)


def test_an_error_event_has_no_object() -> None:
    """Who does not look at the type is stopped by the server's reason."""
    (event,) = PODS.events(frame("ERROR", EXPIRED))
    with pytest.raises(Expired, match="watch: gone"):
        _ = event.object


BAD_LINES = {
    "torn": b'{"type":"ADDED","object":{"metadata":{"name":"x"\n',
    "html": b"<html><body>502 Bad Gateway</body></html>\n",
    "array": b"[]\n",
    "no-type": b'{"object":{}}\n',
    "unknown-type": b'{"type":"PUZZLED","object":{}}\n',
    "no-object": b'{"type":"ADDED"}\n',
    "null-object": b'{"type":"ADDED","object":null}\n',
    "text-object": b'{"type":"ADDED","object":"x"}\n',
    "no-utf8": b'{"type":"ADDED","object":{"metadata":{"name":"\xff"}}}\n',
    "deep": b'{"type":"ADDED","object":' + b"[" * 100_000 + b"\n",
    "binary": bytes(range(0x80, 0x90)) + b"\n",
}


@pytest.mark.parametrize("bad", BAD_LINES.values(), ids=BAD_LINES)
@pytest.mark.parametrize("codec", [PODS, WIDGETS], ids=["typed", "unstructured"])
def test_a_bad_line_does_not_take_the_good_ones_with_it(codec: Codec[Pod], bad: bytes) -> None:
    """A line that is no frame raises; the events before it are on the error, those after it are not."""
    before = frame("ADDED", b'{"metadata":{"name":"a"}}') + frame("DELETED", b'{"new":1}')
    with pytest.raises(UndecodableFrame) as caught:
        codec.events(before + bad + frame("ADDED", b'{"metadata":{"name":"after"}}'))
    assert [(e.type, e.object.name) for e in caught.value.decoded] == [("ADDED", "a"), ("DELETED", "")]
    assert isinstance(caught.value, DecodeError)


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"ADDED","object":{"data":{"password":"aHVudGVyMg=="}',
        b'{"type":"PUZZLED","object":{"data":{"password":"aHVudGVyMg=="}}}',
        b'{"object":{"data":{"password":"aHVudGVyMg=="}}}',
        b'{"data":{"password":"aHVudGVyMg=="',
    ],
)
def test_errors_of_frames_do_not_show_contents(data: bytes) -> None:
    """The message of a bad frame shows its beginning, but never what an object holds."""
    codec = Codec(Secret)
    with pytest.raises(UndecodableFrame) as caught:
        codec.events(data + b"\n")
    assert "aHVudGVy" not in str(caught.value)
    with pytest.raises(DecodeError) as of_list:
        codec.page(b'{"items":1,"x":' + data)
    assert "aHVudGVy" not in str(of_list.value)


def test_statuses() -> None:
    """A Status is told from everything else."""
    status = decode_status(EXPIRED)
    assert status is not None
    assert (status.code, status.reason) == (410, "Expired")
    for other in (
        b"",
        b"<html>",
        b"[]",
        b"{}",
        POD,
        b'{"kind":"Status","code":"text"}',
        b"\xff",
        b'"Status"',
    ):
        assert decode_status(other) is None


def test_kept_objects_let_go_of_the_message() -> None:
    """Keeping one object of a large list does not keep the list's bytes."""
    filler = b"x" * 1_000_000
    data = b'{"metadata":{},"items":[{"metadata":{"name":"a"},"spec":{"n":1}},{"spec":{"x":"%s"}}]}' % filler
    tracemalloc.start()
    try:
        first, _ = tracemalloc.get_traced_memory()
        kept = PODS.page(bytes(bytearray(data))).items[0]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept.name == "a"
    assert held - first < 100_000


def test_managed_fields_are_dropped_from_unusual_metadata_too() -> None:
    """An object that the strict decoder refused keeps its oddities, but not who set which field."""
    data = b'{"metadata":{"name":"a","creationTimestamp":null,"managedFields":[{"manager":"x"}]}}'
    read = Codec(Pod, keep_managed_fields=False).object(data)
    assert read.metadata.managed_fields == []
    assert read.to_json(type_meta=False) == b'{"metadata":{"name":"a","creationTimestamp":null}}'
