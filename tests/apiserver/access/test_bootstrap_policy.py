"""The default roles and bindings as data."""

from __future__ import annotations

from listwatch.apiserver.access.bootstrap_policy import bootstrap_count, bootstrap_objects, node_rules
from listwatch.apiserver.access.policy_rules import missing_rights, rules_of


def test_every_binding_names_a_role_that_is_there() -> None:
    """No default binding points to nothing, and all objects carry the label and annotation of defaults."""
    objects = list(bootstrap_objects())
    assert len(objects) == bootstrap_count()
    names = {(resource, value["metadata"]["name"]) for resource, _, value in objects}
    for resource, namespace, value in objects:
        metadata = value["metadata"]
        assert metadata["labels"]["kubernetes.io/bootstrapping"] == "rbac-defaults"
        assert metadata["annotations"] == {"rbac.authorization.kubernetes.io/autoupdate": "true"}
        assert metadata.get("namespace", "") == namespace
        if resource.endswith("bindings"):
            kind = "clusterroles" if value["roleRef"]["kind"] == "ClusterRole" else "roles"
            assert (kind, value["roleRef"]["name"]) in names


def test_admin_has_all_of_edit_and_edit_all_of_view() -> None:
    """The aggregated roles come with their rules, each with all of the next."""
    rules = {
        value["metadata"]["name"]: rules_of(value)
        for resource, _, value in bootstrap_objects()
        if resource == "clusterroles"
    }
    assert missing_rights(rules["admin"], rules["edit"]) == []
    assert missing_rights(rules["edit"], rules["view"]) == []
    assert missing_rights(rules["view"], rules["edit"]) != []
    assert missing_rights(rules["cluster-admin"], [each for role in rules.values() for each in role]) == []
    assert node_rules() == rules["system:node"]


def test_two_clusters_share_no_metadata() -> None:
    """What one cluster writes into its objects' metadata, another does not see."""
    first, second = (next(value for _, _, value in bootstrap_objects()) for _ in range(2))
    first["metadata"]["labels"]["mine"] = "1"
    first["metadata"]["uid"] = "u"
    assert "mine" not in second["metadata"]["labels"]
    assert "uid" not in second["metadata"]
