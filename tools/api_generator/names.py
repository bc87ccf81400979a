"""The wire's names in Python's spelling, and when the codec can find the way back by itself.

Rules: pure; two names of one schema never become the same (schema.py checks)
"""

from __future__ import annotations

import keyword
import re

# Words of a camelCase name: a plural of an abbreviation (IPs, URLs), an abbreviation (CPU), or a plain word (V3).
_WORDS = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z0-9])|[A-Z]?[a-z0-9]+")

# Names that a class body needs for itself: its annotations and defaults would find the field instead.
_TYPES = frozenset(
    {"Any", "bool", "bytes", "datetime", "dict", "field", "float", "int", "list", "section", "str"}
)


def snake(wire_name: str) -> str:
    """`clusterIPs` as `cluster_ips`, `from` as `from_`, `x-kubernetes-list-type` as `x_kubernetes_list_type`."""
    parts = re.split(r"[^A-Za-z0-9]+", wire_name.lstrip("$"))
    name = "_".join(word.lower() for part in parts for word in _WORDS.findall(part))
    return f"{name}_" if keyword.iskeyword(name) or name in _TYPES else name


def camel(name: str) -> str:
    """What msgspec's `rename="camel"` makes of a Python name."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def module_name(package: str) -> str:
    """The module for a Go package (`io.k8s.api.rbac.v1`) or an API group (`rbac.authorization.k8s.io/v1`)."""
    if "/" in package:
        group, version = package.split("/")
        return f"{group.split('.')[0] or 'core'}_{version}"
    group, version = package.split(".")[-2:]
    return f"{group}_{version}"
