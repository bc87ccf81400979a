"""One directory, one server."""

from __future__ import annotations

from pathlib import Path

import pytest

from listwatch.apimachinery.errors import ConfigError
from listwatch.apiserver.storage.data_directory import LOG_FILE, DataDirectory


async def test_two_servers_cannot_have_one_directory(tmp_path: Path) -> None:
    """The second is told who has it; when the first has closed it, the next may open it."""
    first = DataDirectory.open(tmp_path / "data")
    with pytest.raises(ConfigError, match=r"in use by another server \(process \d+\)"):
        DataDirectory.open(tmp_path / "data")
    await first.aclose()
    await first.aclose()
    second = DataDirectory.open(tmp_path / "data")
    await second.aclose()


async def test_a_refused_directory_is_not_locked(tmp_path: Path) -> None:
    """After a foreign file was refused the lock is free again, and the directory is for its owner alone."""
    place = tmp_path / "data"
    place.mkdir(mode=0o700)
    (place / LOG_FILE).write_bytes(b"no")
    for _ in range(2):
        with pytest.raises(ConfigError, match="was not made by listwatch"):
            DataDirectory.open(place)
    (place / LOG_FILE).unlink()
    opened = DataDirectory.open(place)
    await opened.aclose()
    assert place.stat().st_mode & 0o077 == 0


def test_a_path_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """A file in the place of the directory is an error of configuration, told with its path."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="file"):
        DataDirectory.open(tmp_path / "file")
