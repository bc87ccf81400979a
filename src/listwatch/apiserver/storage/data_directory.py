"""A directory that holds a whole cluster: its log, and what makes it the same cluster to its clients.

In:    a path
Out:   a `GroupCommit` for the server; secrets by name (certificate authority, tokens, signing keys)
Next:  embedded.py takes from it what a restart must not change
Rules: one server at a time, told by a lock that dies with its process. What lies there is private to the user.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from listwatch.apimachinery.errors import ConfigError
from listwatch.apiserver.storage.durable_log import DurableLog, Synchronous
from listwatch.apiserver.storage.group_commit import GroupCommit

LOG_FILE: Final = "revisions.sqlite"
LOCK_FILE: Final = "lock"


class DataDirectory:
    """An open data directory, locked until it is closed.

    Attributes:
        commits: To give to the server.
    """

    def __init__(self, path: Path, lock: int, file: DurableLog, *, in_thread: bool) -> None:
        self.path = path
        self.commits = GroupCommit(file, in_thread=in_thread)
        self._file = file
        self._lock: int | None = lock

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        synchronous: Synchronous = "full",
        history_limit: int = 100_000,
        in_thread: bool = True,
    ) -> DataDirectory:
        """The cluster in a directory; an empty one is made if there is none.

        Args:
            path: Of the directory.
            synchronous: As for `DurableLog.open`.
            history_limit: How many changes are retained, at least.
            in_thread: As for `GroupCommit`.

        Raises:
            ConfigError: Another server has it open, or what lies there is not ours or damaged. It is as it was.
        """
        where = Path(path)
        try:
            where.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(where / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"cannot keep the cluster in {where}: {error.strerror or error}") from error
        try:
            _acquire(lock, where)
            file = DurableLog.open(where / LOG_FILE, synchronous=synchronous, history_limit=history_limit)
        except BaseException:
            os.close(lock)
            raise
        return cls(where, lock, file, in_thread=in_thread)

    def secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """A secret that stays the same for the life of the directory; see `DurableLog.secret`."""
        return self._file.secret(name, make)

    def set_secret(self, name: str, value: bytes) -> bytes:
        """Keep a secret in the place of an older one; see `DurableLog.set_secret`."""
        return self._file.set_secret(name, value)

    async def aclose(self) -> None:
        """Keep what is left, then let others open the directory. Safe to call twice."""
        if self._lock is None:
            return
        lock, self._lock = self._lock, None
        try:
            await self.commits.aclose()
        finally:
            os.close(lock)


def _acquire(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(lock, 32, 0).decode(errors="replace").strip()
        by = f" (process {holder})" if holder else ""
        raise ConfigError(
            f"{path} is in use by another server{by}: stop it, or choose another directory"
        ) from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
