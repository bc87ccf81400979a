"""Pods as coroutines: Python that runs as the containers of an image.

    async def worker(container: Container) -> int:
        container.print("at work in", container.pod["metadata"]["name"])
        await container.sleep(2)
        return 0

    EmbeddedCluster(programs={"example.com/worker:1": worker})

In:    programs by image; containers that start and stop       (from life/kubelet.py)
Out:   exit codes; what was printed, as logs
Next:  life/kubelet.py writes the end, verbs/pod_logs.py shows the log
Rules: one task for each container that runs; a container that is stopped has its task cancelled. What a program
       raises is its end: exit code 1, and the traceback in its log.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from listwatch.apimachinery.clock import Clock
from listwatch.apiserver.life.pod_steps import canonical_image
from listwatch.apiserver.verbs.pod_logs import ContainerLog

# uid of the pod, name of the container, how often it was restarted.
Identity = tuple[str, str, int]


class Container:
    """What a program knows of the container that it is.

    Attributes:
        pod: The pod, as it was when the container started.
        name: The container's name.
        restarts: How often it was started before.
    """

    def __init__(
        self, pod: dict[str, Any], name: str, restarts: int, log: ContainerLog, clock: Clock
    ) -> None:
        self.pod = pod
        self.name = name
        self.restarts = restarts
        self._log = log
        self._clock = clock

    def print(self, *values: object, sep: str = " ") -> None:
        """Write a line, or several, to the log."""
        self._log.write(sep.join(map(str, values)))

    async def sleep(self, seconds: float) -> None:
        """Wait, by the cluster's clock."""
        await self._clock.sleep(seconds)


Program = Callable[[Container], Awaitable[int | None]]


class Programs:
    """The programs that run on one node.

    Args:
        programs: By image, in any of its spellings.
        clock: For their waits.
        ended: Told of each end, with the exit code.
    """

    def __init__(
        self, programs: Mapping[str, Program], *, clock: Clock, ended: Callable[[Identity, int], None]
    ) -> None:
        self._programs = {canonical_image(image): each for image, each in programs.items()}
        self._clock = clock
        self._ended = ended
        self._tasks: dict[Identity, asyncio.Task[None]] = {}

    def runs(self, image: str) -> bool:
        """Whether a program runs as this image's containers."""
        return canonical_image(image) in self._programs

    def start(
        self, tasks: asyncio.TaskGroup, identity: Identity, image: str, pod: dict[str, Any], log: ContainerLog
    ) -> None:
        """Run the program of that image, unless it runs already."""
        if identity not in self._tasks:
            _, name, restarts = identity
            container = Container(pod, name, restarts, log, self._clock)
            program = self._programs[canonical_image(image)]
            self._tasks[identity] = tasks.create_task(self._run(identity, program, container))

    def stop(self, uid: str) -> None:
        """Stop all programs of a pod."""
        for identity in [each for each in self._tasks if each[0] == uid]:
            self._tasks.pop(identity).cancel()

    async def _run(self, identity: Identity, program: Program, container: Container) -> None:
        try:
            code = await program(container)
        except Exception:  # noqa: BLE001 - a program's failure is a container's end, told in its log
            container.print(traceback.format_exc().rstrip())
            code = 1
        if identity in self._tasks:
            self._ended(identity, int(code or 0))
