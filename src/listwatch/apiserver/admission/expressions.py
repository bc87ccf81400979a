"""Expressions about a write: the variables that they may name, and their values.

In:    `Attributes`, who asks, a namespace, parameters
Out:   compiled `Program`s; values for them; whether match conditions hold
Next:  policies.py, webhooks.py
Rules: pure. Objects are dyn, as in the real server when it admits: what is not there fails where it is read.
Source: Kubernetes docs, "Validation expression"; apiserver pkg/admission/plugin/cel
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from listwatch.apiserver.access.identity import User
from listwatch.apiserver.admission.chain import Asker
from listwatch.apiserver.cel import Environment, EvaluationError, Program, compile_rule
from listwatch.apiserver.cel.functions_authorizer import Authorize, authorizer_value, request_resource_value
from listwatch.apiserver.cel.overloads import OPAQUE_NAMES
from listwatch.apiserver.cel.types import (
    BOOL,
    DYN,
    STRING,
    ObjectType,
    Type,
    list_of,
    map_of,
    object_type,
    opaque,
)
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.verbs.admitting import Attributes

JSONObject = dict[str, Any]
_KIND: Final = object_type("kubernetes.GroupVersionKind", dict.fromkeys(("group", "version", "kind"), STRING))
_RESOURCE: Final = object_type(
    "kubernetes.GroupVersionResource", dict.fromkeys(("group", "version", "resource"), STRING)
)
_USER: Final = object_type(
    "kubernetes.UserInfo",
    {
        "username": STRING,
        "uid": STRING,
        "groups": list_of(STRING),
        "extra": map_of(STRING, list_of(STRING)),
    },
)
_REQUEST: Final = object_type(
    "kubernetes.AdmissionRequest",
    {
        "kind": _KIND,
        "resource": _RESOURCE,
        "subResource": STRING,
        "requestKind": _KIND,
        "requestResource": _RESOURCE,
        "requestSubResource": STRING,
        "name": STRING,
        "namespace": STRING,
        "operation": STRING,
        "userInfo": _USER,
        "dryRun": BOOL,
        "options": DYN,
    },
)
VARIABLES: Final[Mapping[str, Type]] = {
    "object": DYN,
    "oldObject": DYN,
    "request": _REQUEST,
    "namespaceObject": DYN,
    "authorizer": opaque(OPAQUE_NAMES["Authorizer"]),
    "authorizer.requestResource": opaque(OPAQUE_NAMES["ResourceCheck"]),
}


@lru_cache(maxsize=512)
def compiled(source: str, result: Type | None = None, *, has_params: bool = False) -> Program:
    """An expression over a write, without variables of its policy.

    Raises:
        CompileError: It is none, or of another type.
    """
    variables = {**VARIABLES, "params": DYN} if has_params else VARIABLES
    return compile_rule(source, variables, result=result)


def with_variables(
    variables: ObjectType, *, has_params: bool, structs: Callable[[str], Type | None]
) -> Environment:
    """What expressions of a policy may name, whose own variables grow while it is read."""
    named = {**VARIABLES, "variables": variables}
    return Environment({**named, "params": DYN} if has_params else named, structs=structs)


def request_document(
    attributes: Attributes, asker: Asker, *, requested: Resource | None = None, uid: str = ""
) -> JSONObject:
    """An AdmissionRequest as JSON, without its objects.

    Args:
        requested: The resource of the request where a webhook sees an equivalent one.
        uid: Of the review; "" for none.
    """
    asked = requested or attributes.resource
    document: JSONObject = {
        **({"uid": uid} if uid else {}),
        "kind": _kind(attributes.resource),
        "resource": _resource(attributes.resource),
        "requestKind": _kind(asked),
        "requestResource": _resource(asked),
        "name": attributes.name,
        "namespace": attributes.namespace,
        "operation": attributes.operation,
        "userInfo": asker.user.info(),
        "dryRun": attributes.dry_run,
        "options": _options(attributes, asker),
    }
    if attributes.subresource:
        document["subResource"] = document["requestSubResource"] = attributes.subresource
    return {name: value for name, value in document.items() if value or name not in {"name", "namespace"}}


def _kind(resource: Resource) -> JSONObject:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _resource(resource: Resource) -> JSONObject:
    return {"group": resource.group, "version": resource.version, "resource": resource.name}


def _options(attributes: Attributes, asker: Asker) -> JSONObject:
    kind = {"CREATE": "CreateOptions", "DELETE": "DeleteOptions"}.get(attributes.operation, "UpdateOptions")
    if asker.verb == "patch":
        kind = "PatchOptions"
    options: JSONObject = {"kind": kind, "apiVersion": "meta.k8s.io/v1"}
    for name in ("fieldManager", "fieldValidation", "propagationPolicy"):
        if asker.options.get(name):
            options[name] = asker.options[name]
    if attributes.dry_run:
        options["dryRun"] = ["All"]
    return options


def values(
    attributes: Attributes, asker: Asker, namespace: JSONObject | None, authorize: Authorize
) -> JSONObject:
    """The variables' values for a write."""
    request = {
        "subResource": "",
        "requestSubResource": "",
        "name": "",
        "namespace": "",
        **request_document(attributes, asker),
    }
    resource = attributes.resource
    target = {
        "group": resource.group,
        "resource": resource.name,
        "version": resource.version,
        "subresource": attributes.subresource,
        "namespace": attributes.namespace,
        "name": attributes.name,
    }
    return {
        "object": attributes.value,
        "oldObject": attributes.old,
        "request": request,
        "namespaceObject": namespace if resource.namespaced else None,
        "authorizer": authorizer_value(asker.user, authorize),
        "authorizer.requestResource": request_resource_value(asker.user, authorize, target),
    }


def permit_all(user: User | str, _target: Mapping[str, str]) -> tuple[bool, str]:
    """Who is authenticated may do everything; a service account is."""
    return isinstance(user, str) or not user.is_anonymous, ""


def conditions_hold(
    conditions: Sequence[Mapping[str, Any]],
    known: Mapping[str, Any],
    program: Callable[[str], Program],
) -> bool:
    """Whether all match conditions are true. One that is false decides, also if another fails.

    Raises:
        EvaluationError: None is false, and one fails.
    """
    failure: EvaluationError | None = None
    for condition in conditions:
        source = condition.get("expression", "")
        try:
            if program(source).evaluate(known) is not True:
                return False
        except EvaluationError as error:
            told = f"expression '{source}' resulted in error: {error}"
            failure = failure or EvaluationError(told)
    if failure is not None:
        raise failure
    return True


class VariableValues(Mapping[str, Any]):
    """The variables of a policy: each computed when it is first asked for, in one evaluation of the policy."""

    def __init__(self, programs: Mapping[str, Program], known: Mapping[str, Any]) -> None:
        self._programs = programs
        self._known = {**known, "variables": self}
        self._values: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            self._values[name] = self._programs[name].evaluate(self._known)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._programs)

    def __len__(self) -> int:
        return len(self._programs)
