"""HOW a key waits its turn. Knows nothing of Kubernetes.

    add, add_after, add_rate_limited ─▶ work_queue ─▶ `async with queue.next() as key`
                                          │    ▲
                              rate_limiter┘    └ queue_state: priority_fifo, delay_heap, metrics

`work_queue` lets workers wait; everything else is pure and decides.
"""

from __future__ import annotations

from listwatch.workqueue.metrics import DURATION_BUCKETS, DurationHistogram, QueueMetrics
from listwatch.workqueue.queue_state import Phase, QueueState, Unfinished
from listwatch.workqueue.rate_limiter import (
    BucketRateLimiter,
    ItemExponentialFailureRateLimiter,
    ItemFastSlowRateLimiter,
    MaxOfRateLimiter,
    RateLimiter,
    WithMaxWaitRateLimiter,
    default_controller_rate_limiter,
    default_item_based_rate_limiter,
)
from listwatch.workqueue.work_queue import LOW_PRIORITY, QueueShutDown, Turn, WorkQueue

__all__ = [
    "DURATION_BUCKETS",
    "LOW_PRIORITY",
    "BucketRateLimiter",
    "DurationHistogram",
    "ItemExponentialFailureRateLimiter",
    "ItemFastSlowRateLimiter",
    "MaxOfRateLimiter",
    "Phase",
    "QueueMetrics",
    "QueueShutDown",
    "QueueState",
    "RateLimiter",
    "Turn",
    "Unfinished",
    "WithMaxWaitRateLimiter",
    "WorkQueue",
    "default_controller_rate_limiter",
    "default_item_based_rate_limiter",
]
