"""Tokens that were given and tokens that were issued."""

from __future__ import annotations

from api_caller import Caller
from virtual_time import run_virtual

from listwatch.apiserver.access.identity import User

JANE = User("jane", ("system:masters",))
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"


def test_given_and_issued_tokens_are_both_good() -> None:
    """A token may be given at the start or later, or issued; any other is nobody's."""

    async def main() -> None:
        caller = Caller(tokens={"first": JANE})
        caller.server.add_user("second", User("joe"))
        await caller.create(ACCOUNTS, {"metadata": {"name": "sa"}})
        issued = (await caller.create(ACCOUNTS + "/sa/token", {"spec": {}}))["status"]["token"]
        wanted = {
            "first": "jane",
            "second": "joe",
            issued: "system:serviceaccount:default:sa",
            "third": None,
            issued[:-1]: None,
        }
        for token, name in wanted.items():
            answer = await caller.send("POST", WHO, {}, peer=None, authorization=f"Bearer {token}")
            assert answer.status == (201 if name else 401)
            if name:
                assert answer.json["status"]["userInfo"]["username"] == name

    run_virtual(main)
