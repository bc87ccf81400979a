"""The options that `get` and `watch` share, and what they mean together.

Rules: light to import: the parser is built before anything else is loaded
"""

from __future__ import annotations

import argparse

OUTPUTS = ("table", "wide", "name", "json", "yaml")


def add_common(parser: argparse.ArgumentParser) -> None:
    """RESOURCE, NAME and everything that says where and which."""
    parser.add_argument(
        "resource",
        metavar="RESOURCE",
        help="pods, pod, po, Pod, deployments.apps, deployments.v1.apps; also RESOURCE/NAME",
    )
    parser.add_argument("name", metavar="NAME", nargs="?", default="", help="only the object of this name")
    where = parser.add_argument_group("where")
    where.add_argument(
        "--kubeconfig", metavar="FILE", help="instead of $KUBECONFIG, ~/.kube/config or the pod's own account"
    )
    where.add_argument("--context", metavar="NAME", help="instead of the kubeconfig's current context")
    where.add_argument(
        "-n", "--namespace", metavar="NAME", help="instead of the context's namespace, or default"
    )
    where.add_argument("-A", "--all-namespaces", action="store_true", help="in all namespaces")
    which = parser.add_argument_group("which")
    which.add_argument(
        "-l",
        "--selector",
        metavar="LABELS",
        default="",
        help="only objects with these labels: app=web,tier!=db,env in (a,b)",
    )
    which.add_argument(
        "--field-selector",
        metavar="FIELDS",
        default="",
        help="only objects with these fields: status.phase=Running",
    )


def seconds(text: str) -> float:
    """A duration: a number of seconds, or one with a unit: `90`, `90s`, `5m`, `1h`.

    Raises:
        argparse.ArgumentTypeError: It is none, or not more than zero.
    """
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    number = text[:-1] if unit else text
    try:
        value = float(number) * (unit or 1)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 90, 90s or 5m")
    return value
