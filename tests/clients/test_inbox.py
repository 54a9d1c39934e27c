"""The watched folder when the disk does not play along: nothing stops, and nothing is given out twice."""

import os

import pytest
from hematovision_client.inbox import PATTERN, Inbox

from tests.predictions import hostile


@pytest.fixture
def inbox(tmp_path):
    (tmp_path / "HV-26-0001_1.jpg").write_bytes(hostile.jpeg())
    return Inbox(tmp_path, pattern=PATTERN, settle=0)


@pytest.mark.parametrize("kind", ["sent", "refused"])
def test_what_cannot_be_put_away_stays_and_is_put_away_later(inbox, tmp_path, kind):
    (tmp_path / kind).write_text("in the way")
    [file] = inbox.arrived()
    inbox.sent(file) if kind == "sent" else inbox.refused(file, "Why.")
    assert list(inbox.arrived()) == []
    assert "cannot be put away" in inbox.trouble
    assert "HV-26" not in inbox.trouble
    assert inbox.waiting() == 1
    (tmp_path / kind).unlink()
    assert list(inbox.arrived()) == []
    assert (inbox.trouble, inbox.waiting()) == ("", 0)
    assert (tmp_path / kind / file.path.name).read_bytes() == file.content
    assert (tmp_path / kind / f"{file.path.name}.reason.txt").exists() == (kind == "refused")


def test_what_is_written_anew_meanwhile_is_a_new_file(inbox, tmp_path):
    (tmp_path / "sent").write_text("in the way")
    [file] = inbox.arrived()
    inbox.sent(file)
    file.path.write_bytes(hostile.jpeg(seed=2, width=97))
    assert [one.content for one in inbox.arrived()] == [hostile.jpeg(seed=2, width=97)]


def test_a_folder_that_is_gone_is_told(inbox, tmp_path):
    tmp_path.rename(tmp_path.with_name("elsewhere"))
    assert list(inbox.arrived()) == []
    assert "cannot be read: No such file or directory" in inbox.trouble


def test_an_accession_number_that_is_no_text_is_one_that_can_be_sent(inbox, tmp_path):
    (tmp_path / os.fsdecode(b"HV-26-\xe9_1.jpg")).write_bytes(hostile.jpeg(seed=2))
    assert {file.accession for file in inbox.arrived()} == {"HV-26-0001", "HV-26-\ufffd"}
