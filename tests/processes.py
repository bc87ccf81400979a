"""Real processes for the witnesses: a server in the foreground, programs that watch it."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

PATIENCE = 20.0
"""Seconds after which something that should have happened is taken not to."""


class Lines:
    """The lines that a stream has given so far, and those to come; read by a thread of its own."""

    def __init__(self, stream: IO[str]) -> None:
        self.seen: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._pump, args=(stream,), daemon=True)
        self._thread.start()

    def until(self, wanted: str) -> list[str]:
        """Read on until a line holds `wanted`; all lines so far. Fails after `PATIENCE` of silence."""
        while not any(wanted in line for line in self.seen[-1:]):
            try:
                line = self._queue.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"no line with {wanted!r} came after {self.seen}") from None
            if line is None:
                raise AssertionError(f"the stream ended without a line with {wanted!r}: {self.seen}")
            self.seen.append(line)
        return self.seen

    def _pump(self, stream: IO[str]) -> None:
        for line in stream:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)
        stream.close()


@dataclass(frozen=True)
class Served:
    """A `listwatch serve` that is ready, and how to reach it."""

    kubeconfig: Path
    url: str
    token: str
    ca_file: Path

    @property
    def environment(self) -> dict[str, str]:
        """For programs that read KUBECONFIG; their caches stay out of the home folder."""
        home = str(self.kubeconfig.parent)
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "HOME": home, "KUBECACHEDIR": home}

    def kubectl(self, *args: str, stdin: str | None = None, check: bool = True) -> str:
        """Run kubectl to its end; what it printed. Fails with what it complained of."""
        code, printed, complained = self.kubectl_result(*args, stdin=stdin)
        if check and code:
            raise AssertionError(f"kubectl {' '.join(args)}: {code}: {printed}{complained}")
        return printed if check else printed + complained

    def kubectl_result(self, *args: str, stdin: str | None = None) -> tuple[int, str, str]:
        """Run kubectl to its end; its exit code, what it printed and what it complained of."""
        done = subprocess.run(
            [str(Path(sys.executable).with_name("kubectl")), *args],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    @contextmanager
    def running(self, *command: str) -> Iterator[Lines]:
        """A program in the background, its standard output as lines; interrupted at the end."""
        with subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, text=True, bufsize=1
        ) as process:
            try:
                assert process.stdout is not None
                lines = Lines(process.stdout)
                yield lines
            finally:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(timeout=PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()  # a shell's background jobs ignore SIGINT; waiting on would never end
                    raise
                lines._thread.join(timeout=PATIENCE)

    def listwatch(self, *args: str) -> tuple[str, ...]:
        """The command line that runs our own program."""
        return (sys.executable, "-m", "listwatch", *args)


@contextmanager
def serve(folder: Path, *args: str) -> Iterator[Served]:
    """Run `listwatch serve` until the block ends; it must end well on SIGTERM."""
    kubeconfig = folder / "demo.kubeconfig"
    command = [sys.executable, "-m", "listwatch", "serve", "--port", "0", "-o", "json"]
    with subprocess.Popen(
        [*command, "--kubeconfig", str(kubeconfig), *args], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            facts: dict[str, Any] = json.loads(process.stdout.readline() or "{}")
            assert facts, "listwatch serve ended before it was ready"
            yield Served(Path(facts["kubeconfig"]), facts["url"], facts["token"], Path(facts["ca_file"]))
        finally:
            process.terminate()
            code = process.wait(timeout=PATIENCE)
    assert code == 0, f"listwatch serve ended with {code} on SIGTERM"
