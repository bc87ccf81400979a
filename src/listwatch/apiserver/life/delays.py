"""How long the simulated parts of a pod's life take.

Rules: data only. Seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

# After an answer that says "later" (429) or "I failed" (5xx).
RETRY_DELAY = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Delays:
    """Seconds between the steps of a pod's life; the defaults are lively, and slow enough to watch.

    Attributes:
        schedule: From creation to the binding.
        create: From the binding to ContainerCreating; on the way down, from the containers' end to the
            sandbox's, and from there to the final deletion.
        start: From ContainerCreating to Running; as long again for each init container.
        stop: From the deletion to the containers' end. A pod with a shorter grace period has its containers
            killed at the end of that (exit code 137).
        run: How long the containers of a Job's pod run, if nothing else is said of them.
        backoff: From a container's second end to its next start; twice as long after each further one, up to thirty
            times.
        heartbeat: Between the renewals of a node's Lease; 0 for none.
    """

    schedule: float = 0.05
    create: float = 0.05
    start: float = 0.2
    stop: float = 0.2
    run: float = 0.5
    backoff: float = 10.0
    heartbeat: float = 10.0

    def __post_init__(self) -> None:
        for name in ("schedule", "create", "start", "stop", "run", "backoff", "heartbeat"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} delay: not a time in seconds: {getattr(self, name)}")
