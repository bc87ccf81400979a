"""Objects and events as text.

In:    objects and changes                         (from cli/get.py, cli/follow.py)
Out:   text for standard output
Rules: a line of text is one event; json holds all that the server sent, yaml leaves out managedFields as kubectl does
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Generic

import msgspec

from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.watch_event import EventType
from listwatch.cli.changes import Change
from listwatch.cli.follow import Connection, trouble
from listwatch.cli.shell import Shell
from listwatch.cli.table import Columns, Layout, Row, cell_text
from listwatch.reflector.states import BackingOff, Watching

EventText = Callable[[Change[AnyObject]], str]
"""One event as text, its newline included."""


def shown_key(key: ObjectKey, *, with_namespace: bool) -> str:
    """An object's name; behind its namespace where objects of several are shown together."""
    return str(key) if with_namespace else key.name


def object_reference(resource: Resource, name: str) -> str:
    """`pod/web`, `deployment.apps/web`: a name that kubectl takes as an argument."""
    kind = resource.kind.lower()
    return f"{kind}.{resource.group}/{name}" if resource.group else f"{kind}/{name}"


def event_line(*, with_namespace: bool, paint: Callable[[str], str] = str) -> EventText[Any]:
    """`ADDED : test-pod`."""

    def text(change: Change[Any]) -> str:
        name = shown_key(change.item.key, with_namespace=with_namespace)
        return f"{paint(change.type.value)} : {cell_text(name)}\n"

    return text


def event_reference(resource: Resource, *, paint: Callable[[str], str] = str) -> EventText[Any]:
    """`ADDED pod/test-pod`."""

    def text(change: Change[Any]) -> str:
        return f"{paint(change.type.value)} {object_reference(resource, cell_text(change.item.key.name))}\n"

    return text


def event_json(change: Change[Object]) -> str:
    """One line as a watch of the API has it, `{"type":"ADDED","object":{…}}`, with all that the server sent."""
    return f'{{"type":"{change.type.value}","object":{change.item.to_json().decode()}}}\n'


def event_yaml(change: Change[Object]) -> str:
    """A document with `type` and `object`, begun by `---`."""
    return f"---\n{yaml_text({'type': change.type.value, 'object': _readable(change.item)})}"


def event_row(layout: Callable[[], Layout], *, paint: Callable[[str], str] = str) -> EventText[Row]:
    """The event's type and the row, in columns; headers come first, and again if the columns change."""
    columns = Columns(EventType.MODIFIED)
    headers: list[str] = []

    def text(change: Change[Row]) -> str:
        nonlocal headers
        now = layout()
        rows = []
        if now.headers() != headers:
            headers = now.headers()
            rows.append(["EVENT", *headers])
        rows.append([change.type.value, *now.cells(change.item)])
        lines = columns.lines(rows)
        word = change.type.value
        lines[-1] = lines[-1].replace(word, paint(word), 1)
        return "".join(f"{line}\n" for line in lines)

    return text


class EventPrinter(Generic[AnyObject]):
    """Writes each event as it comes; what the connection does goes to standard error.

    Args:
        shell: Where to.
        text: How an event is written.
        initial: Write the present state, too.
    """

    def __init__(self, shell: Shell, text: EventText[AnyObject], *, initial: bool = True) -> None:
        self._shell = shell
        self._text = text
        self._initial = initial
        self._was_waiting = False

    def changes(self, batch: Sequence[Change[AnyObject]], *, is_initial: bool) -> None:
        """Write them, at once.

        Raises:
            BrokenPipeError: Nobody reads any more.
        """
        if is_initial and not self._initial:
            return
        if batch:
            self._shell.write("".join(map(self._text, batch)))

    def connection(self, connection: Connection, *, relists: int) -> None:
        """Tell of trouble, and of its end."""
        if isinstance(connection, BackingOff):
            self._was_waiting = True
            self._shell.tell(f"{trouble(connection)}; trying again in {connection.seconds:.1f} s")
        elif isinstance(connection, Watching) and self._was_waiting:
            self._was_waiting = False
            self._shell.tell("watching again")


def object_json(obj: Object) -> str:
    """One object, for reading by machines and people."""
    return msgspec.json.format(obj.to_json(), indent=4).decode() + "\n"


def list_json(objects: Sequence[Object]) -> str:
    """Objects as one `List`, as kubectl writes it: each item says what it is."""
    items = b",".join(obj.to_json() for obj in objects)
    body = b'{"apiVersion":"v1","items":[%s],"kind":"List","metadata":{"resourceVersion":""}}' % items
    return msgspec.json.format(body, indent=4).decode() + "\n"


def object_yaml(obj: Object) -> str:
    """One object, for people and for `kubectl apply`."""
    return yaml_text(_readable(obj))


def list_yaml(objects: Sequence[Object]) -> str:
    """Objects as one `List`."""
    items = [_readable(obj) for obj in objects]
    return yaml_text(
        {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}
    )


def _readable(obj: Object) -> dict[str, Any]:
    plain = obj.to_dict()
    metadata = plain.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
    return plain


def yaml_text(value: Any) -> str:
    """A YAML document in the order of its keys, long texts as blocks."""
    import yaml  # noqa: PLC0415 (costs time that only this output needs)

    return str(
        yaml.dump(
            value,
            Dumper=_dumper(),
            sort_keys=False,
            allow_unicode=True,
            default_flow_style=False,
            width=1 << 20,
        )
    )


@cache
def _dumper() -> Any:
    import yaml  # noqa: PLC0415 (as above)

    class BlockDumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # chosen at run time
        """Writes texts of several lines as blocks; never writes anchors."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    BlockDumper.add_representer(str, text)
    return BlockDumper
