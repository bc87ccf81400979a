"""What a command runs in: its output, its way to a server, its time, and the signals that end it.

Rules: the one place of the command line that knows of signals, terminals and pipes
"""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TextIO

from listwatch.apimachinery.clock import Clock, SystemClock
from listwatch.apimachinery.http import Transport
from listwatch.cli.exit_codes import ExitCode

_COLOURS = {"ADDED": "32", "MODIFIED": "33", "DELETED": "31"}


def _stdout() -> TextIO:
    return sys.stdout


def _stderr() -> TextIO:
    return sys.stderr


@dataclass(slots=True)
class Shell:
    """The surroundings of one command; tests make their own.

    Attributes:
        out, err: Where output goes, and words about it.
        transport: What to send requests through; None for sockets.
        clock: For waits.
        environ: Environment variables.
    """

    out: TextIO = field(default_factory=_stdout)
    err: TextIO = field(default_factory=_stderr)
    transport: Transport | None = None
    clock: Clock = field(default_factory=SystemClock)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at the output on a terminal that can draw."""
        return self.out.isatty() and self.environ.get("TERM") != "dumb"

    @property
    def has_colour(self) -> bool:
        """Whether colours are welcome. Source: no-color.org."""
        return self.is_terminal and not self.environ.get("NO_COLOR")

    def write(self, text: str) -> None:
        """Put text out now: a reader at the other end of a pipe waits for no buffer.

        Raises:
            BrokenPipeError: Nobody reads any more.
        """
        self.out.write(text)
        self.out.flush()

    def tell(self, text: str) -> None:
        """A line to the person, beside the output."""
        self.err.write(f"listwatch: {text}\n")
        self.err.flush()

    def paint(self, word: str) -> str:
        """The name of an event type in its colour, where colours are welcome."""
        colour = _COLOURS.get(word)
        return f"\x1b[{colour}m{word}\x1b[0m" if colour and self.has_colour else word


def run_command(command: Coroutine[Any, Any, int]) -> int:
    """Run a command to its end, to Ctrl-C (KeyboardInterrupt), to SIGTERM or to its reader's end (exit codes).

    Whichever it is, the command is cancelled first and closes what it has open.
    """
    with asyncio.Runner() as runner:
        return runner.run(_until_told(command))


async def _until_told(command: Coroutine[Any, Any, int]) -> int:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    told: list[ExitCode] = []

    def end(code: ExitCode) -> None:
        told.append(code)
        if task is not None and len(told) == 1:
            task.cancel()

    pipe = _pipe_of(sys.stdout)
    # Not every platform and thread can take signals; the default then is good enough.
    with suppress(NotImplementedError, RuntimeError, ValueError):
        loop.add_signal_handler(signal.SIGTERM, end, ExitCode.TERMINATED)
    if pipe is not None:
        # The writing end of a pipe becomes readable when its reader goes: `listwatch watch pods | head -1` ends
        # then, and not at an event that may never come.
        loop.add_reader(pipe, end, ExitCode.BROKEN_PIPE)
    try:
        return await command
    except asyncio.CancelledError:
        if told:
            return told[0]
        raise
    finally:
        if pipe is not None:
            loop.remove_reader(pipe)
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.remove_signal_handler(signal.SIGTERM)


def _pipe_of(out: TextIO) -> int | None:
    """The file descriptor of `out` if that is a pipe."""
    try:
        number = out.fileno()
        return number if stat.S_ISFIFO(os.fstat(number).st_mode) else None
    except (OSError, ValueError):  # not a file at all, or closed
        return None
