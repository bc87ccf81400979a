"""`listwatch serve`: an embedded cluster in the foreground, until Ctrl-C or SIGTERM.

What is for people goes to standard error; with `-o json` one line for programs goes to standard output as
soon as the server is ready. Beside the kubeconfig two small files are written, so that the article's `curl
--cacert` works by copy and paste: FILE.ca.crt and FILE.token.

Exit codes: 0 after a signal; else those of cli/exit_codes.py.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from listwatch.apimachinery.errors import ConfigError

if TYPE_CHECKING:
    from listwatch.apiserver.embedded import EmbeddedCluster

DEFAULT_PORT = 6443
DEFAULT_KUBECONFIG = "listwatch.kubeconfig"

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def add_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """Add `serve` and its options; `args.run` becomes `run`."""
    parser = subparsers.add_parser(
        "serve",
        help="run an embedded cluster in the foreground",
        description="Run an API server with simulated scheduler, kubelet and controllers, until Ctrl-C or SIGTERM.",
        allow_abbrev=False,
        epilog="An existing kubeconfig keeps its other entries; only those called 'listwatch' are replaced.",
    )
    where = parser.add_argument_group("where")
    where.add_argument(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        metavar="N",
        help=f"port to listen on; 0 takes any free one (default: {DEFAULT_PORT})",
    )
    host_help = "address to listen on (default: 127.0.0.1, which only this machine reaches)"
    where.add_argument("--host", default="127.0.0.1", help=host_help)
    where.add_argument(
        "--unix-socket",
        metavar="PATH",
        help="listen on this socket file, too, in plain HTTP, for its owner only",
    )
    where.add_argument("--no-tls", action="store_true", help="plain HTTP instead of HTTPS")
    _add_who(parser)
    _add_keeping(parser)
    _add_simulation(parser)
    parser.add_argument(
        "--audit-log", metavar="FILE", help="append an audit log: one audit.k8s.io/v1 Event in JSON per line"
    )
    parser.add_argument(
        "-o",
        "--output",
        choices=["text", "json"],
        default="text",
        help="json: one line with url, kubeconfig, token and ca_file on standard output when ready",
    )
    parser.set_defaults(run=run)
    return parser


def _add_simulation(parser: argparse.ArgumentParser) -> None:
    life = parser.add_argument_group("simulation")
    life.add_argument(
        "--no-simulation", action="store_true", help="no scheduler, kubelet or controllers: pods stay Pending"
    )
    life.add_argument(
        "--controllers",
        metavar="NAMES",
        help="which controllers to run, with commas between, such as deployment,replicaset; all or none (default: all)",
    )
    life.add_argument("--nodes", type=_count, default=1, metavar="N", help="nodes to simulate (default: 1)")
    for name, what in (
        ("schedule", "from a pod's creation to its binding"),
        ("create", "from the binding to ContainerCreating"),
        ("start", "from ContainerCreating to Running"),
        ("stop", "from the deletion to the containers' end"),
    ):
        life.add_argument(f"--{name}-delay", type=_seconds, metavar="SECONDS", help=what)


def _add_keeping(parser: argparse.ArgumentParser) -> None:
    keeps = parser.add_argument_group("what it keeps")
    keeps.add_argument(
        "--data-dir",
        metavar="DIR",
        help="keep the cluster in this directory: objects, history, authority and token are there again after a "
        "restart, even one after SIGKILL (default: keep nothing)",
    )
    keeps.add_argument(
        "--populate",
        type=_population,
        metavar="nodes=N,pods=N",
        help="begin with so many nodes and running pods, which nobody simulates; left out if there are some already",
    )
    keeps.add_argument(
        "--synchronous",
        choices=["full", "normal", "off"],
        default="full",
        help="with --data-dir: full (default) loses nothing that was answered, whatever happens; normal may lose the "
        "last moments when the machine crashes, not when the server does; off may then also damage the file",
    )


def _add_who(parser: argparse.ArgumentParser) -> None:
    who = parser.add_argument_group("who")
    who.add_argument(
        "--kubeconfig",
        default=DEFAULT_KUBECONFIG,
        metavar="FILE",
        help=f"kubeconfig to write, or to add to (default: ./{DEFAULT_KUBECONFIG})",
    )
    who.add_argument(
        "--remove-kubeconfig", action="store_true", help="take the entries out of it again at the end"
    )
    who.add_argument("--token", help="the administrator's bearer token (default: a random one)")
    who.add_argument(
        "--authorization-mode",
        choices=["RBAC", "AlwaysAllow"],
        default="RBAC",
        help="RBAC: roles and bindings say who may do what; AlwaysAllow: whoever has a token may do all "
        "(default: RBAC)",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until a signal comes; the exit code.

    Raises:
        ConfigError: The address cannot be listened on, or the files cannot be written.
        ImportError: The server extra is not installed.
    """
    asyncio.run(_serve(args))
    return 0


def _controllers(given: str | None) -> list[str] | None:
    """The names on the command line.

    Raises:
        ConfigError: There is no such controller.
    """
    from listwatch.apiserver.life import checked_names  # noqa: PLC0415 - see `_serve`

    if given in {None, "all"}:
        return None
    names = [] if given == "none" else [each.strip() for each in (given or "").split(",") if each.strip()]
    try:
        return list(checked_names(names))
    except ValueError as error:
        raise ConfigError(f"--controllers: {error}") from error


async def _serve(args: argparse.Namespace) -> None:
    # Imported here, because the other subcommands can do without a server and what it needs.
    from listwatch.apiserver.embedded import EmbeddedCluster  # noqa: PLC0415
    from listwatch.apiserver.life import Delays  # noqa: PLC0415
    from listwatch.apiserver.listener.kubeconfig_file import remove_kubeconfig  # noqa: PLC0415
    from listwatch.apiserver.populate import populate  # noqa: PLC0415

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    given = {name: getattr(args, f"{name}_delay") for name in ("schedule", "create", "start", "stop")}
    cluster = EmbeddedCluster(
        host=args.host,
        port=args.port,
        allow_remote=True,  # naming a host on the command line is the second word that the library asks for
        tls=not args.no_tls,
        unix_socket=args.unix_socket,
        token=args.token,
        authorization_mode=args.authorization_mode,
        audit_log=args.audit_log,
        data_dir=args.data_dir,
        synchronous=args.synchronous,
        simulate=not args.no_simulation,
        nodes=args.nodes,
        controllers=_controllers(args.controllers),
        delays=Delays(**{name: value for name, value in given.items() if value is not None}),
    )
    async with cluster:
        known = (("nodes", "node-0"), ("pods", "default/pod-0"))
        if args.populate and not any(cluster.server.log.get(*each) for each in known):
            await populate(cluster, **args.populate)
        files = _Files(cluster, args.kubeconfig)
        try:
            _announce(args, cluster, files)
            await stop.wait()
        finally:
            if args.remove_kubeconfig:
                remove_kubeconfig(files.kubeconfig)
                files.remove_companions()


class _Files:
    """What is written for clients: the kubeconfig and, beside it, the authority and the token."""

    def __init__(self, cluster: EmbeddedCluster, kubeconfig: str) -> None:
        self.kubeconfig = cluster.write_kubeconfig(kubeconfig)
        self.token = self._companion(".token", cluster.admin_token.encode() + b"\n", mode=0o600)
        self.ca: Path | None = None
        if cluster.ca_pem is not None:
            self.ca = self._companion(".ca.crt", cluster.ca_pem, mode=0o644)

    def remove_companions(self) -> None:
        """Remove the authority and the token; the kubeconfig may hold more than ours."""
        for each in (self.token, self.ca):
            if each is not None:
                each.unlink(missing_ok=True)

    def _companion(self, suffix: str, content: bytes, *, mode: int) -> Path:
        path = self.kubeconfig.with_name(self.kubeconfig.name + suffix)
        try:
            path.unlink(missing_ok=True)  # an old file may be readable by others, or a link
            path.touch(mode=mode, exist_ok=False)
            path.write_bytes(content)
        except OSError as error:
            raise ConfigError(f"cannot write {path}: {error.strerror or error}") from error
        return path


def _announce(args: argparse.Namespace, cluster: EmbeddedCluster, files: _Files) -> None:
    """Tell people where everything is, and programs if they asked. The token is told to programs only."""
    if args.host not in _LOOPBACK:
        print(f"Listening on {args.host}: other machines may be able to connect.", file=sys.stderr)
    if args.output == "json":
        facts = {
            "url": cluster.url,
            "kubeconfig": str(files.kubeconfig),
            "context": "listwatch",
            "token": cluster.admin_token,
            "token_file": str(files.token),
            "ca_file": str(files.ca) if files.ca is not None else None,
        }
        print(json.dumps(facts), flush=True)
        return
    trust = f"--cacert {shlex.quote(str(files.ca))} " if files.ca is not None else ""
    token = shlex.quote(str(files.token))
    print(
        f"API server:  {cluster.url}\n"
        f'Kubeconfig:  {files.kubeconfig} (context "listwatch")\n'
        "\n"
        "Try in another terminal:\n"
        f"  export KUBECONFIG={shlex.quote(str(files.kubeconfig))}\n"
        "  kubectl get pods -w\n"
        f'  curl {trust}-H "Authorization: Bearer $(cat {token})" '
        f"{cluster.url}/api/v1/namespaces/default/pods\n"
        "\n"
        "Stop with Ctrl-C.",
        file=sys.stderr,
        flush=True,
    )


def _population(text: str) -> dict[str, int]:
    from listwatch.apiserver.populate import parse_populate  # noqa: PLC0415 - as the server itself

    try:
        return parse_populate(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _port(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return number


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds
