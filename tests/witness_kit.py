"""What the peers' clients are given to make, in the wire's own form, and how long something may take."""

from __future__ import annotations

from typing import Any

PATIENCE = 20
"""Seconds after which something that should have happened is taken not to. Nobody waits as long if all is well."""

Manifest = dict[str, Any]


def config_map(name: str, *, labels: dict[str, str] | None = None, **data: str) -> Manifest:
    """A ConfigMap."""
    metadata = {"name": name, "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def pod(name: str, **labels: str) -> Manifest:
    """A Pod that is gone as soon as it is deleted."""
    spec = {"containers": [{"name": "main", "image": "nginx"}], "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}


def deployment(name: str, *, replicas: int = 1) -> Manifest:
    """A Deployment of such pods."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod("any")["spec"]}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def event(name: str, *, about: str, namespace: str) -> Manifest:
    """An Event of the core group about a pod."""
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "eventTime": "2026-01-01T10:00:00.000001Z",
        "reportingComponent": "example.com/witness",
        "reportingInstance": "witness-0",
        "action": "Witnessing",
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": about, "namespace": namespace},
        "reason": "Witnessed",
        "message": "seen by a peer",
        "type": "Normal",
    }


SHIRTS: Manifest = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "shirts.stable.example.com"},
    "spec": {
        "group": "stable.example.com",
        "scope": "Namespaced",
        "names": {"plural": "shirts", "singular": "shirt", "kind": "Shirt", "listKind": "ShirtList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {
                    "status": {},
                    "scale": {
                        "specReplicasPath": ".spec.stock",
                        "statusReplicasPath": ".status.stock",
                    },
                },
                "selectableFields": [{"jsonPath": ".spec.color"}],
                "additionalPrinterColumns": [{"jsonPath": ".spec.color", "name": "Color", "type": "string"}],
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["color"],
                                "properties": {
                                    "color": {"type": "string", "enum": ["blue", "green", "red"]},
                                    "stock": {"type": "integer", "default": 1},
                                },
                            },
                            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        },
                    }
                },
            }
        ],
    },
}
"""Shirts in three colours, selectable by it, with status and scale; the stock is one by default."""


def shirt(name: str, color: str, **labels: str) -> Manifest:
    """One of them."""
    metadata = {"name": name, "labels": labels}
    return {
        "apiVersion": "stable.example.com/v1",
        "kind": "Shirt",
        "metadata": metadata,
        "spec": {"color": color},
    }
