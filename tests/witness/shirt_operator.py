"""An operator as kopf's users write them: it sews what is ordered, tells how far it is, and cleans up."""

from __future__ import annotations

import asyncio
from typing import Any

import kopf


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    """Say everything as Events, and take no pauses that only a real cluster needs."""
    settings.posting.enabled = True
    settings.persistence.finalizer = "stable.example.com/sewing"
    settings.watching.reconnect_backoff = 0.01


@kopf.on.create("shirts.stable.example.com")
def sew(spec: kopf.Spec, name: str, retry: int, body: kopf.Body, **_: Any) -> dict[str, Any]:
    """Make a ConfigMap that the shirt owns; the first try fails."""
    if retry == 0:
        raise kopf.TemporaryError("out of thread", delay=0.01)
    kopf.info(body, reason="Sewn", message=f"{name} is {spec['color']}")
    return {"color": spec["color"]}


@kopf.on.field("shirts.stable.example.com", field="spec.color")
def dye(old: Any, new: Any, patch: kopf.Patch, **_: Any) -> None:
    """Put into the status what became of the colour."""
    patch.status["colors"] = [old, new]


@kopf.on.update("shirts.stable.example.com")
def note(diff: kopf.Diff, **_: Any) -> list[str]:
    """Tell which fields changed."""
    return [".".join(change.field) for change in diff]


@kopf.daemon("shirts.stable.example.com", cancellation_timeout=1.0)
async def press(stopped: kopf.DaemonStopped, name: str, logger: kopf.Logger, **_: Any) -> None:
    """Be busy as long as the shirt is there."""
    logger.info("%s is being pressed", name)
    await stopped.wait()
    logger.info("%s has been pressed", name)


@kopf.timer("shirts.stable.example.com", interval=0.05)
async def count(status: kopf.Status, patch: kopf.Patch, **_: Any) -> None:
    """Count up to three."""
    if status.get("counted", 0) < 3:
        patch.status["counted"] = status.get("counted", 0) + 1
    await asyncio.sleep(0)


@kopf.on.delete("shirts.stable.example.com")
def unpick(name: str, logger: kopf.Logger, **_: Any) -> None:
    """Say goodbye."""
    logger.info("%s is no more", name)


@kopf.on.event("configmaps", labels={"watched": "yes"})
def look(name: str, event: kopf.RawEvent, logger: kopf.Logger, **_: Any) -> None:
    """Tell of every change of some ConfigMaps."""
    logger.info("saw %s: %s", name, event["type"])
