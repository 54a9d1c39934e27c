"""Settings from the environment, and secrets from files."""

import pytest

from hematovision import env


def test_secret_comes_from_a_file(tmp_path, monkeypatch):
    monkeypatch.delenv("HV_TEST", raising=False)
    (tmp_path / "secret").write_text("open sesame\n")
    monkeypatch.setenv("HV_TEST_FILE", str(tmp_path / "secret"))
    assert env.text("HV_TEST") == "open sesame"
    monkeypatch.setenv("HV_TEST", "nearer")
    assert env.text("HV_TEST") == "nearer"


def test_missing_file_is_named_and_no_default_takes_its_place(tmp_path, monkeypatch):
    monkeypatch.setenv("HV_TEST_FILE", str(tmp_path / "absent"))
    with pytest.raises(env.EnvironmentMistake, match=r"HV_TEST_FILE names .*absent, which cannot be read"):
        env.text("HV_TEST", "default")


def test_empty_file_is_as_unset(tmp_path, monkeypatch):
    (tmp_path / "secret").touch()
    monkeypatch.setenv("HV_TEST_FILE", str(tmp_path / "secret"))
    with pytest.raises(env.EnvironmentMistake, match="HV_TEST is not set"):
        env.text("HV_TEST")
