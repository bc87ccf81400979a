"""Follow the pods of a namespace: a cache that keeps itself up to date, and handlers that are told of each change.

    listwatch serve --kubeconfig ./demo.kubeconfig &          # or any cluster of yours
    KUBECONFIG=./demo.kubeconfig python examples/04_informer.py
    KUBECONFIG=./demo.kubeconfig kubectl run test-pod --image=nginx    # in another terminal

Cut the connection, restart the server, come back after an hour: what is printed adds up to what is there.
"""

import asyncio

from listwatch import Client, EventHandlers, SharedInformer, load_config
from listwatch.api.core_v1 import Pod


def added(pod: Pod, *, is_initial: bool) -> None:
    print("FOUND :" if is_initial else "ADDED :", pod.name, flush=True)


def updated(old: Pod, new: Pod) -> None:
    if old.status.phase != new.status.phase:
        print("UPDATED :", new.name, "is", new.status.phase, flush=True)


def deleted(pod: Pod) -> None:
    print("DELETED :", pod.name, flush=True)


async def main() -> None:
    async with Client(load_config()) as client:
        informer = SharedInformer.from_client(client, Pod, namespace="default")
        registration = informer.add_event_handler(
            EventHandlers(on_add=added, on_update=updated, on_delete=deleted)
        )
        async with informer:
            await registration.wait_synced()

            # From here on the cache answers, not the server: by name, labels, fields and indices.
            running = informer.lister.list(field_selector="status.phase=Running")
            print("running :", ", ".join(pod.name for pod in running), flush=True)
            print(f"{len(informer.indexer)} pods, heard of {informer.staleness:.0f} s ago", flush=True)

            await informer.run()  # until Ctrl-C


if __name__ == "__main__":
    asyncio.run(main())
