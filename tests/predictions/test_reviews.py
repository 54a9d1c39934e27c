"""People's word on cells: the last one holds, all are kept, nobody overwrites what they have not seen."""

import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from predictions.errors import ChangedMeanwhile, ReviewRefused
from predictions.models import Analysis, Cell, CellReview, CellType, Sample
from predictions.selectors import cell_states, changed_since
from predictions.services import cells_review, review_undo, sample_create
from predictions.services.analyse import analyse_field
from predictions.states import SampleState
from tests.accounts.factories import PersonFactory
from tests.predictions import plain_model

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")


def sample_with_cells(technician, submit, number=4):
    """A sample to review with one field of ``number`` cells, the last of which the model did not name."""
    sample = sample_create(actor=technician, origin=HERE, facts={"accession": "HV-26-0001"})
    field = submit(sample_id=sample.pk).field
    loaded = plain_model.loaded()
    analyse_field(field.pk, load=lambda: loaded)
    analysis = Analysis.objects.get(field=field)
    first = Cell.objects.get(analysis=analysis)
    for more in range(2, number + 1):
        first.pk, first.number, first.abstained = None, more, more == number
        first._state.adding = True
        first.save(force_insert=True)
    return Sample.objects.get(pk=sample.pk)


@pytest.fixture
def sample(technician, submit):
    return sample_with_cells(technician, submit)


@pytest.fixture
def colleague(technician):
    return PersonFactory(site=technician.site)


@pytest.fixture
def review(technician, sample):
    def review(code, *numbers, actor=technician, seen=None):
        states = {state.cell.number: state for state in cell_states(sample)}
        told = {states[n].cell.pk: states[n].seen if seen is None else seen for n in numbers}
        return cells_review(actor=actor, origin=HERE, sample_id=sample.pk, seen=told, code=code)

    return review


def codes(sample):
    return [state.code for state in cell_states(sample)]


def test_cells_begin_as_the_model_called_them(sample):
    assert codes(sample) == ["neutrophil", "neutrophil", "neutrophil", ""]
    assert not any(state.by_person or state.changed or state.seen for state in cell_states(sample))


def test_many_cells_are_reclassified_in_one_act(sample, review, technician):
    before = sample.revision
    changed_sample, states = review("blast", 1, 4)
    assert codes(sample) == ["blast", "neutrophil", "neutrophil", "blast"]
    assert [state.cell.number for state in states] == [1, 4]
    assert changed_sample.revision == before + 1
    assert all(state.changed and state.review.actor == technician for state in states)
    event = AuditEvent.objects.get(event="cells.reviewed")
    assert event.detail == {"cells": 2, "code": "blast", "revision": before + 1}
    assert [state.cell.number for state in changed_since(sample, before)] == [1, 4]
    assert changed_since(sample, before + 1) == []


def test_confirming_says_a_person_agrees_with_the_model(sample, review):
    _sample, (state,) = review(None, 2)
    assert (state.code, state.by_person, state.changed) == ("neutrophil", True, False)


def test_an_unidentified_cell_cannot_be_confirmed_and_nothing_else_happens(sample, review):
    with pytest.raises(ReviewRefused, match="give it a class"):
        review(None, 1, 4)
    assert not CellReview.objects.exists()
    assert Sample.objects.get(pk=sample.pk).revision == sample.revision


def test_a_class_that_is_not_in_use_is_refused(review):
    CellType.objects.filter(pk="blast").update(active=False)
    for code in ("blast", "unheard_of"):
        with pytest.raises(ReviewRefused, match="no such class"):
            review(code, 1)


def test_a_model_class_that_the_catalogue_lacks_waits_for_a_person(sample):
    CellType.objects.filter(pk="neutrophil").update(active=False)
    assert codes(sample) == ["", "", "", ""]


def test_nobody_overwrites_what_they_have_not_seen(sample, review, colleague):
    review("blast", 1, actor=colleague)
    with pytest.raises(ChangedMeanwhile, match=colleague.name) as refused:
        review("monocyte", 1, 2, seen=0)
    assert codes(sample) == ["blast", "neutrophil", "neutrophil", ""]
    assert [state.code for state in refused.value.states] == ["blast", "neutrophil"]
    review("monocyte", 1)
    assert codes(sample)[0] == "monocyte"


def test_undo_goes_back_act_by_act_and_keeps_every_row(sample, review, technician):
    review("blast", 1, 2)
    review("monocyte", 2)
    review(None, 3)

    def undo():
        return review_undo(actor=technician, origin=HERE, sample_id=sample.pk)

    undo()
    assert not cell_states(sample)[2].by_person
    undo()
    assert codes(sample) == ["blast", "blast", "neutrophil", ""]
    undo()
    assert codes(sample) == ["neutrophil", "neutrophil", "neutrophil", ""]
    with pytest.raises(ReviewRefused, match="nothing of yours"):
        undo()
    assert CellReview.objects.count() == 4 + 4
    review("blast", 1)
    undo()
    assert codes(sample)[0] == "neutrophil"


def test_undo_is_ones_own_and_stops_where_another_has_gone_on(sample, review, technician, colleague):
    review("blast", 1)
    review("monocyte", 2, actor=colleague)
    review_undo(actor=technician, origin=HERE, sample_id=sample.pk)
    assert codes(sample)[:2] == ["neutrophil", "monocyte"]
    review("lymphocyte", 2)
    with pytest.raises(ChangedMeanwhile, match="nothing was taken back"):
        review_undo(actor=colleague, origin=HERE, sample_id=sample.pk)
    assert codes(sample)[1] == "lymphocyte"


def test_who_may_review_when(sample, review, technician):
    doctor = PersonFactory(doctor=True)
    with pytest.raises(Sample.DoesNotExist):
        review("blast", 1, actor=PersonFactory())
    Sample.objects.filter(pk=sample.pk).update(state=SampleState.IN_REVIEW)
    with pytest.raises(ReviewRefused, match="with the doctor"):
        review("blast", 1)
    review("blast", 1, actor=doctor)
    Sample.objects.filter(pk=sample.pk).update(state=SampleState.SIGNED)
    with pytest.raises(ReviewRefused, match="stay as they are"):
        review("monocyte", 1, actor=doctor)
    with pytest.raises(PermissionDenied):
        review("blast", 1, actor=PersonFactory(deactivated=True, site=technician.site))


def test_a_cell_of_another_sample_is_refused(sample, review, technician, submit):
    other = sample_create(actor=technician, origin=HERE, facts={"accession": "HV-26-0002"})
    Sample.objects.filter(pk=other.pk).update(state=SampleState.TO_REVIEW)
    cell = cell_states(sample)[0].cell
    with pytest.raises(ReviewRefused, match="does not belong"):
        cells_review(actor=technician, origin=HERE, sample_id=other.pk, seen={cell.pk: 0}, code="blast")


def test_reviews_cannot_be_rewritten_by_the_application(sample, review):
    review("blast", 1)
    for act in (
        lambda: CellReview.objects.update(verdict_id="monocyte"),
        lambda: CellReview.objects.all().delete(),
        lambda: sample.events.update(kind="created"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_review_the_same_cell_at_once_one_is_told(technician, submit):
    sample = sample_with_cells(technician, submit)
    cell = cell_states(sample)[0].cell
    people = [technician, PersonFactory(site=technician.site)]
    outcomes, ready = [], threading.Barrier(2)

    def act(person, code):
        ready.wait()
        try:
            cells_review(actor=person, origin=HERE, sample_id=sample.pk, seen={cell.pk: 0}, code=code)
            outcomes.append(code)
        except ChangedMeanwhile:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [
        threading.Thread(target=act, args=pair) for pair in zip(people, ("blast", "monocyte"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) in (["blast", "told"], ["monocyte", "told"])
    assert codes(sample)[0] == next(outcome for outcome in outcomes if outcome != "told")


def test_states_take_three_queries_however_many_cells(technician, submit, django_assert_num_queries):
    sample = sample_with_cells(technician, submit, number=40)
    with django_assert_num_queries(3):
        assert len(cell_states(sample)) == 40
