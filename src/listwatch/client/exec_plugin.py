"""Credentials that another program hands out: run when needed, kept while they last.

In:    an `ExecConfig` (from client/kubeconfig_entries.py)
Out:   the Authorization header's value and a client certificate (to client/connection.py and client/tls.py)
Next:  client/connection.py
Rules: the one door for child processes; one run at a time, whoever waits; a waiter that gives up does not
       stop the run; credentials that still hold are used although newer ones cannot be had
Source: client-go plugin/pkg/client/auth/exec, type Authenticator; differs: a timeout, renewal before expiry,
       a pause after failures, and a 401 leads to a retry of that request rather than of the next
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from listwatch.apimachinery.clock import Clock, SystemClock
from listwatch.apimachinery.errors import CredentialError
from listwatch.client.credentials import ClientCertificate, reason
from listwatch.client.exec_credential import (
    ExecConfig,
    ExecCredential,
    exec_info,
    parse_exec_credential,
    printable,
    shown_stderr,
)
from listwatch.client.tls import pair_problem

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS: Final = 30.0
# A person with a browser and a second factor is slower than a program.
INTERACTIVE_TIMEOUT_SECONDS: Final = 300.0
# Renewed this long before the end, or a tenth of the lifetime if that is shorter.
_EARLY_SECONDS: Final = 60.0
_EARLY_FRACTION: Final = 0.1
# Credentials that arrive expired (a wrong clock, here or there) are tried for this long, so that a
# broken clock does not run the plugin for every request.
_EXPIRED_GRACE_SECONDS: Final = 10.0
_FAILURE_PAUSE_SECONDS: Final = 1.0
_FAILURE_PAUSE_MAX_SECONDS: Final = 60.0
# Between two runs that 401s asked for: the server may refuse whatever this plugin hands out.
_REFUSED_PAUSE_SECONDS: Final = 10.0
_REFUSED_PAUSE_MAX_SECONDS: Final = 300.0
_OUTPUT_MAX_BYTES: Final = 1024 * 1024
_STDERR_MAX_BYTES: Final = 16 * 1024
_CHUNK_BYTES: Final = 64 * 1024
_REAP_SECONDS: Final = 5.0


class ExecPlugin:
    """Credentials from an exec plugin (`Credentials`).

    The plugin runs when there are no credentials, shortly before they expire (in the background, while the
    old ones are still used), and once after the server refused them. Callers that come meanwhile wait for
    that run. After a failure it rests, one second first, twice as long each time, a minute at most; callers
    then get the last failure at once.

    May be used from several event loops; each then has its own run.

    Args:
        config: What to run.
        clock: Tells expiry and pauses.
        environ: The variables it inherits; None for this process's own at that time.
        timeout: Seconds until it is killed, with all that it started; None for 30, or 300 where it talks to
            a person.
        has_terminal: Whether there is somebody to talk to.
    """

    def __init__(
        self,
        config: ExecConfig,
        *,
        clock: Clock | None = None,
        environ: Mapping[str, str] | None = None,
        timeout: float | None = None,
        has_terminal: Callable[[], bool] | None = None,
    ) -> None:
        self._config = config
        self._clock = clock if clock is not None else SystemClock()
        self._environ = environ
        self._timeout = timeout
        self._has_terminal = has_terminal if has_terminal is not None else _stdin_is_terminal
        self._credential: ExecCredential | None = None
        self._renew_at: datetime | None = None
        self._ends_at: datetime | None = None
        self._flight: asyncio.Task[str | None] | None = None
        self._failure = ""
        self._failure_pause = 0.0
        self._resume_at = 0.0
        self._refused_at: float | None = None
        self._refused_pause = _REFUSED_PAUSE_SECONDS

    async def authorization(self) -> str | None:
        """The header's value; None if the plugin hands out only a certificate.

        Raises:
            CredentialError: No credentials hold any more and the plugin failed. Tells the exit code, its last
                words and, for a command that is not there, how to install it.
        """
        if self._credential is not None:
            now = self._clock.now()
            if self._renew_at is None or now < self._renew_at:
                return self._header()
            if self._ends_at is not None and now < self._ends_at:
                self._renew_in_background()
                return self._header()
        await self._renew()
        return self._header()

    async def refused(self, used: str | None) -> bool:
        """Run the plugin again, unless that has happened since `used` was handed out, or just now in vain.

        Returns:
            Whether the credentials are others now.

        Raises:
            CredentialError: The plugin failed.
        """
        before = self._credential
        if before is not None and self._header() != used:
            return True
        if not self._is_flying():
            now = self._clock.monotonic()
            if self._refused_at is not None and now - self._refused_at < self._refused_pause:
                return False
            has_rested = self._refused_at is None or now - self._refused_at > _REFUSED_PAUSE_MAX_SECONDS
            self._refused_pause = (
                _REFUSED_PAUSE_SECONDS
                if has_rested
                else min(2 * self._refused_pause, _REFUSED_PAUSE_MAX_SECONDS)
            )
            self._refused_at = now
        await self._renew()
        after = self._credential
        return (
            before is None
            or after is None
            or (after.token, after.certificate) != (before.token, before.certificate)
        )

    def client_certificate(self) -> ClientCertificate | None:
        """The certificate handed out last, or None."""
        return self._credential.certificate if self._credential is not None else None

    def __repr__(self) -> str:
        return f"ExecPlugin({self._config!r})"

    def _header(self) -> str | None:
        token = self._credential.token if self._credential is not None else None
        return f"Bearer {token}" if token is not None else None

    def _is_flying(self) -> bool:
        flight = self._flight
        return flight is not None and not flight.done() and flight.get_loop() is asyncio.get_running_loop()

    def _is_resting(self) -> bool:
        return self._failure != "" and self._clock.monotonic() < self._resume_at

    def _fly(self) -> asyncio.Task[str | None]:
        if self._flight is None or not self._is_flying():
            self._flight = asyncio.get_running_loop().create_task(self._run(), name=self._config.name)
        return self._flight

    def _renew_in_background(self) -> None:
        if not self._is_flying() and not self._is_resting():
            self._fly()

    async def _renew(self) -> None:
        if not self._is_flying() and self._is_resting():
            pause = self._resume_at - self._clock.monotonic()
            raise CredentialError(f"{self._failure}\n(not run again for another {pause:.1f} s)")
        # Shielded: a caller that is cancelled leaves, the others still wait for the same run.
        if failure := await asyncio.shield(self._fly()):
            raise CredentialError(failure)

    async def _run(self) -> str | None:
        """One run; its result goes into this object. Returns the failure's text, which each waiter raises."""
        try:
            credential = await self._fetch()
        except CredentialError as error:
            self._failure = f"{self._config.name}: {error}"
            self._failure_pause = min(
                max(2 * self._failure_pause, _FAILURE_PAUSE_SECONDS), _FAILURE_PAUSE_MAX_SECONDS
            )
            self._resume_at = self._clock.monotonic() + self._failure_pause
            if self._ends_at is not None and self._clock.now() < self._ends_at:
                logger.warning("%s\nthe credentials from before stay in use until they expire", self._failure)
            return self._failure
        self._failure, self._failure_pause = "", 0.0
        self._keep(credential)
        return None

    def _keep(self, credential: ExecCredential) -> None:
        self._credential = credential
        self._renew_at = self._ends_at = credential.expires
        if credential.expires is None:
            return
        now = self._clock.now()
        lifetime = (credential.expires - now).total_seconds()
        if lifetime <= 0:
            logger.warning(
                "%s: handed out credentials that expired %.0f s ago; is the clock right?",
                self._config.name,
                -lifetime,
            )
            self._renew_at = self._ends_at = now + timedelta(seconds=_EXPIRED_GRACE_SECONDS)
        else:
            margin = min(_EARLY_SECONDS, _EARLY_FRACTION * lifetime)
            self._renew_at = credential.expires - timedelta(seconds=margin)

    async def _fetch(self) -> ExecCredential:
        config = self._config
        interactive = self._is_interactive()
        environ = dict(os.environ if self._environ is None else self._environ)
        program = shutil.which(config.command, path=environ.get("PATH", os.defpath))
        if program is None:
            raise CredentialError(_not_found(config))
        ca_data = None
        if config.cluster is not None and (ca_file := config.cluster.certificate_authority) is not None:
            try:
                ca_data = ca_file.read_bytes()
            except OSError as error:
                raise CredentialError(f"certificate-authority {ca_file}: {reason(error)}") from error
        info = exec_info(config=config, interactive=interactive, ca_data=ca_data)
        output = await _run_plugin(
            config,
            program=program,
            environ={**environ, **config.env, "KUBERNETES_EXEC_INFO": info},
            interactive=interactive,
            seconds=self._timeout or (INTERACTIVE_TIMEOUT_SECONDS if interactive else TIMEOUT_SECONDS),
        )
        try:
            credential = parse_exec_credential(output, api_version=config.api_version)
        except CredentialError as error:
            raise CredentialError(f"{config.command!r} {error}") from error
        if (pair := credential.certificate) is not None and (
            problem := pair_problem(certificate=pair.certificate, key=pair.key)
        ):
            raise CredentialError(
                f"{config.command!r} printed a client certificate that cannot be used: {problem}"
            )
        return credential

    def _is_interactive(self) -> bool:
        mode = self._config.interactive_mode
        if mode == "Never":
            return False
        has_terminal = self._has_terminal()
        if mode == "Always" and not has_terminal:
            raise CredentialError(
                f"{self._config.command!r} has to ask a person (interactiveMode: Always), "
                "and standard input is not a terminal"
            )
        return has_terminal


async def _run_plugin(
    config: ExecConfig, *, program: str, environ: Mapping[str, str], interactive: bool, seconds: float
) -> bytes:
    """Run the program to its end and give its stdout.

    Raises:
        CredentialError: It could not be started, failed, said too much, or took too long.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *config.args,
            stdin=None if interactive else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environ,
            # A session of its own can be killed whole, but is cut off from the terminal.
            start_new_session=not interactive,
        )
    except OSError as error:
        raise CredentialError(f"{program} cannot be run: {reason(error)}") from error
    except ValueError:
        # Not chained: a NUL in an argument or variable, which the exception may quote.
        raise CredentialError(f"{program} cannot be run: an argument or variable holds a NUL") from None
    said = bytearray()
    ended = False
    try:
        async with asyncio.timeout(seconds):
            output, _ = await asyncio.gather(
                _read_output(process, whole_group=not interactive),
                _read_stderr(process, said, pass_on=interactive),
            )
            code = await process.wait()
        ended = True
    except TimeoutError:
        words = shown_stderr(bytes(said), config=config)
        raise CredentialError(
            _failed(config, f"did not finish within {seconds:g} s and was killed", words)
        ) from None
    finally:
        if not ended:
            _kill(process, whole_group=not interactive)
        await _reap(process)
    words = shown_stderr(bytes(said), config=config)
    if len(output) > _OUTPUT_MAX_BYTES:
        raise CredentialError(
            _failed(config, f"printed more than {_OUTPUT_MAX_BYTES} bytes and was killed", words)
        )
    if code != 0:
        how = f"was killed by signal {-code}" if code < 0 else f"failed with exit code {code}"
        raise CredentialError(_failed(config, how, words))
    return output


async def _read_output(process: asyncio.subprocess.Process, *, whole_group: bool) -> bytes:
    output = bytearray()
    stream = process.stdout
    while stream is not None and (chunk := await stream.read(_CHUNK_BYTES)):
        output += chunk
        if len(output) > _OUTPUT_MAX_BYTES:
            _kill(process, whole_group=whole_group)
            break
    return bytes(output)


async def _read_stderr(process: asyncio.subprocess.Process, said: bytearray, *, pass_on: bool) -> None:
    """Keep the end of it in `said`; a person at the terminal must see it as it comes."""
    stream = process.stderr
    while stream is not None and (chunk := await stream.read(_CHUNK_BYTES)):
        said += chunk
        del said[:-_STDERR_MAX_BYTES]
        if pass_on and sys.stderr is not None:
            sys.stderr.write(chunk.decode("utf-8", "replace"))
            sys.stderr.flush()


def _kill(process: asyncio.subprocess.Process, *, whole_group: bool) -> None:
    # Gone already is as good as killed.
    with contextlib.suppress(ProcessLookupError):
        if whole_group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


async def _reap(process: asyncio.subprocess.Process) -> None:
    """See the process and its pipes to their end, however the run ended."""
    try:
        async with asyncio.timeout(_REAP_SECONDS):
            for stream in (process.stdout, process.stderr):
                while stream is not None and await stream.read(_CHUNK_BYTES):
                    pass
            await process.wait()
    except TimeoutError:
        logger.warning("process %d does not let go of its output", process.pid)


def _failed(config: ExecConfig, how: str, words: str) -> str:
    return f"{config.command!r} {how}" + (f":\n{words}" if words else " and said nothing on stderr")


def _not_found(config: ExecConfig) -> str:
    where = "does not exist or is not executable" if os.sep in config.command else "is not in PATH"
    hint = printable(config.install_hint).strip()
    return f"{config.command!r} {where}" + (f"\n{hint}" if hint else "")


def _stdin_is_terminal() -> bool:
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
