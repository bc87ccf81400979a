"""Questions to the cache, asked as one asks the server.

In:    name, namespace, selectors                (from handlers, controllers, any thread)
Out:   copies of the cached objects that match   (from indexer.py)
Rules: pure; answers are as old as the cache is; an index is used wherever one fits, the result is the same without
Source: client-go tools/cache listers.go, GenericLister and GenericNamespaceLister; differs: field selectors and indices
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Generic

from listwatch.apimachinery.errors import NotFound, Status, StatusDetails
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.selector import (
    FieldRequirement,
    FieldSelector,
    LabelSelector,
    parse_field_selector,
    parse_label_selector,
)
from listwatch.apimachinery.selector import field_selector as fields_of
from listwatch.apimachinery.selector import label_selector as labels_of
from listwatch.shared_informer.field_match import field_matcher, path_of_field
from listwatch.shared_informer.field_path import FieldPath, index_by_field
from listwatch.shared_informer.indexer import Indexer

_NO_INDEX: Final[Mapping[str, str]] = MappingProxyType({})
_EQUAL: Final = frozenset({"=", "==", "in"})
_NAME: Final = index_by_field("metadata.name")
_NAMESPACE: Final = index_by_field("metadata.namespace")
_parsed_labels = lru_cache(maxsize=256)(parse_label_selector)
_parsed_fields = lru_cache(maxsize=256)(parse_field_selector)


class Lister(Generic[AnyObject]):
    """Reads a cache by name, namespace, selectors and indices.

        pods = Lister(indexer, resource=Pod.resource)
        pods.get("web", namespace="default")
        pods.list(label_selector="app=web,tier!=canary", field_selector="spec.nodeName=node-1")
        pods.namespace("default").list(index={"node": "node-1"})

    Objects are the caller's own. Their order is not promised. Two calls may see two states of the cache.

    An index made by `index_by_field` is used for a field selector with the same path, for `metadata.labels['…']`
    also for a label selector, and one by `metadata.namespace` for a namespace; without one the cache is walked,
    reading no more of each object than is asked about.

    Threads: from any, at any time.

    Args:
        indexer: The cache.
        resource: What is in it: whether it has namespaces, and what it is called when it is not found.
    """

    def __init__(self, indexer: Indexer[AnyObject], *, resource: Resource) -> None:
        self._indexer = indexer
        self._resource = resource

    def get(self, name: str, *, namespace: str = "") -> AnyObject:
        """The object of that name.

        Raises:
            NotFound: It is not in the cache: the same class, reason and message as from the server.
            ValueError: A namespace is missing, or is given for a kind that has none.
        """
        resource = self._resource
        self._check_namespace(namespace)
        if resource.namespaced and not namespace:
            raise ValueError(f"{resource.plural} live in namespaces: to name one, say in which")
        found = self._indexer.get(ObjectKey(namespace, name))
        if found is None:
            raise _not_found(resource, name, namespace)
        return found

    def list(
        self,
        *,
        namespace: str = "",
        label_selector: str | Mapping[str, str] | LabelSelector = "",
        field_selector: str | Mapping[str, str] | FieldSelector = "",
        index: Mapping[str, str] = _NO_INDEX,
    ) -> builtins.list[AnyObject]:
        """The objects that meet all that is said.

        Args:
            namespace: Only objects in it; empty for all.
            label_selector: As for the server, or the labels that must be there.
            field_selector: As for the server, over any `FieldPath` (see field_match.py), or the values that must be
                there. Not only the fields that the server supports.
            index: Values that objects must have in indices of the cache, by the index's name.

        Raises:
            SelectorError: A selector is none.
            FieldPathError: A field selector's field is no path.
            UnknownIndexError: There is no such index.
            ValueError: A namespace, for a kind that has none.

        Cost: O(objects in the smallest fitting index), else O(objects in the cache). A selector that contradicts
        itself costs nothing.
        """
        self._check_namespace(namespace)
        labels = _labels(label_selector)
        fields = _fields(field_selector)
        question = _Question(namespace, labels, fields)
        if question.is_contradiction:
            return []
        walked = {name: frozenset((value,)) for name, value in index.items()}
        if not walked and (key := question.key(namespaced=self._resource.namespaced)) is not None:
            found = self._indexer.get(key)
            return [found] if found is not None and question.matcher(frozenset())(found) else []
        answered: set[FieldPath] = set()
        for name, function in self._indexer.indices.items():
            if name in walked or not isinstance(function, FieldPath):
                continue
            if (values := question.values_at(function)) is not None:
                walked[name] = values
                answered.add(function)
        return self._indexer.select(question.matcher(answered), index=walked)

    def namespace(self, namespace: str) -> NamespaceLister[AnyObject]:
        """The same for one namespace.

        Raises:
            ValueError: The namespace is empty, or the kind has none.
        """
        if not namespace:
            raise ValueError("no namespace is named: use the lister itself to read all of them")
        self._check_namespace(namespace)
        return NamespaceLister(self, namespace)

    def _check_namespace(self, namespace: str) -> None:
        if namespace and not self._resource.namespaced:
            raise ValueError(f"{self._resource.plural} are not namespaced: leave namespace={namespace!r} out")


class NamespaceLister(Generic[AnyObject]):
    """A `Lister` that sees one namespace only."""

    def __init__(self, lister: Lister[AnyObject], namespace: str) -> None:
        self._lister = lister
        self._namespace = namespace

    def get(self, name: str) -> AnyObject:
        """As `Lister.get`."""
        return self._lister.get(name, namespace=self._namespace)

    def list(
        self,
        *,
        label_selector: str | Mapping[str, str] | LabelSelector = "",
        field_selector: str | Mapping[str, str] | FieldSelector = "",
        index: Mapping[str, str] = _NO_INDEX,
    ) -> builtins.list[AnyObject]:
        """As `Lister.list`."""
        return self._lister.list(
            namespace=self._namespace,
            label_selector=label_selector,
            field_selector=field_selector,
            index=index,
        )


class _Question:
    """A namespace and two selectors, taken apart into what an index can answer and what is left to look at."""

    def __init__(self, namespace: str, labels: LabelSelector, fields: FieldSelector) -> None:
        self._labels = labels
        self._label_values: dict[str, frozenset[str]] = {}
        for label in labels.requirements:
            if label.operator in _EQUAL:
                values = frozenset(label.values)
                self._label_values[label.key] = self._label_values.get(label.key, values) & values
        self._field_values: dict[FieldPath, frozenset[str]] = {}
        self._others: list[FieldRequirement] = []
        if namespace:
            self._field_values[_NAMESPACE] = frozenset((namespace,))
        for field in fields.requirements:
            path = path_of_field(field.field)
            if path is None or field.operator != "=":
                self._others.append(field)
            else:
                self._field_values[path] = self._field_values.get(path, frozenset()) | {field.value}

    @property
    def is_contradiction(self) -> bool:
        """Whether no object can match, whatever it is."""
        return (
            self._labels.nothing
            or not all(self._label_values.values())
            or any(path.is_single and len(values) > 1 for path, values in self._field_values.items())
        )

    def key(self, *, namespaced: bool) -> ObjectKey | None:
        """The one key that can match, if name and namespace are both said."""
        if _NAME not in self._field_values or (namespaced and _NAMESPACE not in self._field_values):
            return None
        (name,) = self._field_values[_NAME]
        (namespace,) = self._field_values.get(_NAMESPACE, ("",))
        return ObjectKey(namespace, name)

    def values_at(self, path: FieldPath) -> frozenset[str] | None:
        """The values of which an object must have one at `path`, in order to match; None if it need not."""
        values = self._field_values.get(path)
        if values is None and path.label_key:
            values = self._label_values.get(path.label_key)
        return values

    def matcher(self, answered: AbstractSet[FieldPath]) -> Callable[[Object], bool]:
        """What is left to look at once the indices of the paths that are `answered` have been asked."""
        open_fields = [
            FieldRequirement(path.text, "=", value)
            for path, values in self._field_values.items()
            if path not in answered or len(values) > 1
            for value in values
        ]
        labels = None if self._labels.is_empty else self._labels
        rest = [*open_fields, *self._others]
        match_fields = field_matcher(FieldSelector(tuple(rest))) if rest else None

        def matches(obj: Object) -> bool:
            return (labels is None or labels.matches(obj.labels)) and (
                match_fields is None or match_fields(obj)
            )

        return matches


def _labels(selector: str | Mapping[str, str] | LabelSelector) -> LabelSelector:
    if isinstance(selector, LabelSelector):
        return selector
    return _parsed_labels(selector) if isinstance(selector, str) else labels_of(selector)


def _fields(selector: str | Mapping[str, str] | FieldSelector) -> FieldSelector:
    if isinstance(selector, FieldSelector):
        return selector
    return _parsed_fields(selector) if isinstance(selector, str) else fields_of(selector)


def _not_found(resource: Resource, name: str, namespace: str) -> NotFound:
    plural = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
    status = Status(
        kind="Status",
        api_version="v1",
        status="Failure",
        reason=NotFound.reason,
        code=404,
        message=f'{plural} "{name}" not found',
        details=StatusDetails(name=name, group=resource.group or None, kind=resource.plural),
    )
    return NotFound(status, doing=f"cache, namespace {namespace}" if namespace else "cache")
