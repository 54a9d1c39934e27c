"""Calling other programs: checked addresses only, no redirects, no proxies, no endless answers.

The name is resolved once and the connection goes to the very address that was checked, so that a name which
leads elsewhere the next moment changes nothing. TLS is still checked against the name, with the certificates
that the machine trusts (``SSL_CERT_FILE`` adds a house's own).
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore
from django.utils.translation import gettext as _

from predictions.exchange.addresses import OutboundProblem, Resolve, broken, checked, lookup

# Seconds for one step (connecting, reading, writing), and for all of one call.
STEP_SECONDS: Final = 10.0
CALL_SECONDS: Final = 30.0
# Bytes of an answer that are read; what follows is nobody's business.
LARGEST_ANSWER: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request; a redirect is an answer like any other and is not followed."""

    status: int
    body: bytes

    @property
    def words(self) -> str:
        """The beginning of the body in one line, as far as it is text."""
        return " ".join(self.body[:1000].decode(errors="replace").replace("\0", "").split())[:300]


def send(
    method: str, url: str, *, headers: Mapping[str, str], content: bytes = b"", resolve: Resolve = lookup
) -> Reply:
    """Send one request and return the answer.

    Args:
        url: ``https://...``; ``http://`` is called in the laboratory's own networks only.
        resolve: how names become addresses.

    Raises:
        OutboundProblem: the address may not be called, or nobody answered properly in time.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise OutboundProblem(_("The address does not begin with https://."), final=True)
    backend = Backend(encrypted=parts.scheme == "https", resolve=resolve)
    sent = {"User-Agent": "HematoVision", "Content-Length": str(len(content)), **headers}
    steps = dict.fromkeys(("connect", "read", "write", "pool"), STEP_SECONDS)
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=ssl.create_default_context(), network_backend=backend
            ) as pool,
            pool.stream(
                method,
                url,
                headers=list(sent.items()),
                content=content,
                extensions={"timeout": steps},
            ) as response,
        ):
            return Reply(response.status, _first(response.iter_stream()))
    except httpcore.TimeoutException as error:
        raise OutboundProblem(_("It did not answer in time."), final=False) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise broken(error) from error


def connect(host: str, port: int, *, tls: bool, resolve: Resolve = lookup) -> socket.socket:
    """Open a connection for a protocol of its own; its timeout is :data:`STEP_SECONDS`.

    Without ``tls`` only the laboratory's own networks are called.

    Raises:
        OutboundProblem: the address may not be called, or nobody answers there.
    """
    addresses = checked(host, port, encrypted=tls, resolve=resolve)
    try:
        opened = _opened(addresses, port, STEP_SECONDS)
        return ssl.create_default_context().wrap_socket(opened, server_hostname=host) if tls else opened
    except OSError as error:
        raise broken(error) from error


class Backend(httpcore.SyncBackend):
    """Connects to checked addresses, and ends every wait when the time for the whole call is over."""

    def __init__(self, *, encrypted: bool, resolve: Resolve) -> None:
        self.encrypted, self.resolve = encrypted, resolve
        self.end = time.monotonic() + CALL_SECONDS

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of the checked addresses that answers.

        Raises:
            OutboundProblem: one of them may not be called.
            httpcore.ConnectError: none answers.
        """
        problem: Exception = httpcore.ConnectError("no address")
        for address in checked(host, port, encrypted=self.encrypted, resolve=self.resolve):
            try:
                seconds = left(self.end, timeout)
                stream = super().connect_tcp(address, port, seconds, local_address, socket_options)
                return Hurried(stream, self.end)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem


class Hurried(httpcore.NetworkStream):
    """A stream on which no step outlasts the call, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, end: float) -> None:
        self.stream, self.end = stream, end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        return self.stream.read(max_bytes, left(self.end, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        self.stream.write(buffer, left(self.end, timeout))

    def close(self) -> None:
        """Close the connection."""
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Begin TLS, checked against the name and not the address."""
        stream = self.stream.start_tls(ssl_context, server_hostname, left(self.end, timeout))
        return Hurried(stream, self.end)

    def get_extra_info(self, info: str) -> Any:
        """Say what the connection knows of itself."""
        return self.stream.get_extra_info(info)


def left(end: float, timeout: float | None) -> float:
    """Return the seconds for one step, which are fewer near the ``end`` of the call.

    Raises:
        httpcore.ReadTimeout: there are none left.
    """
    seconds = min(end - time.monotonic(), timeout or STEP_SECONDS)
    if seconds <= 0:
        raise httpcore.ReadTimeout
    return seconds


def _opened(addresses: list[str], port: int, seconds: float) -> socket.socket:
    problem: OSError = OSError("no address")
    for address in addresses:
        try:
            return socket.create_connection((address, port), seconds)
        except OSError as error:
            problem = error
    raise problem


def _first(chunks: Iterable[bytes]) -> bytes:
    """Return the first bytes of an answer, as many as are of use."""
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) >= LARGEST_ANSWER:
            break
    return body[:LARGEST_ANSWER]
