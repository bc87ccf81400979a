"""A list in pages.

In:    a function that fetches one page          (client/resource.py)
Out:   pages, or one list made of them
Rules: every object at most once, also when a continue token expires on the way
Source: client-go tools/pager ListPager; differs: the token that a 410 itself offers is used
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import msgspec

from listwatch.apimachinery.errors import Expired
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions

PAGE_SIZE = 500
"""Objects a page; servers are tuned for client-go's 500."""

FetchPage = Callable[[ListOptions], Awaitable[ObjectList[AnyObject]]]


async def iterate_pages(
    fetch: FetchPage[AnyObject], options: ListOptions
) -> AsyncIterator[ObjectList[AnyObject]]:
    """All pages, each fetched when the one before it has been used.

    As long as no token expires, all pages are of one moment. A token that expires (410) does not end the
    iteration: it goes on from the same place in a newer state if the server offers to, else lists again and
    leaves out what it has given already. Objects that were created meanwhile before that place are then missing,
    objects deleted meanwhile may have been given: the last page's `resource_version` says which state later
    changes must be counted from, and it is newer than the first page's then.

    Raises: as `fetch`; Expired only if the first page is.
    """
    page = await fetch(options)
    following = replace(options, resource_version=None, resource_version_match=None)
    given: set[str | ObjectKey] = set()
    is_anew = False
    while True:
        if is_anew:
            page.items = [item for item in page.items if _identity(item) not in given]
        given.update(map(_identity, page.items))
        token = page.metadata.continue_
        yield page
        is_offered = False
        while token:
            try:
                page = await fetch(replace(following, continue_=token))
                break
            except Expired as error:
                offered = (error.status.metadata or {}).get("continue")
                token = None if is_offered or not offered else str(offered)
                is_offered = True
        else:
            if not is_offered:
                return
            is_anew = True
            page = await fetch(replace(following, limit=None))


def _identity(item: Object) -> str | ObjectKey:
    # Objects that no store holds (metrics, component statuses) have no uid.
    return item.uid or item.key


async def list_all(fetch: FetchPage[AnyObject], options: ListOptions) -> ObjectList[AnyObject]:
    """The whole collection as of one moment, fetched in pages.

    If a continue token expires on the way, what has been fetched is thrown away and the collection fetched once
    in one piece: slower for the server, but one state. Its `resource_version` is where to watch from.

    Raises: as `fetch`; Expired if the whole cannot be had at the version that `options` ask for either.
    """
    first = page = await fetch(options)
    if not page.metadata.continue_:
        return first
    items = list(first.items)
    while page.metadata.continue_:
        following = replace(
            options, resource_version=None, resource_version_match=None, continue_=page.metadata.continue_
        )
        try:
            page = await fetch(following)
        except Expired:
            return await fetch(replace(options, limit=None))
        items += page.items
    metadata = msgspec.structs.replace(first.metadata, continue_=None, remaining_item_count=None)
    return ObjectList(items, metadata=metadata, api_version=first.api_version, kind=first.kind)
