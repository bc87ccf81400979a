"""Whether the numbers and the selector of a custom object's scale are any.

In:    an object and the paths of `subresources.scale`
Out:   causes
Rules: pure; what is not there is good
Source: apiextensions-apiserver pkg/registry/customresource/validator.go
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from listwatch.apimachinery.selector import SelectorError, parse_label_selector
from listwatch.apiserver.kinds.causes import Causes
from listwatch.apiserver.kinds.maps import JSONObject

_LARGEST: Final = (1 << 31) - 1


def check_scale(causes: Causes, obj: JSONObject, paths: Mapping[str, str] | None) -> None:
    """Look at what stands at the paths of the scale."""
    if paths is None:
        return
    for name in ("specReplicasPath", "statusReplicasPath"):
        path = paths.get(name, "")
        value = _at(obj, path)
        shown = path.removeprefix(".")
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            causes.invalid(shown, value, "should be an integer")
        elif value < 0:
            causes.invalid(shown, value, "should be a non-negative integer")
        elif value > _LARGEST:
            causes.invalid(shown, value, f"should be less than or equal to {_LARGEST}")
    path = paths.get("labelSelectorPath", "")
    selector = _at(obj, path) if path else None
    if isinstance(selector, str):
        try:
            parse_label_selector(selector)
        except SelectorError as error:
            causes.invalid(path.removeprefix("."), selector, str(error))


def _at(obj: Any, path: str) -> Any:
    for name in filter(None, path.split(".")):
        obj = obj.get(name) if isinstance(obj, dict) else None
    return obj
