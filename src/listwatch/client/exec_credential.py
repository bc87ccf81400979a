"""What is said to a credential plugin, and what is understood of its answer.

In:    an `exec` entry of a kubeconfig (from client/kubeconfig_entries.py); a plugin's output
Out:   the KUBERNETES_EXEC_INFO text; an `ExecCredential`
Next:  client/exec_plugin.py, which runs the plugin
Rules: pure; no secret in `repr` or errors; an answer is taken whole or refused
Source: API client.authentication.k8s.io/v1 and v1beta1; client-go plugin/pkg/client/auth/exec
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from listwatch.apimachinery.errors import CredentialError
from listwatch.client.credentials import ClientCertificate, token_problem

API_VERSIONS: Final = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
INTERACTIVE_MODES: Final = ("Never", "IfAvailable", "Always")
# Shorter values are words such as "eu-west-1" or "true": hiding them would only garble a message.
_SECRET_MIN_CHARACTERS: Final = 6
_STDERR_LINES: Final = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecCluster:
    """What a plugin may be told about the cluster (`provideClusterInfo`)."""

    server: str
    tls_server_name: str | None = None
    insecure_skip_tls_verify: bool = False
    certificate_authority_data: bytes | None = field(default=None, repr=False)
    certificate_authority: Path | None = None
    proxy_url: str | None = field(default=None, repr=False)
    disable_compression: bool = False
    config: Any = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class ExecConfig:
    """How to run a program that hands out credentials.

    Attributes:
        command: A name to look up in PATH, or a path.
        args: Its arguments.
        env: Environment variables to add to those of this process.
        api_version: One of `API_VERSIONS`; the answer must have the same.
        interactive_mode: Whether it gets this process's stdin: "Never", "IfAvailable" (if that is a
            terminal) or "Always" (an error if it is not).
        install_hint: What to tell somebody who does not have the command.
        cluster: What to tell it about the cluster; None for nothing.
        name: For messages: which entry this is.
    """

    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    api_version: str = API_VERSIONS[0]
    interactive_mode: str = "IfAvailable"
    install_hint: str = ""
    cluster: ExecCluster | None = None
    name: str = "exec plugin"

    def __repr__(self) -> str:
        shown = [
            f"command={self.command!r}",
            f"args=<{len(self.args)} hidden>",
            f"env=<{len(self.env)} hidden>",
        ]
        shown += [
            f"{each.name}={getattr(self, each.name)!r}"
            for each in fields(self)
            if each.name not in ("command", "args", "env", "install_hint")
        ]
        return f"ExecConfig({', '.join(shown)})"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecCredential:
    """What a plugin handed out.

    Attributes:
        token: A bearer token, or None.
        certificate: A client certificate with its key, or None. One of the two is there.
        expires: When it ends, aware; None if the plugin did not say.
    """

    token: str | None = field(repr=False)
    certificate: ClientCertificate | None
    expires: datetime | None


def exec_info(*, config: ExecConfig, interactive: bool, ca_data: bytes | None = None) -> str:
    """The text of KUBERNETES_EXEC_INFO: an ExecCredential that holds only a spec.

    Args:
        config: Whose `cluster` is told, if it has one.
        interactive: Whether the plugin gets a stdin that somebody types into.
        ca_data: The content of the cluster's CA file, for a cluster that names one.
    """
    spec: dict[str, object] = {"interactive": interactive}
    if (cluster := config.cluster) is not None:
        ca = cluster.certificate_authority_data or ca_data
        told = {
            "server": cluster.server,
            "tls-server-name": cluster.tls_server_name,
            "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
            "certificate-authority-data": base64.b64encode(ca).decode("ascii") if ca else None,
            "proxy-url": cluster.proxy_url,
            "disable-compression": cluster.disable_compression,
            "config": cluster.config,
        }
        spec["cluster"] = {key: value for key, value in told.items() if value or key == "server"}
    document = {"kind": "ExecCredential", "apiVersion": config.api_version, "spec": spec}
    return msgspec.json.encode(document).decode("utf-8")


class _Answer(msgspec.Struct, rename="camel"):
    kind: str = ""
    api_version: str = ""
    status: _AnswerStatus | None = None


class _AnswerStatus(msgspec.Struct, rename="camel"):
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


_DECODER: Final = msgspec.json.Decoder(_Answer)


def parse_exec_credential(output: bytes, *, api_version: str) -> ExecCredential:
    """What the plugin's stdout says.

    Raises:
        CredentialError: It is not an ExecCredential of `api_version` with a token, or a certificate and its
            key. The text names the field and quotes no value but kind and apiVersion.
    """
    try:
        answer = _DECODER.decode(output)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        where = "nothing" if not output.strip() else "something that is not an ExecCredential in JSON"
        detail = f" ({error})" if isinstance(error, msgspec.ValidationError) else ""
        # Not chained: a decoder's exception may hold the output.
        raise CredentialError(f"printed {where}{detail}") from None
    if answer.kind != "ExecCredential":
        raise CredentialError(f"printed kind {_brief(answer.kind)}, not 'ExecCredential'")
    if answer.api_version != api_version:
        raise CredentialError(
            f"printed apiVersion {_brief(answer.api_version)}, but {api_version!r} is configured"
        )
    status = answer.status
    if status is None:
        raise CredentialError("printed an ExecCredential without a status")
    token = status.token.strip() if status.token else None
    if token and (problem := token_problem(token)):
        raise CredentialError(f"printed a status whose token {problem}")
    certificate = _certificate(status)
    if not token and certificate is None:
        raise CredentialError("printed a status with neither a token nor a client certificate")
    return ExecCredential(token=token or None, certificate=certificate, expires=status.expiration_timestamp)


def _certificate(status: _AnswerStatus) -> ClientCertificate | None:
    certificate, key = status.client_certificate_data, status.client_key_data
    if not certificate and not key:
        return None
    if not key:
        raise CredentialError("printed a status with clientCertificateData, but no clientKeyData")
    if not certificate:
        raise CredentialError("printed a status with clientKeyData, but no clientCertificateData")
    return ClientCertificate(certificate=certificate.encode("utf-8"), key=key.encode("utf-8"))


def _brief(text: str) -> str:
    """A name that a plugin printed where a known one belongs: only quoted if it looks like one."""
    return repr(text) if re.fullmatch(r"[A-Za-z0-9./-]{1,60}", text) else "of another form"


def printable(text: str) -> str:
    """The text without control and formatting characters: what it says, but no terminal obeys it."""
    return "".join(
        character if character in "\n\t" or unicodedata.category(character)[0] != "C" else ""
        for character in text
    )


def shown_stderr(stderr: bytes, *, config: ExecConfig) -> str:
    """The last lines of what a plugin complained, with the values of its arguments and variables hidden."""
    # First what a terminal would not show, else a secret with such a character inside is not recognised.
    text = printable(stderr.decode("utf-8", "replace"))
    for secret in sorted({printable(value) for value in _secrets(config)}, key=len, reverse=True):
        text = text.replace(secret, "<hidden>")
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-_STDERR_LINES:])


def _secrets(config: ExecConfig) -> set[str]:
    """What of the configuration may be secret: variables' values, and arguments that are a flag's value."""
    values = set(config.env.values())
    previous = ""
    for arg in config.args:
        flag, equals, value = arg.partition("=")
        if equals and flag.startswith("-"):
            values.add(value)
        elif previous.startswith("-") and "=" not in previous and not arg.startswith("-"):
            values.add(arg)
        previous = arg
    return {value for value in values if len(printable(value).strip()) >= _SECRET_MIN_CHARACTERS}


def decode_base64(text: str) -> bytes:
    """The bytes, from standard base64 with any whitespace between.

    Raises:
        ValueError: It is not base64. The text is not quoted.
    """
    try:
        return base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("is not base64") from None
