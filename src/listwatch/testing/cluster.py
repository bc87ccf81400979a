"""A cluster for tests, in plain calls: the server runs in a thread of its own, whatever the test does.

In:    a test's wishes
Out:   an address and a kubeconfig for the code under test; objects, history and requests for assertions
Next:  apiserver/embedded.py
Rules: every cluster is alone: its own objects, users, port and files, all of it gone afterwards. What is costly comes
       when it is asked for: a socket with `url`, a file with `kubeconfig_path`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeVar

import msgspec

from listwatch.apimachinery.clock import Clock, SystemClock
from listwatch.apimachinery.http import Transport
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.admission.request import Callback
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.apiserver.faults import FaultPlan
from listwatch.apiserver.journal.exchange import Exchange
from listwatch.apiserver.journal.journal import Journal
from listwatch.apiserver.journal.manners import OWN_USER_AGENT
from listwatch.apiserver.life import Delays
from listwatch.apiserver.listener.kubeconfig_file import kubeconfig
from listwatch.apiserver.server import APIServer
from listwatch.apiserver.storage.looking_back import Difference, Step, View, find_place, history
from listwatch.testing import server_thread
from listwatch.testing.bridge import Bridge
from listwatch.testing.manifests import Manifests
from listwatch.testing.objects import Objects, PatchType
from listwatch.testing.pulse import Pulse
from listwatch.testing.virtual_clock import VirtualClock

if TYPE_CHECKING:
    from listwatch import Client
    from listwatch.apiserver.admission.webhook_caller import WebhookCaller
    from listwatch.apiserver.admission.webhooks import ServiceResolver
    from listwatch.apiserver.listener.certificates import CertificateAuthority
    from listwatch.sync import Client as SyncClient

T = TypeVar("T")
JSONObject = dict[str, Any]
JSONObjects = list[JSONObject]
Steps = list[Step]
Differences = list[Difference]
_GOODBYE: Final = 0.02  # a test's clients are often left open, and their idle connections answer no goodbye
_READ_AT_IMPORT: Final = ("kubernetes.config.kube_config", "kubernetes_asyncio.config.kube_config")


class Cluster:
    """An API server of a test's own, used from plain code; begins with `with` or `start`.

    Promised: inside the block the server answers, for all kinds of clients, however busy or blocked the test's own
    thread or loop is; afterwards no thread, task, socket or file of it is left. Not promised: anything across
    processes but through `url`.
    Threads: all methods may be called from any thread, but not from the server's own.

    Args:
        simulate: Whether a scheduler and kubelets bring pods to life.
        nodes: How many nodes to simulate.
        delays: How long the steps of a pod's life take.
        tls: Whether to speak HTTPS. All clusters of a process share an authority, made with the first of them and
            known to nobody else. kubectl, and whatever else is built on client-go, sends no token without it.
        clock: "virtual" for one that stands still until `clock.advance`; or a `Clock`.
        seed: Makes uids, generated names and the lengths of watches the same every time.
        manifests: What to begin with; see `apply`.
        crds: CustomResourceDefinitions to begin with, before the manifests.
        users: Further users by their tokens.
        audit_log: A file to append an audit log to.
        webhook_caller: Calls webhooks, on the server's loop; None for HTTPS.
        resolve_service: The URL of a service, by namespace, name and port, for webhooks that name one.
    """

    def __init__(
        self,
        *,
        simulate: bool = False,
        nodes: int = 1,
        delays: Delays | None = None,
        tls: bool = True,
        clock: Literal["system", "virtual"] | Clock = "system",
        seed: int | None = None,
        manifests: Manifests = (),
        crds: Manifests = (),
        users: Mapping[str, User] | None = None,
        audit_log: str | os.PathLike[str] | None = None,
        webhook_caller: WebhookCaller | None = None,
        resolve_service: ServiceResolver | None = None,
    ) -> None:
        self._first = (crds, manifests)
        self._embedded = EmbeddedCluster(
            listen=False,
            tls=tls,
            simulate=simulate,
            nodes=nodes,
            delays=delays,
            clock=_clock(clock),
            seed=seed,
            tokens=users,
            keeps_journal=True,
            audit_log=audit_log,
            webhook_caller=webhook_caller,
            resolve_service=resolve_service,
            goodbye=_GOODBYE,
            authority=_authority() if tls else None,
        )
        self._thread: server_thread.ServerThread | None = None
        self._exit = contextlib.ExitStack()
        self._folder: Path | None = None
        self._files = 0
        self._pulse = Pulse()
        self._is_new = True

    # --- its life

    def start(self) -> Self:
        """Start; for those who cannot use `with`. Close it afterwards.

        Raises:
            RuntimeError: It was started before.
            APIStatusError, ValueError, OSError: The manifests cannot be applied. Nothing is left.
        """
        if not self._is_new:
            raise RuntimeError("a Cluster can be started only once: fork it, or make another")
        self._is_new = False
        with contextlib.ExitStack() as steps:
            self._thread = thread = steps.enter_context(server_thread.shared())
            steps.callback(lambda: thread.run(self._embedded.aclose()))
            steps.callback(self._remove_files)
            self._run(self._start())
            self._come_to_rest()
            for each in self._first:
                self.apply(each)
                self._come_to_rest()
            self._exit = steps.pop_all()
        return self

    def close(self) -> None:
        """End open watches, stop listening, forget everything. Safe to call twice."""
        self._pulse.close()
        self._exit.close()

    def __enter__(self) -> Self:
        return self.start() if self._is_new else self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Cluster at revision {self.revision}>" if self._thread is not None else "<Cluster>"

    def fork(self) -> Cluster:
        """A cluster that begins with what this one holds at this moment, started; each then goes its own way.

        Revisions go on from the same number. Watches, connections, faults and the journal stay here; so do the
        tokens of `token`. A virtual clock goes on from the same time. Close it, best by `with`.

        Cost: independent of how many objects there are.
        """
        other = Cluster()
        other._embedded = self._run(self._forked())
        return other.start()

    # --- ways in

    @property
    def url(self) -> str:
        """Where the server listens; it begins to when this is first asked for."""
        self._server_thread.run(self._listening())
        return self._embedded.url

    @property
    def handle(self) -> Transport:
        """The way in without sockets, from any event loop. Who calls is told by a token."""
        return Bridge(self._embedded.handle, self._server_thread.loop)

    @property
    def admin_token(self) -> str:
        """The administrator's bearer token."""
        return self._embedded.admin_token

    @property
    def ca_pem(self) -> bytes | None:
        """Whom clients have to trust; None without TLS."""
        self._server_thread.run(self._listening())
        return self._embedded.ca_pem

    @property
    def kubeconfig(self) -> JSONObject:
        """The administrator's kubeconfig, as `yaml.safe_load` would give it."""
        return self._kubeconfig(self.admin_token)

    @property
    def kubeconfig_path(self) -> Path:
        """The same as a file, readable by this user only."""
        return self._written("kubeconfig", self.kubeconfig)

    @property
    def env(self) -> dict[str, str]:
        """What a program needs in its environment: `KUBECONFIG`, and no proxy for loopback."""
        return {"KUBECONFIG": str(self.kubeconfig_path), "NO_PROXY": "127.0.0.1,localhost,::1"}

    @contextlib.contextmanager
    def environment(self) -> Iterator[None]:
        """Let this process's environment lead to the cluster for the length of a block, by `env`.

        Client libraries that looked at the environment when they were imported are told, too: `kubernetes` and
        `kubernetes_asyncio`, and so `kopf`.
        """
        before = {name: os.environ.get(name) for name in self.env}
        libraries: Sequence[Any] = [sys.modules[name] for name in _READ_AT_IMPORT if name in sys.modules]
        defaults = [library.KUBE_CONFIG_DEFAULT_LOCATION for library in libraries]
        os.environ.update(self.env)
        for library in libraries:
            library.KUBE_CONFIG_DEFAULT_LOCATION = str(self.kubeconfig_path)
        try:
            yield
        finally:
            for library, default in zip(libraries, defaults, strict=True):
                library.KUBE_CONFIG_DEFAULT_LOCATION = default
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def token(self, user: str, groups: Sequence[str] = ()) -> str:
        """A bearer token that makes whoever shows it `user`, member of `groups`.

        What they may do, roles and bindings say; members of `system:masters` may do everything.
        """
        token = secrets.token_urlsafe(24)
        self._server.add_user(token, User(user, tuple(groups)))
        return token

    def kubeconfig_for(self, user: str, groups: Sequence[str] = (), *, namespace: str | None = None) -> Path:
        """A kubeconfig file of another user.

        Args:
            user: Such as `jane`, or `system:serviceaccount:default:builder`.
            groups: Whom the user belongs to.
            namespace: The context's; None means "default".
        """
        self._files += 1
        config = self._kubeconfig(self.token(user, groups), namespace=namespace)
        return self._written(f"kubeconfig-{self._files}", config)

    def client(self, *, user: str | None = None, groups: Sequence[str] = ()) -> SyncClient:
        """`listwatch.sync.Client`, straight into the server, as the administrator or as somebody else.

        Close it before the cluster, best by `with`.
        """
        from listwatch.sync import Client as SyncClient  # noqa: PLC0415 (not every test has one)

        return SyncClient(self._config(user, groups), transport=self.handle)

    def async_client(self, *, user: str | None = None, groups: Sequence[str] = ()) -> Client:
        """`listwatch.Client`, straight into the server, for the event loop that it is used on."""
        from listwatch import Client  # noqa: PLC0415 (not every test has one)

        return Client(self._config(user, groups), transport=self.handle)

    # --- objects

    def apply(self, manifests: Manifests, *, namespace: str | None = None) -> JSONObjects:
        """Make what the manifests name, or change it if it is there; fields that they do not name stay.

        Args:
            manifests: YAML text, a path to a file or folder, mappings, or any number of these.
            namespace: For those that name none; None means "default".

        Raises:
            APIStatusError: The server refuses one; those before it are there.
            ValueError, OSError: One is no object, or cannot be read; those before it are there.
        """
        return self._run(self._objects.apply(manifests, namespace=namespace))

    def get(self, key: str, *, namespace: str | None = None) -> JSONObject:
        """An object, such as `pods/default/web`, `pods/web` (in "default"), `node/n1`, `deployments.apps/ns/web`.

        Raises:
            NotFound: There is none.
            LookupError, ValueError: The key means nothing.
        """
        return self._run(self._objects.get(key, namespace=namespace))

    def list(
        self,
        key: str,
        *,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> JSONObjects:
        """The objects of a collection, such as `pods` (of all namespaces) or `pods/default`.

        Raises:
            LookupError, ValueError: The key means nothing.
        """
        selectors = {"labelSelector": label_selector, "fieldSelector": field_selector}
        return self._run(self._objects.list(key, namespace=namespace, **selectors))

    def create(self, manifest: Mapping[str, Any], *, namespace: str | None = None) -> JSONObject:
        """Make an object.

        Raises:
            APIStatusError: The server refuses it.
        """
        return self._run(self._objects.create(manifest, namespace=namespace))

    def patch(
        self,
        key: str,
        patch: Any,
        *,
        namespace: str | None = None,
        patch_type: PatchType = "merge",
        subresource: str = "",
    ) -> JSONObject:
        """Change an object, or its `status`.

        Raises:
            APIStatusError: The server refuses it.
        """
        work = self._objects.patch(
            key, patch, namespace=namespace, patch_type=patch_type, subresource=subresource
        )
        return self._run(work)

    def delete(
        self, key: str, *, namespace: str | None = None, grace_period_seconds: int | None = None
    ) -> JSONObject:
        """Delete an object.

        Raises:
            APIStatusError: The server refuses it.
        """
        return self._run(
            self._objects.delete(key, namespace=namespace, grace_period_seconds=grace_period_seconds)
        )

    def add_kind(self, name: str, *, kind: str, **options: Any) -> None:
        """Serve one more kind, such as `add_kind("widgets.example.com", kind="Widget")`; served when this returns.

        Args:
            name: The plural and the group.
            kind: Of its objects.
            options: See `custom.simple.simple_definition`; without a schema objects may hold anything.

        Raises:
            APIStatusError: The server refuses it; `AlreadyExists` if there is one of that name.
            ValueError: The name has no group.
        """
        self._run(self._objects.add_kind(name, kind=kind, **options))

    def admit(
        self, callback: Callback, *, verbs: Iterable[str] = ("*",), resources: Iterable[str] = ("*",)
    ) -> Callable[[], None]:
        """Ask `callback` about writes from now on; gives a function that ends it. See `listwatch.apiserver.admission`.

        It is called on the server's loop, so it must not wait for anything there: no method of this cluster.

        Raises:
            ValueError: A verb is none that changes anything.
        """

        async def begin() -> Callable[[], None]:
            return self._server.admit(callback, verbs=verbs, resources=resources)

        async def end() -> None:
            stop()

        stop = self._run(begin())
        return lambda: self._run(end())

    # --- looking back

    @property
    def revision(self) -> int:
        """Of the newest change."""
        return self._server.revision

    def history(self, key: str, *, namespace: str | None = None) -> Steps:
        """All retained changes of an object, oldest first, with who made them."""

        async def look() -> Steps:
            place = find_place(self._server.registry, key, of_object=True, namespace=namespace)
            return history(self._server.log, place)

        return self._run(look())

    def at(self, revision: int) -> View:
        """Everything as it was at a revision.

        Raises:
            CompactedError: It lies too far back.
            ValueError: It is yet to come.
        """

        async def look() -> View:
            return View(self._server.log, self._server.registry, revision)

        return self._run(look())

    def diff(self, before: int, after: int | None = None) -> Differences:
        """What was added, changed and deleted between two revisions (up to now by default).

        Raises:
            CompactedError, ValueError: As for `at`.
        """
        return [*self.at(before).differences(self.at(self.revision if after is None else after))]

    def compact(self, revision: int | None = None) -> None:
        """Forget the history up to a revision (by default all): whoever asks for older versions gets 410."""

        async def forget() -> None:
            self._server.compact(revision)

        self._run(forget())

    # --- what else rules and records

    @property
    def journal(self) -> Journal:
        """What was asked, and how it went."""
        return self._embedded.journal

    @property
    def faults(self) -> FaultPlan:
        """What goes wrong on purpose: `cluster.faults.add(Fault(…))`. The cluster's own words never meet a fault."""
        return self._embedded.faults

    @property
    def clock(self) -> VirtualClock:
        """The virtual clock.

        Raises:
            RuntimeError: The cluster was made with another clock.
        """
        if not isinstance(self._embedded.clock, VirtualClock):
            raise RuntimeError(  # noqa: TRY004 - the cluster was made otherwise; no argument is of a wrong type
                'this cluster runs in real time: make it with clock="virtual"'
            )
        return self._embedded.clock

    def wait_for(self, condition: Callable[[], Any], *, timeout: float = 10.0) -> Any:
        """Wait until `condition()` is true, and give what it gave.

        It is asked at once, and again whenever an object has changed or a request has ended. `NotFound` counts as not
        yet. Other errors end the wait.

        Args:
            condition: Called in this thread; it may use the cluster.
            timeout: Seconds of real time, whatever clock the server has.

        Raises:
            TimeoutError: It did not become true.
            RuntimeError: The cluster is closed, or is closed meanwhile.
        """
        return self._pulse.wait_for(
            condition, timeout=timeout, told=lambda: f"the cluster is at revision {self.revision}"
        )

    async def async_wait_for(self, condition: Callable[[], Any], *, timeout: float = 10.0) -> Any:  # noqa: ASYNC109 (as above)
        """`wait_for` that lets the caller's event loop go on; `condition` is called in another thread."""
        return await asyncio.to_thread(self.wait_for, condition, timeout=timeout)

    # --- inside

    @property
    def _server_thread(self) -> server_thread.ServerThread:
        if self._thread is None:
            raise RuntimeError("the cluster has not been started: use `with Cluster() as cluster`")
        return self._thread

    @property
    def _server(self) -> APIServer:
        self._server_thread  # noqa: B018 - says so if there is none
        return self._embedded.server

    @property
    def _objects(self) -> Objects:
        return Objects(self._server, self.admin_token)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        thread = self._server_thread
        is_virtual = isinstance(self._embedded.clock, VirtualClock)
        return thread.run(_then_rest(work, thread) if is_virtual else work)

    def _come_to_rest(self) -> None:
        """With a virtual clock: let everybody do first what they can do now, so that runs repeat."""
        if isinstance(self._embedded.clock, VirtualClock):
            self._embedded.clock.advance(0)

    async def _start(self) -> None:
        clock = self._embedded.clock
        if isinstance(clock, VirtualClock):
            clock.bind(self._server_thread.loop, self._server_thread.settle)
        await self._embedded.start()
        self._server.listen(lambda _: self._pulse.beat())
        self.journal.on_end = self._beat_for_others

    async def _listening(self) -> None:
        await self._embedded.listen()

    async def _forked(self) -> EmbeddedCluster:
        clock = self._embedded.clock
        if isinstance(clock, VirtualClock):
            return self._embedded.fork(clock=clock.copy())
        return self._embedded.fork()

    def _beat_for_others(self, exchange: Exchange) -> None:
        # What a condition itself asks must not be a reason to ask it again.
        if not exchange.user_agent.startswith(OWN_USER_AGENT):
            self._pulse.beat()

    def _config(self, user: str | None, groups: Sequence[str]) -> Any:
        from listwatch.client.config import Config  # noqa: PLC0415 (not every test has a client)

        token = self.admin_token if user is None else self.token(user, groups)
        return Config.of(host="http://in-memory", token=token)

    def _kubeconfig(self, token: str, *, namespace: str | None = None) -> JSONObject:
        return kubeconfig(server=self.url, ca_pem=self.ca_pem, token=token, namespace=namespace)

    def _written(self, name: str, config: JSONObject) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="listwatch-"))  # 0700
        path = self._folder / name
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                file.write(msgspec.json.encode(config))  # JSON is YAML, and faster
        return path

    def _remove_files(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


async def _then_rest(work: Coroutine[Any, Any, T], thread: server_thread.ServerThread) -> T:
    """Do `work`, and let the server do what follows from it: in virtual time the order must not depend on real time."""
    done = await work
    await thread.settle()
    return done


def _clock(wanted: Literal["system", "virtual"] | Clock) -> Clock:
    if isinstance(wanted, str):
        return VirtualClock() if wanted == "virtual" else SystemClock()
    return wanted


@functools.cache
def _authority() -> CertificateAuthority:
    """This process's authority: made once, since keys cost time, and shown to nobody else."""
    from listwatch.apiserver.listener.certificates import CertificateAuthority  # noqa: PLC0415 (for TLS only)

    return CertificateAuthority(now=datetime.now(UTC))
