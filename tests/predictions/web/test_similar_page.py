"""The similar verified cells of a cell's context: of signed samples, without numbers of another site."""

import importlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.urls import reverse

from hematovision.core.origin import Origin
from predictions import migrations
from predictions.models import Cell, CellType, Sample
from predictions.models.readings import FEATURES_AS
from predictions.selectors import cell_states
from predictions.services import cell_type_change, report_sign, sample_create, sample_submit
from predictions.services.catalogue import fingerprint
from predictions.services.reports import Intent
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")


@pytest.fixture
def signed(technician, doctor, read):
    """A signed sample with a field that the shipped model has read."""
    sample = sample_create(actor=technician, origin=HERE, facts={"accession": "HV-26-7001"})
    read("neutrophil", "neutrophil", seed=4, sample_id=sample.pk)
    sample_submit(actor=technician, origin=HERE, sample_id=sample.pk)
    revision = Sample.objects.get(pk=sample.pk).revision
    intent = Intent(revision=revision, override="Drawn.")
    report_sign(actor=doctor, origin=HERE, sample_id=sample.pk, intent=intent)
    return sample


@pytest.fixture
def asked(technician, read):
    """A cell of a sample that is still to be reviewed."""
    sample = sample_create(actor=technician, origin=HERE, facts={"accession": "HV-26-7002"})
    read("neutrophil", seed=5, sample_id=sample.pk)
    return next(state.cell for state in cell_states(sample) if state.cell.label == "neutrophil")


def test_a_reading_keeps_what_its_cells_are_compared_by(asked, predictor):
    kept = np.frombuffer(Cell.objects.get(pk=asked.pk).features, dtype=FEATURES_AS)
    assert kept.shape == (32,)
    assert np.isfinite(kept).all()
    assert kept.std() > 0


def test_they_are_shown_with_whose_word_they_are_and_where(client, asked, signed, doctor):
    content = client.get(reverse("cell_similar", args=[asked.pk])).content.decode()
    assert content.count("<li>") >= 2
    assert f"named by the model, signed by {doctor.name}" in content
    assert reverse("sample", args=[signed.pk]) in content
    assert "HV-26-7001" in content
    assert "%" not in content


def test_the_number_of_another_sites_sample_is_not_shown(visit, asked, signed):
    away = PersonFactory(doctor=True)
    content = visit(away).get(reverse("cell_similar", args=[asked.pk])).content.decode()
    assert reverse("sample", args=[signed.pk]) in content
    assert "a sample of another site" in content
    assert "HV-26-7001" not in content


def test_before_any_report_is_signed_it_says_so(client, asked):
    content = client.get(reverse("cell_similar", args=[asked.pk])).content.decode()
    assert "There is none yet." in content


def test_the_context_itself_does_not_look_for_them(client, asked, signed, django_assert_max_num_queries):
    with django_assert_max_num_queries(9):
        content = client.get(reverse("cell_context", args=[asked.pk])).content.decode()
    assert reverse("cell_similar", args=[asked.pk]) in content
    assert "HV-26-7001" not in content


@pytest.mark.parametrize("facts", [{"active": False}, {"counts_as": "leukocyte"}])
def test_the_word_for_what_is_counted_already_stays_and_counts_as_nothing(facts):
    kind = CellType.objects.get(pk="duplicate")
    assert (kind.counts_as, kind.key, kind.short) == ("artefact", "d", "DUP")
    admin = PersonFactory(admin=True)
    with pytest.raises(ValidationError, match="counted already"):
        cell_type_change(actor=admin, origin=HERE, code="duplicate", seen=fingerprint(kind), facts=facts)


def test_where_the_laboratory_has_taken_key_and_name_the_word_is_added_beside():
    CellType.objects.filter(pk="duplicate").delete()
    CellType.objects.filter(pk="blast").update(key="d", short="DUP")
    name = next(Path(migrations.__path__[0]).glob("*_features.py")).stem
    add_duplicate = importlib.import_module(f"predictions.migrations.{name}").add_duplicate
    editor = SimpleNamespace(connection=SimpleNamespace(alias="default"))
    add_duplicate(apps, editor)
    kind = CellType.objects.get(pk="duplicate")
    assert (kind.short, kind.key, kind.counts_as) == ("TWIN", "", "artefact")
    CellType.objects.filter(pk="duplicate").update(counts_as="leukocyte", active=False)
    add_duplicate(apps, editor)
    kind.refresh_from_db()
    assert (kind.counts_as, kind.active) == ("artefact", True)
