"""The Pod Security Standards, as the labels of a namespace ask for them.

In:    pods and what makes pods; the namespace's labels
Out:   refusals of pods, warnings for both
Next:  chain.py, pod_security_checks.py
Rules: pure but for looking up the namespace. What makes pods is only warned of, as in the real server; `audit` has
       no effect, since there is no audit log that would hold its annotations.
Source: KEP-2579; Kubernetes docs, "Pod Security Admission"
"""

from __future__ import annotations

from typing import Any, Final

from listwatch.apiserver.admission.chain import Asker, PluginBase
from listwatch.apiserver.admission.pod_security_checks import violations
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs.admitting import Attributes
from listwatch.apiserver.wire.statuses import forbidden

JSONObject = dict[str, Any]
_LABEL: Final = "pod-security.kubernetes.io/"
_LEVELS: Final = frozenset({"baseline", "restricted"})
_TEMPLATES: Final = {
    "deployments.apps": ("template",),
    "replicasets.apps": ("template",),
    "statefulsets.apps": ("template",),
    "daemonsets.apps": ("template",),
    "replicationcontrollers": ("template",),
    "jobs.batch": ("template",),
    "cronjobs.batch": ("jobTemplate", "spec", "template"),
}


class PodSecurity(PluginBase):
    """Holds pods to the level of their namespace."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def validate(self, attributes: Attributes, asker: Asker) -> None:
        """Refuse or warn.

        Raises:
            APIFailure: 403 for a pod that violates the level that is enforced.
        """
        value = attributes.value
        if value is None or attributes.subresource:
            return
        is_pod = attributes.resource.qualified == "pods"
        if not is_pod and attributes.resource.qualified not in _TEMPLATES:
            return
        stored = self._storage.log.get("namespaces", attributes.namespace)
        labels = (stored.object["metadata"].get("labels") or {}) if stored is not None else {}
        enforced, warned = labels.get(f"{_LABEL}enforce", ""), labels.get(f"{_LABEL}warn", "")
        if not _LEVELS & {enforced, warned}:
            return
        if is_pod and attributes.old is not None and attributes.old.get("spec") == value.get("spec"):
            return
        pod = value if is_pod else _template(value, _TEMPLATES[attributes.resource.qualified])
        if is_pod and enforced in _LEVELS and (found := violations(pod, enforced)):
            resource = attributes.resource
            told = f"violates PodSecurity {_policy(labels, 'enforce')}: {', '.join(found)}"
            raise forbidden(resource.group, resource.name, attributes.name, told)
        if warned in _LEVELS and (found := violations(pod, warned)):
            asker.warnings.append(f"would violate PodSecurity {_policy(labels, 'warn')}: {', '.join(found)}")


def _policy(labels: JSONObject, mode: str) -> str:
    return f'"{labels[_LABEL + mode]}:{labels.get(f"{_LABEL}{mode}-version") or "latest"}"'


def _template(value: JSONObject, path: tuple[str, ...]) -> JSONObject:
    part = value.get("spec") or {}
    for name in path:
        part = part.get(name) or {}
    return part
