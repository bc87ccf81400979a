"""The addresses of servers and proxies: what is one, and what it is in full.

In:    what a kubeconfig, an environment variable or a caller says
Out:   a URL, or why it is none (to client/config.py, client/kubeconfig_build.py)
Next:  client/config.py
Rules: pure; no part of an address that may hold a password is quoted
Source: client-go rest.DefaultServerURL, clientcmd's proxy-url parsing
"""

from __future__ import annotations

from urllib.parse import urlsplit


def server_url(text: str, *, default_tls: bool) -> str:
    """The server's address in full, without a trailing slash.

    Args:
        text: A URL, or host:port.
        default_tls: What host:port means: https, or http.

    Raises:
        ValueError: It is neither. The text says why and does not repeat a password.

    Source: client-go rest.DefaultServerURL; differs: a query, a fragment or a password is refused.
    """
    has_scheme = "://" in text
    parts, problem = _split_url(text if has_scheme else f"{'https' if default_tls else 'http'}://{text}")
    if problem:
        raise ValueError(problem)
    scheme, netloc, path, rest = parts
    if scheme not in ("http", "https"):
        raise ValueError(f"the scheme is {scheme!r}; it must be https or http")
    if "@" in netloc:
        raise ValueError("must not hold a user name or password; those belong to the user")
    if rest:
        raise ValueError("must not have a query or a fragment")
    if not has_scheme and path.strip("/"):
        raise ValueError("must be a URL with a scheme, or host:port alone")
    return f"{scheme}://{netloc}{path.rstrip('/')}"


def proxy_problem(text: str) -> str | None:
    """Why this cannot be the URL of a proxy; None if it can. No part of it is quoted but the scheme."""
    if "://" not in text:
        return "must be a URL with a scheme, such as http://proxy:3128"
    (scheme, _, _, _), problem = _split_url(text)
    if problem:
        return problem
    if scheme in ("socks5", "socks5h"):
        return f"{scheme} proxies are not supported here; use an http or https proxy"
    if scheme not in ("http", "https"):
        return f"the scheme is {scheme!r}; it must be http or https"
    return None


def _split_url(text: str) -> tuple[tuple[str, str, str, str], str | None]:
    """(scheme, host and port, path, query and fragment), and why it is no URL."""
    nothing = ("", "", "", "")
    if any(character <= " " or character == "\x7f" for character in text):
        return nothing, "holds whitespace or a control character"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        # Not the exception's own text: it may quote what stands before an "@".
        return nothing, "is not a URL: the host or the port cannot be read"
    if not parts.hostname:
        return nothing, "has no host"
    if port == 0:
        return nothing, "has port 0"
    return (parts.scheme, parts.netloc, parts.path, parts.query + parts.fragment), None


def without_userinfo(url: str) -> str:
    """The URL with user name and password, if it has them, hidden."""
    scheme, separator, rest = url.partition("://")
    userinfo, at, host = rest.rpartition("@")
    return f"{scheme}{separator}<hidden>@{host}" if at and userinfo else url
