"""The real kubectl and a CustomResourceDefinition, from its making to its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from processes import serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.xdist_group("kubectl")]

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget, shortNames: [wd], categories: [toys]}
  versions:
    - name: v1
      served: true
      storage: true
      subresources:
        status: {}
        scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}
      additionalPrinterColumns:
        - {name: Size, type: integer, jsonPath: .spec.size}
        - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              description: What is asked for.
              required: [size]
              x-kubernetes-validations: [{rule: "self.size != 7", message: "seven is taken"}]
              properties:
                size: {type: integer, maximum: 9, description: How big it is.}
                color: {type: string, default: red}
            status:
              type: object
              properties:
                size: {type: integer}
                conditions:
                  type: array
                  items: {type: object, properties: {type: {type: string}, status: {type: string}}}
"""
WIDGET = """
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: {size: 3}
"""


def test_kubectl_works_with_a_custom_resource(tmp_path: Path) -> None:
    """Apply, wait, explain, get by short name and category, scale, status, refusals, delete: as with any cluster."""
    with serve(tmp_path) as cluster:
        cluster.kubectl("apply", "-f", "-", stdin=DEFINITION)
        cluster.kubectl("wait", "--for=condition=established", "crd/widgets.example.com", "--timeout=10s")
        assert "How big it is." in cluster.kubectl("explain", "widgets.spec.size")
        assert "wd" in cluster.kubectl("api-resources", "--api-group=example.com")
        cluster.kubectl("apply", "-f", "-", stdin=WIDGET)
        status = {"status": {"size": 2, "conditions": [{"type": "Ready", "status": "True"}]}}
        cluster.kubectl("patch", "wd/w", "--subresource=status", "--type=merge", "-p", json.dumps(status))
        cluster.kubectl("scale", "widget/w", "--replicas=5")
        shown = cluster.kubectl("get", "wd").splitlines()
        assert shown[0].split() == ["NAME", "SIZE", "READY"]
        assert shown[1].split() == ["w", "5", "True"]
        assert "w" in cluster.kubectl("get", "toys", "-o", "name")
        for size, told in ((7, "seven is taken"), (12, "should be less than or equal to 9")):
            refused = cluster.kubectl(
                "patch", "wd/w", "--type=merge", "-p", json.dumps({"spec": {"size": size}}), check=False
            )
            assert told in refused
        cluster.kubectl("delete", "crd", "widgets.example.com", "--timeout=20s")
        assert "rror" in cluster.kubectl("get", "widgets", check=False)
