"""Versions are ordered, imported by a worker's child, frozen for good, and logged; leaks are told."""

import io
import json
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.db.models.functions import Now
from PIL import Image, ImageOps

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from mlcore.engine.exposure import seen_pictures
from mlcore.engine.frozen import FrozenPicture
from mlcore.engine.leaks import exposed, exposure, exposure_from
from mlcore.engine.looks import look
from mlcore.engine.prepared import prepare
from mlcore.engine.seen import Seen
from mlcore.registry import services
from mlcore.registry.dataset_selectors import frozen
from mlcore.registry.datasets import (
    About,
    DataSetRefused,
    Pictures,
    dataset_exclude,
    dataset_import_folder,
    incoming,
)
from mlcore.registry.leaks import leaks, waiting
from mlcore.registry.models import DataSet, DataSetState, DataSetVersion
from mlcore.registry.training import TrainingRefused
from mlcore.training import import_lease
from mlcore.training.importing import run_import
from mlcore.training.leaks import find_leaks
from mlcore.training.leased import LEASE
from mlcore.web.dataset_sheets import seen
from predictions.synthetic import draw_field
from tests.accounts.factories import PersonFactory
from tests.mlcore.conftest import renamed
from tests.mlcore.engine.test_importing import good
from tests.predictions import hostile

pytestmark = pytest.mark.django_db


def test_a_zip_becomes_a_ready_version_and_nothing_of_the_upload_stays(imported, dataset_root, tmp_path):
    version = imported()
    assert (version.state, version.number, version.failure) == (DataSetState.READY, 1, "")
    assert version.counts["cells"] == 16
    assert len(frozen(version).pictures) == 16
    assert not incoming(version.pk).exists()
    assert not (tmp_path / "upload.zip").exists()
    events = AuditEvent.objects.filter(event__startswith="dataset.").order_by("pk")
    assert list(events.values_list("event", flat=True)) == ["dataset.ordered", "dataset.frozen"]


def test_the_database_refuses_to_change_or_remove_a_ready_version(imported):
    version = imported()
    for change in (
        lambda: DataSetVersion.objects.update(counts={}),
        lambda: DataSetVersion.objects.update(state=DataSetState.REFUSED, sha256=None),
        version.delete,
    ):
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            change()


def test_a_refused_import_says_why_and_leaves_nothing(imported, dataset_root):
    version = imported([("../x.png", b"x")])
    assert version.state == DataSetState.REFUSED
    assert "leads out of" in version.failure
    assert not incoming(version.pk).exists()
    assert not list(dataset_root.glob("pictures/*/*"))
    assert AuditEvent.objects.get(event="dataset.refused").outcome == "failed"


def test_a_second_version_keeps_the_sides_and_leaves_out_what_was_excluded(imported, admin):
    one = imported()
    key = frozen(one).pictures[0].key
    dataset_exclude(actor=admin, origin=Origin(), version=one, key=key, excluded=True)
    two = imported(good(count=12), about=About(dataset=one.dataset_id))
    sides = {cell.key: cell.split for cell in frozen(two).pictures}
    assert two.number == 2
    assert key not in sides
    assert all(sides[cell.key] == cell.split for cell in frozen(one).pictures if cell.key != key)
    dataset_exclude(actor=admin, origin=Origin(), version=two, key=key, excluded=False)
    assert DataSet.objects.get().excluded == []


def test_one_version_of_a_data_set_is_imported_at_a_time(order):
    version = order()
    with pytest.raises(DataSetRefused, match="is being imported"):
        order(about=About(dataset=version.dataset_id))
    with pytest.raises(DataSetRefused, match="There is a data set “Ours” already"):
        order()
    with pytest.raises(DataSetRefused, match="needs a name"):
        order(about=About(name="Other"))


def test_only_those_who_manage_models_may(order, imported):
    doctor = PersonFactory(doctor=True)
    with pytest.raises(PermissionDenied):
        order(actor=doctor)
    version = imported()
    with pytest.raises(PermissionDenied):
        dataset_exclude(actor=doctor, origin=Origin(), version=version, key="x", excluded=True)


def test_a_folder_on_the_server_is_imported_and_no_other(admin, settings, tmp_path):
    settings.TRAINING_DATA_ROOT = tmp_path / "data"
    for name, content in good():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "data/set/neutrophil/link.png").symlink_to("/etc/passwd")
    told = {"actor": admin, "origin": Origin(), "pictures": Pictures("here")}
    about = About(name="Folder", license="MIT", source="here")
    version = dataset_import_folder(about=about, folder="set", **told)
    run_import(version.pk)
    version.refresh_from_db()
    assert (version.state, version.failure, version.counts["cells"]) == (DataSetState.READY, "", 16)
    with pytest.raises(TrainingRefused):
        dataset_import_folder(about=about, folder="../set", **told)


def test_an_import_that_was_interrupted_twice_is_refused_and_can_be_ordered_again(order, imported):
    version = order()
    for _attempt in range(2):
        assert import_lease.claim(version.pk) is not None
        assert import_lease.claim(version.pk) is None
        DataSetVersion.objects.filter(pk=version.pk).update(lease_until=Now() - LEASE)
        assert import_lease.overdue() == [version.pk]
    run_import(version.pk)
    version.refresh_from_db()
    assert version.state == DataSetState.REFUSED
    assert "order it again" in version.failure
    assert imported(about=About(dataset=version.dataset_id)).state == DataSetState.READY


def test_a_killed_child_refuses_the_import_and_leaves_no_picture(order, dataset_root):
    version = order(good(count=300))
    killed = threading.Thread(target=kill_child_of, args=(os.getpid(),))
    killed.start()
    run_import(version.pk)
    killed.join()
    version.refresh_from_db()
    assert version.state == DataSetState.REFUSED
    assert "broke off" in version.failure
    assert not incoming(version.pk).exists()


def test_an_import_that_takes_too_much_memory_is_cut_off_with_the_limit(order, dataset_root, settings):
    settings.TRAINING_MAX_MB = 5
    version = order()
    run_import(version.pk)
    version.refresh_from_db()
    assert version.state == DataSetState.REFUSED
    assert "TRAINING_MAX_MB allows 5" in version.failure
    assert list(dataset_root.glob(".incoming/*")) == []


def test_a_picture_that_keeps_its_decoder_busy_ends_the_import(order, dataset_root, monkeypatch):
    monkeypatch.setattr("mlcore.training.importing.PICTURE_SECONDS", 1)
    version = order([*good(), ("set/neutrophil/busy.jpg", hostile.many_scans())])
    run_import(version.pk)
    version.refresh_from_db()
    assert version.state == DataSetState.REFUSED
    assert "A picture took more than 1 s to read, soon after number" in version.failure
    assert list(dataset_root.glob(".incoming/*")) == []


def kill_child_of(parent):
    """Kill the engine as soon as it has begun, the way a machine without memory does."""
    for _try in range(300):
        time.sleep(0.1)
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                above = process.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1]
                if int(above) == parent and "freeze" in process.joinpath("cmdline").read_text():
                    os.kill(int(process.name), signal.SIGKILL)
                    return


def registered(folder, seen):
    """A model whose bundle has this list of what it has seen; None for a bundle without one."""
    told = {} if seen is None else {"seen": json.loads(seen.as_bytes())}
    return services.register_bundle(directory=renamed(folder, folder.name, **told), actor=None)


def test_what_a_model_has_seen_of_a_test_is_told_apart(imported, model_root, tmp_path, settings):
    version = imported([(f"set/{name}", content) for name, content in drawn(range(10))])
    cells = frozen(version)
    test = [number for number, cell in enumerate(cells.pictures) if cell.split == "test"]
    same, copied = (cells.pictures[number] for number in test[:2])
    small = Image.open(settings.DATASET_ROOT / "pictures" / copied.file).resize((120, 120))
    looks = [look(np.asarray(ImageOps.mirror(small.convert("RGB"))))]
    dumb = registered(tmp_path / "dumb", None)
    clean = registered(tmp_path / "clean", Seen().and_of(one.pixels for one in cells.part("training")))
    leaky = registered(tmp_path / "leaky", Seen().and_of([same.pixels], [same.look, *looks]))
    assert [leak.model for leak in waiting()] == [leaky, clean]
    find_leaks()
    assert waiting() == []
    of = {leak.model: leak for leak in leaks(version)}
    assert of[clean].clean
    assert not of[dumb].known
    found = of[leaky].found
    assert (found.pictures, found.same, found.copies, found.near) == (4, (test[0],), (test[1],), ())
    # The gate answers by what was found.
    assert (found.criterion.value, found.criterion.alike) == (1, 1)
    sheet = seen(cells.pictures, leaks(version), str(leaky.pk), "copies")
    assert [tile.number for tile in sheet] == [test[1]]
    assert seen(cells.pictures, leaks(version), str(clean.pk), "same") == []


def test_a_group_of_which_another_picture_was_seen_is_told():
    facts = {"label": "neutrophil", "laboratory": "here", "file": ""}
    one, two, other = (
        FrozenPicture(sha256=name, group=group, split="test", pixels=name, **facts)
        for name, group in (("a" * 64, "g"), ("b" * 64, "g"), ("c" * 64, "h"))
    )
    found = exposure([one, two, other], [one, two, other], Seen().and_of([two.pixels]))
    assert (found.same, found.near, found.copies) == ((1,), (0,), None)
    assert exposure_from(json.loads(json.dumps(found.as_json()))) == found


def drawn(seeds):
    """Files of drawn cells that carry words and lie on their side, so that a store writes them anew."""
    turned = Image.Exif()
    turned[0x0112], turned[0x010E] = 6, "drawn"
    for label in ("neutrophil", "lymphocyte"):
        for seed in seeds:
            picture = draw_field(seed + 500 * (label == "neutrophil"), labels=[label], width=160, height=160)
            out = io.BytesIO()
            Image.open(io.BytesIO(picture.encoded())).save(out, "JPEG", quality=90, exif=turned)
            yield f"{label}/{seed}.jpg", out.getvalue()


def test_files_that_a_model_was_trained_on_are_known_again_after_an_import(
    imported, model_root, tmp_path, dataset_root
):
    for name, content in drawn(range(10)):
        path = tmp_path / "trained" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    data = prepare(tmp_path / "trained", tmp_path / "work")
    told = json.loads(seen_pictures(data, data.parts, Seen()))
    folder = renamed(tmp_path / "model", "model", seen=told)
    learned = {data.records[row].path for row in (*data.parts.training, *data.parts.validation)}
    version = imported([(f"set/{name}", content) for name, content in drawn(range(10)) if name in learned])
    found = exposed(dataset_root, version.sha256, [], folder)
    assert version.counts["pictures"] == len(learned) == 16
    assert len(found.same) == found.pictures == len(frozen(version).part("test")) > 0
    unseen = imported(
        [(f"set/{name}", content) for name, content in drawn(range(50, 60))],
        about=About(name="Others", license="MIT", source="there"),
    )
    found = exposed(dataset_root, unseen.sha256, [], folder)
    assert (found.same, found.copies, found.near, found.criterion.note) == ((), (), (), "")
