"""One ValidatingAdmissionPolicy, compiled: its variables, conditions and validations.

In:    a policy's spec
Out:   what it has against a write; what is wrong with the policy itself
Next:  policies.py
Rules: pure; variables may name those before them
Source: apiserver pkg/admission/plugin/policy/validating/validator.go; apis/admissionregistration/validation
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from listwatch.apiserver.admission.expressions import with_variables
from listwatch.apiserver.cel import CompileError, EvaluationError, Program
from listwatch.apiserver.cel.checker import Structs
from listwatch.apiserver.cel.program import no_structs
from listwatch.apiserver.cel.types import BOOL, DYN, STRING, Type, list_of, object_type
from listwatch.apiserver.wire.statuses import FieldCause

JSONObject = dict[str, Any]
_LONGEST_MESSAGE: Final = 5 * 1024


class CompiledPolicy:
    """A policy's expressions.

    Attributes:
        variables: By name, in order.

    Raises:
        CompileError: A variable is no expression. What else is wrong is told when it is evaluated.
    """

    def __init__(self, spec: JSONObject, *, structs: Structs = no_structs) -> None:
        self._validations = spec.get("validations") or ()
        kind = object_type("kubernetes.variables")
        self._environment = with_variables(kind, has_params=bool(spec.get("paramKind")), structs=structs)
        self._programs: dict[tuple[str, str], Program] = {}
        self.variables: dict[str, Program] = {}
        for variable in spec.get("variables") or ():
            program = self._environment.compile(variable.get("expression", ""))
            self.variables[variable["name"]] = program
            kind.fields[variable["name"]] = program.result

    def condition(self, source: str) -> Program:
        """A match condition.

        Raises:
            CompileError: It is none.
        """
        return self._program(source, BOOL)

    def denials(self, known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Message and reason of each validation that does not hold.

        Raises:
            EvaluationError: One cannot be evaluated.
            CompileError: One is no expression.
        """
        for validation in self._validations:
            source = validation.get("expression", "")
            if self.evaluate(source, BOOL, known) is not True:
                yield self._message(validation, known), validation.get("reason") or "Invalid"

    def check(self, source: str, result: Type) -> None:
        """Compile an expression of the policy.

        Raises:
            CompileError: It is none, or of another type.
        """
        self._program(source, result)

    def evaluate(self, source: str, result: Type, known: Mapping[str, Any]) -> Any:
        """The value of an expression of the policy.

        Raises:
            EvaluationError: It has none.
            CompileError: It is no expression, or of another type.
        """
        try:
            return self._program(source, result).evaluate(known)
        except EvaluationError as error:
            raise EvaluationError(f"expression '{source}' resulted in error: {error}") from None

    def _program(self, source: str, result: Type) -> Program:
        key = (source, result.kind)
        found = self._programs.get(key)
        if found is None:
            found = self._environment.compile(source)
            if result is not DYN and found.result.kind not in {result.kind, "dyn"}:
                raise CompileError.wrong_type(result)
            self._programs[key] = found
        return found

    def _message(self, validation: JSONObject, known: Mapping[str, Any]) -> str:
        source = validation.get("messageExpression")
        if source:
            try:
                message = self._program(source, STRING).evaluate(known)
            except EvaluationError:
                message = ""  # the fixed message is there for that
            if isinstance(message, str):
                message = message.strip()
                if message and "\n" not in message and len(message) <= _LONGEST_MESSAGE:
                    return message
        if validation.get("message"):
            return str(validation["message"]).strip()
        return f"failed expression: {validation.get('expression', '').strip()}"


def policy_causes(spec: JSONObject, *, structs: Structs = no_structs) -> list[FieldCause]:
    """What is wrong with a policy's expressions."""
    causes: list[FieldCause] = []

    def tell(field: str, source: str, error: CompileError) -> None:
        message = f"Invalid value: {json.dumps(source, ensure_ascii=False)}: {error}"
        causes.append(FieldCause("FieldValueInvalid", field, message))

    variables = spec.get("variables") or []
    for index in range(len(variables)):
        try:
            CompiledPolicy({**spec, "variables": variables[: index + 1]}, structs=structs)
        except CompileError as error:
            tell(f"spec.variables[{index}].expression", variables[index].get("expression", ""), error)
            return causes
    policy = CompiledPolicy(spec, structs=structs)
    expected = [("matchConditions", "expression", BOOL), ("validations", "expression", BOOL)]
    for part, name, result in [*expected, ("validations", "messageExpression", STRING)]:
        for index, entry in enumerate(spec.get(part) or ()):
            source = entry.get(name, "")
            if not source:
                continue
            try:
                policy.check(source, result)
            except CompileError as error:
                tell(f"spec.{part}[{index}].{name}", source, error)
    for index, mutation in enumerate(spec.get("mutations") or ()):
        is_patch = mutation.get("patchType") == "JSONPatch"
        part = "jsonPatch" if is_patch else "applyConfiguration"
        source = (mutation.get(part) or {}).get("expression", "")
        try:
            policy.check(source, list_of(DYN) if is_patch else DYN)
        except CompileError as error:
            tell(f"spec.mutations[{index}].{part}.expression", source, error)
    return causes
