"""Pods as a busy cluster has them: the same ones for the same seed, no two alike.

In:    a number and a seed
Out:   pods as plain Python values, or the body of a list of them, about 11.5 KB each, half of it managedFields
Next:  run.py (writes the body to a file), and every later benchmark
Rules: pure; pod `i` of a seed is the same whatever else is made; fields stand in the server's order

A pod is made as in a cluster: its controller sends a template, admission and the scheduler add their part (which
nobody owns, so managedFields do not name it), the network plugin annotates it and the node reports its status.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import msgspec
from managed_fields import fields_v1

SEED = 2026
REPLICAS = 10
"""How many pods share a workload: their labels and templates are the same, as in a cluster."""
_EPOCH = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_SAFE = "bcdfghjklmnpqrstvwxz2456789"  # the alphabet of generated names
_APPS = (  # noqa: SIM905 (a column of forty quoted words reads worse)
    "checkout cart catalog search pricing inventory orders payments billing ledger accounts sessions profile "
    "notifications mailer webhooks gateway ingress-proxy recommendations reviews media-encoder thumbnails uploads "
    "audit-log feature-flags experiments analytics-ingest analytics-query reporting fraud-detector tax-rates "
    "shipping-rates fulfilment returns loyalty coupons geo-lookup translations scheduler-api batch-export"
).split()
_NAMESPACES = ("shop", "payments", "platform", "data", "media", "internal-tools", "growth", "logistics")
_STAGES = ("production", "production", "production", "staging", "canary")
_TEAMS = ("storefront", "money", "core-platform", "data-engineering", "content", "growth", "supply-chain")
_REGISTRIES = ("registry.example.com", "ghcr.io/example", "quay.io/example")
_SIDECARS = (
    ("istio-proxy", "docker.io/istio/proxyv2", 15090),
    ("otel-collector", "docker.io/otel/collector", 4317),
    ("cloud-sql-proxy", "gcr.io/cloudsql/proxy", 3306),
    ("fluent-bit", "docker.io/fluent/fluent-bit", 2020),
)
_KINDS = ("ReplicaSet",) * 7 + ("StatefulSet", "DaemonSet")
_ENV: dict[str, tuple[str, ...]] = {
    "LOG_LEVEL": ("info", "debug", "warn"),
    "LOG_FORMAT": ("json", "logfmt"),
    "HTTP_PORT": ("8080", "3000"),
    "METRICS_PORT": ("9102", "9090"),
    "REGION": ("eu-central-1", "eu-west-1"),
    "ZONE": ("a", "b", "c"),
    "TRACE_RATIO": ("0.01", "0.1", "1"),
    "TIMEOUT": ("5s", "30s", "1m"),
    "MAX_CONNECTIONS": ("20", "50", "200"),
    "WORKERS": ("2", "4", "8", "16"),
    "FEATURES": ("default", "beta", "all"),
    "SESSION_TTL": ("900", "3600"),
    "RATE_LIMIT": ("100", "1000"),
    "GOMAXPROCS": ("1", "2", "4"),
    "CACHE_SIZE": ("64Mi", "256Mi"),
    "RETRIES": ("3", "5"),
    "TZ": ("UTC", "Europe/Berlin"),
    "DRY_RUN": ("false", "true"),
}
_SECRET_ENV = ("DATABASE_URL", "API_TOKEN", "QUEUE_URL", "S3_KEY")
_SERVICE_ACCOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


class _Workload(NamedTuple):
    """A controller whose pods are replicas of one template."""

    rng: Random
    app: str
    stage: str
    namespace: str
    kind: str
    name: str
    template_hash: str


class _Replica(NamedTuple):
    """What is one pod's own, and all parts of it must agree on."""

    workload: _Workload
    name: str
    created: datetime
    node: int
    ip: str


def pods(count: int, *, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """`count` pods, as items of a list: without `apiVersion` and `kind`, as a server leaves them out."""
    return (pod(index, seed=seed) for index in range(count))


def list_body(count: int, *, seed: int = SEED) -> bytes:
    """What a server answers to a list of `count` pods."""
    items = b",".join(msgspec.json.encode(item) for item in pods(count, seed=seed))
    version = b'{"resourceVersion":"%d"}' % (count * 7 + 1000)
    return b'{"kind":"PodList","apiVersion":"v1","metadata":%s,"items":[%s]}\n' % (version, items)


def pod(index: int, *, seed: int = SEED) -> dict[str, Any]:
    """Pod number `index` of `seed`; ten in a row are replicas of one workload."""
    workload = _workload(index // REPLICAS, seed)
    owned = _metadata_of_controller(workload)
    template = _template(workload)
    rng = Random(f"{seed}/pod/{index}")
    replica = _replica(rng, workload, index)
    status = _status(rng, replica, template)
    network = {
        "cni.projectcalico.org/podIP": f"{replica.ip}/32",
        "cni.projectcalico.org/podIPs": f"{replica.ip}/32",
    }
    created = replica.created
    managed = [
        _entry("kube-controller-manager", created, {"metadata": owned, "spec": template}),
        _entry("calico", created + _SECOND * 2, {"metadata": {"annotations": network}}, "status"),
        _entry("kubelet", created + _SECOND * 9, {"status": _reported(status)}, "status"),
    ]
    del managed[1]["fieldsV1"]["f:metadata"]["f:annotations"]["."]  # the controller made the map
    metadata = {
        "name": replica.name,
        "generateName": f"{workload.name}-",
        "namespace": workload.namespace,
        "uid": _uid(rng),
        "resourceVersion": str(1000 + index * 7 + rng.randrange(7)),
        "generation": 1,
        "creationTimestamp": _time(created),
        "labels": dict(sorted(owned["labels"].items())),
        "annotations": dict(sorted((network | owned["annotations"]).items())),
        "ownerReferences": owned["ownerReferences"],
        "managedFields": managed,
    }
    return {"metadata": metadata, "spec": _admitted(rng, replica, template), "status": status}


def _workload(number: int, seed: int) -> _Workload:
    rng = Random(f"{seed}/workload/{number}")
    app, stage, kind = rng.choice(_APPS), rng.choice(_STAGES), rng.choice(_KINDS)
    template_hash = _text(rng, 10)
    return _Workload(
        rng=rng,
        app=app,
        stage=stage,
        namespace=f"{rng.choice(_NAMESPACES)}-{stage}",
        kind=kind,
        name=f"{app}-{template_hash}" if kind == "ReplicaSet" else f"{app}-{_SAFE[number % len(_SAFE)]}",
        template_hash=template_hash,
    )


def _replica(rng: Random, workload: _Workload, index: int) -> _Replica:
    number = index % REPLICAS
    ordinal = str(number) if workload.kind == "StatefulSet" else _text(rng, 4) + _SAFE[number]
    return _Replica(
        workload=workload,
        name=f"{workload.name}-{ordinal}",
        created=_EPOCH + _SECOND * rng.randrange(90 * 86_400),
        node=rng.randrange(250),
        ip=f"10.{64 + rng.randrange(64)}.{rng.randrange(256)}.{1 + rng.randrange(254)}",
    )


def _metadata_of_controller(workload: _Workload) -> dict[str, Any]:
    rng = workload.rng
    labels = {
        "app.kubernetes.io/name": workload.app,
        "app.kubernetes.io/instance": f"{workload.app}-{workload.stage}",
        "app.kubernetes.io/component": rng.choice(("api", "worker", "frontend", "consumer")),
        "app.kubernetes.io/version": _version(rng),
        "pod-template-hash": workload.template_hash,
        "team": rng.choice(_TEAMS),
    }
    if rng.random() < 0.4:
        labels["topology.example.com/cell"] = f"cell-{rng.randrange(12)}"
    owner = {
        "apiVersion": "apps/v1",
        "kind": workload.kind,
        "name": workload.name,
        "uid": _uid(rng),
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "generateName": f"{workload.name}-",
        "labels": labels,
        "annotations": {
            "prometheus.io/port": str(rng.choice((8080, 9090, 9102))),
            "prometheus.io/scrape": "true",
        },
        "ownerReferences": [owner],
    }


def _template(workload: _Workload) -> dict[str, Any]:
    """The spec as the controller sends it."""
    rng = workload.rng
    volumes: list[dict[str, Any]] = [
        {"name": "config", "configMap": {"name": f"{workload.app}-config", "defaultMode": 420}},
        {"name": "tls", "secret": {"secretName": f"{workload.app}-{workload.stage}-tls", "defaultMode": 256}},
        {"name": "tmp", "emptyDir": {"sizeLimit": f"{rng.choice((64, 128, 256))}Mi"}},
    ]
    if workload.kind == "StatefulSet":
        volumes.append({"name": "data", "persistentVolumeClaim": {"claimName": f"data-{workload.name}"}})
    return {
        "volumes": volumes,
        "containers": [_main_container(workload, volumes), _sidecar_container(workload)],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": rng.choice((30, 60, 120)),
        "dnsPolicy": "ClusterFirst",
        "nodeSelector": {"pool": rng.choice(("general", "compute", "memory"))},
        "serviceAccountName": workload.app,
        "serviceAccount": workload.app,
        "securityContext": {"runAsUser": 10_000 + rng.randrange(99), "runAsNonRoot": True, "fsGroup": 2000},
        "schedulerName": "default-scheduler",
        "enableServiceLinks": True,
    }


def _main_container(workload: _Workload, volumes: list[dict[str, Any]]) -> dict[str, Any]:
    rng = workload.rng
    port = rng.choice((8080, 8443, 3000, 9000))
    mounts = [{"name": v["name"], "mountPath": f"/etc/{v['name']}"} for v in volumes]
    container = {
        "name": workload.app,
        "image": f"{rng.choice(_REGISTRIES)}/{workload.app}:{_version(rng)}",
        "ports": [
            {"name": "http", "containerPort": port, "protocol": "TCP"},
            {"name": "grpc", "containerPort": 50051, "protocol": "TCP"},
            {"name": "metrics", "containerPort": 9102, "protocol": "TCP"},
        ],
        "env": _env(workload, rng.randint(10, 13)),
        "resources": _resources(rng),
        "volumeMounts": mounts,
        "livenessProbe": _probe("/healthz", port, rng),
        "readinessProbe": _probe("/readyz", port, rng),
    }
    hardened = {"capabilities": {"drop": ["ALL"]}, "allowPrivilegeEscalation": False}
    return container | _container_defaults() | {"securityContext": hardened}


def _sidecar_container(workload: _Workload) -> dict[str, Any]:
    rng = workload.rng
    name, image, port = rng.choice(_SIDECARS)
    container = {
        "name": name,
        "image": f"{image}:{_version(rng)}",
        "ports": [{"name": "telemetry", "containerPort": port, "protocol": "TCP"}],
        "env": _env(workload, rng.randint(5, 9)),
        "resources": _resources(rng),
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    return container | _container_defaults()


def _container_defaults() -> dict[str, Any]:
    return {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }


def _env(workload: _Workload, count: int) -> list[dict[str, Any]]:
    """Secrets and plain values, as real templates mix them."""
    rng = workload.rng
    env: list[dict[str, Any]] = []
    for name in rng.sample(_SECRET_ENV, rng.randint(0, 1)):
        source = {"name": f"{workload.app}-credentials", "key": name.lower()}
        env.append({"name": name, "valueFrom": {"secretKeyRef": source}})
    env += [{"name": name, "value": rng.choice(_ENV[name])} for name in rng.sample(sorted(_ENV), count)]
    return env


def _resources(rng: Random) -> dict[str, Any]:
    cpu, memory = rng.choice((100, 250, 500)), rng.choice((128, 256, 512, 1024))
    return {
        "limits": {"cpu": f"{cpu * 2}m", "memory": f"{memory * 2}Mi"},
        "requests": {"cpu": f"{cpu}m", "memory": f"{memory}Mi"},
    }


def _probe(path: str, port: int, rng: Random) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": port, "scheme": "HTTP"},
        "initialDelaySeconds": rng.choice((5, 10, 15)),
        "timeoutSeconds": rng.choice((1, 2, 5)),
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def _admitted(rng: Random, replica: _Replica, template: dict[str, Any]) -> dict[str, Any]:
    """The spec after admission and the scheduler."""
    access = f"kube-api-access-{_text(rng, 5)}"
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [
                    {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
                ]
            }
        },
    ]
    mount = {"name": access, "readOnly": True, "mountPath": _SERVICE_ACCOUNT_PATH}
    volume = {"name": access, "projected": {"sources": sources, "defaultMode": 420}}
    tolerations = [
        {"key": f"node.kubernetes.io/{state}", "operator": "Exists", "effect": "NoExecute"}
        | {"tolerationSeconds": 300}
        for state in ("not-ready", "unreachable")
    ]
    added: dict[str, Any] = {
        "volumes": [*template["volumes"], volume],
        "containers": [c | {"volumeMounts": [*c["volumeMounts"], mount]} for c in template["containers"]],
        "nodeName": f"worker-{replica.node:03}",
        "tolerations": tolerations,
        "priority": 0,
        "preemptionPolicy": "PreemptLowerPriority",
    }
    merged = template | added
    return {name: merged[name] for name in _SPEC_ORDER}


_SPEC_ORDER = (  # noqa: SIM905
    "volumes containers restartPolicy terminationGracePeriodSeconds dnsPolicy nodeSelector serviceAccountName "
    "serviceAccount nodeName securityContext schedulerName tolerations priority enableServiceLinks preemptionPolicy"
).split()


def _status(rng: Random, replica: _Replica, template: dict[str, Any]) -> dict[str, Any]:
    broken = replica.workload.app if rng.random() < 0.03 else ""
    started = replica.created + _SECOND * rng.randrange(4, 40)
    conditions = [
        _condition(kind, started if late else replica.created, failing=broken if late else "")
        for kind, late in (
            ("PodReadyToStartContainers", False),
            ("Initialized", False),
            ("Ready", True),
            ("ContainersReady", True),
            ("PodScheduled", False),
        )
    ]
    host = f"10.0.{replica.node // 16}.{replica.node % 16 + 10}"
    statuses = [
        _container_status(rng, container, started, crashing=container["name"] == broken)
        for container in template["containers"]
    ]
    return {
        "observedGeneration": 1,
        "phase": "Running",
        "conditions": conditions,
        "hostIP": host,
        "hostIPs": [{"ip": host}],
        "podIP": replica.ip,
        "podIPs": [{"ip": replica.ip}],
        "startTime": _time(replica.created),
        "containerStatuses": sorted(statuses, key=lambda status: str(status["name"])),
        "qosClass": "Burstable",
    }


def _condition(kind: str, when: datetime, *, failing: str) -> dict[str, Any]:
    condition = {
        "type": kind,
        "status": "False" if failing else "True",
        "lastProbeTime": None,
        "lastTransitionTime": _time(when),
    }
    if failing:
        condition["reason"] = "ContainersNotReady"
        condition["message"] = f"containers with unready status: [{failing}]"
    return condition


def _container_status(
    rng: Random, container: dict[str, Any], started: datetime, *, crashing: bool
) -> dict[str, Any]:
    image = container["image"]
    state: dict[str, Any] = {"running": {"startedAt": _time(started)}}
    last: dict[str, Any] = {}
    if crashing:
        wait = f"back-off 5m0s restarting failed container={container['name']}"
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": wait}}
        last = {
            "terminated": {
                "exitCode": 1,
                "reason": "Error",
                "startedAt": _time(started),
                "finishedAt": _time(started + _SECOND * 3),
                "containerID": f"containerd://{rng.getrandbits(256):064x}",
            }
        }
    return {
        "name": container["name"],
        "state": state,
        "lastState": last,
        "ready": not crashing,
        "restartCount": rng.randrange(5, 200) if crashing else rng.choice((0, 0, 0, 0, 1, 2)),
        "image": image,
        "imageID": f"{image.partition(':')[0]}@sha256:{rng.getrandbits(256):064x}",
        "containerID": f"containerd://{rng.getrandbits(256):064x}",
        "started": not crashing,
    }


def _reported(status: dict[str, Any]) -> dict[str, Any]:
    """The part of a status that the node owns; the API server sets the quality of service."""
    reported = {name: value for name, value in status.items() if name != "qosClass"}
    reported["conditions"] = [c for c in status["conditions"] if c["type"] != "PodScheduled"]
    return reported


def _entry(manager: str, when: datetime, owned: dict[str, Any], subresource: str = "") -> dict[str, Any]:
    entry: dict[str, Any] = {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "time": _time(when),
        "fieldsType": "FieldsV1",
        "fieldsV1": fields_v1(owned),
    }
    return entry | {"subresource": subresource} if subresource else entry


def _text(rng: Random, length: int) -> str:
    return "".join(rng.choices(_SAFE, k=length))


def _uid(rng: Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _version(rng: Random) -> str:
    return f"{rng.randrange(1, 6)}.{rng.randrange(40)}.{rng.randrange(20)}"


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
