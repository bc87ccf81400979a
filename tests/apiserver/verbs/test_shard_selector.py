"""Shard selectors: what is one, and that shards divide a collection without rest."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from api_caller import CONFIG_MAPS, Caller, config_map
from hypothesis import given
from hypothesis import strategies as st
from virtual_time import run_virtual

from listwatch.apiserver.verbs.shard_selector import (
    ShardSelectorError,
    fnv1a_64,
    parse_shard_selector,
)

LOW = "'0x0000000000000000'"
MIDDLE = "'0x8000000000000000'"
HIGH = "'0x10000000000000000'"
UID = "object.metadata.uid"


@pytest.mark.parametrize(
    ("text", "value"),
    [("", 0xCBF29CE484222325), ("a", 0xAF63DC4C8601EC8C), ("foobar", 0x85944171F73967E8)],
)
def test_the_hash_is_fnv_1a(text: str, value: int) -> None:
    """The published test values come out."""
    assert fnv1a_64(text) == value


READ = [
    (f"shardRange({UID},{LOW},{MIDDLE})", f"shardRange({UID}, {LOW}, {MIDDLE})"),
    (f'  ( shardRange({UID}, {LOW}, "0x8000000000000000") ) ', f"shardRange({UID}, {LOW}, {MIDDLE})"),
    (
        f"shardRange({UID},{LOW},{MIDDLE}) || (shardRange({UID},{MIDDLE},{HIGH}))",
        f"shardRange({UID}, {LOW}, {MIDDLE}) || shardRange({UID}, {MIDDLE}, {HIGH})",
    ),
]


@pytest.mark.parametrize(("text", "shown"), READ)
def test_selectors_are_told_in_one_form(text: str, shown: str) -> None:
    """However a selector is written, it is shown in the canonical form, which reads the same."""
    selector = parse_shard_selector(text)
    assert str(selector) == shown
    assert parse_shard_selector(shown) == selector


REFUSED = [
    (" ", "empty shard selector is not allowed"),
    (f"shardRange({UID},{LOW})", "requires exactly 3 arguments, got 2"),
    (f"shardRange({UID},{MIDDLE},{LOW})", "must be less than end"),
    (f"shardRange(object.metadata.name,{LOW},{HIGH})", 'unsupported field path "object.metadata.name"'),
    (f"shardRange('a',{LOW},{HIGH})", "first argument: expected field path"),
    (f"shardRange({UID},'0xff',{HIGH})", 'did you mean "0x00000000000000ff"?'),
    (f"shardRange({UID},'ff',{HIGH})", "hexStart must have '0x' prefix"),
    (f"shardRange({UID},'0x',{HIGH})", "hexStart: hex value is required"),
    (f"shardRange({UID},{LOW},'0xFFFFFFFFFFFFFFFF')", 'hexEnd: invalid hex character "F"'),
    (f"shardRange({UID},{LOW},'0x10000000000000001')", "17-digit hex value must be"),
    (f"shardRange({UID},{LOW},'0x100000000000000000')", "hex value too long (18 chars, max 17)"),
    (f"shardRange({UID},0,{HIGH})", "hexStart must be a string literal, got int64"),
    (f"shardRange({UID},a,{HIGH})", "hexStart must be a string literal (e.g. '0xff')"),
    (f"other({UID},{LOW},{HIGH})", 'unsupported function "other"'),
    (f"shardRange({UID},{LOW},{HIGH}) && shardRange({UID},{LOW},{HIGH})", 'unsupported function "_&&_"'),
    (
        f"shardRange({UID},{LOW},{HIGH}) || shardRange(object.metadata.namespace,{LOW},{HIGH})",
        "the same field",
    ),
    ("object.metadata.uid", "expected shardRange() call or || operator"),
    (f"shardRange({UID},{LOW},{HIGH}", "CEL parse error: Syntax error"),
    (f"shardRange({UID},{LOW},{HIGH}) x", "CEL parse error: Syntax error"),
    ("||", "CEL parse error: Syntax error"),
    ("(" * 500, "CEL parse error: Syntax error"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_is_no_selector_is_refused_with_the_reason(text: str, message: str) -> None:
    """Every fault has its message."""
    with pytest.raises(ShardSelectorError) as refusal:
        parse_shard_selector(text)
    assert message in str(refusal.value)


@given(st.text("shardRnge(),|&'\"0x.1 objectmu", max_size=60))
def test_any_text_is_a_selector_or_a_shard_selector_error(text: str) -> None:
    """No text raises anything else."""
    try:
        told = str(parse_shard_selector(text))
    except ShardSelectorError as error:
        told = str(error)
    assert told


@given(st.uuids(), st.integers(1, 2**64 - 1))
def test_two_halves_divide_all(uid: Any, border: int) -> None:
    """Wherever the border is, each object is in exactly one of the two ranges: the start belongs to it, the end not."""
    text = f"'0x{border:016x}'"
    low = parse_shard_selector(f"shardRange({UID},{LOW},{text})")
    high = parse_shard_selector(f"shardRange({UID},{text},{HIGH})")
    metadata = {"uid": str(uid)}
    assert low.matches(metadata) is not high.matches(metadata)
    assert low.matches(metadata) is (fnv1a_64(str(uid)) < border)


def test_lists_and_watches_of_two_shards_have_each_object_once() -> None:
    """Together the shards tell all there is and all that comes, and each list says which shard it is."""

    async def main() -> None:
        caller = Caller()
        targets = [
            f"{CONFIG_MAPS}?shardSelector={quote(f'shardRange({UID}, {low}, {high})')}"
            for low, high in ((LOW, MIDDLE), (MIDDLE, HIGH))
        ]
        watches = [await caller.watch(f"{target}&watch=true&resourceVersion=1") for target in targets]
        for index in range(20):
            await caller.create(CONFIG_MAPS, config_map(f"m{index}"))
        lists = [(await caller.get(target)).json for target in targets]
        assert [each["metadata"]["shardInfo"]["selector"] for each in lists] == [
            f"shardRange({UID}, {LOW}, {MIDDLE})",
            f"shardRange({UID}, {MIDDLE}, {HIGH})",
        ]
        shards = [{item["metadata"]["name"] for item in each["items"]} for each in lists]
        assert all(shards)
        assert shards[0].isdisjoint(shards[1])
        assert shards[0] | shards[1] == {f"m{index}" for index in range(20)}
        await caller.delete(f"{CONFIG_MAPS}/m0")
        for watch, shard in zip(watches, shards, strict=True):
            await watch.settle()
            assert {name for type_, name in watch.told() if type_ == "ADDED"} == shard
            assert [name for type_, name in watch.told() if type_ == "DELETED"] == ["m0"] * ("m0" in shard)
            await watch.close()

    run_virtual(main)


def test_a_bad_selector_is_the_bare_500_that_kube_apiserver_gives() -> None:
    """It is answered before anything is told, for lists and watches alike."""

    async def main() -> None:
        caller = Caller()
        for target in (f"{CONFIG_MAPS}?shardSelector=x", f"{CONFIG_MAPS}?watch=true&shardSelector=x"):
            answer = await caller.get(target)
            assert answer.status == 500
            assert answer.json["message"].startswith("invalid shard selector: unexpected expression x")

    run_virtual(main)
