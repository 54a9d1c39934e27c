"""How many images a second does the API take one by one, and how many in batches?

Starts the portal as ``script/server`` does, in a temporary folder, and posts fixed images of the Kaggle TEST
folder through ``/api/v1/predict`` and through ``/api/v1/predict/batch``, with one client and with four. Each
pair is measured in turn, and again in the other order, so that what else the machine does falls on both.
Every answer must hold a stored result.

Usage: .venv/bin/python bench/batch.py; HEMATOVISION_DATA names the image sets.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

from serve import DATA, ROOT, SERVERS, chosen, first_link, free_port, sign_in
from serve_load import processor_seconds

TOGETHER = 20
CLIENTS = (1, 4)
ROUNDS = 2
# For one run; those of a pair use different images, so that none finds its bytes stored by the other.
IMAGES = 80


def main() -> None:
    """Measure the pairs and print their ratios."""
    images, warm = chosen(DATA / "kaggle-bccd" / "TEST")
    print(f"{IMAGES} images a run, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="hv-bench-") as var:
        port = free_port()
        env = {name: value for name, value in os.environ.items() if name not in SERVERS}
        env |= {"HV_VAR": var, "HOST": "127.0.0.1", "PORT": str(port), "PREDICT_WAIT_SECONDS": "60"}
        command = [sys.executable, "-m", "hematovision.supervisor"]
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        try:
            token = sign_in(port, first_link(server))
            for together in (1, TOGETHER):
                run(server.pid, port, token, warm, together=together, clients=1)
            for clients in CLIENTS:
                pair(server.pid, port, token, images, clients=clients)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
    print(f"load {os.getloadavg()[0]:.1f}")


def pair(server: int, port: int, token: str, images: list[Path], *, clients: int) -> None:
    """Measure both ways in turn and print what each takes and their ratio."""
    seconds, used = {1: 0.0, TOGETHER: 0.0}, {1: 0.0, TOGETHER: 0.0}
    for number in range(ROUNDS):
        order = (1, TOGETHER) if number % 2 == 0 else (TOGETHER, 1)
        for which, together in enumerate(order):
            begin = (2 * number + which) * IMAGES
            took, cost = run(
                server, port, token, images[begin : begin + IMAGES], together=together, clients=clients
            )
            seconds[together] += took
            used[together] += cost
    for together, took in seconds.items():
        rate = ROUNDS * IMAGES / took
        cost = used[together] / ROUNDS / IMAGES * 1000
        print(
            f"{clients} client(s), {together:2} a request  {rate:6.1f} images/s  {cost:6.1f} core-ms an image"
        )
    print(f"{clients} client(s), batches against single posts  {seconds[1] / seconds[TOGETHER]:.2f}")


def run(
    server: int, port: int, token: str, images: list[Path], *, together: int, clients: int
) -> tuple[float, float]:
    """Post the images, ``together`` in each request; return the seconds and the processor time they took."""
    groups = [images[at : at + together] for at in range(0, len(images), together)]
    problems: list[str] = []
    todo = iter([(body_of(group), len(group)) for group in groups])
    taking = threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while True:
            with taking:
                request = next(todo, None)
            if request is None:
                return
            if problem := asked(connection, token, *request, batch=together > 1):
                problems.append(problem)
                return

    threads = [threading.Thread(target=client) for _ in range(clients)]
    before, began = processor_seconds(server), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    if problems:
        raise SystemExit("\n".join(problems))
    return took, processor_seconds(server) - before


def asked(
    connection: http.client.HTTPConnection, token: str, body: tuple[str, bytes], count: int, *, batch: bool
) -> str:
    """Send one request; return what is wrong with its answer, or nothing."""
    path = "/api/v1/predict/batch" if batch else "/api/v1/predict"
    content_type, content = body
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {token}"}
    connection.request("POST", path, content, headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    results = answer.get("results", []) if batch else [answer]
    if len(results) == count and all(one.get("state") == "done" for one in results):
        return ""
    return f"{response.status}: {str(answer)[:300]}"


def body_of(images: list[Path]) -> tuple[str, bytes]:
    """Return the type and the body of a multipart request with these files."""
    mark = uuid.uuid4().hex
    head = '--{}\r\nContent-Disposition: form-data; name="file"; filename="{}"\r\n\r\n'
    parts = [head.format(mark, image.name).encode() + image.read_bytes() + b"\r\n" for image in images]
    return f"multipart/form-data; boundary={mark}", b"".join([*parts, f"--{mark}--\r\n".encode()])


if __name__ == "__main__":
    main()
