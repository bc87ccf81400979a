"""The file: what goes in comes out, and what is not ours or damaged is left alone."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from listwatch.apimachinery.errors import ConfigError
from listwatch.apiserver.storage.durable_log import FORMAT, DurableLog, StorageError
from listwatch.apiserver.storage.revision_log import Change, RevisionLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a file may be."""
    return tmp_path / "log.sqlite"


def value(name: str, **fields: Any) -> dict[str, Any]:
    """An object to store."""
    return {"metadata": {"name": name}, **fields}


def kept(path: Path, log: RevisionLog) -> None:
    """Put all of a log, which has not forgotten anything, into a new file."""
    file = DurableLog.open(path)
    file.append(
        log._whole.changes, facts={"start": log.revision - len(log._whole.changes), "floor": log.floor}
    )
    file.close()


def a_log() -> RevisionLog:
    """Three objects, one of them changed, one deleted."""
    log = RevisionLog(revision=200, floor=1)
    for name in ("a", "b", "c"):
        log.put("pods", f"n/{name}", value(name))
    log.put("pods", "n/a", value("a", spec={"text": "é\u2028", "big": 2**63 - 1, "list": [1.5, None, True]}))
    log.delete("pods", "n/b")
    return log


def shown(log: RevisionLog) -> list[Any]:
    """Everything that can be asked of a log."""
    changes = [
        (each.revision, each.type, each.resource, each.key, each.current.object, _object(each))
        for each in log._whole.changes
    ]
    states = {
        resource: [(key, stored.revision, stored.object) for key, stored in log.state(resource).items()]
        for resource in ("pods", "leases")
    }
    return [log.revision, log.floor, changes, states]


def _object(change: Change) -> Any:
    return change.previous.object if change.previous else None


def test_a_log_comes_back_as_it_was(path: Path) -> None:
    """Revision, floor, changes with what was before them, and states are the same after a restart."""
    log = a_log()
    kept(path, log)
    file = DurableLog.open(path)
    assert file.log is not None
    assert shown(file.log) == shown(log)
    assert file.log.at("pods", 203).get("n/b") is not None
    file.close()


def test_a_new_file_holds_no_log(path: Path) -> None:
    """What was never written to has nothing to begin with; a kill before the first batch changes nothing of that."""
    for _ in range(2):
        file = DurableLog.open(path)
        assert file.log is None
        file.close()


@pytest.mark.parametrize("seed", range(8))
def test_what_is_forgotten_is_forgotten_on_disk(path: Path, seed: int) -> None:
    """With compactions between the batches a restart gives the same floor, history and state, and no row too many."""
    chance = random.Random(seed)
    log = RevisionLog(revision=10, floor=1, history_limit=20)
    forgotten: list[tuple[int, list[Change]]] = []
    log.on_forget = lambda floor, changes: forgotten.append((floor, changes))
    file = DurableLog.open(path, history_limit=20)
    facts = {"start": 10, "floor": 1}
    for _ in range(30):
        batch = [_random_change(log, chance) for _ in range(chance.randrange(1, 9))]
        if chance.random() < 0.2:
            log.compact(chance.randrange(log.floor, log.revision + 1))
        superseded = [revision for _, changes in forgotten for revision in _superseded(changes)]
        if forgotten:
            facts["floor"] = forgotten[-1][0]
        forgotten.clear()
        file.append(batch, facts=facts, superseded=superseded)
        facts = {}
    file.close()
    again = DurableLog.open(path, history_limit=20)
    assert again.log is not None
    assert shown(again.log) == shown(log)
    again.close()
    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT count(*) FROM versions WHERE revision <= ?", (log.floor,)
        ).fetchone()
    connection.close()
    assert rows[0] == sum(len(log.at(resource, log.floor)) for resource in ("pods", "leases"))


def _random_change(log: RevisionLog, chance: random.Random) -> Change:
    resource, key = chance.choice(("pods", "leases")), f"n/{chance.randrange(6)}"
    if log.get(resource, key) is not None and chance.random() < 0.4:
        return log.delete(resource, key)
    return log.put(resource, key, value(key, n=chance.random()))


def _superseded(changes: list[Change]) -> list[int]:
    before = [each.previous.revision for each in changes if each.previous is not None]
    return before + [each.revision for each in changes if each.type == "DELETED"]


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\0" + bytes(84)])
def test_a_foreign_file_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    """A file that another program made is neither read nor changed."""
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="was not made by listwatch"):
        DurableLog.open(path)
    assert path.read_bytes() == content


def test_another_database_is_refused(path: Path) -> None:
    """A SQLite file of somebody else is foreign too."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    connection.close()
    with pytest.raises(ConfigError, match="was not made by listwatch"):
        DurableLog.open(path)


def test_another_format_is_refused(path: Path) -> None:
    """A file of a later format is left to the version that wrote it."""
    kept(path, a_log())
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={FORMAT + 1}")
    connection.close()
    with pytest.raises(ConfigError, match=f"has format {FORMAT + 1}"):
        DurableLog.open(path)


DAMAGES = {
    "a flipped letter": "UPDATE versions SET value = CAST(replace(value, 'name', 'nome') AS BLOB) WHERE revision = 201",
    "another key": "UPDATE versions SET key = 'n/z' WHERE revision = 202",
    "a missing change": "DELETE FROM versions WHERE revision = 203",
    "a missing first change": "DELETE FROM versions WHERE revision = 201",
    "no start": "DELETE FROM facts WHERE name = 'start'",
    "no table": "DROP TABLE versions",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_refused_and_left_alone(path: Path, damage: str) -> None:
    """Content that is not as it was written is noticed; the file stays for whoever wants to rescue it."""
    kept(path, a_log())
    with sqlite3.connect(path) as connection:
        connection.execute(damage)
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="is damaged"):
        DurableLog.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("seed", range(20))
def test_no_broken_byte_does_harm(path: Path, seed: int) -> None:
    """Whatever single stretch of the file is overwritten: it is refused, or nothing that matters is different."""
    log = a_log()
    kept(path, log)
    chance = random.Random(seed)
    broken = bytearray(path.read_bytes())
    at = chance.randrange(100, len(broken) - 40)
    broken[at : at + 40] = chance.randbytes(40)
    path.write_bytes(broken)
    try:
        file = DurableLog.open(path)
    except ConfigError:
        assert path.read_bytes() == broken
        return
    file.close()
    assert file.log is not None
    assert shown(file.log) == shown(log)


def test_a_full_disk_changes_nothing(path: Path) -> None:
    """A batch that does not fit is refused as a whole; when there is room again, it fits."""
    log = a_log()
    kept(path, log)
    file = DurableLog.open(path)
    pages = file._connection.execute("PRAGMA page_count").fetchone()[0]
    file._connection.execute(f"PRAGMA max_page_count={pages}")
    batch = [log.put("pods", f"n/{n}", value(str(n), data="x" * 5000)) for n in range(10)]
    with pytest.raises(StorageError, match="full"):
        file.append(batch)
    file._connection.execute(f"PRAGMA max_page_count={pages + 100}")
    file.append(batch)
    file.close()
    again = DurableLog.open(path)
    assert again.log is not None
    assert shown(again.log) == shown(log)
    again.close()


def test_what_cannot_be_encoded_is_refused(path: Path) -> None:
    """A batch with something that is no JSON is refused as a whole, like any that cannot be kept."""
    log = a_log()
    kept(path, log)
    file = DurableLog.open(path)
    with pytest.raises(StorageError):
        file.append([log.put("pods", "n/d", value("d")), log.put("pods", "n/e", value("e", data=object()))])
    file.close()
    again = DurableLog.open(path)
    assert again.log is not None
    assert again.log.revision == 205
    again.close()


def test_secrets_are_made_once(path: Path) -> None:
    """A secret is the same ever after, until another is put in its place; the file is for its owner's eyes."""
    file = DurableLog.open(path)
    assert file.secret("s", lambda: b"one") == b"one"
    file.close()
    again = DurableLog.open(path)
    assert again.secret("s", lambda: b"two") == b"one"
    assert again.set_secret("s", b"three") == b"three"
    assert again.secret("s", lambda: b"four") == b"three"
    again.close()
    assert path.stat().st_mode & 0o077 == 0


def test_room_is_given_back(path: Path) -> None:
    """When most of the objects are gone and forgotten the file shrinks, if not at once."""
    log = RevisionLog(history_limit=10)
    file = DurableLog.open(path)
    first = [log.put("pods", f"n/{n}", value(str(n), data="x" * 3000)) for n in range(400)]
    file.append(first, facts={"start": 0, "floor": 0})
    gone = [log.delete("pods", f"n/{n}") for n in range(400)]
    file.append(gone, facts={"floor": log.revision}, superseded=_superseded([*first, *gone]))
    for _ in range(3):
        file.append([], facts={"floor": log.revision}, superseded=[1])
    file.close()
    assert path.stat().st_size < 400_000
