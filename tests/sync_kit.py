"""Config maps and handlers for the tests of the sync facade."""

from __future__ import annotations

import asyncio
import queue
import signal
import sys
import threading
from typing import Any

from listwatch.api.core_v1 import ConfigMap
from listwatch.apimachinery.meta import ObjectMeta
from listwatch.client.config import Config
from listwatch.client.credentials import StaticToken

CONFIG = Config(host="https://api.test", credentials=StaticToken("secret"))
PATIENCE = 5.0
"""Seconds after which something that should have happened is taken not to."""


def config_map(name: str, **data: str) -> ConfigMap:
    """A config map."""
    return ConfigMap(metadata=ObjectMeta(name=name, labels={"app": "x"}), data=data)


async def press_ctrl_c() -> None:
    """The signal goes to the main thread, as a terminal's does, once it waits for an answer."""
    ident = threading.main_thread().ident
    assert ident is not None
    while sys._current_frames()[ident].f_code is not threading.Condition.wait.__code__:  # noqa: ASYNC110
        await asyncio.sleep(0)
    signal.pthread_kill(ident, signal.SIGINT)


class Told:
    """A handler that passes on what it is told, and in which thread, to whoever waits for it."""

    name = "told"

    def __init__(self) -> None:
        self.threads: set[threading.Thread] = set()
        self._lines: queue.Queue[str] = queue.Queue()

    def next(self) -> str:
        """The next line."""
        return self._lines.get(timeout=PATIENCE)

    def on_add(self, obj: Any, *, is_initial: bool) -> None:
        """Note it."""
        self._note(f"add {obj.name}{' initial' if is_initial else ''}")

    def on_update(self, old: Any, new: Any) -> None:
        """Note it."""
        self._note(f"update {new.name}")

    def on_delete(self, obj: Any, *, is_final_state_unknown: bool) -> None:
        """Note it."""
        self._note(f"delete {obj.name}")

    def _note(self, line: str) -> None:
        self.threads.add(threading.current_thread())
        self._lines.put(line)
