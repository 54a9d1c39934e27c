"""Reviewed cells become a data set: people's last words at signing, and only where they agree."""

import json

import pytest
from django.utils import timezone

from hematovision.core.origin import Origin
from mlcore.engine.frozen import SPLITS
from mlcore.registry.dataset_selectors import frozen
from mlcore.registry.datasets import About, DataSetRefused, incoming
from mlcore.registry.models import ModelVersion
from mlcore.training.importing import run_import
from predictions.models import Analysis, Cell, CellReview, Report, Sample
from predictions.selectors.reviewed import Period, reviewed_cells
from predictions.services import sample_create
from predictions.services.reviewed import dataset_collect
from tests.accounts.factories import PersonFactory
from tests.mlcore.engine.test_importing import png

pytestmark = pytest.mark.django_db
OURS = About(name="Ours", license="own", source="here")


@pytest.fixture
def admin(settings, tmp_path):
    settings.DATASET_ROOT = tmp_path / "datasets"
    settings.VAR_DIR = tmp_path
    return PersonFactory(admin=True)


@pytest.fixture
def doctor(db):
    return PersonFactory(doctor=True)


@pytest.fixture
def signed(technician, doctor, submit):
    """Make a signed sample with one field; its cells were named so by these people, in order."""
    model = ModelVersion.objects.create(
        version="test", sha256="0" * 64, labels=["neutrophil"], location="nowhere", source="imported"
    )

    def signed(number, *words, opted_out=False, patient=""):
        facts = {"accession": f"HV-{number:04d}", "training_opt_out": opted_out, "patient_reference": patient}
        sample = sample_create(actor=technician, origin=Origin(), facts=facts)
        field = submit(png(number, side=200, blocks=40), name="a.png", sample_id=sample.pk).field
        analysis = Analysis.objects.create(field=field, model_version=model, milliseconds=1)
        for place, said in enumerate(words):
            corners = {"x0": 20 * place, "y0": 5, "x1": 20 * place + 15, "y1": 25}
            cell = Cell.objects.create(
                analysis=analysis,
                number=place + 1,
                label="neutrophil",
                confidence=1,
                probabilities={},
                **corners,
            )
            for step, (who, verdict) in enumerate(said):
                CellReview.objects.create(
                    sample=sample,
                    cell=cell,
                    kind="reclassified",
                    verdict_id=verdict,
                    actor=who,
                    revision=step + 1,
                )
        Report.objects.create(
            sample=sample, version=1, revision=10, content="{}", pdf=b"%PDF", sha256="0" * 64,
            code=f"C-{number}", signed_by=doctor, signed_at=timezone.now(),
        )  # fmt: skip
        Sample.objects.filter(pk=sample.pk).update(state="signed")
        return sample

    return signed


def test_only_agreed_words_of_people_on_signed_samples_count(signed, admin, technician, doctor):
    signed(
        1,
        [(technician, "monocyte")],
        [(technician, "monocyte"), (doctor, "monocyte")],
        [(technician, "monocyte"), (doctor, "neutrophil")],
        [(technician, "monocyte"), (technician, "eosinophil")],
        [],
        [(doctor, "not_a_cell")],
    )
    signed(2, [(doctor, "monocyte")], opted_out=True)
    unsigned = signed(3, [(doctor, "monocyte")])
    Sample.objects.filter(pk=unsigned.pk).update(state="in_review")
    found = reviewed_cells(admin, Period())
    assert [one.code for one in found.cells] == ["monocyte", "monocyte", "eosinophil"]
    assert [cell.number for cell in found.disagreed] == [3]
    assert (found.samples, found.opted_out, found.unseen, found.no_class) == (1, 1, 1, 1)


def test_a_word_after_the_signature_does_not_count(signed, admin, doctor):
    sample = signed(1, [(doctor, "monocyte")])
    cell = Cell.objects.get()
    CellReview.objects.create(
        sample=sample, cell=cell, kind="reclassified", verdict_id="basophil", actor=doctor, revision=11
    )
    assert [one.code for one in reviewed_cells(admin, Period()).cells] == ["monocyte"]


def test_a_period_and_a_site_filter(signed, admin, doctor, technician):
    signed(1, [(doctor, "monocyte")])
    today = timezone.now().date()
    assert reviewed_cells(admin, Period(site=technician.site_id, since=today, until=today)).samples == 1
    assert reviewed_cells(admin, Period(site=admin.site_id)).samples == 0
    assert reviewed_cells(admin, Period(until=today.replace(year=2000))).samples == 0


def test_reviewed_cells_become_a_version_with_patients_on_one_side(signed, admin, doctor):
    for number in range(8):
        patient = "PAT-4711" if number < 2 else f"PAT-{number}"
        signed(number, [(doctor, "monocyte")], [(doctor, "neutrophil")], patient=patient)
    version = dataset_collect(actor=admin, origin=Origin(), about=OURS, period=Period())
    told = (incoming(version.pk) / "cells.jsonl").read_text()
    assert "4711" not in told
    assert len({json.loads(line)["together"] for line in told.splitlines()}) == 7
    run_import(version.pk)
    version.refresh_from_db()
    assert (version.state, version.failure) == ("ready", "")
    cells = frozen(version)
    assert version.counts["cells"] == 16
    assert (version.counts["pictures"], version.counts["groups"]) == (8, 7)
    assert all(cell.box and not cell.single for cell in cells.pictures)
    assert all(cells.part(side) for side in SPLITS)


def test_nothing_to_learn_from_is_refused(admin):
    with pytest.raises(DataSetRefused, match="No cell"):
        dataset_collect(actor=admin, origin=Origin(), about=OURS, period=Period())
