"""One request: who asks, retries, deadlines, errors. On scripted bytes, in virtual time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from scripted import HANG, Answer, Piece, Scripted, Wait, answer, refusal
from virtual_time import run_virtual

from listwatch.apimachinery import errors
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import (
    APIStatusError,
    ConnectionLost,
    ConnectionRefused,
    Forbidden,
    InternalError,
    ListWatchError,
    ProtocolError,
    RequestTimeout,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
)
from listwatch.client.config import Config, Impersonation
from listwatch.client.credentials import BasicAuth, ClientCertificate, StaticToken
from listwatch.client.rest import Call, RESTClient
from listwatch.client.retry import RetryPolicy

GET = Call(target="/api/v1/pods")
POST = Call(method="POST", target="/api/v1/pods", body=b"x" * 4096)
SECRET = "s3cr3t-t0ken"
CONFIG = Config(host="https://api.test", credentials=StaticToken(SECRET))


def rest_client(transport: Scripted, *, config: Config = CONFIG, **more: Any) -> RESTClient:
    """A client of the script."""
    return RESTClient(config, transport=transport, clock=LoopClock(), **more)


def fetched(transport: Scripted, call: Call = GET, **more: Any) -> bytes:
    """The body that a client gets out of the script."""

    async def main() -> bytes:
        return await rest_client(transport, **more).fetch(call)

    return run_virtual(main)


def waits(transport: Scripted) -> list[float]:
    """Seconds between the requests."""
    return [later - earlier for earlier, later in zip(transport.times, transport.times[1:], strict=False)]


# Who asks


def test_headers_of_a_request() -> None:
    """A request says what it accepts, who asks, and nothing of a body that it has not."""
    script = Scripted(answer(b"{}"))
    fetched(script)
    assert dict(script.requests[0].headers) == {
        "Accept": "application/json",
        "User-Agent": CONFIG.user_agent,
        "Authorization": f"Bearer {SECRET}",
    }
    assert CONFIG.user_agent.startswith("listwatch/")


def test_content_type_of_a_body() -> None:
    """A body goes with its content type."""
    script = Scripted(answer(b"{}"))
    fetched(script, Call(method="PATCH", target="/x", body=b"[]", content_type="application/json-patch+json"))
    assert script.requests[0].headers["Content-Type"] == "application/json-patch+json"
    assert script.requests[0].body == b"[]"


def test_impersonation() -> None:
    """Whom to act as stands in headers, one line for each group and extra value."""
    acting = Impersonation(user="jane", uid="7", groups=("a", "b"), extra={"Scopes/x": ("1", "2")})
    script = Scripted(answer(b"{}"))
    fetched(script, config=Config(host="https://api.test", impersonate=acting))
    given = [(k, v) for k, v in script.requests[0].headers.items() if k.startswith("Impersonate")]
    assert given == [
        ("Impersonate-User", "jane"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Extra-scopes%2Fx", "1"),
        ("Impersonate-Extra-scopes%2Fx", "2"),
    ]


class Renewable:
    """Credentials that hand out `first`, and after a refusal `second`."""

    def __init__(self, first: str, second: str) -> None:
        self.current, self.second = first, second
        self.refusals: list[str | None] = []

    async def authorization(self) -> str | None:
        return self.current

    async def refused(self, used: str | None) -> bool:
        self.refusals.append(used)
        self.current = self.second
        return True

    def client_certificate(self) -> ClientCertificate | None:
        return None


def test_401_is_asked_once_more_with_new_credentials() -> None:
    """After a 401 the credentials are told which header was refused, and the request is sent once with the new."""
    script, credentials = (
        Scripted(refusal(401, "Unauthorized"), answer(b'{"a":1}')),
        Renewable("Bearer 1", "Bearer 2"),
    )
    body = fetched(script, POST, config=Config(host="https://api.test", credentials=credentials))
    assert body == b'{"a":1}'
    assert credentials.refusals == ["Bearer 1"]
    assert [r.headers["Authorization"] for r in script.requests] == ["Bearer 1", "Bearer 2"]
    assert [r.body for r in script.requests] == [POST.body] * 2
    assert waits(script) == [0.0]


def test_second_401_is_raised() -> None:
    """New credentials that are refused, too, are an error, not a loop."""
    script, credentials = (
        Scripted(refusal(401, "Unauthorized"), refusal(401, "Unauthorized")),
        Renewable("Bearer 1", "Bearer 2"),
    )
    with pytest.raises(Unauthorized):
        fetched(script, config=Config(host="https://api.test", credentials=credentials))
    assert len(credentials.refusals) == 1


def test_401_with_nothing_new_is_raised_at_once() -> None:
    """Credentials that cannot change are not tried again."""
    script = Scripted(refusal(401, "Unauthorized"))
    with pytest.raises(Unauthorized, match="GET /api/v1/pods"):
        fetched(script)


def test_403_asks_for_no_new_credentials() -> None:
    """A 403 means that the server knows who asks: nothing is renewed, nothing repeated."""
    script, credentials = Scripted(refusal(403, "Forbidden")), Renewable("Bearer 1", "Bearer 2")
    with pytest.raises(Forbidden):
        fetched(script, config=Config(host="https://api.test", credentials=credentials))
    assert credentials.refusals == []


@pytest.mark.parametrize(
    "credentials", [StaticToken(SECRET), BasicAuth(username="jane", password=SECRET)], ids=["token", "basic"]
)
@pytest.mark.parametrize(
    "failing",
    [
        refusal(401, "Unauthorized"),
        answer(b"<html>", content_type="text/html"),
        Answer(before=ConnectionRefused("https://api.test: refused")),
        Answer(before=HANG),
        Answer([b"{", HANG]),
    ],
    ids=["refused", "html", "transport", "silence", "silence in the body"],
)
def test_no_secret_gets_out(credentials: Any, failing: Answer, caplog: pytest.LogCaptureFixture) -> None:
    """Neither error, log nor repr of anything on the way holds a token, a password or an encoded form of it."""
    config = Config(host="https://api.test", credentials=credentials)
    header = run_virtual(credentials.authorization).partition(" ")[2]
    script = Scripted(failing)
    with caplog.at_level(logging.DEBUG), pytest.raises(ListWatchError) as caught:
        fetched(script, config=config)
    told = [str(caught.value), repr(caught.value), repr(caught.value.__dict__), caplog.text]
    told += [repr(script.requests[0]), repr(config), repr(credentials), repr(Call())]
    for text in told:
        assert SECRET not in text
        assert header not in text


# Retries


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_retry_after_on_any_verb(method: str) -> None:
    """429 and 5xx with a Retry-After are sent again after that wait, with the same body each time."""
    refusals = [
        refusal(code, "", ("Retry-After", str(seconds))) for seconds, code in enumerate((429, 500, 501, 504))
    ]
    script = Scripted(*refusals, answer(b"{}"))
    body = b"" if method == "GET" else POST.body
    assert fetched(script, Call(method=method, target="/x", body=body)) == b"{}"
    assert [r.body for r in script.requests] == [body] * 5
    assert waits(script) == [0.0, 1.0, 2.0, 3.0]
    script.assert_nothing_left()


def test_retry_after_as_a_date() -> None:
    """A Retry-After may be a date, counted from the clock's now."""
    at = format_datetime(datetime(2026, 1, 1, 0, 0, 20, tzinfo=UTC) + timedelta(seconds=5), usegmt=True)
    script = Scripted(refusal(503, "", ("Retry-After", at)), answer(b"{}"))
    fetched(script)
    assert waits(script) == [25.0]


@pytest.mark.parametrize("code", [429, 500, 503])
def test_no_retry_without_the_header(code: int) -> None:
    """A server that does not say when is not asked again."""
    script = Scripted(refusal(code))
    with pytest.raises(APIStatusError) as caught:
        fetched(script)
    assert (caught.value.code, caught.value.retry_after) == (code, None)


def test_long_wait_is_the_callers() -> None:
    """A wait over the policy's bound is not sat out; the error says how long it is."""
    script = Scripted(refusal(429, "TooManyRequests", ("Retry-After", "3600")))
    with pytest.raises(TooManyRequests) as caught:
        fetched(script)
    assert caught.value.retry_after == 3600.0


def test_exhaustion_raises_the_last_error() -> None:
    """After the last retry the last answer's error is raised, with its Retry-After."""
    script = Scripted(
        *[refusal(429, "TooManyRequests", ("Retry-After", "1"))] * 2,
        refusal(503, "ServiceUnavailable", ("Retry-After", "2")),
    )
    with pytest.raises(ServiceUnavailable) as caught:
        fetched(script, retry=RetryPolicy(max_retries=2))
    assert caught.value.retry_after == 2.0
    script.assert_nothing_left()


def test_get_is_asked_again_after_a_cut_before_the_answer() -> None:
    """A GET that was cut before its headers came is sent again after a second."""
    script = Scripted(ConnectionLost("cut"), ConnectionLost("cut"), answer(b"{}"))
    assert fetched(script) == b"{}"
    assert waits(script) == [1.0, 1.0]


def test_get_is_asked_again_after_a_cut_in_the_body() -> None:
    """A GET that was cut in the middle of its body is sent again, and only the whole body is given."""
    script = Scripted(Answer([b'{"half":', ConnectionLost("cut")]), answer(b'{"whole":1}'))
    assert fetched(script) == b'{"whole":1}'
    script.assert_nothing_left()


def test_all_failures_count_against_one_bound() -> None:
    """Cuts and refusals of one request share its bound: they do not multiply."""
    cut, later = Answer([b"{", ConnectionLost("cut")]), refusal(429, "", ("Retry-After", "0"))
    script = Scripted(later, cut, later, cut, last=cut)
    with pytest.raises(ConnectionLost):
        fetched(script, retry=RetryPolicy(max_retries=3))
    assert len(script.requests) == 4


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "cut", [Answer(before=ConnectionLost("cut")), Answer([b"{", ConnectionLost("cut")])], ids=["head", "body"]
)
def test_write_is_never_asked_again_after_a_cut(method: str, cut: Answer) -> None:
    """Nobody knows whether a write that was cut off has happened: it is the caller's to find out."""
    script = Scripted(cut)
    with pytest.raises(ConnectionLost):
        fetched(script, Call(method=method, target="/x", body=b"{}"))


def test_refused_connection_is_not_asked_again() -> None:
    """Where nothing listens, asking again is a reflector's work, with its own backoff."""
    with pytest.raises(ConnectionRefused):
        fetched(Scripted(ConnectionRefused("refused")))


def test_cancellation_ends_a_wait() -> None:
    """A caller who gives up does not wait for the retry."""

    async def main() -> float:
        client = rest_client(Scripted(refusal(503, "", ("Retry-After", "50"))))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await client.fetch(GET)
        return asyncio.get_running_loop().time()

    assert run_virtual(main) == 3.0


def test_calls_have_a_bound_each() -> None:
    """Calls at the same time do not share their retries."""

    async def main() -> list[bytes]:
        again = [refusal(429, "", ("Retry-After", "1")) for _ in range(6)]
        client = rest_client(Scripted(*again, last=answer(b"{}")), retry=RetryPolicy(max_retries=2))
        return await asyncio.gather(*(client.fetch(GET) for _ in range(3)))

    assert run_virtual(main) == [b"{}"] * 3


# Deadlines


def test_headers_never_come() -> None:
    """An answer that does not begin is given up after the silence, with what was asked in the message."""
    script = Scripted(Answer(before=HANG))
    with pytest.raises(RequestTimeout, match=r"GET /api/v1/pods: no answer within 65 s"):
        fetched(script)


def test_body_stops_in_the_middle() -> None:
    """A body that stops is given up after the silence, and its connection closed."""
    script = Scripted(Answer([b"{", HANG]))
    with pytest.raises(RequestTimeout, match="stopped in the middle"):
        fetched(script, silence=5.0)
    assert script.answers[0].is_closed


def test_slow_body_is_read() -> None:
    """The deadline is for silence, not for the whole: a slow body that goes on is read to its end."""
    script = Scripted(Answer([b"{", Wait(50.0), b'"a"', Wait(50.0), b":1}"]))
    assert fetched(script) == b'{"a":1}'


def test_timeouts_of_the_caller_are_the_callers() -> None:
    """A deadline around a call raises TimeoutError, not one of our errors."""

    async def main() -> None:
        client = rest_client(Scripted(Answer([b"{", HANG])))
        async with asyncio.timeout(1):
            await client.fetch(GET)

    with pytest.raises(TimeoutError):
        run_virtual(main)


# Errors


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        (400, "BadRequest", "BadRequest"),
        (401, "Unauthorized", "Unauthorized"),
        (403, "Forbidden", "Forbidden"),
        (404, "NotFound", "NotFound"),
        (405, "MethodNotAllowed", "MethodNotAllowed"),
        (406, "NotAcceptable", "NotAcceptable"),
        (409, "Conflict", "Conflict"),
        (409, "AlreadyExists", "AlreadyExists"),
        (410, "Expired", "Expired"),
        (410, "Gone", "Gone"),
        (413, "RequestEntityTooLarge", "RequestEntityTooLarge"),
        (415, "UnsupportedMediaType", "UnsupportedMediaType"),
        (422, "Invalid", "Invalid"),
        (429, "TooManyRequests", "TooManyRequests"),
        (500, "InternalError", "InternalError"),
        (500, "ServerTimeout", "ServerTimeout"),
        (503, "ServiceUnavailable", "ServiceUnavailable"),
        (504, "Timeout", "ServerTimeout"),
        (404, "", "NotFound"),
        (410, "", "Expired"),
        (418, "Teapot", "APIStatusError"),
        (301, "", "APIStatusError"),
    ],
)
def test_status_becomes_exception(code: int, reason: str, expected: str) -> None:
    """The Status's reason, else the code, says which exception is raised; it carries the Status as it came."""
    details = {"name": "p", "kind": "pods", "causes": [{"field": "spec", "message": "bad"}]}
    with pytest.raises(APIStatusError, match="said") as caught:
        fetched(Scripted(refusal(code, reason, details=details)))
    error = caught.value
    assert type(error) is getattr(errors, expected)
    assert (error.code, error.status.reason) == (code, reason)
    assert error.status.details is not None
    assert [cause.field for cause in error.status.details.causes or []] == ["spec"]


@pytest.mark.parametrize("body", [b"", b"page not found", b'{"not": "a status"}', b"\xff\xfe", b"[1"])
@pytest.mark.parametrize("code", [404, 409, 422, 500])
def test_error_without_a_status(code: int, body: bytes) -> None:
    """An error answer without a Status is raised by its code, with the beginning of what it said."""
    with pytest.raises(APIStatusError) as caught:
        fetched(Scripted(answer(body, code, content_type="text/plain")))
    assert caught.value.code == code
    assert f"HTTP {code} without a Status" in str(caught.value)
    assert body[:10].decode("utf-8", "replace") in str(caught.value).replace("\\", "") or not body.isascii()


def test_status_without_a_code() -> None:
    """A Status that does not say its code gets that of the answer."""
    status = {"kind": "Status", "message": "no"}
    with pytest.raises(Forbidden) as caught:
        fetched(Scripted(answer(status, 403)))
    assert caught.value.code == 403


def test_error_body_that_is_cut() -> None:
    """The code of an error answer counts even if its body never arrives whole."""
    with pytest.raises(InternalError):
        fetched(Scripted(Answer([b'{"kind"', ConnectionLost("cut")], status=500)))


def test_error_body_without_end() -> None:
    """Of an endless error body only the beginning is read."""
    endless = Answer([b"x" * 65536] * 1000, status=500)
    with pytest.raises(InternalError):
        fetched(Scripted(endless))
    assert not endless.is_drained
    assert endless.is_closed


@pytest.mark.parametrize("content_type", ["text/html", "text/html; charset=utf-8", "text/plain"])
def test_page_instead_of_json(content_type: str) -> None:
    """A page with status 200 is no answer: the error says what came, with its beginning, and where to look."""
    page = answer(b"<html>\n<title>Login</title>" + b"x" * 5000, content_type=content_type)
    with pytest.raises(ProtocolError, match=r"GET /api/v1/pods.*text/.*proxy.*<title>Login") as caught:
        fetched(Scripted(page))
    assert len(str(caught.value)) < 500
    assert page.is_closed


@pytest.mark.parametrize("piece", [HANG, ConnectionLost("cut")], ids=["silence", "cut"])
def test_page_that_never_ends(piece: Piece) -> None:
    """Of a page instead of JSON that does not come whole, what came is told."""
    with pytest.raises(ProtocolError, match=r"answered text/html instead of JSON.*<html>"):
        fetched(Scripted(Answer([b"<html>", piece], content_type="text/html")))


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "text/JSON", ""]
)
def test_json_content_types(content_type: str) -> None:
    """JSON is taken with parameters and in any case, and where the server does not say."""
    assert fetched(Scripted(answer(b"{}", content_type=content_type))) == b"{}"


def test_any_form_is_taken_when_asked_for() -> None:
    """`any_form` takes what is no JSON, such as a log or a health check."""

    async def main() -> bytes:
        return await rest_client(Scripted(answer(b"ok", content_type="text/plain"))).fetch(GET, any_form=True)

    assert run_virtual(main) == b"ok"


def test_warnings_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Warning headers of good and bad answers are logged, each once for a client."""
    old = ("Warning", '299 - "old"')
    script = Scripted(
        answer(b"{}", 200, old, ("Warning", '299 - "older"')), refusal(404, "NotFound", old), answer(b"{}")
    )

    async def main() -> None:
        client = rest_client(script)
        await client.fetch(GET)
        with pytest.raises(APIStatusError):
            await client.fetch(GET)
        await client.fetch(GET)

    with caplog.at_level(logging.WARNING):
        run_virtual(main)
    assert caplog.messages == ["old", "older"]


def test_closed_client_refuses() -> None:
    """A client that was closed says so instead of opening connections that nobody closes."""

    async def main() -> None:
        client = rest_client(Scripted(answer(b"{}")))
        await client.aclose()
        await client.aclose()
        await client.fetch(GET)

    with pytest.raises(ListWatchError, match="closed"):
        run_virtual(main)


@pytest.mark.parametrize(
    "leave",
    [lambda response: response.read(), lambda response: response.aclose()],
    ids=["read", "closed"],
)
def test_open_answer_is_the_callers(leave: Callable[[Any], Awaitable[object]]) -> None:
    """`open` gives the answer unread; reading it or closing it both let the connection go."""
    script = Scripted(answer(b"{}"))

    async def main() -> None:
        response = await rest_client(script).open(GET)
        assert not script.answers[0].is_closed
        await leave(response)

    run_virtual(main)
    assert script.answers[0].is_closed
