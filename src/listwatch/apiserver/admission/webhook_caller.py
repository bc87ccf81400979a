"""The one door through which webhooks are called.

In:    an address, an authority to trust, a body, seconds
Out:   the answer's body
Next:  webhooks.py, which gets the caller as a parameter
Rules: only here aiohttp is met, imported with the first call; whatever fails is a `WebhookError` in a sentence. A call
       is made once, redirects are not followed, and no more than a few megabytes are read.
Source: client-go's webhook client (apiserver pkg/util/webhook)
"""

from __future__ import annotations

import base64
import os
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.admission.review import WebhookError

_MOST_BYTES: Final = 7 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """One call.

    Attributes:
        url: With the timeout in its query, as webhooks are used to.
        ca_bundle: Base64 of PEM; "" trusts what the machine trusts.
        server_name: Who the certificate has to name; "" for the address's host.
        timeout: Seconds for the whole call.
    """

    url: str
    body: bytes
    timeout: float
    ca_bundle: str = ""
    server_name: str = ""


WebhookCaller = Callable[[WebhookCall], Awaitable[bytes]]


async def call_webhook(call: WebhookCall) -> bytes:
    """POST an AdmissionReview over HTTPS; gives the body of the 200.

    Raises:
        WebhookError: Anything else.
    """
    import aiohttp  # noqa: PLC0415 - only who has webhooks pays for it

    told = f"Post {go_quote(call.url)}"
    if urlsplit(call.url).scheme != "https":
        raise WebhookError(f"{told}: webhooks are called by https only")
    options = {"server_hostname": call.server_name} if call.server_name else {}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=call.timeout)) as session,
            session.post(
                call.url,
                data=call.body,
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                ssl=_context(call.ca_bundle),
                allow_redirects=False,
                **options,  # type: ignore[arg-type] # one optional argument
            ) as answer,
        ):
            body = await answer.content.read(_MOST_BYTES)
            status = answer.status
    except TimeoutError:
        raise WebhookError(f"{told}: context deadline exceeded") from None
    except (aiohttp.ClientError, OSError) as error:
        raise WebhookError(f"{told}: {_why(error)}") from None
    if status == 404:
        raise WebhookError("the server could not find the requested resource")
    if status >= 500:
        shown = body.decode(errors="replace").strip() or "unknown"
        raise WebhookError(
            f"an error on the server ({go_quote(shown[:1024])}) has prevented the request from succeeding"
        )
    if status != 200:
        raise WebhookError(f"the server rejected our request for an unknown reason (status {status})")
    return body


def _why(error: Exception) -> str:
    """What went wrong with a connection, in the words that Go has for the frequent cases."""
    import aiohttp  # noqa: PLC0415 - only who has webhooks pays for it

    match error:
        case aiohttp.ClientConnectorCertificateError():
            cause = error.certificate_error
            return f"tls: failed to verify certificate: {getattr(cause, 'verify_message', '') or cause}"
        case aiohttp.ClientConnectorDNSError():
            return f"dial tcp: lookup {error.host}: no such host"
        case aiohttp.ClientConnectorError() if error.os_error.errno:
            reason = os.strerror(error.os_error.errno).lower()
            return f"dial tcp {error.host}:{error.port}: connect: {reason}"
        case aiohttp.ServerDisconnectedError():
            return "EOF"
    return str(error) or type(error).__name__


def _context(ca_bundle: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not ca_bundle:
        return context
    try:
        pem = base64.b64decode(ca_bundle, validate=True).decode()
        context = ssl.create_default_context(cadata=pem)
    except (ValueError, ssl.SSLError):
        raise WebhookError("unable to load root certificates: unable to parse bytes as PEM block") from None
    return context
