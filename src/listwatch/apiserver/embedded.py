"""A whole cluster in one `async with`: API server, listener, certificates, and a simulated scheduler and
kubelet.

    async with EmbeddedCluster() as cluster:
        path = cluster.write_kubeconfig("/tmp/kubeconfig")

Rules: the only module that puts server, listener and simulation together. They are started in the order server,
       listener, nodes, and closed in the opposite order; what was started is closed also if a later part fails to
       start.
"""

from __future__ import annotations

import dataclasses
import os
import random
import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from listwatch.apimachinery.clock import Clock, SystemClock
from listwatch.apimachinery.errors import ConfigError
from listwatch.apimachinery.http import Transport
from listwatch.apiserver.access.authorizer import AuthorizationMode
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.access.signing_key import SigningKey
from listwatch.apiserver.admission.request import Callback
from listwatch.apiserver.cluster_options import ClusterOptions
from listwatch.apiserver.custom.simple import simple_definition
from listwatch.apiserver.faults.plan import FaultPlan
from listwatch.apiserver.journal.exchange import Observer
from listwatch.apiserver.journal.journal import Journal
from listwatch.apiserver.life import Delays, Life
from listwatch.apiserver.listener.kubeconfig_file import kubeconfig, write_kubeconfig
from listwatch.apiserver.server import APIServer
from listwatch.apiserver.storage.revision_log import RevisionLog

if TYPE_CHECKING:
    from listwatch.apiserver.admission.webhook_caller import WebhookCaller
    from listwatch.apiserver.admission.webhooks import ServiceResolver
    from listwatch.apiserver.life.programs import Program
    from listwatch.apiserver.listener.certificates import CertificateAuthority, KeyPair
    from listwatch.apiserver.listener.sockets import Listener
    from listwatch.apiserver.storage.data_directory import DataDirectory
    from listwatch.apiserver.storage.durable_log import Synchronous

ADMIN = User("kubernetes-admin", ("system:masters",))

_TOKEN = "administrator's token"  # noqa: S105 - under which it is kept
_KEY = "service account signing key"
_ANY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 (compared with, not bound to)


class EmbeddedCluster:
    """An API server of one's own, gone without a trace when the block ends.

    Promised: inside the block the server answers and, if simulated, its nodes are ready; after it no task,
    socket, thread or file of ours is left, and watches that were open have ended properly. With a `data_dir` all that
    was answered outlives the process, however it ends. For one event loop; not reusable.

    Attributes:
        admin_token: The administrator's bearer token; with a `data_dir` it is known after the start.

    Args:
        listen: Whether to listen on a socket. Without it, `handle` is the only way in, no certificate is
            made, and a virtual clock may be used.
        host: Where to listen.
        port: Where to listen; 0 takes any free one.
        allow_remote: Needed to listen where other machines can connect.
        tls: Whether to speak HTTPS, with an authority of this cluster's own.
        unix_socket: Listen on this socket file, too, in plain HTTP; only its owner may connect. A program that was
            given the path needs no port and no certificate, but a token as everybody does.
        names: Further names and addresses that the server's certificate shall hold.
        token: The administrator's bearer token; a random one by default.
        tokens: Further users by their tokens; what they may do, roles and bindings say.
        authorization_mode: `RBAC`, or `AlwaysAllow`: whoever is known may do everything.
        signing_key: Signs service account tokens; by default one of its own, made when it is needed.
        simulate: Whether to run a scheduler and kubelets, so that pods come to life.
        nodes: How many nodes to simulate.
        delays: How long the steps of a pod's life take.
        records_events: Whether scheduler, kubelets and controllers write Events.
        controllers: Which controllers to run beside them, of `listwatch.apiserver.life.CONTROLLERS`; by default all.
        programs: Coroutines that run as the containers of an image; see `listwatch.apiserver.life.programs`.
        clock: For the server and the simulation. Certificates follow the machine's clock in any case.
        log: The state to begin with, of a cluster that is no longer; see `APIServer`. Together with the old port,
            token, signing key and authority this is a restart.
        authority: Whose certificates to show, with TLS; one made for this cluster by default.
        seed: Makes uids, generated names and the lengths of watches the same every time. Tokens stay random.
        keeps_journal: Whether to write down every request; see `journal`.
        observers: Told of every exchange, beside the journal.
        audit_log: A file to append an audit log to; see `journal/audit.py`.
        data_dir: A directory that keeps the cluster: its objects, versions and history, authority, administrator's
            token and signing key. A token or key that is given replaces the kept one. One cluster at a time has it
            open. None keeps nothing.
        synchronous: How sure a change is before it is answered, with a `data_dir`. "full" outlives a crash of the
            machine; after one, "normal" may lack the last moments, and "off" may leave a damaged file.
        webhook_caller: Calls webhooks; None for HTTPS.
        resolve_service: The URL of a service, by namespace, name and port, for webhooks that name one.
        goodbye: Seconds that connections have to end by themselves when the cluster is closed.
    """

    _directory: DataDirectory | None = None
    _listener: Listener | None = None
    _server: APIServer | None = None

    def __init__(
        self,
        *,
        listen: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
        allow_remote: bool = False,
        tls: bool = True,
        unix_socket: str | os.PathLike[str] | None = None,
        names: Sequence[str] = (),
        token: str | None = None,
        tokens: Mapping[str, User] | None = None,
        authorization_mode: AuthorizationMode = "RBAC",
        signing_key: SigningKey | None = None,
        simulate: bool = True,
        nodes: int = 1,
        delays: Delays | None = None,
        records_events: bool = True,
        controllers: Iterable[str] | None = None,
        programs: Mapping[str, Program] | None = None,
        clock: Clock | None = None,
        log: RevisionLog | None = None,
        authority: CertificateAuthority | None = None,
        seed: int | None = None,
        keeps_journal: bool = False,
        observers: Sequence[Observer] = (),
        audit_log: str | os.PathLike[str] | None = None,
        data_dir: str | os.PathLike[str] | None = None,
        synchronous: Synchronous = "full",
        webhook_caller: WebhookCaller | None = None,
        resolve_service: ServiceResolver | None = None,
        goodbye: float = 2.0,
    ) -> None:
        self._options = options = ClusterOptions(
            **{name: value for name, value in locals().items() if name != "self"}
        )
        self.admin_token = options.token or secrets.token_urlsafe(24)
        self._tokens = {**(options.tokens or {}), self.admin_token: ADMIN}
        self._signing_key = options.signing_key or SigningKey()
        self._authority = options.authority
        self._clock = options.clock or SystemClock()
        self.faults = FaultPlan(clock=self._clock)
        """What goes wrong on purpose: `faults.add(Fault(…))`."""
        self._journal = Journal(clock=self._clock) if options.keeps_journal else None
        self._kinds: list[tuple[str, str, dict[str, Any]]] = []
        self._parts = AsyncExitStack()

    async def start(self) -> Self:
        """Start; for those who cannot use `async with`.

        Raises:
            ConfigError: The address cannot be listened on, the audit log not be written, or the data directory not be
                used. Nothing is left open.
        """
        if self._server is not None:
            raise RuntimeError("an EmbeddedCluster can be started only once")
        async with AsyncExitStack() as parts:
            if self._options.data_dir is not None:
                self._directory = self._open(self._options.data_dir, parts)
            self._server = self._make_server(self._open_audit_log(parts))
            parts.push_async_callback(self._server.aclose)
            parts.push_async_callback(self._close_listener)
            for name, kind, options in self._kinds:
                self._server.add_kind(name, kind=kind, **options)
            await self._server.settle()
            if self._options.listen:
                await self.listen()
                if self._options.unix_socket is not None and self._listener is not None:
                    beside = type(self._listener)(self._server.handle, unix_socket=self._options.unix_socket)
                    parts.push_async_callback(beside.aclose)
                    await beside.start()
            if self._options.simulate:
                life = Life(
                    self._server.handle,
                    clock=self._clock,
                    delays=self._options.delays,
                    nodes=self._options.nodes,
                    records_events=self._options.records_events,
                    controllers=self._options.controllers,
                    logs=self._server.pod_logs,
                    programs=self._options.programs,
                    certificate=(self.ca_pem or b"").decode(),
                )
                parts.push_async_callback(life.aclose)
                await life.start()
            self._parts = parts.pop_all()
        return self

    async def listen(self) -> None:
        """Listen from now on, where that was not asked for at the start. Done twice it does nothing.

        Raises:
            ConfigError: The address cannot be listened on. Nothing is left open.
        """
        if self._listener is None:
            listener = self._make_listener(self.server.handle)
            await listener.start()
            self._listener = listener
            if self.authority is not None:
                self.server.adopt_authority(self.authority)

    def fork(self, **changed: Any) -> EmbeddedCluster:
        """A cluster that begins with what this one holds at this moment, and goes its own way; still to be started.

        Objects and history are shared until somebody writes. Open watches and connections stay here. Made with the same
        arguments; the token is its own, and so is the port. It is not kept on disk.

        Args:
            changed: Arguments to make it with instead.
        """
        options = dataclasses.replace(
            self._options,
            **{
                "port": 0,
                "token": None,
                "authority": self._authority,
                "signing_key": self._signing_key,
                "audit_log": None,
                "data_dir": None,
                "log": self.server.log.fork(),
                **changed,
            },
        )
        return EmbeddedCluster(**vars(options))

    async def aclose(self) -> None:
        """End open watches, stop listening, forget everything that is not kept on disk. Safe to call twice.

        Raises:
            ExceptionGroup: The simulation had stopped because of a fault of its own. All is closed
            nevertheless.
        """
        await self._parts.aclose()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        where = self._listener.url if self._listener is not None else "in memory"
        return f"<EmbeddedCluster {where}>"

    @property
    def server(self) -> APIServer:
        """The API server itself."""
        if self._server is None:
            raise RuntimeError("the cluster has not been started: use `async with EmbeddedCluster()`")
        return self._server

    def add_kind(self, name: str, *, kind: str, **options: Any) -> None:
        """Serve one more kind, such as `add_kind("widgets.example.com", kind="Widget")`; before the start or after it.

        Args:
            name: The plural and the group.
            kind: Of its objects.
            options: See `custom.simple.simple_definition`; without a schema objects may hold anything.

        Raises:
            APIFailure: 409 or 422, the server refuses it; before the start it is then that which raises.
            ValueError: The name has no group.
        """
        if self._server is not None:
            self._server.add_kind(name, kind=kind, **options)
        else:
            simple_definition(name, kind=kind, **options)
            self._kinds.append((name, kind, options))

    @property
    def journal(self) -> Journal:
        """What was asked, and how it went; see `listwatch.apiserver.journal`."""
        if self._journal is None:
            raise RuntimeError("the cluster keeps no journal: make it with keeps_journal=True")
        return self._journal

    @property
    def clock(self) -> Clock:
        """What rules the server's time."""
        return self._clock

    @property
    def handle(self) -> Transport:
        """The way in without sockets. Who calls is told by a token, or by the request's `peer`."""
        return self.server.handle

    @property
    def url(self) -> str:
        """Where the server listens, such as "https://127.0.0.1:6443"."""
        if self._listener is None:
            raise RuntimeError("the cluster does not listen: it was not started, or made with listen=False")
        return self._listener.url

    @property
    def authority(self) -> CertificateAuthority | None:
        """Who signs this cluster's certificates; None without TLS."""
        return self._authority if self._options.tls else None

    @property
    def ca_pem(self) -> bytes | None:
        """The authority that clients have to trust; None without TLS."""
        return self._authority.certificate_pem if self._options.tls and self._authority is not None else None

    @property
    def kubeconfig(self) -> dict[str, Any]:
        """The administrator's kubeconfig, as `yaml.safe_load` would give it. It holds the token."""
        return kubeconfig(server=self.url, ca_pem=self.ca_pem, token=self.admin_token)

    def admit(
        self, callback: Callback, *, verbs: Iterable[str] = ("*",), resources: Iterable[str] = ("*",)
    ) -> Callable[[], None]:
        """Ask `callback` about writes from now on; gives a function that ends it. See `APIServer.admit`."""
        return self.server.admit(callback, verbs=verbs, resources=resources)

    def write_kubeconfig(self, path: str | os.PathLike[str]) -> Path:
        """Write the administrator's kubeconfig, or add it to the one that is there; see `kubeconfig_file`.

        Raises:
            ConfigError: The file is no kubeconfig or cannot be written. It is as it was.
        """
        return write_kubeconfig(path, self.kubeconfig)

    def issue_client_certificate(self, *, user: str, groups: Sequence[str] = ()) -> KeyPair:
        """A certificate that makes its bearer `user`, member of `groups`."""
        if self._authority is None:
            raise RuntimeError("the cluster has no certificate authority: it does not listen with TLS")
        return self._authority.issue_client(common_name=user, organizations=groups)

    def _open_audit_log(self, parts: AsyncExitStack) -> list[Observer]:
        if self._options.audit_log is None:
            return []
        from listwatch.apiserver.journal.audit import AuditLog, open_log  # noqa: PLC0415 (rarely wanted)

        try:
            file = parts.enter_context(open_log(self._options.audit_log))
        except OSError as error:
            raise ConfigError(
                f"cannot write the audit log {os.fspath(self._options.audit_log)}: {error.strerror or error}"
            ) from error
        return [AuditLog(file.write, clock=self._clock)]

    def _make_server(self, observers: Sequence[Observer]) -> APIServer:
        chance = random.Random(self._options.seed)  # noqa: S311 - for names and timeouts, not for secrets

        def seeded_uid() -> str:
            return str(uuid.UUID(int=chance.getrandbits(128), version=4))

        server = APIServer(
            clock=self._clock,
            tokens=self._tokens,
            authorization_mode=self._options.authorization_mode,
            signing_key=self._signing_key,
            log=self._options.log,
            commits=self._directory.commits if self._directory is not None else None,
            chance=chance,
            new_uid=seeded_uid if self._options.seed is not None else None,
            observers=[
                *([self._journal] if self._journal is not None else []),
                *self._options.observers,
                *observers,
            ],
            interceptor=self.faults.intercept,
            webhook_caller=self._options.webhook_caller,
            resolve_service=self._options.resolve_service,
        )
        self.faults.bind(server)
        return server

    async def _close_listener(self) -> None:
        if self._listener is not None:
            await self._listener.aclose(timeout=self._options.goodbye)

    def _open(self, path: str | os.PathLike[str], parts: AsyncExitStack) -> DataDirectory:
        """The data directory, and what is the same after every start."""
        from listwatch.apiserver.storage.data_directory import DataDirectory  # noqa: PLC0415 - loads sqlite3

        directory = DataDirectory.open(path, synchronous=self._options.synchronous)
        parts.push_async_callback(directory.aclose)
        if self._options.token is None:
            del self._tokens[self.admin_token]
            self.admin_token = directory.secret(_TOKEN, self.admin_token.encode).decode()
            self._tokens[self.admin_token] = ADMIN
        else:
            directory.set_secret(_TOKEN, self._options.token.encode())
        if self._options.signing_key is None:
            self._signing_key = _kept_key(directory)
        else:
            directory.set_secret(_KEY, self._options.signing_key.private_pem)
        return directory

    def _make_listener(self, handle: Transport) -> Listener:
        # Both need the [server] extra, which a cluster in memory can do without.
        from listwatch.apiserver.listener.certificates import CertificateAuthority  # noqa: PLC0415
        from listwatch.apiserver.listener.sockets import Listener, server_context  # noqa: PLC0415

        context = None
        if self._options.tls:
            if self._authority is None and self._directory is not None:
                from listwatch.apiserver.listener.kept_authority import kept_authority  # noqa: PLC0415

                self._authority = kept_authority(self._directory, now=datetime.now(UTC))
            self._authority = self._authority or CertificateAuthority(now=datetime.now(UTC))
            names = [*self._options.names, *({self._options.host} - _ANY_ADDRESS)]
            context = server_context(
                pair=self._authority.issue_server(names=names), client_ca_pem=self._authority.certificate_pem
            )
        return Listener(
            handle,
            host=self._options.host,
            port=self._options.port,
            tls=context,
            allow_remote=self._options.allow_remote,
        )


def _kept_key(directory: DataDirectory) -> SigningKey:
    """The directory's key for service account tokens, made with the directory."""
    try:
        return SigningKey(directory.secret(_KEY, lambda: SigningKey().private_pem))
    except ImportError:  # without the [server] extra there are no keys, and no tokens to outlive anything
        return SigningKey()
