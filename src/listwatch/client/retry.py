"""Whether a request that failed may be sent again, and when.

Rules: pure. Again only where that is safe: the server said when (`Retry-After`), or a GET was cut off. Never after
a refused connection, never without bound.
Source: client-go rest/with_retry.go; differs: Retry-After may be a date, and a wait that nobody would want to sit
out is given to the caller instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from listwatch.apimachinery.errors import ConnectionLost, TransportError


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Bounds.

    Attributes:
        max_retries: How many times one request is sent again.
        max_wait: The longest single wait in seconds; a server that asks for more gets no retry, its error says
            how long it asked for.
        cut_delay: The wait after a GET was cut off.
    """

    max_retries: int = 10
    max_wait: float = 60.0
    cut_delay: float = 1.0

    def after_answer(self, *, attempt: int, status: int, retry_after: float | None) -> float | None:
        """Seconds to wait before asking again, None for no.

        Args:
            attempt: How many times this request has been sent.
            status: The answer's HTTP status.
            retry_after: Seconds that its Retry-After header asks for, if it has one.
        """
        if attempt > self.max_retries or retry_after is None or retry_after > self.max_wait:
            return None
        return retry_after if status == 429 or status >= 500 else None

    def after_failure(self, *, attempt: int, method: str, error: TransportError) -> float | None:
        """The same where no whole answer came."""
        if attempt > self.max_retries or method != "GET" or not isinstance(error, ConnectionLost):
            return None
        return self.cut_delay


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds to wait from a Retry-After header: a number of seconds, or a date (RFC 9110 §10.2.3).

    Returns:
        None if there is no header or it makes no sense; never less than 0.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
