"""A cell that two overlapping fields show: suggested, shown, decided by people, printed while it is open."""

import io
import json
from uuid import uuid4

import pypdf
import pytest
from django.urls import reverse

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from mlcore.serving.loader import Loaded
from predictions.models import Cell, CellType, EventKind, Sample, SampleEvent, SmearField, SuggestedTwin
from predictions.pipeline import compare
from predictions.selectors import cell_states, comparable_cells, judged, open_twins, suggested, tallied
from predictions.services import cells_review, report_preview, review_undo, sample_create
from predictions.services.analyse import analyse_field
from predictions.services.twins import suggest_twins
from predictions.synthetic import draw_field, draw_overlapping

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")
LABELS = ("neutrophil", "lymphocyte", "monocyte", "neutrophil")


@pytest.fixture
def sample(technician):
    return sample_create(actor=technician, origin=HERE, facts={"accession": "HV-26-0001"})


@pytest.fixture
def add(submit, predictor, model, sample):
    """Upload drawn fields to the sample, then let the shipped model read them, in the order asked for."""

    def add(*pictures, order=1):
        fields = [submit(picture.encoded(), sample_id=sample.pk).field for picture in pictures]
        for field in fields[::order]:
            analyse_field(field.pk, load=lambda: Loaded(predictor, model))
        return fields

    return add


@pytest.fixture
def overlap(add, sample):
    """The sample with two overlapping fields; returns the suggestions that were made."""
    add(*draw_overlapping(3, labels=LABELS))
    return open_twins(sample)


def inside(one, other, right):
    """How much of the smaller of two boxes lies in the other, which is moved so far to the right."""
    width = min(one.x1, other.x1 + right) - max(one.x0, other.x0 + right)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    least = min((box.x1 - box.x0) * (box.y1 - box.y0) for box in (one, other))
    return max(0, width) * max(0, height) / least


def decide(actor, sample, cell, code):
    state = next(one for one in cell_states(sample) if one.cell.pk == cell)
    return cells_review(actor=actor, origin=HERE, sample_id=sample.pk, seen={cell: state.seen}, code=code)


def test_cells_that_two_fields_show_are_suggested_once_each(add, sample):
    first, second = add(*draw_overlapping(3, labels=LABELS))
    found = open_twins(sample)
    # One is seen whole by both fields, two are cut off by an edge of one, the last lies in one field alone.
    assert len(found) == 3
    for one in found:
        assert one.cell.analysis.field == second
        assert one.twin.analysis.field == first
        assert inside(one.twin, one.cell, 240) > 0.8
        assert 0.8 <= one.score <= 1
    event = SampleEvent.objects.get(kind=EventKind.COMPARED)
    assert event.detail == {"field": str(second.pk), "cells": len(found)}
    assert AuditEvent.objects.filter(event="twins.suggested").count() == 1


def test_whichever_field_is_read_first_the_later_uploaded_one_is_marked(add, sample):
    first, second = add(*draw_overlapping(3, labels=LABELS), order=-1)
    found = open_twins(sample)
    assert found
    assert {one.cell.analysis.field_id for one in found} == {second.pk}
    assert suggest_twins(first) == suggest_twins(second) == 0


def test_fields_that_do_not_overlap_suggest_nothing(add, sample):
    add(*(draw_field(seed, labels=LABELS) for seed in range(5)))
    assert not SuggestedTwin.objects.exists()
    assert not SampleEvent.objects.filter(kind=EventKind.COMPARED).exists()


def test_a_picture_that_is_uploaded_twice_gives_all_its_cells_again(add, sample):
    picture = draw_field(8, labels=LABELS)
    _first, again = add(picture, picture)
    cells = {state.cell.pk for state in cell_states(sample) if state.cell.label != "platelet"}
    own = {state.cell.pk for state in cell_states(sample) if state.cell.analysis.field_id == again.pk}
    assert suggested(sample) == cells & own
    assert len(suggested(sample)) == len(LABELS)


def test_a_comparison_that_fails_harms_nothing(add, sample, monkeypatch, caplog):
    def gone(_path):
        raise OSError("the file is gone")

    monkeypatch.setattr(compare, "_grey", gone)
    _first, second = add(*draw_overlapping(3, labels=LABELS))
    assert second.analyses.exists()
    assert Sample.objects.get(pk=sample.pk).state == "to_review"
    assert not SuggestedTwin.objects.exists()
    assert "could not be compared" in caplog.text


def test_same_cell_takes_it_out_of_the_count_and_undo_brings_it_back(overlap, sample, technician):
    cell, before = overlap[0].cell_id, judged(sample).counted
    assert CellType.objects.get(pk="duplicate").key == "d"
    decide(technician, sample, cell, "duplicate")
    after = judged(sample).counted
    assert (after.total, after.artefacts) == (before.total - 1, before.artefacts + 1)
    assert tallied([sample.pk])[sample.pk]["duplicate"] == 1
    assert cell not in {one.cell_id for one in open_twins(sample)}
    review_undo(actor=technician, origin=HERE, sample_id=sample.pk)
    assert judged(sample).counted == before
    assert cell in {one.cell_id for one in open_twins(sample)}


def test_two_cells_confirms_the_class_and_closes_the_suggestion(overlap, sample, technician):
    cell = next(one.cell_id for one in overlap if not one.cell.abstained)
    before = judged(sample).counted.total
    _sample, (state,) = decide(technician, sample, cell, None)
    assert (state.by_person, state.changed) == (True, False)
    assert judged(sample).counted.total == before
    assert cell not in {one.cell_id for one in open_twins(sample)}
    assert cell in suggested(sample)


def test_what_is_open_is_noted_and_printed_but_blocks_nothing(overlap, sample, technician):
    found = judged(sample)
    many = len(overlap)
    said = f"{many} cells may be counted twice." if many > 1 else "1 cell may be counted twice."
    assert found.notes == (said,)
    assert not any("twice" in block for block in found.blocks)
    pdf = report_preview(actor=technician, sample=Sample.objects.select_related("site").get(pk=sample.pk))
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    assert said in " ".join(text.split())
    for one in overlap:
        decide(technician, sample, one.cell_id, "duplicate")
    assert judged(sample).notes == ()


def test_the_page_marks_it_jumps_to_it_and_shows_both(client, overlap, sample):
    cell, twin = overlap[0].cell, overlap[0].twin
    content = client.get(reverse("sample", args=[sample.pk])).content.decode()
    assert content.count("seen twice?</b>") == len(overlap)
    assert content.count("may be counted already, pre-classified") == len(overlap)
    assert f'data-jump="{cell.pk}"' in content
    shown = client.get(reverse("cell_context", args=[cell.pk])).content.decode()
    assert f'data-whose="{twin.pk}"' in shown
    assert reverse("field_image", args=[twin.analysis.field_id]) in shown
    assert 'data-decide="duplicate"' in shown
    assert "data-whose" not in client.get(reverse("cell_context", args=[twin.pk])).content.decode()


def test_live_pages_hear_of_a_suggestion(client, overlap, sample):
    event = SampleEvent.objects.get(kind=EventKind.COMPARED)
    answer = client.get(reverse("sample_changes", args=[sample.pk]), {"since": event.revision - 1})
    assert json.loads(answer.content)["added"] is True


def test_a_signed_sample_gets_no_suggestions_any_more(add, sample, monkeypatch):
    add(*draw_overlapping(3, labels=LABELS))
    assert SuggestedTwin.objects.count() > 0
    # A third field that shows the same, compared only after the sample was signed.
    monkeypatch.setattr("predictions.services.analyse.suggest_twins", lambda _field: 0)
    (third,) = add(draw_overlapping(3, labels=LABELS)[0])
    many = SuggestedTwin.objects.count()
    Sample.objects.filter(pk=sample.pk).update(state="signed")
    assert suggest_twins(SmearField.objects.get(pk=third.pk)) == 0
    assert SuggestedTwin.objects.count() == many


def test_a_platelet_is_never_compared(overlap):
    cell = overlap[0].cell
    platelet = Cell.objects.get(pk=cell.pk)
    platelet.pk, platelet.number, platelet.label, platelet.abstained = uuid4(), 99, "platelet", False
    platelet.save(force_insert=True)
    compared = {one.pk for one in comparable_cells(cell.analysis.field)}
    assert cell.pk in compared
    assert platelet.pk not in compared


def test_one_more_query_marks_the_gallery_and_one_finds_what_is_open(
    overlap, sample, django_assert_num_queries
):
    with django_assert_num_queries(1):
        assert suggested(sample)
    with django_assert_num_queries(1):
        assert open_twins(sample)
