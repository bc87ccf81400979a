"""A socket in the file system: bound, left by a server that is no more, and removed.

In:    a path
Out:   a socket that listens there, for the file's owner only
Next:  sockets.py
Rules: a file that is no socket, and a socket that somebody listens on, are never touched.
Source: unix(7)
"""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from urllib.parse import quote

from listwatch.apimachinery.errors import ConfigError

_OWNER_ONLY = 0o177


class UnixSocketFile:
    """One socket file, from `bind` to `remove`."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._identity: tuple[int, int, int] | None = None

    @property
    def url(self) -> str:
        """The address as several HTTP clients write it."""
        return f"http+unix://{quote(str(self.path), safe='')}"

    def bind(self) -> socket.socket:
        """A socket bound to the path; it begins to listen with its server.

        Raises:
            ConfigError: Somebody listens there, something else is there, or the path cannot be used. It is as it was.
        """
        self._remove_stale()
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(_OWNER_ONLY)
        try:
            bound.bind(str(self.path))
        except OSError as error:
            bound.close()
            raise ConfigError(f"cannot listen on {self.path}: {error.strerror or error}") from error
        finally:
            os.umask(before)
        self._identity = _identity(self.path.lstat())
        return bound

    def remove(self) -> None:
        """Remove the file, unless another has taken its place. Safe to call twice."""
        try:
            found = self.path.lstat()
        except OSError:
            return
        if _identity(found) == self._identity:
            self.path.unlink(missing_ok=True)
            self._identity = None

    def _remove_stale(self) -> None:
        try:
            mode = self.path.lstat().st_mode
        except OSError:
            return  # nothing is there; what else may be wrong, `bind` says
        if not stat.S_ISSOCK(mode):
            raise ConfigError(f"cannot listen on {self.path}: it exists and is no socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(str(self.path))
            except ConnectionRefusedError:
                self.path.unlink(missing_ok=True)
                return
            except OSError as error:
                raise ConfigError(f"cannot listen on {self.path}: {error.strerror or error}") from error
        raise ConfigError(f"cannot listen on {self.path}: another server listens there")


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    # The number of a file that is gone is given to the next one; their times differ.
    return found.st_dev, found.st_ino, found.st_mtime_ns
