"""Conversions are asked for as admission is: services have addresses, refusals have words."""

from __future__ import annotations

import asyncio

import pytest

from listwatch.apiserver.admission.conversion_caller import conversion_caller
from listwatch.apiserver.admission.review import WebhookError
from listwatch.apiserver.admission.webhook_caller import WebhookCall
from listwatch.apiserver.verbs.webhook_conversion import WebhookCall as Conversion
from listwatch.apiserver.verbs.webhook_conversion import WebhookError as ConversionError

SERVICE = Conversion("https://c.n.svc:443/convert", b"{}", "Q0E=", ("n", "c", 443))


def test_a_service_is_called_at_its_address_under_its_name() -> None:
    """The address is the resolver's, the certificate has to name the service."""
    calls: list[WebhookCall] = []

    async def caller(call: WebhookCall) -> bytes:
        calls.append(call)
        return b"answer"

    ask = conversion_caller(caller, lambda *_: "https://127.0.0.1:5/")
    assert asyncio.run(ask(SERVICE)) == b"answer"
    assert asyncio.run(ask(Conversion("https://x.example.com/c", b"{}"))) == b"answer"
    assert [(call.url, call.server_name, call.ca_bundle) for call in calls] == [
        ("https://127.0.0.1:5/convert", "c.n.svc", "Q0E="),
        ("https://x.example.com/c", "", ""),
    ]


def test_what_cannot_be_called_is_told() -> None:
    """A service without an address, and a caller that fails."""

    async def down(_: WebhookCall) -> bytes:
        raise WebhookError("connection refused")

    with pytest.raises(ConversionError, match=r'Post "https://c\.n\.svc:443/convert": service "c" not found'):
        asyncio.run(conversion_caller(down, None)(SERVICE))
    with pytest.raises(ConversionError, match="connection refused"):
        asyncio.run(conversion_caller(down, None)(Conversion("https://x.example.com", b"{}")))
