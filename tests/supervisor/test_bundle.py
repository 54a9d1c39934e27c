"""The offline bundle: made from what is committed, whole, and installed where no index can be reached."""

import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.supervisor.small_tree import copy_scripts

CLOSED = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
PROJECT = '[project]\nname = "hematovision"\nversion = "9.8.7"\n'


def probe_wheel(folder):
    """Write the smallest wheel there is and return the line that locks it."""
    folder.mkdir()
    path = folder / "hv_probe-1.0-py3-none-any.whl"
    about = "hv_probe-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("hv_probe.py", "here = True\n")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: hv-probe\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    return f"hv-probe==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A bundle of a small tree with the real scripts and one real package."""
    folder = tmp_path_factory.mktemp("bundle")
    tree = folder / "tree"
    copy_scripts(["bootstrap", "bundle", "install-bundle"], tree)
    (tree / "requirements.txt").write_text(probe_wheel(folder / "index"))
    (tree / "pyproject.toml").write_text(PROJECT)
    who = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "Begin"]):
        subprocess.run(["git", *command], cwd=tree, check=True)
    (tree / "not-committed").write_text("a note about a patient")
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), **CLOSED, "PIP_NO_INDEX": "1"}
    env["PIP_FIND_LINKS"] = str(folder / "index")
    subprocess.run([sys.executable, tree / "script" / "bundle", folder / "out"], env=env, check=True)
    (bundle,) = (folder / "out").iterdir()
    return bundle


@pytest.fixture
def unpacked(made, tmp_path):
    with tarfile.open(made) as whole:
        whole.extractall(tmp_path, filter="data")
    return tmp_path / made.name.removesuffix(".tar")


def install(unpacked, target):
    """Install where no index answers."""
    return subprocess.run(
        ["sh", unpacked / "install", target],
        env={"PATH": os.environ["PATH"], "HOME": str(unpacked.parent), **CLOSED},
        capture_output=True,
        text=True,
        check=False,
    )


def test_bundle_names_version_platform_and_python(made):
    assert made.name.startswith("hematovision-9.8.7-linux-")
    assert made.name.endswith(f"-python3.{sys.version_info.minor}.tar")
    with tarfile.open(made) as whole:
        names = {Path(name).name for name in whole.getnames()}
    assert {"install", "SHA256SUMS", "PYTHON", "source.tar", "hv_probe-1.0-py3-none-any.whl"} <= names
    assert "not-committed" not in names


def test_bundle_installs_without_an_index(unpacked, tmp_path):
    target = tmp_path / "a folder" / "portal"
    done = install(unpacked, target)
    assert done.returncode == 0, done.stderr
    assert f"Start it with {target}/script/server" in done.stdout
    said = subprocess.run([target / ".venv" / "bin" / "python", "-c", "import hv_probe"], check=False)
    assert said.returncode == 0
    assert not (target / "not-committed").exists()
    again = install(unpacked, target)
    assert again.returncode == 1
    assert "is there already; name another folder" in again.stderr


def test_damaged_bundle_is_refused(unpacked, tmp_path):
    wheel = next((unpacked / "wheels").iterdir())
    wheel.write_bytes(wheel.read_bytes() + b" ")
    done = install(unpacked, tmp_path / "portal")
    assert done.returncode == 1
    assert "The bundle is damaged; copy it again." in done.stderr
    assert not (tmp_path / "portal").exists()


def test_bundle_for_another_python_is_refused(unpacked, tmp_path):
    (unpacked / "PYTHON").write_text("python3.99\n")
    done = install(unpacked, tmp_path / "portal")
    assert done.returncode == 1
    assert "made for python3.99, which was not found" in done.stderr
