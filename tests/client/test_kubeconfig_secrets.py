"""Whatever is in a kubeconfig: it ends in a `Config` or a `ConfigError`, and nothing secret is seen."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from listwatch.apimachinery.errors import ConfigError
from listwatch.client.kubeconfig import load_config

# Long enough that it cannot turn up by chance, with the characters that formats trip over.
SECRET = st.text(st.sampled_from("abcXYZ019*&!%@#'\"\\<>:{}[],|-_~/+=. \n\té€"), min_size=0, max_size=12).map(
    lambda text: f"hunt{text}er22{text}Q"
)
BROKEN: st.SearchStrategy[Any] = st.sampled_from([None, 7, True, [], {}, ["x"], {"a": "b"}, "x"])


def load(content: bytes) -> tuple[str, bool]:
    """All that can be seen of loading this file: `repr`, errors with their causes, log lines."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("listwatch")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "config"
            path.write_bytes(content)
            try:
                config = load_config(kubeconfig=path, environ={}, home=Path(folder))
            except ConfigError as error:
                seen: BaseException | None = error
                while seen is not None:
                    stream.write(f"{seen} {seen!r} {seen.__dict__}\n")
                    seen = seen.__cause__
                return stream.getvalue(), False
            stream.write(f"{config} {config!r} {config.tls!r} {config.credentials!r}")
            if "ExecPlugin" in repr(config.credentials):
                try:
                    asyncio.run(config.credentials.authorization())
                except ConfigError as error:
                    stream.write(f"{error} {error!r} {error.__cause__!r}")
            return stream.getvalue(), True
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def seen_in(secret: str, text: str) -> bool:
    """Whether the secret, its escaped form or its base64 form is part of the text."""
    forms = {
        secret,
        secret.strip(),
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        base64.b64encode(secret.encode()).decode(),
    }
    return any(form in text for form in forms)


FIELDS = st.sampled_from(
    [
        "token",
        "password",
        "client-key-data",
        "client-certificate-data",
        "env",
        "args",
        "proxy-url",
        "server",
        "provider",
    ]
)


@given(secret=SECRET, where=FIELDS, breaks=st.booleans(), broken=BROKEN)
def test_secrets_are_not_seen(secret: str, where: str, breaks: bool, broken: Any) -> None:
    """No secret shows in `repr`, errors or logs, wherever it stands, whatever is wrong beside it."""
    user: dict[str, Any] = {}
    cluster: dict[str, Any] = {"server": "https://h"}
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "interactiveMode": "Never",
        "command": "no-such-plugin",
    }
    match where:
        case "password":
            user |= {"username": "me", "password": secret}
        case "env":
            user["exec"] = plugin | {"env": [{"name": "A", "value": secret}]}
        case "args":
            user["exec"] = plugin | {"args": ["--password", secret]}
        case "proxy-url":
            cluster["proxy-url"] = f"http://me:{secret}@proxy"
        case "server":
            cluster["server"] = f"https://me:{secret}@h"
        case "provider":
            user["auth-provider"] = {"name": "oidc", "config": {"id-token": secret}}
        case _:
            user[where] = secret
    if breaks:
        user["tokenFile"] = user["as"] = broken
        cluster["certificate-authority"] = broken
    document = {
        "current-context": "x",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }
    for content in (json.dumps(document), yaml.safe_dump(document, allow_unicode=True)):
        text, _ = load(content.encode())
        assert not seen_in(secret, text)


@given(secret=SECRET)
@example("*hunter22")
@example("!hunter22")
@example("!<hunter22>")
@example("&hunter22 [")
@example("!a'b\"hunter22")
@example("%hunter22")
@example('"\\hunter22"')
def test_secrets_are_not_seen_in_broken_yaml(secret: str) -> None:
    """A password written without the quotes that YAML wants is not repeated in the complaint."""
    text, _ = load(f"users:\n- name: u\n  user: {{token: {secret}\n".encode())
    assert "hunter22" not in text
    assert not seen_in(secret, text)


@given(
    content=st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_garbage(content: bytes) -> None:
    """Any bytes at all end in a ConfigError that names the file."""
    text, _ = load(content)
    assert "config" in text


WORDS = st.sampled_from(
    ["clusters", "users", "contexts", "current-context", "name", "cluster", "user", "context", "c", "u", "x", "server",
     "https://h", "exec", "command", "args", "env", "token", "tokenFile", "as", "as-user-extra", "extensions", "!!int",
     "!!binary", "!!set", "&a", "*a", "<<"]
)  # fmt: skip
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=20,
)


@given(document=PLAIN)
def test_any_structure(document: Any) -> None:
    """Any structure of the words of kubeconfigs ends in a `Config` or a ConfigError."""
    load(yaml.safe_dump(document).encode())


@given(entry=PLAIN, kind=st.sampled_from(["cluster", "user", "exec"]))
def test_any_entry(entry: Any, kind: str) -> None:
    """Any content of a chosen entry ends in a `Config` or a ConfigError."""
    document = {
        "current-context": "x",
        "clusters": [{"name": "c", "cluster": entry if kind == "cluster" else {"server": "https://h"}}],
        "users": [
            {"name": "u", "user": entry if kind == "user" else {"exec": entry} if kind == "exec" else {}}
        ],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }
    load(json.dumps(document).encode())


MARKS = st.sampled_from(
    ["!!int ", "!!bool ", "!!float ", "!!timestamp ", "!!binary ", "!x ", "&a ", "*a", "<<: ", "a: ", "- ", "[", "]",
     "{", "}", ",", "x", "''", "\n", " ", "|\n", "? ", "="]
)  # fmt: skip


@given(tokens=st.lists(MARKS, max_size=12))
def test_any_yaml(tokens: list[str]) -> None:
    """Any sequence of YAML's own marks ends in a ConfigError."""
    load("".join(tokens).encode())
