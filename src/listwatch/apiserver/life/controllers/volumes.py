"""Claims get volumes: one that fits, or one that is made for them.

In:    PersistentVolumeClaims, PersistentVolumes, StorageClasses
Out:   bound pairs; a StorageClass "standard" that is the default
Rules: simple. A claim is bound at once, whatever its class says of waiting for a pod; volumes are of no use but to be
       bound. When its claim is gone, a volume that was made for it goes, and another is Released.
Source: kubernetes/pkg/controller/volume/persistentvolume/pv_controller.go
"""

from __future__ import annotations

from listwatch.apiserver.kinds.quantity import quantity_value
from listwatch.apiserver.life.controllers.actions import Note, create, delete, replace, replace_status
from listwatch.apiserver.life.controllers.collections import CLAIMS, STORAGE_CLASSES, VOLUMES
from listwatch.apiserver.life.controllers.controller import Controller, Surroundings
from listwatch.apiserver.life.controllers.owners import JSONObject, annotations_of, is_deleted

PROVISIONER = "listwatch.dev/simulated"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_PROVISIONED = "pv.kubernetes.io/provisioned-by"
_CLASS = ("", "")
_BOUND = {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}


def class_of(claim: JSONObject, classes: list[JSONObject]) -> str:
    """The class that a claim asks for; the default one if it asks for none."""
    asked = claim["spec"].get("storageClassName")
    if asked is not None:
        return str(asked)
    defaults = [each for each in classes if annotations_of(each).get(DEFAULT_CLASS) == "true"]
    defaults.sort(key=lambda each: str(each["metadata"]["creationTimestamp"]))
    return str(defaults[-1]["metadata"]["name"]) if defaults else ""


def fits(volume: JSONObject, claim: JSONObject, storage_class: str) -> bool:
    """Whether a volume is free, large enough, and of the right class and modes."""
    spec, asked = volume["spec"], claim["spec"]
    if spec.get("claimRef") or is_deleted(volume) or (spec.get("storageClassName") or "") != storage_class:
        return False
    if not set(asked.get("accessModes") or ()) <= set(spec.get("accessModes") or ()):
        return False
    wanted = ((asked.get("resources") or {}).get("requests") or {}).get("storage", "0")
    return bool(quantity_value((spec.get("capacity") or {}).get("storage", "0")) >= quantity_value(wanted))


def made_for(claim: JSONObject, storage_class: JSONObject) -> JSONObject:
    """A volume made for a claim, bound to it already."""
    meta, spec = claim["metadata"], claim["spec"]
    name = f"pvc-{meta['uid']}"
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {_PROVISIONED: storage_class["provisioner"]}},
        "spec": {
            "capacity": {
                "storage": ((spec.get("resources") or {}).get("requests") or {}).get("storage", "1Gi")
            },
            "accessModes": spec.get("accessModes") or ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": storage_class["metadata"]["name"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "hostPath": {"path": f"/var/lib/listwatch/{name}"},
            "claimRef": reference_to(claim),
        },
    }


def reference_to(claim: JSONObject) -> JSONObject:
    """What a volume says of its claim."""
    meta = claim["metadata"]
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim"} | {
        name: meta[name] for name in ("namespace", "name", "uid", "resourceVersion")
    }


class VolumeController(Controller):
    """Binds claims and volumes. Keys of volumes have no namespace."""

    name = "persistent-volume-binder"
    component = "persistentvolume-controller"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._claims = self.follow(CLAIMS)
        self._claims.listen(self._claim_changed)
        self._volumes = self.follow(VOLUMES)
        self._classes = self.caches.of(STORAGE_CLASSES)

        self.enqueue_key(_CLASS)

    async def _make_class(self) -> None:
        """Have a class that makes volumes."""
        if self._classes.get("", "standard") is None:
            body: JSONObject = {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {"name": "standard", "annotations": {DEFAULT_CLASS: "true"}},
                "provisioner": PROVISIONER,
            }
            await self.hands.do(create(STORAGE_CLASSES, body))

    async def sync(self, namespace: str, name: str) -> None:
        """Bind a claim, or see to a volume."""
        if (namespace, name) == _CLASS:
            await self._make_class()
            return
        if not namespace:
            await self._sync_volume(name)
            return
        claim = self._claims.get(namespace, name)
        if claim is None or is_deleted(claim) or (claim.get("status") or {}).get("phase") == "Bound":
            return
        volume = self._volume_of(claim)
        if volume is None:
            volume = await self._found_or_made(claim)
        if volume is not None:
            await self._bind(claim, volume)

    async def _found_or_made(self, claim: JSONObject) -> JSONObject | None:
        storage_class = class_of(claim, list(self._classes))
        free = [each for each in self._volumes if fits(each, claim, storage_class)]
        if free:
            chosen = min(free, key=lambda each: quantity_value(each["spec"]["capacity"]["storage"]))
            spec = {**chosen["spec"], "claimRef": reference_to(claim)}
            return await self.hands.do(replace(VOLUMES, {**chosen, "spec": spec}))
        found = self._classes.get("", storage_class)
        if found is None or found["provisioner"] != PROVISIONER:
            return None
        done = f"Successfully provisioned volume pvc-{claim['metadata']['uid']}"
        note = Note(claim, "ProvisioningSucceeded", done)
        return await self.hands.do(create(VOLUMES, made_for(claim, found), note=note))

    async def _bind(self, claim: JSONObject, volume: JSONObject) -> None:
        if (volume.get("status") or {}).get("phase") != "Bound":
            volume = await self.hands.do(
                replace_status(
                    VOLUMES, {**volume, "status": {**(volume.get("status") or {}), "phase": "Bound"}}
                )
            )
        spec = {**claim["spec"], "volumeName": volume["metadata"]["name"]}
        if spec.get("storageClassName") is None and volume["spec"].get("storageClassName"):
            spec["storageClassName"] = volume["spec"]["storageClassName"]
        meta = {**claim["metadata"], "annotations": {**annotations_of(claim), **_BOUND}}
        changed = await self.hands.do(replace(CLAIMS, {**claim, "metadata": meta, "spec": spec}))
        status = {
            "phase": "Bound",
            "accessModes": volume["spec"].get("accessModes"),
            "capacity": volume["spec"].get("capacity"),
        }
        await self.hands.do(replace_status(CLAIMS, {**changed, "status": status}))

    async def _sync_volume(self, name: str) -> None:
        volume = self._volumes.get("", name)
        if volume is None or is_deleted(volume):
            return
        reference = volume["spec"].get("claimRef")
        phase = (volume.get("status") or {}).get("phase")
        if not reference:
            if phase != "Available":
                await self._set_phase(volume, "Available")
            for each in self._claims:
                if (each.get("status") or {}).get("phase") != "Bound":
                    self.enqueue(each)
        elif reference.get("uid") and self._claims.with_uid(reference["uid"]) is None:
            if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
                await self.hands.do(delete(VOLUMES, volume))
            elif phase != "Released":
                await self._set_phase(volume, "Released")

    async def _set_phase(self, volume: JSONObject, phase: str) -> None:
        status = {**(volume.get("status") or {}), "phase": phase}
        await self.hands.do(replace_status(VOLUMES, {**volume, "status": status}))

    def _volume_of(self, claim: JSONObject) -> JSONObject | None:
        uid = claim["metadata"]["uid"]
        wanted = claim["spec"].get("volumeName")
        for each in self._volumes:
            reference = each["spec"].get("claimRef") or {}
            if reference.get("uid") == uid or (
                wanted and each["metadata"]["name"] == wanted and not reference
            ):
                return each
        return None

    def _claim_changed(self, before: JSONObject | None, after: JSONObject | None) -> None:
        if after is None and before is not None and before["spec"].get("volumeName"):
            self.enqueue_key(("", before["spec"]["volumeName"]))
