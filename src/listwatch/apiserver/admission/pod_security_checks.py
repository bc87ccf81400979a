"""What the Pod Security Standards forbid.

In:    a pod, or a template of pods
Out:   sentences, one per rule that is broken
Next:  pod_security.py
Rules: pure; each rule is one function. The newest version of the standards only, whatever version a label names.
       Windows pods and user namespaces have no special treatment, AppArmor, SELinux and /proc mounts are not looked at.
Source: Kubernetes docs, "Pod Security Standards"; k8s.io/pod-security-admission policy (its wording)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

JSONObject = dict[str, Any]
_DEFAULT_CAPABILITIES: Final = frozenset(
    {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"}
    | {"SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"}
)
_SAFE_SYSCTLS: Final = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    }
)
_RESTRICTED_VOLUMES: Final = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim"}
    | {"projected", "secret"}
)
_SECCOMP: Final = frozenset({"RuntimeDefault", "Localhost"})


def violations(pod: JSONObject, level: str) -> list[str]:
    """What in a pod the level forbids, in the order of the standards.

    Args:
        pod: With a `spec`.
        level: `baseline` or `restricted`, which includes it.
    """
    spec = pod.get("spec") or {}
    rules = _BASELINE if level == "baseline" else (*_BASELINE, *_RESTRICTED)
    return list(dict.fromkeys(found for rule in rules if (found := rule(spec))))


def _containers(spec: JSONObject) -> list[JSONObject]:
    kinds = ("initContainers", "containers", "ephemeralContainers")
    return [container for kind in kinds for container in spec.get(kind) or ()]


def _security(part: JSONObject) -> JSONObject:
    return part.get("securityContext") or {}


def _named(word: str, names: Iterable[str]) -> str:
    listed = list(dict.fromkeys(names))
    shown = ", ".join(f'"{name}"' for name in listed)
    return f"{word}{'s' if len(listed) > 1 else ''} {shown}"


def _those(spec: JSONObject, is_bad: Callable[[JSONObject], bool]) -> list[str]:
    return [str(container.get("name", "")) for container in _containers(spec) if is_bad(container)]


def _host_namespaces(spec: JSONObject) -> str:
    used = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    return f"host namespaces ({', '.join(used)})" if used else ""


def _host_paths(spec: JSONObject) -> str:
    names = [volume.get("name", "") for volume in spec.get("volumes") or () if "hostPath" in volume]
    return f"hostPath volumes ({_named('volume', names)})" if names else ""


def _host_ports(spec: JSONObject) -> str:
    names: list[str] = []
    ports: list[str] = []
    for container in _containers(spec):
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                names.append(container.get("name", ""))
                ports.append(str(port["hostPort"]))
    if not names:
        return ""
    word = "use" if len(set(names)) > 1 else "uses"
    shown = f"hostPort{'s' if len(set(ports)) > 1 else ''} {', '.join(dict.fromkeys(ports))}"
    return f"hostPort ({_named('container', names)} {word} {shown})"


def _privileged(spec: JSONObject) -> str:
    names = _those(spec, lambda container: bool(_security(container).get("privileged")))
    told = f"{_named('container', names)} must not set securityContext.privileged=true"
    return f"privileged ({told})" if names else ""


def _added(spec: JSONObject, allowed: frozenset[str]) -> str:
    names: list[str] = []
    added: list[str] = []
    for container in _containers(spec):
        for capability in (_security(container).get("capabilities") or {}).get("add") or ():
            if capability not in allowed:
                names.append(container.get("name", ""))
                added.append(capability)
    if not names:
        return ""
    shown = ", ".join(f'"{capability}"' for capability in sorted(set(added)))
    return f"{_named('container', names)} must not include {shown} in securityContext.capabilities.add"


def _capabilities(spec: JSONObject) -> str:
    found = _added(spec, _DEFAULT_CAPABILITIES)
    return f"non-default capabilities ({found})" if found else ""


def _unconfined(spec: JSONObject) -> str:
    told: list[str] = []
    if (_security(spec).get("seccompProfile") or {}).get("type") == "Unconfined":
        told.append('pod must not set securityContext.seccompProfile.type to "Unconfined"')
    names = _those(
        spec,
        lambda container: (_security(container).get("seccompProfile") or {}).get("type") == "Unconfined",
    )
    if names:
        told.append(
            f'{_named("container", names)} must not set securityContext.seccompProfile.type to "Unconfined"'
        )
    return f"seccompProfile ({'; '.join(told)})" if told else ""


def _sysctls(spec: JSONObject) -> str:
    names = [each.get("name", "") for each in _security(spec).get("sysctls") or ()]
    forbidden = [name for name in names if name not in _SAFE_SYSCTLS]
    return f"forbidden sysctls ({', '.join(forbidden)})" if forbidden else ""


def _escalation(spec: JSONObject) -> str:
    names = _those(spec, lambda container: _security(container).get("allowPrivilegeEscalation") is not False)
    told = f"{_named('container', names)} must set securityContext.allowPrivilegeEscalation=false"
    return f"allowPrivilegeEscalation != false ({told})" if names else ""


def _dropped(spec: JSONObject) -> str:
    told: list[str] = []
    names = _those(
        spec,
        lambda container: "ALL" not in ((_security(container).get("capabilities") or {}).get("drop") or ()),
    )
    if names:
        told.append(f'{_named("container", names)} must set securityContext.capabilities.drop=["ALL"]')
    if added := _added(spec, frozenset({"NET_BIND_SERVICE"})):
        told.append(added)
    return f"unrestricted capabilities ({'; '.join(told)})" if told else ""


def _volume_types(spec: JSONObject) -> str:
    names: list[str] = []
    kinds: list[str] = []
    for volume in spec.get("volumes") or ():
        for kind in volume:
            if kind != "name" and kind not in _RESTRICTED_VOLUMES:
                names.append(volume.get("name", ""))
                kinds.append(f'"{kind}"')
    if not names:
        return ""
    uses = "use" if len(set(names)) > 1 else "uses"
    types = f"restricted volume type{'s' if len(set(kinds)) > 1 else ''} {', '.join(dict.fromkeys(kinds))}"
    return f"restricted volume types ({_named('volume', names)} {uses} {types})"


def _non_root(spec: JSONObject) -> str:
    pod = _security(spec).get("runAsNonRoot")
    wrong = _those(spec, lambda container: _security(container).get("runAsNonRoot") is False)
    unset = _those(spec, lambda container: _security(container).get("runAsNonRoot") is None)
    if wrong:
        told = f"{_named('container', wrong)} must not set securityContext.runAsNonRoot=false"
    elif pod is True or not unset:
        return ""
    elif pod is False:
        told = "pod must not set securityContext.runAsNonRoot=false"
    else:
        told = f"pod or {_named('container', unset)} must set securityContext.runAsNonRoot=true"
    return f"runAsNonRoot != true ({told})"


def _root_user(spec: JSONObject) -> str:
    told = ["pod must not set runAsUser=0"] if _security(spec).get("runAsUser") == 0 else []
    if names := _those(spec, lambda container: _security(container).get("runAsUser") == 0):
        told.append(f"{_named('container', names)} must not set runAsUser=0")
    return f"runAsUser=0 ({'; '.join(told)})" if told else ""


def _seccomp(spec: JSONObject) -> str:
    if (_security(spec).get("seccompProfile") or {}).get("type") in _SECCOMP:
        return ""
    names = _those(spec, lambda container: not (_security(container).get("seccompProfile") or {}).get("type"))
    told = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return f"seccompProfile (pod or {_named('container', names)} {told})" if names else ""


_BASELINE: Final = (
    _host_namespaces,
    _host_paths,
    _host_ports,
    _privileged,
    _capabilities,
    _unconfined,
    _sysctls,
)
_RESTRICTED: Final = (_escalation, _dropped, _volume_types, _non_root, _root_user, _seccomp)
