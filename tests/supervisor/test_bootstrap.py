"""Installing: what is refused, what is repeated, and what a second call costs."""

import os
import runpy
import subprocess
import sys
import time

import pytest

from tests.supervisor.small_tree import SCRIPTS, copy_scripts

SCRIPT = SCRIPTS / "bootstrap"
ABSENT = "hematovision-absent==1.0 --hash=sha256:" + "0" * 64 + "\n"


@pytest.fixture
def tree(tmp_path):
    """A tree with the real script and a lock that names nothing."""
    copy_scripts(["bootstrap"], tmp_path)
    (tmp_path / "tests").mkdir()
    for name in ("requirements.txt", "tests/requirements.txt"):
        (tmp_path / name).write_text("# nothing\n")
    return tmp_path


def bootstrap(tree, *arguments):
    """Run the script where no package index can be reached."""
    closed = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    return subprocess.run(
        [sys.executable, tree / "script" / "bootstrap", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(tree), **closed},
        capture_output=True,
        text=True,
        check=False,
    )


def test_calls_in_their_order(tree):
    assert bootstrap(tree).returncode == 0
    stale = tree / ".venv" / "stale"
    stale.touch()
    began = time.monotonic()
    again = bootstrap(tree)
    assert (again.returncode, again.stdout) == (0, "")
    assert time.monotonic() - began < 2
    assert stale.exists()

    (tree / "requirements.txt").write_text(ABSENT)
    failed = bootstrap(tree)
    assert failed.returncode == 1
    assert len(failed.stderr.strip().splitlines()) == 1
    assert "The package index cannot be reached; check network and proxy." in failed.stderr
    assert (tree / ".venv" / "unfinished").exists()

    (tree / "requirements.txt").write_text("# another lock\n")
    assert "Installing" in bootstrap(tree).stdout
    assert not stale.exists()


def test_full_disk_is_one_sentence(monkeypatch, capsys):
    ensure = runpy.run_path(str(SCRIPT))["check_disk"]
    monkeypatch.setitem(ensure.__globals__, "NEEDED_MB", 10**9)
    with pytest.raises(SystemExit, match=r"MB are free in .* about 1000000000 MB are needed"):
        ensure()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "not the one the lock names"),
        ("ERROR: No matching distribution found for x==1 (from versions: 0.9)", "not built for this machine"),
        ("something\nnew", "pip said: new"),
    ],
)
def test_pip_failures_are_explained(tree, monkeypatch, said, sentence):
    script = runpy.run_path(str(tree / "script" / "bootstrap"))
    (tree / ".venv" / "bin").mkdir(parents=True)
    python = tree / ".venv" / "bin" / "python"
    python.write_text(f"#!/bin/sh\nprintf '%s' '{said}'\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(SystemExit, match=sentence):
        script["install"]("requirements.txt")


def test_old_python_is_told_what_it_takes(monkeypatch):
    use = runpy.run_path(str(SCRIPT))["use_fitting_python"]
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(SystemExit, match=r"It takes Python 3\.11 to 3\.13; this is 3\.9"):
        use()
