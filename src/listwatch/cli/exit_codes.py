"""What the command line ends with.

Rules: light to import: the help text shows this
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the command ends with. Those from 128 on are what a shell reports for the signal."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    CONFIGURATION = 3
    UNREACHABLE = 4
    FAULT = 70
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


MEANINGS = {
    ExitCode.OK: "all went well",
    ExitCode.REFUSED: "the server refused: not found, forbidden, invalid",
    ExitCode.USAGE: "the command makes no sense: an unknown option or resource",
    ExitCode.CONFIGURATION: "the kubeconfig, credentials or certificates will not do; or a part is not installed",
    ExitCode.UNREACHABLE: "no answer from the server, or not from an API server",
    ExitCode.FAULT: "a fault of listwatch itself",
    ExitCode.INTERRUPTED: "ended by Ctrl-C",
    ExitCode.BROKEN_PIPE: "whoever read the output stopped reading",
    ExitCode.TERMINATED: "ended by SIGTERM",
}


def exit_code_table() -> str:
    """The exit codes, a line each."""
    return "\n".join(f"  {code.value:>3}  {meaning}" for code, meaning in MEANINGS.items())
