"""Lists in pages, and continue tokens that expire on the way."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from scripted import pod_list
from virtual_time import run_virtual

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.codec import Codec
from listwatch.apimachinery.errors import Expired, Forbidden, Status, error_from_status
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.client.pager import FetchPage, iterate_pages, list_all

CODEC = Codec(Pod)
FIRST = ListOptions(limit=2, label_selector="a=b", resource_version="5", resource_version_match="Exact")
NEXT = ListOptions(limit=2, label_selector="a=b")


def page(names: str, *, version: int = 10, token: str = "") -> ObjectList[Pod]:
    """A page of pods with one-letter names."""
    return CODEC.page(msgspec.json.encode(pod_list(names, version, token=token, remaining=9)))


def expired(offered: str = "") -> Exception:
    """A 410, perhaps with a token to go on with in a newer state."""
    metadata = {"continue": offered} if offered else None
    return error_from_status(Status(code=410, reason="Expired", metadata=metadata))


def scripted(*answers: ObjectList[Pod] | Exception) -> tuple[FetchPage[Pod], list[ListOptions]]:
    """A function that gives these, and what it was asked for."""
    asked: list[ListOptions] = []

    async def fetch(options: ListOptions) -> ObjectList[Pod]:
        asked.append(options)
        given = answers[len(asked) - 1]
        if isinstance(given, Exception):
            raise given
        return given

    return fetch, asked


def paged(fetch: FetchPage[Pod], options: ListOptions = FIRST) -> list[str]:
    """The names on each page."""

    async def main() -> list[str]:
        return ["".join(pod.name for pod in each) async for each in iterate_pages(fetch, options)]

    return run_virtual(main)


def whole(fetch: FetchPage[Pod], options: ListOptions = FIRST) -> ObjectList[Pod]:
    """The list made of all pages."""

    async def main() -> ObjectList[Pod]:
        return await list_all(fetch, options)

    return run_virtual(main)


def token(name: str) -> ListOptions:
    """What a following page is asked with: the token alone says the version."""
    return ListOptions(limit=2, label_selector="a=b", continue_=name)


def test_pages_in_order() -> None:
    """Each page is asked for with the token of the one before, the same selectors, and no version of its own."""
    fetch, asked = scripted(page("ab", token="t1"), page("cd", token="t2"), page("e"))
    assert paged(fetch) == ["ab", "cd", "e"]
    assert asked == [FIRST, token("t1"), token("t2")]


def test_pages_are_fetched_when_used() -> None:
    """A page is not asked for before the one before it has been used."""
    fetch, asked = scripted(page("ab", token="t1"), page("cd"))

    async def main() -> None:
        pages = iterate_pages(fetch, FIRST)
        await anext(pages)
        assert len(asked) == 1

    run_virtual(main)


def test_expired_token_with_an_offer() -> None:
    """A 410 that offers a token is gone on from at the same place, in the newer state."""
    fetch, asked = scripted(page("ab", token="t1"), expired("newer"), page("cd", version=20))
    assert paged(fetch) == ["ab", "cd"]
    assert asked == [FIRST, token("t1"), token("newer")]


def test_expired_token_without_an_offer() -> None:
    """Without an offer all is listed anew, at once, and what was given already is left out."""
    fetch, asked = scripted(page("ab", token="t1"), expired(), page("abcd", version=20))
    assert paged(fetch) == ["ab", "cd"]
    assert asked == [FIRST, token("t1"), ListOptions(label_selector="a=b")]


def test_offer_that_expires_too() -> None:
    """An offered token that has expired itself is followed by listing anew, not by an error."""
    fetch, asked = scripted(
        page("ab", token="t1"), expired("newer"), expired("newest"), page("abcd", version=20)
    )
    assert paged(fetch) == ["ab", "cd"]
    assert [options.continue_ for options in asked] == [None, "t1", "newer", None]


def test_tokens_that_expire_again_and_again() -> None:
    """Every page may expire on its own; each object is given once."""
    fetch, _ = scripted(
        page("ab", token="t1"), expired("n1"), page("cd", token="t2"), expired("n2"), page("ef", token="t3"),
        expired(), page("abcdefgh"),
    )  # fmt: skip
    assert paged(fetch) == ["ab", "cd", "ef", "gh"]


def test_objects_without_uid_are_told_apart() -> None:
    """Objects that no store holds have no uid; listing anew leaves out the given ones by name then."""

    def bare(names: str, **more: str) -> ObjectList[Pod]:
        made = page(names, **more)  # type: ignore[arg-type]
        for each in made:
            each.metadata.uid = ""
        return made

    fetch, _ = scripted(bare("ab", token="t1"), expired(), bare("abc"))
    assert paged(fetch) == ["ab", "c"]


def test_list_all_is_one_state() -> None:
    """All pages joined: the first page's version, nothing left to continue."""
    pages = page("ab", token="t1"), page("cd", token="t2"), page("e")
    fetch, asked = scripted(*pages)
    made = whole(fetch)
    assert [pod.name for pod in made] == list("abcde")
    assert (made.resource_version, made.kind) == ("10", "PodList")
    assert (made.metadata.continue_, made.metadata.remaining_item_count) == (None, None)
    assert asked == [FIRST, token("t1"), token("t2")]
    assert (len(pages[0]), pages[0].metadata.continue_) == (2, "t1")


@pytest.mark.parametrize("offer", ["", "newer"])
def test_list_all_after_expiry(offer: str) -> None:
    """A token that expires throws the pages away: one list in one piece, as of what was first asked for."""
    fetch, asked = scripted(page("ab", token="t1"), expired(offer), page("abcx", version=20))
    made = whole(fetch)
    assert ("".join(pod.name for pod in made), made.resource_version) == ("abcx", "20")
    assert asked[2] == ListOptions(label_selector="a=b", resource_version="5", resource_version_match="Exact")


@pytest.mark.parametrize("read", [paged, whole])
def test_first_page_expired(read: Callable[[FetchPage[Pod]], object]) -> None:
    """A version that is expired from the start is the caller's to hear of."""
    fetch, asked = scripted(expired("offer"))
    with pytest.raises(Expired):
        read(fetch)
    assert len(asked) == 1


@pytest.mark.parametrize("read", [paged, whole])
def test_other_errors(read: Callable[[FetchPage[Pod]], object]) -> None:
    """Whatever else a page fails of is raised."""
    fetch, _ = scripted(page("ab", token="t1"), error_from_status(Status(code=403)))
    with pytest.raises(Forbidden):
        read(fetch)


def test_one_page() -> None:
    """A collection that fits on one page is that page."""
    only = page("ab")
    fetch, _ = scripted(only)
    assert whole(fetch) is only


def test_many_pages_are_joined_in_linear_time() -> None:
    """Joining a thousand pages copies each reference a few times, not once for every page that follows."""
    copied = 0

    class Counting(list[Pod]):
        def __iter__(self):  # type: ignore[no-untyped-def]
            nonlocal copied
            copied += len(self)
            return super().__iter__()

        def __add__(self, other):  # type: ignore[no-untyped-def]
            nonlocal copied
            copied += len(self) + len(other)
            return Counting(list.__add__(self, other))

    pages = [page("ab", token=str(n + 1) if n < 999 else "") for n in range(1000)]
    for each in pages:
        each.items = Counting(each.items)
    fetch, _ = scripted(*pages)
    assert len(whole(fetch)) == 2000
    assert copied <= 4000
