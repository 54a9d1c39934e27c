"""A sample: registered, filled with fields, moved by its table, cancelled without a loss."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from predictions.errors import SampleRefused
from predictions.models import CellType, Sample, SampleEvent, SmearField
from predictions.selectors import visible_samples
from predictions.services import (
    analysis_retry,
    sample_cancel,
    sample_create,
    sample_edit,
    sample_return,
    sample_submit,
)
from predictions.services.analyse import analyse_field
from predictions.states import SAMPLE_MOVES, SampleState
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile, plain_model

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")


@pytest.fixture
def sample(technician):
    return sample_create(actor=technician, origin=HERE, facts={"accession": "HV-26-0001"})


@pytest.fixture
def doctor():
    return PersonFactory(doctor=True)


def trail(sample):
    events = SampleEvent.objects.filter(sample=sample).order_by("revision")
    return [(event.kind, event.detail.get("to", "")) for event in events]


def fresh(sample):
    return Sample.objects.get(pk=sample.pk)


def test_a_new_sample_belongs_to_the_site_and_is_in_the_log(sample, technician):
    assert (sample.site, sample.created_by, sample.state) == (technician.site, technician, "receiving")
    assert trail(sample) == [("created", "")]
    event = AuditEvent.objects.get(event="sample.created")
    assert event.subject_id == str(sample.pk)
    assert "HV-26-0001" not in str(event.detail)


@pytest.mark.parametrize(
    "accession", ["", "A", "AB", "hv-1", "HV 26", "-HV1", "HV1-", "HV\n1", "Ü123", "A" * 33]
)
def test_an_accession_number_that_a_scanner_would_not_type_is_refused(technician, accession):
    with pytest.raises(ValidationError) as problem:
        sample_create(actor=technician, origin=HERE, facts={"accession": accession})
    assert "accession" in problem.value.message_dict
    assert not Sample.objects.exists()


def test_an_accession_number_is_given_once(sample, technician):
    with pytest.raises(ValidationError):
        sample_create(actor=technician, origin=HERE, facts={"accession": sample.accession})


def test_only_facts_are_taken_from_outside(technician):
    facts = {"accession": "HV-2", "state": "signed", "revision": 99, "created_by_id": None, "site_id": None}
    sample = sample_create(actor=technician, origin=HERE, facts=facts)
    assert (sample.state, sample.revision, sample.created_by) == ("receiving", 1, technician)


def test_who_may_register_and_who_may_see(sample, doctor):
    for nobody in (doctor, PersonFactory(deactivated=True)):
        with pytest.raises(PermissionDenied):
            sample_create(actor=nobody, origin=HERE, facts={"accession": "HV-3"})
    assert sample in visible_samples(doctor)
    assert sample not in visible_samples(PersonFactory())


def test_fields_take_a_sample_to_review(sample, submit):
    loaded = plain_model.loaded()
    first, second = (submit(hostile.jpeg(), sample_id=sample.pk).field for _ in range(2))
    assert (first.sample_id, fresh(sample).state) == (sample.pk, "analysing")
    analyse_field(first.pk, load=lambda: loaded)
    assert fresh(sample).state == "analysing"
    analyse_field(second.pk, load=lambda: loaded)
    assert fresh(sample).state == "to_review"
    assert [to for kind, to in trail(sample) if kind == "moved"] == ["analysing", "to_review"]
    assert [kind for kind, _to in trail(sample)].count("analysed") == 2
    revisions = list(SampleEvent.objects.filter(sample=sample).values_list("revision", flat=True))
    assert sorted(revisions) == list(range(1, fresh(sample).revision + 1))


def test_a_sample_of_which_nothing_could_be_read_failed_and_can_be_tried_again(sample, submit, technician):
    field = submit(sample_id=sample.pk).field
    field.image.path.unlink()
    loaded = plain_model.loaded()
    analyse_field(field.pk, load=lambda: loaded)
    assert fresh(sample).state == "failed"
    analysis_retry(actor=technician, origin=HERE, field_id=field.pk)
    assert fresh(sample).state == "analysing"


def test_one_field_that_could_be_read_is_enough(sample, submit):
    good, bad = submit(sample_id=sample.pk).field, submit(hostile.png(), sample_id=sample.pk).field
    bad.image.path.unlink()
    loaded = plain_model.loaded()
    for field in (good, bad):
        analyse_field(field.pk, load=lambda: loaded)
    assert fresh(sample).state == "to_review"
    assert [kind for kind, _to in trail(sample)].count("failed") == 1


def test_a_sample_of_another_site_takes_no_fields(sample, submit):
    with pytest.raises(Sample.DoesNotExist):
        submit(actor=PersonFactory(), sample_id=sample.pk)
    assert not SmearField.objects.exists()


def test_a_submitted_sample_is_the_doctors_until_it_is_returned(sample, submit, technician, doctor):
    Sample.objects.filter(pk=sample.pk).update(state=SampleState.TO_REVIEW)
    sample_submit(actor=technician, origin=HERE, sample_id=sample.pk)
    assert fresh(sample).state == "in_review"
    with pytest.raises(SampleRefused, match="takes no more images"):
        submit(sample_id=sample.pk)
    with pytest.raises(SampleRefused, match="in review already"):
        sample_submit(actor=technician, origin=HERE, sample_id=sample.pk)
    with pytest.raises(PermissionDenied):
        sample_return(actor=technician, origin=HERE, sample_id=sample.pk, reason="no")
    with pytest.raises(SampleRefused, match="Say why"):
        sample_return(actor=doctor, origin=HERE, sample_id=sample.pk, reason=" ")
    sample_return(actor=doctor, origin=HERE, sample_id=sample.pk, reason="Two more fields, please.")
    assert fresh(sample).state == "to_review"
    assert SampleEvent.objects.filter(sample=sample).first().detail["reason"] == "Two more fields, please."


def test_cancelling_keeps_everything_and_ends_the_sample(sample, submit, technician):
    field = submit(sample_id=sample.pk).field
    sample_cancel(actor=technician, origin=HERE, sample_id=sample.pk, reason="Wrong patient")
    assert fresh(sample).state == "cancelled"
    assert SmearField.objects.filter(pk=field.pk).exists()
    loaded = plain_model.loaded()
    analyse_field(field.pk, load=lambda: loaded)
    assert fresh(sample).state == "cancelled"
    with pytest.raises(SampleRefused):
        sample_edit(actor=technician, origin=HERE, sample_id=sample.pk, facts={"note": "x"})


def test_an_edit_names_the_changed_details_but_not_what_they_were(sample, technician):
    facts = {"accession": sample.accession, "patient_reference": "P-77", "note": "clotted"}
    sample_edit(actor=technician, origin=HERE, sample_id=sample.pk, facts=facts)
    event = SampleEvent.objects.filter(sample=sample).first()
    assert (event.kind, sorted(event.detail["fields"])) == ("edited", ["note", "patient_reference"])
    assert "P-77" not in str(list(AuditEvent.objects.values_list("detail", flat=True)))
    revision = fresh(sample).revision
    sample_edit(actor=technician, origin=HERE, sample_id=sample.pk, facts=facts)
    assert fresh(sample).revision == revision


def test_the_table_of_moves_knows_every_state_and_cancelled_is_the_end():
    assert set(SAMPLE_MOVES) == set(SampleState)
    assert SAMPLE_MOVES[SampleState.CANCELLED] == frozenset()
    reached = set().union(*SAMPLE_MOVES.values())
    assert reached == set(SampleState) - {SampleState.RECEIVING}


def test_the_catalogue_begins_with_the_models_classes_and_what_only_people_name():
    from mlcore.engine.contracts import LABELS  # noqa: PLC0415 -- the engine's own list

    codes = set(CellType.objects.values_list("code", flat=True))
    assert set(LABELS) < codes
    assert {"blast", "band_neutrophil", "smudge_cell", "other", "not_a_cell"} < codes
    keys = list(CellType.objects.exclude(key="").values_list("key", flat=True))
    assert len(keys) == len(set(keys))
    # Keys that move, confirm, undo or help cannot name a type.
    assert not set(keys) & set("hjklua?")
