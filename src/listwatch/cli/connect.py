"""From the options of a command to an open client and the collection that is meant.

In:    parsed arguments                            (cli/arguments.py)
Out:   a `Session`: clients for the forms in which a server can answer, and a `Query`
Next:  cli/sources.py, cli/get.py
Rules: errors get a note that says which configuration was in use
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from listwatch.apimachinery.errors import APIStatusError, ConfigError, TransportError
from listwatch.apimachinery.http import Request, Response, Transport
from listwatch.cli.failures import UsageError
from listwatch.cli.shell import Shell
from listwatch.client.api_resource import APIResource
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.client.connection import SocketTransport
from listwatch.client.discovery import discover
from listwatch.client.kubeconfig import load_config
from listwatch.client.rest import JSON
from listwatch.client.subresource import ALL_NAMESPACES


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which objects are meant.

    Attributes:
        resource: The collection.
        namespace: Where; empty for all namespaces, and for a kind without namespaces.
        name: One object only; empty for all.
        label_selector: As typed.
        field_selector: As typed.
    """

    resource: APIResource
    namespace: str
    name: str = ""
    label_selector: str = ""
    field_selector: str = ""

    @property
    def with_namespace(self) -> bool:
        """Whether objects of several namespaces have to be told apart."""
        return self.resource.resource.namespaced and self.namespace == ALL_NAMESPACES

    @property
    def by_field(self) -> Query:
        """The same with the name as a selector: for watches, which are of collections."""
        if not self.name:
            return self
        fields = ",".join(filter(None, (f"metadata.name={self.name}", self.field_selector)))
        return replace(self, name="", field_selector=fields)

    @property
    def title(self) -> str:
        """`pods in default`, for people."""
        what = f"{self.resource}/{self.name}" if self.name else str(self.resource)
        if not self.resource.resource.namespaced:
            return what
        return f"{what} in {self.namespace or 'all namespaces'}"


@dataclass(frozen=True, slots=True)
class AcceptTransport:
    """Asks for everything in another form than plain JSON, where the caller has not named one."""

    inner: Transport
    accept: str

    async def __call__(self, request: Request) -> Response:
        """Send it. The form is noted in the request itself, which is used only once."""
        if request.headers.get("Accept") == JSON:
            request.headers["Accept"] = self.accept
        return await self.inner(request)


@dataclass(frozen=True, slots=True)
class Session:
    """One server as one user.

    Attributes:
        client: Answers in plain JSON.
    """

    client: Client
    _config: Config
    _transport: Transport
    _shell: Shell

    def accepting(self, accept: str) -> Client:
        """A client over the same connections that asks for another form; it needs no closing."""
        return Client(
            self._config, transport=AcceptTransport(self._transport, accept), clock=self._shell.clock
        )


@asynccontextmanager
async def open_session(args: argparse.Namespace, shell: Shell) -> AsyncIterator[Session]:
    """Load the configuration and be ready to talk; connects when it is first needed.

    Raises:
        ConfigError: No usable configuration.
    """
    try:
        config = load_config(
            kubeconfig=args.kubeconfig,
            context=args.context,
            namespace=args.namespace,
            environ=shell.environ,
            clock=shell.clock,
        )
    except ConfigError as error:
        if args.kubeconfig is None and args.context is None:
            error.add_note("`listwatch demo` and `listwatch serve` need no cluster and no configuration.")
        raise
    sockets = SocketTransport(config, clock=shell.clock) if shell.transport is None else None
    transport = shell.transport or sockets
    assert transport is not None  # noqa: S101 (one of the two is there)
    try:
        yield Session(Client(config, transport=transport, clock=shell.clock), config, transport, shell)
    except (APIStatusError, TransportError) as error:
        error.add_note(f"Configuration in use: {config.source}")
        raise
    finally:
        if sockets is not None:
            await sockets.aclose()


async def find(session: Session, args: argparse.Namespace, *, verbs: tuple[str, ...], shell: Shell) -> Query:
    """What the arguments mean on this server.

    Args:
        session: The server.
        args: Parsed by a parser with `add_common`.
        verbs: What is going to be done.
        shell: Is told of parts of the server that did not answer.

    Raises:
        UsageError: They contradict each other, or the server does not do that with this resource.
        UnknownResource, AmbiguousResource: The server has nothing, or several things, of that name.
        APIStatusError, TransportError, ProtocolError: The server could not be asked.
    """
    word, slash, name = args.resource.partition("/")
    if slash and (args.name or not name):
        raise UsageError(f"{args.resource!r}: say RESOURCE/NAME, or RESOURCE NAME")
    name = name or args.name
    if "," in word:
        raise UsageError(f"{word!r}: one resource at a time")
    if args.all_namespaces and args.namespace:
        raise UsageError("-A and -n exclude each other")
    discovery = await discover(session.client)
    for part, reason in discovery.failures.items():
        shell.tell(f"left out, as it did not answer: {part}: {reason}")
    found = discovery.resolve(word)
    missing = [verb for verb in verbs if verb not in found.verbs]
    if missing:
        can = ", ".join(sorted(found.verbs)) or "nothing"
        raise UsageError(f"the server cannot {' or '.join(missing)} {found}; it can {can}")
    if not found.resource.namespaced or args.all_namespaces:
        namespace = ALL_NAMESPACES
    else:
        namespace = session.client.config.namespace
    return Query(
        resource=found,
        namespace=namespace,
        name=name,
        label_selector=args.selector,
        field_selector=args.field_selector,
    )
