"""ValidatingAdmissionPolicies: expressions that a write has to satisfy.

In:    policies, their bindings and parameters; `Attributes`
Out:   refusals and warnings
Next:  expressions.py, cel/
Rules: evaluated within the write, in the order of the policies' names, then of the bindings'. A policy is compiled
       once for each of its versions; one that does not compile is refused when it is written.
Source: KEP-3488; apiserver pkg/admission/plugin/policy/validating (its wording)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from listwatch.apiserver.admission.chain import Asker
from listwatch.apiserver.admission.compiled_policy import policy_causes
from listwatch.apiserver.admission.expressions import VariableValues, conditions_hold
from listwatch.apiserver.admission.matching import is_exempt
from listwatch.apiserver.admission.policy_plugin import PolicyPlugin
from listwatch.apiserver.cel import CompileError, EvaluationError
from listwatch.apiserver.verbs.admitting import Attributes
from listwatch.apiserver.wire.statuses import APIFailure, forbidden, invalid

JSONObject = dict[str, Any]
_GROUP: Final = "admissionregistration.k8s.io"
_POLICIES: Final = f"validatingadmissionpolicies.{_GROUP}"
_BINDINGS: Final = f"validatingadmissionpolicybindings.{_GROUP}"
_CODES: Final = {"Unauthorized": 401, "Forbidden": 403, "Invalid": 422, "RequestEntityTooLarge": 413}


class ValidatingPolicies(PolicyPlugin):
    """The validating policies of one server."""

    def validate(self, attributes: Attributes, asker: Asker) -> None:
        """Ask every policy.

        Raises:
            APIFailure: One denies, in its own code (422 by default); 422 for a policy that does not compile.
        """
        if attributes.resource.qualified == _POLICIES and attributes.value is not None:
            causes = policy_causes(attributes.value.get("spec") or {})
            if causes and not attributes.subresource:
                raise invalid(_GROUP, attributes.resource.kind, attributes.name, causes)
        if is_exempt(attributes):
            return
        for policy, seen in self.speaking(_POLICIES, attributes):
            self._enforce(policy, seen, attributes, asker)

    def _enforce(self, policy: JSONObject, seen: Attributes, attributes: Attributes, asker: Asker) -> None:
        name = policy["metadata"]["name"]
        known: JSONObject | None = None
        for binding in self.bindings(_BINDINGS, name, attributes):
            known = known or self.known(seen, asker)
            spec, who = binding["spec"], f"'{name}' with binding '{binding['metadata']['name']}'"
            for message, reason in self._denials(policy, spec, known, attributes):
                self._act(spec, who, message, reason, attributes, asker)

    def _act(
        self, spec: JSONObject, who: str, message: str, reason: str, attributes: Attributes, asker: Asker
    ) -> None:
        actions = spec.get("validationActions") or ["Deny"]
        if "Warn" in actions:
            asker.warnings.append(f"Validation failed for ValidatingAdmissionPolicy {who}: {message}")
        if "Deny" in actions:
            resource = attributes.resource
            told = f"ValidatingAdmissionPolicy {who} denied request: {message}"
            refusal = forbidden(resource.group, resource.name, attributes.name, told)
            status = dict(refusal.status)
            status["reason"], status["code"] = reason, _CODES.get(reason, 422)
            status["details"] = {**status.get("details", {}), "causes": [{"message": told}]}
            raise APIFailure(status)

    def _denials(
        self, policy: JSONObject, spec: JSONObject, known: JSONObject, attributes: Attributes
    ) -> Iterator[tuple[str, str]]:
        """What a binding of a policy has against a write: messages and reasons."""
        ignores = policy["spec"].get("failurePolicy", "Fail") == "Ignore"
        try:
            compiled = self.compiled(policy)
            for params in self.params(policy["spec"], spec, attributes):
                variables = VariableValues(compiled.variables, {**known, "params": params})
                full = {**known, "params": params, "variables": variables}
                if conditions_hold(policy["spec"].get("matchConditions") or (), full, compiled.condition):
                    yield from compiled.denials(full)
        except (CompileError, EvaluationError) as error:
            if not ignores:
                yield str(error), "Invalid"
