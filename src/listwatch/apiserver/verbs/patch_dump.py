"""How the server quotes an object that a patch has spoiled.

In:    the object before and after, and the patch
Out:   text
Next:  patching.py, in the message of a 422
Rules: pure. Objects that the patch goes into have their members sorted, all others are as Go's types have them; a
       strategic patch quotes itself instead, as Go prints maps.
Source: apiserver pkg/endpoints/handlers/patch.go and the patch libraries that it uses; a recorded answer
"""

from __future__ import annotations

import json
from typing import Any

from listwatch.apiserver.apply.type_check import go_value
from listwatch.apiserver.wire.go_order import in_go_order, root_members
from listwatch.apiserver.wire.protobuf_shapes import Member, shape

JSONObject = dict[str, Any]
_NOTHING: JSONObject = {}


def quoted_object(before: JSONObject, after: Any, patch: Any) -> Any:
    """`after` with its members in the order in which the server shows them.

    Args:
        before: The object that was patched, with `apiVersion` and `kind`.
        after: What came of it.
        patch: The patch: operations of a JSON patch, or a merge patch.
    """
    touched = _touched(patch) if isinstance(patch, list) else patch
    members = root_members(before.get("apiVersion", ""), before.get("kind", ""))
    return _sorted(before, after, touched if isinstance(touched, dict) else {}, members)


def quoted_patch(patch: Any) -> str:
    """A strategic merge patch, as Go prints it."""
    return go_value(patch)


def dump(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _touched(operations: list[Any]) -> JSONObject:
    """The objects that the operations go into, as a merge patch would name them."""
    found: JSONObject = {}
    for operation in operations:
        path = operation.get("path") if isinstance(operation, dict) else None
        at = found
        for part in str(path or "").split("/")[1:-1]:
            at = at.setdefault(part.replace("~1", "/").replace("~0", "~"), {})
    return found


def _sorted(before: Any, after: Any, touched: JSONObject, members: dict[str, Member]) -> Any:
    if not isinstance(after, dict):
        return after
    known = before if isinstance(before, dict) else _NOTHING
    shown: JSONObject = {}
    for name in sorted(after):
        value, member, inner = after[name], members.get(name), touched.get(name)
        if isinstance(inner, dict) and isinstance(value, dict):
            below = shape(member.type).members if member is not None and "." in member.type else {}
            shown[name] = _sorted(
                known.get(name), value, inner, {each.name: each for each in below.values() if each.name}
            )
        elif name in known and known[name] == value:
            shown[name] = in_go_order(value, member)
        else:
            shown[name] = value
    return shown
