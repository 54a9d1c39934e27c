"""A real portal in processes of its own, as the tests of the supervisor drive it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from hematovision.supervisor.ports import free_port
from hematovision.supervisor.process import before_program

ROOT = Path(__file__).resolve().parents[2]
STARTED = re.compile(r"HematoVision runs at (\S+) \(after ([\d.]+) s\)")


class Portal:
    """The supervisor with its own data folder and port, and everything it starts."""

    def __init__(self, var, *, before=(), arguments=(), **extra):
        self.var, self.port, self.extra = var, free_port(), extra
        self.before, self.arguments = before, arguments
        self.out = var.with_suffix(".out")

    def start(self):
        """Start and wait for the address; return what was printed."""
        self.launch()
        end = time.monotonic() + 180
        while not STARTED.search(self.said()):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said() + self.logs()
            time.sleep(0.1)
        time.sleep(0.2)
        return self.said()

    def launch(self):
        """Start without waiting."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        env = {
            **kept,
            "HV_VAR": str(self.var),
            "PORT": str(self.port),
            "INFERENCE_PROCESSES": "1",
            # What its killed parts leave behind goes with the folder of the test.
            "TMPDIR": str(self.var.parent),
            **self.extra,
        }
        with self.out.open("w") as out:
            self.process = subprocess.Popen(
                [*self.before, sys.executable, "-m", "hematovision.supervisor", *self.arguments],
                cwd=ROOT,
                env=env,
                stdout=out,
                stderr=subprocess.STDOUT,
                # A test run that is killed leaves no portal behind.
                preexec_fn=before_program(signal.SIGTERM, None),  # noqa: PLW1509 -- as in the supervisor
            )

    def refused(self):
        """Start, expect a refusal, and return what was printed."""
        self.launch()
        assert self.process.wait(60) == 1, self.said()
        return self.said()

    def stop(self, number=signal.SIGINT):
        """End the supervisor and return its status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(90)

    def said(self):
        """Return what the terminal shows."""
        return self.out.read_text()

    def logs(self):
        """Return the ends of all logs."""
        return "\n".join(f"{log}:\n{log.read_text()[-2000:]}" for log in self.var.glob("log/*.log"))

    def health(self):
        """Return the status and the parts of ``/healthz``; status 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())["parts"]
        except OSError:
            return 0, {}
        finally:
            connection.close()

    def lacks(self):
        """Return the parts that are missing, apart from a model."""
        _, parts = self.health()
        return {name for name, state in parts.items() if state != "ok"} - {"model"} if parts else {"web"}

    def processes(self):
        """Return number -> command line of everything that belongs to this data folder."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    command = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
                    environment = (entry / "environ").read_bytes().decode(errors="replace")
                    folder = str((entry / "cwd").readlink())
                except OSError:
                    continue
                if f"HV_VAR={self.var}\0" in environment or folder.startswith(str(self.var)):
                    found[int(entry.name)] = command
        return found

    def main_process(self, part):
        """Return the number of the oldest process of a part, such as ``-Q inference``."""
        return min(number for number, command in self.processes().items() if part in command)


def until(check, seconds=120):
    """Wait until ``check()`` is true."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)
