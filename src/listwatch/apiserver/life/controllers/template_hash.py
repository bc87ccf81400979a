"""The short names of pod templates and of stored revisions.

Rules: pure. The hash of a ControllerRevision is the real controllers', byte for byte. That of a pod template is the
       real function over another text: Go hashes its own print of the structure, we hash the template's JSON. So
       the alphabet, the length and what changes it are the same, the letters are not.
Source: kubernetes/pkg/controller/controller_utils.go (ComputeHash), history/controller_history.go
"""

from __future__ import annotations

import json
from typing import Any, Final

_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_OFFSET, _PRIME, _MASK = 2166136261, 16777619, 0xFFFFFFFF


def fnv1(data: bytes) -> int:
    """FNV-1, 32 bits."""
    value = _OFFSET
    for each in data:
        value = (value * _PRIME & _MASK) ^ each
    return value


def fnv1a(data: bytes) -> int:
    """FNV-1a, 32 bits."""
    value = _OFFSET
    for each in data:
        value = ((value ^ each) * _PRIME) & _MASK
    return value


def safe_encode(number: int) -> str:
    """The number's digits in letters that spell no words."""
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(number))


def go_json(value: Any) -> bytes:
    """As Go marshals a map: sorted keys, no spaces, `<`, `>` and `&` escaped."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()


def pod_template_hash(template: Any, collision_count: int | None) -> str:
    """What a ReplicaSet is named after: its template, and how often that name was taken already."""
    data = go_json(template)
    if collision_count is not None:
        data += collision_count.to_bytes(8, "little", signed=True)
    return safe_encode(fnv1a(data))


def revision_hash(data: Any, collision_count: int | None) -> str:
    """What a ControllerRevision is named after."""
    text = go_json(data)
    if collision_count is not None:
        text += str(collision_count).encode()
    return safe_encode(fnv1(text))
