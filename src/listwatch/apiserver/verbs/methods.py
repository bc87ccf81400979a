"""Which verbs a resource takes.

In:    a resource and what is asked of it
Out:   a 405, or nothing
Rules: pure; the verbs are those that discovery tells.
Source: API concepts, "Resource URIs"
"""

from __future__ import annotations

from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.wire.request_info import RequestInfo
from listwatch.apiserver.wire.statuses import method_not_allowed


def check_verb(resource: Resource, info: RequestInfo) -> None:
    """Refuse what the resource does not offer, as discovery tells it.

    Raises:
        APIFailure: 405.
    """
    part = resource.subresources.get(info.subresource)
    if part is not None:
        verbs: tuple[str, ...] = part.verbs
    elif resource.namespaced and not info.namespace and info.verb in {"create", "deletecollection"}:
        verbs = ()  # across namespaces one can only look
    elif info.verb == "create" and info.name:
        verbs = ()
    else:
        verbs = resource.verbs
    verb = "get" if part is not None and info.verb == "watch" else info.verb
    if verb not in verbs or (info.verb in {"update", "patch"} and not info.name):
        raise method_not_allowed()
