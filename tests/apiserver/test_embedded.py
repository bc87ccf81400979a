"""The friendly front door: a whole cluster in one block."""

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from multidict import CIMultiDict

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import ConfigError
from listwatch.apimachinery.http import Request
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.access.signing_key import SigningKey
from listwatch.apiserver.admission.webhook_caller import WebhookCall
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.apiserver.life import Delays
from listwatch.apiserver.wire.statuses import APIFailure

PODS = "/api/v1/namespaces/default/pods"
INSTANT = Delays(schedule=0, create=0, start=0, stop=0)
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p"},
    "spec": {"containers": [{"name": "c", "image": "nginx"}]},
}


def trusting(cluster: EmbeddedCluster) -> ssl.SSLContext:
    """A strict client that trusts the cluster."""
    assert cluster.ca_pem is not None
    context = ssl.create_default_context(cadata=cluster.ca_pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def bearer(token: str) -> dict[str, str]:
    """The header that says who is asking."""
    return {"Authorization": f"Bearer {token}"}


def open_files() -> int:
    """How many files and sockets this process has open."""
    return len(list(Path("/dev/fd").iterdir()))


async def test_https_with_the_token() -> None:
    """The URL, the authority and the token are all that a client needs; without a right token there is
    nothing.
    """
    async with EmbeddedCluster() as cluster, aiohttp.ClientSession() as http:
        assert cluster.url.startswith("https://127.0.0.1:")
        for headers, expected in ((bearer(cluster.admin_token), 200), (bearer("wrong"), 401), ({}, 403)):
            async with http.get(cluster.url + PODS, headers=headers, ssl=trusting(cluster)) as answer:
                assert answer.status == expected, await answer.text()


async def test_users_by_token_and_certificate(tmp_path: Path) -> None:
    """Others than the administrator come in by their own tokens, or by certificates that the cluster
    issues.
    """
    tokens = {"janes-token": User("jane", ("dev",))}
    async with EmbeddedCluster(tokens=tokens, token="mine") as cluster, aiohttp.ClientSession() as http:
        assert cluster.admin_token == "mine"
        pair = cluster.issue_client_certificate(user="joe", groups=["ops"])
        (tmp_path / "joe.pem").write_bytes(pair.certificate_pem + pair.key_pem)
        joe = trusting(cluster)
        joe.load_cert_chain(tmp_path / "joe.pem")
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        url = cluster.url + "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        for headers, context, name in (
            (bearer("mine"), trusting(cluster), "kubernetes-admin"),
            (bearer("janes-token"), trusting(cluster), "jane"),
            ({}, joe, "joe"),
        ):
            async with http.post(url, json=review, headers=headers, ssl=context) as answer:
                assert (await answer.json())["status"]["userInfo"]["username"] == name


async def test_roles_count_unless_all_is_allowed() -> None:
    """A further token may do what roles say, or everything with `AlwaysAllow`; the administrator's may always."""
    tokens = {"janes-token": User("jane")}
    for mode, status in (("RBAC", 403), ("AlwaysAllow", 200)):
        options: dict[str, Any] = {"listen": False, "simulate": False, "authorization_mode": mode}
        async with EmbeddedCluster(tokens=tokens, **options) as cluster:
            for token, wanted in (("janes-token", status), (cluster.admin_token, 200)):
                answer = await cluster.handle(Request("GET", PODS, CIMultiDict(bearer(token))))
                await answer.read()
                assert answer.status == wanted


async def test_service_account_tokens_outlive_a_restart_with_their_key() -> None:
    """With the old state and the old key a token goes on; with another key it is nobody's."""
    key = SigningKey()
    accounts = "/api/v1/namespaces/default/serviceaccounts"

    async def ask(cluster: EmbeddedCluster, method: str, path: str, body: Any, token: str) -> Any:
        headers = CIMultiDict(bearer(token))
        answer = await cluster.handle(Request(method, path, headers, json.dumps(body).encode()))
        return answer.status, json.loads(await answer.read())

    async with EmbeddedCluster(listen=False, simulate=False, signing_key=key) as first:
        admin = first.admin_token
        await ask(first, "POST", accounts, {"metadata": {"name": "sa"}}, admin)
        _, made = await ask(first, "POST", accounts + "/sa/token", {"spec": {}}, admin)
        log = first.server.log
    for again, wanted in ((SigningKey(key.private_pem), 403), (None, 401)):
        async with EmbeddedCluster(listen=False, simulate=False, log=log.fork(), signing_key=again) as second:
            status, _ = await ask(second, "GET", PODS, None, made["status"]["token"])
            assert status == wanted


async def test_webhooks_are_called_as_the_program_says() -> None:
    """The caller and the addresses of services reach the server, and a fork has them, too."""
    asked: list[str] = []

    async def call(asking: WebhookCall) -> bytes:
        asked.append(asking.url.partition("?")[0])
        uid = json.loads(asking.body)["request"]["uid"]
        response = {"uid": uid, "allowed": False, "status": {"message": "no", "code": 403}}
        return json.dumps(
            {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
        ).encode()

    options: dict[str, Any] = {"listen": False, "simulate": False, "webhook_caller": call}
    service = {"namespace": "ns", "name": "hook", "path": "/check"}
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]
    hook = {
        "name": "a.b.c",
        "clientConfig": {"service": service},
        "rules": rules,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    body = {"metadata": {"name": "h"}, "webhooks": [hook]}
    hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    async with EmbeddedCluster(**options, resolve_service=lambda *_: "https://there:8443") as cluster:
        headers = CIMultiDict(bearer(cluster.admin_token))
        made = await cluster.handle(Request("POST", hooks, headers, json.dumps(body).encode()))
        assert made.status == 201, await made.read()
        async with cluster.fork() as fork:
            for each in (cluster, fork):
                headers = CIMultiDict(bearer(each.admin_token))
                answer = await each.handle(Request("POST", PODS, headers, json.dumps(POD).encode()))
                assert answer.status == 403, await answer.read()
    assert asked == ["https://there:8443/check"] * 2


async def test_plain_http() -> None:
    """Without TLS there is no authority, and no certificates are issued."""
    async with EmbeddedCluster(tls=False) as cluster, aiohttp.ClientSession() as http:
        assert cluster.url.startswith("http://127.0.0.1:")
        assert cluster.ca_pem is None
        assert "certificate-authority-data" not in cluster.kubeconfig["clusters"][0]["cluster"]
        async with http.get(cluster.url + "/version", headers=bearer(cluster.admin_token)) as answer:
            assert answer.status == 200
        with pytest.raises(RuntimeError, match="no certificate authority"):
            cluster.issue_client_certificate(user="u")


async def test_kinds_are_added_before_the_start_and_after_it() -> None:
    """Both are served; a name without a group is refused at once, one that is taken when it is added."""
    cluster = EmbeddedCluster(listen=False, simulate=False)
    with pytest.raises(ValueError, match=r"widgets\.example\.com"):
        cluster.add_kind("widgets", kind="Widget")
    cluster.add_kind("widgets.example.com", kind="Widget")
    async with cluster:
        cluster.add_kind("gadgets.example.com", kind="Gadget", namespaced=False, versions=["v1", "v1beta1"])
        with pytest.raises(APIFailure, match="already exists"):
            cluster.add_kind("widgets.example.com", kind="Widget")
        headers: CIMultiDict[str] = CIMultiDict(bearer(cluster.admin_token))
        for path in ("v1/widgets", "v1/gadgets", "v1beta1/gadgets"):
            answer = await cluster.handle(Request("GET", f"/apis/example.com/{path}", headers))
            assert answer.status == 200


async def test_kubeconfig_as_dict_and_as_file(tmp_path: Path) -> None:
    """Both forms are the same, and lead to this cluster with the administrator's token."""
    async with EmbeddedCluster() as cluster:
        path = cluster.write_kubeconfig(tmp_path / "config")
        assert yaml.safe_load(path.read_text()) == cluster.kubeconfig
        assert cluster.kubeconfig["clusters"][0]["cluster"]["server"] == cluster.url
        assert cluster.kubeconfig["users"][0]["user"] == {"token": cluster.admin_token}


async def test_a_pod_comes_to_life_over_https() -> None:
    """Over the socket, a watch shows the three steps up as they happen."""
    async with EmbeddedCluster(delays=INSTANT) as cluster, aiohttp.ClientSession() as http:
        options: dict[str, Any] = {"headers": bearer(cluster.admin_token), "ssl": trusting(cluster)}
        async with http.get(cluster.url + PODS + "?watch=true", **options) as watch:
            async with http.post(cluster.url + PODS, json=POD, **options) as answer:
                assert answer.status == 201
            lines = [await asyncio.wait_for(watch.content.readline(), 5) for _ in range(4)]
    assert [line[9:].partition(b'"')[0] for line in lines] == [b"ADDED", *[b"MODIFIED"] * 3]
    assert b'"phase":"Running"' in lines[-1]


async def test_closing_leaves_nothing_behind() -> None:
    """After the block there is no task, thread or socket left, and open watches have ended properly."""
    tasks, threads = asyncio.all_tasks(), threading.active_count()
    async with aiohttp.ClientSession() as http:
        sockets = open_files()
        async with EmbeddedCluster() as cluster:
            options: dict[str, Any] = {"headers": bearer(cluster.admin_token), "ssl": trusting(cluster)}
            watch = await http.get(cluster.url + PODS + "?watch=true", **options)
            reading = asyncio.create_task(watch.content.read())
            await asyncio.sleep(0)
        assert await reading == b""
        await cluster.aclose()
        watch.close()
        await asyncio.sleep(0)
        assert open_files() == sockets
    assert asyncio.all_tasks() == tasks
    assert threading.active_count() == threads


async def test_a_taken_port_is_an_error_that_leaves_nothing() -> None:
    """The second cluster on one port says so, and cleans up after itself."""
    tasks = asyncio.all_tasks()
    async with EmbeddedCluster(simulate=False) as first:
        port = int(first.url.rpartition(":")[2])
        before = asyncio.all_tasks()
        with pytest.raises(ConfigError, match=f"port {port}"):
            await EmbeddedCluster(port=port).start()
        assert asyncio.all_tasks() == before
    assert asyncio.all_tasks() == tasks


async def test_remote_listening_needs_a_second_word() -> None:
    """An address that other machines reach is refused unless it is allowed."""
    with pytest.raises(ConfigError, match="other machines"):
        await EmbeddedCluster(host="0.0.0.0", simulate=False).start()
    async with EmbeddedCluster(host="0.0.0.0", allow_remote=True, simulate=False) as cluster:
        assert cluster.url.startswith("https://127.0.0.1:")


def test_in_memory_under_virtual_time(virtual: Callable[[Callable[[], Any]], Any]) -> None:
    """Without a socket, the cluster is reached by `handle`, and a day passes at once."""

    async def main() -> int:
        async with EmbeddedCluster(listen=False, clock=LoopClock()) as cluster:
            await asyncio.sleep(86400)
            headers = CIMultiDict(bearer(cluster.admin_token))
            with pytest.raises(RuntimeError, match="does not listen"):
                _ = cluster.url
            assert repr(cluster) == "<EmbeddedCluster in memory>"
            return (await cluster.handle(Request("GET", PODS, headers))).status

    assert virtual(main) == 200


async def test_use_before_start_and_second_start_are_errors() -> None:
    """Misuse is told in words, not in attribute errors."""
    cluster = EmbeddedCluster(simulate=False)
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = cluster.handle
    with pytest.raises(RuntimeError, match="was not started"):
        _ = cluster.url
    async with cluster:
        with pytest.raises(RuntimeError, match="only once"):
            await cluster.start()


async def test_the_token_stays_out_of_repr() -> None:
    """Printing a cluster tells where it is and no secret."""
    async with EmbeddedCluster(simulate=False) as cluster:
        assert repr(cluster) == f"<EmbeddedCluster {cluster.url}>"


async def test_ready_within_50_milliseconds() -> None:
    """Once imported, a cluster with HTTPS, scheduler and node is ready in less than 50 ms."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        async with EmbeddedCluster():
            times.append(time.perf_counter() - started)
    assert min(times) < 0.05


async def test_a_fork_has_its_own_doors(tmp_path: Path) -> None:
    """A fork begins with the objects, and with a port, token and files of its own; arguments can be changed."""
    async with EmbeddedCluster(
        simulate=False, audit_log=tmp_path / "audit.log", keeps_journal=True, tokens={"t": User("jane")}
    ) as cluster:
        created = await send(cluster, "POST", PODS, POD)
        assert created == 201
        async with cluster.fork() as fork, cluster.fork(listen=False, simulate=True) as alive:
            assert fork.url != cluster.url
            assert fork.admin_token != cluster.admin_token
            assert fork.ca_pem == cluster.ca_pem
            assert await send(fork, "DELETE", f"{PODS}/p?gracePeriodSeconds=0") == 200
            assert await send(cluster, "GET", f"{PODS}/p") == 200
            assert await send(alive, "GET", "/api/v1/nodes/listwatch-node") == 200
            assert [entry.verb for entry in fork.journal] == ["delete"]
    with pytest.raises(RuntimeError, match="keeps no journal"):
        _ = EmbeddedCluster().journal


async def test_listening_later() -> None:
    """A cluster in memory can be made to listen; asking twice does nothing."""
    async with EmbeddedCluster(listen=False, simulate=False, tls=False) as cluster:
        with pytest.raises(RuntimeError, match="does not listen"):
            _ = cluster.url
        await cluster.listen()
        url = cluster.url
        await cluster.listen()
        assert cluster.url == url
        async with aiohttp.ClientSession() as http, http.get(url + "/healthz") as answer:
            assert answer.status == 200


async def test_a_seed_makes_runs_alike() -> None:
    """With the same seed uids and generated names are the same, with another they are not."""
    told = []
    for seed in (1, 1, 2):
        async with EmbeddedCluster(listen=False, simulate=False, seed=seed) as cluster:
            body = {**POD, "metadata": {"generateName": "p-"}}
            await send(cluster, "POST", PODS, body)
            ((key, stored),) = cluster.server.log.state("pods").items()
            told.append((key, stored.object["metadata"]["uid"]))
    assert told[0] == told[1] != told[2]


async def send(cluster: EmbeddedCluster, method: str, target: str, body: Any = None) -> int:
    """One request of the administrator, straight in; its status."""
    headers = CIMultiDict(bearer(cluster.admin_token))
    content = b""
    if body is not None:
        headers["Content-Type"] = "application/json"
        content = json.dumps(body).encode()
    answer = await cluster.handle(Request(method, target, headers, content))
    await answer.read()
    return answer.status
