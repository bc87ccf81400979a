"""Several kubeconfigs as one, and the context that is chosen in it.

In:    each file's content as `Fields`, in order (from client/kubeconfig.py)
Out:   a `Chosen`: the entries of one cluster and one user (to client/kubeconfig_build.py)
Next:  client/kubeconfig_build.py
Rules: pure; the first file that has a name wins its whole entry; an unknown name is told with the known ones
Source: client-go clientcmd.ClientConfigLoadingRules.Load, DirectClientConfig.ConfirmUsable
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from listwatch.client.config import config_error
from listwatch.client.kubeconfig_fields import Fields, kind_of

_NAMES_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A cluster, user or context, and the file that says it."""

    file: Path
    fields: Fields


@dataclass(slots=True)
class Merged:
    """All files as one: each name with the file that said it first."""

    files: list[Path] = field(default_factory=list)
    clusters: dict[str, Entry] = field(default_factory=dict)
    users: dict[str, Entry] = field(default_factory=dict)
    contexts: dict[str, Entry] = field(default_factory=dict)
    current_context: str = ""
    current_context_file: Path | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Nothing is said in any of the files, or there are none."""
        return not (self.clusters or self.users or self.contexts or self.current_context)

    @property
    def where(self) -> str:
        """The files, for a message."""
        return ", ".join(str(file) for file in self.files)


def merge_document(merged: Merged, fields: Fields, path: Path) -> None:
    """Add a file's content after those before it; what is wrong with it goes to `merged.problems`."""
    for name, wanted in (("kind", "Config"), ("apiVersion", "v1")):
        if fields.text(name) not in ("", wanted):
            fields.add(name, f"must be {wanted!r}; this is no kubeconfig")
    for plural, singular, into in (
        ("clusters", "cluster", merged.clusters),
        ("users", "user", merged.users),
        ("contexts", "context", merged.contexts),
    ):
        here: dict[str, str] = {}
        for item in fields.entries(plural):
            name = item.text("name")
            if not name:
                if item.raw("name") in (None, ""):
                    item.add("name", "is missing")
                continue
            if name in here:
                fields.add(
                    plural,
                    f"the name {name!r} is there twice: {here[name]} and {item.where.rpartition(': ')[2]}",
                )
                continue
            here[name] = item.where.rpartition(": ")[2]
            body = item.raw(singular)
            if body is not None and not isinstance(body, dict):
                item.add(singular, f"is {kind_of(body)} where a map belongs")
                continue
            where = f"{path}: {plural}[{json.dumps(name, ensure_ascii=False)}]"
            into.setdefault(name, Entry(path, Fields(body or {}, where=where, problems=merged.problems)))
    current = fields.text("current-context")
    if current and not merged.current_context:
        merged.current_context, merged.current_context_file = current, path


@dataclass(frozen=True, slots=True)
class Chosen:
    """The entries to build a configuration from. `source` tells people which they are."""

    source: str
    cluster: Entry
    user: Entry | None
    namespace: str


def choose(merged: Merged, *, context: str | None, cluster: str | None, user: str | None) -> Chosen:
    """Which context, cluster and user.

    Raises:
        ConfigError: One of them is unknown or not named; the known names are listed.
    """
    problems: list[str] = []
    name = context or merged.current_context
    entry = merged.contexts.get(name) if name else None
    if name and entry is None:
        where = "context" if context else f"{merged.current_context_file}: current-context"
        problems.append(f"{where}: {_unknown('context', name, merged.contexts, merged)}")
    elif not name and not cluster:
        problems.append(
            f"{merged.where}: current-context: no context is chosen; {_known(merged.contexts)}. "
            "Name one, or set it with `kubectl config use-context`"
        )
    fields = entry.fields if entry is not None else None
    source = (
        f"context {name!r} of {entry.file}" if entry is not None else f"cluster {cluster!r} of {merged.where}"
    )
    found_cluster = _pick("cluster", cluster, fields, merged.clusters, merged, problems)
    found_user = _pick("user", user, fields, merged.users, merged, problems)
    namespace = fields.text("namespace") if fields is not None else ""
    problems += merged.problems
    if problems or found_cluster is None:
        raise config_error(problems or [f"{merged.where}: no cluster is chosen; {_known(merged.clusters)}"])
    return Chosen(source, found_cluster, found_user, namespace)


def _pick(
    kind: str,
    override: str | None,
    context: Fields | None,
    known: Mapping[str, Entry],
    merged: Merged,
    problems: list[str],
) -> Entry | None:
    """The cluster or user that the argument names, else the context."""
    name, where = override, kind
    if not name and context is not None:
        name, where = context.text(kind), context.at(kind)
        if not name and kind == "cluster":
            problems.append(f"{where}: is missing; {_known(known)}")
    if not name:
        return None
    if name not in known:
        problems.append(f"{where}: {_unknown(kind, name, known, merged)}")
    return known.get(name)


def _unknown(kind: str, name: str, known: Mapping[str, Entry], merged: Merged) -> str:
    return f"there is no {kind} {name!r} in {merged.where}; {_known(known)}"


def _known(entries: Mapping[str, Entry]) -> str:
    if not entries:
        return "there are none"
    more = f" and {len(entries) - _NAMES_SHOWN} more" if len(entries) > _NAMES_SHOWN else ""
    return f"there are: {', '.join(repr(name) for name in list(entries)[:_NAMES_SHOWN])}{more}"
