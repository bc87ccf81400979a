"""Which proxy a server is reached through, if the kubeconfig names none: the environment's.

Rules: pure
Source: Go's golang.org/x/net/http/httpproxy, with client-go's CIDR blocks in NO_PROXY (apimachinery util/net,
        NewProxierWithNoProxyCIDR)
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit


def proxy_from_environment(url: str, environ: Mapping[str, str]) -> str | None:
    """The proxy for `url`, from HTTPS_PROXY or HTTP_PROXY and NO_PROXY, in either case of letters.

    Args:
        url: The server, with scheme and host.
        environ: Environment variables.

    Returns:
        The proxy's URL (http:// is meant where it has no scheme), or None: none is set, or NO_PROXY holds the host
        by name, by a domain that it ends in, by address or by block of addresses. Loopback needs no proxy.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    proxy = _first(environ, f"{parts.scheme}_proxy")
    if not proxy or _is_loopback(host):
        return None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if any(_covers(entry, host, port) for entry in _first(environ, "no_proxy").split(",")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _first(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name.upper()) or environ.get(name) or "").strip()


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _covers(entry: str, host: str, port: int) -> bool:
    entry = entry.strip().lower()
    if entry in {"", "*"}:
        return entry == "*"
    address = _address(host)
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    name, colon, number = entry.rpartition(":")
    if colon and number.isdigit() and (":" not in name or name.endswith("]")):
        if int(number) != port:
            return False
        entry = name
    entry = entry.strip("[]")
    if address is not None or _address(entry) is not None:
        return address == _address(entry)
    suffix = entry.removeprefix("*").removeprefix(".")
    return host.endswith(f".{suffix}") or (host == suffix and not entry.startswith((".", "*")))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
