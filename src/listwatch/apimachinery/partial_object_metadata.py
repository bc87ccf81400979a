"""Objects of any kind, of which only the metadata was asked for.

Source: apimachinery metav1.PartialObjectMetadata; the API concepts "Alternate representations of resources"
"""

from __future__ import annotations

from typing import ClassVar

from listwatch.apimachinery.object import Object
from listwatch.apimachinery.resource import Resource


class PartialObjectMetadata(Object):
    """The metadata of an object; its spec, status and so on never left the server.

    It names no collection of its own: `api_version` and `kind` are those of this form, not of the object's kind.
    """

    resource: ClassVar[Resource] = Resource("meta.k8s.io", "v1", "", "PartialObjectMetadata")
