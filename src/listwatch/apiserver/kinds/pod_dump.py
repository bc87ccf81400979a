"""The difference between two pod specs, as the API server shows it to who changed what cannot change.

The server compares its internal form of the spec: every field of a structure in the order of its declaration,
empty ones too, under its Go name, one to a line. The order of the structures that pods are mostly made of is
known here; the members of rarer ones follow in the order of the alphabet, empty ones left out.

In:    two PodSpecs
Out:   hunks of a unified diff
Next:  apiserver/kinds/validation_pods.py
Rules: pure, total on objects of any shape
Source: the recordings of kube-apiserver 1.36
"""

from __future__ import annotations

import difflib
import json
from typing import Any, Final

from listwatch.apiserver.kinds.maps import JSONObject

# Go name → where it stands in the API, with what an absent one looks like: the empty string, 0, false, null,
# or a structure of its own.
_Layout = tuple[tuple[str, str, Any], ...]


def _layout(text: str) -> _Layout:
    """Reads `GoName[=zero]` words; the API's name is the Go name with a small first letter."""
    found: list[tuple[str, str, Any]] = []
    for word in text.split():
        name, _, zero = word.partition("=")
        found.append((name, _API_NAMES.get(name, name[0].lower() + name[1:]), json.loads(zero or "null")))
    return tuple(found)


_API_NAMES: Final = {
    "DNSPolicy": "dnsPolicy",
    "DNSConfig": "dnsConfig",
    "OS": "os",
    "HostPID": "hostPID",
    "HostIPC": "hostIPC",
    "SELinuxOptions": "seLinuxOptions",
    "SELinuxChangePolicy": "seLinuxChangePolicy",
    "FSGroup": "fsGroup",
    "FSGroupChangePolicy": "fsGroupChangePolicy",
    "TTY": "tty",
    "HostIP": "hostIP",
    "TTL": "ttl",
}
_POD_SPEC: Final = _layout(
    'Volumes InitContainers Containers EphemeralContainers RestartPolicy="" TerminationGracePeriodSeconds '
    'ActiveDeadlineSeconds DNSPolicy="" NodeSelector ServiceAccountName="" AutomountServiceAccountToken NodeName="" '
    'SecurityContext ImagePullSecrets Hostname="" Subdomain="" SetHostnameAsFQDN Affinity SchedulerName="" '
    'Tolerations HostAliases PriorityClassName="" Priority PreemptionPolicy DNSConfig ReadinessGates '
    "RuntimeClassName Overhead EnableServiceLinks TopologySpreadConstraints OS SchedulingGates ResourceClaims "
    "Resources HostnameOverride SchedulingGroup"
)
_CONTAINER: Final = _layout(
    'Name="" Image="" Command Args WorkingDir="" Ports EnvFrom Env Resources={} ResizePolicy RestartPolicy '
    "RestartPolicyRules VolumeMounts VolumeDevices LivenessProbe ReadinessProbe StartupProbe Lifecycle "
    'TerminationMessagePath="" TerminationMessagePolicy="" ImagePullPolicy="" SecurityContext Stdin=false '
    "StdinOnce=false TTY=false"
)
_SECURITY: Final = _layout(
    "HostNetwork=false HostPID=false HostIPC=false ShareProcessNamespace HostUsers SELinuxOptions WindowsOptions "
    "RunAsUser RunAsGroup RunAsNonRoot SupplementalGroups SupplementalGroupsPolicy FSGroup FSGroupChangePolicy "
    "Sysctls SeccompProfile AppArmorProfile SELinuxChangePolicy"
)
_RESOURCES: Final = _layout("Limits Requests Claims")
_PORT: Final = _layout('Name="" HostPort=0 ContainerPort=0 Protocol="" HostIP=""')
_VARIABLE: Final = _layout('Name="" Value="" ValueFrom')
_MOUNT: Final = _layout(
    'Name="" ReadOnly=false RecursiveReadOnly MountPath="" SubPath="" MountPropagation SubPathExpr=""'
)
_TOLERATION: Final = _layout('Key="" Operator="" Value="" Effect="" TolerationSeconds')
_LAYOUTS: Final[dict[str, _Layout]] = {
    "containers": _CONTAINER,
    "initContainers": _CONTAINER,
    "ephemeralContainers": _CONTAINER,
    "resources": _RESOURCES,
    "ports": _PORT,
    "env": _VARIABLE,
    "volumeMounts": _MOUNT,
    "tolerations": _TOLERATION,
}
# Shared by the host, and in the internal form a matter of the security context.
_HOST_FIELDS: Final = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")
# The values of these maps have keys of their users, which keep their spelling.
_FREE_KEYS: Final = frozenset({"nodeSelector", "limits", "requests", "overhead", "matchLabels"})


def _internal(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_internal(each, name) for each in value]
    if not isinstance(value, dict):
        return value
    if name in _FREE_KEYS:
        return {key: value[key] for key in sorted(value)}
    layout = _LAYOUTS.get(name)
    if layout is None:
        return {key[:1].upper() + key[1:]: _internal(value[key], key) for key in sorted(value)}
    return _laid_out(value, layout)


def _laid_out(value: JSONObject, layout: _Layout) -> JSONObject:
    shown: JSONObject = {}
    for go_name, name, zero in layout:
        inner = value.get(name)
        if inner is None and zero == {}:
            inner = {}
        shown[go_name] = zero if inner is None else _internal(inner, name)
    return shown


def _pod_spec(spec: JSONObject) -> JSONObject:
    shown = _laid_out(spec, _POD_SPEC)
    security = spec.get("securityContext")
    host = {name: spec[name] for name in _HOST_FIELDS if name in spec}
    if isinstance(security, dict) or host:
        both = {**(security if isinstance(security, dict) else {}), **host}
        shown["SecurityContext"] = _laid_out(both, _SECURITY)
    return shown


def pod_spec_difference(old: JSONObject, new: JSONObject) -> str:
    """The hunks by which `new` differs, three lines of context around each, the last line ended."""
    before, after = (
        json.dumps(_pod_spec(spec), indent=1, ensure_ascii=False).splitlines() for spec in (old, new)
    )
    hunks = list(difflib.unified_diff(before, after, n=3, lineterm=""))[2:]
    return "".join(f"{line}\n" for line in hunks)
