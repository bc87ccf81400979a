"""The configuration that every pod finds mounted: its service account.

In:    KUBERNETES_SERVICE_HOST and _PORT, and the files under the service account's folder
Out:   a `Config`
Next:  client/config.py
Rules: token and CA are read again as the kubelet renews them
Source: client-go rest.InClusterConfig, clientcmd inClusterClientConfig.Namespace
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import ConfigError
from listwatch.client.addresses import server_url
from listwatch.client.config import DEFAULT_NAMESPACE, Config, TLSConfig
from listwatch.client.credentials import TokenFile, read_token, reason
from listwatch.client.tls import ca_problem

logger = logging.getLogger(__name__)

SERVICE_ACCOUNT_ROOT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def why_not_in_cluster(*, environ: Mapping[str, str], root: Path = SERVICE_ACCOUNT_ROOT) -> str | None:
    """What says that this is no pod, or one without a service account; None if nothing does."""
    for name in ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        if not environ.get(name):
            return f"{name} is not set"
    try:
        (root / "token").stat()
    except OSError as error:
        return f"{root / 'token'}: {reason(error)}"
    return None


def in_cluster_config(
    *,
    environ: Mapping[str, str] | None = None,
    root: Path = SERVICE_ACCOUNT_ROOT,
    namespace: str | None = None,
    clock: Clock | None = None,
) -> Config:
    """The configuration of the pod that this runs in.

    The namespace is the argument, else POD_NAMESPACE, else the service account's, else "default".

    Args:
        environ: Environment variables; None for this process's.
        root: Where the service account is mounted.
        namespace: For namespaced requests that name none.
        clock: Tells when to read the token again.

    Raises:
        ConfigError: This is no pod, or the token or the CA cannot be used. Names the variable or the file.

    Source: client-go rest.InClusterConfig; differs: a CA that is there but broken is an error, not a log line.
    """
    environ = os.environ if environ is None else environ
    if problem := why_not_in_cluster(environ=environ, root=root):
        raise ConfigError(f"not in a cluster: {problem}")
    read_token(root / "token")
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ["KUBERNETES_SERVICE_PORT"]
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    try:
        url = server_url(f"https://{host}:{port}", default_tls=True)
    except ValueError as error:
        raise ConfigError(f"KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT: {error}") from error
    return Config(
        host=url,
        namespace=namespace or _namespace(environ=environ, root=root),
        namespace_is_explicit=bool(namespace),
        tls=TLSConfig(ca_file=_ca_file(root)),
        credentials=TokenFile(root / "token", clock=clock),
        source=f"service account in {root}",
    )


def _ca_file(root: Path) -> Path | None:
    path = root / "ca.crt"
    try:
        problem = ca_problem(path.read_bytes())
    except OSError as error:
        logger.warning("%s: %s; trusting the system's certificate authorities", path, reason(error))
        return None
    if problem:
        raise ConfigError(f"CA file {path}: {problem}")
    return path


def _namespace(*, environ: Mapping[str, str], root: Path) -> str:
    if chosen := environ.get("POD_NAMESPACE", "").strip():
        return chosen
    path = root / "namespace"
    try:
        return path.read_text("utf-8").strip() or DEFAULT_NAMESPACE
    except (OSError, UnicodeDecodeError):
        # Optional in the mounted volume; client-go falls back, too.
        return DEFAULT_NAMESPACE
