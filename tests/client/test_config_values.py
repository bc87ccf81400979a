"""`Config`, `TLSConfig` and `Impersonation` built by hand: the same rules as for files."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from listwatch.apimachinery.errors import ConfigError
from listwatch.client.addresses import without_userinfo
from listwatch.client.config import Config, Impersonation, TLSConfig, default_user_agent
from listwatch.client.credentials import Anonymous, BasicAuth, StaticToken, TokenFile


def test_defaults() -> None:
    """A host is enough."""
    config = Config(host="https://h:6443/")
    assert config.host == "https://h:6443"
    assert config.is_tls
    assert (config.namespace, config.namespace_is_explicit, config.proxy_url) == ("default", False, None)
    assert isinstance(config.credentials, Anonymous)
    assert config.user_agent == default_user_agent()


def test_is_frozen_and_can_be_varied() -> None:
    """A configuration does not change; a changed copy is judged anew."""
    config = Config(host="https://h")
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.namespace = "x"  # type: ignore[misc]
    assert dataclasses.replace(config, namespace="x").namespace == "x"
    with pytest.raises(ConfigError, match="host"):
        dataclasses.replace(config, host="ftp://h")


@pytest.mark.parametrize(
    ("given", "kind", "header"),
    [
        ({}, Anonymous, None),
        ({"token": "abc"}, StaticToken, "Bearer abc"),
        ({"username": "me", "password": "pw"}, BasicAuth, "Basic bWU6cHc="),
        ({"username": "me"}, BasicAuth, "Basic bWU6"),
    ],
)
async def test_of(given: dict[str, Any], kind: type, header: str | None) -> None:
    """Plain values make the credentials that they are."""
    config = Config.of(host="https://h", **given)
    assert isinstance(config.credentials, kind)
    assert await config.credentials.authorization() == header


async def test_of_files(tmp_path: Path) -> None:
    """Files are named, and read when they are needed."""
    config = Config.of(
        host="h:6443", token_file=tmp_path / "token", ca_file=tmp_path / "ca", namespace="team"
    )
    assert (config.host, config.namespace) == ("https://h:6443", "team")
    assert config.tls == TLSConfig(ca_file=tmp_path / "ca")
    assert isinstance(config.credentials, TokenFile)
    (tmp_path / "token").write_text("abc")
    assert await config.credentials.authorization() == "Bearer abc"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"token": "a", "token_file": Path("b")}, "token and token_file: more than one way"),
        ({"token": "a", "username": "b"}, "token and username: more than one way"),
        ({"password": "hunter22"}, "password: given without a username"),
        ({"token": ""}, "token: is empty"),
        ({"ca_data": b"x", "insecure_skip_verify": True}, "tls.insecure_skip_verify: .*drop one"),
        ({"ca_data": b"x", "ca_file": Path("y")}, "tls.ca_data: both"),
        ({"cert_file": Path("y")}, "tls.cert_file: a client certificate without its key"),
        ({"key_file": Path("y")}, "tls.key_file: a client key without its certificate"),
        ({"namespace": ""}, "namespace: is empty"),
    ],
)
def test_of_refuses(given: dict[str, Any], says: str) -> None:
    """What contradicts itself is refused with the argument's name."""
    with pytest.raises(ConfigError, match=says) as caught:
        Config.of(host="https://h", **given)
    assert "hunter22" not in str(caught.value)


def test_all_problems_at_once() -> None:
    """One error tells everything that is wrong."""
    with pytest.raises(ConfigError) as caught:
        Config(host="https://u:hunter22@h", proxy_url="socks5://u:hunter22@p", namespace="")
    message = str(caught.value)
    assert message.startswith("3 problems")
    assert "hunter22" not in message


@pytest.mark.parametrize(
    ("host", "tls", "url"),
    [
        ("h:8080", TLSConfig(), "http://h:8080"),
        ("h", TLSConfig(ca_data=b"x"), "https://h"),
        ("h", TLSConfig(cert_file=Path("c"), key_file=Path("k")), "https://h"),
        ("h", TLSConfig(insecure_skip_verify=True), "https://h"),
        ("HTTPS://h/a/b//", TLSConfig(), "https://h/a/b"),
        ("http://h", TLSConfig(ca_data=b"x"), "http://h"),
        ("[::1]:6443/", TLSConfig(), "http://[::1]:6443"),
    ],
)
def test_hosts(host: str, tls: TLSConfig, url: str) -> None:
    """Without a scheme the TLS settings decide; the path stays, its trailing slashes go."""
    assert Config(host=host, tls=tls).host == url


@pytest.mark.parametrize(
    "host", ["", "/", "https://", "h:x", "h:70000", "h:0", "a b", "h/path", "https://[::1", "x\n"]
)
def test_no_hosts(host: str) -> None:
    """What is no address is refused."""
    with pytest.raises(ConfigError, match=r"^host: "):
        Config(host=host)


def test_impersonation_headers() -> None:
    """Everything about the other user has its header, in order; keys are escaped and in lower case."""
    impersonation = Impersonation(
        user="bob", uid="7", groups=("a", "b"), extra={"Acme.com/Größe": ("x", "y"), "plain": ("z",)}
    )
    assert impersonation.headers() == (
        ("Impersonate-User", "bob"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Extra-acme.com%2Fgr%C3%B6%C3%9Fe", "x"),
        ("Impersonate-Extra-acme.com%2Fgr%C3%B6%C3%9Fe", "y"),
        ("Impersonate-Extra-plain", "z"),
    )
    assert Impersonation(user="bob").headers() == (("Impersonate-User", "bob"),)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"user": ""}, "impersonate.user: is empty"),
        ({"user": "", "uid": "7"}, "impersonate.uid: needs a user"),
        ({"user": "", "groups": ("a",)}, "impersonate.groups: needs a user"),
        ({"user": "", "extra": {"a": ("b",)}}, "impersonate.extra: needs a user"),
        ({"user": "a", "extra": {"": ("b",)}}, "impersonate.extra: has an empty key"),
        ({"user": "a", "groups": ("b\r\nX: y",)}, "impersonate.groups: holds a control character"),
        ({"user": "a", "extra": {"b": ("\x7f",)}}, "impersonate.extra: holds a control character"),
    ],
)
def test_impersonation_refuses(given: dict[str, Any], says: str) -> None:
    """Nobody is impersonated in part, and nothing is smuggled into a header."""
    with pytest.raises(ConfigError, match=says):
        Impersonation(**given)


def test_user_agent_form() -> None:
    """The user agent has client-go's form: program, version, system and machine."""
    assert re.fullmatch(r"listwatch/\S+ \([a-z]+/\w+\) python/3\.\d+", default_user_agent())


def test_repr() -> None:
    """A configuration shows where it leads and whence it came, and hides what is secret."""
    tls = TLSConfig(ca_file=Path("/ca"), cert_data=b"hunter22", key_data=b"hunter23", server_name="n")
    config = Config(
        host="https://h",
        tls=tls,
        credentials=StaticToken("hunter24"),
        proxy_url="http://me:hunter25@p:3128",
        impersonate=Impersonation(user="bob"),
        source="a test",
    )
    shown = repr(config)
    for part in ("https://h", "/ca", "<8 bytes>", "http://<hidden>@p:3128", "bob", "'n'", "a test"):
        assert part in shown
    assert "hunter" not in shown


def test_without_userinfo() -> None:
    """Only a user name and a password are hidden."""
    assert without_userinfo("http://p:1") == "http://p:1"
    assert without_userinfo("http://u@p:1") == "http://<hidden>@p:1"
