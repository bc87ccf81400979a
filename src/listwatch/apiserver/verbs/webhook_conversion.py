"""Conversion by webhook: what a definition's converter does not know it asks for, and the request is tried again.

In:    `ConversionNeeded`, raised in the middle of a verb
Out:   ConversionReviews to whoever converts; the answers, remembered
Next:  server.py catches, awaits `fulfil`, and runs the verb once more
Rules: a verb stays synchronous from its reading to its writing: it ends with the exception before anything is
       stored, so nothing is half done while the webhook is asked. Who asks the webhook is passed in. What was
       converted once is not converted again.
Source: Kubernetes docs, "Webhook conversion"; apiextensions-apiserver pkg/apiserver/conversion/webhook_converter.go
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from listwatch.apiserver.custom.converter import ConversionNeeded, Converter, same_shape
from listwatch.apiserver.kinds.maps import JSONObject, items, number, peek, text
from listwatch.apiserver.wire.negotiation import encode_json, json_value
from listwatch.apiserver.wire.statuses import APIFailure, failure

_REMEMBERED: Final = 10_000
Answer = TypeVar("Answer")
_OWN_METADATA: Final = ("labels", "annotations")  # all that a webhook may change of the metadata


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """One POST to a webhook.

    Attributes:
        url: Where to; of a service `https://name.namespace.svc:port/path`.
        ca_bundle: Who has to have signed its certificate, PEM in base64; "" for those whom the machine trusts.
        service: Namespace, name and port of the service that is meant, if one is.
        timeout: Seconds.
    """

    url: str
    body: bytes
    ca_bundle: str = ""
    service: tuple[str, str, int] | None = None
    timeout: float = 30.0


class WebhookError(Exception):
    """A webhook could not be asked. The message says why, in the words of Go's HTTP client."""


WebhookCaller = Callable[[WebhookCall], Awaitable[bytes]]
"""Asks a webhook. Raises `WebhookError` for everything but an answer with status 200."""


class WebhookConversions:
    """The converters of one server, and what they have learned.

    Args:
        ask: Asks a webhook.
        new_uid: Gives each review its UID.
    """

    def __init__(self, *, ask: WebhookCaller, new_uid: Callable[[], str]) -> None:
        self._ask = ask
        self._new_uid = new_uid
        self._known: dict[tuple[str, bytes], JSONObject] = {}

    def converter(self, definition: JSONObject) -> Converter:
        """The converter that a stored definition asks for."""
        conversion = peek(definition, "spec", "conversion")
        if text(conversion, "strategy") != "Webhook":
            return same_shape

        def convert(obj: JSONObject, api_version: str) -> JSONObject:
            known = self._known.get((api_version, _key(obj)))
            if known is None:
                raise ConversionNeeded(conversion, [obj], api_version)
            return _with_metadata(known, obj)

        return convert

    async def resolve(
        self, attempt: Callable[[], Awaitable[Answer]], *, others: Callable[[], Iterable[ConversionNeeded]]
    ) -> Answer:
        """The answer of `attempt`, which is made again for as long as it needs conversions that are not known.

        Raises:
            APIFailure: As `attempt` and `fulfil` have it.
        """
        is_first = True
        while True:
            try:
                return await attempt()
            except ConversionNeeded as needed:
                if is_first and len(self._known) > _REMEMBERED:
                    self._known.clear()
                is_first = False
                await self.fulfil(needed, others())

    async def fulfil(self, needed: ConversionNeeded, others: Iterable[ConversionNeeded] = ()) -> None:
        """Ask for what is needed, and in the same review for what others of the same kind will need.

        Raises:
            APIFailure: 500, the webhook cannot be asked, refuses, or answers with something else.
        """
        wanted: dict[bytes, JSONObject] = {}
        for each in (needed, *others):
            if each.api_version == needed.api_version and each.converter is needed.converter:
                wanted.update((_key(obj), obj) for obj in each.objects)
        objects = list(wanted.values())
        converted = await self._review(needed, objects)
        for key, result in zip(wanted, converted, strict=True):
            self._known[needed.api_version, key] = result

    async def _review(self, needed: ConversionNeeded, objects: list[JSONObject]) -> list[JSONObject]:
        webhook = peek(needed.converter, "webhook")
        versions = [each for each in items(webhook, "conversionReviewVersions") if each in {"v1", "v1beta1"}]
        uid = self._new_uid()
        review = {
            "kind": "ConversionReview",
            "apiVersion": f"apiextensions.k8s.io/{versions[0] if versions else 'v1'}",
            "request": {"uid": uid, "desiredAPIVersion": needed.api_version, "objects": objects},
        }
        gvk = _named(objects[0])
        try:
            answer = await self._ask(_call(webhook, encode_json(review)))
            document = json_value(answer)
        except (WebhookError, ValueError) as error:
            raise _failed(f"conversion webhook for {gvk} failed: {error}") from error
        response = peek(document, "response")
        if not response or text(response, "uid") != uid:
            raise _failed(f'conversion webhook for {gvk} failed: expected response.uid="{uid}"')
        result = peek(response, "result")
        if text(result, "status") != "Success":
            told = text(result, "message") or "result.status was not Success"
            raise _failed(f"conversion webhook for {gvk} failed: {told}")
        converted = items(response, "convertedObjects")
        if len(converted) != len(objects):
            told = f"returned {len(converted)} objects, expected {len(objects)}"
            raise _failed(f"conversion webhook for {gvk} {told}")
        for index, (one, other) in enumerate(zip(objects, converted, strict=True)):
            if problem := _problem(one, other, needed.api_version):
                told = f"returned invalid converted object at index {index}: {problem}"
                raise _failed(f"conversion webhook for {gvk} {told}")
        return converted


def _call(webhook: JSONObject, body: bytes) -> WebhookCall:
    config = peek(webhook, "clientConfig")
    url, bundle, service = text(config, "url"), text(config, "caBundle"), peek(config, "service")
    if url:
        return WebhookCall(url, body, bundle)
    named = text(service, "namespace"), text(service, "name"), number(service, "port") or 443
    path = text(service, "path").lstrip("/")
    return WebhookCall(f"https://{named[1]}.{named[0]}.svc:{named[2]}/{path}", body, bundle, named)


def _key(obj: JSONObject) -> bytes:
    """What a conversion depends on: of the metadata what a webhook may change, and the name unless it was made up."""
    metadata = peek(obj, "metadata")
    names = ("generateName",) if metadata.get("generateName") else ("name", "namespace")
    kept = {name: metadata.get(name) for name in (*names, *_OWN_METADATA)}
    return encode_json({**obj, "metadata": kept})


def _with_metadata(converted: JSONObject, obj: JSONObject) -> JSONObject:
    metadata, changed = dict(peek(obj, "metadata")), peek(converted, "metadata")
    for name in _OWN_METADATA:
        if changed.get(name):
            metadata[name] = changed[name]
        else:
            metadata.pop(name, None)
    return {**converted, "metadata": metadata}


def _problem(obj: JSONObject, converted: Any, api_version: str) -> str:
    """What is wrong with a converted object, "" for nothing."""
    if text(converted, "apiVersion") != api_version:
        return f"invalid apiVersion: expected {api_version}, got {text(converted, 'apiVersion')}"
    if text(converted, "kind") != text(obj, "kind"):
        return f"invalid kind: expected {text(obj, 'kind')}, got {text(converted, 'kind')}"
    for name in ("name", "namespace", "uid"):
        before, after = text(obj, "metadata", name), text(converted, "metadata", name)
        if before != after:
            shown = "UID" if name == "uid" else name
            return f"must have the same {shown}: {before} != {after}"
    return ""


def _named(obj: JSONObject) -> str:
    return f"{text(obj, 'apiVersion')}, Kind={text(obj, 'kind')}"


def _failed(message: str) -> APIFailure:
    return failure(500, message)
