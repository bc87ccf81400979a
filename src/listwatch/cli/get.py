"""`listwatch get`: what there is, once.

In:    arguments                                   (cli/main.py)
Out:   a table, names, JSON or YAML on standard output
Rules: a table is the server's own; names ask for metadata only; nothing is written before all is known
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from listwatch.cli import render
from listwatch.cli.arguments import OUTPUTS, add_common
from listwatch.cli.connect import Query, Session, find, open_session
from listwatch.cli.failures import UsageError
from listwatch.cli.shell import Shell, run_command
from listwatch.cli.sources import ObjectSource, TableSource
from listwatch.cli.table import FALLBACK_COLUMNS, Columns, Layout, Row


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `get` and its options."""
    parser = subparsers.add_parser(
        "get",
        help="show the objects of a kind",
        description="Show the objects of a kind, once: as the server's own table (coloured on a terminal, as "
        "kubectl prints it in a pipe), or as -o says.",
        allow_abbrev=False,
    )
    add_common(parser)
    parser.add_argument(
        "-o",
        "--output",
        choices=OUTPUTS,
        default="table",
        help="table (default); wide: with all columns; name: pod/web; json: all that the server sent; yaml: the "
        "same without managedFields",
    )


def run(args: argparse.Namespace) -> int:
    """Run `get`; returns the exit code."""
    return run_command(command(args, Shell()))


async def command(args: argparse.Namespace, shell: Shell) -> int:
    """`get` in any shell.

    Raises:
        ListWatchError: It could not be done. Nothing has been written.
    """
    has_name = bool(args.name) or "/" in args.resource
    async with open_session(args, shell) as session:
        query = await find(session, args, verbs=("get",) if has_name else ("list",), shell=shell)
        if query.name and (query.label_selector or query.field_selector):
            raise UsageError("a NAME and a selector exclude each other")
        if query.name and query.with_namespace:
            raise UsageError("a NAME is looked up in one namespace; leave -A out, or say which with -n")
        if args.output in ("table", "wide"):
            await _print_table(session, query, shell, wide=args.output == "wide")
        elif query.name:
            await _print_one(session, query, shell, output=args.output)
        else:
            await _print_all(session, query, shell, output=args.output)
    return 0


async def _print_table(session: Session, query: Query, shell: Shell, *, wide: bool) -> None:
    source = TableSource(session, query)
    rows: Sequence[Row] = await source.get() if query.name else (await source.list()).items
    if not rows:
        _tell_none(query, shell)
        return
    layout = source.layout(wide=wide)
    # Servers that make tables compute ages, too.
    now = shell.clock.now() if layout.columns == FALLBACK_COLUMNS else None
    if shell.has_colour and importlib.util.find_spec("rich") is not None:
        _draw(layout, rows, shell, now=now)
    else:
        lines = Columns().lines([layout.headers(), *(layout.cells(row, now=now) for row in rows)])
        shell.write("".join(f"{line}\n" for line in lines))


def _draw(layout: Layout, rows: Sequence[Row], shell: Shell, *, now: datetime | None) -> None:
    # Slow to load, and not everybody's: only for those who see colours.
    live = importlib.import_module("listwatch.cli.live")
    live.console_on(shell.out).print(live.draw_rows(layout, rows, now=now))


async def _print_one(session: Session, query: Query, shell: Shell, *, output: str) -> None:
    resource = query.resource.resource
    found = await session.client.resource(resource, namespace=query.namespace).get(query.name)
    if output == "name":
        shell.write(f"{render.object_reference(resource, found.name)}\n")
    else:
        shell.write(render.object_json(found) if output == "json" else render.object_yaml(found))


async def _print_all(session: Session, query: Query, shell: Shell, *, output: str) -> None:
    objects = (await ObjectSource(session, query, metadata_only=output == "name").list()).items
    if output == "json":
        shell.write(render.list_json(objects))
    elif output == "yaml":
        shell.write(render.list_yaml(objects))
    elif objects:
        resource = query.resource.resource
        shell.write("".join(f"{render.object_reference(resource, each.name)}\n" for each in objects))
    else:
        _tell_none(query, shell)


def _tell_none(query: Query, shell: Shell) -> None:
    where = f" in namespace {query.namespace}" if query.namespace else ""
    shell.tell(f"no {query.resource} found{where}")
