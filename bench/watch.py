"""How long does a watched folder take for 200 real files, and what does the watcher need?

Starts the portal as ``script/server`` does, in a temporary folder, and ``hematovision watch`` on an empty
one. A scanner then drops 200 photographs for ten samples, each in two halves; in the middle the watcher is
killed with -9 and started again. Everything listens on the loopback only.
Usage: .venv/bin/python bench/watch.py; HEMATOVISION_DATA names the image sets.
"""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from serve import DATA, ROOT, SERVERS, first_link, free_port, sign_in

FILES = 200
SAMPLES = 10
SETTLE = 1.0
CLIENT = ROOT / "clients" / "python"
sys.path.insert(0, str(CLIENT))

from hematovision_client import Portal  # noqa: E402 -- from the folder beside


def main() -> None:
    """Run it and print what it took; anything lost or doubled ends it with an error."""
    files = sorted((DATA / "bccd" / "images").glob("*.jpg"))[:FILES]
    with tempfile.TemporaryDirectory(prefix="hv-bench-") as folder:
        var, drop, port = Path(folder, "var"), Path(folder, "drop"), free_port()
        drop.mkdir()
        env = {name: value for name, value in os.environ.items() if name not in SERVERS}
        env |= {"HV_VAR": str(var), "HOST": "127.0.0.1", "PORT": str(port)}
        command = [sys.executable, "-m", "hematovision.supervisor"]
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        try:
            token = sign_in(port, first_link(server))
            measure(f"http://127.0.0.1:{port}", token, files, drop)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)


def measure(address: str, token: str, files: list[Path], drop: Path) -> None:
    """Drop the files while a watcher runs, kill it once, and wait until all are put away."""
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"{len(files)} files, {size:.1f} MB, {SAMPLES} samples, load {os.getloadavg()[0]:.1f}")
    watcher = start(address, token, drop)
    began = time.monotonic()
    scanner = threading.Thread(target=scan, args=(files, drop))
    scanner.start()
    wait_for(lambda: put_away(drop) >= FILES // 2)
    watcher.kill()
    watcher.wait()
    print(f"killed with {put_away(drop)} put away after {time.monotonic() - began:.1f} s")
    watcher = start(address, token, drop)
    scanner.join()
    print(f"the scanner ended after {time.monotonic() - began:.1f} s")
    wait_for(lambda: put_away(drop) == FILES)
    took = time.monotonic() - began
    peak = memory(watcher.pid)
    watcher.terminate()
    watcher.wait()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"all put away after {took:.1f} s, {FILES / took:.1f} files/s; watcher: {peak:.0f} MB at most")
    print(f"processor time of both watchers {spent.ru_utime + spent.ru_stime:.1f} s")
    check(address, token, drop)


def start(address: str, token: str, drop: Path) -> subprocess.Popen:
    """Start the watcher."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CLIENT), "HEMATOVISION_TOKEN": token}
    command = [sys.executable, "-m", "hematovision_client", "watch", str(drop), "--portal", address]
    return subprocess.Popen([*command, "--settle", str(SETTLE)], env=env)


def scan(files: list[Path], drop: Path) -> None:
    """Write each file in two halves with a moment between, into the folder of its sample."""
    for number, file in enumerate(files):
        folder = drop / f"BENCH-{number % SAMPLES:02}"
        folder.mkdir(exist_ok=True)
        content = file.read_bytes()
        with (folder / file.name).open("wb", buffering=0) as out:
            out.write(content[: len(content) // 2])
            time.sleep(0.02)
            out.write(content[len(content) // 2 :])


def put_away(drop: Path) -> int:
    """Return how many files the watcher has put away."""
    return sum(1 for file in (drop / "sent").rglob("*") if file.is_file())


def wait_for(check: Callable[[], bool]) -> None:
    """Wait up to ten minutes until ``check()`` holds."""
    end = time.monotonic() + 600
    while not check():
        if time.monotonic() > end:
            raise SystemExit("It did not end in time.")
        time.sleep(0.1)


def memory(pid: int) -> float:
    """Return the most memory that a process has had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def check(address: str, token: str, drop: Path) -> None:
    """Hold what the portal has against what was dropped."""
    with Portal(address, token) as portal:
        samples = list(portal.samples())
        fields = [field["id"] for sample in samples for field in portal.fields(sample["id"])]
    refused = list((drop / "refused").rglob("*.jpg"))
    print(f"portal: {len(samples)} samples, {len(fields)} fields; refused {len(refused)}")
    if (len(samples), len(set(fields)), len(fields), refused) != (SAMPLES, FILES, FILES, []):
        raise SystemExit("Something is lost or doubled.")


if __name__ == "__main__":
    main()
