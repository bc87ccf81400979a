"""Kubeconfigs as table cases: what is in the files, and what must come of it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from throwaway_pem import authority, leaf

from listwatch.apimachinery.errors import ConfigError
from listwatch.client.config import Config
from listwatch.client.kubeconfig import load_config

Files = dict[str, str | bytes]
TOKEN = "tok-51aa8d"
PASSWORD = "pw-77e1c0"
SECRETS = (TOKEN, PASSWORD, "env-93bd52", "arg-20cf11", "cHctNzdlMWMw")


def kube(
    cluster: str = "{server: 'https://h:6443'}",
    user: str = f"{{token: {TOKEN}}}",
    context: str = "{cluster: c, user: u}",
    current: str = "ctx",
    more: str = "",
) -> str:
    """A kubeconfig with one cluster `c`, one user `u` and one context `ctx`."""
    return (
        f"apiVersion: v1\nkind: Config\ncurrent-context: {current}\n"
        f"clusters: [{{name: c, cluster: {cluster}}}]\n"
        f"users: [{{name: u, user: {user}}}]\n"
        f"contexts: [{{name: ctx, context: {context}}}]\n{more}"
    )


def exec_user(more: str = "", *, mode: str = "interactiveMode: Never, ", version: str = "v1") -> str:
    """A user with an exec plugin, plus further fields of its entry."""
    api = f"apiVersion: client.authentication.k8s.io/{version}, " if version else ""
    return f"{{exec: {{{api}{mode}command: aws{more}}}}}"


def substitutes(tmp: Path) -> dict[str, str]:
    """What stands for PEM, base64 of PEM and the folder in a case's texts."""
    ca, client, other = authority(), leaf("client"), leaf("other")
    pem = {
        "CA": ca.cert_pem,
        "CERT": client.cert_pem,
        "KEY": client.key_pem,
        "OTHERKEY": other.key_pem,
        "LOCKEDKEY": client.encrypted_key_pem,
        "BADCERT": b"-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n",
        "NOTCERT": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    }
    found = {f"@{name}@": value.decode() for name, value in pem.items()}
    found |= {f"@{name}64@": base64.b64encode(value).decode() for name, value in pem.items()}
    return found | {"@TMP@": str(tmp)}


@dataclass(frozen=True, kw_only=True)
class Case:
    """Files by path, arguments and variables; then what the `Config` says, or what the error says."""

    id: str
    files: Files
    args: dict[str, Any] = field(default_factory=lambda: {"kubeconfig": "@TMP@/config"})
    env: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    error: tuple[str, ...] = ()


def good(name: str, text: str | Files, /, *, args: Any = None, env: Any = None, **config: Any) -> Case:
    """A case that works. Attribute names of the `Config`, with `__` for a dot."""
    return _case(name, text, args, env, config={k.replace("__", "."): v for k, v in config.items()})


def bad(name: str, text: str | Files, /, *error: str, args: Any = None, env: Any = None) -> Case:
    """A case that ends in a ConfigError which says all of this."""
    return _case(name, text, args, env, error=error)


def _case(name: str, text: str | Files, args: Any, env: Any, **outcome: Any) -> Case:
    """A case whose one file is named explicitly, unless there are variables to find others by."""
    files: Files = text if isinstance(text, dict) else {"config": text}
    given: dict[str, Any] = {"kubeconfig": "@TMP@/config"} if env is None else {}
    return Case(id=name, files=files, args=given | (args or {}), env=env or {}, **outcome)


def filled(tmp: Path) -> Callable[[Any], Any]:
    table = substitutes(tmp)

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            for token, text in table.items():
                value = value.replace(token, text)
        return value

    return fill


def write(tmp: Path, case: Case, fill: Callable[[Any], Any]) -> None:
    for name, content in case.files.items():
        path = tmp / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(fill(content).encode() if isinstance(content, str) else content)


def load(tmp: Path, case: Case, fill: Callable[[Any], Any]) -> Config:
    environ = {name: fill(value) for name, value in case.env.items()}
    args = {name: fill(value) for name, value in case.args.items()}
    return load_config(**args, environ=environ, home=tmp, in_cluster_root=tmp / "pod")


def told(config: Config, name: str) -> Any:
    if name == "authorization":
        return asyncio.run(config.credentials.authorization())
    if name == "impersonate_headers":
        assert config.impersonate is not None
        return config.impersonate.headers()
    value: Any = config
    for part in name.split("."):
        value = getattr(value, part)
    return value


def check_good(case: Case, tmp_path: Path) -> None:
    """Load the case's files and compare what the `Config` says, which must show no secret."""
    fill = filled(tmp_path)
    write(tmp_path, case, fill)
    config = load(tmp_path, case, fill)
    for name, expected in case.config.items():
        value = told(config, name)
        value = (
            value.decode() if isinstance(value, bytes) else str(value) if isinstance(value, Path) else value
        )
        assert value == fill(expected)
    assert not [secret for secret in SECRETS if secret in f"{config!r} {config}"]


def check_bad(case: Case, tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    """Load the case's files and look for every fragment in the one ConfigError, which must quote no secret."""
    fill = filled(tmp_path)
    write(tmp_path, case, fill)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, case, fill)
    message = str(caught.value)
    for fragment in case.error:
        assert fill(fragment) in message
    assert not [secret for secret in SECRETS if secret in message + log.text]
