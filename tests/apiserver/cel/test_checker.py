"""Types: what does not fit together is told before anything runs."""

from __future__ import annotations

import pytest

from listwatch.apiserver.cel import CompileError, compile_rule, declaration_of_schema
from listwatch.apiserver.cel.types import BOOL, DYN

_SCHEMA = {
    "type": "object",
    "properties": {
        "count": {"type": "integer"},
        "ratio": {"type": "number"},
        "name": {"type": "string"},
        "names": {"type": "array", "items": {"type": "string"}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "spec": {"type": "object", "properties": {"replicas": {"type": "integer"}}},
        "port": {"x-kubernetes-int-or-string": True},
    },
}


def _compile(source: str) -> str:
    declared = declaration_of_schema(_SCHEMA)
    assert declared is not None
    return str(compile_rule(source, {"self": declared.type, "object": DYN}).result)


@pytest.mark.parametrize(
    ("source", "issue"),
    [
        ("self.foo", "1:5: undefined field 'foo'\n | self.foo\n | ....^"),
        ("has(self.foo)", "1:9: undefined field 'foo'\n | has(self.foo)\n | ........^"),
        ("self.spec.x == 1", "1:10: undefined field 'x'\n | self.spec.x == 1\n | .........^"),
        ("y", "1:1: undeclared reference to 'y' (in container '')\n | y\n | ^"),
        ("foo(1)", "1:4: undeclared reference to 'foo' (in container '')\n | foo(1)\n | ...^"),
        (
            "self.count + self.name",
            "1:12: found no matching overload for '_+_' applied to '(int, string)'\n"
            " | self.count + self.name\n | ...........^",
        ),
        (
            "self.count == self.ratio",
            "1:12: found no matching overload for '_==_' applied to '(int, double)'\n"
            " | self.count == self.ratio\n | ...........^",
        ),
        (
            "self.name.size(1)",
            "1:15: found no matching overload for 'size' applied to 'string.(int)'\n"
            " | self.name.size(1)\n | ..............^",
        ),
        (
            "self.count && true",
            "1:12: found no matching overload for '_&&_' applied to '(int, bool)'\n"
            " | self.count && true\n | ...........^",
        ),
        (
            "self.count.all(x, true)",
            "1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)\n"
            " | self.count.all(x, true)\n | ....^",
        ),
        ("[1, 'a']", "1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^"),
        (
            "self.name.x",
            "1:10: type 'string' does not support field selection\n | self.name.x\n | .........^",
        ),
    ],
)
def test_a_fault_is_worded_as_the_server_words_it(source: str, issue: str) -> None:
    """Unknown fields, names and overloads are told with their place and the types involved."""
    with pytest.raises(CompileError) as raised:
        _compile(source)
    assert str(raised.value) == f"compilation failed: ERROR: <input>:{issue}"


def test_all_faults_are_told_at_once() -> None:
    """Each part that is wrong is told, in the order of the text, and no fault twice."""
    with pytest.raises(CompileError) as raised:
        _compile("self.a == y")
    assert str(raised.value).count("ERROR: <input>:") == 2


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("self.names", "list(string)"),
        ("self.labels", "map(string, string)"),
        ("self.names.map(n, n.size())", "list(int)"),
        ("self.?spec.?replicas", "optional_type(int)"),
        ("self.?spec.replicas.orValue(1)", "int"),
        ("self.port", "dyn"),
        ("object.spec.replicas > 1", "bool"),
        ("object.a + object.b", "dyn"),
        ("true ? 1 : 2", "int"),
        ("{'a': 1}.transformMap(k, v, k)", "map(string, string)"),
        ("[[1]].exists(l, 1 in l)", "bool"),
        ("'%s %d'.format(['a', 1])", "string"),
        ("timestamp('2020-01-01T00:00:00Z') - duration('1h')", "timestamp"),
        ("type(self.count) == int", "bool"),
        ("self.count < self.ratio", "bool"),
        ("[].size()", "int"),
    ],
)
def test_types_are_found(source: str, result: str) -> None:
    """The type of an expression follows from those of its parts."""
    assert _compile(source) == result


def test_a_rule_of_another_type_is_refused() -> None:
    """Who asks for a bool gets one, or a dyn, or an error."""
    with pytest.raises(CompileError, match=r"^must evaluate to bool$"):
        compile_rule("1", {}, result=BOOL)
    assert compile_rule("x", {"x": DYN}, result=BOOL).evaluate({"x": True}) is True
