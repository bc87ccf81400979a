"""The seam between the verbs and admission: what is asked, and when.

In:    a write, before it happens
Out:   the object as it shall be, or a refusal
Next:  apiserver/admission/ answers; without it `AdmitAll` does
Rules: both questions are answered synchronously, so that nothing comes between reading and writing. Who has to wait for
       somebody (a webhook) raises out of the verb, waits, and lets the verb begin again; see admission/chain.py.
Source: apiserver pkg/admission (Attributes, MutationInterface, ValidationInterface)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from listwatch.apiserver.kinds.resources import Resource

JSONObject = dict[str, Any]
Operation = Literal["CREATE", "UPDATE", "DELETE"]


@dataclass(frozen=True, slots=True)
class Attributes:
    """One write that asks to be admitted.

    Attributes:
        resource: In the version of the request.
        value: The object as it would be; None for a deletion.
        old: The object as it is; None for a creation.
        subresource: "" for the object itself.
    """

    operation: Operation
    resource: Resource
    namespace: str
    name: str
    value: JSONObject | None
    old: JSONObject | None = None
    subresource: str = ""
    dry_run: bool = False


class Admission(Protocol):
    """Who decides. Both may raise `APIFailure`, and then nothing is stored."""

    def mutate(self, attributes: Attributes) -> JSONObject:
        """The object as it shall be; asked before the kind's own preparation. May change and give `value`."""
        ...

    def validate(self, attributes: Attributes) -> None:
        """Asked last, when the object is as it would be stored; for deletions nothing else is asked."""
        ...


class AdmitAll:
    """Admits everything as it is."""

    def mutate(self, attributes: Attributes) -> JSONObject:
        """The object itself."""
        return attributes.value or {}

    def validate(self, attributes: Attributes) -> None:
        """Nothing is refused."""
