"""`listwatch watch`: what there is, and everything that happens to it from then on.

In:    arguments                                   (cli/main.py)
Out:   a live table on a terminal; in a pipe one event a line
Next:  cli/follow.py
Rules: begins with the present state, without a gap to what follows; standard output holds events and nothing else
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import logging
from typing import Any

from listwatch.cli import render
from listwatch.cli.arguments import OUTPUTS, add_common, seconds
from listwatch.cli.connect import Query, Session, find, open_session
from listwatch.cli.follow import follow
from listwatch.cli.shell import Shell, run_command
from listwatch.cli.sources import ObjectSource, TableSource
from listwatch.reflector.failure import Failure

_DESCRIPTION = """\
Show the objects of a kind and everything that happens to them, until Ctrl-C.

On a terminal: a live table of the present state, each row with what happened to it last. In a pipe, or with -o, one
event a line. Lost connections are made again, and what was missed meanwhile is told as the differences."""

_OUTPUTS = """\
what -o prints for each event:
  (nothing)   ADDED : test-pod             with -A: ADDED : default/test-pod
  name        ADDED pod/test-pod           a name that kubectl takes
  table,wide  ADDED   test-pod   1/1 …     the server's columns; wide: all of them (on a terminal: live)
  json        {"type":"ADDED","object":…}  all that the server sent, one event a line
  yaml        --- type: ADDED object: …    one document an event, without managedFields"""


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `watch` and its options."""
    parser = subparsers.add_parser(
        "watch",
        help="show the objects of a kind and what happens to them",
        description=_DESCRIPTION,
        epilog=_OUTPUTS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_common(parser)
    parser.add_argument("-o", "--output", choices=OUTPUTS, help="how to print events; see below")
    parser.add_argument(
        "--initial",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="in a pipe: print the present state as ADDED events first (default: yes)",
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        help="end by itself, successfully, after so long: 90, 90s, 5m",
    )


def run(args: argparse.Namespace) -> int:
    """Run `watch`; returns the exit code."""
    log = logging.getLogger("listwatch.reflector.reflector")
    log.addFilter(is_untold)
    try:
        return run_command(command(args, Shell()))
    finally:
        log.removeFilter(is_untold)


def is_untold(record: logging.LogRecord) -> bool:
    """Whether a line of the reflector's log is news: that it waits, and why, is told by the command itself."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    return not any(isinstance(each, Failure) for each in arguments)


async def command(args: argparse.Namespace, shell: Shell) -> int:
    """`watch` in any shell; returns only after `--timeout`.

    Raises:
        ListWatchError: It could not begin, or not go on in a way that waiting does not cure.
        BrokenPipeError: Nobody reads any more.
    """
    limit = asyncio.timeout(args.timeout)
    try:
        async with limit, open_session(args, shell) as session:
            query = await find(session, args, verbs=("list", "watch"), shell=shell)
            await _follow(args, session, query, shell)
    except TimeoutError:
        if not limit.expired():
            raise
    return 0


async def _follow(args: argparse.Namespace, session: Session, query: Query, shell: Shell) -> None:
    output = args.output
    if shell.is_terminal and output in (None, "table", "wide"):
        # Without rich a terminal gets lines, unless a table was asked for.
        if output is not None or importlib.util.find_spec("rich") is not None:
            return await _follow_live(session, query, shell, wide=output == "wide")
        shell.tell("for a live table: pip install 'listwatch[cli]'")
    if output in ("table", "wide"):
        source = TableSource(session, query)
        row_text = render.event_row(lambda: source.layout(wide=output == "wide"), paint=shell.paint)
        rows = render.EventPrinter(shell, row_text, initial=args.initial)
        return await follow(source, rows, clock=shell.clock)
    objects = render.EventPrinter(shell, _object_text(output, query, shell), initial=args.initial)
    only_names = output in (None, "name")
    return await follow(ObjectSource(session, query, metadata_only=only_names), objects, clock=shell.clock)


def _object_text(output: str | None, query: Query, shell: Shell) -> render.EventText[Any]:
    if output == "json":
        return render.event_json
    if output == "yaml":
        return render.event_yaml
    if output == "name":
        return render.event_reference(query.resource.resource, paint=shell.paint)
    return render.event_line(with_namespace=query.with_namespace, paint=shell.paint)


async def _follow_live(session: Session, query: Query, shell: Shell, *, wide: bool) -> None:
    # Slow to load, and not everybody's: only for those who see it.
    live = importlib.import_module("listwatch.cli.live")
    source = TableSource(session, query)
    table = live.LiveTable(
        live.console_on(shell.out),
        title=query.title,
        layout=lambda: source.layout(wide=wide),
        clock=shell.clock,
    )
    drawing = asyncio.create_task(table.draw())
    try:
        await follow(source, table, clock=shell.clock)
    finally:
        drawing.cancel()
        await asyncio.wait([drawing])
        if not drawing.cancelled() and (error := drawing.exception()) is not None:
            raise error
