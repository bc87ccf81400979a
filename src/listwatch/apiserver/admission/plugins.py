"""Which plugins a server has, and in which order they are asked.

In:    the parts of a server
Out:   its `AdmissionChain`
Next:  chain.py
Rules: the order is the real server's: what changes an object before what only looks at it; callables of the embedding
       program stand before webhooks.
Source: kubernetes pkg/kubeapiserver/options/plugins.go
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from listwatch.apiserver.admission.callables import Callables
from listwatch.apiserver.admission.chain import AdmissionChain
from listwatch.apiserver.kinds.resources import ResourceRegistry
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs.admitting import Attributes

JSONObject = dict[str, Any]


def admission_chain(
    _storage: Storage,
    _registry: ResourceRegistry,
    callables: Callables,
    *,
    redecode: Callable[[Attributes, JSONObject], JSONObject],
) -> AdmissionChain:
    """The chain of a server.

    Args:
        callables: Those of the embedding program.
        redecode: Gives a changed object its types and defaults again.
    """
    return AdmissionChain([callables], redecode=redecode)
