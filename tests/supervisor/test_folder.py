"""The data folder, the logs and the environment of the parts."""

import os
from pathlib import Path

import pytest

from hematovision.supervisor import environment, folder, logs, ports, vault
from hematovision.supervisor.errors import StartError
from hematovision.supervisor.parts import Address


def test_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"cannot be made .*set HV_VAR"):
        folder.ensure(tmp_path / "file" / "var")


def test_nearly_full_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "LEAST_FREE_MB", 10**9)
    with pytest.raises(StartError, match=r"Only \d+ MB are free"):
        folder.ensure(tmp_path / "var")


def test_secret_is_made_once_and_read_by_its_owner_only(tmp_path):
    first = vault.secret(tmp_path / "secrets", "broker")
    assert len(first) >= 50
    assert vault.secret(tmp_path / "secrets", "broker") == first
    assert vault.secret(tmp_path / "secrets", "other") != first
    assert (tmp_path / "secrets" / "broker").stat().st_mode & 0o777 == 0o600


def test_large_log_is_cut_while_it_is_written(tmp_path):
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old " * 10)
        logs.cut_if_large(log, largest=20)
        writer.write(b"new")
    assert log.read_bytes() == b"new"
    assert (tmp_path / "web.log.1").read_bytes() == b"old " * 10


@pytest.mark.parametrize(
    ("host", "https", "hosts"),
    [
        ("127.0.0.1", "no", "127.0.0.1,localhost,[::1],127.0.0.1"),
        ("lab.example", None, "127.0.0.1,localhost,[::1],lab.example"),
        ("::1", "no", "127.0.0.1,localhost,[::1],[::1]"),
        ("0.0.0.0", None, None),
    ],
)
def test_plain_http_only_on_this_machine(tmp_path, monkeypatch, host, https, hosts):
    for name in ("HTTPS", "ALLOWED_HOSTS", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner:secret@db/x")
    env = environment.build(Address(host, 8000), tmp_path)
    assert env.get("HTTPS") == https
    assert env.get("ALLOWED_HOSTS") == hosts
    assert "DATABASE_OWNER_URL" not in env
    assert len(env["SECRET_KEY"]) >= 50


def test_given_settings_win(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTPS", "yes")
    monkeypatch.setenv("SECRET_KEY", "mine")
    env = environment.build(Address("127.0.0.1", 8000), tmp_path)
    assert (env["HTTPS"], env["SECRET_KEY"]) == ("yes", "mine")


def test_address_of_another_machine_is_refused():
    with pytest.raises(StartError, match=r"Port 8000 on 192\.0\.2\.1 cannot be used"):
        ports.check_free("192.0.2.1", 8000)


def test_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    folder.ensure(tmp_path / "var")
    if os.geteuid() == 0:
        # Root may write everything, so the answer of the system is what has to be replaced.
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "log")
    else:
        (tmp_path / "var" / "log").chmod(0o500)
    with pytest.raises(StartError, match="belongs to somebody else"):
        folder.ensure(tmp_path / "var")


def test_folder_of_a_restore_that_did_not_end_is_refused(tmp_path):
    (tmp_path / folder.RESTORING).mkdir()
    with pytest.raises(StartError, match="did not end"):
        folder.ensure(tmp_path)
