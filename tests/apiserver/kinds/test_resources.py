"""Resources that come and go: what the registry serves, in which order, and what is fixed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from listwatch.apiserver.kinds.resources import Resource, ResourceRegistry, builtin_resources, version_rank


def resource(group: str, version: str, name: str = "widgets") -> Resource:
    """A resource that nobody has built in."""
    return Resource(
        group, version, name, "Widget", "widget", True, ("get", "watch"), storage=f"{name}.{group}"
    )


def names(registry: ResourceRegistry) -> list[str]:
    """The groups, in order."""
    return [group.name for group in registry.groups()]


def test_a_custom_group_comes_after_the_built_in_ones_and_goes_with_its_last_resource() -> None:
    """Custom groups are ordered by name, behind the fixed ones; what is withdrawn leaves nothing."""
    registry = builtin_resources()
    fixed = names(registry)
    registry.serve("z", [resource("z.example.com", "v1")])
    registry.serve("a", [resource("a.example.com", "v1")])
    assert names(registry) == [*fixed, "a.example.com", "z.example.com"]
    registry.serve("z", [])
    assert names(registry) == [*fixed, "a.example.com"]
    assert registry.find("z.example.com", "v1", "widgets") is None


def test_versions_of_a_custom_group_are_ordered_by_preference() -> None:
    """Stable before beta before alpha, greater numbers first, other names last."""
    registry = builtin_resources()
    versions = ["v1alpha1", "foo", "v1", "v2beta1", "v10", "v2"]
    registry.serve("w", [resource("w.example.com", version) for version in versions])
    group = registry.group("w.example.com")
    assert group is not None
    assert group.versions == ("v10", "v2", "v1", "v2beta1", "v1alpha1", "foo")
    assert sorted(["a", "b"], key=version_rank, reverse=True) == ["a", "b"]


def test_what_an_owner_serves_replaces_what_it_served() -> None:
    """A version that is no longer served is gone; the generation tells that something has changed."""
    registry = builtin_resources()
    registry.serve("w", [resource("w.example.com", "v1"), resource("w.example.com", "v2")])
    before = registry.generation
    registry.serve("w", [resource("w.example.com", "v2")])
    assert registry.find("w.example.com", "v1", "widgets") is None
    assert registry.find("w.example.com", "v2", "widgets") is not None
    assert registry.generation > before


def test_a_built_in_version_is_never_shadowed() -> None:
    """A custom resource in a built-in version of a group is not served, and another version is."""
    registry = builtin_resources()
    deployments = registry.find("apps", "v1", "deployments")
    registry.serve("d", [resource("apps", "v1", "deployments"), resource("apps", "v9")])
    assert registry.find("apps", "v1", "deployments") is deployments
    group = registry.group("apps")
    assert group is not None
    assert group.versions == ("v1", "v9")
    registry.serve("d", [])
    restored = registry.group("apps")
    assert restored is not None
    assert restored.versions == ("v1",)


def test_two_registries_are_independent() -> None:
    """What one server serves, another does not."""
    one, other = builtin_resources(), builtin_resources()
    one.serve("w", [resource("w.example.com", "v1")])
    assert other.group("w.example.com") is None
    fork = one.fork()
    fork.serve("v", [replace(resource("v.example.com", "v1"))])
    assert one.group("v.example.com") is None
    assert fork.group("w.example.com") is not None


def test_stored_resources_include_custom_ones() -> None:
    """One resource for each collection, the custom ones among them, in their preferred version."""
    registry = builtin_resources()
    registry.serve("w", [resource("w.example.com", "v1"), resource("w.example.com", "v2")])
    found = [each.version for each in registry.stored() if each.storage == "widgets.w.example.com"]
    assert found == ["v2"]


def test_a_resource_is_found_in_its_preferred_version() -> None:
    """Without a version the first of the group's is meant; what is not served is an error of who asks."""
    registry = builtin_resources()
    assert registry.preferred("autoscaling", "horizontalpodautoscalers").version == "v2"
    for group in ("apps", "no.such"):
        with pytest.raises(LookupError, match="is not served"):
            registry.preferred(group, "things")
