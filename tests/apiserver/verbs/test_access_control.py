"""Roles and bindings of a running server: what they allow, who may write them, and what reviews say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from api_caller import CONFIG_MAPS, PODS, Answer, Caller, config_map
from virtual_time import run_virtual

from listwatch.apimachinery.http import Peer
from listwatch.apiserver.access.authorizer import Authorizer
from listwatch.apiserver.access.bootstrap_policy import bootstrap_count
from listwatch.apiserver.access.rbac import RoleIndex
from listwatch.apiserver.admission import AdmissionRequest, Decision, allow
from listwatch.apiserver.assembly import FIRST_REVISION
from listwatch.apiserver.wire import cbor
from listwatch.apiserver.wire.protobuf import encode_envelope

JANE = Peer("jane", ("devs",))
RBAC = "/apis/rbac.authorization.k8s.io/v1"
LOCAL = RBAC + "/namespaces/default"
REVIEWS = "/apis/authorization.k8s.io/v1"


def role(name: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A Role or ClusterRole to create."""
    return {"metadata": {"name": name, **more}, "rules": list(rules)}


def binding(name: str, kind: str, role_name: str, *users: str) -> dict[str, Any]:
    """A RoleBinding or ClusterRoleBinding to create."""
    subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user} for user in users]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role_name}
    return {"metadata": {"name": name}, "roleRef": reference, "subjects": subjects}


def rule(verbs: str, resources: str, group: str = "", **more: Any) -> dict[str, Any]:
    """A rule out of words."""
    return {"verbs": verbs.split(), "apiGroups": [group], "resources": resources.split(), **more}


async def grant(caller: Caller, *rules: dict[str, Any]) -> None:
    """Give jane rules in the namespace `default`."""
    await caller.create(LOCAL + "/roles", role("jane", *rules))
    await caller.create(LOCAL + "/rolebindings", binding("jane", "Role", "jane", "jane"))


async def refused(caller: Caller, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """What jane is told who may not do it."""
    answer = await caller.send(method, path, body, peer=JANE, **headers)
    assert (answer.status, answer.json["reason"]) == (403, "Forbidden")
    return answer


def test_a_right_begins_and_ends_with_its_binding() -> None:
    """A request after a role or binding was made or deleted is decided by it."""

    async def main() -> None:
        caller = Caller()
        await refused(caller, "GET", CONFIG_MAPS)
        await grant(caller, rule("list", "configmaps"))
        assert (await caller.send("GET", CONFIG_MAPS, peer=JANE)).status == 200
        await refused(caller, "POST", CONFIG_MAPS, config_map("a"))
        changed = [{"op": "add", "path": "/rules/0/verbs/-", "value": "create"}]
        await caller.patch(LOCAL + "/roles/jane", changed, "json-patch+json")
        assert (await caller.send("POST", CONFIG_MAPS, config_map("a"), peer=JANE)).status == 201
        await caller.delete(LOCAL + "/rolebindings/jane")
        await refused(caller, "GET", CONFIG_MAPS)

    run_virtual(main)


REFUSALS = [
    ("POST", PODS, {}, 'pods is forbidden: User "jane" cannot create resource "pods" in API group "" '
     'in the namespace "default"', {"kind": "pods"}),
    ("GET", PODS + "/x/log", None, 'pods "x" is forbidden: User "jane" cannot get resource "pods/log" '
     'in API group "" in the namespace "default"', {"name": "x", "kind": "pods"}),
    ("DELETE", PODS, None, 'pods is forbidden: User "jane" cannot deletecollection resource "pods" '
     'in API group "" in the namespace "default"', {"kind": "pods"}),
    ("GET", PODS + "?fieldSelector=metadata.name%3Dx&watch=1", None, 'pods "x" is forbidden: User "jane" cannot '
     'watch resource "pods" in API group "" in the namespace "default"', {"name": "x", "kind": "pods"}),
    ("GET", "/api/v1/namespaces/default", None, 'namespaces "default" is forbidden: User "jane" cannot get '
     'resource "namespaces" in API group "" in the namespace "default"',
     {"name": "default", "kind": "namespaces"}),
    ("PATCH", "/apis/apps/v1/namespaces/default/deployments/d/scale", {}, 'deployments.apps "d" is forbidden: '
     'User "jane" cannot patch resource "deployments/scale" in API group "apps" in the namespace "default"',
     {"name": "d", "group": "apps", "kind": "deployments"}),
    ("GET", "/apis/no.such/v1/things/x", None, 'things.no.such "x" is forbidden: User "jane" cannot get resource '
     '"things" in API group "no.such" at the cluster scope',
     {"name": "x", "group": "no.such", "kind": "things"}),
    ("GET", "/metrics", None, 'forbidden: User "jane" cannot get path "/metrics"', {}),
    ("POST", "/healthz", None, 'forbidden: User "jane" cannot post path "/healthz"', {}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "message", "details"), REFUSALS)
def test_a_refusal_says_who_cannot_do_what_where(
    method: str, path: str, body: Any, message: str, details: dict[str, str]
) -> None:
    """Verb, resource, group and place stand in the message, name and kind in the details."""

    async def main() -> None:
        answer = await refused(Caller(), method, path, body)
        assert (answer.json["message"], answer.json["details"]) == (message, details)

    run_virtual(main)


def test_whoever_is_authenticated_may_discover_and_ask_about_themselves() -> None:
    """The default bindings let everybody with a name see what the server serves and what they may do."""

    async def main() -> None:
        caller = Caller()
        for path in ("/api", "/apis", "/apis/apps/v1", "/openapi/v3", "/version", "/readyz"):
            assert (await caller.send("GET", path, peer=JANE)).status == 200, path
        for review in ("selfsubjectaccessreviews", "selfsubjectrulesreviews"):
            spec = {"spec": {"nonResourceAttributes": {"path": "/"}, "namespace": "default"}}
            assert (await caller.send("POST", f"{REVIEWS}/{review}", spec, peer=JANE)).status == 201
        await refused(caller, "POST", f"{REVIEWS}/subjectaccessreviews", {})

    run_virtual(main)


def test_a_new_cluster_has_the_default_roles_and_they_are_older_than_all_else() -> None:
    """The bootstrap policy is there from the start, and no version that others see is different for it."""

    async def main() -> None:
        caller = Caller()
        roles = (await caller.get(RBAC + "/clusterroles")).json["items"]
        named = {each["metadata"]["name"]: each for each in roles}
        assert {"admin", "cluster-admin", "edit", "view", "system:node", "system:discovery"} <= named.keys()
        assert all(int(each["metadata"]["resourceVersion"]) <= FIRST_REVISION for each in roles)
        assert len({each["metadata"]["uid"] for each in roles}) == len(roles)
        verbs = {
            name: {
                verb
                for each in named[name]["rules"]
                if "secrets" in each["resources"]
                for verb in each["verbs"]
            }
            for name in ("admin", "edit", "view")
        }
        assert verbs["view"] == set()
        assert verbs["edit"] == verbs["admin"] >= {"get", "list", "watch", "create", "delete"}
        bindings = (await caller.get(RBAC + "/clusterrolebindings")).json["items"]
        namespaced = [
            item
            for kind in ("roles", "rolebindings")
            for item in (await caller.get(f"{RBAC}/{kind}")).json["items"]
        ]
        assert len(roles) + len(bindings) + len(namespaced) == bootstrap_count()

    run_virtual(main)


def test_a_restart_makes_only_what_is_missing_of_the_policy() -> None:
    """A server that takes over a log leaves the roles in it alone, and makes again what was deleted."""

    async def main() -> None:
        first = Caller()
        await first.patch(RBAC + "/clusterroles/system:discovery", {"metadata": {"labels": {"mine": "1"}}})
        await first.delete(RBAC + "/clusterroles/view")
        revision = first.server.revision
        second = Caller(log=first.server.log.fork())
        assert second.server.revision == revision + 1
        kept = (await second.get(RBAC + "/clusterroles/system:discovery")).json
        assert kept["metadata"]["labels"]["mine"] == "1"
        assert (await second.get(RBAC + "/clusterroles/view")).json["rules"]

    run_virtual(main)


def test_aggregated_roles_follow_the_roles_that_they_select() -> None:
    """A role with the label of `view` adds its rules to view, edit and admin, and takes them away with it."""

    async def main() -> None:
        caller = Caller()
        mine = rule("get", "widgets", "example.com")
        labels = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}

        async def have_it() -> list[bool]:
            roles = [
                (await caller.get(f"{RBAC}/clusterroles/{name}")).json for name in ("view", "edit", "admin")
            ]
            return [mine in each["rules"] for each in roles]

        assert await have_it() == [False] * 3
        await caller.create(RBAC + "/clusterroles", role("widgets", mine, labels=labels))
        assert await have_it() == [True] * 3
        await caller.create(LOCAL + "/rolebindings", binding("jane", "ClusterRole", "admin", "jane"))
        path = "/apis/example.com/v1/namespaces/default/widgets/x"
        assert (await caller.send("GET", path, peer=JANE)).status == 404
        revision = caller.server.revision
        await caller.patch(RBAC + "/clusterroles/widgets", {"metadata": {"annotations": {"a": "b"}}})
        assert caller.server.revision == revision + 1
        await caller.delete(RBAC + "/clusterroles/widgets")
        assert await have_it() == [False] * 3
        await refused(caller, "GET", path)

    run_virtual(main)


def test_roles_that_aggregate_each_other_come_to_rest() -> None:
    """Two roles that select one another hold what both select, and no request goes on for ever."""

    async def main() -> None:
        caller = Caller()
        for name, other in (("a", "b"), ("b", "a")):
            body = role(name, labels={"is": name})
            selectors = [{"matchLabels": {"is": other}}, {"matchLabels": {"is": "source"}}]
            await caller.create(
                RBAC + "/clusterroles", {**body, "aggregationRule": {"clusterRoleSelectors": selectors}}
            )
        await caller.create(RBAC + "/clusterroles", role("c", rule("get", "pods"), labels={"is": "source"}))
        for name in ("a", "b"):
            found = (await caller.get(f"{RBAC}/clusterroles/{name}")).json
            assert found["rules"] == [rule("get", "pods")]

    run_virtual(main)


def test_an_aggregated_role_written_back_as_it_was_read_stays_as_it_is() -> None:
    """One that selects nothing has no rules, in the same words however it came to have none."""

    async def main() -> None:
        caller = Caller()
        body = {**role("a"), "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}}
        path = RBAC + "/clusterroles/a"
        await caller.create(RBAC + "/clusterroles", body)
        found = (await caller.get(path)).json
        again = await caller.send("PUT", path, found)
        assert (again.status, again.json) == (200, found)

    run_virtual(main)


def test_nobody_grants_what_they_have_not() -> None:
    """A role may hold only what its writer may do, unless they may escalate; the missing rights are told."""

    async def main() -> None:
        caller = Caller()
        await grant(
            caller,
            rule("create update patch", "roles", "rbac.authorization.k8s.io"),
            rule("get", "pods secrets"),
        )
        wanted = role("r", rule("get list watch", "pods"), rule("get", "secrets", resourceNames=["s"]))
        answer = await refused(caller, "POST", LOCAL + "/roles", wanted)
        assert answer.json["message"] == (
            'roles.rbac.authorization.k8s.io "r" is forbidden: user "jane" '
            '(groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n'
            '{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}'
        )
        assert answer.json["details"]["name"] == "r"
        applied = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", **wanted}
        apply = f"{LOCAL}/roles/r?fieldManager=m"
        await refused(caller, "PATCH", apply, applied, content_type="application/apply-patch+yaml")
        allowed = role("r", rule("get", "pods"))
        assert (await caller.send("POST", LOCAL + "/roles", allowed, peer=JANE)).status == 201
        for method, media_type in (("PUT", "json"), ("PATCH", "merge-patch+json")):
            await refused(
                caller, method, LOCAL + "/roles/r", wanted, content_type=f"application/{media_type}"
            )
        await caller.create(
            RBAC + "/clusterroles", role("escalate", rule("escalate", "roles", "rbac.authorization.k8s.io"))
        )
        await caller.create(RBAC + "/clusterrolebindings", binding("e", "ClusterRole", "escalate", "jane"))
        assert (await caller.send("PUT", LOCAL + "/roles/r", wanted, peer=JANE)).status == 200

    run_virtual(main)


def test_nobody_binds_what_they_have_not() -> None:
    """A binding gives only what its writer has, unless they may bind that role; a role must be there to compare."""

    async def main() -> None:
        caller = Caller()
        rolebindings = rule("create", "rolebindings", "rbac.authorization.k8s.io")
        bind = rule("bind", "clusterroles", "rbac.authorization.k8s.io", resourceNames=["view"])
        await grant(caller, rolebindings, bind)
        path = LOCAL + "/rolebindings"
        answer = await refused(
            caller, "POST", path, binding("b", "ClusterRole", "system:node-bootstrapper", "bob")
        )
        assert answer.json["message"].endswith(
            "is attempting to grant RBAC permissions not currently held:\n"
            '{APIGroups:["certificates.k8s.io"], Resources:["certificatesigningrequests"], '
            'Verbs:["create" "get" "list" "watch"]}'
        )
        gone = await caller.send("POST", path, binding("b", "Role", "gone", "bob"), peer=JANE)
        assert gone.status == 404
        assert gone.json["message"] == 'roles.rbac.authorization.k8s.io "gone" not found'
        made = await caller.send("POST", path, binding("b", "ClusterRole", "view", "bob"), peer=JANE)
        assert made.status == 201

    run_virtual(main)


def test_aggregation_needs_all_rights() -> None:
    """Who may not do everything may not write a role that gathers the rules of others."""

    async def main() -> None:
        caller = Caller()
        await caller.create(
            RBAC + "/clusterroles", role("w", rule("create", "clusterroles", "rbac.authorization.k8s.io"))
        )
        await caller.create(RBAC + "/clusterrolebindings", binding("w", "ClusterRole", "w", "jane"))
        body = {**role("r"), "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}}
        answer = await refused(caller, "POST", RBAC + "/clusterroles", body)
        assert answer.json["message"].endswith(
            "must have cluster-admin privileges to use the aggregationRule"
        )
        await caller.create(
            RBAC + "/clusterrolebindings", binding("x", "ClusterRole", "cluster-admin", "jane")
        )
        assert (await caller.send("POST", RBAC + "/clusterroles", body, peer=JANE)).status == 201

    run_virtual(main)


APPLY = "application/apply-patch+yaml"
RBAC_GROUP = "rbac.authorization.k8s.io"


@pytest.mark.parametrize("dry_run", ["", "&dryRun=All"])
def test_an_apply_or_put_that_makes_an_object_needs_the_right_to_create_it(dry_run: str) -> None:
    """Who may only patch and update is refused what is not there yet; a right to create that one name is enough."""

    async def main() -> None:
        caller = Caller()
        await grant(
            caller,
            rule("patch update", "configmaps serviceaccounts"),
            rule("create", "configmaps", resourceNames=["mine"]),
        )
        applied = {**config_map("other"), "data": {"k": "v"}}
        target = CONFIG_MAPS + "/other?fieldManager=m" + dry_run
        answer = await refused(caller, "PATCH", target, applied, content_type=APPLY)
        assert answer.json["message"] == 'configmaps "other" is forbidden: '
        assert answer.json["details"] == {"name": "other", "kind": "configmaps"}
        account = "/api/v1/namespaces/default/serviceaccounts/bot?fieldManager=m" + dry_run
        assert (await caller.send("PUT", account, {"metadata": {"name": "bot"}}, peer=JANE)).status == 404
        assert (await caller.get(CONFIG_MAPS + "/other")).status == 404
        mine = CONFIG_MAPS + "/mine?fieldManager=m" + dry_run
        made = await caller.send("PATCH", mine, config_map("mine"), peer=JANE, content_type=APPLY)
        assert made.status == 201
        await caller.create(CONFIG_MAPS, config_map("other"))
        changed = await caller.send("PATCH", target, applied, peer=JANE, content_type=APPLY)
        assert changed.status == 200

    run_virtual(main)


@pytest.mark.parametrize("dry_run", ["", "&dryRun=All"])
def test_a_role_or_binding_made_by_put_or_apply_is_checked_as_one_that_is_created(dry_run: str) -> None:
    """PUT and apply make roles, for who may create them, and give no more rights than their writer has."""

    async def main() -> None:
        caller = Caller()
        may_write = rule("patch update", "roles rolebindings", RBAC_GROUP)
        await grant(caller, may_write)
        query = "?fieldManager=m" + dry_run
        typed = {"apiVersion": RBAC_GROUP + "/v1", "kind": "Role", **role("r")}
        apply = {"content_type": APPLY}
        answer = await refused(caller, "PUT", LOCAL + "/roles/r" + query, role("r"))
        assert answer.json["message"] == f'roles.{RBAC_GROUP} "r" is forbidden: '
        await refused(caller, "PATCH", LOCAL + "/roles/r" + query, typed, **apply)
        more = [{"op": "add", "path": "/rules/0/verbs/-", "value": "create"}]
        assert (await caller.patch(LOCAL + "/roles/jane", more, "json-patch+json")).status == 200
        rules = [rule("get", "secrets")]
        for headers, method in (({}, "PUT"), (apply, "PATCH")):
            answer = await refused(
                caller, method, LOCAL + "/roles/r" + query, {**typed, "rules": rules}, **headers
            )
            assert "RBAC permissions not currently held" in answer.json["message"]
            bound = {"apiVersion": RBAC_GROUP + "/v1", "kind": "RoleBinding"}
            bound |= binding("b", "ClusterRole", "view", "bob")
            target = LOCAL + "/rolebindings/b" + query
            answer = await refused(caller, method, target, bound, **headers)
            assert "RBAC permissions not currently held" in answer.json["message"]
        assert (await caller.send("PUT", LOCAL + "/roles/r" + query, role("r"), peer=JANE)).status == 201
        assert (
            await caller.send(
                "PATCH", LOCAL + "/roles/s" + query, {**typed, "metadata": {"name": "s"}}, peer=JANE, **apply
            )
        ).status == 201

    run_virtual(main)


@pytest.mark.parametrize(
    ("media_type", "encoded"),
    [("application/vnd.kubernetes.protobuf", encode_envelope), ("application/cbor", cbor.encode)],
)
def test_roles_are_checked_in_every_form(media_type: str, encoded: Callable[[Any], bytes]) -> None:
    """A role in protobuf or CBOR gives away no more than one in JSON."""

    async def main() -> None:
        caller = Caller()
        await grant(caller, rule("create update", "roles", RBAC_GROUP))
        typed = {"apiVersion": RBAC_GROUP + "/v1", "kind": "Role", **role("r", rule("get", "secrets"))}
        for method, target in (("POST", LOCAL + "/roles"), ("PUT", LOCAL + "/roles/r")):
            answer = await refused(caller, method, target, encoded(typed), content_type=media_type)
            assert "RBAC permissions not currently held" in answer.json["message"]
        harmless = encoded({**typed, "rules": []})
        made = await caller.send("POST", LOCAL + "/roles", harmless, peer=JANE, content_type=media_type)
        assert made.status == 201

    run_virtual(main)


@pytest.mark.parametrize("is_async", [False, True])
def test_what_admission_adds_to_a_role_is_checked_too(is_async: bool) -> None:
    """A role that an admission callable widens is refused to who has not the rights, however it is written."""

    async def main() -> None:
        caller = Caller()
        await grant(caller, rule("create patch update", "roles", RBAC_GROUP))
        await caller.create(LOCAL + "/roles", role("old"))

        def widen(request: AdmissionRequest) -> Decision:
            return allow(changed={**(request.object or {}), "rules": [rule("get", "secrets")]})

        async def later(request: AdmissionRequest) -> Decision:
            return widen(request)

        caller.server.admit(later if is_async else widen, resources=["roles"])
        typed = {"apiVersion": RBAC_GROUP + "/v1", "kind": "Role"}
        for method, name, content_type in (
            ("POST", "new", "application/json"),
            ("PUT", "new", "application/json"),
            ("PATCH", "new", APPLY),
            ("PUT", "old", "application/json"),
            ("PATCH", "old", "application/merge-patch+json"),
        ):
            target = LOCAL + ("/roles" if method == "POST" else f"/roles/{name}") + "?fieldManager=m"
            body = {**typed, **role(name, labels={"by": method})}
            answer = await refused(caller, method, target, body, content_type=content_type)
            assert "RBAC permissions not currently held" in answer.json["message"]

    run_virtual(main)


def test_a_right_to_escalate_one_name_is_for_requests_with_that_name() -> None:
    """A POST names no role, so only PUT, patch and apply profit from a right that is for one."""

    async def main() -> None:
        caller = Caller()
        await grant(
            caller,
            rule("create update", "roles", RBAC_GROUP),
            rule("escalate", "roles", RBAC_GROUP, resourceNames=["r"]),
        )
        wanted = role("r", rule("get", "secrets"))
        await refused(caller, "POST", LOCAL + "/roles", wanted)
        assert (await caller.send("PUT", LOCAL + "/roles/r", wanted, peer=JANE)).status == 201

    run_virtual(main)


def test_always_allow_asks_only_for_a_name() -> None:
    """With AlwaysAllow whoever is known may do all, also write roles; without credentials all is a 401."""

    async def main() -> None:
        caller = Caller(authorization_mode="AlwaysAllow")
        assert (await caller.send("GET", CONFIG_MAPS, peer=JANE)).status == 200
        body = role("r", rule("*", "*"))
        assert (await caller.send("POST", RBAC + "/clusterroles", body, peer=JANE)).status == 201
        assert (await caller.send("GET", "/healthz", peer=None)).status == 401

    run_virtual(main)


def test_there_are_two_modes() -> None:
    """Another authorization mode is refused when the server is made."""
    with pytest.raises(ValueError, match="RBAC, AlwaysAllow"):
        Authorizer("ABAC", RoleIndex())  # type: ignore[arg-type] - the mistake under test
