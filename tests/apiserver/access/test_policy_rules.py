"""What a rule allows, and which rules cover which."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.access.attributes import Attributes
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.access.policy_rules import Rule, compact, missing_rights

JANE = User("jane")


def _rule(verbs: str, groups: str = "", resources: str = "", names: str = "", paths: str = "") -> Rule:
    """A rule out of lists with commas; "core" is the core group."""

    def words(text: str) -> tuple[str, ...]:
        return tuple("" if word == "core" else word for word in text.split(",") if word)

    return Rule(words(verbs), words(groups), words(resources), words(names), words(paths))


def _ask(text: str) -> Attributes:
    """`get pods/log apps x`: verb, resource, group, name; `get /path`."""
    verb, what, *rest = text.split()
    if what.startswith("/"):
        return Attributes(JANE, verb, path=what)
    resource, _, subresource = what.partition("/")
    group, name = [*rest, "", ""][:2]
    return Attributes(JANE, verb, "" if group == "core" else group, resource, subresource, name)


ANSWERS = [
    (_rule("get", "core", "pods"), "get pods", True),
    (_rule("get", "core", "pods"), "list pods", False),
    (_rule("get", "core", "pods"), "get secrets", False),
    (_rule("get", "core", "pods"), "get pods apps", False),
    (_rule("get", "core", "pods"), "get pods/log", False),
    (_rule("get", "core", "pods/log"), "get pods/log", True),
    (_rule("get", "core", "pods/log"), "get pods", False),
    (_rule("get", "core", "*/log"), "get pods/log", True),
    (_rule("get", "core", "*/log"), "get pods/status", False),
    (_rule("get", "core", "*/log"), "get log", False),
    (_rule("get", "core", "pods/*"), "get pods/log", False),
    (_rule("get", "core", "*"), "get pods/log", True),
    (_rule("*", "core", "pods"), "approve pods", True),
    (_rule("get", "*", "pods"), "get pods metrics.k8s.io", True),
    (_rule("get", "", "pods"), "get pods", False),
    (_rule("get", "core", "pods", "a,b"), "get pods core b", True),
    (_rule("get", "core", "pods", "a,b"), "get pods core c", False),
    (_rule("list", "core", "pods", "a"), "list pods", False),
    (_rule("create", "core", "pods", "a"), "create pods", False),
    (_rule("*", "*", "*"), "get /healthz", False),
    (_rule("get", paths="/healthz"), "get /healthz", True),
    (_rule("get", paths="/healthz"), "get /healthz/ping", False),
    (_rule("get", paths="/healthz/*"), "get /healthz/ping", True),
    (_rule("get", paths="/healthz/*"), "get /healthz", False),
    (_rule("get", paths="/health*"), "get /healthz", True),
    (_rule("get", paths="/a*b"), "get /axb", False),
    (_rule("get", paths="*"), "get /any", True),
    (_rule("get", paths="*"), "post /any", False),
    (_rule("get", paths="*"), "get pods", False),
]


@pytest.mark.parametrize(("rule", "question", "allowed"), ANSWERS)
def test_a_rule_allows_what_it_names(rule: Rule, question: str, allowed: bool) -> None:
    """Verb, group, resource and name, or verb and path, have to match, each with its wildcards."""
    assert rule.allows(_ask(question)) is allowed


COVERED = [
    (_rule("*", "*", "*"), _rule("get", "core", "pods", "a"), True),
    (_rule("get", "core", "pods"), _rule("get", "core", "pods", "a"), True),
    (_rule("get", "core", "pods", "a"), _rule("get", "core", "pods"), False),
    (_rule("get", "core", "pods", "a,b"), _rule("get", "core", "pods", "b"), True),
    (_rule("get,list", "core", "pods"), _rule("*", "core", "pods"), False),
    (_rule("get", "core", "*/log"), _rule("get", "core", "pods/log"), True),
    (_rule("get", "core", "*/log"), _rule("get", "core", "pods"), False),
    (_rule("get", "core,apps", "pods"), _rule("get", "apps", "pods"), True),
    (_rule("get", paths="/api/*"), _rule("get", paths="/api/v1,/api/*"), True),
    (_rule("get", paths="/api/*"), _rule("get", paths="/api"), False),
    (_rule("get", paths="*"), _rule("get", paths="/x*"), True),
]


@pytest.mark.parametrize(("own", "other", "covered"), COVERED)
def test_a_rule_covers_what_is_no_wider(own: Rule, other: Rule, covered: bool) -> None:
    """Wildcards cover words, all names cover some, and never the reverse."""
    assert own.covers(other) is covered


def test_missing_rights_are_told_one_verb_on_one_thing_and_then_compactly() -> None:
    """Only what no rule covers is missing; verbs on one resource are told together, as Go prints them."""
    owned = [_rule("get", "core", "pods"), _rule("get", paths="/api")]
    wanted = [_rule("get,list,watch", "core", "pods,secrets", "a"), _rule("get", paths="/api,/apis")]
    missing = missing_rights(owned, wanted)
    assert [str(rule) for rule in compact(missing)] == [
        '{NonResourceURLs:["/apis"], Verbs:["get"]}',
        '{APIGroups:[""], Resources:["pods"], ResourceNames:["a"], Verbs:["list" "watch"]}',
        '{APIGroups:[""], Resources:["secrets"], ResourceNames:["a"], Verbs:["get" "list" "watch"]}',
    ]


def test_a_rule_reads_what_a_role_says_and_says_it_again() -> None:
    """Reading a rule and writing it gives what is not empty; what is no list of words is nothing."""
    told: dict[str, Any] = {
        "verbs": ["get"],
        "apiGroups": [""],
        "resources": ["pods"],
        "resourceNames": ["a"],
    }
    assert Rule.of({**told, "nonResourceURLs": None}).document() == told
    assert Rule.of({"verbs": "get", "resources": [1, "pods"]}) == Rule(resources=("pods",))


WORDS = st.lists(st.sampled_from(["*", "a", "b"]), max_size=3).map(tuple)
RESOURCES = st.lists(st.sampled_from(["*", "a", "b", "a/x", "*/x", "b/y"]), max_size=3).map(tuple)
PATHS = st.lists(st.sampled_from(["*", "/a", "/a/*", "/a/b", "/b*"]), max_size=2).map(tuple)
NAMES = st.lists(st.sampled_from(["n", "m"]), max_size=2).map(tuple)
# The API takes rules for resources and rules for paths, none for both.
RULES = st.one_of(
    st.builds(Rule, verbs=WORDS, groups=WORDS, resources=RESOURCES, resource_names=NAMES),
    st.builds(Rule, verbs=WORDS, paths=PATHS),
)
QUESTIONS = st.one_of(
    st.builds(
        Attributes,
        st.just(JANE),
        st.sampled_from(["a", "b", "c"]),
        group=st.sampled_from(["a", "b", "c"]),
        resource=st.sampled_from(["a", "b", "c"]),
        subresource=st.sampled_from(["", "x", "y"]),
        name=st.sampled_from(["", "n", "m", "o"]),
    ),
    st.builds(
        Attributes,
        st.just(JANE),
        st.sampled_from(["a", "b"]),
        path=st.sampled_from(["/a", "/a/b", "/b", "/bc"]),
    ),
)


@given(RULES, RULES, QUESTIONS)
def test_covering_keeps_its_word(own: Rule, other: Rule, question: Attributes) -> None:
    """Whatever a covered rule allows, the covering rule allows."""
    if own.covers(other) and other.allows(question):
        assert own.allows(question)


@given(RULES, QUESTIONS)
def test_a_rule_is_the_sum_of_its_atoms(rule: Rule, question: Attributes) -> None:
    """A rule and its parts, and the parts compacted, allow the same."""
    atoms = list(rule.atoms())
    assert any(atom.allows(question) for atom in atoms) is rule.allows(question)
    assert any(each.allows(question) for each in compact(atoms)) is rule.allows(question)
    assert missing_rights([rule], [rule]) == []
