"""What a pod, or the template of one, gets where its writer said nothing.

In:    a decoded Pod, PodTemplateSpec or PodSpec, changed in place
Out:   the same, complete
Next:  apiserver/kinds/defaults.py
Rules: applying twice changes nothing more; a value that is there is never changed
Source: Kubernetes API reference, Pod; the recordings; pkg/apis/core/v1/defaults.go for what neither says
"""

from __future__ import annotations

import re
from typing import Any, Final

from listwatch.apiserver.kinds.maps import JSONObject, child, flag, maps, text

_DEFAULT_MODE: Final = 0o644
_IMAGE: Final = re.compile(r"(?P<name>[^@:]*(?::[0-9]+/[^@:]*)?)(?::(?P<tag>[^@]*))?(?:@(?P<digest>.*))?")
_MODE_VOLUMES: Final = ("secret", "configMap", "downwardAPI", "projected")


def image_pull_policy(image: str) -> str:
    """When to pull an image, if nobody said: always for the tag `latest`, written or meant."""
    match = _IMAGE.fullmatch(image)
    if match is None or not match["name"] or match["digest"] is not None:
        return "IfNotPresent"
    return "Always" if match["tag"] in {None, "latest"} else "IfNotPresent"


def default_pod(pod: JSONObject) -> None:
    """Complete a Pod: its template's defaults and those that only pods have."""
    spec = child(pod, "spec")
    if flag(spec, "hostNetwork"):
        for container in _containers(spec):
            for port in maps(container, "ports"):
                if not port.get("hostPort") and "containerPort" in port:
                    port["hostPort"] = port["containerPort"]
    default_pod_spec(spec)
    for container in _containers(spec):
        _default_requests(container)
    spec.setdefault("enableServiceLinks", True)


def default_pod_template(template: JSONObject) -> None:
    """Complete a PodTemplateSpec."""
    default_pod_spec(child(template, "spec"))


def default_pod_spec(spec: JSONObject) -> None:
    """Complete a PodSpec with what pods and templates share."""
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("securityContext", {})
    spec.setdefault("terminationGracePeriodSeconds", 30)
    account = text(spec, "serviceAccountName") or text(spec, "serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for container in (*_containers(spec), *maps(spec, "ephemeralContainers")):
        _default_container(container)
    for volume in maps(spec, "volumes"):
        _default_volume(volume)


def _containers(spec: JSONObject) -> list[JSONObject]:
    return [*maps(spec, "initContainers"), *maps(spec, "containers")]


def _default_requests(container: JSONObject) -> None:
    """What is limited is requested as well, unless something else is."""
    resources = container.get("resources")
    limits = resources.get("limits") if isinstance(resources, dict) else None
    if isinstance(resources, dict) and isinstance(limits, dict) and limits:
        requests = child(resources, "requests")
        for name, amount in limits.items():
            requests.setdefault(name, amount)


def _default_container(container: JSONObject) -> None:
    container.setdefault("imagePullPolicy", image_pull_policy(text(container, "image")))
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(name), dict):
            default_probe(container[name])
    for hook in ("postStart", "preStop"):
        handler = container.get("lifecycle")
        if isinstance(handler, dict) and isinstance(handler.get(hook), dict):
            _default_http(handler[hook])
    for variable in maps(container, "env"):
        _default_source(variable.get("valueFrom"))


def default_probe(probe: JSONObject) -> None:
    """Complete a probe: one second's patience, every ten seconds, one success, three failures."""
    probe.setdefault("timeoutSeconds", 1)
    probe.setdefault("periodSeconds", 10)
    probe.setdefault("successThreshold", 1)
    probe.setdefault("failureThreshold", 3)
    _default_http(probe)


def _default_http(handler: JSONObject) -> None:
    action = handler.get("httpGet")
    if isinstance(action, dict):
        action.setdefault("path", "/")
        action.setdefault("scheme", "HTTP")


def _default_source(source: Any) -> None:
    """Where a variable or a file of the downward API takes its value from."""
    if not isinstance(source, dict):
        return
    if isinstance(source.get("fieldRef"), dict):
        source["fieldRef"].setdefault("apiVersion", "v1")
    if isinstance(source.get("resourceFieldRef"), dict):
        source["resourceFieldRef"].setdefault("divisor", "0")


def _default_volume(volume: JSONObject) -> None:
    if not any(name != "name" for name in volume):
        volume["emptyDir"] = {}
    for name in _MODE_VOLUMES:
        source = volume.get(name)
        if isinstance(source, dict):
            source.setdefault("defaultMode", _DEFAULT_MODE)
    for item in maps(volume, "downwardAPI", "items"):
        _default_source(item)
    for source in maps(volume, "projected", "sources"):
        for item in maps(source, "downwardAPI", "items"):
            _default_source(item)
        if isinstance(source.get("serviceAccountToken"), dict):
            source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
        if isinstance(source.get("podCertificate"), dict):
            source["podCertificate"].setdefault("maxExpirationSeconds", 86400)
    if isinstance(volume.get("hostPath"), dict):
        volume["hostPath"].setdefault("type", "")
    if isinstance(volume.get("image"), dict):
        image = volume["image"]
        image.setdefault("pullPolicy", image_pull_policy(text(image, "reference")))
    template = volume.get("ephemeral")
    if isinstance(template, dict) and isinstance(template.get("volumeClaimTemplate"), dict):
        child(template["volumeClaimTemplate"], "spec").setdefault("volumeMode", "Filesystem")
