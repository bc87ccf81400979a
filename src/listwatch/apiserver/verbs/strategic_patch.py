"""Strategic merge patch: a merge patch that knows which lists have keys.

In:    the current object, the decoded patch, and the kind's `Node` (merge keys and strategies)
Out:   the patched object, new; what went in is not changed
Next:  apiserver/kinds/schema.py decodes the result
Rules: pure; every fault is a `PatchError`. A list whose field has the strategy `merge` is merged by its merge
       key (maps) or as a set (scalars); every other list is replaced
Source: Kubernetes docs, "Update API Objects in Place Using kubectl patch" and the design proposals
        "strategic merge patch" and "preserve order"; corner cases of apimachinery pkg/util/strategicpatch
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any, Final

from listwatch.apiserver.kinds.maps import json_equal
from listwatch.apiserver.kinds.schema import Field, Node
from listwatch.apiserver.verbs.patch import PatchError, bad_patch
from listwatch.apiserver.wire.go_json import json_kind

_DIRECTIVE: Final = "$patch"
_RETAIN_KEYS: Final = "$retainKeys"
_DELETE_FROM: Final = "$deleteFromPrimitiveList/"
_SET_ORDER: Final = "$setElementOrder/"

_Map = dict[str, Any]


def apply_strategic_merge_patch(doc: _Map, patch: object, node: Node | None) -> _Map:
    """`doc` with `patch` merged in by the strategies of its kind.

    Directives: `$patch: replace | delete` in a map or in an element of a keyed list, `$retainKeys`,
    `$deleteFromPrimitiveList/<field>`, `$setElementOrder/<field>`. New elements of a keyed list come before
    those that only the server has, unless an order is given.

    Args:
        doc: The current object.
        patch: The decoded body.
        node: The shape of the kind. None merges maps and replaces lists.

    Raises:
        PatchError: The body is not an object, a directive is malformed, or an element lacks its merge key.

    Source: apimachinery strategicpatch.StrategicMergeMapPatch
    """
    if not isinstance(patch, dict):
        kind = json_kind(patch)
        raise bad_patch(f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}")
    return _merge_map(copy.deepcopy(doc), copy.deepcopy(patch), node)


def _server_error(message: str) -> PatchError:
    """What the server did not foresee it answers with 500, and so do we."""
    return PatchError(500, "", message)


def _shown(value: object) -> str:
    """A value as Go prints it with %v."""
    match value:
        case dict():
            return "map[" + " ".join(f"{key}:{_shown(value[key])}" for key in sorted(value)) + "]"
        case list():
            return "[" + " ".join(map(_shown, value)) + "]"
        case bool():
            return "true" if value else "false"
        case None:
            return "<nil>"
        case _:
            return str(value)


_GO_TYPES: Final = {
    "bool": "bool",
    "number": "float64",
    "string": "string",
    "array": "[]interface {}",
    "object": "map[string]interface {}",
}


def _go_type(value: object) -> str:
    if value is None:
        return "%!s(<nil>)"
    return "int64" if type(value) is int else _GO_TYPES[json_kind(value)]


def _wrong_type(expected: str, value: object) -> PatchError:
    return _server_error(f"expected a {_GO_TYPES[expected]}, but received a {_go_type(value)}")


def _no_merge_key(element: _Map, key: str) -> PatchError:
    return _server_error(f"map: {_shown(element)} does not contain declared merge key: {key}")


def _member(node: Node | None, name: str) -> Field | None:
    return node.fields.get(name) if node is not None and node.kind == "struct" else None


def _child(node: Node | None, name: str) -> Node | None:
    if node is not None and node.kind == "map":
        return node.element
    member = _member(node, name)
    return None if member is None else member.node


def _merge_map(original: _Map, patch: _Map, node: Node | None) -> _Map:
    """`original` with `patch` merged in. Both are ours to change."""
    if _DIRECTIVE in patch:
        directive = patch.pop(_DIRECTIVE)
        if directive == "replace":
            return patch
        if directive == "delete":
            return {}
        raise _server_error(
            f"unknown patch type: {_shown(directive)} in map: {_shown({_DIRECTIVE: directive, **patch})}"
        )
    _retain_keys(original, patch)
    _merge_ordered_lists(original, patch, node)
    for name, value in patch.items():
        if name.startswith(_DELETE_FROM):
            _delete_from_list(original, name.removeprefix(_DELETE_FROM), value)
        elif value is None:
            original.pop(name, None)
        else:
            _merge_member(original, name, value, node)
    return original


def _merge_member(original: _Map, name: str, value: Any, node: Node | None) -> None:
    current = original.get(name)
    member = _member(node, name)
    strategies = member.strategies if member is not None else ()
    if isinstance(value, dict) and isinstance(current, dict) and "replace" not in strategies:
        original[name] = _merge_map(current, value, _child(node, name))
    elif isinstance(value, list) and isinstance(current, list) and "merge" in strategies:
        original[name] = _merge_list(current, value, member)
    elif isinstance(value, list) and isinstance(current, list):
        original[name] = value
    else:
        kept, cleaned = _without_directives(value)
        if kept:
            original[name] = cleaned
        else:
            original.pop(name, None)


def _without_directives(value: Any) -> tuple[bool, Any]:
    """`value` as it is set where nothing was: nulls and directive maps are gone. False if nothing is left."""
    if isinstance(value, dict):
        if _DIRECTIVE in value:
            return False, None
        cleaned: _Map = {}
        for name, part in value.items():
            if part is None:
                continue
            kept, inner = _without_directives(part)
            if kept:
                cleaned[name] = inner
        return True, cleaned
    if isinstance(value, list):
        return True, [inner for kept, inner in map(_without_directives, value) if kept]
    return True, value


def _retain_keys(original: _Map, patch: _Map) -> None:
    if _RETAIN_KEYS not in patch:
        return
    retained = patch.pop(_RETAIN_KEYS)
    if not isinstance(retained, list):
        raise bad_patch("invalid patch format of retainKeys")
    names = {name for name in retained if isinstance(name, str)}
    for name, value in patch.items():
        if value is not None and not name.startswith((_DELETE_FROM, _SET_ORDER)) and name not in names:
            raise bad_patch("invalid patch format of retainKeys")
    for name in [name for name in original if name not in names]:
        del original[name]


def _delete_from_list(original: _Map, name: str, value: Any) -> None:
    current = original.get(name)
    if current is None or value is None:
        if value is None:
            original.pop(name, None)
        return
    if not isinstance(value, list):
        raise bad_patch("invalid patch format of primitive list")
    if not isinstance(current, list):
        return
    original[name] = [item for item in current if not _contains(value, item)]


def _contains(items: Iterable[Any], wanted: Any) -> bool:
    return any(json_equal(item, wanted) for item in items)


def _merge_list(original: list[Any], patch: list[Any], member: Field | None) -> list[Any]:
    """A list that has the strategy `merge`: by its key if it holds maps, else as a set."""
    if not original and not patch:
        return original
    key = member.merge_key if member is not None else ""
    if not _holds_maps(original, patch):
        merged = _distinct([*original, *patch])
        return _in_order(merged, patch, original, key="")
    if not key:
        name = member.node.go_type if member is not None else ""
        raise _server_error(f"cannot merge lists without merge key for {name}")
    element = member.node.element if member is not None else None
    original, patch = _apply_element_directives(original, patch, key)
    merged = _merge_elements(list(original), patch, key, element)
    return _in_order(merged, patch, original, key=key)


def _holds_maps(*lists: list[Any]) -> bool:
    """Whether the elements are maps (rather than scalars). They must all be of one sort, and not lists."""
    kinds = {json_kind(item) for items in lists for item in items}
    if "array" in kinds:
        raise PatchError(422, "Invalid", "lists of lists are not supported")
    if len(kinds) > 1:
        raise _server_error(f"list element types are not identical: {_shown(list(lists))}")
    return kinds == {"object"}


def _distinct(items: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for item in items:
        if not _contains(kept, item):
            kept.append(item)
    return kept


def _apply_element_directives(
    original: list[_Map], patch: list[_Map], key: str
) -> tuple[list[_Map], list[_Map]]:
    """What is left to merge once the elements with `$patch` have done their work."""
    plain: list[_Map] = []
    replace = False
    for element in patch:
        if _DIRECTIVE not in element:
            plain.append(element)
            continue
        match element[_DIRECTIVE]:
            case "delete":
                if key not in element:
                    raise _no_merge_key(element, key)
                original = [item for item in original if not json_equal(item.get(key), element[key])]
            case "replace":
                replace = True
            case "merge":
                raise _server_error("merging lists cannot yet be specified in the patch")
            case directive:
                raise _server_error(f"unknown patch type: {_shown(directive)} in map: {_shown(element)}")
    return (plain, []) if replace else (original, plain)


def _merge_elements(merged: list[_Map], patch: list[_Map], key: str, element: Node | None) -> list[_Map]:
    for change in patch:
        if key not in change:
            raise _no_merge_key(change, key)
        for index, item in enumerate(merged):
            if key in item and json_equal(item[key], change[key]):
                merged[index] = _merge_map(item, dict(change), element)
                break
        else:
            merged.append(change)
    return merged


def _identity(item: Any, key: str) -> Any:
    if not key:
        return item
    if not isinstance(item, dict):
        raise _wrong_type("object", item)
    if key not in item:
        raise _no_merge_key(item, key)
    return item[key]


def _position(items: list[Any], identity: Any, key: str) -> int:
    """Where the item with this identity stands, or -1."""
    for index, item in enumerate(items):
        if json_equal(_identity(item, key), identity):
            return index
    return -1


def _in_order(merged: list[Any], wanted: list[Any], server: list[Any], *, key: str) -> list[Any]:
    """`merged` sorted: what the patch names in the patch's order, what only the server has woven in between.

    An element of the server goes before a patched one only if both stood in that order on the server.
    """
    rank: Callable[[Any], int] = lambda item: _position(wanted, _identity(item, key), key)  # noqa: E731
    named = [item for item in merged if rank(item) >= 0]
    named.sort(key=rank)
    others = [item for item in merged if rank(item) < 0]
    places = {id(item): _position(server, _identity(item, key), key) for item in merged}
    others.sort(key=lambda item: places[id(item)])
    woven: list[Any] = []
    left = 0
    for item in named:
        while left < len(others):
            before, after = places[id(others[left])], places[id(item)]
            if not 0 <= before < after:
                break
            woven.append(others[left])
            left += 1
        woven.append(item)
    return woven + others[left:]


def _merge_ordered_lists(original: _Map, patch: _Map, node: Node | None) -> None:
    """Merge and sort every list for which the patch carries `$setElementOrder`; takes both out of the patch."""
    for directive in [name for name in patch if name.startswith(_SET_ORDER)]:
        order = patch.pop(directive)
        name = directive.removeprefix(_SET_ORDER)
        if not isinstance(order, list):
            raise _wrong_type("array", order)
        current, change = original.get(name), patch.get(name)
        for value in (current, change):
            if value is not None and not isinstance(value, list):
                raise _wrong_type("array", value)
        member = _member(node, name)
        key = member.merge_key if member is not None else ""
        _check_order(change or [], order, key)
        if current is None and change is None:
            continue
        if change is None:
            merged = current or []
        elif current is None:
            merged = _without_directives(change)[1]
        elif member is not None and "merge" in member.strategies:
            merged = _merge_list(current, change, member)
        else:
            merged = change
        original[name] = _in_order(merged, order, current or [], key=key)
        patch.pop(name, None)


def _check_order(change: list[Any], order: list[Any], key: str) -> None:
    """The elements of a patch must stand in the order that the patch asks for."""
    named = [item for item in change if not (isinstance(item, dict) and _DIRECTIVE in item)]
    if not named or not order:
        return
    position = 0
    for wanted in order:
        if position < len(named) and json_equal(_identity(named[position], key), _identity(wanted, key)):
            position += 1
    if position < len(named):
        raise _server_error(
            f"The order in patch list:\n{_shown(change)}\n doesn't match $setElementOrder list:\n{_shown(order)}\n"
        )
