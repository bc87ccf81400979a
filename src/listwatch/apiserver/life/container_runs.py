"""What a kubelet remembers of its containers: how they run, since when they are as they are, how programs ended.

In:    pods as they are seen, ends of programs
Out:   `Ran` by container
Next:  life/pod_runs.py
Rules: no await. What a restart of the kubelet forgets is only since when; annotations say the rest.
"""

from __future__ import annotations

import logging

from listwatch.apimachinery.clock import Clock
from listwatch.apiserver.life.objects import Pod
from listwatch.apiserver.life.pod_runs import Ran
from listwatch.apiserver.life.runs import Run, run_of

_log = logging.getLogger("listwatch.apiserver.life")


class ContainerRuns:
    """The containers of one node.

    Args:
        clock: Tells since when.
        job_seconds: How long the containers of a Job's pod run, if nothing else is said of them.
    """

    def __init__(self, *, clock: Clock, job_seconds: float) -> None:
        self._clock = clock
        self._job_seconds = job_seconds
        self._since: dict[str, dict[str, tuple[tuple[int, str], float]]] = {}
        self._ends: dict[tuple[str, str], tuple[int, int]] = {}
        self._programs: set[tuple[str, str]] = set()
        self._warned: set[str] = set()

    def of(self, pod: Pod) -> dict[str, Ran]:
        """How each of the pod's containers stands now."""
        uid, now = pod.metadata.uid, self._clock.monotonic()
        known = self._since.setdefault(uid, {})
        found: dict[str, Ran] = {}
        for each in pod.spec.containers or ():
            found[each.name] = Ran(self._run(pod, each.name))
        for status in pod.status.container_statuses or ():
            if status.name not in found:
                continue
            state = (status.restart_count, _shape(status.state or {}))
            if known.get(status.name, (None, 0.0))[0] != state:
                known[status.name] = (state, now)
            number, code = self._ends.get((uid, status.name), (-1, 0))
            found[status.name] = Ran(
                found[status.name].run,
                seconds=now - known[status.name][1],
                exit_code=code if number == status.restart_count else None,
                is_program=(uid, status.name) in self._programs,
            )
        return found

    def is_program(self, uid: str, container: str) -> None:
        """A program decides when this container ends."""
        self._programs.add((uid, container))

    def ended(self, identity: tuple[str, str, int], code: int) -> None:
        """A program has come to its end."""
        uid, container, restarts = identity
        self._ends[uid, container] = (restarts, code)

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        self._since.pop(uid, None)
        self._warned.discard(uid)
        self._programs = {each for each in self._programs if each[0] != uid}
        for key in [each for each in self._ends if each[0] == uid]:
            del self._ends[key]

    def _run(self, pod: Pod, container: str) -> Run:
        try:
            return run_of(pod, container, job_seconds=self._job_seconds)
        except ValueError as error:
            if pod.metadata.uid not in self._warned:
                self._warned.add(pod.metadata.uid)
                _log.warning("pod %s/%s: %s", pod.metadata.namespace, pod.metadata.name, error)
            return Run()


def _shape(state: dict[str, object]) -> str:
    """What of a state makes it another one."""
    name = next(iter(state), "")
    waiting = state.get("waiting")
    return f"{name} {waiting.get('reason', '')}" if isinstance(waiting, dict) else name
