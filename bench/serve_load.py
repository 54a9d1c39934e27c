"""Clients that post images to a server at the same time, and what its processes weigh."""

import http.client
import json
import queue
import statistics
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 60


@dataclass
class Run:
    """Seconds of each request and of all, answers in the order of the images, the server's processor time."""

    seconds: list[float]
    total: float
    answers: list[dict]
    processor: float = 0.0

    def report(self, name: str) -> str:
        """One line: images a second, median and 95th percentile, processor time an image."""
        p50 = statistics.median(self.seconds) * 1000
        p95 = statistics.quantiles(self.seconds, n=20)[-1] * 1000
        used = self.processor / len(self.seconds) * 1000
        return (
            f"{name:<34} {self.rate:6.1f} images/s  p50 {p50:5.0f} ms  p95 {p95:5.0f} ms  {used:5.1f} core-ms"
        )

    @property
    def rate(self) -> float:
        """Images a second."""
        return len(self.seconds) / self.total


def post_all(port: int, path: str, images: list[Path], *, clients: int, token: str = "") -> Run:
    """Post every image once as multipart field ``file``; each client keeps its connection."""
    bodies = [_body(image) for image in images]
    todo: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(images)):
        todo.put(number)
    seconds, answers, problems = [0.0] * len(images), [{}] * len(images), []

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        while True:
            try:
                number = todo.get_nowait()
            except queue.Empty:
                return
            content_type, body = bodies[number]
            headers = {"Content-Type": content_type, "Authorization": f"Bearer {token}"}
            began = time.perf_counter()
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            text = response.read()
            seconds[number] = time.perf_counter() - began
            if response.status != http.client.OK:
                problems.append(f"{images[number].name}: {response.status} {text[:200]!r}")
                return
            answers[number] = json.loads(text)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = time.perf_counter() - began
    if problems:
        raise SystemExit("\n".join(problems))
    return Run(seconds, total, answers)


def _body(image: Path) -> tuple[str, bytes]:
    mark = uuid.uuid4().hex
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{image.name}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return (
        f"multipart/form-data; boundary={mark}",
        head.encode() + image.read_bytes() + f"\r\n--{mark}--\r\n".encode(),
    )


def family(root: int) -> list[int]:
    """Return a process and everything that it started."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, new = [], [root]
    while new:
        found += new
        new = [child for parent in new for child in parents.get(parent, [])]
    return found


def processor_seconds(root: int) -> float:
    """Return the processor time that the living processes of a family have used so far."""
    ticks = 0
    for process in family(root):
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100


def memory(root: int) -> list[tuple[float, float, str]]:
    """Return resident and proportional megabytes and the name of each process, largest first.

    Pages shared by several processes count in full in each resident figure and in parts in the other.
    """
    rows = []
    for process in family(root):
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
            words = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode().split()
        except OSError:
            continue
        sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in text.splitlines()[1:]}
        rows.append((sizes["Rss"], sizes["Pss"], _name(words)))
    return sorted(rows, reverse=True)


def _name(words: list[str]) -> str:
    """Name a process of the portal by what it is for."""
    line = " ".join(words)
    for mark, name in (
        ("gunicorn", "web (gunicorn)"),
        ("-Q inference", "inference worker (celery)"),
        ("-Q training", "training worker (celery)"),
        (" beat", "scheduler (celery beat)"),
        ("hematovision.supervisor", "supervisor"),
        ("valkey", "valkey"),
        ("postgres", "postgres"),
        ("serve_flask", "flask + keras"),
    ):
        if mark in line:
            return name
    return " ".join(words[:2])[:40]
