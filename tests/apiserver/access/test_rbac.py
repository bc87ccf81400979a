"""The index of roles and bindings, against the definition of RBAC."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.access.attributes import Attributes
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.access.policy_rules import Rule
from listwatch.apiserver.access.rbac import Decision, RoleIndex

BUILDER = User(
    "system:serviceaccount:ns:builder", ("system:serviceaccounts", "system:serviceaccounts:ns", "all")
)


def _role(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"rules": list(rules)}


def _binding(kind: str, name: str, *subjects: dict[str, Any]) -> dict[str, Any]:
    return {"roleRef": {"kind": kind, "name": name}, "subjects": list(subjects)}


READ = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
SUBJECT = {"kind": "ServiceAccount", "name": "builder"}


def _decide(index: RoleIndex, namespace: str = "ns", user: User = BUILDER) -> Decision:
    return index.decide(Attributes(user, "get", resource="pods", name="p", namespace=namespace))


def test_reasons_name_binding_role_and_subject() -> None:
    """A decision tells by which binding of which role to which subject, cluster-wide ones first."""
    index = RoleIndex()
    index.put("clusterroles", "reader", _role(READ))
    index.put("roles", "ns/reader", _role(READ))
    assert _decide(index) == Decision(is_allowed=False)
    index.put("rolebindings", "ns/b", _binding("Role", "reader", {"kind": "User", "name": BUILDER.name}))
    assert _decide(index).reason == (
        'RBAC: allowed by RoleBinding "b/ns" of Role "reader" to User "system:serviceaccount:ns:builder"'
    )
    index.put("rolebindings", "ns/a", _binding("ClusterRole", "reader", SUBJECT))
    assert _decide(index).reason == (
        'RBAC: allowed by RoleBinding "a/ns" of ClusterRole "reader" to ServiceAccount "builder/ns"'
    )
    assert not _decide(index, "other").is_allowed
    assert not _decide(index, "").is_allowed
    index.put("clusterrolebindings", "z", _binding("ClusterRole", "reader", {"kind": "Group", "name": "all"}))
    assert _decide(index, "").reason == (
        'RBAC: allowed by ClusterRoleBinding "z" of ClusterRole "reader" to Group "all"'
    )


def test_a_binding_to_nothing_is_told_when_nothing_else_allows() -> None:
    """Roles that are not there stand in the reason of a refusal, each once, and do no harm otherwise."""
    index = RoleIndex()
    index.put("rolebindings", "ns/a", _binding("Role", "gone", SUBJECT))
    assert _decide(index).reason == 'RBAC: role.rbac.authorization.k8s.io "gone" not found'
    index.put("rolebindings", "ns/b", _binding("ClusterRole", "gone", SUBJECT))
    index.put("rolebindings", "ns/c", _binding("ClusterRole", "gone", SUBJECT))
    assert _decide(index).reason == (
        'RBAC: [role.rbac.authorization.k8s.io "gone" not found, '
        'clusterrole.rbac.authorization.k8s.io "gone" not found]'
    )
    index.put("clusterroles", "gone", _role(READ))
    assert _decide(index).is_allowed
    index.remove("clusterroles", "gone")
    assert not _decide(index).is_allowed


NAMES = st.sampled_from(["a", "b"])
NAMESPACES = st.sampled_from(["", "m", "n"])
USERS = st.builds(
    User,
    st.sampled_from(["a", "b", "system:serviceaccount:n:a"]),
    st.lists(NAMES, max_size=2, unique=True).map(tuple),
)
RULE = st.fixed_dictionaries(
    {
        "verbs": st.lists(st.sampled_from(["get", "list", "*"]), min_size=1, max_size=2),
        "apiGroups": st.just([""]),
        "resources": st.lists(st.sampled_from(["pods", "secrets", "*"]), min_size=1, max_size=2),
    }
)
SUBJECTS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["User", "Group", "ServiceAccount"]), "name": NAMES},
    optional={"namespace": st.sampled_from(["m", "n"])},
)
ROLES = st.builds(lambda rules: _role(*rules), st.lists(RULE, max_size=2))
BINDINGS = st.builds(
    lambda kind, name, subjects: _binding(kind, name, *subjects),
    st.sampled_from(["Role", "ClusterRole"]),
    NAMES,
    st.lists(SUBJECTS, max_size=2),
)
NAMESPACED = st.builds("{}/{}".format, st.sampled_from(["m", "n"]), NAMES)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("clusterroles"), NAMES, st.none() | ROLES),
        st.tuples(st.just("roles"), NAMESPACED, st.none() | ROLES),
        st.tuples(st.just("clusterrolebindings"), NAMES, st.none() | BINDINGS),
        st.tuples(st.just("rolebindings"), NAMESPACED, st.none() | BINDINGS),
    ),
    max_size=12,
)
QUESTIONS = st.builds(
    lambda user, verb, resource, namespace: Attributes(user, verb, resource=resource, namespace=namespace),
    USERS,
    st.sampled_from(["get", "list", "watch"]),
    st.sampled_from(["pods", "secrets", "nodes"]),
    NAMESPACES,
)


def _is_subject(user: User, subject: dict[str, Any], home: str) -> bool:
    kind, name = subject["kind"], subject["name"]
    if kind == "Group":
        return name in user.groups
    if kind == "User":
        return bool(user.name == name)
    namespace = subject.get("namespace") or home
    return bool(namespace and user.name == f"system:serviceaccount:{namespace}:{name}")


def _model(objects: dict[tuple[str, str], Any], wanted: Attributes) -> bool:
    """RBAC by its definition: some binding here or everywhere, some subject, some rule."""
    for (kind, key), binding in objects.items():
        if not kind.endswith("bindings"):
            continue
        home = key.partition("/")[0] if kind == "rolebindings" else ""
        if kind == "rolebindings" and home != wanted.namespace:
            continue
        reference = binding["roleRef"]
        place = (
            ("clusterroles", reference["name"])
            if reference["kind"] == "ClusterRole"
            else ("roles", f"{home}/{reference['name']}")
        )
        rules = [Rule.of(rule) for rule in objects.get(place, {}).get("rules", ())]
        if any(_is_subject(wanted.user, each, home) for each in binding["subjects"]) and any(
            rule.allows(wanted) for rule in rules
        ):
            return True
    return False


@given(CHANGES, QUESTIONS)
def test_the_index_answers_as_the_definition_does(changes: list[Any], wanted: Attributes) -> None:
    """After every change, what was remembered included, the answer is that of looking at everything anew."""
    index, objects = RoleIndex(), {}
    for kind, key, value in changes:
        if value is None:
            objects.pop((kind, key), None)
            index.remove(kind, key)
        else:
            objects[kind, key] = value
            index.put(kind, key, value)
        assert index.decide(wanted).is_allowed is _model(objects, wanted)


@given(CHANGES, ROLES, RULE, QUESTIONS)
def test_a_further_rule_never_takes_a_right_away(
    changes: list[Any], role: dict[str, Any], rule: dict[str, Any], wanted: Attributes
) -> None:
    """Rights only add up: what is allowed stays allowed when any role gets one more rule."""
    index = RoleIndex()
    for kind, key, value in changes:
        if value is not None:
            index.put(kind, key, value)
    index.put("clusterroles", "a", role)
    before = index.decide(wanted).is_allowed
    index.put("clusterroles", "a", _role(rule, *role["rules"]))
    assert index.decide(wanted).is_allowed >= before
