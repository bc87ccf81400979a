"""MutatingAdmissionPolicies: expressions that change a write.

In:    policies, their bindings and parameters; `Attributes`
Out:   changed objects, refusals
Next:  expressions.py, cel/
Rules: evaluated within the write, in the order of names; each sees what the one before it made. Those that allow it are
       evaluated a second time if the object has changed since. A policy that does not compile is refused when it is
       written.
Source: KEP-3962; apiserver pkg/admission/plugin/policy/mutating. Differs: ApplyConfigurations are merged as strategic
        merge patches (custom kinds: as merge patches), and `Object` types are not checked against the kind's schema.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any, Final

from listwatch.apiserver.admission.chain import Asker
from listwatch.apiserver.admission.compiled_policy import CompiledPolicy, policy_causes
from listwatch.apiserver.admission.expressions import VariableValues, conditions_hold
from listwatch.apiserver.admission.matching import is_exempt
from listwatch.apiserver.admission.policy_plugin import PolicyPlugin
from listwatch.apiserver.cel import CompileError, EvaluationError
from listwatch.apiserver.cel.types import DYN, STRING, Type, list_of, object_type
from listwatch.apiserver.cel.values import plain
from listwatch.apiserver.verbs.admitting import Attributes
from listwatch.apiserver.verbs.patch import PatchError, apply_json_patch, apply_merge_patch
from listwatch.apiserver.verbs.strategic_patch import apply_strategic_merge_patch
from listwatch.apiserver.wire.statuses import forbidden, invalid

JSONObject = dict[str, Any]
_GROUP: Final = "admissionregistration.k8s.io"
_POLICIES: Final = f"mutatingadmissionpolicies.{_GROUP}"
_BINDINGS: Final = f"mutatingadmissionpolicybindings.{_GROUP}"
_OBJECT: Final = re.compile(r"Object(\.[A-Za-z_][A-Za-z0-9_]*)*")
JSON_PATCH: Final = object_type("JSONPatch", {"op": STRING, "path": STRING, "from": STRING, "value": DYN})


def mutation_structs(name: str) -> Type | None:
    """The types that a mutation's literals may make."""
    if name == "JSONPatch":
        return JSON_PATCH
    return DYN if _OBJECT.fullmatch(name) else None


class MutatingPolicies(PolicyPlugin):
    """The mutating policies of one server.

    Attributes:
        redecode: Gives a changed object its types and defaults again; set by who makes the chain.
        shape: The shape of an object's kind, for merging; None for a custom one. Likewise.
    """

    redecode: Callable[[Attributes, JSONObject], JSONObject]
    shape: Callable[[Attributes], Any]

    def mutate(self, attributes: Attributes, asker: Asker) -> JSONObject | None:
        """Let every policy change the object.

        Raises:
            APIFailure: One cannot be evaluated, or what it makes is no such object.
        """
        if attributes.operation == "DELETE" or attributes.value is None:
            return None
        if attributes.resource.qualified == _POLICIES:
            self._check(attributes)
        if is_exempt(attributes):
            return None
        changed: JSONObject | None = None
        made: dict[str, JSONObject | None] = {}
        for is_again in (False, True):
            for policy, seen in list(self.speaking(_POLICIES, attributes)):
                name = policy["metadata"]["name"]
                wants_again = policy["spec"].get("reinvocationPolicy") == "IfNeeded"
                if seen.resource is not attributes.resource:
                    continue  # what an equivalent version makes of it could not be given back
                if is_again and (not wants_again or made.get(name) == attributes.value):
                    continue
                result = self._apply(policy, attributes, asker)
                if result is not None:
                    changed = result
                    attributes = dataclasses.replace(attributes, value=result)
                made[name] = attributes.value
        return changed

    def compile_policy(self, spec: JSONObject) -> CompiledPolicy:
        """With the types that mutations may make."""
        return CompiledPolicy(spec, structs=mutation_structs)

    def _check(self, attributes: Attributes) -> None:
        spec = (attributes.value or {}).get("spec") or {}
        causes = policy_causes(spec, structs=mutation_structs)
        if causes:
            raise invalid(_GROUP, attributes.resource.kind, attributes.name, causes)

    def _apply(self, policy: JSONObject, attributes: Attributes, asker: Asker) -> JSONObject | None:
        spec, name = policy["spec"], policy["metadata"]["name"]
        changed: JSONObject | None = None
        for binding in self.bindings(_BINDINGS, name, attributes):
            try:
                compiled = self.compiled(policy)
                for params in self.params(spec, binding["spec"], attributes):
                    known = {**self.known(attributes, asker), "params": params}
                    known["variables"] = VariableValues(compiled.variables, known)
                    if not conditions_hold(spec.get("matchConditions") or (), known, compiled.condition):
                        continue
                    for mutation in spec.get("mutations") or ():
                        changed = self._mutated(compiled, mutation, known, attributes)
                        attributes = dataclasses.replace(attributes, value=changed)
                        known["object"] = changed
            except (CompileError, EvaluationError, PatchError) as error:
                if spec.get("failurePolicy", "Fail") == "Ignore":
                    continue
                who = f"'{name}' with binding '{binding['metadata']['name']}'"
                why = f"MutatingAdmissionPolicy {who} denied request: {error}"
                resource = attributes.resource
                raise forbidden(resource.group, resource.name, attributes.name, why) from None
        return changed

    def _mutated(
        self, compiled: CompiledPolicy, mutation: JSONObject, known: JSONObject, attributes: Attributes
    ) -> JSONObject:
        value = attributes.value or {}
        if mutation.get("patchType") == "JSONPatch":
            source = (mutation.get("jsonPatch") or {}).get("expression", "")
            operations = plain(compiled.evaluate(source, list_of(JSON_PATCH), known))
            patched = apply_json_patch(value, operations)
        else:
            source = (mutation.get("applyConfiguration") or {}).get("expression", "")
            part = plain(compiled.evaluate(source, DYN, known))
            shape = self.shape(attributes)
            patched = (
                apply_merge_patch(value, part)
                if shape is None
                else apply_strategic_merge_patch(value, part, shape)
            )
        if not isinstance(patched, dict):
            raise EvaluationError("the mutated object is no object")
        return self.redecode(attributes, patched)
