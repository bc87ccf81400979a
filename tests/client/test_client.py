"""The client: what it is made of, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted import Scripted, answer, pod, refusal, stream
from virtual_time import run_virtual

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.errors import ConfigError, ListWatchError, NotFound
from listwatch.apimachinery.http import Request
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.client.retry import RetryPolicy

CONFIG = Config(host="https://api.test/base")
MANAGED = pod("p", managedFields=[{"manager": "kubectl", "operation": "Update"}])


def test_raw_get() -> None:
    """`get_raw` gives any path's body as it came, JSON or not, in the form that was asked for."""
    script = Scripted(answer(b"ok", content_type="text/plain"), answer(b"{}"))

    async def main() -> tuple[bytes, bytes]:
        async with Client(CONFIG, transport=script) as client:
            table = "application/json;as=Table;v=v1;g=meta.k8s.io"
            return await client.get_raw("/healthz"), await client.get_raw(
                "/api/v1/pods?limit=1", accept=table
            )

    assert run_virtual(main) == (b"ok", b"{}")
    assert script.targets == ["GET /healthz", "GET /api/v1/pods?limit=1"]
    assert [r.headers["Accept"] for r in script.requests] == [
        "application/json",
        "application/json;as=Table;v=v1;g=meta.k8s.io",
    ]


def test_raw_get_errors() -> None:
    """`get_raw` raises what every call raises."""

    async def main() -> None:
        await Client(CONFIG, transport=Scripted(refusal(404, "NotFound"))).get_raw("/apis/none")

    with pytest.raises(NotFound, match="GET /apis/none"):
        run_virtual(main)


@pytest.mark.parametrize("keep", [True, False])
def test_managed_fields(keep: bool) -> None:
    """Managed fields are dropped from objects, lists and events if so asked, else kept."""
    page = {"kind": "PodList", "metadata": {}, "items": [MANAGED]}
    event = b'{"type":"ADDED","object":%s}\n' % answer(MANAGED).pieces[0]  # type: ignore[str-bytes-safe]
    script = Scripted(answer(MANAGED), answer(page), stream(event))

    async def all_three() -> list[Pod]:
        pods = Client(CONFIG, transport=script, keep_managed_fields=keep).resource(Pod)
        return [await pods.get("p"), *await pods.list(), *[event.object async for event in pods.watch()]]

    assert [bool(each.metadata.managed_fields) for each in run_virtual(all_three)] == [keep] * 3


def test_retry_policy_is_the_callers() -> None:
    """A client's own policy decides what is sent again."""
    script = Scripted(refusal(429, "", ("Retry-After", "1")), answer(MANAGED))

    async def main() -> None:
        with pytest.raises(ListWatchError):
            await Client(CONFIG, transport=script, retry=RetryPolicy(max_retries=0)).resource(Pod).get("p")

    run_virtual(main)
    assert len(script.requests) == 1


def test_after_the_block() -> None:
    """A client is closed by its block, closing it again does nothing, and using it again is a clear error."""
    script = Scripted(answer(MANAGED))

    async def main() -> None:
        async with Client(CONFIG, transport=script) as client:
            pods = client.resource(Pod)
            await pods.get("p")
        await client.aclose()
        with pytest.raises(ListWatchError, match=r"closed.*async with"):
            await pods.get("p")

    run_virtual(main)


def test_without_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without an argument the configuration is searched for; where there is none, the error says so at once."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ConfigError):
        Client()


def test_repr_of_a_request_is_its_name() -> None:
    """What passes through a transport shows neither headers nor body."""
    assert repr(Request("GET", "/x", body=b"secret")) == "<Request GET /x>"
