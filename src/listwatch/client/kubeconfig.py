"""From kubeconfig files to one `Config`: which files, which context, and what to say if it cannot be done.

In:    paths, environment variables, the names of a context, cluster and user
Out:   a `Config`
Next:  client/kubeconfig_merge.py, client/kubeconfig_build.py
Rules: the one door for YAML; the first file that has a name wins its whole entry; only an absent or empty
       configuration falls back to the pod's own; all problems are told at once
Source: client-go clientcmd.ClientConfigLoadingRules, DirectClientConfig, DeferredLoadingClientConfig; differs: an
       entry that is not chosen is not judged, and an empty file that was asked for by name is an error
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import ConfigError
from listwatch.client.config import Config, config_error
from listwatch.client.credentials import reason
from listwatch.client.in_cluster import SERVICE_ACCOUNT_ROOT, in_cluster_config, why_not_in_cluster
from listwatch.client.kubeconfig_build import build_config
from listwatch.client.kubeconfig_fields import Fields, kind_of
from listwatch.client.kubeconfig_merge import Merged, choose, merge_document

logger = logging.getLogger(__name__)

_FILE_MAX_BYTES: Final = 16 * 1024 * 1024
# Aliases let a small file stand for an enormous one; no honest kubeconfig comes near.
_NODES_MAX: Final = 1_000_000


def load_config(
    *,
    kubeconfig: str | os.PathLike[str] | None = None,
    context: str | None = None,
    cluster: str | None = None,
    user: str | None = None,
    namespace: str | None = None,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
    in_cluster_root: Path = SERVICE_ACCOUNT_ROOT,
    clock: Clock | None = None,
    exec_timeout: float | None = None,
) -> Config:
    """The configuration that kubectl would use here.

    Looks, in this order, at: `kubeconfig`, alone; the files of KUBECONFIG, merged; ~/.kube/config; the pod's
    service account. Relative paths in a file are relative to that file. Files named by the chosen cluster and
    user are read now, so that what is wrong with them is told now. Blocks for that reading.

    Args:
        kubeconfig: A file that must exist. Nothing else is looked at.
        context: Instead of the file's current-context.
        cluster: Instead of the context's cluster.
        user: Instead of the context's user.
        namespace: Instead of the context's namespace.
        environ: Environment variables, also for exec plugins; None for this process's.
        home: The folder that holds `.kube`; None for HOME.
        in_cluster_root: Where a pod's service account is mounted.
        clock: Tells when tokens and credentials are to be renewed.
        exec_timeout: Seconds that an exec plugin may take; None for its defaults.

    Raises:
        ConfigError: There is no configuration (all that was tried is named), or it cannot be used. Every
            problem names the file, the entry and the field.
    """
    variables = os.environ if environ is None else environ
    tried: list[str] = []
    merged = _find_files(kubeconfig, environ=variables, home=home, tried=tried)
    if merged.is_empty:
        if kubeconfig is None and not (context or cluster or user):
            problem = why_not_in_cluster(environ=variables, root=in_cluster_root)
            if problem is None:
                return in_cluster_config(
                    environ=variables, root=in_cluster_root, namespace=namespace, clock=clock
                )
            tried.append(f"the service account of a pod: {problem}")
        elif kubeconfig is None:
            tried.append(
                "the service account of a pod: not looked at, because a context, cluster or user is named"
            )
        lines = "\n".join(f"- {each}" for each in tried)
        raise ConfigError(
            f"no Kubernetes configuration was found. Tried:\n{lines}\n"
            "Name a kubeconfig file, set KUBECONFIG, or run in a pod."
        )
    chosen = choose(merged, context=context, cluster=cluster, user=user)
    return build_config(
        chosen,
        problems=merged.problems,
        namespace=namespace,
        environ=environ,
        clock=clock,
        exec_timeout=exec_timeout,
    )


def _find_files(
    kubeconfig: str | os.PathLike[str] | None,
    *,
    environ: Mapping[str, str],
    home: Path | None,
    tried: list[str],
) -> Merged:
    """Read what there is; `tried` tells what was looked at."""
    merged = Merged()
    if kubeconfig is not None:
        path = Path(kubeconfig).absolute()
        if not _merge_file(merged, path):
            raise ConfigError(f"kubeconfig {path}: no such file or directory")
        tried.append(f"{path}, the file asked for: is empty")
    elif listed := [each for each in environ.get("KUBECONFIG", "").split(os.pathsep) if each]:
        for path in dict.fromkeys(Path(each).absolute() for each in listed):
            found = _merge_file(merged, path)
            tried.append(f"{path}, from KUBECONFIG: {'is empty' if found else 'no such file or directory'}")
        if not merged.files:
            logger.warning("none of the files that KUBECONFIG names exists: %s", ", ".join(listed))
    else:
        tried.append("KUBECONFIG: is not set")
        folder = home or _home(environ)
        if folder is None:
            tried.append("~/.kube/config: there is no home directory")
        else:
            path = (folder / ".kube" / "config").absolute()
            found = _merge_file(merged, path)
            tried.append(f"{path}: {'is empty' if found else 'no such file or directory'}")
    if merged.problems:
        raise config_error(merged.problems)
    return merged


def _home(environ: Mapping[str, str]) -> Path | None:
    if named := environ.get("HOME"):
        return Path(named)
    try:
        return Path.home()
    except RuntimeError:
        # A user id without a passwd entry, as in many containers.
        return None


def _merge_file(merged: Merged, path: Path) -> bool:
    """Add a file after those before it. False if there is no such file; problems are noted in `merged`."""
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_MAX_BYTES + 1)
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "is not a path: it holds a NUL"
        merged.problems.append(f"kubeconfig {path!s}: {why}")
        return True
    merged.files.append(path)
    if len(content) > _FILE_MAX_BYTES:
        merged.problems.append(f"{path}: is larger than {_FILE_MAX_BYTES} bytes")
        return True
    try:
        document = _parse(content)
    except ValueError as error:
        merged.problems.append(f"{path}: {error}")
        return True
    if document is None:
        return True
    if not isinstance(document, dict):
        merged.problems.append(f"{path}: is {kind_of(document)}, but a kubeconfig is a map")
        return True
    merge_document(merged, Fields(document, where=str(path), problems=merged.problems, separator=": "), path)
    return True


class _Loader(yaml.SafeLoader):
    """Plain data only. What looks like a date stays text, as in Go's YAML."""


_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _parse(content: bytes) -> Any:
    """What the file says, as plain data.

    Raises:
        ValueError: It is not YAML, or not plain. The text quotes nothing: it could be a password.
    """
    if content.lstrip().startswith(b"{"):
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            # YAML in its flow style starts like JSON.
            pass
    loader = None
    try:
        loader = _Loader(content)
        node = loader.get_single_node()
        if node is None:
            return None
        _count_nodes(node, {})
        return loader.construct_document(node)
    except yaml.YAMLError as error:
        raise ValueError(_yaml_problem(error)) from None
    except RecursionError:
        raise ValueError("is not a kubeconfig: nested too deeply, or in itself") from None
    except (ValueError, LookupError, AttributeError, TypeError):
        # PyYAML's own constructors, given a tag such as !!int on something else.
        raise ValueError("is not valid YAML: a value does not fit its tag") from None
    finally:
        if loader is not None:
            loader.dispose()


def _count_nodes(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes there are with every alias written out; an alias inside itself never ends."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = _NODES_MAX + 1
    total = 1
    if isinstance(node, yaml.SequenceNode):
        total += sum(_count_nodes(each, known) for each in node.value)
    elif isinstance(node, yaml.MappingNode):
        total += sum(_count_nodes(key, known) + _count_nodes(value, known) for key, value in node.value)
    if total > _NODES_MAX:
        raise yaml.YAMLError("aliases that expand without bound")
    known[id(node)] = total
    return total


def _yaml_problem(error: yaml.YAMLError) -> str:
    """What and where, without the quotations that PyYAML adds."""
    if isinstance(error, yaml.reader.ReaderError):
        return "is not text: it holds bytes or characters that YAML forbids"
    if not isinstance(error, yaml.MarkedYAMLError):
        return f"is not a kubeconfig: it holds {error}"
    text = ", ".join(_unquoted(each) for each in (error.context, error.problem) if each)
    mark = error.problem_mark or error.context_mark
    where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
    return f"is not valid YAML: {text}{where}"


def _unquoted(text: str) -> str:
    """The part that PyYAML wrote itself: what it quotes may be a password (`*secret` is an alias, `!secret` a tag)."""
    is_token = re.search(r"'<[a-z ]+>'$", text)
    return text if is_token else re.split(r"['\"]", text)[0].strip()
