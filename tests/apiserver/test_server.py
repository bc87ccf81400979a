"""The server as a whole: what is answered when nothing else is to be said."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from api_caller import CONFIG_MAPS, PODS, Caller, config_map, pod
from virtual_time import run_virtual

from listwatch import apiserver

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
DEPLOYMENT = {
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "a", "image": "a:1"}]},
        },
    },
}


def test_a_fault_of_the_server_is_a_500_and_a_traceback_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody foresaw is answered with a Status that tells nothing of it; the log tells all."""

    async def main() -> None:
        caller = Caller()

        def fail(*_: object) -> None:
            raise ZeroDivisionError("the secret reason")

        monkeypatch.setattr(caller.server._reader, "get", fail)
        with caplog.at_level(logging.ERROR, logger="listwatch.apiserver"):
            answer = await caller.get(f"{CONFIG_MAPS}/a")
        assert (answer.status, answer.json["reason"]) == (500, "InternalError")
        assert "secret" not in answer.json["message"]
        assert "ZeroDivisionError: the secret reason" in caplog.text

    run_virtual(main)


REFUSED = [
    ("GET", f"{PODS}/p/exec?command=sh", 501, "does not serve pods/exec"),
    ("GET", f"{PODS}/p/attach", 501, "does not serve pods/attach"),
    ("POST", f"{PODS}/p/portforward", 501, "does not serve pods/portforward"),
    ("GET", "/api/v1/componentstatuses", 501, "does not keep componentstatuses"),
    ("POST", "/api/v1/configmaps", 405, "does not allow this method"),
    ("DELETE", "/api/v1/configmaps", 405, "does not allow this method"),
    ("PUT", CONFIG_MAPS, 405, "does not allow this method"),
    ("POST", f"{CONFIG_MAPS}/a", 405, "does not allow this method"),
    ("PATCH", "/api/v1/nodes", 405, "does not allow this method"),
    ("OPTIONS", CONFIG_MAPS, 405, "does not allow this method"),
    ("POST", "/api", 405, "does not allow this method"),
    ("DELETE", "/api/v1/namespaces", 405, "does not allow this method"),
    ("GET", "/api/v1/configmaps/a", 404, "could not find the requested resource"),
    ("GET", "/api/v1/namespaces/default/nodes", 404, "could not find the requested resource"),
    ("GET", f"{CONFIG_MAPS}/a/status", 404, "could not find the requested resource"),
    ("GET", "/apis/apps/v9/deployments", 404, "could not find the requested resource"),
]


@pytest.mark.parametrize(("method", "target", "code", "message"), REFUSED)
def test_what_is_not_done_is_refused_with_a_status(method: str, target: str, code: int, message: str) -> None:
    """Nothing is silently accepted: a Status says what there is not."""

    async def main() -> None:
        answer = await Caller().send(method, target)
        assert (answer.status, answer.json["kind"], answer.json["code"]) == (code, "Status", code)
        assert message in answer.json["message"]

    run_virtual(main)


def test_unknown_groups_and_paths_get_the_routers_404() -> None:
    """Where no group is served the answer is plain text, as the real server's is."""

    async def main() -> None:
        caller = Caller()
        for target in (
            "/nope",
            "/apis/nope.example.com",
            "/apis/nope.example.com/v1",
            "/apis/nope.example.com/v1/x",
        ):
            answer = await caller.get(target)
            assert (answer.status, answer.body) == (404, b"404 page not found\n")

    run_virtual(main)


def test_refusals_come_in_the_form_that_was_asked_for() -> None:
    """A client that reads YAML gets its Status in YAML."""

    async def main() -> None:
        answer = await Caller().get(f"{CONFIG_MAPS}/none", accept="application/yaml")
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/yaml")
        assert b"reason: NotFound\n" in answer.body

    run_virtual(main)


def test_openapi_documents_are_served_under_the_hashes_of_the_index() -> None:
    """Each path of the index leads to a document."""

    async def main() -> None:
        caller = Caller()
        index = (await caller.get("/openapi/v3")).json["paths"]
        assert "apis/apps/v1" in index
        for path in ("api/v1", "apis/apps/v1"):
            document = await caller.get(index[path]["serverRelativeURL"])
            assert document.json["openapi"].startswith("3.")
        assert (await caller.get("/openapi/v3/apis/none/v1")).status == 404

    run_virtual(main)


def test_health_can_be_asked_for_in_detail() -> None:
    """`?verbose` lists the checks; an unknown check is not found."""

    async def main() -> None:
        caller = Caller()
        assert (await caller.get("/readyz?verbose")).body.endswith(b"readyz check passed\n")
        assert (await caller.get("/livez/none")).status == 404

    run_virtual(main)


def test_names_are_generated_and_never_twice() -> None:
    """`generateName` adds five characters; a name that is taken is not given again."""

    async def main() -> None:
        caller = Caller()
        body = {"metadata": {"generateName": "gen-"}}
        names = {(await caller.create(CONFIG_MAPS, body))["metadata"]["name"] for _ in range(20)}
        assert len(names) == 20
        assert all(len(name) == len("gen-") + 5 for name in names)

    run_virtual(main)


def test_an_update_of_the_past_is_a_conflict() -> None:
    """Only who knows the current version may replace it; who names none replaces what there is."""

    async def main() -> None:
        caller = Caller()
        old = await caller.create(CONFIG_MAPS, config_map("a", data={"k": "1"}))
        new = {**old, "data": {"k": "2"}}
        assert (await caller.send("PUT", f"{CONFIG_MAPS}/a", new)).status == 200
        assert (await caller.send("PUT", f"{CONFIG_MAPS}/a", new)).json["reason"] == "Conflict"
        assert (await caller.send("PUT", f"{CONFIG_MAPS}/a", config_map("a", data={"k": "3"}))).status == 200

    run_virtual(main)


def test_an_update_that_changes_nothing_writes_nothing() -> None:
    """The version stays, and no watch hears of it."""

    async def main() -> None:
        caller = Caller()
        made = await caller.create(CONFIG_MAPS, config_map("a", data={"k": "1"}))
        version = caller.server.revision
        assert (await caller.send("PUT", f"{CONFIG_MAPS}/a", made)).json == made
        assert (await caller.patch(f"{CONFIG_MAPS}/a", {"data": {"k": "1"}})).json == made
        assert caller.server.revision == version

    run_virtual(main)


def test_stored_states_never_change() -> None:
    """What the log holds of an object stays as it was through patches, deletions and lists."""

    async def main() -> None:
        caller = Caller()
        await caller.create(PODS, pod("p", nodeName="n"))
        stored = caller.server.log.get("pods", "default/p")
        assert stored is not None
        before = repr(stored.object)
        await caller.patch(f"{PODS}/p", {"metadata": {"labels": {"a": "b"}}})
        await caller.patch(f"{PODS}/p/status", {"status": {"phase": "Running"}})
        await caller.delete(f"{PODS}/p")
        await caller.delete(f"{PODS}/p", {"gracePeriodSeconds": 0})
        assert repr(stored.object) == before

    run_virtual(main)


def test_leases_are_made_by_put_and_only_replaced_knowingly() -> None:
    """A Lease can be made by PUT; replacing one needs its version."""

    async def main() -> None:
        caller = Caller()
        target = "/apis/coordination.k8s.io/v1/namespaces/default/leases/l"
        body = {"metadata": {"name": "l"}, "spec": {"holderIdentity": "a"}}
        assert (await caller.send("PUT", target, body)).status == 201
        refused = await caller.send("PUT", target, body)
        assert (refused.status, refused.json["details"]["causes"][0]["field"]) == (
            422,
            "metadata.resourceVersion",
        )

    run_virtual(main)


def test_unknown_fields_are_warned_of() -> None:
    """A warning header tells of a field that was not kept."""

    async def main() -> None:
        caller = Caller()
        answer = await caller.send("POST", CONFIG_MAPS, {**config_map("a"), "nope": 1})
        assert answer.headers["Warning"] == '299 - "unknown field \\"nope\\""'
        assert "nope" not in answer.json

    run_virtual(main)


def test_what_has_no_effect_here_is_warned_of() -> None:
    """Kinds that other servers would be asked about are kept with a warning, roles without one."""

    async def main() -> None:
        caller = Caller()
        role = {"metadata": {"name": "r"}, "rules": []}
        answer = await caller.send("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", role)
        assert answer.status == 201
        assert "Warning" not in answer.headers

    run_virtual(main)


def test_the_package_gives_its_names_when_they_are_used() -> None:
    """What the package exports is what its modules define; other names are no attributes."""
    assert {name for name in apiserver.__all__ if getattr(apiserver, name).__name__ != name} == set()
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = apiserver.Nothing


def test_a_scale_is_read_and_written_through_its_workload() -> None:
    """Writing the Scale of a Deployment changes its replicas and its generation, by PUT and by patch."""

    async def main() -> None:
        caller = Caller()
        await caller.create(DEPLOYMENTS, DEPLOYMENT)
        scale = (await caller.get(f"{DEPLOYMENTS}/web/scale")).json
        assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == (
            "Scale",
            {"replicas": 2},
            "app=web",
        )
        stale = dict(scale)
        scale["spec"] = {"replicas": 5}
        assert (await caller.send("PUT", f"{DEPLOYMENTS}/web/scale", scale)).json["spec"] == {"replicas": 5}
        stale["spec"] = {"replicas": 9}
        assert (await caller.send("PUT", f"{DEPLOYMENTS}/web/scale", stale)).status == 409
        patched = await caller.patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 6}})
        assert patched.json["spec"] == {"replicas": 6}
        web = (await caller.get(f"{DEPLOYMENTS}/web")).json
        assert (web["spec"]["replicas"], web["metadata"]["generation"]) == (6, 3)

    run_virtual(main)


def test_a_pod_is_bound_once() -> None:
    """A binding sets the node; a second one is a conflict. Both paths to bind do the same."""

    async def main() -> None:
        caller = Caller()
        target: Any = {"kind": "Node", "name": "n1"}
        await caller.create(PODS, pod("a"))
        await caller.create(PODS, pod("b"))
        await caller.create(f"{PODS}/a/binding", {"target": target})
        bindings = "/api/v1/namespaces/default/bindings"
        await caller.create(bindings, {"metadata": {"name": "b"}, "target": target})
        for name in ("a", "b"):
            assert (await caller.get(f"{PODS}/{name}")).json["spec"]["nodeName"] == "n1"
        assert (await caller.send("POST", f"{PODS}/a/binding", {"target": target})).status == 409
        assert (await caller.send("POST", f"{PODS}/none/binding", {"target": target})).status == 404

    run_virtual(main)


def test_an_eviction_deletes_as_its_options_say() -> None:
    """An evicted pod gets the grace period that the eviction names; a dry run evicts nobody."""

    async def main() -> None:
        caller = Caller()
        await caller.create(PODS, pod("p", nodeName="n"))
        eviction = {"metadata": {"name": "p"}, "deleteOptions": {"gracePeriodSeconds": 3}}
        await caller.create(f"{PODS}/p/eviction?dryRun=All", eviction)
        assert "deletionTimestamp" not in (await caller.get(f"{PODS}/p")).json["metadata"]
        await caller.create(f"{PODS}/p/eviction", eviction)
        assert (await caller.get(f"{PODS}/p")).json["metadata"]["deletionGracePeriodSeconds"] == 3

    run_virtual(main)


def test_the_status_is_written_apart_from_the_rest() -> None:
    """A write to `status` leaves the spec, a write to the object leaves the status."""

    async def main() -> None:
        caller = Caller()
        await caller.create(DEPLOYMENTS, DEPLOYMENT)
        change = {"spec": {"replicas": 7}, "status": {"readyReplicas": 1}}
        status = (await caller.patch(f"{DEPLOYMENTS}/web/status", change)).json
        assert (status["spec"]["replicas"], status["status"]) == (2, {"readyReplicas": 1})
        whole = (await caller.patch(f"{DEPLOYMENTS}/web", {**change, "status": {"readyReplicas": 9}})).json
        assert (whole["spec"]["replicas"], whole["status"]) == (7, {"readyReplicas": 1})

    run_virtual(main)


def test_events_are_one_collection_in_two_groups() -> None:
    """An Event made in either group is found in the other, under that group's field names."""

    async def main() -> None:
        caller = Caller()
        core, new = "/api/v1/namespaces/default/events", "/apis/events.k8s.io/v1/namespaces/default/events"
        old_form = {
            "metadata": {"name": "a"},
            "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"},
            "message": "hello",
            "reason": "Tested",
            "type": "Normal",
        }
        await caller.create(core, old_form)
        found = (await caller.get(f"{new}/a")).json
        assert (found["apiVersion"], found["regarding"]["name"], found["note"]) == (
            "events.k8s.io/v1",
            "p",
            "hello",
        )
        watch = await caller.watch(f"{new}?watch=true")
        await watch.settle()
        assert watch.events[0]["object"]["note"] == "hello"
        await watch.close()

    run_virtual(main)


def test_services_get_addresses_and_ports_of_their_own() -> None:
    """No two services share an address or node port; what a service frees is not lost."""

    async def main() -> None:
        caller = Caller()
        services = "/api/v1/namespaces/default/services"
        spec = {"type": "NodePort", "selector": {"a": "b"}, "ports": [{"port": 80}]}
        made = [
            await caller.create(services, {"metadata": {"name": f"s{n}"}, "spec": spec}) for n in range(3)
        ]
        addresses = {service["spec"]["clusterIP"] for service in made} | {"10.0.0.1"}
        ports = {service["spec"]["ports"][0]["nodePort"] for service in made}
        assert (len(addresses), len(ports)) == (4, 3)
        await caller.delete(f"{services}/s0")
        fixed = {**spec, "clusterIP": made[0]["spec"]["clusterIP"]}
        again = await caller.create(services, {"metadata": {"name": "again"}, "spec": fixed})
        assert again["spec"]["clusterIP"] == made[0]["spec"]["clusterIP"]

    run_virtual(main)


def test_an_address_in_use_is_refused() -> None:
    """What another service has is told of at its field, and a service cannot move to another address."""

    async def main() -> None:
        caller = Caller()
        services = "/api/v1/namespaces/default/services"
        spec = {"type": "NodePort", "clusterIP": "10.0.0.1", "ports": [{"port": 80, "nodePort": 30500}]}
        refused = await caller.send("POST", services, {"metadata": {"name": "a"}, "spec": spec})
        assert (refused.status, refused.json["message"]) == (
            422,
            'Service "a" is invalid: spec.clusterIPs: Invalid value: ["10.0.0.1"]: failed to allocate IP 10.0.0.1: '
            "provided IP is already allocated",
        )
        made = await caller.create(
            services, {"metadata": {"name": "a"}, "spec": {**spec, "clusterIP": "10.0.0.9"}}
        )
        other = {"metadata": {"name": "b"}, "spec": {**spec, "clusterIP": ""}}
        refused = await caller.send("POST", services, other)
        assert refused.json["details"]["causes"] == [
            {
                "reason": "FieldValueInvalid",
                "message": "Invalid value: 30500: provided port is already allocated",
                "field": "spec.ports[0].nodePort",
            }
        ]
        kept = await caller.send(
            "PUT", f"{services}/a", {**made, "metadata": {"name": "a", "labels": {"x": "y"}}}
        )
        assert kept.status == 200
        moved = {**made, "metadata": {"name": "a"}, "spec": {**made["spec"], "clusterIP": "10.0.0.8"}}
        refused = await caller.send("PUT", f"{services}/a", moved)
        assert refused.json["details"]["causes"][0]["field"] == "spec.clusterIPs[0]"

    run_virtual(main)


def test_the_root_lists_the_paths() -> None:
    """`GET /` tells where to look."""

    async def main() -> None:
        paths = (await Caller().get("/")).json["paths"]
        assert {"/api/v1", "/apis/apps/v1", "/healthz"} <= set(paths)

    run_virtual(main)


SCALES = [
    ("PUT", {"metadata": {"name": "other"}}, 400, "does not match the name on the URL"),
    ("PUT", {"spec": {"replicas": "three"}}, 400, "cannot unmarshal string"),
    ("PATCH", {"spec": {"replicas": "three"}}, 422, "cannot unmarshal string"),
    ("PATCH", {"spec": {"replicas": -1}}, 422, "must be greater than or equal to 0"),
    ("PATCH", {"metadata": {"uid": "other"}}, 409, "UID in precondition"),
]


@pytest.mark.parametrize(("method", "body", "code", "message"), SCALES)
def test_a_scale_that_makes_no_sense_is_refused(method: str, body: Any, code: int, message: str) -> None:
    """The Scale is checked as an object of its own, and against the one that it scales."""

    async def main() -> None:
        caller = Caller()
        await caller.create(DEPLOYMENTS, DEPLOYMENT)
        kind = "merge-patch+json" if method == "PATCH" else "json"
        target = f"{DEPLOYMENTS}/web/scale"
        answer = await caller.send(method, target, body, content_type=f"application/{kind}")
        assert answer.status == code
        assert message in answer.json["message"]
        assert (await caller.get(f"{DEPLOYMENTS}/none/scale")).status == 404

    run_virtual(main)


def test_a_body_beyond_the_limit_is_refused() -> None:
    """Three megabytes are read in memory too, a byte more is a 413."""

    async def main() -> None:
        caller = Caller()
        for size, status in ((3 * 1024 * 1024, 400), (3 * 1024 * 1024 + 1, 413)):
            answer = await caller.send("POST", CONFIG_MAPS, b" " * size)
            assert answer.status == status
        assert answer.json["reason"] == "RequestEntityTooLarge"

    run_virtual(main)
