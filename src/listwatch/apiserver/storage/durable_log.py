"""The revision log on disk: every retained version of every object, a row each, in one SQLite file.

In:    `Change`s, a batch at a time; revisions that are superseded      (from group_commit.py)
Out:   the `RevisionLog` as it was after the last batch; secrets by name
Next:  data_directory.py opens it, group_commit.py writes it
Rules: a batch is one transaction: all of it is there after a crash, or nothing. A file is looked at before it is
       opened for writing: one that is not ours, newer than we are, or damaged is refused and left as it is. Blocking;
       one thread at a time.
Source: etcd's MVCC store: a key's versions by revision, a tombstone for a deletion, and a floor (compaction) below
        which only the newest version of each key is kept
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from listwatch.apimachinery.errors import ConfigError
from listwatch.apiserver.storage.revision_log import Change, RevisionLog, StoredObject

Synchronous = Literal["full", "normal", "off"]

FORMAT: Final = 1
_APPLICATION: Final = 0x6C77_6C67  # "lwlg", in the header of the file
_MAGIC: Final = b"SQLite format 3\0"
_SCHEMA: Final = """
CREATE TABLE versions (
    revision INTEGER PRIMARY KEY,
    resource TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB,              -- NULL: deleted
    checksum INTEGER NOT NULL
);
CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""
_PAGES_GIVEN_BACK: Final = 256  # per batch, so that no batch waits for a big compaction's leavings
_PAGES_KEPT_FREE: Final = 64  # for the changes to come
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode

Row = tuple[int, str, str, bytes | None, int]


class StorageError(Exception):
    """A batch could not be kept. Nothing of it is on disk."""


class DurableLog:
    """One open file. Made by `open`; `close` comes last.

    Promised: what `append` returned from survives the process, and with "full" also the machine; revisions follow each
    other without a gap above the floor. Size: the current objects, and `history_limit` changes; room that compaction
    frees is used again, or given back.

    Attributes:
        log: As it was after the last batch; None if there never was one.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, log: RevisionLog | None) -> None:
        self.path = path
        self.log = log
        self._connection = connection

    @classmethod
    def open(
        cls, path: Path, *, synchronous: Synchronous = "full", history_limit: int = 100_000
    ) -> DurableLog:
        """The file at `path`, made if there is none. The caller sees to it that nobody else has it open.

        Args:
            path: Of the file; its directory is there.
            history_limit: The log's.
            synchronous: Whether each batch waits for the disk. "full": nothing acknowledged is lost, whatever happens.
                "normal": a crash of the machine (not of the process) may cost the last moments. "off": it may also
                damage the file.

        Raises:
            ConfigError: The file is none of ours, is damaged, or cannot be opened. It is as it was.
        """
        try:
            if path.exists():
                _check_header(path)
            else:
                _create(path)
            log = _load(path, history_limit)
            connection = _connect(path)
            connection.execute(f"PRAGMA synchronous={synchronous}")
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"cannot keep the cluster in {path}: {error}") from error
        return cls(path, connection, log)

    def append(
        self,
        changes: Sequence[Change],
        *,
        facts: Mapping[str, int] = MappingProxyType({}),
        superseded: Sequence[int] = (),
    ) -> None:
        """Keep a batch: all of it, or nothing.

        Args:
            changes: In order, following those that are kept already.
            facts: `floor` if it has risen; `start`, the revision before the first change, with the first batch.
            superseded: Revisions of versions that nobody can ask for any more.

        Raises:
            StorageError: The disk is full, gone or broken. The file is as it was; the next batch may succeed.
        """
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany("INSERT INTO versions VALUES (?,?,?,?,?)", map(_row, changes))
                connection.executemany("INSERT OR REPLACE INTO facts VALUES (?,?)", facts.items())
                if superseded:
                    old = ((revision,) for revision in superseded)
                    connection.executemany("DELETE FROM versions WHERE revision = ?", old)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk may have ended the transaction already
                    connection.execute("ROLLBACK")
                raise
        except Exception as error:
            # Whatever it was: the writer goes on, those who wait are told, and the log in memory is put right.
            raise StorageError(str(error)) from error
        if superseded:
            with suppress(sqlite3.Error):
                self._give_back()

    def secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """A secret that stays the same for the life of the file: made when it is first asked for.

        Raises:
            ConfigError: It could not be kept.
        """
        found = self._connection.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
        return found[0] if found is not None else self.set_secret(name, make())

    def set_secret(self, name: str, value: bytes) -> bytes:
        """Keep a secret, in the place of an older one; gives it.

        Raises:
            ConfigError: It could not be kept.
        """
        try:
            self._connection.execute("INSERT OR REPLACE INTO secrets VALUES (?,?)", (name, value))
        except sqlite3.Error as error:
            raise ConfigError(f"cannot keep {name} in {self.path}: {error}") from error
        return value

    def _give_back(self) -> None:
        """Make the file smaller by some pages that nothing is on, if there are many."""
        if self._connection.execute("PRAGMA freelist_count").fetchone()[0] > _PAGES_KEPT_FREE:
            # A script, since a single statement gives back but one page at each step that nobody asks for.
            self._connection.executescript(f"PRAGMA incremental_vacuum({_PAGES_GIVEN_BACK})")

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        self._connection.close()


class _DamageError(Exception):
    """What is wrong with the content of a file that SQLite can read."""


def _load(path: Path, history_limit: int) -> RevisionLog | None:
    """What the file holds.

    Raises:
        ConfigError: It is damaged. It is as it was.
    """
    # Read-only until all is known to be well: a connection that may write tidies up when it closes.
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as reading:
            return _read(reading, history_limit)
    except (sqlite3.DatabaseError, msgspec.MsgspecError, _DamageError, LookupError, TypeError) as error:
        raise ConfigError(
            f"{path} is damaged: {error}. Nothing was changed; restore it from a copy, or begin with an empty "
            "directory"
        ) from error


def _read(connection: sqlite3.Connection, history_limit: int) -> RevisionLog | None:
    facts: dict[str, int] = dict(connection.execute("SELECT name, value FROM facts").fetchall())
    if not facts:
        return None
    floor, start = facts["floor"], facts["start"]
    base: list[tuple[str, str, StoredObject]] = []
    for revision, resource, key, value in _rows(connection, "<=", floor):
        if value is None:
            raise _DamageError(f"revision {revision} ({resource} {key}) is a deletion that nothing follows")
        base.append((resource, key, StoredObject(revision, value)))
    log = RevisionLog.restored(
        revision=max(start, floor), floor=floor, objects=base, history_limit=history_limit
    )
    for revision, resource, key, value in _rows(connection, ">", floor):
        if revision != log.revision + 1:
            raise _DamageError(f"revision {log.revision + 1} is missing")
        if value is None:
            log.delete(resource, key)
        else:
            log.put(resource, key, value)
    return log


def _row(change: Change) -> Row:
    value = None if change.type == "DELETED" else _encode(change.current.object)
    return (
        change.revision,
        change.resource,
        change.key,
        value,
        _checksum(change.resource, change.key, value),
    )


def _checksum(resource: str, key: str, value: bytes | None) -> int:
    start = zlib.crc32(f"{resource}\0{key}\0".encode())
    return start if value is None else zlib.crc32(value, start)


def _rows(
    connection: sqlite3.Connection, comparison: str, floor: int
) -> Iterator[tuple[int, str, str, dict[str, Any] | None]]:
    columns = "revision, resource, key, value, checksum"
    query = f"SELECT {columns} FROM versions WHERE revision {comparison} ? ORDER BY revision"  # noqa: S608 - our own words
    for revision, resource, key, value, checksum in connection.execute(query, (floor,)):
        if _checksum(resource, key, value) != checksum:
            raise _DamageError(f"revision {revision} ({resource} {key}) is not as it was written")
        yield revision, resource, key, None if value is None else _decode(value)


def _check_header(path: Path) -> None:
    with path.open("rb") as file:
        header = file.read(100)
    application = int.from_bytes(header[68:72], "big")
    if not header.startswith(_MAGIC) or application != _APPLICATION:
        raise ConfigError(
            f"{path} was not made by listwatch: it is left as it is. Choose another directory for the cluster"
        )
    version = int.from_bytes(header[60:64], "big")
    if version != FORMAT:
        raise ConfigError(
            f"{path} has format {version}, and this version of listwatch reads format {FORMAT}: "
            "use the version that wrote it, or choose another directory"
        )


def _create(path: Path) -> None:
    """Make the file: whole, or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.executescript(
            f"PRAGMA application_id={_APPLICATION}; PRAGMA user_version={FORMAT}; BEGIN; {_SCHEMA} COMMIT;"
        )
    draft.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _connect(path: Path) -> sqlite3.Connection:
    # Used by one thread at a time, though not always the same one.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA journal_size_limit=67108864")
    return connection
