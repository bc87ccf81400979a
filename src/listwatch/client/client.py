"""A client of one API server.

In:    a `Config`                                  (from client/kubeconfig.py)
Out:   `ResourceClient`s, one per kind             (client/resource.py)
Next:  client/resource.py
Source: client-go kubernetes.NewForConfig and dynamic.NewForConfig in one
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Literal, Self, overload

from listwatch.apimachinery.clock import Clock, SystemClock
from listwatch.apimachinery.codec import Codec
from listwatch.apimachinery.http import Transport
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.partial_object_metadata import PartialObjectMetadata
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.client.config import Config
from listwatch.client.connection import SocketTransport
from listwatch.client.kubeconfig import load_config
from listwatch.client.resource import ResourceClient
from listwatch.client.rest import JSON, SILENCE_SECONDS, Call, RESTClient
from listwatch.client.retry import RetryPolicy
from listwatch.client.subresource import METADATA_ONLY, Accept


class Client:
    """Talks to one API server as one user.

    Used like this::

        async with Client() as client:
            pods = client.resource(Pod, namespace="default")
            for pod in await pods.list():
                print(pod.name)

    Opens connections when they are needed and keeps them for the next call. Belongs to one event loop; for threads
    and plain scripts there is `listwatch.sync`. Close it, best by `async with`: open watches end with it, and
    every later call raises ListWatchError.

    Args:
        config: Where and as whom; None for what `load_config()` finds.
        transport: What to send requests through instead of sockets: the embedded server's `handle`, a script.
        clock: Whose time retries and files are checked by.
        retry: How often a request may be sent again, where that is safe.
        silence: Seconds that an answer may keep still before it is given up; watches have their own deadline.
        keep_managed_fields: False drops them while decoding, which saves half of most objects.

    Raises:
        ConfigError: No usable configuration.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        transport: Transport | None = None,
        clock: Clock | None = None,
        retry: RetryPolicy | None = None,
        silence: float = SILENCE_SECONDS,
        keep_managed_fields: bool = True,
    ) -> None:
        self.config = config or load_config()
        clock = clock or SystemClock()
        self._sockets = SocketTransport(self.config, clock=clock) if transport is None else None
        self._rest = RESTClient(
            self.config,
            transport=transport or self._sockets,  # type: ignore[arg-type]  # one of the two is there
            clock=clock,
            retry=retry or RetryPolicy(),
            silence=silence,
        )
        self._keep_managed_fields = keep_managed_fields

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End open watches and close every connection; later calls are refused. Safe to call twice."""
        await self._rest.aclose()
        if self._sockets is not None:
            await self._sockets.aclose()

    @overload
    def resource(
        self, kind: type[AnyObject], *, namespace: str | None = None, metadata_only: Literal[False] = False
    ) -> ResourceClient[AnyObject]: ...
    @overload
    def resource(
        self, kind: Resource, *, namespace: str | None = None, metadata_only: Literal[False] = False
    ) -> ResourceClient[Unstructured]: ...
    @overload
    def resource(
        self, kind: type[Object] | Resource, *, namespace: str | None = None, metadata_only: Literal[True]
    ) -> ResourceClient[PartialObjectMetadata]: ...
    def resource(
        self, kind: type[Object] | Resource, *, namespace: str | None = None, metadata_only: bool = False
    ) -> ResourceClient[Any]:
        """What can be done with one kind of object.

        Args:
            kind: A class (`listwatch.api.core_v1.Pod`, or your own subclass of `Object`); or the name of a
                collection, `Resource("stable.example.com", "v1", "crontabs")`, whose objects are mappings.
            namespace: Where; None for the configuration's own, as kubectl does; `ALL_NAMESPACES` for all.
                Means nothing to a kind that is not namespaced.
            metadata_only: Ask the server for metadata alone, which is a small part of most objects. For reading,
                patching and deleting: what the server has not sent cannot be written back.

        Raises:
            ValueError: A class that stands for no collection.
        """
        resource = kind if isinstance(kind, Resource) else kind.resource
        if not isinstance(kind, Resource) and not resource.plural:
            raise ValueError(f"{kind.__name__} stands for no collection: name one with Resource(…)")
        cls: type[Object] = Unstructured if isinstance(kind, Resource) else kind
        if metadata_only:
            cls = PartialObjectMetadata
        codec: Codec[Any] = Codec(
            cls,
            resource=resource if cls is Unstructured else cls.resource,
            keep_managed_fields=self._keep_managed_fields,
        )
        return ResourceClient(
            self._rest,
            resource,
            codec,
            namespace=self.config.namespace if namespace is None else namespace,
            accept=METADATA_ONLY if metadata_only else Accept(),
        )

    async def get_raw(self, target: str, *, accept: str = JSON) -> bytes:
        """The body of any GET: `/version`, `/apis`, a Table.

        Raises: as `ResourceClient.get`.
        """
        return await self._rest.fetch(Call(target=target, accept=accept), any_form=True)
