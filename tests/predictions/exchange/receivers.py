"""A real HTTP receiver on loopback that answers as it is told and remembers what came."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

LOOPBACK = [ip_network("127.0.0.0/8")]


class Receiver(ThreadingHTTPServer):
    """``answers`` are given in turn, the last one for ever: a status, or a callable that gets the handler."""

    daemon_threads = True

    def __init__(self, *answers, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.answers, self.came = list(answers or [200]), []
        self.url = f"http://127.0.0.1:{self.server_port}/in"


class Handler(BaseHTTPRequestHandler):
    """Remembers headers and body of each request."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.came.append((dict(self.headers), body))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer):
            answer(self)
            return
        self.send_response(answer)
        self.end_headers()
        self.wfile.write(b"so be it")

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def receiving(*answers, port=0):
    """Run a receiver for as long as the block lasts."""
    with Receiver(*answers, port=port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
