"""How gunicorn speaks TLS itself: no old versions, no endless handshakes, and an answer to plain HTTP."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable
from typing import Any

from gunicorn.http import get_parser
from gunicorn.sock import ssl_wrap_socket
from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker

# The first byte of every TLS connection (RFC 8446, section 5.1: a handshake record).
HANDSHAKE = 0x16
MOST_PEEKED = 4096
# A client whose first byte comes later than this is served by gunicorn's own waiting.
FIRST_BYTE_SECONDS = 1.0
# A handshake holds one of few threads.
HANDSHAKE_SECONDS = 5
REQUEST = re.compile(rb"(?:GET|HEAD) (/[!-~]*) HTTP/1\.[01]\r\n")
HOST = re.compile(rb"\r\nhost: *([\w.:\[\]-]+) *\r\n", re.IGNORECASE)


def ssl_context(_config: Any, usual: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Refuse what is older than TLS 1.2; gunicorn calls this for each connection."""
    context = usual()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Worker(ThreadWorker):
    """A threaded worker that sends a browser which came without TLS to the same page with it."""

    def handle(self, conn: TConn) -> Any:
        """Look at the first byte of a new connection before gunicorn takes it for TLS."""
        if conn.initialized:
            return super().handle(conn)
        if not conn.wait_for_data(FIRST_BYTE_SECONDS):
            return super().handle(conn)
        try:
            begun = conn.sock.recv(MOST_PEEKED, socket.MSG_PEEK)
            if begun and begun[0] != HANDSHAKE:
                conn.sock.recv(MOST_PEEKED)
                conn.sock.sendall(answer_to_plain(begun))
                return False
            self.shake_hands(conn)
        except OSError:
            # Whoever has gone, says nothing or does not trust us needs no answer.
            return False
        if not conn.sock.pending() and not conn.wait_for_data(FIRST_BYTE_SECONDS):
            # Browsers open connections that they may need; those wait without a thread.
            return _DEFER
        return super().handle(conn)

    def shake_hands(self, conn: TConn) -> None:
        """Do what gunicorn's own ``init`` does, but not for as long as somebody likes.

        Raises:
            OSError: there is no agreement, or it takes too long.
        """
        conn.sock.settimeout(HANDSHAKE_SECONDS)
        conn.sock = ssl_wrap_socket(conn.sock, self.cfg)
        conn.sock.do_handshake()
        conn.parser = get_parser(self.cfg, conn.sock, conn.client)
        conn.initialized, conn.data_ready = True, False


def answer_to_plain(begun: bytes) -> bytes:
    """Return the answer to a request that came without TLS: the same address with it, or one sentence."""
    line, host = REQUEST.match(begun), HOST.search(begun)
    if line and host:
        status = b"308 Permanent Redirect"
        more = b"Location: https://" + host[1] + line[1] + b"\r\nCache-Control: no-store\r\n"
        text = b""
    else:
        status, more = b"400 Bad Request", b"Content-Type: text/plain; charset=utf-8\r\n"
        text = b"This portal speaks HTTPS only. Nothing was read or stored; use https:// in the address.\n"
    length = b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(text)
    return b"HTTP/1.1 " + status + b"\r\n" + more + length + text
