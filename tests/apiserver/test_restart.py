"""A server that begins with the state of another: what a restart keeps, and what it forgets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from api_caller import CONFIG_MAPS, Caller, config_map
from multidict import CIMultiDict
from virtual_time import run_virtual

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import ConfigError
from listwatch.apimachinery.http import Request
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.access.signing_key import SigningKey
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.apiserver.server import APIServer

SERVICES = "/api/v1/namespaces/default/services"


def restarted(old: APIServer) -> APIServer:
    """Another on the same state, the history gone."""
    log = old.log.fork()
    log.compact()
    return APIServer(clock=LoopClock(), log=log)


def test_objects_stay_and_history_goes() -> None:
    """After a restart every object is there in its version, older versions are gone, and versions go on."""

    async def main() -> None:
        caller = Caller()
        old_version = caller.server.revision
        await caller.create(CONFIG_MAPS, config_map("a"))
        before = await caller.get(CONFIG_MAPS)
        caller.server = restarted(caller.server)
        after = await caller.get(CONFIG_MAPS)
        assert after.body == before.body
        watch = await caller.get(f"{CONFIG_MAPS}?watch=true&timeoutSeconds=1&resourceVersion={old_version}")
        assert json.loads(watch.body)["object"]["code"] == 410
        made = await caller.create(CONFIG_MAPS, config_map("b"))
        assert int(made["metadata"]["resourceVersion"]) == int(after.json["metadata"]["resourceVersion"]) + 1

    run_virtual(main)


def test_the_watch_goes_on_from_the_last_version() -> None:
    """Who has seen everything before the restart loses nothing: that version is the oldest that is kept."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a"))
        version = caller.server.revision
        caller.server = restarted(caller.server)
        await caller.create(CONFIG_MAPS, config_map("b"))
        watch = await caller.get(f"{CONFIG_MAPS}?watch=true&timeoutSeconds=1&resourceVersion={version}")
        told = [json.loads(line) for line in watch.body.splitlines()]
        assert [(event["type"], event["object"]["metadata"]["name"]) for event in told] == [("ADDED", "b")]

    run_virtual(main)


def test_service_addresses_stay_taken() -> None:
    """An address that a service had before the restart is not given again."""

    async def main() -> None:
        caller = Caller()
        spec = {"ports": [{"port": 80}]}
        first = await caller.create(SERVICES, {"metadata": {"name": "a"}, "spec": spec})
        caller.server = restarted(caller.server)
        second = await caller.create(SERVICES, {"metadata": {"name": "b"}, "spec": spec})
        assert first["spec"]["clusterIP"] != second["spec"]["clusterIP"]

    run_virtual(main)


def test_a_dying_namespace_dies() -> None:
    """A namespace whose deletion had begun before the restart is emptied and removed after it."""

    async def main() -> None:
        caller = Caller()
        await caller.create("/api/v1/namespaces", {"metadata": {"name": "n"}})
        await caller.create("/api/v1/namespaces/n/configmaps", config_map("a"))
        await caller.delete("/api/v1/namespaces/n")
        await caller.server.aclose()
        caller.server = restarted(caller.server)
        assert (await caller.get("/api/v1/namespaces/n")).json["status"]["phase"] == "Terminating"
        await asyncio.sleep(5)
        assert (await caller.get("/api/v1/namespaces/n")).status == 404
        await caller.server.aclose()

    run_virtual(main)


@pytest.mark.parametrize("tls", [True, False])
async def test_a_cluster_comes_back_at_its_place(tls: bool) -> None:
    """A cluster with the old log, port, token and authority is to its clients the same one."""
    async with EmbeddedCluster(simulate=False, tls=tls, token="t") as first:
        kubeconfig, url = first.kubeconfig, first.url
        headers = CIMultiDict({"Authorization": "Bearer t"})
        created = Request("POST", CONFIG_MAPS, headers, json.dumps(config_map("a")).encode())
        assert (await first.handle(created)).status == 201
    log = first.server.log.fork()
    log.compact()
    port = int(url.rpartition(":")[2])
    again = EmbeddedCluster(simulate=False, tls=tls, token="t", port=port, log=log, authority=first.authority)
    async with again as second:
        assert second.kubeconfig == kubeconfig
        answer = await second.handle(Request("GET", CONFIG_MAPS, headers))
        assert [item["metadata"]["name"] for item in json.loads(await answer.read())["items"]] == ["a"]


def test_the_administrator_is_one_of_the_new_server() -> None:
    """A log holds objects, not who may ask: users come with the new server."""

    async def main() -> None:
        caller = Caller()
        log = caller.server.log.fork()
        server = APIServer(clock=LoopClock(), log=log, tokens={"new": User("u", ("system:masters",))})
        for token, status in (("new", 200), ("old", 401)):
            headers = CIMultiDict({"Authorization": f"Bearer {token}"})
            assert (await server.handle(Request("GET", CONFIG_MAPS, headers))).status == status

    run_virtual(main)


async def test_a_data_directory_keeps_the_whole_cluster(tmp_path: Path) -> None:
    """Objects, versions, authority and token are the same after a restart; a given token replaces the kept one."""
    options: dict[str, Any] = {"data_dir": tmp_path / "data", "synchronous": "off"}
    async with EmbeddedCluster(**options) as first:
        headers = CIMultiDict({"Authorization": f"Bearer {first.admin_token}"})
        created = Request("POST", CONFIG_MAPS, headers, json.dumps(config_map("a")).encode())
        made = json.loads(await (await first.handle(created)).read())
    async with EmbeddedCluster(**options) as second:
        assert (second.admin_token, second.ca_pem) == (first.admin_token, first.ca_pem)
        answer = await second.handle(Request("GET", f"{CONFIG_MAPS}/a", headers))
        assert json.loads(await answer.read()) == made
        nodes = json.loads(await (await second.handle(Request("GET", "/api/v1/nodes", headers))).read())
        assert len(nodes["items"]) == 1
    async with EmbeddedCluster(listen=False, token="new", **options) as third:
        assert (await third.handle(Request("GET", CONFIG_MAPS, headers))).status == 401
    async with EmbeddedCluster(listen=False, **options) as fourth:
        assert fourth.admin_token == "new"


async def test_service_account_tokens_go_on_with_the_directory(tmp_path: Path) -> None:
    """A token is good after a restart and in a fork; a key that is given is kept in the place of the older one."""
    options: dict[str, Any] = {"listen": False, "simulate": False, "data_dir": tmp_path, "synchronous": "off"}
    accounts = "/api/v1/namespaces/default/serviceaccounts"

    async def ask(cluster: EmbeddedCluster, method: str, path: str, body: Any, token: str) -> Any:
        headers = CIMultiDict({"Authorization": f"Bearer {token}"})
        answer = await cluster.handle(Request(method, path, headers, json.dumps(body).encode()))
        return answer.status, json.loads(await answer.read())

    async def issued(cluster: EmbeddedCluster) -> str:
        _, made = await ask(cluster, "POST", accounts + "/sa/token", {"spec": {}}, cluster.admin_token)
        return str(made["status"]["token"])

    async with EmbeddedCluster(**options) as first:
        await ask(first, "POST", accounts, {"metadata": {"name": "sa"}}, first.admin_token)
        token = await issued(first)
    async with EmbeddedCluster(**options) as second, second.fork() as fork:
        for each in (second, fork):
            status, told = await ask(each, "GET", CONFIG_MAPS, None, token)
            assert (status, "system:serviceaccount:default:sa" in told["message"]) == (403, True)
        assert (await ask(second, "GET", CONFIG_MAPS, None, await issued(fork)))[0] == 403
    key = SigningKey()
    async with EmbeddedCluster(**options, signing_key=key) as third:
        assert (await ask(third, "GET", CONFIG_MAPS, None, token))[0] == 401
        newer = await issued(third)
    async with EmbeddedCluster(**options) as fourth:
        assert (await ask(fourth, "GET", CONFIG_MAPS, None, newer))[0] == 403


async def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    """A second cluster on the same directory does not start, and does not disturb the first."""
    async with EmbeddedCluster(listen=False, data_dir=tmp_path) as first:
        with pytest.raises(ConfigError, match="in use by another server"):
            await EmbeddedCluster(listen=False, data_dir=tmp_path).start()
        headers = CIMultiDict({"Authorization": f"Bearer {first.admin_token}"})
        assert (await first.handle(Request("GET", CONFIG_MAPS, headers))).status == 200
