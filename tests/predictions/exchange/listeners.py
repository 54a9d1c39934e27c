"""A real MLLP listener on loopback that answers as it is told and remembers what came."""

import contextlib
import socketserver
import ssl
import threading
import time


def number(message):
    """Return the control id of a message, as a receiver without any library reads it."""
    return message.split(b"|")[9].decode()


def ack(code, control_id=None, more=""):
    """Answer with an acknowledgement of the message, or of another one."""

    def answer(handler, message):
        head = "MSH|^~\\&|LIS|H|HematoVision||20261122||ACK^R01^ACK|A1|P|2.5.1\r"
        head += f"MSA|{code}|{control_id or number(message)}|"
        handler.request.sendall(b"\x0b" + f"{head}{more}\r".encode() + b"\x1c\r")

    return answer


def pieces(handler, message):
    """Answer AA in two pieces, the end in the second."""
    handler.request.sendall(b"\x0bMSH|^~\\&|LIS\rMSA|A")
    time.sleep(0.2)
    handler.request.sendall(f"A|{number(message)}\r".encode() + b"\x1c")
    time.sleep(0.1)
    with contextlib.suppress(OSError):
        handler.request.sendall(b"\r")


def garbage(handler, message):
    """Answer with a frame that holds no acknowledgement."""
    handler.request.sendall(b"\x0b\xff\xfeHTTP/1.1 400 |MSA|AA\x1c\r")


def endless(handler, message):
    """Answer without an end."""
    with contextlib.suppress(OSError):
        while True:
            handler.request.sendall(b"\x0bMSA|AA|" + b"x" * 65536)


def dripping(handler, message):
    """Answer a byte now and then, for ever."""
    with contextlib.suppress(OSError):
        while not handler.server.over.wait(0.05):
            handler.request.sendall(b"M")


def silent(handler, message):
    """Never answer."""
    handler.server.over.wait(30)


def closed(handler, message):
    """Close in the middle of the answer."""
    handler.request.sendall(b"\x0bMSH|^~\\&|LIS")


class Listener(socketserver.ThreadingTCPServer):
    """``answers`` are given in turn, the last one for ever."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *answers, port=0, tls=None):
        super().__init__(("127.0.0.1", port), Handler)
        self.answers, self.came, self.over = list(answers or [ack("AA")]), [], threading.Event()
        self.port = self.server_address[1]
        self.url = f"{'mllps' if tls else 'mllp'}://localhost:{self.port}/LIS/HOSPITAL"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request, client_address):
        """Say nothing of connections that the other side gave up."""


class Handler(socketserver.BaseRequestHandler):
    """Reads one frame, remembers the message and answers."""

    def handle(self):
        came = b""
        while not came.endswith(b"\x1c\r"):
            piece = self.request.recv(65536)
            if not piece:
                return
            came += piece
        assert came[:1] == b"\x0b", came
        message = came[1:-2]
        self.server.came.append(message)
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self, message)


@contextlib.contextmanager
def listening(*answers, port=0, tls=None):
    """Run a listener for as long as the block lasts."""
    with Listener(*answers, port=port, tls=tls) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
