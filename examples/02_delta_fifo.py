"""DeltaFIFO on its own: what happened to each pod since somebody last looked.

    python examples/02_delta_fifo.py

No cluster is needed: this program plays both ends, the reflector that puts changes in and the informer that pops
them and keeps its cache up to date.
"""

from listwatch import DeltaFIFO, Indexer, ObjectKey, ObjectMeta
from listwatch.api.core_v1 import Pod
from listwatch.shared_informer import DeltaType


def pod(name: str, *, node: str) -> Pod:
    made = Pod(metadata=ObjectMeta(namespace="default", name=name))
    made.spec.node_name = node
    return made


def pop_all(fifo: DeltaFIFO[ObjectKey, Pod], cache: Indexer[Pod]) -> None:
    """Print the changes of each pod, oldest first, and apply them."""
    while fifo:
        deltas = fifo.pop()
        print(f"{deltas.key}{' (initial list)' if deltas.is_initial else ''}")
        for delta in deltas:
            pod = delta.last_known
            note = ", its last state was missed" if delta.is_tombstone else ""
            print(f"  {delta.type} : {pod.name} on {pod.spec.node_name}{note}")
            if delta.type is DeltaType.DELETED:
                cache.delete(deltas.key)
            else:
                cache.put(pod)


def main() -> None:
    cache: Indexer[Pod] = Indexer()
    fifo: DeltaFIFO[ObjectKey, Pod] = DeltaFIFO(known_objects=cache)

    print("# replace: the first list is the whole truth")
    fifo.replace([pod("web", node="n1"), pod("db", node="n1")])
    pop_all(fifo, cache)

    print("# add, update, delete: changes wait under their pod's key, two deletions are one")
    fifo.update(pod("web", node="n2"))
    fifo.add(pod("job", node="n1"))
    fifo.update(pod("web", node="n3"))
    fifo.delete(pod("job", node="n1"))
    fifo.delete(pod("job", node="n1"))
    pop_all(fifo, cache)

    print("# resync: what is known is told again, unless there is news")
    fifo.update(pod("web", node="n4"))
    fifo.resync()
    pop_all(fifo, cache)

    print("# replace: what is missing from a new list is gone, and leaves a tombstone")
    fifo.update(pod("db", node="n2"))
    fifo.replace([pod("web", node="n4")])
    pop_all(fifo, cache)

    print("# delete: nobody was told of this one, so nobody is told of its end")
    fifo.delete(pod("never-seen", node="n1"))
    pop_all(fifo, cache)

    print("in the cache:", ", ".join(map(str, cache.keys())))


if __name__ == "__main__":
    main()
