"""The kinds of networking/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__networking.k8s.io__v1.json
"""

from __future__ import annotations

from msgspec import Struct, field

from listwatch.api.core_v1 import TypedLocalObjectReference
from listwatch.api.meta_v1 import Condition, LabelSelector
from listwatch.apimachinery.object import Object, section

__all__ = [
    "HTTPIngressPath",
    "HTTPIngressRuleValue",
    "IPAddress",
    "IPAddressSpec",
    "IPBlock",
    "Ingress",
    "IngressBackend",
    "IngressClass",
    "IngressClassParametersReference",
    "IngressClassSpec",
    "IngressLoadBalancerIngress",
    "IngressLoadBalancerStatus",
    "IngressPortStatus",
    "IngressRule",
    "IngressServiceBackend",
    "IngressSpec",
    "IngressStatus",
    "IngressTLS",
    "NetworkPolicy",
    "NetworkPolicyEgressRule",
    "NetworkPolicyIngressRule",
    "NetworkPolicyPeer",
    "NetworkPolicyPort",
    "NetworkPolicySpec",
    "ParentReference",
    "ServiceBackendPort",
    "ServiceCIDR",
    "ServiceCIDRSpec",
    "ServiceCIDRStatus",
]


class IngressBackend(Struct, kw_only=True, omit_defaults=True, gc=False):
    resource: TypedLocalObjectReference | None = None
    service: IngressServiceBackend | None = None


class HTTPIngressPath(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    backend: IngressBackend = field(default_factory=IngressBackend)
    path: str | None = None
    path_type: str = field(default_factory=str)


class HTTPIngressRuleValue(Struct, kw_only=True, omit_defaults=True, gc=False):
    paths: list[HTTPIngressPath] = field(default_factory=list)


class ParentReference(Struct, kw_only=True, omit_defaults=True, gc=False):
    group: str | None = None
    name: str = field(default_factory=str)
    namespace: str | None = None
    resource: str = field(default_factory=str)


class IPAddressSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    parent_ref: ParentReference = field(default_factory=ParentReference)


class IPBlock(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    cidr: str = field(default_factory=str)
    except_: list[str] = field(default_factory=list)


class IngressClassParametersReference(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_group: str | None = None
    kind: str = field(default_factory=str)
    name: str = field(default_factory=str)
    namespace: str | None = None
    scope: str | None = None


class IngressClassSpec(Struct, kw_only=True, omit_defaults=True, gc=False):
    controller: str | None = None
    parameters: IngressClassParametersReference | None = None


class IngressLoadBalancerIngress(Struct, kw_only=True, omit_defaults=True, gc=False):
    hostname: str | None = None
    ip: str | None = None
    ports: list[IngressPortStatus] = field(default_factory=list)


class IngressLoadBalancerStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    ingress: list[IngressLoadBalancerIngress] = field(default_factory=list)


class IngressPortStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    error: str | None = None
    port: int = field(default_factory=int)
    protocol: str = field(default_factory=str)


class IngressRule(Struct, kw_only=True, omit_defaults=True, gc=False):
    host: str | None = None
    http: HTTPIngressRuleValue | None = None


class ServiceBackendPort(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str | None = None
    number: int | None = None


class IngressServiceBackend(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)
    port: ServiceBackendPort = field(default_factory=ServiceBackendPort)


class IngressSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    default_backend: IngressBackend | None = None
    ingress_class_name: str | None = None
    rules: list[IngressRule] = field(default_factory=list)
    tls: list[IngressTLS] = field(default_factory=list)


class IngressStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    load_balancer: IngressLoadBalancerStatus = field(default_factory=IngressLoadBalancerStatus)


class IngressTLS(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    hosts: list[str] = field(default_factory=list)
    secret_name: str | None = None


class NetworkPolicyEgressRule(Struct, kw_only=True, omit_defaults=True, gc=False):
    ports: list[NetworkPolicyPort] = field(default_factory=list)
    to: list[NetworkPolicyPeer] = field(default_factory=list)


class NetworkPolicyIngressRule(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    from_: list[NetworkPolicyPeer] = field(default_factory=list)
    ports: list[NetworkPolicyPort] = field(default_factory=list)


class NetworkPolicyPeer(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    ip_block: IPBlock | None = None
    namespace_selector: LabelSelector | None = None
    pod_selector: LabelSelector | None = None


class NetworkPolicyPort(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    end_port: int | None = None
    port: int | str | None = None
    protocol: str | None = None


class NetworkPolicySpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    egress: list[NetworkPolicyEgressRule] = field(default_factory=list)
    ingress: list[NetworkPolicyIngressRule] = field(default_factory=list)
    pod_selector: LabelSelector = field(default_factory=LabelSelector)
    policy_types: list[str] = field(default_factory=list)


class ServiceCIDRSpec(Struct, kw_only=True, omit_defaults=True, gc=False):
    cidrs: list[str] = field(default_factory=list)


class ServiceCIDRStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    conditions: list[Condition] = field(default_factory=list)


class IPAddress(Object, group="networking.k8s.io", version="v1", plural="ipaddresses", namespaced=False):
    """Served at `/apis/networking.k8s.io/v1/ipaddresses`."""

    spec: IPAddressSpec = section(factory=IPAddressSpec)


class Ingress(Object, group="networking.k8s.io", version="v1", plural="ingresses"):
    """Served at `/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses`."""

    spec: IngressSpec = section(factory=IngressSpec)
    status: IngressStatus = section(factory=IngressStatus)


class IngressClass(
    Object, group="networking.k8s.io", version="v1", plural="ingressclasses", namespaced=False
):
    """Served at `/apis/networking.k8s.io/v1/ingressclasses`."""

    spec: IngressClassSpec = section(factory=IngressClassSpec)


class NetworkPolicy(Object, group="networking.k8s.io", version="v1", plural="networkpolicies"):
    """Served at `/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies`."""

    spec: NetworkPolicySpec = section(factory=NetworkPolicySpec)


class ServiceCIDR(Object, group="networking.k8s.io", version="v1", plural="servicecidrs", namespaced=False):
    """Served at `/apis/networking.k8s.io/v1/servicecidrs`."""

    spec: ServiceCIDRSpec = section(factory=ServiceCIDRSpec)
    status: ServiceCIDRStatus = section(factory=ServiceCIDRStatus)
