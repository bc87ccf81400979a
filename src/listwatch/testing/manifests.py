"""Manifests in every form in which tests have them, as single objects.

In:    YAML text, a path, a mapping, or any number of these
Out:   mappings with `apiVersion` and `kind`, in order
Rules: lists (`kind: List`, `PodList`, …) are taken apart; empty documents are left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

JSONObject = dict[str, Any]
Manifests: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any] | Iterable[Manifests]"
_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def objects_of(manifests: Manifests) -> Iterator[JSONObject]:
    """The objects that manifests hold.

    Args:
        manifests: Text of one or several YAML documents; a path to a file, or to a folder whose `.yaml`, `.yml` and
            `.json` files are read in order of their names (a text that is one line and ends like one of these is
            taken for a path); a mapping; or an iterable of any of these.

    Raises:
        OSError: A file cannot be read.
        ValueError: Something is no Kubernetes object.
    """
    if isinstance(manifests, Mapping):
        yield from _taken_apart(manifests)
    elif isinstance(manifests, os.PathLike) or (isinstance(manifests, str) and _is_path(manifests)):
        yield from _in_path(Path(manifests))
    elif isinstance(manifests, str):
        yield from _in_text(manifests, "the manifest")
    else:
        for each in manifests:
            yield from objects_of(each)


def _is_path(text: str) -> bool:
    return "\n" not in text and Path(text).suffix in _SUFFIXES


def _in_path(path: Path) -> Iterator[JSONObject]:
    files = sorted(each for each in path.iterdir() if each.suffix in _SUFFIXES) if path.is_dir() else [path]
    for file in files:
        yield from _in_text(file.read_text(encoding="utf-8"), str(file))


def _in_text(text: str, where: str) -> Iterator[JSONObject]:
    try:
        documents = list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise ValueError(f"{where} is not YAML: {error}") from None
    for document in documents:
        if document is None:
            continue
        if not isinstance(document, Mapping):
            raise ValueError(  # noqa: TRY004 - it is the text that is wrong
                f"{where} holds {type(document).__name__}, not an object: {document!r:.80}"
            )
        yield from _taken_apart(document)


def _taken_apart(value: Mapping[str, Any]) -> Iterator[JSONObject]:
    kind = value.get("kind")
    if not kind or not value.get("apiVersion"):
        raise ValueError(f"no Kubernetes object, apiVersion or kind is missing: {dict(value)!r:.120}")
    if str(kind).endswith("List") and isinstance(value.get("items"), list):
        for item in value["items"]:
            yield from _taken_apart(
                {"apiVersion": value["apiVersion"], "kind": str(kind).removesuffix("List"), **item}
                if kind != "List"
                else item
            )
    else:
        yield dict(value)
