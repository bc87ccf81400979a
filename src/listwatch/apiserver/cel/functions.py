"""All functions, declared: importing the modules below does it.

In:    nothing
Out:   overloads.FUNCTIONS, filled
Next:  checker.py, evaluator.py
Rules: once per process
Source: Kubernetes docs, "CEL options, language features and libraries"
"""

from __future__ import annotations

from functools import cache
from importlib import import_module


@cache
def load() -> None:
    """Declare every function; the second time does nothing."""
    for name in ("operators", "strings", "lists", "time", "math", "kubernetes", "network", "authorizer"):
        import_module(f"listwatch.apiserver.cel.functions_{name}")
