"""Functions on URLs and addresses.

In:    values
Out:   values
Next:  overloads.py
Rules: pure; nothing is looked up
Source: Kubernetes docs, "Kubernetes URL library", "IP address library", "CIDR library"
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.cel.errors import EvaluationError
from listwatch.apiserver.cel.overloads import OPAQUE_NAMES, declare_all
from listwatch.apiserver.cel.values import Opaque

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def parse_url(text: str) -> Opaque:
    """An absolute URL or an absolute path.

    Raises:
        EvaluationError: It is neither.
    """
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise EvaluationError(f"parse {go_quote(text)}: net/url: invalid control character in URL")
    if not (text.startswith("/") or _SCHEME.match(text)):
        raise EvaluationError(f"parse {go_quote(text)}: invalid URI for request")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise EvaluationError(f"parse {go_quote(text)}: invalid port or host") from None
    if " " in parts.netloc:
        raise EvaluationError(f'parse {go_quote(text)}: invalid character " " in host name')
    return Opaque(OPAQUE_NAMES["URL"], parts)


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _host_name(parts: SplitResult) -> str:
    host = _host(parts)
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _query(parts: SplitResult) -> dict[str, list[str]]:
    return parse_qs(parts.query, keep_blank_values=True)


def parse_ip(text: str) -> Opaque:
    """An address, not an IPv4 address in an IPv6 one, without a zone.

    Raises:
        EvaluationError: It is none.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise EvaluationError(
            f"IP Address {go_quote(text)} parse error during conversion from string"
        ) from None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            raise EvaluationError(f"IPv4-mapped IPv6 address {go_quote(text)} is not allowed")
        if address.scope_id is not None:
            raise EvaluationError(f"IP address {go_quote(text)} with zone value is not allowed")
    return Opaque(OPAQUE_NAMES["IP"], address)


def parse_cidr(text: str) -> Opaque:
    """A network, with the address as it was written.

    Raises:
        EvaluationError: It is none.
    """
    address, slash, length = text.partition("/")
    told = "network address parse error during conversion from string"
    refusal = EvaluationError(f"{told}: invalid CIDR address: {text}")
    if not (slash and length.isascii() and length.isdigit()):
        raise refusal
    try:
        parse_ip(address)
        return Opaque(OPAQUE_NAMES["CIDR"], ipaddress.ip_interface(text))
    except (ValueError, EvaluationError):
        raise refusal from None


def _holds(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            read(text)
        except EvaluationError:
            return False
        return True

    return holds


def _contains_ip(network: Opaque, address: Any) -> bool:
    one = parse_ip(address).value if isinstance(address, str) else address.value
    return one in network.value.network


def _contains_cidr(network: Opaque, other: Any) -> bool:
    inner = (parse_cidr(other) if isinstance(other, str) else other).value.network
    outer = network.value.network
    return bool(inner.version == outer.version and inner.subnet_of(outer))


def _is_global(address: Any) -> bool:
    is_broadcast = address.version == 4 and int(address) == 0xFFFFFFFF
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not (special or is_broadcast)


def _multicast_link_local(address: Any) -> bool:
    if address.version == 4:
        return address in ipaddress.ip_network("224.0.0.0/24")
    return bool(address.packed[0] == 0xFF and address.packed[1] & 0x0F == 0x02)


def _masked(network: Opaque) -> Opaque:
    inner = network.value.network
    return Opaque(OPAQUE_NAMES["CIDR"], ipaddress.ip_interface(f"{inner.network_address}/{inner.prefixlen}"))


declare_all(
    {
        "url(string) -> URL": parse_url,
        "isURL(string) -> bool": _holds(parse_url),
        "URL.getScheme() -> string": lambda url: url.value.scheme,
        "URL.getHost() -> string": lambda url: _host(url.value),
        "URL.getHostname() -> string": lambda url: _host_name(url.value),
        "URL.getPort() -> string": lambda url: "" if url.value.port is None else str(url.value.port),
        "URL.getEscapedPath() -> string": lambda url: url.value.path,
        "URL.getQuery() -> map<string, list<string>>": lambda url: _query(url.value),
        "ip(string) -> IP": parse_ip,
        "isIP(string) -> bool": _holds(parse_ip),
        "ip.isCanonical(string) -> bool": lambda text: str(parse_ip(text).value) == text,
        "string(IP) -> string": lambda address: str(address.value),
        "IP.family() -> int": lambda address: address.value.version,
        "IP.isUnspecified() -> bool": lambda address: address.value.is_unspecified,
        "IP.isLoopback() -> bool": lambda address: address.value.is_loopback,
        "IP.isLinkLocalUnicast() -> bool": lambda address: address.value.is_link_local,
        "IP.isLinkLocalMulticast() -> bool": lambda address: _multicast_link_local(address.value),
        "IP.isGlobalUnicast() -> bool": lambda address: _is_global(address.value),
        "cidr(string) -> CIDR": parse_cidr,
        "isCIDR(string) -> bool": _holds(parse_cidr),
        "string(CIDR) -> string": lambda network: str(network.value),
        "CIDR.containsIP(IP) -> bool": _contains_ip,
        "CIDR.containsIP(string) -> bool": _contains_ip,
        "CIDR.containsCIDR(CIDR) -> bool": _contains_cidr,
        "CIDR.containsCIDR(string) -> bool": _contains_cidr,
        "CIDR.ip() -> IP": lambda network: Opaque(OPAQUE_NAMES["IP"], network.value.ip),
        "CIDR.masked() -> CIDR": _masked,
        "CIDR.prefixLength() -> int": lambda network: network.value.network.prefixlen,
    }
)
