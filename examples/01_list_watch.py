"""List the pods of a namespace, then watch them: the heart of client-go in a page.

listwatch serve --kubeconfig ./demo.kubeconfig &          # or any cluster of yours
KUBECONFIG=./demo.kubeconfig python examples/01_list_watch.py
KUBECONFIG=./demo.kubeconfig kubectl run test-pod --image=nginx    # in another terminal
"""

import asyncio

from listwatch import Client, ListWatch, load_config
from listwatch.api.core_v1 import Pod


async def main() -> None:
    config = load_config()  # KUBECONFIG, ~/.kube/config, or the pod that this runs in
    async with Client(config) as client:
        pod_list_watch = ListWatch.from_client(client, Pod, namespace="default")

        pods = await pod_list_watch.list()
        for pod in pods:
            print(pod.name, flush=True)

        # Without a version a watch begins with what is there. With
        # ListOptions(resource_version=pods.resource_version) it begins where the list ended.
        async for event in pod_list_watch.watch():
            print(event.type, ":", event.object.name, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
