"""The line to a portal: one connection pool, a token, and patience with what passes."""

from __future__ import annotations

import random
import re
import ssl
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx

from hematovision_client.errors import LATER, PortalError, Unreachable, error_of
from hematovision_client.records import ADDRESSES, Operation
from hematovision_client.version import VERSION

AGENT: Final = f"hematovision-client/{VERSION}"
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
HIGHEST_PORT: Final = 65_535


class Line:
    """Sends requests with the token and comes again when the portal is away or asks for it.

    Args:
        address: of the portal, such as ``https://portal.lab.example``. Plain ``http`` is only for the same
            machine, since everybody on the way could read the token.
        token: a machine's (``hvm_...``) or a person's access token.
        authority: file with the certificates to trust instead of the system's, for laboratories with an
            authority of their own.
        timeout: seconds for each step of one attempt.
        patience: seconds after which no further attempt is begun.

    Raises:
        ValueError: address, token or certificates are none.
    """

    def __init__(
        self, address: str, token: str, *, authority: Path | None, timeout: float, patience: float
    ) -> None:
        url = _encrypted(address)
        self.patience = patience
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {_whole(token)}", "User-Agent": AGENT},
            timeout=timeout,
            verify=_trusted(authority),
            # A proxy of the environment would get what goes to this machine in the clear, with the token.
            trust_env=url.scheme == "https",
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def call(
        self, operation: Operation, *, at: dict[str, str] | None = None, **content: Any
    ) -> httpx.Response:
        """Do an operation of the portal's description and return its answer.

        Args:
            at: the parts of the address, such as ``{"field_id": ...}``.
            content: ``json``, ``data``, ``files``, ``params`` or ``headers`` as httpx takes them.

        Raises:
            PortalError: of the kind that fits.
        """
        method, address = ADDRESSES[operation]
        return self.send(method, address.format(**(at or {})), **content)

    def ask(self, operation: Operation, *, at: dict[str, str] | None = None, **content: Any) -> Any:
        """Do an operation and return what its answer holds, as JSON; the rest as for :meth:`call`."""
        return self.told(self.call(operation, at=at, **content))

    def told(self, response: httpx.Response) -> Any:
        """Return the JSON of an answer.

        Raises:
            Unreachable: it holds none, so it is not the portal that answers.
        """
        try:
            return response.json()
        except ValueError as error:
            text = f"What answers at {self._client.base_url} is no portal."
            raise Unreachable(response.status_code, "no_portal", text) from error

    def send(self, method: str, address: str, **content: Any) -> httpx.Response:
        """Send a request to an address of the portal; the rest as for :meth:`call`."""
        # Every attempt sends this one request, so its Idempotency-Key and its very bytes stay the same.
        request = self._client.build_request(method, address, **content)
        end = time.monotonic() + self.patience
        for attempt in count():
            outcome = self._attempt(request)
            if isinstance(outcome, httpx.Response) and outcome.status_code not in LATER:
                return _good(outcome)
            pause = _pause(outcome, attempt)
            if time.monotonic() + pause > end:
                break
            time.sleep(pause)
        raise outcome if isinstance(outcome, PortalError) else error_of(outcome)

    def _attempt(self, request: httpx.Request) -> httpx.Response | Unreachable:
        """Send once; a certificate that is not trusted ends it, since waiting makes none better."""
        try:
            return self._client.send(request)
        except httpx.TransportError as error:
            said = str(error) or type(error).__name__
            # "[Errno 111] Connection refused", "[SSL: ...] ... (_ssl.c:1006)": of no use to people.
            why = re.sub(r"^\[[^]]*\] | \(_ssl\.c:\d+\)$", "", said)
            if "WRONG_VERSION_NUMBER" in said:
                why = "it does not speak HTTPS"
            failure = Unreachable(0, "unreachable", f"{self._client.base_url} does not answer: {why}")
            if "CERTIFICATE_VERIFY_FAILED" in said:
                raise failure from error
            return failure


def _good(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    raise error_of(response)


def _encrypted(address: str) -> httpx.URL:
    """Return the address; refuse to send a token in the clear to another machine."""
    try:
        url = httpx.URL(address.strip())
    except httpx.InvalidURL as error:
        raise ValueError(f"“{address}” is no address: {error}.") from error
    if url.port is not None and not 0 < url.port <= HIGHEST_PORT:
        raise ValueError(f"“{address}” is no address: there is no port {url.port}.")
    if url.scheme == "https" and url.host:
        return url
    try:
        local = ip_address(url.host).is_loopback
    except ValueError:
        local = url.host == "localhost"
    if url.scheme != "http" or not local:
        raise ValueError(
            f"“{address}” does not begin with https://. Only this machine may be reached without."
        )
    return url


def _whole(token: str) -> str:
    """Return a token that can stand in a header; an error further on would repeat its text."""
    if not re.fullmatch(r"[!-~]+", token):
        raise ValueError("The token is empty or holds characters that no token has. Copy it again, whole.")
    return token


def _trusted(authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:
        why = error.strerror or error
        raise ValueError(f"The certificates in “{authority}” cannot be read: {why}.") from error


def _pause(outcome: httpx.Response | PortalError, attempt: int) -> float:
    """Return the seconds to wait: what the portal asks for, else twice as long each time, never in step."""
    asked = outcome.headers.get("Retry-After") if isinstance(outcome, httpx.Response) else None
    if asked is not None and (seconds := _seconds(asked)) is not None:
        return seconds
    spread = random.uniform(0.75, 1.25)  # noqa: S311 -- no secret
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**attempt) * spread


def _seconds(asked: str) -> float | None:
    """Return what a ``Retry-After`` says, in seconds or as a date, or None for neither."""
    if asked.strip().isdigit():
        return float(asked)
    try:
        moment = parsedate_to_datetime(asked)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
