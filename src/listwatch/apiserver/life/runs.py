"""How simulated containers run: for ever, for a while, to which end, ready or not; told by annotations.

    listwatch.dev/run: "2s exit 1"          every container of the pod ends after two seconds, with exit code 1
    listwatch.dev/run.main: "oom after 5s"  one container is killed for want of memory after five seconds
    listwatch.dev/run: "never ready"        runs, and never becomes ready
    listwatch.dev/run: "ready after 3s"     becomes ready after three seconds
    listwatch.dev/run: "pull error"         the image cannot be had
    listwatch.dev/run: "forever"            what is said of nothing else: runs until the pod is deleted
    listwatch.dev/log: "hello"              what the containers print when they start; `.NAME` for one of them

In:    annotations
Out:   a `Run` for each container
Next:  life/pod_runs.py
Rules: pure. Parts may be combined in any order ("ready after 1s 5s exit 3"). A container of a Job's pod that nothing is
       said of ends well after a while.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from listwatch.apiserver.life.objects import Pod

RUN: Final = "listwatch.dev/run"
LOG: Final = "listwatch.dev/log"
EXIT_OUT_OF_MEMORY: Final = 137

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION: Final = r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h)"
_PARTS: Final = (
    ("ready", re.compile(rf"ready\s+after\s+{_DURATION}")),
    ("oom", re.compile(rf"oom\s+after\s+{_DURATION}")),
    ("never", re.compile(r"never\s+ready")),
    ("pull", re.compile(r"pull\s+error")),
    ("exit", re.compile(r"exit\s+(?P<code>\d{1,3})")),
    ("forever", re.compile(r"forever")),
    ("oom", re.compile(r"oom")),
    ("for", re.compile(_DURATION)),
)


@dataclass(frozen=True, slots=True)
class Run:
    """How a container runs.

    Attributes:
        seconds: How long; None until the pod is deleted.
        exit_code: How it ends by itself.
        is_out_of_memory: Whether it is killed for want of memory.
        ready_after: Seconds until it is ready; None for never.
        is_pullable: Whether its image can be had.
    """

    seconds: float | None = None
    exit_code: int = 0
    is_out_of_memory: bool = False
    ready_after: float | None = 0.0
    is_pullable: bool = True

    @property
    def reason(self) -> str:
        """Why it ended, as a status has it."""
        if self.is_out_of_memory:
            return "OOMKilled"
        return "Completed" if self.exit_code == 0 else "Error"


def parse_run(text: str) -> Run:
    """What an annotation says.

    Raises:
        ValueError: It says something that nobody understands.
    """
    run, rest = Run(), text.strip()
    ends = False
    while rest:
        for name, pattern in _PARTS:
            found = pattern.match(rest)
            if found is not None:
                run = _with_part(run, name, found)
                ends = ends or name == "exit"
                rest = rest[found.end() :].lstrip(" ,;")
                break
        else:
            raise ValueError(f"{rest!r} in {text!r} says nothing about how a container runs")
    return replace(run, seconds=0.0) if ends and run.seconds is None else run


def _with_part(run: Run, name: str, found: re.Match[str]) -> Run:
    parts = found.groupdict()
    seconds = float(parts["number"]) * _SECONDS[parts["unit"]] if parts.get("number") else 0.0
    match name:
        case "ready":
            return replace(run, ready_after=seconds)
        case "never":
            return replace(run, ready_after=None)
        case "pull":
            return replace(run, is_pullable=False)
        case "exit":
            return replace(run, exit_code=int(parts["code"]))
        case "oom":
            after = seconds if parts.get("number") else (run.seconds or 0.0)
            return replace(run, seconds=after, exit_code=EXIT_OUT_OF_MEMORY, is_out_of_memory=True)
        case "for":
            return replace(run, seconds=seconds)
        case _:
            return replace(run, seconds=None)


def run_of(pod: Pod, container: str, *, job_seconds: float) -> Run:
    """How a container of the pod runs.

    Args:
        pod: With its annotations.
        container: The container's name.
        job_seconds: How long the containers of a Job's pod run, if nothing else is said.

    Raises:
        ValueError: Its annotation says something that nobody understands.
    """
    said = annotation(pod, RUN, container)
    if said is not None:
        return parse_run(said)
    is_of_a_job = any(each.controller and each.kind == "Job" for each in pod.metadata.owner_references or ())
    if is_of_a_job and pod.spec.restart_policy in {"Never", "OnFailure"}:
        return Run(seconds=job_seconds)
    return Run()


def annotation(pod: Pod, name: str, container: str) -> str | None:
    """What is said of the container, or of all of the pod's."""
    annotations = pod.metadata.annotations or {}
    return annotations.get(f"{name}.{container}", annotations.get(name))
