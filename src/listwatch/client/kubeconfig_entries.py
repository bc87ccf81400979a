"""What one cluster and one user of a kubeconfig say, checked, with paths made absolute.

In:    `Fields` of an entry and the folder of its file (from client/kubeconfig.py)
Out:   `ClusterSettings`, `UserSettings`; every problem in the list that the fields carry
Next:  client/config.py
Rules: reads the files that are named, to say now what would fail later; never quotes a secret
Source: client-go clientcmd/validation.go, client_config.go, api/v1 types
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from listwatch.apimachinery.errors import CredentialError
from listwatch.client.addresses import proxy_problem
from listwatch.client.config import impersonation_problems, tls_problems
from listwatch.client.credentials import read_token, reason, token_problem, username_problem
from listwatch.client.exec_credential import API_VERSIONS, INTERACTIVE_MODES, ExecConfig
from listwatch.client.kubeconfig_fields import Fields
from listwatch.client.tls import ca_problem, certificate_problem, key_problem, pair_problem

_EXEC_EXTENSION: Final = "client.authentication.k8s.io/exec"
_TLS_NAMES: Final = {
    "ca_data": "certificate-authority-data",
    "ca_file": "certificate-authority",
    "cert_data": "client-certificate-data",
    "cert_file": "client-certificate",
    "key_data": "client-key-data",
    "key_file": "client-key",
    "insecure_skip_verify": "insecure-skip-tls-verify",
}
_IMPERSONATION_NAMES: Final = {"user": "as", "uid": "as-uid", "groups": "as-groups", "extra": "as-user-extra"}
_EXEC_REPLACEMENTS: Final = {
    "gcp": "gke-gcloud-auth-plugin",
    "azure": "kubelogin (Azure/kubelogin)",
    "oidc": "kubelogin (int128/kubelogin, kubectl oidc-login)",
    "openstack": "client-keystone-auth",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """PEM given inline or in a file, and what it holds, if it can be used."""

    data: bytes | None = field(default=None, repr=False)
    file: Path | None = None
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterSettings:
    """A cluster entry."""

    server: str
    ca: Material
    server_name: str | None
    insecure_skip_verify: bool
    proxy_url: str | None = field(repr=False)
    disable_compression: bool
    exec_extension: Any = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class UserSettings:
    """A user entry."""

    certificate: Material = field(default_factory=Material)
    key: Material = field(default_factory=Material)
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    username: str | None = None
    password: str = field(default="", repr=False)
    exec_config: ExecConfig | None = None
    provide_cluster_info: bool = False
    impersonate: dict[str, Any] | None = None


def read_cluster(fields: Fields, *, folder: Path) -> ClusterSettings:
    """A cluster entry; what is wrong with it is added to the fields' problems.

    The address itself is judged later: what it means without a scheme depends on the user, too.
    """
    server = fields.text("server")
    if not server and fields.raw("server") in (None, ""):
        fields.add("server", "is missing: the address of the API server")
    ca = _material(fields, "certificate-authority", folder=folder, check=ca_problem)
    insecure = fields.flag("insecure-skip-tls-verify")
    _add_tls_problems(fields, ca_data=ca.data, ca_file=ca.file, insecure_skip_verify=insecure)
    proxy_url = fields.text("proxy-url")
    if proxy_url and (problem := proxy_problem(proxy_url)):
        fields.add("proxy-url", problem)
    extension = None
    for each in fields.entries("extensions"):
        if each.raw("name") == _EXEC_EXTENSION:
            extension = each.raw("extension")
    return ClusterSettings(
        server=server,
        ca=ca,
        server_name=fields.text("tls-server-name") or None,
        insecure_skip_verify=insecure,
        proxy_url=proxy_url or None,
        disable_compression=fields.flag("disable-compression"),
        exec_extension=extension,
    )


def read_user(fields: Fields, *, folder: Path) -> UserSettings:
    """A user entry; what is wrong with it is added to the fields' problems."""
    certificate = _material(fields, "client-certificate", folder=folder, check=certificate_problem)
    key = _material(fields, "client-key", folder=folder, check=key_problem)
    _add_tls_problems(
        fields,
        cert_data=certificate.data,
        cert_file=certificate.file,
        key_data=key.data,
        key_file=key.file,
    )
    if certificate.content is not None and key.content is not None:
        problem = pair_problem(certificate=certificate.content, key=key.content)
        if problem:
            fields.add("client-key-data" if key.file is None else "client-key", problem)
    token, token_file = _read_token(fields, folder=folder)
    username, password = fields.text("username"), fields.text("password")
    if (username or password) and (problem := username_problem(username)):
        fields.add("username", problem)
    if (token or token_file) and (username or password):
        fields.add("username", "both a token and basic authentication are given; keep one of them")
    _refuse_auth_provider(fields)
    entry = fields.inner("exec")
    return UserSettings(
        certificate=certificate,
        key=key,
        token=token,
        token_file=token_file,
        username=username or None,
        password=password,
        exec_config=_read_exec(entry, folder=folder) if entry is not None else None,
        provide_cluster_info=entry.flag("provideClusterInfo") if entry is not None else False,
        impersonate=_read_impersonation(fields),
    )


def _material(fields: Fields, name: str, *, folder: Path, check: Callable[[bytes], str | None]) -> Material:
    data, file = fields.data(f"{name}-data"), _path(fields.text(name), folder=folder)
    if data is not None and file is not None:
        return Material(data=data, file=file)
    content = data
    if file is not None:
        try:
            content = file.read_bytes()
        except OSError as error:
            fields.add(name, f"file {file}: {reason(error)}")
            return Material(file=file)
        except ValueError:
            fields.add(name, "is not a path: it holds a NUL")
            return Material()
    if content is None:
        return Material()
    if problem := check(content):
        fields.add(
            f"{name}-data" if file is None else name, problem if file is None else f"file {file}: {problem}"
        )
        return Material(data=data, file=file)
    return Material(data=data, file=file, content=content)


def _add_tls_problems(fields: Fields, **settings: object) -> None:
    given = [name for name, value in settings.items() if value]
    for name, problem in tls_problems(given=given):
        fields.add(_TLS_NAMES[name], problem)


def _read_token(fields: Fields, *, folder: Path) -> tuple[str | None, Path | None]:
    token, token_file = fields.text("token").strip(), _path(fields.text("tokenFile"), folder=folder)
    if token and (problem := token_problem(token)):
        fields.add("token", problem)
    # With an inline token to begin with, a file that is not there yet is no problem (as in client-go).
    if token_file is not None and not token:
        try:
            read_token(token_file)
        except CredentialError as error:
            fields.add("tokenFile", str(error))
        except ValueError:
            fields.add("tokenFile", "is not a path: it holds a NUL")
    return token or None, token_file


def _refuse_auth_provider(fields: Fields) -> None:
    provider = fields.inner("auth-provider")
    if provider is None:
        return
    name = provider.text("name")
    instead = _EXEC_REPLACEMENTS.get(name, "the one that your provider offers")
    which = f"the {name!r} provider" if name in _EXEC_REPLACEMENTS else "auth providers"
    fields.add("auth-provider", f"{which}: not supported here; use an exec plugin instead: {instead}")


def _read_exec(fields: Fields, *, folder: Path) -> ExecConfig:
    command = fields.text("command")
    if not command and fields.raw("command") in (None, ""):
        fields.add("command", "is missing: the program to run")
    return ExecConfig(
        command=_command(command, folder=folder),
        args=fields.texts("args"),
        env=_read_env(fields),
        api_version=(api_version := _read_api_version(fields)),
        interactive_mode=_read_interactive_mode(fields, api_version=api_version),
        install_hint=fields.text("installHint"),
        name=fields.where,
    )


def _read_env(fields: Fields) -> dict[str, str]:
    env = {}
    for each in fields.entries("env"):
        name = each.text("name")
        if name and "=" not in name:
            env[name] = each.text("value")
        elif not name and each.raw("name") not in (None, ""):
            continue
        else:
            each.add("name", "holds '='" if name else "is missing")
    return env


def _read_api_version(fields: Fields) -> str:
    api_version = fields.text("apiVersion")
    known = " or ".join(API_VERSIONS)
    if not api_version:
        if fields.raw("apiVersion") in (None, ""):
            fields.add("apiVersion", f"is missing: {known}")
    elif api_version == "client.authentication.k8s.io/v1alpha1":
        fields.add("apiVersion", f"v1alpha1 is gone since Kubernetes 1.24; update the plugin and use {known}")
    elif api_version not in API_VERSIONS:
        fields.add("apiVersion", f"is not one of {known}")
    return api_version


def _read_interactive_mode(fields: Fields, *, api_version: str) -> str:
    mode = fields.text("interactiveMode")
    known = ", ".join(INTERACTIVE_MODES)
    if mode:
        if mode not in INTERACTIVE_MODES:
            fields.add("interactiveMode", f"is not one of {known}")
    elif api_version == API_VERSIONS[0] and fields.raw("interactiveMode") in (None, ""):
        fields.add("interactiveMode", f"is missing, and {api_version} requires it: one of {known}")
    return mode or "IfAvailable"


def _read_impersonation(fields: Fields) -> dict[str, Any] | None:
    """The arguments of an `Impersonation`, if there is one and it is sound."""
    user, uid = fields.text("as"), fields.text("as-uid")
    groups, extra = fields.texts("as-groups"), fields.text_lists("as-user-extra")
    if not (user or uid or groups or extra):
        return None
    problems = impersonation_problems(user=user, uid=uid, groups=groups, extra=extra)
    for name, problem in problems:
        fields.add(_IMPERSONATION_NAMES[name], problem)
    return None if problems else {"user": user, "uid": uid or None, "groups": groups, "extra": extra}


def _path(text: str, *, folder: Path) -> Path | None:
    return folder / text if text else None


def _command(command: str, *, folder: Path) -> str:
    """A bare name is looked up in PATH; anything else is a path, relative to the file that says it."""
    return str(folder / command) if command and (os.sep in command or "/" in command) else command
