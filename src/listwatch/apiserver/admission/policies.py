"""ValidatingAdmissionPolicies: expressions that a write has to satisfy.

In:    policies, their bindings and parameters; `Attributes`
Out:   refusals and warnings
Next:  expressions.py, cel/
Rules: evaluated within the write, in the order of the policies' names, then of the bindings'. A policy is compiled
       once for each of its versions; one that does not compile is refused when it is written.
Source: KEP-3488; apiserver pkg/admission/plugin/policy/validating (its wording)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from listwatch.apimachinery.selector import label_selector_from_object
from listwatch.apiserver.admission.chain import Asker, PluginBase
from listwatch.apiserver.admission.compiled_policy import CompiledPolicy, policy_causes
from listwatch.apiserver.admission.expressions import VariableValues, conditions_hold, values
from listwatch.apiserver.admission.matching import Matcher, is_exempt
from listwatch.apiserver.cel import CompileError, EvaluationError
from listwatch.apiserver.cel.functions_authorizer import Authorize
from listwatch.apiserver.kinds.resources import ResourceRegistry
from listwatch.apiserver.storage.storage import Storage, key_range, object_key
from listwatch.apiserver.verbs.admitting import Attributes
from listwatch.apiserver.wire.statuses import APIFailure, forbidden, invalid

JSONObject = dict[str, Any]
_GROUP: Final = "admissionregistration.k8s.io"
_POLICIES: Final = f"validatingadmissionpolicies.{_GROUP}"
_BINDINGS: Final = f"validatingadmissionpolicybindings.{_GROUP}"
_CODES: Final = {"Unauthorized": 401, "Forbidden": 403, "Invalid": 422, "RequestEntityTooLarge": 413}
_MOST_COMPILED: Final = 256


class ValidatingPolicies(PluginBase):
    """The policies of one server.

    Args:
        storage: Where policies, bindings and parameters are.
        registry: Finds parameters' resources.
        matcher: Decides which write is whose.
        authorize: For expressions that ask what somebody may do.
    """

    def __init__(
        self, storage: Storage, registry: ResourceRegistry, matcher: Matcher, *, authorize: Authorize
    ) -> None:
        self._storage = storage
        self._registry = registry
        self._matcher = matcher
        self._authorize = authorize
        self._compiled: dict[tuple[str, str], CompiledPolicy] = {}

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
        for _, stored in self._storage.log.state(_POLICIES).items():  # noqa: PERF102 (no dict)
            policy = stored.object
            constraints = (policy.get("spec") or {}).get("matchConstraints") or {}
            seen = self._match(attributes, constraints)
            if seen is not None:
                self._enforce(policy, seen, attributes, asker)

    def _match(self, attributes: Attributes, resources: Mapping[str, Any]) -> Attributes | None:
        rules = resources.get("resourceRules") or ()
        return self._matcher.match(attributes, rules, resources, resources.get("excludeResourceRules") or ())

    def _enforce(self, policy: JSONObject, seen: Attributes, attributes: Attributes, asker: Asker) -> None:
        name = policy["metadata"]["name"]
        known: JSONObject | None = None
        for _, stored in self._storage.log.state(_BINDINGS).items():  # noqa: PERF102 (no dict)
            spec = stored.object.get("spec") or {}
            if spec.get("policyName") != name or not self._bound(attributes, spec):
                continue
            if known is None:
                namespace = self._matcher.namespace(attributes.namespace)
                known = values(seen, asker, namespace, self._authorize)
            binding = stored.object["metadata"]["name"]
            for message, reason in self._denials(policy, spec, known, attributes):
                self._act(spec, f"'{name}' with binding '{binding}'", message, reason, attributes, asker)

    def _bound(self, attributes: Attributes, spec: JSONObject) -> bool:
        resources = spec.get("matchResources")
        if not resources:
            return True
        if not resources.get("resourceRules"):
            every = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"], "operations": ["*"]}
            resources = {**resources, "resourceRules": [every]}
        return self._match(attributes, resources) is not None

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
            compiled = self._policy(policy)
            for params in self._params(policy["spec"], spec, attributes):
                variables = VariableValues(compiled.variables, {**known, "params": params})
                full = {**known, "params": params, "variables": variables}
                if conditions_hold(policy["spec"].get("matchConditions") or (), full, compiled.condition):
                    yield from compiled.denials(full)
        except (CompileError, EvaluationError) as error:
            if not ignores:
                yield str(error), "Invalid"

    def _policy(self, policy: JSONObject) -> CompiledPolicy:
        key = (policy["metadata"]["name"], policy["metadata"]["resourceVersion"])
        found = self._compiled.get(key)
        if found is None:
            if len(self._compiled) >= _MOST_COMPILED:
                self._compiled.clear()
            found = self._compiled[key] = CompiledPolicy(policy["spec"])
        return found

    def _params(
        self, policy: JSONObject, binding: JSONObject, attributes: Attributes
    ) -> Sequence[JSONObject | None]:
        """The parameters with which a binding applies its policy, one after the other.

        Raises:
            EvaluationError: There are none, and the binding says that this denies.
        """
        kind, reference = policy.get("paramKind"), binding.get("paramRef")
        if not kind or not reference:
            return [None]
        group, _, version = kind.get("apiVersion", "").rpartition("/")
        resource = next(
            (each for each in self._registry.in_version(group, version) if each.kind == kind.get("kind")),
            None,
        )
        if resource is None:
            told = f"failed to find resource referenced by paramKind: '{group}/{version}, Kind={kind.get('kind')}'"
            raise EvaluationError(told)
        namespace = (reference.get("namespace") or attributes.namespace) if resource.namespaced else ""
        state = self._storage.state(resource)
        if reference.get("name"):
            stored = self._storage.log.get(resource.storage, object_key(namespace, reference["name"]))
            found = [] if stored is None else [stored]
        else:
            selector = label_selector_from_object(reference.get("selector") or {})
            found = [
                each
                for _, each in state.items(*key_range(namespace))
                if selector.matches(each.object["metadata"].get("labels") or {})
            ]
        if not found and reference.get("parameterNotFoundAction") != "Allow":
            raise EvaluationError(
                "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
            )
        return [{"apiVersion": resource.api_version, "kind": resource.kind, **each.object} for each in found]
