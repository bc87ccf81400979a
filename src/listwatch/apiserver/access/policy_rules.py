"""Rules of roles as values: what one allows, whether some cover others, and how a message writes them.

In:    `rules` of Roles and ClusterRoles
Out:   `Rule`s; yes or no to `Attributes`; the rights that are missing
Next:  rbac.py finds the rules that apply to a user, escalation.py compares rules with rules
Rules: pure. A rule only ever adds rights. `*` is a wildcard where a rule has it, and an ordinary word in a question.
Source: kubernetes pkg/apis/rbac/v1/evaluation_helpers.go; component-helpers auth/rbac/validation
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from listwatch.apiserver.access.attributes import Attributes

ALL: Final = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a role (`rbac.authorization.k8s.io/v1` PolicyRule): for resources, or for paths.

    Attributes:
        resource_names: Empty for all names. A rule with names allows nothing that has no name.
        paths: `nonResourceURLs`; a trailing `*` stands for the rest.
    """

    verbs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @classmethod
    def of(cls, rule: Mapping[str, Any]) -> Rule:
        """A rule as a role has it; whatever it does not say is empty."""
        return cls(
            verbs=_words(rule.get("verbs")),
            groups=_words(rule.get("apiGroups")),
            resources=_words(rule.get("resources")),
            resource_names=_words(rule.get("resourceNames")),
            paths=_words(rule.get("nonResourceURLs")),
        )

    def allows(self, wanted: Attributes) -> bool:
        """Whether the rule alone allows what is wanted."""
        if not (ALL in self.verbs or wanted.verb in self.verbs):
            return False
        if not wanted.resource:
            return any(_path_covers(path, wanted.path) for path in self.paths)
        return (
            (ALL in self.groups or wanted.group in self.groups)
            and self._allows_resource(wanted)
            and (not self.resource_names or wanted.name in self.resource_names)
        )

    def _allows_resource(self, wanted: Attributes) -> bool:
        if ALL in self.resources or wanted.combined in self.resources:
            return True
        return bool(wanted.subresource) and f"*/{wanted.subresource}" in self.resources

    def covers(self, other: Rule) -> bool:
        """Whether everything that `other` allows, this one allows too."""
        return (
            _has_all(self.verbs, other.verbs)
            and _has_all(self.groups, other.groups)
            and _resources_cover(self.resources, other.resources)
            and self._covers_names(other)
            and all(any(_path_covers(own, path) for own in self.paths) for path in other.paths)
        )

    def _covers_names(self, other: Rule) -> bool:
        if not self.resource_names:
            return True
        return bool(other.resource_names) and set(self.resource_names).issuperset(other.resource_names)

    def atoms(self) -> Iterator[Rule]:
        """The rule taken apart: one verb on one thing each."""
        for group in self.groups:
            for resource in self.resources:
                for verb in self.verbs:
                    for name in self.resource_names or ("",):
                        names = (name,) if name else ()
                        yield Rule((verb,), (group,), (resource,), names)
        for path in self.paths:
            for verb in self.verbs:
                yield Rule((verb,), paths=(path,))

    def document(self) -> dict[str, Any]:
        """As the API has it, with `verbs` first; what is empty is left out."""
        told = {
            "verbs": self.verbs,
            "apiGroups": self.groups,
            "resources": self.resources,
            "resourceNames": self.resource_names,
            "nonResourceURLs": self.paths,
        }
        return {name: list(words) for name, words in told.items() if words}

    def __str__(self) -> str:
        told = {
            "APIGroups": self.groups,
            "Resources": self.resources,
            "NonResourceURLs": self.paths,
            "ResourceNames": self.resource_names,
            "Verbs": self.verbs,
        }
        return "{" + ", ".join(f"{name}:{quoted(words)}" for name, words in told.items() if words) + "}"


def rules_of(role: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules of a Role or ClusterRole."""
    return tuple(Rule.of(rule) for rule in role.get("rules") or () if isinstance(rule, dict))


def quoted(words: Iterable[str]) -> str:
    """As Go prints a list of strings: `["a" "b"]`."""
    return "[" + " ".join(f'"{word}"' for word in words) + "]"


def missing_rights(owned: Sequence[Rule], wanted: Iterable[Rule]) -> list[Rule]:
    """The parts of `wanted`, one verb on one thing each, that no single rule of `owned` covers."""
    return [atom for rule in wanted for atom in rule.atoms() if not any(own.covers(atom) for own in owned)]


def compact(rules: Iterable[Rule]) -> list[Rule]:
    """The same rights in fewer rules: those for one resource become one with all their verbs.

    Rules for several resources, names or for paths stay as they are and come first.
    """
    simple: dict[Rule, list[str]] = {}
    others: list[Rule] = []
    for rule in rules:
        if len(rule.groups) == len(rule.resources) == 1 and len(rule.resource_names) <= 1 and not rule.paths:
            verbs = simple.setdefault(replace(rule, verbs=()), [])
            verbs.extend(verb for verb in rule.verbs if verb not in verbs)
        else:
            others.append(rule)
    return others + [replace(rule, verbs=tuple(verbs)) for rule, verbs in simple.items()]


def _words(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _has_all(owned: Sequence[str], wanted: Sequence[str]) -> bool:
    return ALL in owned or set(owned).issuperset(wanted)


def _resources_cover(owned: Sequence[str], wanted: Sequence[str]) -> bool:
    if _has_all(owned, wanted):
        return True
    return all(each in owned or ("/" in each and f"*/{each.partition('/')[2]}" in owned) for each in wanted)


def _path_covers(own: str, path: str) -> bool:
    return own in {ALL, path} or (own.endswith(ALL) and path.startswith(own.rstrip(ALL)))
