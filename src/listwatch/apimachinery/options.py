"""What a list or a watch is asked for.

Source: apimachinery's metav1.ListOptions; what each field means to the server is in the API concepts,
"Efficient detection of changes" and "Semantics for get, list and watch".
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """Options of one list or watch request; `dataclasses.replace` makes a changed copy.

    Attributes:
        label_selector: `app=web,tier in (a, b)`; empty for all.
        field_selector: `spec.nodeName=n1`; which fields may stand here is up to the kind.
        resource_version: None for the newest state; "0" for any state that the server has at hand;
            else not older than this (list), or exactly after this (watch).
        resource_version_match: `Exact` or `NotOlderThan`.
        limit: At most this many objects a page; the server may send more.
        continue_: Token of the page to go on with.
        timeout_seconds: The server ends a watch after this many seconds. None lets the client choose.
        allow_watch_bookmarks: Send BOOKMARK events.
        send_initial_events: Begin a watch with the state, as ADDED events and one marked bookmark (KEP-3157).
    """

    label_selector: str = ""
    field_selector: str = ""
    resource_version: str | None = None
    resource_version_match: str | None = None
    limit: int | None = None
    continue_: str | None = None
    timeout_seconds: int | None = None
    allow_watch_bookmarks: bool = False
    send_initial_events: bool | None = None

    def to_query(self, *, watch: bool = False) -> str:
        """The query string, parameters in a fixed order, empty ones left out."""
        pairs: list[tuple[str, str]] = [("watch", "true")] if watch else []
        if self.allow_watch_bookmarks:
            pairs.append(("allowWatchBookmarks", "true"))
        for name, value in (
            ("continue", self.continue_),
            ("fieldSelector", self.field_selector or None),
            ("labelSelector", self.label_selector or None),
            ("limit", self.limit),
            ("resourceVersion", self.resource_version),
            ("resourceVersionMatch", self.resource_version_match),
            ("sendInitialEvents", self.send_initial_events),
            ("timeoutSeconds", self.timeout_seconds),
        ):
            if value is not None and value != "":
                text = str(value).lower() if isinstance(value, bool) else str(value)
                pairs.append((name, text))
        return encode_query(pairs)


def encode_query(pairs: list[tuple[str, str]]) -> str:
    """`a=1&b=2`, percent-encoded."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
