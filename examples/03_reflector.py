"""Keep a dictionary of a namespace's pods in step with the server: client-go's Reflector in a page.

listwatch serve --kubeconfig ./demo.kubeconfig &          # or any cluster of yours
KUBECONFIG=./demo.kubeconfig python examples/03_reflector.py
KUBECONFIG=./demo.kubeconfig kubectl run test-pod --image=nginx    # in another terminal
"""

import asyncio
from collections.abc import Sequence

from listwatch import (
    Client,
    EventType,
    ListWatch,
    ObjectKey,
    Reflector,
    ReflectorState,
    WatchEvent,
    load_config,
)
from listwatch.api.core_v1 import Pod
from listwatch.reflector import BackingOff, Listing, Watching


class PodStore:
    """What a reflector fills: the pods by namespace and name, and a word about each change."""

    def __init__(self) -> None:
        self.pods: dict[ObjectKey, Pod] = {}

    def replace(self, objects: Sequence[Pod], resource_version: str) -> None:
        """The whole truth: what is missing here is gone."""
        self.pods = {pod.key: pod for pod in objects}
        print("REPLACE :", ", ".join(pod.name for pod in objects) or "no pods", flush=True)

    def apply(self, events: Sequence[WatchEvent[Pod]], resource_version: str) -> None:
        """What has changed since."""
        for event in events:
            pod = event.object
            if event.type is EventType.DELETED:
                self.pods.pop(pod.key, None)
            else:
                self.pods[pod.key] = pod
            print(event.type, ":", pod.name, flush=True)

    def bookmark(self, resource_version: str) -> None:
        """A sign of life: there is no news up to this version."""
        print("BOOKMARK :", resource_version, flush=True)

    async def ready(self) -> None:
        """A store that cannot take more for now would wait here."""


def tell(state: ReflectorState) -> None:
    match state:
        case Listing(reason=reason):
            print(f"[listing, {reason}]", flush=True)
        case Watching():
            print("[watching]", flush=True)
        case BackingOff(failure=failure, seconds=seconds):
            print(f"[{failure}; again in {seconds:.1f} s]", flush=True)


async def main() -> None:
    config = load_config()  # KUBECONFIG, ~/.kube/config, or the pod that this runs in
    async with Client(config) as client:
        pod_list_watch = ListWatch.from_client(client, Pod, namespace="default")
        reflector = Reflector(pod_list_watch, PodStore(), on_state=tell)

        # Until it is cancelled: connections that are lost are made again, versions that have expired listed again.
        await reflector.run()


if __name__ == "__main__":
    asyncio.run(main())
