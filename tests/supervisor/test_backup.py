"""Backup of a portal that people work in, and its restore into an empty folder, all with real processes."""

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import threading
from contextlib import contextmanager

import httpx
import pytest

from hematovision.supervisor.backup.sealed import PIECE, Opener, Sealer
from hematovision.supervisor.errors import StartError
from tests.supervisor.portal import ROOT, Portal

pytestmark = pytest.mark.processes

PASSPHRASE = "a passphrase of the tests"
PERSON = re.compile(r"^(technician|doctor) +(\S+@demo\.example) +(\S+)$", re.MULTILINE)
REPORTS = (
    "import json; from predictions.models import Report, Sample;"
    "print(json.dumps([[str(r.pk) for r in Report.objects.all()], str(Sample.objects.first().pk)]))"
)


def backup(var, *arguments, act="backup"):
    """Run one of the two commands and return its status and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "hematovision.supervisor.backup", act, *map(str, arguments)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HV_VAR": str(var)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def manage(portal, *arguments):
    """Run a command of a running portal and return what it printed."""
    env = {"PATH": os.environ["PATH"], "HV_VAR": str(portal.var)}
    command = [ROOT / "script" / "manage", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


@contextmanager
def signed_in(portal, email, password):
    """Give a client that is signed in, as a person is."""
    with httpx.Client(base_url=f"http://127.0.0.1:{portal.port}", timeout=30) as client:
        post(client, "/accounts/login/", "/accounts/login/", login=email, password=password)
        yield client


def post(client, page, address, **values):
    """Send a form of a page."""
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(page).text)[1]
    answer = client.post(address, data={"csrfmiddlewaretoken": token, **values}, headers={"Referer": page})
    assert answer.status_code == 302, answer.text
    return answer


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The demo's portal, the PDFs of its reports, and a sealed backup made while somebody comments."""
    folder = tmp_path_factory.mktemp("backup")
    portal = Portal(folder / "var", arguments=("--demo",))
    try:
        people = {role: (email, password) for role, email, password in PERSON.findall(portal.start())}
        reports, sample = json.loads(manage(portal, "shell", "-v0", "-c", REPORTS))
        with signed_in(portal, *people["doctor"]) as doctor:
            pdfs = {report: doctor.get(f"/reports/{report}/").content for report in reports}
        (folder / "passphrase").write_text(PASSPHRASE + "\n")
        done, written = threading.Event(), []
        writer = threading.Thread(
            target=comment_until, args=(done, written, portal, people["technician"], sample)
        )
        writer.start()
        status, said = backup(portal.var, folder / "b.hv", "--passphrase-file", folder / "passphrase")
        done.set()
        writer.join()
        assert status == 0, said
        plain = backup(portal.var, folder / "b.tar")
        assert plain[0] == 0, plain[1]
    finally:
        portal.stop()
    return {"folder": folder, "people": people, "pdfs": pdfs, "written": written, "said": said}


def comment_until(done, written, portal, person, sample):
    """Comment on a sample again and again."""
    with signed_in(portal, *person) as client:
        while not done.is_set():
            page = f"/samples/{sample}/"
            post(client, page, f"{page}comment/", text=f"Comment {len(written)}")
            written.append(len(written))


def test_restored_portal_is_the_one_that_was_backed_up(made):
    folder = made["folder"]
    assert len(made["written"]) >= 3
    assert (folder / "b.hv").stat().st_mode & 0o077 == 0
    status, said = backup(
        folder / "again", folder / "b.hv", "--passphrase-file", folder / "passphrase", act="restore"
    )
    assert status == 0, said
    assert "the log is whole" in said
    secrets = [path.name for path in (folder / "var" / "secrets").iterdir()]
    same = [
        name
        for name in secrets
        if (folder / "var/secrets" / name).read_text() == (folder / "again/secrets" / name).read_text()
    ]
    assert same == ["secret-key"]
    portal = Portal(folder / "again")
    try:
        portal.start()
        assert portal.lacks() == set()
        with signed_in(portal, *made["people"]["doctor"]) as doctor:
            assert len(made["pdfs"]) >= 3
            for report, pdf in made["pdfs"].items():
                assert pdf.startswith(b"%PDF")
                assert doctor.get(f"/reports/{report}/").content == pdf
        assert "The log is whole" in manage(portal, "audit", "verify")
        assert "agree" in manage(portal, "check_images", "--read")
    finally:
        portal.stop()


def test_stopped_portal_is_backed_up_too(made):
    status, said = backup(made["folder"] / "var", made["folder"] / "stopped.tar")
    assert status == 0, said
    with tarfile.open(made["folder"] / "stopped.tar") as tar:
        names = tar.getnames()
    assert "database.dump" in names
    assert [name for name in names if name.startswith("secrets/")] == ["secrets/secret-key"]


@pytest.mark.parametrize("name", ["b.tar", "b.hv"])
@pytest.mark.parametrize("harm", ["flipped", "cut"])
def test_harmed_backup_is_refused_and_leaves_nothing(made, name, harm):
    folder = made["folder"]
    content = bytearray((folder / name).read_bytes())
    if harm == "cut":
        del content[len(content) // 2 :]
    else:
        content[len(content) // 2] ^= 1
    (folder / "harmed").write_bytes(content)
    status, said = backup(
        folder / "empty", folder / "harmed", "--passphrase-file", folder / "passphrase", act="restore"
    )
    assert status == 1
    assert "altered" in said
    assert "Traceback" not in said
    assert not list((folder / "empty").iterdir())


def test_wrong_passphrase_and_full_folder_are_refused_in_words(made, tmp_path):
    (tmp_path / "wrong").write_text("another passphrase")
    source = made["folder"] / "b.hv"
    status, said = backup(tmp_path / "var", source, "--passphrase-file", tmp_path / "wrong", act="restore")
    assert (status, "The passphrase is not the one" in said) == (1, True)
    status, said = backup(tmp_path, source, "--passphrase-file", tmp_path / "wrong", act="restore")
    assert (status, "is not empty, and nothing was changed" in said) == (1, True)


def test_backup_that_fails_leaves_no_file(made, tmp_path):
    assert "No portal has run on" in backup(tmp_path / "none", tmp_path / "b.tar")[1]
    (tmp_path / "there.tar").write_text("kept")
    assert "exists already" in backup(made["folder"] / "var", tmp_path / "there.tar")[1]
    assert [path.name for path in tmp_path.iterdir()] == ["there.tar"]
    assert (tmp_path / "there.tar").read_text() == "kept"


def test_backup_without_an_installation_says_how_to_install(tmp_path):
    (tmp_path / "script").mkdir()
    command = tmp_path / "script" / "backup"
    command.write_text((ROOT / "script" / "backup").read_text())
    done = subprocess.run([sys.executable, command], capture_output=True, text=True, check=False)
    assert (done.returncode, f"{tmp_path}/script/bootstrap installs it" in done.stderr) == (1, True)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
def test_sealed_bytes_come_back_and_no_piece_can_be_left_out(size):
    plain, file = os.urandom(size), io.BytesIO()
    sealer = Sealer(file, PASSPHRASE)
    sealer.write(plain)
    sealer.finish()
    sealed = file.getvalue()
    head = len(sealed) - size - 16 * max(1, -(-size // PIECE))

    def opened(content):
        reader = io.BytesIO(content)
        reader.seek(22)
        return io.BufferedReader(Opener(reader, PASSPHRASE)).read()

    assert opened(sealed) == plain
    shorter = sealed[:-1] if size <= PIECE else sealed[: head + PIECE + 16]
    with pytest.raises(StartError, match="altered or cut off"):
        opened(shorter)
