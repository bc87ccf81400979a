"""Whether a rule, a selector or a list of conditions speaks of a write.

In:    parts of webhook configurations and admission policies; a write's `Attributes`
Out:   yes or no, and for matchPolicy Equivalent in which version
Next:  webhooks.py, policies.py
Rules: pure but for looking up a namespace's labels
Source: apiserver pkg/admission/plugin/webhook/predicates; Kubernetes docs, "Matching requests: rules"
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from listwatch.apimachinery.selector import SelectorError, label_selector_from_object
from listwatch.apiserver.kinds.conversion import from_storage, to_storage
from listwatch.apiserver.kinds.resources import Resource, ResourceRegistry
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs import views
from listwatch.apiserver.verbs.admitting import Attributes

JSONObject = dict[str, Any]
# Who guards the guards: a configuration that refuses its own repair would lock everybody out.
_EXEMPT: Final = frozenset(
    {
        "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
    }
)
_CONFIGURATIONS: Final = "admissionregistration.k8s.io"


def is_exempt(attributes: Attributes) -> bool:
    """Whether neither webhooks nor policies are asked about such objects."""
    return attributes.resource.group == _CONFIGURATIONS and attributes.resource.name in _EXEMPT


def rule_matches(rule: Mapping[str, Any], attributes: Attributes, resource: Resource) -> bool:
    """Whether a rule of operations, groups, versions, resources, scope and names speaks of a write.

    Args:
        resource: In the version that is compared; the write's own, or an equivalent one.
    """
    operations = rule.get("operations") or ["*"]
    scope = rule.get("scope") or "*"
    names = rule.get("resourceNames") or ()
    return (
        ("*" in operations or attributes.operation in operations)
        and _holds(rule.get("apiGroups"), resource.group)
        and _holds(rule.get("apiVersions"), resource.version)
        and (scope == "*" or (scope == "Namespaced") == bool(resource.namespaced))
        and _names_resource(rule.get("resources") or (), resource.name, attributes.subresource)
        and (not names or attributes.name in names)
    )


def _holds(values: Iterable[str] | None, value: str) -> bool:
    listed = list(values or ())
    return "*" in listed or value in listed


def _names_resource(patterns: Iterable[str], resource: str, subresource: str) -> bool:
    for pattern in patterns:
        name, _, part = pattern.partition("/")
        if name in {"*", resource} and part in {subresource, "*"}:
            return True
    return False


class Matcher:
    """Matches writes against the selectors and rules of one server.

    Args:
        storage: For the labels of namespaces.
        registry: For equivalent resources.
    """

    def __init__(self, storage: Storage, registry: ResourceRegistry) -> None:
        self._storage = storage
        self._registry = registry

    def match(
        self,
        attributes: Attributes,
        rules: Iterable[Mapping[str, Any]],
        selectors: Mapping[str, Any],
        excluded: Iterable[Mapping[str, Any]] = (),
    ) -> Attributes | None:
        """The write as the matching rule wants to see it, or None if none speaks of it.

        Args:
            rules: At least one of which has to match.
            selectors: Holds `namespaceSelector`, `objectSelector` and `matchPolicy`, where given.
            excluded: None of which may match.
        """
        resource = attributes.resource
        if any(rule_matches(rule, attributes, resource) for rule in excluded):
            return None
        listed = list(rules)
        found = attributes if any(rule_matches(rule, attributes, resource) for rule in listed) else None
        if found is None and selectors.get("matchPolicy", "Equivalent") == "Equivalent":
            found = self._equivalent(attributes, listed)
        return found if found is not None and self._selected(attributes, selectors) else None

    def namespace(self, name: str) -> JSONObject | None:
        """A namespace's object, or None."""
        stored = self._storage.log.get("namespaces", name) if name else None
        return None if stored is None else {"apiVersion": "v1", "kind": "Namespace", **stored.object}

    def _equivalent(self, attributes: Attributes, rules: Iterable[Mapping[str, Any]]) -> Attributes | None:
        listed = list(rules)
        given = attributes.resource
        for group in self._registry.groups():
            for version in group.versions:
                for other in self._registry.in_version(group.name, version):
                    if other.storage != given.storage or other is given or not other.storage:
                        continue
                    if any(rule_matches(rule, attributes, other) for rule in listed):
                        return dataclasses.replace(
                            attributes,
                            resource=other,
                            value=_converted(attributes.value, given, other),
                            old=_converted(attributes.old, given, other),
                        )
        return None

    def _selected(self, attributes: Attributes, selectors: Mapping[str, Any]) -> bool:
        of_namespace, of_object = selectors.get("namespaceSelector"), selectors.get("objectSelector")
        if of_namespace and not self._namespace_selected(attributes, of_namespace):
            return False
        if not of_object:
            return True
        return any(
            value is not None and _selects(of_object, value) for value in (attributes.value, attributes.old)
        )

    def _namespace_selected(self, attributes: Attributes, selector: Mapping[str, Any]) -> bool:
        if attributes.resource.storage == "namespaces":
            value = attributes.value or attributes.old
            return value is not None and _selects(selector, value)
        if not attributes.resource.namespaced:
            return True
        namespace = self.namespace(attributes.namespace)
        return namespace is not None and _selects(selector, namespace)


def _converted(value: JSONObject | None, given: Resource, other: Resource) -> JSONObject | None:
    if value is None:
        return None
    bare = {name: part for name, part in value.items() if name not in {"kind", "apiVersion"}}
    return views.typed(other, from_storage(other, to_storage(given, bare)))


def _selects(selector: Mapping[str, Any], value: JSONObject) -> bool:
    try:
        return label_selector_from_object(selector).matches(value.get("metadata", {}).get("labels") or {})
    except SelectorError:
        return False
