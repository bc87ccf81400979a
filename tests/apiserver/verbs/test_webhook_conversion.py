"""Conversion by webhook: asked once, in batches, and never in the middle of a write."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from api_caller import Caller
from custom_widgets import DEFINITIONS, WIDGETS, definition, root, version, widget
from virtual_time import run_virtual

from listwatch.apiserver.admission.review import WebhookError
from listwatch.apiserver.admission.webhook_caller import WebhookCall

V2 = WIDGETS.replace("/v1/", "/v2/")
SPECS = {
    "v1": root(spec={"type": "object", "properties": {"size": {"type": "integer"}}}),
    "v2": root(spec={"type": "object", "properties": {"length": {"type": "integer"}}}),
}
WEBHOOK = {"clientConfig": {"url": "https://convert.example.com/widgets"}, "conversionReviewVersions": ["v1"]}


def by_webhook() -> dict[str, Any]:
    """A definition of two versions that a webhook converts; v1 is stored."""
    return definition(
        version("v1", schema=SPECS["v1"]),
        version("v2", schema=SPECS["v2"], storage=False),
        conversion={"strategy": "Webhook", "webhook": WEBHOOK},
    )


class Webhook:
    """Renames `size` and `length` into each other; counts its reviews."""

    def __init__(self) -> None:
        self.reviews: list[int] = []
        self.spoil: Any = lambda response: response

    async def __call__(self, call: WebhookCall) -> bytes:
        """Answer a review."""
        request = json.loads(call.body)["request"]
        self.reviews.append(len(request["objects"]))
        wanted = request["desiredAPIVersion"]
        converted = []
        for obj in request["objects"]:
            (value,) = obj["spec"].values()
            spec = {"length" if wanted.endswith("v2") else "size": value}
            converted.append({**obj, "apiVersion": wanted, "spec": spec})
        response = {"uid": request["uid"], "result": {"status": "Success"}, "convertedObjects": converted}
        return json.dumps({"response": self.spoil(response)}).encode()


async def served() -> tuple[Caller, Webhook]:
    """A caller of a server with a webhook, and the webhook."""
    webhook = Webhook()
    caller = Caller(webhook_caller=webhook)
    await caller.create(DEFINITIONS, by_webhook())
    await caller.get(WIDGETS)
    return caller, webhook


def test_objects_are_read_in_the_version_that_is_asked_for() -> None:
    """What was written in the one version is read in the other, and the webhook is asked once."""

    async def main() -> None:
        caller, webhook = await served()
        await caller.create(WIDGETS, widget("w", size=4))
        assert webhook.reviews == []
        for _ in range(2):
            assert (await caller.get(f"{V2}/w")).json["spec"] == {"length": 4}
        assert webhook.reviews == [1]

    run_virtual(main)


def test_a_list_is_converted_in_one_review() -> None:
    """Many objects are one question."""

    async def main() -> None:
        caller, webhook = await served()
        for index in range(5):
            await caller.create(WIDGETS, widget(f"w{index}", size=index))
        found = (await caller.get(V2)).json["items"]
        assert [each["spec"]["length"] for each in found] == [0, 1, 2, 3, 4]
        assert webhook.reviews == [5]

    run_virtual(main)


def test_a_write_in_another_version_is_stored_once() -> None:
    """A create, also of a generated name, a patch and a delete in v2 leave in v1 what they should."""

    async def main() -> None:
        caller, _ = await served()
        body = {"metadata": {"generateName": "w-"}, "spec": {"length": 2}}
        created = await caller.create(V2, body)
        assert created["spec"] == {"length": 2}
        name = created["metadata"]["name"]
        assert len((await caller.get(WIDGETS)).json["items"]) == 1
        patched = await caller.patch(f"{V2}/{name}", {"spec": {"length": 7}})
        assert patched.json["metadata"]["generation"] == 2
        assert (await caller.get(f"{WIDGETS}/{name}")).json["spec"] == {"size": 7}
        assert (await caller.delete(f"{V2}/{name}")).status == 200

    run_virtual(main)


def test_a_watch_tells_in_its_own_version() -> None:
    """The state and the changes are converted before they are told."""

    async def main() -> None:
        caller, _ = await served()
        await caller.create(WIDGETS, widget("a", size=1))
        watch = await caller.watch(f"{V2}?watch=true")
        await watch.settle()
        await caller.create(WIDGETS, widget("b", size=2))
        for _ in range(5):
            await watch.settle()
        assert [each["object"]["spec"] for each in watch.events] == [{"length": 1}, {"length": 2}]
        await watch.close()

    run_virtual(main)


def test_a_failing_webhook_fails_the_request_and_changes_nothing() -> None:
    """A webhook that is down, refuses or gives nonsense is told with status 500 and its reason."""

    async def main() -> None:
        caller, webhook = await served()
        await caller.create(WIDGETS, widget("w", size=4))
        refused = {"status": "Failure", "message": "no such length"}
        spoils: list[tuple[Any, str]] = [
            (lambda response: {**response, "result": refused}, "failed: no such length"),
            (lambda response: {**response, "convertedObjects": []}, "returned 0 objects, expected 1"),
            (lambda response: {**response, "uid": "other"}, "failed: expected response.uid="),
            (
                lambda response: {
                    **response,
                    "convertedObjects": [{**each, "kind": "Other"} for each in response["convertedObjects"]],
                },
                "invalid converted object at index 0: invalid kind: expected Widget, got Other",
            ),
        ]
        for spoil, told in spoils:
            webhook.spoil = spoil
            answer = await caller.get(f"{V2}/w")
            assert answer.status == 500
            assert answer.json["message"].startswith("conversion webhook for example.com/v1, Kind=Widget ")
            assert told in answer.json["message"]
        revision = caller.server.revision
        refused_create = await caller.send("POST", V2, {"metadata": {"name": "x"}, "spec": {"length": 1}})
        assert (refused_create.status, caller.server.revision) == (500, revision)

    run_virtual(main)


def test_a_webhook_that_nobody_reaches_is_told_as_such() -> None:
    """The reason why it could not be asked is in the message; deleting the definition needs no webhook."""

    async def down(call: WebhookCall) -> bytes:
        await asyncio.sleep(0)
        raise WebhookError(f'Post "{call.url}": connection refused')

    async def main() -> None:
        caller = Caller(webhook_caller=down)
        await caller.create(DEFINITIONS, by_webhook())
        await caller.create(WIDGETS, widget("w", size=4))
        answer = await caller.get(f"{V2}/w")
        assert answer.json["message"] == (
            'conversion webhook for example.com/v1, Kind=Widget failed: Post "https://convert.example.com/widgets": '
            "connection refused"
        )
        name = f"{DEFINITIONS}/widgets.example.com"
        await caller.delete(name)
        assert (await caller.get(name)).status == 404

    run_virtual(main)
