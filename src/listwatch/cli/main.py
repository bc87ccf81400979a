"""The command `listwatch`: which subcommand is meant, and what the process ends with.

In:    the command line
Out:   an exit code; errors as a line or two on standard error
Next:  cli/demo.py, cli/get.py, cli/watch.py, cli/serve.py
Rules: loads no more than the subcommand that was chosen; no error reaches a person as a traceback unless asked for
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence

from listwatch.cli.exit_codes import exit_code_table
from listwatch.version import __version__

# Each module has `add_parser(subparsers)` and `run(args) -> int`.
COMMANDS = {
    "demo": "list and watch pods of an embedded cluster, here and now",
    "get": "show the objects of a kind",
    "watch": "show the objects of a kind and what happens to them",
    "serve": "run an embedded API server",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The arguments; None for the process's own.

    Returns:
        The exit code: see `cli.failures.ExitCode`.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    is_debugging = "--debug" in words
    try:
        args = build_parser(words).parse_args(words)
        if args.command is None:
            build_parser(words).print_help()
            return 0
        _tell_warnings(level="DEBUG" if is_debugging else "WARNING")
        code: int = importlib.import_module(f"listwatch.cli.{args.command}").run(args)
    except SystemExit as end:  # argparse: help, version, or a command that makes no sense
        return end.code if isinstance(end.code, int) else 1
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (the last place where an error can be told)
        return _end(error, is_debugging=is_debugging)
    return code


def build_parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of the command line.

    Args:
        words: The arguments: the subcommand among them gets its options, the others only their names.

    Raises:
        ImportError: A part that the subcommand needs is not installed.
    """
    chosen = next((word for word in words if not word.startswith("-")), None)
    parser = argparse.ArgumentParser(
        prog="listwatch",
        description="Kubernetes list & watch.",
        epilog=f"exit codes:\n{exit_code_table()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"listwatch {__version__}")
    _add_debug(parser)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, summary in COMMANDS.items():
        if name == chosen:
            importlib.import_module(f"listwatch.cli.{name}").add_parser(subparsers)
            _add_debug(subparsers.choices[name])
        else:
            subparsers.add_parser(name, help=summary)
    return parser


def _add_debug(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,
        help="show where an error happened",
    )


def _tell_warnings(*, level: str) -> None:
    """Let what the library logs, such as a server's warnings, reach the person."""
    import logging  # noqa: PLC0415 (`--version` has nothing to log)

    class Telling(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            # Looked up each time: whoever calls `main` may have put another one in its place.
            print(f"listwatch: {record.levelname.lower()}: {self.format(record)}", file=sys.stderr)

    logger = logging.getLogger("listwatch")
    logger.setLevel(level)
    if not any(type(handler).__name__ == Telling.__name__ for handler in logger.handlers):
        logger.addHandler(Telling())


def _end(error: BaseException, *, is_debugging: bool) -> int:
    from listwatch.cli.failures import describe  # noqa: PLC0415 (loaded when there is something to describe)

    failure = describe(error)
    if isinstance(error, BrokenPipeError):
        # What is left in the buffer has nowhere to go; the interpreter would complain of it on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if is_debugging:
        traceback.print_exception(error)
    for line in failure.lines:
        print(line, file=sys.stderr)
    return int(failure.code)


if __name__ == "__main__":
    sys.exit(main())
