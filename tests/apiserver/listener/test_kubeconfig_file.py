"""Writing kubeconfigs: what is ours is replaced, what is others' stays."""

import os
import stat
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
import yaml

from listwatch.apimachinery.errors import ConfigError
from listwatch.apiserver.listener.certificates import KeyPair
from listwatch.apiserver.listener.kubeconfig_file import kubeconfig, remove_kubeconfig, write_kubeconfig

OURS = kubeconfig(server="https://127.0.0.1:6443", ca_pem=b"CA", token="secret-token")

FOREIGN: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "prod", "cluster": {"server": "https://prod.test", "extensions": [{"name": "x"}]}}],
    "users": [
        {"name": "me", "user": {"exec": {"apiVersion": "v1", "command": "get-token", "args": ["--é"]}}}
    ],
    "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "me", "namespace": "web"}}],
    "current-context": "prod",
    "preferences": {"colors": True},
    "extensions": [{"name": "kept", "extension": {"a": 1}}],
}


def load(path: Path) -> Any:
    """The file as a YAML reader sees it."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def named(config: Any, section: str) -> list[str]:
    """The names of a section's entries, in their order."""
    return [each["name"] for each in config[section]]


def test_token_user() -> None:
    """A kubeconfig with a token holds the server, whom to trust and the token, and is complete."""
    assert OURS["clusters"] == [
        {
            "name": "listwatch",
            "cluster": {"server": "https://127.0.0.1:6443", "certificate-authority-data": "Q0E="},
        }
    ]
    assert OURS["users"] == [{"name": "listwatch", "user": {"token": "secret-token"}}]
    assert OURS["contexts"] == [
        {"name": "listwatch", "context": {"cluster": "listwatch", "user": "listwatch"}}
    ]
    assert (OURS["apiVersion"], OURS["kind"], OURS["current-context"]) == ("v1", "Config", "listwatch")


def test_certificate_user_and_namespace() -> None:
    """A client certificate stands as data, a namespace in the context, and plain HTTP needs no authority."""
    config = kubeconfig(server="http://h:1", client=KeyPair(b"CERT", b"KEY"), namespace="web")
    user = config["users"][0]["user"]
    assert {key: b64decode(value) for key, value in user.items()} == {
        "client-certificate-data": b"CERT",
        "client-key-data": b"KEY",
    }
    assert config["contexts"][0]["context"]["namespace"] == "web"
    assert config["clusters"][0]["cluster"] == {"server": "http://h:1"}


def test_new_file_is_private_and_complete(tmp_path: Path) -> None:
    """A missing file is made with its folders, for its owner only, and reads back as it was given."""
    path = tmp_path / "a" / "b" / "config"
    assert write_kubeconfig(path, OURS) == path
    assert load(path) == OURS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["config"]


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "{}\n"])
def test_empty_file_is_filled(tmp_path: Path, content: str) -> None:
    """A file without content is as good as none."""
    path = tmp_path / "config"
    path.write_text(content)
    write_kubeconfig(path, OURS)
    assert {key: load(path)[key] for key in ("clusters", "users", "contexts", "current-context")} == {
        key: OURS[key] for key in ("clusters", "users", "contexts", "current-context")
    }


def test_foreign_entries_stay(tmp_path: Path) -> None:
    """Others' clusters, users, contexts and settings stay as they are; the current context becomes ours."""
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(FOREIGN))
    path.chmod(0o644)
    write_kubeconfig(path, OURS)
    merged = load(path)
    for section in ("clusters", "users", "contexts"):
        assert merged[section] == FOREIGN[section] + OURS[section]
    assert merged["current-context"] == "listwatch"
    assert (merged["preferences"], merged["extensions"]) == (FOREIGN["preferences"], FOREIGN["extensions"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_writing_again_replaces_our_entries(tmp_path: Path) -> None:
    """The second cluster takes the first one's place; nothing of the first is left."""
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(FOREIGN))
    write_kubeconfig(path, OURS)
    second = kubeconfig(server="https://127.0.0.1:7777", client=KeyPair(b"C", b"K"))
    write_kubeconfig(path, second)
    merged = load(path)
    for section in ("clusters", "users", "contexts"):
        assert merged[section] == FOREIGN[section] + second[section]
    assert "secret-token" not in path.read_text()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("token: [secret-token", "is not YAML"),
        ("\x00", "is not YAML"),
        ("- a\n", "is not a kubeconfig"),
        ("hello", "is not a kubeconfig"),
        ("kind: Pod\n", "is not a kubeconfig"),
        ("clusters: {a: b}\n", "clusters is not a list"),
        ("users: [a]\n", "users is not a list"),
    ],
)
@pytest.mark.parametrize("is_writing", [True, False])
def test_what_is_not_a_kubeconfig_is_left_alone(
    tmp_path: Path, content: str, expected: str, is_writing: bool
) -> None:
    """A file we do not understand is neither overwritten nor quoted, and no lock stays behind."""
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(ConfigError, match=expected) as caught:
        write_kubeconfig(path, OURS) if is_writing else remove_kubeconfig(path)
    assert str(path) in str(caught.value)
    assert "secret" not in str(caught.value)
    assert path.read_text() == content
    assert [each.name for each in tmp_path.iterdir()] == ["config"]


def test_binary_file_is_left_alone(tmp_path: Path) -> None:
    """Bytes that are no text are no kubeconfig either."""
    path = tmp_path / "config"
    path.write_bytes(b"\xfa\x80\x81")
    with pytest.raises(ConfigError, match="is not YAML"):
        write_kubeconfig(path, OURS)
    assert path.read_bytes() == b"\xfa\x80\x81"


def test_a_locked_file_is_left_alone(tmp_path: Path) -> None:
    """While kubectl holds its lock, nothing is changed, and the error says what to do if the lock is
    stale.
    """
    path = tmp_path / "config"
    lock = tmp_path / "config.lock"
    lock.touch()
    with pytest.raises(ConfigError, match=r"another program.*config\.lock"):
        write_kubeconfig(path, OURS)
    assert lock.exists()
    assert not path.exists()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What a symbolic link points to is changed, not the link."""
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "config", tmp_path / "config"
    target.write_text(yaml.safe_dump(FOREIGN))
    link.symlink_to(target)
    write_kubeconfig(link, OURS)
    assert link.is_symlink()
    assert named(load(target), "contexts") == ["prod", "listwatch"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_is_a_config_error(tmp_path: Path) -> None:
    """The error names the file and the reason."""
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match=r"cannot write the kubeconfig .*config: Permission denied"):
        write_kubeconfig(tmp_path / "config", OURS)


def test_a_folder_in_the_way_is_a_config_error(tmp_path: Path) -> None:
    """A path that cannot be a file is refused by name."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot write the kubeconfig"):
        write_kubeconfig(tmp_path / "file" / "config", OURS)
    with pytest.raises(ConfigError, match="Is a directory"):
        write_kubeconfig(tmp_path, OURS)


def test_removing_gives_back_what_was_there(tmp_path: Path) -> None:
    """Only our entries go; a current context that was ours is emptied, another stays."""
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(FOREIGN))
    write_kubeconfig(path, OURS)
    remove_kubeconfig(path)
    assert load(path) == FOREIGN | {"current-context": ""}
    path.write_text(yaml.safe_dump(FOREIGN))
    remove_kubeconfig(path)
    assert load(path) == FOREIGN


def test_removing_the_last_entries_removes_the_file(tmp_path: Path) -> None:
    """A file that held nothing but ours disappears, and removing again is no error."""
    path = tmp_path / "config"
    write_kubeconfig(path, OURS)
    remove_kubeconfig(path)
    assert list(tmp_path.iterdir()) == []
    remove_kubeconfig(path)


def test_home_directory_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path may begin with a tilde, as people write it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert write_kubeconfig("~/config", OURS) == tmp_path / "config"
    assert load(tmp_path / "config") == OURS
