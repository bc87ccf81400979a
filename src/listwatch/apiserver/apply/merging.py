"""The live object with what somebody applies laid over it.

In:    the live value, the applied value, their `Shape`
Out:   the merged value, new where it differs, shared where it does not
Next:  applying.py takes from it what nobody applies any more
Rules: pure. What is one field is replaced, structs and maps are merged member by member, lists item by item. The
       applied order of a list goes first; what only the live list has keeps its place among its neighbours.
Source: structured-merge-diff pkg typed (merge)
"""

from __future__ import annotations

from typing import Any, Final

from listwatch.apiserver.apply.shapes import DEDUCED, Shape

_ABSENT: Final = object()


def merge(shape: Shape, live: Any, applied: Any) -> Any:
    """`live` with `applied` over it. Null, applied, unsets a leaf, and leaves members and items as they are.

    Raises:
        FieldSetError: An item of a list has no key.
    """
    return _merged(shape, live, applied)


def _merged(shape: Shape, live: Any, applied: Any) -> Any:
    if live is _ABSENT:
        return applied
    if applied is _ABSENT:
        return live
    form = shape.form
    if form in {"scalar", "atomic"} or not (live or applied):
        return applied
    if form in {"list", "set"}:
        return _merged_items(shape, live or [], applied or [])
    if form == "deduced" and not (_is_map(live) and _is_map(applied)):
        return applied
    return _merged_members(shape, live or {}, applied or {})


def _is_map(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _merged_members(shape: Shape, live: dict[str, Any], applied: dict[str, Any]) -> dict[str, Any]:
    is_struct = shape.form == "struct"
    merged = dict(live)
    for name, value in applied.items():
        inner = (shape.fields[name] or DEDUCED) if is_struct else shape.item()
        merged[name] = _merged(inner, live.get(name, _ABSENT), value)
    return merged


def _merged_items(shape: Shape, live: list[Any], applied: list[Any]) -> list[Any]:
    wanted = {shape.element_of(item): item for item in applied}
    present: dict[str, Any] = {}
    order = []
    for item in live:
        element = shape.element_of(item)
        # Of items with the same key nobody can say which one is meant: none is merged with.
        present[element] = _ABSENT if element in present else item
        order.append((element, item))
    return _interleave(shape, order, present, wanted)


def _interleave(
    shape: Shape, order: list[tuple[str, Any]], present: dict[str, Any], wanted: dict[str, Any]
) -> list[Any]:
    """Both lists in one pass: items of the live one alone stand before the next item that both have."""
    inner = shape.item()
    merged: list[Any] = []
    elements = list(wanted)
    shared = [element for element in elements if element in present]
    taken: set[str] = set()
    at, next_wanted = 0, 0
    while at < len(order) or next_wanted < len(elements):
        if at < len(order):
            element, item = order[at]
            if element not in wanted:
                merged.append(item)
                at += 1
                continue
            has_more = next_wanted < len(elements)
            if has_more and element == elements[next_wanted]:
                at += 1
            elif has_more and shared and shared[0] != element:
                at += 1  # it comes, or came, where the applied list has it
                continue
            elif element in taken:
                at += 1
            if not has_more:
                continue
        element = elements[next_wanted]
        next_wanted += 1
        taken.add(element)
        if shared and shared[0] == element:
            shared.pop(0)
        merged.append(_merged(inner, present.get(element, _ABSENT), wanted[element]))
    return merged
