"""Where the server is, whom to trust, who is asking: all that a client needs to know before it connects.

In:    a kubeconfig (client/kubeconfig.py), a pod's service account (client/in_cluster.py), or arguments
Out:   one frozen `Config` (to client/connection.py and client/tls.py)
Next:  client/tls.py
Rules: pure; a `Config` that exists is consistent; no secret in `repr`
Source: client-go rest.Config, rest.TLSClientConfig, rest.ImpersonationConfig, rest.DefaultServerURL
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final
from urllib.parse import quote

from listwatch.apimachinery.errors import ConfigError
from listwatch.client.addresses import proxy_problem, server_url, without_userinfo
from listwatch.client.credentials import Anonymous, BasicAuth, Credentials, StaticToken, TokenFile
from listwatch.version import __version__

DEFAULT_NAMESPACE: Final = "default"
# RFC 9110 token characters, without "%", which starts an escape (client-go transport.legalHeaderByte).
_EXTRA_KEY_SAFE: Final = "!#$&'*+-.^_`|~"


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class TLSConfig:
    """Whom to trust, and which certificate to show. Files are read later, and again when they change.

    Attributes:
        ca_data, ca_file: Certificates (PEM, one or many) that alone are trusted. Neither: the system's.
        cert_data, cert_file, key_data, key_file: The client's certificate chain and its key (PEM).
        server_name: The name that the server's certificate must hold, where it is not the host's.
        insecure_skip_verify: Trust anybody. Excludes a CA.
        strict: X.509 strictness (RFC 5280 in full) on or off. None: as this Python's `ssl` does by default,
            which is on from 3.13. Some clusters' CAs lack the extensions that strictness asks for.

    Raises:
        ConfigError: The fields contradict each other. All contradictions are told at once.
    """

    ca_data: bytes | None = None
    ca_file: Path | None = None
    cert_data: bytes | None = None
    cert_file: Path | None = None
    key_data: bytes | None = None
    key_file: Path | None = None
    server_name: str | None = None
    insecure_skip_verify: bool = False
    strict: bool | None = None

    def __post_init__(self) -> None:
        problems = tls_problems(
            given=[each.name for each in fields(self) if getattr(self, each.name) not in (None, False)],
        )
        if problems:
            raise config_error(f"tls.{name}: {text}" for name, text in problems)

    @property
    def has_ca(self) -> bool:
        """Whether a CA of its own is trusted instead of the system's."""
        return self.ca_data is not None or self.ca_file is not None

    @property
    def has_client_certificate(self) -> bool:
        """Whether the configuration itself holds a client certificate."""
        return self.cert_data is not None or self.cert_file is not None

    def __repr__(self) -> str:
        shown = []
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, bytes):
                shown.append(f"{each.name}=<{len(value)} bytes>")
            elif value:
                shown.append(f"{each.name}={str(value) if isinstance(value, Path) else value!r}")
        return f"TLSConfig({', '.join(shown)})"


def tls_problems(*, given: Iterable[str]) -> list[tuple[str, str]]:
    """What is contradictory in a set of TLS settings.

    Args:
        given: The names of the `TLSConfig` fields that are set.

    Returns:
        (field, what is wrong with it), so that a caller can name the field in the words of its own source.
    """
    have = set(given)
    problems = [
        (f"{name}_data", "both the data and a file are given; keep one of them")
        for name in ("ca", "cert", "key")
        if {f"{name}_data", f"{name}_file"} <= have
    ]
    if "insecure_skip_verify" in have and have & {"ca_data", "ca_file"}:
        problems.append(
            (
                "insecure_skip_verify",
                "verification is off and a CA is given; drop one of the two",
            )
        )
    cert, key = have & {"cert_data", "cert_file"}, have & {"key_data", "key_file"}
    if cert and not key:
        problems.append((min(cert), "a client certificate without its key"))
    if key and not cert:
        problems.append((min(key), "a client key without its certificate"))
    return problems


@dataclass(frozen=True, kw_only=True, slots=True)
class Impersonation:
    """Act as somebody else; the server checks that the credentials may.

    Attributes:
        user: Whose name to act under. The other three need it.
        uid: Their UID.
        groups: Their groups, in this order.
        extra: Further claims about them: each key may have several values.

    Raises:
        ConfigError: No user, or a value that cannot stand in a header.
    """

    user: str
    uid: str | None = None
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = impersonation_problems(user=self.user, uid=self.uid, groups=self.groups, extra=self.extra)
        if problems:
            raise config_error(f"impersonate.{name}: {text}" for name, text in problems)

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The request headers, in order: a group and an extra value have a line each."""
        lines = [("Impersonate-User", self.user)]
        if self.uid:
            lines.append(("Impersonate-Uid", self.uid))
        lines += [("Impersonate-Group", group) for group in self.groups]
        for key, values in self.extra.items():
            name = f"Impersonate-Extra-{quote(key.lower(), safe=_EXTRA_KEY_SAFE)}"
            lines += [(name, value) for value in values]
        return tuple(lines)


def impersonation_problems(
    *, user: str | None, uid: str | None, groups: Iterable[str], extra: Mapping[str, Iterable[str]]
) -> list[tuple[str, str]]:
    """What is wrong with an impersonation: (field of `Impersonation`, text)."""
    needing = [name for name, value in (("uid", uid), ("groups", groups), ("extra", extra)) if value]
    problems = []
    if not user:
        problems += [(name, "needs a user to impersonate") for name in needing] or [("user", "is empty")]
    values = [("user", user or ""), ("uid", uid or "")]
    values += [("groups", group) for group in groups]
    values += [("extra", value) for many in extra.values() for value in many]
    problems += [
        (name, "holds a control character, so it cannot stand in a header")
        for name, value in values
        if any(character < " " or character == "\x7f" for character in value)
    ]
    if not all(extra):
        problems.append(("extra", "has an empty key"))
    return problems


def default_user_agent() -> str:
    """`listwatch/0.1.0 (linux/x86_64) python/3.12`: who is asking, for the server's logs."""
    system, machine = platform.system().lower() or "unknown", platform.machine() or "unknown"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"listwatch/{__version__} ({system}/{machine}) python/{python}"


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Config:
    """How to reach one API server as one user.

    By hand: `Config.of(host="https://10.0.0.1:6443", token="…", ca_file=Path("ca.crt"))`, or the fields
    themselves. From files: `load_config()`.

    Attributes:
        host: Scheme, host, port and base path, without a trailing slash. Given without a scheme it means
            https if a CA, a client certificate or `insecure_skip_verify` is given, else http.
        namespace: Where namespaced requests go that name none.
        namespace_is_explicit: A person or program asked for it, rather than a file or the default.
        tls: Whom to trust. Not used for an http host.
        credentials: Who is asking. Sent to an http host, too, if you put them here.
        proxy_url: http or https URL of a proxy, may hold a user name and password; None for none.
        impersonate: Whom to act as.
        disable_compression: Do not ask the server for gzip.
        user_agent: The User-Agent header.
        source: Where this came from, for people: which file and context.

    Raises:
        ConfigError: `host` or `proxy_url` cannot be used.

    Source: client-go rest.Config; differs: frozen, and credentials are an object instead of five fields.
    """

    host: str
    namespace: str = DEFAULT_NAMESPACE
    namespace_is_explicit: bool = False
    tls: TLSConfig = field(default_factory=TLSConfig)
    credentials: Credentials = field(default_factory=Anonymous)
    proxy_url: str | None = None
    impersonate: Impersonation | None = None
    disable_compression: bool = False
    user_agent: str = field(default_factory=default_user_agent)
    source: str = "arguments"

    def __post_init__(self) -> None:
        problems = []
        try:
            object.__setattr__(self, "host", server_url(self.host, default_tls=defaults_to_tls(self.tls)))
        except ValueError as error:
            problems.append(f"host: {error}")
        if self.proxy_url is not None and (problem := proxy_problem(self.proxy_url)):
            problems.append(f"proxy_url: {problem}")
        if not self.namespace:
            problems.append("namespace: is empty")
        if problems:
            raise config_error(problems)

    @classmethod
    def of(
        cls,
        *,
        host: str,
        token: str | None = None,
        token_file: Path | None = None,
        username: str | None = None,
        password: str | None = None,
        ca_data: bytes | None = None,
        ca_file: Path | None = None,
        cert_file: Path | None = None,
        key_file: Path | None = None,
        insecure_skip_verify: bool = False,
        namespace: str = DEFAULT_NAMESPACE,
    ) -> Config:
        """A configuration from plain values.

        Raises:
            ConfigError: They contradict each other, or one of them cannot be used.
        """
        ways = [
            name
            for name, value in (("token", token), ("token_file", token_file), ("username", username))
            if value is not None
        ]
        if len(ways) > 1:
            raise ConfigError(f"{' and '.join(ways)}: more than one way to authenticate; keep one of them")
        if password is not None and username is None:
            raise ConfigError("password: given without a username")
        credentials: Credentials = Anonymous()
        if token is not None:
            credentials = StaticToken(token)
        elif token_file is not None:
            credentials = TokenFile(token_file)
        elif username is not None:
            credentials = BasicAuth(username=username, password=password or "")
        tls = TLSConfig(
            ca_data=ca_data,
            ca_file=ca_file,
            cert_file=cert_file,
            key_file=key_file,
            insecure_skip_verify=insecure_skip_verify,
        )
        return cls(host=host, namespace=namespace, tls=tls, credentials=credentials)

    @property
    def is_tls(self) -> bool:
        """Whether the server is spoken to over TLS."""
        return self.host.startswith("https:")

    def __repr__(self) -> str:
        shown = [f"host={self.host!r}", f"namespace={self.namespace!r}", f"tls={self.tls!r}"]
        shown.append(f"credentials={self.credentials!r}")
        if self.proxy_url is not None:
            shown.append(f"proxy_url={without_userinfo(self.proxy_url)!r}")
        if self.impersonate is not None:
            shown.append(f"impersonate={self.impersonate!r}")
        return f"Config({', '.join(shown)}, source={self.source!r})"


def defaults_to_tls(tls: TLSConfig) -> bool:
    """Whether an address without a scheme means https."""
    return tls.has_ca or tls.has_client_certificate or tls.insecure_skip_verify


def config_error(problems: Iterable[str]) -> ConfigError:
    """One error that tells all problems, one a line."""
    lines = list(dict.fromkeys(problems))
    if len(lines) == 1:
        return ConfigError(lines[0])
    return ConfigError(
        "\n".join([f"{len(lines)} problems in the configuration:", *(f"- {line}" for line in lines)])
    )
