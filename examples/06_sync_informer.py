"""An informer without await: for scripts, threads and notebooks.

    listwatch serve --kubeconfig ./demo.kubeconfig &          # or any cluster of yours
    KUBECONFIG=./demo.kubeconfig python examples/06_sync_informer.py
    KUBECONFIG=./demo.kubeconfig kubectl run test-pod --image=nginx    # in another terminal

The handler's functions run in a thread of their own, may take their time, and use the client. The cache is read from
any thread, at no cost.
"""

from listwatch import EventHandlers
from listwatch.api.core_v1 import Pod
from listwatch.sync import Client, SharedInformer, load_config


def main() -> None:
    with Client(load_config()) as client:
        pods = client.resource(Pod, namespace="default")
        informer = SharedInformer.from_client(client, Pod, namespace="default")

        def label(pod: Pod) -> None:
            if "seen" not in pod.labels:
                pods.patch(pod.name, {"metadata": {"labels": {"seen": "yes"}}})

        def report(old: Pod, new: Pod) -> None:
            if "seen" in new.labels and "seen" not in old.labels:
                print(f"{new.name} was seen", flush=True)

        informer.add_event_handler(EventHandlers(on_add=label, on_update=report))
        with informer:
            informer.wait_synced(timeout=30)
            print("pods:", ", ".join(sorted(pod.name for pod in informer.lister.list())), flush=True)
            informer.run()  # until Ctrl-C, or until another thread calls informer.stop()


if __name__ == "__main__":
    main()
