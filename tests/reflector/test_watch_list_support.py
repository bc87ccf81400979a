"""What is remembered of servers that do not stream lists."""

from __future__ import annotations

from listwatch.reflector.watch_list_support import WatchListSupport, WatchListSupports


def test_refusal_is_remembered_and_forgotten() -> None:
    """A server that refused is not asked again for a while, then it is: it may have been upgraded."""
    support = WatchListSupport(forget_after=100.0)
    assert support.allows(0.0)
    support.refused(10.0)
    assert not support.allows(10.0)
    assert not support.allows(109.9)
    assert support.allows(110.0)


def test_success_clears() -> None:
    """A streamed list that came to its end shows that the server does it."""
    support = WatchListSupport()
    support.refused(0.0)
    assert repr(support) == "<WatchListSupport: refused>"
    support.confirmed()
    assert support.allows(0.0)
    assert repr(support) == "<WatchListSupport: untried or there>"


def test_groups_are_judged_apart() -> None:
    """Behind another API group may stand another server: a refusal there says nothing about the others."""
    supports = WatchListSupports(forget_after=100.0)
    supports.of("metrics.k8s.io").refused(0.0)
    assert supports.of("").allows(1.0)
    assert not supports.of("metrics.k8s.io").allows(1.0)
    assert supports.of("metrics.k8s.io") is supports.of("metrics.k8s.io")
    assert supports.of("metrics.k8s.io").allows(100.0)
