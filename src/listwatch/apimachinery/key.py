"""What tells one object from another of its kind."""

from __future__ import annotations

from typing import NamedTuple, Self


class ObjectKey(NamedTuple):
    """Namespace and name; the namespace is empty for cluster-wide kinds.

    Source: client-go's ObjectName and MetaNamespaceKeyFunc, whose keys are the text of this.
    """

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @classmethod
    def parse(cls, text: str) -> Self:
        """`namespace/name`, or `name` alone.

        Raises:
            ValueError: More than one slash.
        """
        namespace, _, name = text.rpartition("/")
        if "/" in namespace:
            raise ValueError(f"unexpected key format: {text!r}, want namespace/name or name")
        return cls(namespace, name)
