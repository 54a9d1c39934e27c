"""How fast is the whole portal, from an upload to a stored result, and how fast is a minimal Flask server?

Starts the portal as ``script/server`` does, in a temporary folder, posts 400 fixed images of the Kaggle TEST
folder through ``/api/v1/predict`` with four clients, then does the same with ``serve_flask.py``. Everything
listens on the loopback only. Usage: .venv/bin/python bench/serve.py; HEMATOVISION_DATA names the image sets.
"""

import http.client
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections import Counter
from pathlib import Path

from serve_load import Run, memory, post_all, processor_seconds

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("HEMATOVISION_DATA", ROOT.parent / "shared" / "data"))
IMAGES = 400
WARM = 24
CLIENTS = 4
SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")


def main() -> None:
    """Run both and print the comparison."""
    images, warm = chosen(DATA / "kaggle-bccd" / "TEST")
    print(f"{len(images)} images, {CLIENTS} clients, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    portal = bench_portal(images, warm)
    print(f"load {os.getloadavg()[0]:.1f}")
    flask = bench_flask(images, warm)
    print(f"\nratio in images/s {portal.rate / flask.rate:.1f}")
    print(f"ratio in processor time {flask.processor / portal.processor:.1f}")


def chosen(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return evenly spaced images of the sorted folder, and others to warm up with."""
    files = sorted(folder.rglob("*.jpeg"))
    picked = [files[n * len(files) // IMAGES] for n in range(IMAGES)]
    others = [file for file in files if file not in set(picked)]
    return picked, others[:: len(others) // WARM][:WARM]


def bench_portal(images: list[Path], warm: list[Path]) -> Run:
    """Measure the portal; every answer must name a stored result."""
    with tempfile.TemporaryDirectory(prefix="hv-bench-") as var:
        port = free_port()
        env = {name: value for name, value in os.environ.items() if name not in SERVERS}
        env |= {"HV_VAR": var, "HOST": "127.0.0.1", "PORT": str(port)}
        command = [sys.executable, "-m", "hematovision.supervisor"]
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        try:
            token = sign_in(port, first_link(server))
            post_all(port, "/api/v1/predict", warm, clients=CLIENTS, token=token)
            run = measured(server, port, "/api/v1/predict", images, token)
            print(run.report("portal, upload to stored result"))
            show(memory(server.pid))
            check(run)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
    return run


def bench_flask(images: list[Path], warm: list[Path]) -> Run:
    """Measure Flask with the same images and clients."""
    port = free_port()
    weights = sorted((DATA.parent / "weights").glob("*.h5"))
    command = [sys.executable, str(ROOT / "bench" / "serve_flask.py"), str(port), *map(str, weights[:1])]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, **quiet)
    try:
        wait_for(port, server)
        post_all(port, "/predict", warm, clients=CLIENTS)
        run = measured(server, port, "/predict", images)
        print(run.report("Flask + model.predict, not stored"))
        show(memory(server.pid))
    finally:
        server.terminate()
        server.wait(30)
    return run


def measured(server: subprocess.Popen, port: int, path: str, images: list[Path], token: str = "") -> Run:
    """Post the images and note what processor time the server's processes needed for them."""
    before = processor_seconds(server.pid)
    run = post_all(port, path, images, clients=CLIENTS, token=token)
    run.processor = processor_seconds(server.pid) - before
    return run


def check(run: Run) -> None:
    """Say what was answered; a bench of wrong answers is worth nothing."""
    states = Counter(answer["state"] for answer in run.answers)
    labels = Counter(answer["predicted_label"] for answer in run.answers)
    print(f"  answers: {dict(states)}, {dict(labels)}")
    if states != {"done": len(run.answers)} or len({answer["id"] for answer in run.answers}) != len(
        run.answers
    ):
        raise SystemExit("Not every image has a stored result.")


def show(rows: list[tuple[float, float, str]]) -> None:
    """Print the memory of the processes, those below 20 MB together."""
    for resident, proportional, name in rows:
        if resident >= 20:
            print(f"  {resident:6.0f} MB resident  {proportional:6.0f} MB proportional  {name}")
    print(f"  {sum(row[1] for row in rows):6.0f} MB in all (proportional), {len(rows)} processes")


def first_link(server: subprocess.Popen) -> str:
    """Return the path of the first admin's one-time link from what the portal prints."""
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"http://\S+?(/welcome/\S+)", line):
            return found.group(1)
    raise SystemExit("The portal did not start.")


def sign_in(port: int, link: str) -> str:
    """Become the first admin through the one-time link and return a token for the API."""
    email, password = "bench@example.org", secrets.token_urlsafe(16)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", link)
    page = connection.getresponse()
    cookie = (page.headers["Set-Cookie"] or "").split(";")[0]
    mark = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
    assert mark
    form = {"csrfmiddlewaretoken": mark[1], "email": email, "name": "Bench", "site_name": "Bench"}
    form |= {"new_password1": password, "new_password2": password}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    connection.request("POST", link, urllib.parse.urlencode(form), headers)
    connection.getresponse().read()
    body = json.dumps({"email": email, "password": password})
    connection.request("POST", "/_allauth/app/v1/auth/login", body, {"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    if "access_token" not in answer.get("meta", {}):
        raise SystemExit(f"Signing in failed: {answer}")
    return answer["meta"]["access_token"]


def free_port() -> int:
    """Return a port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, server: subprocess.Popen) -> None:
    """Return once the port answers."""
    for _ in range(600):
        if server.poll() is not None:
            raise SystemExit("The Flask server did not start.")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)


if __name__ == "__main__":
    main()
