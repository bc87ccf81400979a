"""Between the versions of a custom kind: what a converter is, and the one that changes nothing but the version.

In:    whole objects
Out:   the same objects in another version
Next:  kind.py asks one when it reads and stores; verbs/webhook_conversion.py is the other one
Rules: pure
Source: `spec.conversion` of CustomResourceDefinitions
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

JSONObject = dict[str, Any]
Converter = Callable[[JSONObject, str], JSONObject]
"""Takes an object with `apiVersion` and `kind`, and the `apiVersion` wanted; changes nothing that it is given."""


class ConversionNeeded(Exception):
    """An object is needed in a version that only somebody outside can give; then the same can be tried again.

    Attributes:
        objects: Whole objects, each to be converted.
        api_version: What is wanted.
    """

    def __init__(self, converter: object, objects: list[JSONObject], api_version: str) -> None:
        super().__init__(f"{len(objects)} objects are needed as {api_version}")
        self.converter = converter
        self.objects = objects
        self.api_version = api_version


def same_shape(obj: JSONObject, api_version: str) -> JSONObject:
    """Strategy `None`: all versions look alike."""
    return {**obj, "apiVersion": api_version}
