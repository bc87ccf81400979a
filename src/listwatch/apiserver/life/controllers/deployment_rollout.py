"""Arithmetic of a Deployment: how many pods which ReplicaSet may have, as pure functions.

In:    the Deployment and its ReplicaSets
Out:   numbers of replicas
Next:  life/controllers/deployment.py
Rules: pure. Rounding is the real controller's: surge up, unavailable down.
Source: kubernetes/pkg/controller/deployment/util/deployment_util.go, rolling.go, sync.go (scale)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor

from listwatch.apiserver.life.controllers.owners import JSONObject, annotations_of, is_deleted

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"
HASH_LABEL = "pod-template-hash"


def replicas_of(value: JSONObject) -> int:
    """How many are asked for."""
    return int(value["spec"].get("replicas", 1))


def told_by(value: JSONObject, field: str) -> int:
    """A number in the status."""
    return int((value.get("status") or {}).get(field) or 0)


def is_rolling(deployment: JSONObject) -> bool:
    """Whether updates roll, instead of recreating all pods."""
    return bool((deployment["spec"].get("strategy") or {}).get("type", "RollingUpdate") == "RollingUpdate")


def scaled_value(given: object, total: int, *, round_up: bool) -> int:
    """A number, or a percentage of `total`."""
    if isinstance(given, str) and given.endswith("%") and given[:-1].isdecimal():
        share = int(given[:-1]) * total / 100
        return ceil(share) if round_up else floor(share)
    return given if isinstance(given, int) else 0


def fenceposts(deployment: JSONObject) -> tuple[int, int]:
    """How many pods there may be too many, and how many may be missing."""
    if not is_rolling(deployment):
        return 0, 0
    total = replicas_of(deployment)
    update = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    surge = scaled_value(update.get("maxSurge", "25%"), total, round_up=True)
    unavailable = scaled_value(update.get("maxUnavailable", "25%"), total, round_up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return surge, min(unavailable, total)


def max_unavailable(deployment: JSONObject) -> int:
    """How many pods may be missing."""
    return fenceposts(deployment)[1] if replicas_of(deployment) else 0


def max_replicas(deployment: JSONObject) -> int:
    """How many pods there may be, while an update rolls."""
    return replicas_of(deployment) + fenceposts(deployment)[0]


def annotated(replica_set: JSONObject, name: str) -> int | None:
    """A number in an annotation."""
    given = annotations_of(replica_set).get(name, "")
    return int(given) if given.isdecimal() else None


def revision_of(value: JSONObject) -> int:
    """The revision that is written at the object; 0 for none."""
    return annotated(value, REVISION) or 0


def active(sets: Iterable[JSONObject]) -> list[JSONObject]:
    """Those that ask for pods."""
    return [each for each in sets if replicas_of(each) > 0]


def by_age(sets: Iterable[JSONObject]) -> list[JSONObject]:
    """Oldest first."""
    return sorted(sets, key=lambda each: (each["metadata"]["creationTimestamp"], each["metadata"]["name"]))


def new_replicas(deployment: JSONObject, sets: Iterable[JSONObject], own: int) -> int:
    """How many pods the new ReplicaSet, which asks for `own` now, may ask for.

    Args:
        deployment: The Deployment.
        sets: All its ReplicaSets, the new one too if it exists.
        own: What the new one asks for now.
    """
    wanted = replicas_of(deployment)
    if not is_rolling(deployment):
        return wanted
    present = sum(replicas_of(each) for each in sets)
    room = max_replicas(deployment) - present
    return own if room <= 0 else own + max(0, min(room, wanted - own))


def scaled_down_old(
    deployment: JSONObject, new: JSONObject | None, old: Sequence[JSONObject]
) -> list[tuple[JSONObject, int]]:
    """Which old ReplicaSets give up how many pods: the sets and what is left to each.

    First those pods go that are no use anyway; then as many as the available ones can spare.
    """
    if not any(replicas_of(each) for each in old):
        return []
    everybody = [*old, *([new] if new is not None else [])]
    minimum = replicas_of(deployment) - max_unavailable(deployment)
    missing = replicas_of(new) - told_by(new, "availableReplicas") if new is not None else 0
    spare = sum(map(replicas_of, everybody)) - minimum - missing
    if spare <= 0:
        return []
    left = {each["metadata"]["uid"]: replicas_of(each) for each in old}
    cleaned = 0
    for each in by_age(old):
        uid = each["metadata"]["uid"]
        useless = min(spare - cleaned, left[uid] - told_by(each, "availableReplicas"))
        if left[uid] and useless > 0:
            left[uid] -= useless
            cleaned += useless
    surplus = sum(told_by(each, "availableReplicas") for each in everybody) - minimum
    for each in by_age(old):
        uid = each["metadata"]["uid"]
        count = min(left[uid], surplus)
        if count > 0:
            left[uid] -= count
            surplus -= count
    return [
        (each, left[each["metadata"]["uid"]])
        for each in by_age(old)
        if left[each["metadata"]["uid"]] != replicas_of(each)
    ]


def active_or_latest(new: JSONObject | None, old: Sequence[JSONObject]) -> JSONObject | None:
    """The one ReplicaSet that all pods belong to, if there is just one; with no pods, the newest."""
    busy = active([*old, *([new] if new is not None else [])])
    if len(busy) == 1:
        return busy[0]
    if busy:
        return None
    return new if new is not None else next(reversed(by_age(old)), None)


def is_saturated(deployment: JSONObject, new: JSONObject | None) -> bool:
    """Whether the new ReplicaSet has all pods that the Deployment wants."""
    wanted = replicas_of(deployment)
    return (
        new is not None
        and annotated(new, DESIRED_REPLICAS) == wanted
        and replicas_of(new) == wanted
        and told_by(new, "availableReplicas") == wanted
    )


def proportional(
    deployment: JSONObject, new: JSONObject | None, old: Sequence[JSONObject]
) -> list[tuple[JSONObject, int]]:
    """What each ReplicaSet gets when a Deployment is scaled in the middle of an update.

    Everybody gets a share by size; what rounding leaves over goes to the largest.
    """
    sets = active([*old, *([new] if new is not None else [])])
    total = sum(map(replicas_of, sets))
    allowed = max_replicas(deployment) if replicas_of(deployment) else 0
    to_add = allowed - total
    newest_first = list(reversed(by_age(sets)))
    ordered = sorted(newest_first if to_add > 0 else by_age(sets), key=replicas_of, reverse=True)
    sizes: list[int] = []
    added = 0
    for each in ordered:
        share = _share(each, deployment, to_add, added) if to_add else 0
        sizes.append(replicas_of(each) + share)
        added += share
    if sizes and to_add:
        sizes[0] = max(0, sizes[0] + to_add - added)
    return list(zip(ordered, sizes, strict=True))


def _share(replica_set: JSONObject, deployment: JSONObject, to_add: int, added: int) -> int:
    own = replicas_of(replica_set)
    if own == 0 or to_add == added:
        return 0
    if replicas_of(deployment) == 0:
        fraction = -own
    else:
        before = annotated(replica_set, MAX_REPLICAS) or told_by(deployment, "replicas") or own
        fraction = floor(own * max_replicas(deployment) / before + 0.5) - own
    return min(fraction, to_add - added) if to_add > 0 else max(fraction, to_add - added)


def superfluous(deployment: JSONObject, old: Iterable[JSONObject]) -> list[JSONObject]:
    """Old ReplicaSets beyond the limit of revisions that nobody needs any more."""
    limit = deployment["spec"].get("revisionHistoryLimit")
    if limit is None:
        return []
    alive = [each for each in old if not is_deleted(each)]
    surplus = len(alive) - int(limit)
    if surplus <= 0:
        return []
    return [
        each
        for each in sorted(by_age(alive), key=revision_of)[:surplus]
        if not told_by(each, "replicas")
        and not replicas_of(each)
        and each["metadata"].get("generation", 0) <= told_by(each, "observedGeneration")
    ]
