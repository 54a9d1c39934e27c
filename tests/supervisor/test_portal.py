"""The whole portal on this machine: start, watch, stop, and what a crash leaves behind."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.supervisor.portal import ROOT, STARTED, Portal, until

pytestmark = pytest.mark.processes

LINK = re.compile(r"http://127\.0\.0\.1:\d+/welcome/\S{20,}/")


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """One portal for the tests of this file, which follow its life in their order."""
    one = Portal(tmp_path_factory.mktemp("portal") / "var")
    one.first_words = one.start()
    yield one
    one.stop()


def test_first_start_prints_address_and_one_time_link(portal):
    assert f"http://127.0.0.1:{portal.port}/" in portal.first_words
    assert LINK.search(portal.first_words)
    assert portal.lacks() == set()


def test_secrets_and_data_are_for_this_user_only(portal):
    assert [path.stat().st_mode & 0o077 for path in (portal.var, *portal.var.glob("secrets/*"))].count(0) >= 5
    assert not any(path.stat().st_mode & 0o077 for path in (portal.var, *portal.var.glob("secrets/*")))


def test_parts_know_only_the_application_role(portal):
    owner = (portal.var / "secrets" / "db-owner").read_text()
    for number in portal.processes():
        environment = Path(f"/proc/{number}/environ").read_text(errors="replace")
        assert "DATABASE_OWNER_URL" not in environment
        assert owner not in environment


def test_no_part_loads_tensorflow_or_all_of_statistics(portal):
    for part in ("gunicorn", "-Q inference"):
        numbers = [number for number, command in portal.processes().items() if part in command]
        assert len(numbers) >= 2
        for number in numbers:
            loaded = Path(f"/proc/{number}/maps").read_text()
            assert "tensorflow" not in loaded
            assert "scipy/stats" not in loaded


def test_secrets_are_in_no_command_line(portal):
    secrets = [path.read_text() for path in portal.var.glob("secrets/*")]
    for command in portal.processes().values():
        assert not any(secret in command for secret in secrets)


def test_second_instance_on_the_same_data_is_refused(portal):
    second = Portal(portal.var)
    second.out = portal.var.with_suffix(".second")
    said = second.refused()
    assert f"process {portal.process.pid}) already uses {portal.var}" in said
    assert len(said.strip().splitlines()) == 1
    assert portal.lacks() == set()


def test_port_in_use_is_one_sentence(portal, tmp_path):
    second = Portal(tmp_path / "var")
    second.port = portal.port
    said = second.refused()
    assert said.startswith(f"Port {portal.port} on 127.0.0.1 cannot be used")
    assert len(said.strip().splitlines()) == 1
    assert not list(second.var.glob("postgresql-*"))


@pytest.mark.parametrize(
    "part", ["-Q inference", "-Q exchange", "beat --scheduler", "gunicorn", "valkey-server", "/postgres -D"]
)
def test_killed_part_comes_back(portal, part):
    before = portal.main_process(part)
    os.kill(before, signal.SIGKILL)
    until(lambda: "it starts again" in portal.said() and before not in portal.processes())

    def anew():
        # What the killed one leaves behind may still be there for a moment, and then neither is.
        there = {number for number, command in portal.processes().items() if part in command}
        return there and min(there) != before and portal.lacks() == set()

    until(anew, 90)


def test_ctrl_c_leaves_no_process_and_the_next_start_is_quick(portal):
    assert portal.stop(signal.SIGINT) == 0
    assert portal.processes() == {}
    said = portal.start()
    assert LINK.search(said)
    # Fifteen seconds are promised for a machine that has nothing else to do.
    crowd = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert float(STARTED.search(said)[2]) <= 15 * crowd


def test_killed_supervisor_leaves_no_process_and_the_next_start_recovers(portal):
    portal.stop(signal.SIGKILL)
    until(lambda: portal.processes() == {})
    # The number in a file that was left behind may belong to another process by now.
    data = next(portal.var.glob("postgresql-*"))
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n0\n1\n\n127.0.0.1\n0 0\nready\n")
    portal.start()
    # The killed parts' marks do not count, so the address is printed when the new ones are there.
    assert portal.lacks() == set()


def test_commands_reach_the_running_portal_and_only_that(portal, tmp_path):
    command = [
        ROOT / "script" / "manage",
        "shell",
        "-v0",
        "-c",
        "from accounts.models import User; print(User.objects.count())",
    ]
    env = {"PATH": os.environ["PATH"], "HV_VAR": str(portal.var)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "0"), done.stderr
    stopped = subprocess.run(
        command, env={**env, "HV_VAR": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert stopped.returncode == 1
    assert "start it with script/server first" in stopped.stderr
    # A killed portal leaves what commands need, but nothing that they could reach.
    killed = tmp_path / "run"
    killed.mkdir()
    (killed / "environment.json").write_text((portal.var / "run" / "environment.json").read_text())
    (killed / "portal.lock").write_text(str(portal.process.pid))
    stopped = subprocess.run(
        command, env={**env, "HV_VAR": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (stopped.returncode, "start it with script/server first" in stopped.stderr) == (1, True)


def test_one_part_alone_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "hematovision.supervisor.part", "other"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Name one part: web, inference, training, courier, scheduler." in done.stderr
