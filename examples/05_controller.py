"""A controller: the config map `pod-count` always says how many pods its namespace has.

    listwatch serve --kubeconfig ./demo.kubeconfig &          # or any cluster of yours
    KUBECONFIG=./demo.kubeconfig python examples/05_controller.py
    KUBECONFIG=./demo.kubeconfig kubectl delete configmap pod-count    # in another terminal: it comes back

Changes of pods and of the config map become one key, the key waits in a work queue, and a worker reconciles it: it
looks how things are, and makes them as they should be. It is not told what has happened, and need not know.
"""

import asyncio

from listwatch import Client, Controller, ObjectKey, ObjectMeta, SharedInformer, load_config
from listwatch.api.core_v1 import ConfigMap, Pod

NAME = "pod-count"


async def main() -> None:
    async with Client(load_config()) as client:
        pods = SharedInformer.from_client(client, Pod, namespace="default")
        counts = SharedInformer.from_client(
            client, ConfigMap, namespace="default", field_selector=f"metadata.name={NAME}"
        )

        async def reconcile(key: ObjectKey) -> None:
            config_maps = client.resource(ConfigMap, namespace=key.namespace)
            wanted = {"pods": str(len(pods.lister.list(namespace=key.namespace)))}
            found = counts.indexer.get(key)
            if found is None:
                written = await config_maps.create(ConfigMap(metadata=ObjectMeta(name=NAME), data=wanted))
            elif found.data != wanted:
                written = await config_maps.patch(NAME, {"data": wanted})
            else:
                return
            print(key, "says", wanted["pods"], flush=True)
            await counts.caught_up(written.resource_version)  # or the next run might not see this write

        controller = Controller(reconcile, name=NAME)
        controller.watch(pods, keys=lambda pod: [ObjectKey(pod.namespace, NAME)])
        controller.watch(counts)
        async with pods, counts:
            await controller.run()  # until Ctrl-C; what fails is tried again


if __name__ == "__main__":
    asyncio.run(main())
