"""What a cluster was made with."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path

import pytest

from listwatch.apiserver.cluster_options import ClusterOptions
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.apiserver.storage.revision_log import RevisionLog


def test_every_argument_of_a_cluster_is_an_option() -> None:
    """Names and order are the same, so that a fork is made with all that its cluster was made with."""
    arguments = [name for name in inspect.signature(EmbeddedCluster).parameters if name != "self"]
    assert arguments == [field.name for field in fields(ClusterOptions)]


def test_a_directory_has_its_own_log(tmp_path: Path) -> None:
    """A log to begin with and a directory that may hold another are one too many."""
    with pytest.raises(ValueError, match="give one of the two"):
        EmbeddedCluster(data_dir=tmp_path, log=RevisionLog())


def test_options_do_not_tell_their_tokens() -> None:
    """What is printed of them holds no secret."""
    cluster = EmbeddedCluster(listen=False, token="a secret")
    assert "a secret" not in repr(vars(cluster)["_options"])
