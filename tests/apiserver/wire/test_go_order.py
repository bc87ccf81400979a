"""The order of Go's types."""

from __future__ import annotations

from listwatch.apiserver.wire.go_order import in_go_order, root_members


def test_members_are_in_the_order_of_the_types() -> None:
    """Where Go's order is not that of the field numbers, Go's is taken: init containers stand before containers."""
    spec = root_members("v1", "Pod")["spec"]
    value = {"unknown": 1, "containers": [{"image": "i", "name": "c"}], "initContainers": [], "volumes": []}
    assert list(in_go_order(value, spec)) == ["volumes", "initContainers", "containers", "unknown"]
    assert list(in_go_order(value, spec)["containers"][0]) == ["name", "image"]


def test_what_is_inline_stands_with_the_rest() -> None:
    """A volume's source is a struct of its own in Go, but not in JSON."""
    spec = root_members("v1", "Pod")["spec"]
    volume = in_go_order({"volumes": [{"emptyDir": {}, "name": "v"}]}, spec)["volumes"][0]
    assert list(volume) == ["name", "emptyDir"]


def test_nothing_is_known_of_other_kinds() -> None:
    """A kind without types, or a field without one, stays as it is."""
    assert root_members("x.example/v1", "Widget") == {}
    assert in_go_order({"b": 1, "a": 2}, None) == {"b": 1, "a": 2}
