"""Writing a kubeconfig that leads to an embedded cluster, without harming one that is already there.

Our cluster, user and context are all called "listwatch". Writing to a file that exists adds these three
entries, or replaces them, and makes the context the current one, as kind does; every other entry stays. What
is written replaces the file in one step, readable by its owner only. Comments in an existing file are lost,
as with `kubectl config`.

Rules: no sockets, no clock. Errors are `ConfigError`s that name the file; a token or key never stands in
       them.
Source: client-go tools/clientcmd `ModifyConfig` (entries, lock file); differs: a file that cannot be read is
        never overwritten
"""

from __future__ import annotations

import os
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from listwatch.apimachinery.errors import ConfigError

if TYPE_CHECKING:
    from listwatch.apiserver.listener.certificates import KeyPair

ENTRY_NAME = "listwatch"

_SECTIONS = {"clusters": "cluster", "users": "user", "contexts": "context"}


def kubeconfig(
    *,
    server: str,
    ca_pem: bytes | None = None,
    token: str | None = None,
    client: KeyPair | None = None,
    namespace: str | None = None,
) -> dict[str, Any]:
    """A whole kubeconfig as client libraries take it: one cluster, one user, one context, all "listwatch".

    Args:
        server: The URL of the API server.
        ca_pem: Whom to trust; None for plain HTTP.
        token: A bearer token of the user.
        client: A client certificate of the user; may stand beside a token.
        namespace: The context's namespace; None means "default".
    """
    cluster: dict[str, Any] = {"server": server}
    if ca_pem is not None:
        cluster["certificate-authority-data"] = b64encode(ca_pem).decode()
    user: dict[str, Any] = {}
    if client is not None:
        user["client-certificate-data"] = b64encode(client.certificate_pem).decode()
        user["client-key-data"] = b64encode(client.key_pem).decode()
    if token is not None:
        user["token"] = token
    context: dict[str, Any] = {"cluster": ENTRY_NAME, "user": ENTRY_NAME}
    if namespace is not None:
        context["namespace"] = namespace
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": ENTRY_NAME, "cluster": cluster}],
        "users": [{"name": ENTRY_NAME, "user": user}],
        "contexts": [{"name": ENTRY_NAME, "context": context}],
        "current-context": ENTRY_NAME,
        "preferences": {},
    }


def write_kubeconfig(path: str | os.PathLike[str], config: dict[str, Any]) -> Path:
    """Put the entries of `config` into the file at `path`, and make its context the current one.

    A missing file is made, folders included. An existing one keeps its other entries; a symbolic link stays
    and its target changes. Readers see the old file or the new one, never half of one.

    Args:
        path: The file; "~" means the home directory.
        config: From `kubeconfig`.

    Returns:
        The path that was written, absolute.

    Raises:
        ConfigError: The file is no kubeconfig, cannot be written, or another program holds its lock. It is as
        it was.
    """
    target = Path(path).expanduser().absolute()
    with _failures_named("write", target):
        real = target.resolve()
        real.parent.mkdir(parents=True, exist_ok=True)
        with _lock(real):
            merged = _read(real)
            for section in _SECTIONS:
                others = [each for each in _entries(merged, section, real) if each.get("name") != ENTRY_NAME]
                merged[section] = others + config[section]
            merged["current-context"] = config["current-context"]
            _replace(real, merged)
    return target


def remove_kubeconfig(path: str | os.PathLike[str]) -> None:
    """Take our entries out of the file at `path` again; the file goes too if nothing else is in it.

    A current context that was ours becomes "", as `kind delete cluster` leaves it. A missing file is fine.

    Raises:
        ConfigError: The file is no kubeconfig, cannot be written, or another program holds its lock. It is as
        it was.
    """
    target = Path(path).expanduser().absolute()
    with _failures_named("clean up", target):
        real = target.resolve()
        if not real.exists():
            return
        with _lock(real):
            left = _read(real)
            for section in _SECTIONS:
                left[section] = [
                    each for each in _entries(left, section, real) if each.get("name") != ENTRY_NAME
                ]
            if left.get("current-context") == ENTRY_NAME:
                left["current-context"] = ""
            if any(left[section] for section in _SECTIONS):
                _replace(real, left)
            else:
                real.unlink()


def _read(path: Path) -> dict[str, Any]:
    """The kubeconfig at `path`; a fresh empty one if there is no file, or nothing in it."""
    if not path.exists():
        return {"apiVersion": "v1", "kind": "Config", "preferences": {}}
    try:
        found = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        # The parser's own message may quote the line, and the line may hold a token.
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise ConfigError(
            f"{path} exists and is not YAML{where}; it was left as it is. Name another file"
        ) from None
    if found is None:
        return {"apiVersion": "v1", "kind": "Config", "preferences": {}}
    if not isinstance(found, dict) or found.get("kind", "Config") != "Config":
        raise ConfigError(f"{path} exists and is not a kubeconfig; it was left as it is. Name another file")
    return found


def _entries(config: dict[str, Any], section: str, path: Path) -> list[dict[str, Any]]:
    entries = config.get(section)
    if entries is None:
        return []
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise ConfigError(
            f"{path}: {section} is not a list of {_SECTIONS[section]} entries; the file was left as it is. "
            "Name another file"
        )
    return entries


def _replace(path: Path, config: dict[str, Any]) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yaml.safe_dump(config, file, sort_keys=False, allow_unicode=True)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """The lock that kubectl and kind take while they change a kubeconfig."""
    lock = path.with_name(path.name + ".lock")
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise ConfigError(
            f"{path} is being changed by another program. If none is running, remove {lock}"
        ) from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


@contextmanager
def _failures_named(doing: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"cannot {doing} the kubeconfig {path}: {error.strerror or error}") from error
