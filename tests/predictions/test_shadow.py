"""The shadow reads after the active model, while nothing waits, at its own risk, and nobody sees it."""

from dataclasses import replace

import pytest
from django.utils import timezone

from hematovision.core.origin import Origin
from mlcore.engine.contracts import Box
from mlcore.registry.models import ModelState, ModelVersion
from mlcore.serving.loader import Loaded, ModelUnavailable
from predictions.models import Analysis, AnalysisJob, Cell, CellReview, ShadowReading, SmearField
from predictions.selectors import cell_states, patient_rows
from predictions.selectors.shadow import shadow_comparison
from predictions.services import analyse, cells_review, sample_create
from predictions.services.shadow import shadow_field, shadow_sweep
from tests.predictions.plain_model import BrightestCell, loaded

pytestmark = pytest.mark.django_db(transaction=True)


class Otherwise(BrightestCell):
    """Finds the same cell two pixels away and calls it a lymphocyte."""

    def predict(self, image, *, single=False):
        field = super().predict(image, single=single)
        return replace(field, cells=tuple(map(self._said, field.cells)))

    @staticmethod
    def _said(cell):
        box = Box(cell.box.x0 + 2, cell.box.y0, cell.box.x1 + 2, cell.box.y1)
        return replace(cell, box=box, label="lymphocyte", abstained=True)


class Broken(BrightestCell):
    def predict(self, image, *, single=False):
        raise MemoryError


@pytest.fixture
def active(transactional_db):
    return loaded()


@pytest.fixture
def beside(active):
    """A shadow that reads as ``kind`` does."""

    def beside(kind=Otherwise):
        version = loaded("b" * 64, ModelState.SHADOW).version
        ModelVersion.objects.filter(pk=version.pk).update(shadowed_at=timezone.now())
        return Loaded(kind(version.sha256), version)

    return beside


@pytest.fixture
def bells(broker):
    broker.delete("inference")
    yield lambda: broker.llen("inference")
    broker.delete("inference")


def read(field, active):
    analyse.analyse_field(field.pk, load=lambda: active)
    return field


def test_it_reads_the_same_field_into_rows_of_its_own(submit, active, beside):
    second = beside()
    field = read(submit().field, active)
    shadow_field(field.pk, load=lambda: second)
    row = ShadowReading.objects.get()
    assert (row.field, row.model_version, row.failure) == (field, second.version, "")
    assert [cell["label"] for cell in row.cells] == ["lymphocyte"]
    assert Analysis.objects.get().model_version == active.version
    assert Cell.objects.get().label == "neutrophil"


def test_the_bell_rings_after_the_result_only_where_there_is_a_shadow(submit, active, beside, bells):
    first = submit().field
    bells_before = bells()
    read(first, active)
    assert bells() == bells_before
    beside()
    other = submit(name="two.jpg").field
    bells_before = bells()
    read(other, active)
    assert bells() == bells_before + 1


def test_it_gives_way_while_anything_waits(submit, active, beside, bells):
    second = beside()
    field = read(submit().field, active)
    submit(name="waiting.jpg")
    bells_before = bells()
    shadow_field(field.pk, load=lambda: second)
    assert not ShadowReading.objects.exists()
    assert shadow_sweep() == 0
    assert bells() == bells_before


def test_the_sweep_rings_for_what_it_missed_and_for_nothing_twice(submit, active, beside, broker, bells):
    read(submit(name="before.jpg").field, active)
    second = beside()
    missed = read(submit(name="missed.jpg").field, active)
    assert shadow_sweep() == 0, "its bell still lies in the queue"
    broker.delete("inference")
    assert shadow_sweep() == 1
    shadow_field(missed.pk, load=lambda: second)
    broker.delete("inference")
    assert shadow_sweep() == 0
    assert list(ShadowReading.objects.values_list("field_id", flat=True)) == [missed.pk]


def test_its_errors_are_its_own_and_are_not_tried_again(submit, active, beside):
    second = beside(Broken)
    field = read(submit().field, active)
    shadow_field(field.pk, load=lambda: second)
    shadow_field(field.pk, load=lambda: second)
    row = ShadowReading.objects.get()
    assert (row.failure, row.cells) == ("MemoryError", None)
    assert AnalysisJob.objects.get().state == "done"
    assert shadow_comparison(second.version).failed == 1


def test_without_its_files_nothing_happens(submit, active, beside):
    beside()
    field = read(submit().field, active)

    def gone():
        raise ModelUnavailable("gone")

    shadow_field(field.pk, load=gone)
    assert not ShadowReading.objects.exists()


def test_both_are_compared_cell_by_cell_and_with_what_people_said(submit, active, beside, technician):
    second = beside()
    sample = sample_create(actor=technician, origin=Origin(), facts={"accession": "HV-1"})
    for number in range(3):
        field = read(submit(name=f"{number}.jpg", sample_id=sample.pk).field, active)
        shadow_field(field.pk, load=lambda: second)
    cells = [state.cell for state in cell_states(sample)]
    sample.refresh_from_db()
    for cell, verdict in zip(cells, ("lymphocyte", "neutrophil"), strict=False):
        cells_review(actor=technician, origin=Origin(), sample_id=sample.pk, seen={cell.pk: 0}, code=verdict)
    told = shadow_comparison(second.version)
    assert (told.fields, told.matched, told.agreed, told.only_active, told.only_shadow) == (3, 3, 0, 0, 0)
    assert told.agreement == 0
    assert (told.active_abstained, told.shadow_abstained) == (0, 3)
    assert told.changes == [("neutrophil", "lymphocyte", 3)]
    assert (told.judged.cells, told.judged.only_active, told.judged.only_shadow) == (2, 1, 1)
    assert CellReview.objects.count() == 2


def test_erasing_a_patient_takes_everything_that_hangs_on_a_field(submit, active, beside, technician):
    known = {found.model for found in patient_rows([]).values()}
    hanging = {
        relation.related_model
        for relation in SmearField._meta.related_objects
        if relation.related_model.__module__.startswith("predictions.models")
    }
    assert hanging <= known
