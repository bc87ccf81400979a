"""Who the client says it is: what stands in the Authorization header, and when that changes.

In:    a token, a file that holds one, a name and a password (from client/kubeconfig.py, client/in_cluster.py)
Out:   the header's value for the next request (to client/connection.py)
Next:  client/exec_plugin.py, for credentials that another program hands out
Rules: asked before every request, so it is cheap when nothing changed; no secret in `repr`, logs or errors
Source: client-go rest.Config's BearerToken, BearerTokenFile, Username; transport.NewCachedFileTokenSource
"""

from __future__ import annotations

import base64
import logging
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from listwatch.apimachinery.clock import Clock, SystemClock
from listwatch.apimachinery.errors import ConfigError, CredentialError

logger = logging.getLogger(__name__)

# client-go keeps a token file's content for a minute and renews ten seconds early.
TOKEN_FILE_SECONDS: Final = 50.0
# A bound service account token has about 1 KB; header lines beyond 16 KB are refused by servers.
_TOKEN_MAX_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """A certificate chain and its key, both PEM. Two are the same certificate if they are equal."""

    certificate: bytes = field(repr=False)
    key: bytes = field(repr=False)


class Credentials(Protocol):
    """What proves to the server who is asking. May change at any time; ask before every request.

    One object may serve any number of requests at once.
    """

    async def authorization(self) -> str | None:
        """The Authorization header's value to use now, None for none.

        Raises:
            CredentialError: There are none to be had now. A later call tries again.
        """
        ...

    async def refused(self, used: str | None) -> bool:
        """Tell that the server answered 401 to a request that carried `used`.

        Returns:
            Whether other credentials may be had now: if so, ask for them and send the request once more.

        Raises:
            CredentialError: Others would have to be fetched, and could not be.
        """
        ...

    def client_certificate(self) -> ClientCertificate | None:
        """The certificate to show in TLS handshakes, None for none (or for the configuration's own).

        Call it after `authorization`, which is what fetches.
        """
        ...


class Anonymous:
    """No credentials: the server sees `system:anonymous`, or a client certificate of the configuration."""

    async def authorization(self) -> str | None:
        """No header."""
        return None

    async def refused(self, used: str | None) -> bool:
        """There is nothing else to try."""
        return False

    def client_certificate(self) -> ClientCertificate | None:
        """None of its own."""
        return None

    def __repr__(self) -> str:
        return "Anonymous()"


class StaticToken:
    """A bearer token that never changes.

    Args:
        token: Without "Bearer". Surrounding whitespace is dropped.

    Raises:
        ConfigError: It is empty, or holds what cannot stand in a header.
    """

    __slots__ = ("_value",)

    def __init__(self, token: str) -> None:
        token = token.strip()
        if problem := token_problem(token):
            raise ConfigError(f"token: {problem}")
        self._value = f"Bearer {token}"

    async def authorization(self) -> str | None:
        """Always the same."""
        return self._value

    async def refused(self, used: str | None) -> bool:
        """There is nothing else to try."""
        return False

    def client_certificate(self) -> ClientCertificate | None:
        """None of its own."""
        return None

    def __repr__(self) -> str:
        return "StaticToken(<hidden>)"


class BasicAuth:
    """A user name and a password (RFC 7617, UTF-8).

    kube-apiserver itself stopped taking these in 1.19; proxies in front of it still do.

    Raises:
        ConfigError: The name is empty or holds a colon, which the scheme cannot express.
    """

    __slots__ = ("_username", "_value")

    def __init__(self, *, username: str, password: str) -> None:
        if problem := username_problem(username):
            raise ConfigError(f"username: {problem}")
        pair = f"{username}:{password}".encode()
        self._username = username
        self._value = f"Basic {base64.b64encode(pair).decode('ascii')}"

    async def authorization(self) -> str | None:
        """Always the same."""
        return self._value

    async def refused(self, used: str | None) -> bool:
        """There is nothing else to try."""
        return False

    def client_certificate(self) -> ClientCertificate | None:
        """None of its own."""
        return None

    def __repr__(self) -> str:
        return f"BasicAuth(username={self._username!r}, password=<hidden>)"


class TokenFile:
    """A bearer token in a file that somebody else renews, such as a mounted service account token.

    The file is read again once its last reading is `max_age` old, and at once when the server refused
    the token. A reading that fails keeps the last good token and logs a warning: a volume that is being
    remounted is no reason to stop.

    Args:
        path: UTF-8 text, the token alone. Surrounding whitespace is dropped.
        clock: Whose `monotonic` tells a reading's age.
        max_age: Seconds that a reading is trusted.
        initial: A token to use while the file has never been readable.

    Raises:
        ConfigError: `initial` is no token.

    Source: client-go transport.NewCachedFileTokenSource; differs: a 401 reads again, rather than waiting.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock | None = None,
        max_age: float = TOKEN_FILE_SECONDS,
        initial: str | None = None,
    ) -> None:
        if initial is not None and (problem := token_problem(initial)):
            raise ConfigError(f"token: {problem}")
        self._path = path
        self._clock = clock if clock is not None else SystemClock()
        self._max_age = max_age
        self._value = f"Bearer {initial}" if initial is not None else None
        self._read_at = -math.inf

    async def authorization(self) -> str | None:
        """The file's token, at most `max_age` seconds old while the file can be read.

        Raises:
            CredentialError: The file has never been readable, or never held a token.
        """
        if self._value is None or self._clock.monotonic() - self._read_at >= self._max_age:
            self._renew()
        return self._value

    async def refused(self, used: str | None) -> bool:
        """Read again, unless that has happened since `used` was handed out. True if the token is another now."""
        if self._value == used:
            self._renew()
        return self._value != used

    def client_certificate(self) -> ClientCertificate | None:
        """None of its own."""
        return None

    def _renew(self) -> None:
        # A blocking read on purpose: a few hundred bytes of a local file cost less than a thread hop.
        self._read_at = self._clock.monotonic()
        try:
            self._value = f"Bearer {read_token(self._path)}"
        except CredentialError as error:
            if self._value is None:
                raise
            logger.warning("%s; the token from before stays in use", error)

    def __repr__(self) -> str:
        return f"TokenFile({str(self._path)!r})"


def read_token(path: Path) -> str:
    """The token that the file holds, without surrounding whitespace.

    Raises:
        CredentialError: It cannot be read, is empty, or holds what cannot be a token. The path is named.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_TOKEN_MAX_BYTES + 1)
    except OSError as error:
        raise CredentialError(f"token file {path}: {reason(error)}") from error
    if len(content) > _TOKEN_MAX_BYTES:
        raise CredentialError(f"token file {path}: is larger than {_TOKEN_MAX_BYTES} bytes, so no token")
    try:
        token = content.decode("utf-8").strip()
    except UnicodeDecodeError:
        # Not chained: the exception carries the bytes.
        raise CredentialError(f"token file {path}: is not UTF-8 text") from None
    if problem := token_problem(token):
        raise CredentialError(f"token file {path}: {problem}")
    return token


def token_problem(token: str) -> str | None:
    """Why this cannot be a bearer token; None if it can. The token itself is not quoted."""
    if not token:
        return "is empty"
    if not all("!" <= character <= "~" for character in token):
        return "holds whitespace, a control character or a non-ASCII character, so it is no bearer token"
    return None


def username_problem(username: str) -> str | None:
    """Why this cannot be the user name of basic authentication; None if it can."""
    if not username:
        return "is empty, but there is a password"
    if ":" in username:
        return "holds a colon, which basic authentication cannot express"
    return None


def reason(error: OSError) -> str:
    """What the system says, without the path: "no such file or directory"."""
    text = error.strerror or (os.strerror(error.errno) if error.errno else type(error).__name__)
    return text[:1].lower() + text[1:]
