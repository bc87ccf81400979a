"""Static tokens, basic authentication and token files."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from manual_clock import ManualClock

from listwatch.apimachinery.errors import ConfigError, CredentialError
from listwatch.client.credentials import (
    Anonymous,
    BasicAuth,
    ClientCertificate,
    Credentials,
    StaticToken,
    TokenFile,
)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    write(path, "first\n")
    return path


def write(path: Path, content: str | bytes | None) -> None:
    """Give the file this content; None removes it."""
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        (Anonymous(), None),
        (StaticToken(" abc\n"), "Bearer abc"),
        (BasicAuth(username="me", password="pä:ss"), "Basic bWU6cMOkOnNz"),
        (BasicAuth(username="me", password=""), "Basic bWU6"),
    ],
)
async def test_what_never_changes(credentials: Credentials, header: str | None) -> None:
    """Credentials that cannot change give the same header always, and nothing new after a 401."""
    assert await credentials.authorization() == header
    assert await credentials.refused(header) is False
    assert await credentials.authorization() == header
    assert credentials.client_certificate() is None


@pytest.mark.parametrize("token", ["", "  \n", "a b", "a\nb", "a\x00b", "tökén"])
def test_static_token_refuses(token: str) -> None:
    """What cannot stand in a header is no token, and is not quoted."""
    with pytest.raises(ConfigError, match=r"^token: ") as caught:
        StaticToken(token)
    assert not token.strip() or token not in str(caught.value)


@pytest.mark.parametrize(("username", "says"), [("", "empty"), ("a:b", "colon")])
def test_basic_auth_refuses(username: str, says: str) -> None:
    """A user name that RFC 7617 cannot express is an error."""
    with pytest.raises(ConfigError, match=says):
        BasicAuth(username=username, password="hunter22")


async def test_token_file_is_read_again_when_old(path: Path, clock: ManualClock) -> None:
    """A rotated token is in use within a minute, and the file is not read more often than that."""
    credentials = TokenFile(path, clock=clock)
    assert await credentials.authorization() == "Bearer first"
    write(path, "second")
    clock.advance(49)
    assert await credentials.authorization() == "Bearer first"
    clock.advance(1)
    assert await credentials.authorization() == "Bearer second"


async def test_token_file_is_read_at_once_after_401(path: Path, clock: ManualClock) -> None:
    """After a 401 the file is read at once, and only another token is worth a retry."""
    credentials = TokenFile(path, clock=clock)
    used = await credentials.authorization()
    assert await credentials.refused(used) is False
    write(path, "second")
    assert await credentials.refused(used) is True
    assert await credentials.authorization() == "Bearer second"


async def test_token_file_already_renewed_when_401_arrives(path: Path, clock: ManualClock) -> None:
    """A 401 for a token that has been replaced meanwhile says to retry, without another reading."""
    credentials = TokenFile(path, clock=clock)
    await credentials.authorization()
    write(path, None)
    assert await credentials.refused("Bearer older") is True


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe", b"a b", b"x" * 70000])
async def test_token_file_keeps_old_token(
    path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    """A reading that fails keeps the last good token and logs the path, and the next reading is tried."""
    credentials = TokenFile(path, clock=clock)
    await credentials.authorization()
    write(path, content)
    clock.advance(60)
    assert await credentials.authorization() == "Bearer first"
    assert str(path) in caplog.text
    assert "first" not in caplog.text
    write(path, "third")
    clock.advance(60)
    assert await credentials.authorization() == "Bearer third"


async def test_token_file_never_readable(tmp_path: Path, clock: ManualClock) -> None:
    """Without any token to fall back on, the error names the file."""
    credentials = TokenFile(tmp_path / "none", clock=clock)
    with pytest.raises(CredentialError, match=f"{tmp_path}/none: no such file"):
        await credentials.authorization()


async def test_token_file_initial(
    tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """An inline token serves until the file is there; then the file wins."""
    caplog.set_level(logging.WARNING)
    credentials = TokenFile(tmp_path / "token", clock=clock, initial="inline")
    assert await credentials.authorization() == "Bearer inline"
    assert "no such file" in caplog.text
    write(tmp_path / "token", "file")
    clock.advance(60)
    assert await credentials.authorization() == "Bearer file"


def test_token_file_bad_initial(tmp_path: Path) -> None:
    """An initial token is judged like any other."""
    with pytest.raises(ConfigError, match="control character"):
        TokenFile(tmp_path / "token", initial="a\nb")


async def test_real_clock(path: Path) -> None:
    """Without a clock the machine's is used."""
    assert await TokenFile(path).authorization() == "Bearer first"
    assert TokenFile(path).client_certificate() is None


def test_repr_hides(path: Path) -> None:
    """No credential shows itself."""
    pair = ClientCertificate(certificate=b"hunter22", key=b"hunter23")
    shown = [
        Anonymous(),
        StaticToken("hunter22"),
        BasicAuth(username="me", password="hunter22"),
        TokenFile(path),
        pair,
    ]
    assert "hunter2" not in repr(shown)
    assert "username='me'" in repr(shown)
    assert str(path) in repr(shown)
