"""What validating and mutating policies have in common: whom they speak of, their bindings and parameters.

In:    policies and bindings; `Attributes`
Out:   those that apply, and with which parameters
Next:  policies.py, mutating_policies.py
Rules: pure but for looking up objects; in the order of names
Source: apiserver pkg/admission/plugin/policy/generic
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from listwatch.apimachinery.selector import label_selector_from_object
from listwatch.apiserver.admission.chain import Asker, PluginBase
from listwatch.apiserver.admission.compiled_policy import CompiledPolicy
from listwatch.apiserver.admission.expressions import values
from listwatch.apiserver.admission.matching import Matcher
from listwatch.apiserver.cel import EvaluationError
from listwatch.apiserver.cel.functions_authorizer import Authorize
from listwatch.apiserver.kinds.resources import ResourceRegistry
from listwatch.apiserver.storage.storage import Storage, key_range, object_key
from listwatch.apiserver.verbs.admitting import Attributes

JSONObject = dict[str, Any]
_MOST_COMPILED: Final = 256
_EVERYTHING: Final = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"], "operations": ["*"]}


class PolicyPlugin(PluginBase):
    """The policies of one server, of one kind.

    Args:
        storage: Where policies, bindings and parameters are.
        registry: Finds parameters' resources.
        matcher: Decides which write is whose.
        authorize: For expressions that ask what somebody may do.
    """

    def __init__(
        self, storage: Storage, registry: ResourceRegistry, matcher: Matcher, *, authorize: Authorize
    ) -> None:
        self.storage = storage
        self._registry = registry
        self._matcher = matcher
        self._authorize = authorize
        self._compiled: dict[tuple[str, str], CompiledPolicy] = {}

    def compiled(self, policy: JSONObject) -> CompiledPolicy:
        """A policy's expressions, compiled once for each of its versions.

        Raises:
            CompileError: A variable is no expression.
        """
        key = (policy["metadata"]["name"], policy["metadata"]["resourceVersion"])
        found = self._compiled.get(key)
        if found is None:
            if len(self._compiled) >= _MOST_COMPILED:
                self._compiled.clear()
            found = self._compiled[key] = self.compile_policy(policy["spec"])
        return found

    def compile_policy(self, spec: JSONObject) -> CompiledPolicy:
        """The expressions of a policy of this kind."""
        return CompiledPolicy(spec)

    def speaking(self, collection: str, attributes: Attributes) -> Iterator[tuple[JSONObject, Attributes]]:
        """The policies that speak of a write, and how each wants to see it."""
        for _, stored in self.storage.log.state(collection).items():  # noqa: PERF102 (no dict)
            constraints = (stored.object.get("spec") or {}).get("matchConstraints") or {}
            seen = self.match(attributes, constraints)
            if seen is not None:
                yield stored.object, seen

    def bindings(self, collection: str, policy: str, attributes: Attributes) -> Iterator[JSONObject]:
        """The bindings of a policy that speak of a write."""
        for _, stored in self.storage.log.state(collection).items():  # noqa: PERF102 (no dict)
            spec = stored.object.get("spec") or {}
            if spec.get("policyName") == policy and self.bound(attributes, spec):
                yield stored.object

    def known(self, seen: Attributes, asker: Asker) -> JSONObject:
        """The variables that every expression of a policy may name."""
        return values(seen, asker, self._matcher.namespace(seen.namespace), self._authorize)

    def match(self, attributes: Attributes, resources: Mapping[str, Any]) -> Attributes | None:
        """The write as these rules and selectors want to see it, or None if they do not speak of it."""
        rules = resources.get("resourceRules") or ()
        return self._matcher.match(attributes, rules, resources, resources.get("excludeResourceRules") or ())

    def bound(self, attributes: Attributes, spec: JSONObject) -> bool:
        """Whether a binding speaks of a write that its policy speaks of."""
        resources = spec.get("matchResources")
        if not resources:
            return True
        if not resources.get("resourceRules"):
            resources = {**resources, "resourceRules": [_EVERYTHING]}
        return self.match(attributes, resources) is not None

    def params(
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
        state = self.storage.state(resource)
        if reference.get("name"):
            stored = self.storage.log.get(resource.storage, object_key(namespace, reference["name"]))
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
