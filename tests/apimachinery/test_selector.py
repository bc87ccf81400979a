"""Selectors against the real server's answers, a naive oracle, and their own grammar."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.selector import (
    FieldRequirement,
    LabelRequirement,
    LabelSelector,
    SelectorError,
    escape_field_value,
    field_selector,
    label_selector,
    label_selector_from_object,
    parse_field_selector,
    parse_label_selector,
)

RECORDING = Path(__file__).parents[1] / "recordings" / "kube-apiserver-1.36.jsonl"
STEPS = [json.loads(line) for line in RECORDING.read_text("utf-8").splitlines()]
LIST_STEPS = [step for step in STEPS if step["flow"] == "list" and step["request"]["method"] == "GET"]


def query(step: dict[str, Any], name: str) -> str | None:
    values = parse_qs(urlsplit(step["request"]["path"]).query, keep_blank_values=True).get(name)
    return values[0] if values else None


LABEL_STEPS = [step for step in LIST_STEPS if query(step, "labelSelector") is not None]
EVERY_CONFIG_MAP = {
    item["metadata"]["name"]: item["metadata"]
    for step in LIST_STEPS
    if not urlsplit(step["request"]["path"]).query.startswith("continue")
    for item in (step["response"]["body"].get("items") or [])
    if step["response"]["body"]["kind"] == "ConfigMapList"
}


@pytest.mark.parametrize("step", LABEL_STEPS, ids=lambda step: query(step, "labelSelector"))
def test_label_selectors_choose_or_refuse_as_recorded(step: dict[str, Any]) -> None:
    """Each recorded label selector selects the objects, or gives the message, that the real server gave."""
    text = query(step, "labelSelector") or ""
    body = step["response"]["body"]
    if step["response"]["status"] == 400:
        with pytest.raises(SelectorError) as caught:
            parse_label_selector(text)
        assert str(caught.value) == body["message"]
        return
    chosen = {
        name
        for name, meta in EVERY_CONFIG_MAP.items()
        if parse_label_selector(text).matches(meta.get("labels"))
    }
    answered = {item["metadata"]["name"] for item in body["items"]}
    assert answered <= chosen if "limit" in step["request"]["path"] else answered == chosen


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,", "found '', expected: identifier after ','"),
        ("a,,b", "found ',', expected: identifier after ','"),
        ("!a=b", "found '=', expected: ',' or 'end of string'"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        (")", "found ')', expected: !, identifier, or 'end of string'"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in (b,,)", "unable to parse requirement: found ')', expected: ',', or identifier"),
        ("a in =", "unable to parse requirement: found '=' expected: '('"),
        ("a in (b,=", "unable to parse requirement: found '=', expected: ',', or identifier"),
        ("a==!", "unable to parse requirement: found '!', expected: identifier"),
        (
            "a in ()",
            "unable to parse requirement: values: Invalid value: []: "
            "for 'in', 'notin' operators, values set can't be empty",
        ),
        (
            "/a",
            'unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty',
        ),
    ],
)
def test_bad_label_selectors_are_refused_with_the_servers_words(text: str, message: str) -> None:
    """Each place where the grammar can break has its own message."""
    with pytest.raises(SelectorError) as caught:
        parse_label_selector(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        ("  ", ""),
        ("b , !a", "!a,b"),
        ("x in (c,a,b,a)", "x in (a,b,c)"),
        ("x notin (,a)", "x notin (,a)"),
        ("x in (a,)", "x in (,a)"),
        ("in in (in, notin)", "in in (in,notin)"),
        ("x== y", "x==y"),
        ("x=", "x="),
        ("x>07", "x>07"),
        ("example.com/k!=v", "example.com/k!=v"),
    ],
)
def test_a_label_selector_has_one_canonical_text(text: str, canonical: str) -> None:
    """Blanks, order and repeats do not show in the canonical text, which reads back as the same selector."""
    selector = parse_label_selector(text)
    assert str(selector) == canonical
    assert parse_label_selector(str(selector)) == selector


keys = st.sampled_from(["a", "b", "in", "example.com/c"])
values = st.sampled_from(["", "x", "y", "7", "12", "3", "notin"])
numbers = st.sampled_from(["0", "7", "03", "100"])
labels = st.dictionaries(keys, values)
requirement = st.one_of(
    st.builds(lambda k, o, v: (k, o, [v]), keys, st.sampled_from(["=", "==", "!="]), values),
    st.builds(lambda k, o, v: (k, o, [v]), keys, st.sampled_from([">", "<"]), numbers),
    st.builds(
        lambda k, o, v: (k, o, v), keys, st.sampled_from(["in", "notin"]), st.lists(values, min_size=1)
    ),
    st.builds(lambda k, o: (k, o, []), keys, st.sampled_from(["exists", "!"])),
)


def write(key: str, operator: str, members: list[str]) -> str:
    if operator == "exists":
        return key
    if operator == "!":
        return f"!{key}"
    if operator in ("in", "notin"):
        return (
            f"{key} {operator} ({','.join(sorted(set(members)))})"
            if set(members) != {""}
            else f"{key} {operator} (,)"
        )
    return f"{key}{operator}{members[0]}"


def holds(key: str, operator: str, members: list[str], given_labels: dict[str, str]) -> bool:
    value = given_labels.get(key)
    match operator:
        case "=" | "==" | "in":
            return value is not None and value in members
        case "!=" | "notin":
            return value is None or value not in members
        case "exists":
            return value is not None
        case "!":
            return value is None
    if value is None or not value.isdigit():
        return False
    return int(value) > int(members[0]) if operator == ">" else int(value) < int(members[0])


@given(st.lists(requirement, max_size=4), labels)
def test_a_label_selector_is_the_conjunction_of_its_requirements(
    requirements: list[tuple[str, str, list[str]]], given_labels: dict[str, str]
) -> None:
    """A parsed selector matches exactly the labels that meet every single requirement."""
    selector = parse_label_selector(",".join(write(*each) for each in requirements))
    assert selector.matches(given_labels) == all(holds(*each, given_labels) for each in requirements)


@given(st.text(alphabet="ab1=!()<>, in\\\0\n", max_size=20))
def test_any_text_is_a_label_selector_or_a_selector_error(text: str) -> None:
    """No text whatsoever makes the parser fail in any other way."""
    try:
        selector = parse_label_selector(text)
    except SelectorError:
        return
    assert isinstance(selector.matches({"a": "1"}), bool)


def test_numbers_are_64_bit_and_plain() -> None:
    """A bound beyond int64 or with Python's underscores is no integer; a label like that never compares."""
    for text in ("a>9223372036854775808", "a>1_0", "a>" + "9" * 60):
        with pytest.raises(SelectorError, match="the value must be an integer"):
            parse_label_selector(text)
    assert parse_label_selector("a>9").matches({"a": "0" * 40 + "10"})
    assert not parse_label_selector("a>9").matches({"a": "9" * 5000})


def test_labels_make_a_selector() -> None:
    """A dict of labels selects the objects that carry all of them."""
    selector = label_selector({"b": "2", "a": "1"})
    assert str(selector) == "a=1,b=2"
    assert selector.matches({"a": "1", "b": "2", "c": "3"})
    with pytest.raises(SelectorError, match="Invalid value"):
        label_selector({"a": "not a value"})


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, ""),
        ({"matchLabels": {"a": "1"}}, "a=1"),
        (
            {
                "matchLabels": {"b": "1"},
                "matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["y", "x"]}],
            },
            "a notin (x,y),b=1",
        ),
        (
            {
                "matchExpressions": [
                    {"key": "a", "operator": "Exists"},
                    {"key": "b", "operator": "DoesNotExist"},
                ]
            },
            "a,!b",
        ),
    ],
)
def test_a_selector_inside_an_object_reads_as_its_text(selector: object, expected: str) -> None:
    """Both matchLabels and matchExpressions together mean what the text form means."""
    assert str(label_selector_from_object(selector)) == expected


@pytest.mark.parametrize(
    "selector",
    [
        3,
        [],
        {"matchLabels": 3},
        {"matchLabels": {"a": 1}},
        {"matchExpressions": {}},
        {"matchExpressions": [3]},
        {"matchExpressions": [{"key": "a", "operator": "Near"}]},
        {"matchExpressions": [{"key": 1, "operator": "Exists"}]},
        {"matchExpressions": [{"key": "a", "operator": "In"}]},
        {"matchExpressions": [{"key": "a", "operator": "In", "values": [1]}]},
        {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["x"]}]},
        {"matchExpressions": [{"key": "", "operator": "Exists"}]},
    ],
)
def test_what_is_no_selector_inside_an_object_is_refused(selector: object) -> None:
    """A wrong type, operator, key or number of values gives a SelectorError and nothing else."""
    with pytest.raises(SelectorError):
        label_selector_from_object(selector)


def test_an_absent_selector_inside_an_object_selects_nothing() -> None:
    """None is the selector of no object, not of all."""
    nothing = label_selector_from_object(None)
    assert not nothing.matches({})
    assert not nothing.is_empty
    assert LabelSelector().is_empty
    assert LabelSelector().matches(None)


@pytest.mark.parametrize(
    ("text", "requirements"),
    [
        ("", ()),
        (",", ()),
        ("metadata.name=foo,", (FieldRequirement("metadata.name", "=", "foo"),)),
        ("a!=x", (FieldRequirement("a", "!=", "x"),)),
        ("a==x", (FieldRequirement("a", "=", "x"),)),
        (
            "b=2,a=1",
            (FieldRequirement("a", "=", "1"), FieldRequirement("b", "=", "2")),
        ),
        (r"a=x\,y\=z\\", (FieldRequirement("a", "=", r"x,y=z\ ".strip()),)),
        ("a=", (FieldRequirement("a", "=", ""),)),
        ("=x", (FieldRequirement("", "=", "x"),)),
    ],
)
def test_field_selectors_are_read(text: str, requirements: tuple[FieldRequirement, ...]) -> None:
    """Terms, operators, escapes and empty terms are read as the server reads them."""
    assert parse_field_selector(text).requirements == requirements


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "invalid selector: 'nonsense'; can't understand 'nonsense'"),
        ("a=1,b", "invalid selector: 'a=1,b'; can't understand 'b'"),
        ("a=1=2", "invalid field selector: unescaped character in value: 61"),
        (r"a=\x", r"invalid field selector: invalid escape sequence: \x"),
        ("a=b\\", "invalid field selector: invalid escape sequence: \\"),
    ],
)
def test_bad_field_selectors_are_refused_with_the_servers_words(text: str, message: str) -> None:
    """Each fault has the server's message; an unescaped character shows as its number."""
    with pytest.raises(SelectorError) as caught:
        parse_field_selector(text)
    assert str(caught.value) == message


@given(st.dictionaries(st.sampled_from(["metadata.name", "spec.nodeName"]), st.text(max_size=8), min_size=1))
def test_field_values_survive_escaping(wanted: dict[str, str]) -> None:
    """Any value can be asked for: written with its escapes it reads back as itself."""
    text = ",".join(f"{field}={escape_field_value(value)}" for field, value in wanted.items())
    assert {field: value for field, _, value in parse_field_selector(text).requirements} == wanted
    assert str(field_selector(wanted)) == str(parse_field_selector(text))


@given(st.text(alphabet="ab=!\\,", max_size=12))
def test_any_text_is_a_field_selector_or_a_selector_error(text: str) -> None:
    """No text whatsoever makes the field parser fail in any other way."""
    try:
        selector = parse_field_selector(text)
    except SelectorError:
        return
    assert isinstance(selector.matches({"a": "b"}), bool)


def test_a_field_selector_compares_text() -> None:
    """A field without a value counts as the empty string; the one exact value can be asked for."""
    selector = parse_field_selector("spec.nodeName=,status.phase!=Running")
    assert selector.matches({"status.phase": "Pending"})
    assert not selector.matches({"status.phase": "Running"})
    assert not selector.matches({"status.phase": "Pending", "spec.nodeName": "n"})
    assert selector.fields == {"spec.nodeName", "status.phase"}
    assert selector.exact_value("spec.nodeName") == ""
    assert selector.exact_value("status.phase") is None


def test_a_requirement_says_what_it_asks() -> None:
    """The text of a requirement is its own selector."""
    assert str(LabelRequirement("a", "in", ("x", "y"))) == "a in (x,y)"
    assert str(FieldRequirement("a", "!=", "x,y")) == r"a!=x\,y"
