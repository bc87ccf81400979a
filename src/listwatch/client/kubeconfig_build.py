"""One cluster and one user, made into a `Config`.

In:    a `Chosen` (from client/kubeconfig_merge.py)
Out:   a `Config` with its credentials
Next:  client/config.py
Rules: every problem of both entries is told, or there is a `Config`; no credentials over http
Source: client-go clientcmd.DirectClientConfig.ClientConfig, rest.Config.TransportConfig
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from listwatch.apimachinery.clock import Clock
from listwatch.client.addresses import server_url
from listwatch.client.config import (
    DEFAULT_NAMESPACE,
    Config,
    Impersonation,
    TLSConfig,
    config_error,
)
from listwatch.client.credentials import Anonymous, BasicAuth, Credentials, StaticToken, TokenFile
from listwatch.client.exec_credential import ExecCluster, ExecConfig
from listwatch.client.exec_plugin import ExecPlugin
from listwatch.client.kubeconfig_entries import (
    ClusterSettings,
    Material,
    UserSettings,
    read_cluster,
    read_user,
)
from listwatch.client.kubeconfig_merge import Chosen

logger = logging.getLogger(__name__)


def build_config(
    chosen: Chosen,
    *,
    problems: list[str],
    namespace: str | None,
    environ: Mapping[str, str] | None,
    clock: Clock | None,
    exec_timeout: float | None,
) -> Config:
    """The configuration that the chosen entries describe.

    Of several ways to authenticate the first of these is used: token, basic, exec plugin. With a client
    certificate an exec plugin is left out. For an http server all of them are left out, so that no secret
    crosses the network in clear; impersonation stays, because leaving it out would give more rights, not fewer.

    Args:
        chosen: Which entries.
        problems: The list to which the entries' fields add.
        namespace: Instead of the context's.
        environ: The variables that exec plugins inherit; None for this process's.
        clock: Tells when credentials are to be renewed.
        exec_timeout: Seconds that an exec plugin may take; None for its defaults.

    Raises:
        ConfigError: The entries have problems: all of them.
    """
    cluster = read_cluster(chosen.cluster.fields, folder=chosen.cluster.file.parent)
    entry = chosen.user
    user = read_user(entry.fields, folder=entry.file.parent) if entry is not None else UserSettings()
    host = _host(chosen, cluster, user)
    if problems:
        raise config_error(problems)
    credentials: Credentials = Anonymous()
    certificate, key = user.certificate, user.key
    if host.startswith("https:"):
        credentials = _credentials(
            user, cluster=cluster, host=host, environ=environ, clock=clock, exec_timeout=exec_timeout
        )
    elif _has_secrets(user):
        certificate = key = Material()
        logger.warning("%s: %s is no https server, so no credentials are sent to it", chosen.source, host)
    return Config(
        host=host,
        namespace=namespace or chosen.namespace or DEFAULT_NAMESPACE,
        namespace_is_explicit=bool(namespace),
        tls=TLSConfig(
            ca_data=cluster.ca.data,
            ca_file=cluster.ca.file,
            cert_data=certificate.data,
            cert_file=certificate.file,
            key_data=key.data,
            key_file=key.file,
            server_name=cluster.server_name,
            insecure_skip_verify=cluster.insecure_skip_verify,
        ),
        credentials=credentials,
        proxy_url=cluster.proxy_url,
        impersonate=Impersonation(**user.impersonate) if user.impersonate else None,
        disable_compression=cluster.disable_compression,
        source=chosen.source,
    )


def _host(chosen: Chosen, cluster: ClusterSettings, user: UserSettings) -> str:
    if not cluster.server:
        return ""
    given = (cluster.ca.data, cluster.ca.file, user.certificate.data, user.certificate.file)
    try:
        return server_url(cluster.server, default_tls=any(given) or cluster.insecure_skip_verify)
    except ValueError as error:
        chosen.cluster.fields.add("server", str(error))
        return ""


def _has_secrets(user: UserSettings) -> bool:
    ways: tuple[Any, ...] = (user.token, user.token_file, user.username, user.exec_config)
    return any(ways) or user.certificate.content is not None


def _credentials(
    user: UserSettings,
    *,
    cluster: ClusterSettings,
    host: str,
    environ: Mapping[str, str] | None,
    clock: Clock | None,
    exec_timeout: float | None,
) -> Credentials:
    if user.token_file is not None:
        return TokenFile(user.token_file, clock=clock, initial=user.token)
    if user.token is not None:
        return StaticToken(user.token)
    if user.username is not None:
        return BasicAuth(username=user.username, password=user.password)
    config = user.exec_config
    if config is None or user.certificate.content is not None:
        return Anonymous()
    if user.provide_cluster_info:
        config = _with_cluster(config, cluster=cluster, host=host)
    return ExecPlugin(config, clock=clock, environ=environ, timeout=exec_timeout)


def _with_cluster(config: ExecConfig, *, cluster: ClusterSettings, host: str) -> ExecConfig:
    return replace(
        config,
        cluster=ExecCluster(
            server=host,
            tls_server_name=cluster.server_name,
            insecure_skip_tls_verify=cluster.insecure_skip_verify,
            certificate_authority_data=cluster.ca.data,
            certificate_authority=cluster.ca.file,
            proxy_url=cluster.proxy_url,
            disable_compression=cluster.disable_compression,
            config=cluster.exec_extension,
        ),
    )
