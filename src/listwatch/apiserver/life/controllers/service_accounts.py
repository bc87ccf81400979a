"""What every namespace has: the service account `default`, and the certificate of who signs for the server.

In:    namespaces, service accounts, config maps
Out:   ServiceAccount "default", ConfigMap "kube-root-ca.crt"
Rules: what somebody deletes or changes is put right again, unless the namespace ends.
Source: kubernetes/pkg/controller/serviceaccount/serviceaccounts_controller.go; certificates/rootcacertpublisher
"""

from __future__ import annotations

from listwatch.apiserver.life.controllers.actions import Action, create, patch
from listwatch.apiserver.life.controllers.collections import CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS
from listwatch.apiserver.life.controllers.controller import Controller, Surroundings
from listwatch.apiserver.life.controllers.hands import Refused
from listwatch.apiserver.life.controllers.owners import JSONObject, is_deleted

ROOT_CA = "kube-root-ca.crt"
_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


class ServiceAccountController(Controller):
    """Keeps a service account "default" in every namespace."""

    name = "service-account-controller"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._namespaces = self.follow(NAMESPACES)
        self._accounts = self.caches.of(SERVICE_ACCOUNTS, whole=False)
        self._accounts.listen(self._account_changed)

    async def sync(self, namespace: str, name: str) -> None:
        """Make the account if it is missing."""
        found = self._namespaces.get("", name)
        if found is None or is_deleted(found) or self._accounts.get(name, "default") is not None:
            return
        body: JSONObject = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        await _make(self, create(SERVICE_ACCOUNTS, body, namespace=name))

    def _account_changed(self, before: JSONObject | None, after: JSONObject | None) -> None:
        if after is None and before is not None and before["metadata"]["name"] == "default":
            self.enqueue_key(("", before["metadata"]["namespace"]))


class RootCertificateController(Controller):
    """Keeps the config map "kube-root-ca.crt" in every namespace.

    Args:
        around: The server, the clock, the caches.
        certificate: The authority's certificate as PEM; "" if nobody signs, as without TLS.
    """

    name = "root-ca-cert-publisher"

    def __init__(self, around: Surroundings, *, certificate: str = "") -> None:
        super().__init__(around)
        self._data = {"ca.crt": certificate}
        self._namespaces = self.follow(NAMESPACES)
        self._maps = self.caches.of(CONFIG_MAPS)
        self._maps.listen(self._map_changed)

    async def sync(self, namespace: str, name: str) -> None:
        """Make the config map if it is missing, put it right if it says something else."""
        found = self._namespaces.get("", name)
        if found is None or is_deleted(found):
            return
        held = self._maps.get(name, ROOT_CA)
        if held is None:
            body: JSONObject = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": ROOT_CA, "annotations": {"kubernetes.io/description": _DESCRIPTION}},
                "data": self._data,
            }
            await _make(self, create(CONFIG_MAPS, body, namespace=name))
        elif held.get("data") != self._data:
            others: dict[str, None] = dict.fromkeys(held.get("data") or ())
            await self.hands.do(patch(CONFIG_MAPS, held, {"data": {**others, **self._data}}))

    def _map_changed(self, before: JSONObject | None, after: JSONObject | None) -> None:
        value = after or before
        if value is not None and value["metadata"]["name"] == ROOT_CA:
            self.enqueue_key(("", value["metadata"]["namespace"]))


async def _make(controller: Controller, action: Action) -> None:
    """Do it, unless somebody was faster."""
    try:
        await controller.hands.do(action)
    except Refused as refusal:
        if refusal.reason != "AlreadyExists":
            raise
