"""What every namespace of a simulated cluster has."""

import asyncio
from collections.abc import Callable
from typing import Any

from life_recording import living_cluster, recorded_frames

Virtual = Callable[[Callable[[], Any]], Any]


def test_every_namespace_has_its_account_and_its_certificate(virtual: Virtual) -> None:
    """Old and new namespaces have both, as recorded; what is deleted or changed is put right again."""

    async def main() -> None:
        async with living_cluster() as user:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}
            await user.ask("POST", "/api/v1/namespaces", body)
            await asyncio.sleep(1)
            for namespace in ("default", "kube-system", "new"):
                root = f"/api/v1/namespaces/{namespace}"
                assert await user.names(f"{root}/serviceaccounts") == ["default"]
                await user.ask("GET", f"{root}/configmaps/kube-root-ca.crt")
            await user.ask("DELETE", "/api/v1/namespaces/new/serviceaccounts/default")
            change = {"data": {"ca.crt": "mine", "more": "x"}}
            await user.ask("PATCH", "/api/v1/namespaces/new/configmaps/kube-root-ca.crt", change)
            await asyncio.sleep(1)
            assert await user.names("/api/v1/namespaces/new/serviceaccounts") == ["default"]
            found = await user.ask("GET", "/api/v1/namespaces/new/configmaps/kube-root-ca.crt")
            assert found["data"] == {"ca.crt": ""}
            theirs = next(
                each["object"]
                for each in recorded_frames("life_garbage", "/api/v1/namespaces/life-gc/configmaps")
                if each["object"]["metadata"]["name"] == "kube-root-ca.crt"
            )
            assert found["metadata"]["annotations"] == theirs["metadata"]["annotations"]
            await user.ask("DELETE", "/api/v1/namespaces/new")
            await asyncio.sleep(5)
            assert (await user.try_to("GET", "/api/v1/namespaces/new"))[0] == 404

    virtual(main)
