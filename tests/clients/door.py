"""A door in front of a portal that can be shut, be busy, or lose answers on their way back."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BUSY = b'{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"Wait.","code":"throttled"}'


class Door(ThreadingHTTPServer):
    """Passes requests on to ``port``; ``busy`` and ``lose`` say how many of the next to refuse or to lose."""

    daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind, self.busy, self.lose, self.turned_away = port, 0, 0, 0
        self.faulty = b""
        self.passed = []
        self.opened = threading.Event()
        self.opened.set()
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that was killed is no error of the test."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.server.opened.is_set():
            self.server.turned_away += 1
            self.close_connection = True
            return
        if self.server.busy > 0:
            self.server.busy -= 1
            self.answer(429, [("Retry-After", "1"), ("Content-Type", "application/problem+json")], BUSY)
            return
        if self.server.faulty and self.server.faulty in content:
            self.answer(500, [("Content-Type", "text/html")], b"<h1>Server Error</h1>")
            return
        behind = http.client.HTTPConnection("localhost", self.server.behind, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name != "Host"}
        behind.request(self.command, self.path, content, headers)
        response = behind.getresponse()
        body = response.read()
        behind.close()
        self.server.passed.append((self.command, self.path, self.headers.get("Idempotency-Key")))
        if self.server.lose > 0 and self.command == "POST":
            self.server.lose -= 1
            self.close_connection = True
            return
        kept = ("Content-Type", "Retry-After", "Location", "Idempotent-Replayed")
        self.answer(
            response.status,
            [(name, response.headers[name]) for name in kept if name in response.headers],
            body,
        )

    do_GET = do_POST = pass_on  # noqa: N815 -- fixed by the standard library

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *about):
        """Nothing is logged."""
