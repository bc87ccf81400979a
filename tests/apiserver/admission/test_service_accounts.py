"""Service accounts of pods."""

from __future__ import annotations

from typing import Any

from tests.api_caller import PODS, Caller, pod

_ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"


async def _caller(**account: Any) -> Caller:
    caller = Caller()
    body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}, **account}
    await caller.create(_ACCOUNTS, body)
    return caller


async def test_a_pod_runs_as_the_default_account_and_has_its_token() -> None:
    """Account, volume and mounts are as a real cluster's pods have them."""
    caller = await _caller(imagePullSecrets=[{"name": "registry"}])
    spec = (await caller.create(PODS, pod("p")))["spec"]
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("default", "default")
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    (volume,) = spec["volumes"]
    assert volume["name"].startswith("kube-api-access-")
    assert volume["projected"]["defaultMode"] == 420
    assert [next(iter(each)) for each in volume["projected"]["sources"]] == [
        "serviceAccountToken",
        "configMap",
        "downwardAPI",
    ]
    assert spec["containers"][0]["volumeMounts"] == [
        {
            "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
            "name": volume["name"],
            "readOnly": True,
        }
    ]
    await caller.server.aclose()


async def test_nothing_is_mounted_where_nobody_wants_it() -> None:
    """The pod decides, else the account."""
    caller = await _caller(automountServiceAccountToken=False)
    assert "volumes" not in (await caller.create(PODS, pod("a")))["spec"]
    assert "volumes" in (await caller.create(PODS, pod("b", automountServiceAccountToken=True)))["spec"]
    await caller.server.aclose()


async def test_an_account_that_is_not_there() -> None:
    """A name that nobody has is refused, unless there are no accounts at all."""
    caller = Caller()
    assert "serviceAccountName" not in (await caller.create(PODS, pod("a")))["spec"]
    await caller.create(PODS, pod("b", serviceAccountName="builder"))
    await caller.server.aclose()
    caller = await _caller()
    answer = await caller.send("POST", PODS, pod("p", serviceAccountName="builder"))
    assert answer.json["message"] == (
        'pods "p" is forbidden: error looking up service account default/builder: '
        'serviceaccount "builder" not found'
    )
    await caller.server.aclose()


async def test_a_volume_keeps_its_name_while_somebody_is_waited_for() -> None:
    """A callable that takes its time is asked once, about the pod that is stored."""
    caller, told = await _caller(), []

    async def look(request: Any) -> None:
        told.append(request.object["spec"]["volumes"][0]["name"])

    caller.server.admit(look)
    made = await caller.create(PODS, pod("p"))
    assert told == [made["spec"]["volumes"][0]["name"]]
    await caller.server.aclose()
