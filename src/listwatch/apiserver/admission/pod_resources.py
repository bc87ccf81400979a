"""What a pod as a whole asks for.

In:    a pod's spec
Out:   its containers; its requests and limits, summed
Next:  limit_ranger.py, resource_quota.py
Rules: pure; amounts are exact. Init containers run one after the other before the others, except those that stay.
Source: KEP-753 (sidecars); k8s.io/component-helpers/resource
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from listwatch.apiserver.kinds.quantity import canonical_quantity, quantity_value

JSONObject = dict[str, Any]


def every_container(spec: JSONObject) -> Iterator[tuple[str, JSONObject]]:
    """All containers, and what messages call them."""
    for container in spec.get("containers") or ():
        yield "container", container
    for container in spec.get("initContainers") or ():
        yield "init container", container


def pod_resources(spec: JSONObject) -> dict[str, dict[str, str]]:
    """Requests and limits of the whole pod, as quantities."""
    return {
        part: {name: amount_text(value) for name, value in pod_amounts(spec, part).items()}
        for part in ("requests", "limits")
    }


def pod_amounts(spec: JSONObject, part: str) -> dict[str, Decimal]:
    """The sum over what runs together, or what one init container needs if that is more.

    Args:
        spec: The pod's.
        part: `requests` or `limits`.
    """
    total: dict[str, Decimal] = {}
    for container in spec.get("containers") or ():
        _add(total, container, part)
    staying: dict[str, Decimal] = {}
    peak: dict[str, Decimal] = {}
    for container in spec.get("initContainers") or ():
        if container.get("restartPolicy") == "Always":
            _add(staying, container, part)
            _add(total, container, part)
            running = dict(staying)
        else:
            running = dict(staying)
            _add(running, container, part)
        for name, amount in running.items():
            peak[name] = max(peak.get(name, Decimal(0)), amount)
    for name, amount in peak.items():
        total[name] = max(total.get(name, Decimal(0)), amount)
    if part == "requests":
        for name, text in (spec.get("overhead") or {}).items():
            total[name] = total.get(name, Decimal(0)) + quantity_value(text)
    return total


def _add(total: dict[str, Decimal], container: JSONObject, part: str) -> None:
    for name, text in ((container.get("resources") or {}).get(part) or {}).items():
        total[name] = total.get(name, Decimal(0)) + quantity_value(text)


def amount_text(value: Decimal, like: str = "") -> str:
    """An amount as a quantity, in binary units if `like` has them and it can be."""
    if like.endswith("i") and value == value.to_integral_value() and value % 1024 == 0:
        return canonical_quantity(f"{value / 1024:f}Ki")
    return canonical_quantity(f"{value:f}")
