"""``hematovision watch``: a scanner drops files, samples appear; nothing half, twice or lost."""

import signal

import pytest

from predictions.models import Sample, SmearField
from tests.clients.conftest import until
from tests.predictions import hostile

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
SOON = ("--settle", "0.3")


@pytest.fixture
def watching(hematovision, tmp_path):
    """A function that starts a watcher of the folder; what still runs at the end is stopped."""
    begun = []
    (tmp_path / "drop").mkdir()

    def watching(*more):
        begun.append(hematovision.begin("watch", tmp_path / "drop", *SOON, *more))
        return begun[-1]

    yield watching
    for process in begun:
        process.kill()
        process.communicate()


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_twelve_files_become_the_fields_of_two_samples(hematovision, pictures, tmp_path):
    drop = pictures(tmp_path / "drop", 7)
    pictures(drop / "HV-26-0002" / "slide 1", 5, start="scan")
    (drop / "Thumbs.db").write_bytes(b"left alone")
    hematovision("watch", drop, *SOON, "--once")
    assert {sample.accession: sample.fields.count() for sample in Sample.objects.all()} == {
        "HV-26-0001": 7,
        "HV-26-0002": 5,
    }
    assert len(names(drop / "sent")) == 12
    assert "HV-26-0002/slide 1/scan04.jpg" in names(drop / "sent")
    assert not (drop / "refused").exists()
    assert (drop / "Thumbs.db").exists()
    assert "12 sent, 0 refused" in hematovision.said
    assert "HV-26" not in hematovision.said
    hematovision("watch", drop, *SOON, "--once")
    assert SmearField.objects.count() == 12


def test_a_half_written_file_is_left_alone_until_it_is_whole(watching, tmp_path):
    watching()
    whole, path = hostile.jpeg(), tmp_path / "drop" / "HV-26-0001_1.jpg"
    path.write_bytes(whole[:900])
    other = tmp_path / "drop" / "HV-26-0001_2.jpg"
    other.write_bytes(hostile.jpeg(seed=2))
    until((tmp_path / "drop" / "sent" / other.name).exists)
    # By now the half one has lain there as long as the other.
    assert path.exists()
    with path.open("ab") as file:
        file.write(whole[900:])
    until((tmp_path / "drop" / "sent" / path.name).exists)
    assert SmearField.objects.count() == 2
    assert not (tmp_path / "drop" / "refused").exists()


def test_what_cannot_be_taken_lies_beside_its_reason(hematovision, pictures, tmp_path):
    drop = pictures(tmp_path / "drop", 1)
    (drop / "HV-26-0001_x.jpg").write_bytes(hostile.HTML)
    (drop / "nameless.jpg").write_bytes(hostile.jpeg(seed=30))
    (drop / "§§§_1.jpg").write_bytes(hostile.jpeg(seed=31))
    hematovision("watch", drop, *SOON, "--once", status=1)
    assert len(names(drop / "sent")) == 1
    assert len(names(drop / "refused")) == 6
    assert "JPEG" in (drop / "refused" / "HV-26-0001_x.jpg.reason.txt").read_text()
    assert "accession" in (drop / "refused" / "nameless.jpg.reason.txt").read_text()
    assert "accession" in (drop / "refused" / "§§§_1.jpg.reason.txt").read_text()
    assert SmearField.objects.count() == 1


def test_names_follow_the_pattern_that_is_given(hematovision, tmp_path):
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "x40 HV-26-0007 3.jpg").write_bytes(hostile.jpeg())
    hematovision("watch", drop, *SOON, "--once", "--pattern", "x* <accession> *")
    assert Sample.objects.get().accession == "HV-26-0007"
    hematovision("watch", drop, "--once", "--pattern", "x*", status=2)


def test_same_name_twice_keeps_both(hematovision, tmp_path):
    drop = tmp_path / "drop"
    drop.mkdir()
    for seed in (1, 2):
        (drop / "HV-26-0001_1.jpg").write_bytes(hostile.jpeg(seed=seed))
        hematovision("watch", drop, *SOON, "--once")
    assert names(drop / "sent") == ["HV-26-0001_1.jpg", "HV-26-0001_1~2.jpg"]
    assert SmearField.objects.count() == 2


def test_kill_in_the_middle_loses_and_doubles_nothing(watching, pictures, tmp_path):
    drop = tmp_path / "drop"
    first = watching()
    until((drop / ".hematovision.lock").exists)
    pictures(drop, 12)
    until(lambda: SmearField.objects.count() >= 4)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert len(names(drop / "sent")) < 12
    watching()
    until(lambda: len(names(drop / "sent")) == 12)
    assert SmearField.objects.count() == 12
    assert not (drop / "refused").exists()


def test_one_watcher_at_a_time(watching, hematovision, tmp_path):
    watching()
    until((tmp_path / "drop" / ".hematovision.lock").exists)
    until(lambda: "Another watcher" in _second(hematovision, tmp_path / "drop"))


def _second(hematovision, folder):
    process = hematovision.begin("watch", folder, *SOON, "--once")
    return process.communicate(timeout=60)[1]


def test_a_portal_that_is_away_is_waited_for(watching, hematovision, door, pictures, tmp_path):
    hematovision.address = door.url
    door.opened.clear()
    drop = pictures(tmp_path / "drop", 3)
    hematovision("watch", drop, *SOON, "--once", "--patience", "0.5", status=4)
    process, before = watching("--patience", "0.5"), door.turned_away
    # More than one round of attempts: it has told that nobody answers, and stays.
    until(lambda: door.turned_away >= before + 3)
    assert process.poll() is None
    assert len(names(drop)) == 3 + len([".hematovision.lock"])
    door.opened.set()
    until(lambda: len(names(drop / "sent")) == 3)
    assert SmearField.objects.count() == 3


def test_a_fault_over_one_file_does_not_hold_up_the_others(hematovision, door, pictures, tmp_path):
    hematovision.address, door.faulty = door.url, hostile.jpeg(seed=1)
    drop = pictures(tmp_path / "drop", 3)
    hematovision("watch", drop, *SOON, "--once", status=4)
    assert names(drop / "sent") == ["HV-26-0001_00.jpg", "HV-26-0001_02.jpg"]
    door.faulty = b""
    hematovision("watch", drop, *SOON, "--once")
    assert SmearField.objects.count() == 3
