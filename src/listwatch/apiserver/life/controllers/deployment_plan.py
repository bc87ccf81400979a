"""What a Deployment does next: its ReplicaSets made, scaled, noted on and cleaned up, as one pure function.

In:    the Deployment, its ReplicaSets, whether pods of old ones still run
Out:   `Action`s, in the real controller's order
Next:  life/controllers/deployment.py
Rules: pure. A new ReplicaSet is the end of a round: the next one sees it.
Source: kubernetes/pkg/controller/deployment/deployment_controller.go, sync.go, rolling.go, recreate.go
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from listwatch.apiserver.life.controllers.actions import (
    Action,
    Note,
    create,
    delete,
    replace,
    replace_status,
    tell,
)
from listwatch.apiserver.life.controllers.collections import DEPLOYMENTS, REPLICA_SETS
from listwatch.apiserver.life.controllers.deployment_rollout import (
    DESIRED_REPLICAS,
    HASH_LABEL,
    MAX_REPLICAS,
    REVISION,
    REVISION_HISTORY,
    active,
    active_or_latest,
    annotated,
    by_age,
    is_rolling,
    is_saturated,
    max_replicas,
    new_replicas,
    proportional,
    replicas_of,
    revision_of,
    scaled_down_old,
    superfluous,
)
from listwatch.apiserver.life.controllers.deployment_status import (
    condition,
    counted,
    find,
    has_deadline,
    is_complete,
    rolled_out,
    with_condition,
)
from listwatch.apiserver.life.controllers.owners import (
    JSONObject,
    annotations_of,
    controller_reference,
    is_deleted,
)
from listwatch.apiserver.life.controllers.template_hash import pod_template_hash

_OWN_ANNOTATIONS = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        REVISION_HISTORY,
        DESIRED_REPLICAS,
        MAX_REPLICAS,
        "deprecated.deployment.rollback.to",
    }
)


def bare_template(value: JSONObject) -> JSONObject:
    """The pod template without the label that tells ReplicaSets apart."""
    template: JSONObject = value["spec"]["template"]
    meta = template.get("metadata") or {}
    labels = {name: each for name, each in (meta.get("labels") or {}).items() if name != HASH_LABEL}
    return {**template, "metadata": {**meta, "labels": labels}}


def find_new(deployment: JSONObject, sets: Sequence[JSONObject]) -> JSONObject | None:
    """The ReplicaSet of the Deployment's present template; the oldest, should there be two."""
    wanted = bare_template(deployment)
    return next((each for each in by_age(sets) if bare_template(each) == wanted), None)


@dataclass(frozen=True, slots=True)
class _Round:
    """One look at a Deployment."""

    deployment: JSONObject
    sets: list[JSONObject]
    new: JSONObject | None
    old: list[JSONObject]
    now: datetime


def plan(
    deployment: JSONObject, sets: Sequence[JSONObject], *, old_pods_run: bool, now: datetime
) -> list[Action]:
    """What is to be done about the Deployment now.

    Args:
        deployment: As it is.
        sets: The ReplicaSets that it controls.
        old_pods_run: Whether pods of others than the new ReplicaSet have not ended.
        now: For conditions.
    """
    if deployment["spec"].get("selector") in (None, {}):
        message = "This deployment is selecting all pods. A non-empty selector is required."
        return [tell(Note(deployment, "SelectingAll", message, "Warning"))]
    new = find_new(deployment, sets)
    old = [each for each in sets if each is not new]
    look = _Round(deployment, list(sets), new, old, now)
    if is_deleted(deployment):
        return _status(look, counted(deployment, look.sets, new, now))
    paused = _pause_noted(look)
    if paused:
        return paused
    if deployment["spec"].get("paused"):
        return [*_noted(look), *_scaled(look), *_cleaned(look), *_counted(look)]
    wanted = replicas_of(deployment)
    if any(annotated(each, DESIRED_REPLICAS) not in {None, wanted} for each in active(sets)):
        return [*_noted(look), *_scaled(look), *_counted(look)]
    return _rolled(look) if is_rolling(deployment) else _recreated(look, old_pods_run=old_pods_run)


def _rolled(look: _Round) -> list[Action]:
    if look.new is None:
        return _made(look)
    noted = _noted(look)
    if noted:
        return noted
    actions = _new_scaled(look)
    if not actions:
        for each, left in scaled_down_old(look.deployment, look.new, look.old):
            actions += scale(look.deployment, each, left)
        if not actions and is_complete(look.deployment, look.deployment.get("status") or {}):
            actions = _cleaned(look)
    return [*actions, *_status(look, rolled_out(look.deployment, look.sets, look.new, look.now))]


def _recreated(look: _Round, *, old_pods_run: bool) -> list[Action]:
    actions: list[Action] = []
    for each in active(look.old):
        actions += scale(look.deployment, each, 0)
    if not actions and not old_pods_run:
        if look.new is None:
            return _made(look)
        actions = _noted(look) or _new_scaled(look)
        if not actions and is_complete(look.deployment, look.deployment.get("status") or {}):
            actions = _cleaned(look)
    return [*actions, *_status(look, rolled_out(look.deployment, look.sets, look.new, look.now))]


def _new_scaled(look: _Round) -> list[Action]:
    if look.new is None:
        return []
    own, wanted = replicas_of(look.new), replicas_of(look.deployment)
    if own > wanted:
        return scale(look.deployment, look.new, wanted)
    if own < wanted:
        target = new_replicas(look.deployment, look.sets, own)
        return scale(look.deployment, look.new, target) if target != own else []
    return []


def scale(deployment: JSONObject, replica_set: JSONObject, size: int) -> list[Action]:
    """Have a ReplicaSet ask for `size` pods, and write at it what the Deployment wants."""
    before = replicas_of(replica_set)
    sizes = {DESIRED_REPLICAS: str(replicas_of(deployment)), MAX_REPLICAS: str(max_replicas(deployment))}
    held = annotations_of(replica_set)
    if before == size and all(held.get(name) == each for name, each in sizes.items()):
        return []
    meta = replica_set["metadata"]
    changed = {
        **replica_set,
        "metadata": {**meta, "annotations": {**held, **sizes}},
        "spec": {**replica_set["spec"], "replicas": size},
    }
    note = None
    if before != size:
        way = "up" if size > before else "down"
        message = f"Scaled {way} replica set {meta['name']} from {before} to {size}"
        note = Note(deployment, "ScalingReplicaSet", message)
    return [replace(REPLICA_SETS, changed, note=note)]


def _scaled(look: _Round) -> list[Action]:
    """As many pods as the Deployment wants now, in the middle of an update too."""
    wanted = replicas_of(look.deployment)
    one = active_or_latest(look.new, look.old)
    if one is not None:
        return scale(look.deployment, one, wanted) if replicas_of(one) != wanted else []
    actions: list[Action] = []
    if is_saturated(look.deployment, look.new):
        for each in active(look.old):
            actions += scale(look.deployment, each, 0)
    elif is_rolling(look.deployment):
        for each, size in proportional(look.deployment, look.new, look.old):
            actions += scale(look.deployment, each, size)
    return actions


def _cleaned(look: _Round) -> list[Action]:
    return [delete(REPLICA_SETS, each) for each in superfluous(look.deployment, look.old)]


def _status(look: _Round, status: JSONObject) -> list[Action]:
    if status == (look.deployment.get("status") or {}):
        return []
    return [replace_status(DEPLOYMENTS, {**look.deployment, "status": status})]


def _counted(look: _Round) -> list[Action]:
    return _status(look, counted(look.deployment, look.sets, look.new, look.now))


def _pause_noted(look: _Round) -> list[Action]:
    """A condition that says that the Deployment was paused or goes on."""
    status = look.deployment.get("status") or {}
    held = find(status, "Progressing")
    if not has_deadline(look.deployment) or (held and held["reason"] == "ProgressDeadlineExceeded"):
        return []
    is_noted = held is not None and held["reason"] == "DeploymentPaused"
    is_paused = bool(look.deployment["spec"].get("paused"))
    if is_paused == is_noted:
        return []
    reason, message = (
        ("DeploymentPaused", "Deployment is paused")
        if is_paused
        else ("DeploymentResumed", "Deployment is resumed")
    )
    fresh = condition("Progressing", "Unknown", reason, message, look.now)
    return _status(look, with_condition(status, fresh))


def _next_revision(look: _Round) -> int:
    return max((revision_of(each) for each in look.old), default=0) + 1


def _inherited(look: _Round) -> dict[str, str]:
    """What a ReplicaSet has of the Deployment's annotations."""
    return {
        name: each for name, each in annotations_of(look.deployment).items() if name not in _OWN_ANNOTATIONS
    }


def _noted(look: _Round) -> list[Action]:
    """The revision, written at the new ReplicaSet and then at the Deployment. Empty if all is written."""
    if look.new is None:
        return []
    held = annotations_of(look.new)
    wanted = {**held, **_inherited(look)}
    revision = _next_revision(look)
    if revision_of(look.new) < revision:
        wanted[REVISION] = str(revision)
        if REVISION in held:
            history = [each for each in held.get(REVISION_HISTORY, "").split(",") if each]
            wanted[REVISION_HISTORY] = ",".join([*history, held[REVISION]])
    seconds = look.deployment["spec"].get("minReadySeconds", 0)
    if wanted != held or look.new["spec"].get("minReadySeconds", 0) != seconds:
        spec = {**look.new["spec"], "minReadySeconds": seconds}
        changed = {
            **look.new,
            "metadata": {**look.new["metadata"], "annotations": wanted},
            "spec": spec
            if seconds
            else {name: each for name, each in spec.items() if name != "minReadySeconds"},
        }
        return [replace(REPLICA_SETS, changed)]
    status = look.deployment.get("status") or {}
    if has_deadline(look.deployment) and find(status, "Progressing") is None:
        message = f'Found new replica set "{look.new["metadata"]["name"]}"'
        status = with_condition(
            status, condition("Progressing", "True", "FoundNewReplicaSet", message, look.now)
        )
    return _with_revision(look, held.get(REVISION, ""), status)


def _with_revision(look: _Round, revision: str, status: JSONObject) -> list[Action]:
    held = annotations_of(look.deployment)
    if held.get(REVISION) == revision and status == (look.deployment.get("status") or {}):
        return []
    meta = {**look.deployment["metadata"], "annotations": {**held, REVISION: revision}}
    return [replace_status(DEPLOYMENTS, {**look.deployment, "metadata": meta, "status": status})]


def new_name(deployment: JSONObject) -> tuple[str, str]:
    """The hash of the Deployment's template and the name of its ReplicaSet."""
    collisions = (deployment.get("status") or {}).get("collisionCount")
    digest = pod_template_hash(bare_template(deployment), collisions)
    return digest, f"{deployment['metadata']['name']}-{digest}"


def _made(look: _Round) -> list[Action]:
    """A ReplicaSet for the present template, and the Deployment's note of it."""
    deployment = look.deployment
    digest, name = new_name(deployment)
    template = bare_template(deployment)
    meta = template["metadata"]
    labels = {**meta["labels"], HASH_LABEL: digest}
    size = new_replicas(deployment, look.sets, 0)
    revision = _next_revision(look)
    spec: JSONObject = {
        "replicas": size,
        "selector": {
            **deployment["spec"]["selector"],
            "matchLabels": {**(deployment["spec"]["selector"].get("matchLabels") or {}), HASH_LABEL: digest},
        },
        "template": {**template, "metadata": {**meta, "labels": labels}},
    }
    if deployment["spec"].get("minReadySeconds"):
        spec["minReadySeconds"] = deployment["spec"]["minReadySeconds"]
    body: JSONObject = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": {
                **_inherited(look),
                REVISION: str(revision),
                DESIRED_REPLICAS: str(replicas_of(deployment)),
                MAX_REPLICAS: str(max_replicas(deployment)),
            },
            "ownerReferences": [controller_reference(deployment)],
        },
        "spec": spec,
    }
    note = None
    if size:
        note = Note(deployment, "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to {size}")
    made = create(REPLICA_SETS, body, namespace=deployment["metadata"]["namespace"], note=note)
    status = deployment.get("status") or {}
    if has_deadline(deployment):
        message = f'Created new replica set "{name}"'
        status = with_condition(
            status, condition("Progressing", "True", "NewReplicaSetCreated", message, look.now)
        )
    return [made, *_with_revision(look, str(revision), status)]
