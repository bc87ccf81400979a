"""Conversion webhooks are called as admission webhooks are: by the same caller, and services by the same addresses.

In:    `verbs.webhook_conversion.WebhookCall`s
Out:   the bodies of answers
Next:  verbs/webhook_conversion.py, which gets it as a parameter
Rules: the caller over HTTPS is imported with the first call
Source: apiserver pkg/util/webhook
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from listwatch.apiserver.admission.review import WebhookError
from listwatch.apiserver.verbs.webhook_conversion import WebhookCall as Conversion
from listwatch.apiserver.verbs.webhook_conversion import WebhookCaller as ConversionCaller
from listwatch.apiserver.verbs.webhook_conversion import WebhookError as ConversionError

if TYPE_CHECKING:
    from listwatch.apiserver.admission.webhook_caller import WebhookCaller
    from listwatch.apiserver.admission.webhooks import ServiceResolver


def conversion_caller(caller: WebhookCaller | None, resolve: ServiceResolver | None) -> ConversionCaller:
    """A caller for conversions.

    Args:
        caller: Calls webhooks; None for HTTPS.
        resolve: The URL of a service, or None for one that has no address.
    """

    async def ask(call: Conversion) -> bytes:
        from listwatch.apiserver.admission.webhook_caller import WebhookCall, call_webhook  # noqa: PLC0415

        url, server_name = call.url, ""
        if call.service is not None:
            namespace, name, _ = call.service
            base = resolve(*call.service) if resolve is not None else None
            if base is None:
                raise ConversionError(f'Post "{url}": service "{name}" not found')
            url, server_name = base.rstrip("/") + urlsplit(call.url).path, f"{name}.{namespace}.svc"
        try:
            return await (caller or call_webhook)(
                WebhookCall(url, call.body, call.timeout, call.ca_bundle, server_name)
            )
        except WebhookError as error:
            raise ConversionError(str(error)) from error

    return ask
