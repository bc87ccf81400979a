"""An API server whose state outlives SIGKILL: `python durable_server.py FILE PORT TOKEN`.

Begins with the state in FILE, if there is one; writes it there at each line of standard input, and says so.
"""

from __future__ import annotations

import asyncio
import pickle
import sys
from pathlib import Path

from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.apiserver.storage.revision_log import RevisionLog


def begin_with(file: Path) -> RevisionLog | None:
    """The state in a file, if there is one."""
    return pickle.loads(file.read_bytes()) if file.exists() else None


def save(log: RevisionLog, file: Path) -> None:
    """Put the state there."""
    file.write_bytes(pickle.dumps(log))


def say(line: str) -> None:
    """Tell whoever started this."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(file: Path, port: int, token: str) -> None:
    """Serve until standard input ends."""
    async with EmbeddedCluster(port=port, token=token, simulate=False, log=begin_with(file)) as cluster:
        say("ready")
        while await asyncio.to_thread(sys.stdin.readline):
            save(cluster.server.log, file)
            say("saved")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
