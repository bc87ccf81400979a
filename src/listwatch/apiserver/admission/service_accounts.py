"""Pods and the service account that they run as.

In:    pods that are being made; the service accounts of their namespace
Out:   pods with an account, its token as a volume, its pull secrets; refusals
Next:  chain.py
Rules: a namespace without an account `default`, as on a server without controllers, leaves its pods as they are: nobody
       would ever make the account that the real server waits for
Source: kubernetes plugin/pkg/admission/serviceaccount (its wording); the recordings of pods
"""

from __future__ import annotations

import random
from typing import Any, Final

from listwatch.apiserver.admission.chain import Asker, PluginBase
from listwatch.apiserver.admission.pod_resources import every_container
from listwatch.apiserver.storage.storage import Storage, object_key
from listwatch.apiserver.verbs.admitting import Attributes
from listwatch.apiserver.wire.statuses import forbidden

JSONObject = dict[str, Any]
_ACCOUNTS: Final = "serviceaccounts"
_MIRROR: Final = "kubernetes.io/config.mirror"
_MOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
_VOLUME: Final = "kube-api-access-"
_CHARACTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
_SECONDS: Final = 3607


class ServiceAccounts(PluginBase):
    """Gives new pods their account.

    Args:
        storage: Where accounts are.
        chance: For the names of volumes.
    """

    def __init__(self, storage: Storage, chance: random.Random) -> None:
        self._storage = storage
        self._chance = chance

    def mutate(self, attributes: Attributes, asker: Asker) -> JSONObject | None:
        """Name the account, mount its token, take its pull secrets.

        Raises:
            APIFailure: 403, there is no account of the name that the pod gives.
        """
        value = attributes.value
        if value is None or attributes.operation != "CREATE" or attributes.resource.qualified != "pods":
            return None
        if _MIRROR in (value["metadata"].get("annotations") or {}):
            return None
        spec = value.setdefault("spec", {})
        name = spec.get("serviceAccountName") or "default"
        account = self._account(attributes.namespace, name)
        if account is None:
            if self._account(attributes.namespace, "default") is None:
                return None
            looked = f"error looking up service account {attributes.namespace}/{name}"
            raise forbidden("", "pods", attributes.name, f'{looked}: serviceaccount "{name}" not found')
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        if _mounts(spec, account):
            # The same at each attempt of a write, or a webhook would be asked about another pod each time.
            suffix = asker.memory.setdefault("volume", "".join(self._chance.choices(_CHARACTERS, k=5)))
            _mount_token(spec, f"{_VOLUME}{suffix}")
        if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
            spec["imagePullSecrets"] = [dict(each) for each in account["imagePullSecrets"]]
        return value

    def _account(self, namespace: str, name: str) -> JSONObject | None:
        stored = self._storage.log.get(_ACCOUNTS, object_key(namespace, name))
        return None if stored is None else stored.object


def _mounts(spec: JSONObject, account: JSONObject) -> bool:
    wanted = spec.get("automountServiceAccountToken")
    return bool(account.get("automountServiceAccountToken") is not False if wanted is None else wanted)


def _mount_token(spec: JSONObject, name: str) -> None:
    """Mount the token where nothing is mounted yet; without such a container there is no volume."""
    is_used = False
    for _, container in every_container(spec):
        mounts = container.setdefault("volumeMounts", [])
        if any(mount.get("mountPath") == _MOUNT for mount in mounts):
            continue
        mounts.append({"name": name, "readOnly": True, "mountPath": _MOUNT})
        is_used = True
    if is_used:
        token = {"serviceAccountToken": {"expirationSeconds": _SECONDS, "path": "token"}}
        authority = {
            "configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
        }
        field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
        namespace = {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}}
        projected = {"sources": [token, authority, namespace], "defaultMode": 420}
        spec.setdefault("volumes", []).append({"name": name, "projected": projected})
