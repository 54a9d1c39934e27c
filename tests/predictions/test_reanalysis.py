"""Old samples are read again one by one, after everything new, and what people have said or signed stays."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from mlcore.engine.contracts import NO_CELL
from predictions.models import (
    Analysis,
    DayTally,
    ReanalysedSample,
    Reanalysis,
    Report,
    Sample,
    SampleEvent,
    SampleTally,
    SmearField,
)
from predictions.selectors import cell_states, stored_tallies, tallied
from predictions.selectors.reanalysis import progress
from predictions.services import cells_review, sample_create, sample_submit
from predictions.services.analyse import analyse_field
from predictions.services.reanalysis import ReanalysisRefused, reanalysis_order, reanalysis_stop
from predictions.services.reread import _claim, _read_sample, read_again
from predictions.web.reread_tables import by_class, by_word, changes
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile, plain_model
from tests.predictions.test_days import counted, kept
from tests.predictions.test_tallies import Seeing, sign

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")


@pytest.fixture
def admin():
    return PersonFactory(admin=True)


@pytest.fixture
def old(technician, submit):
    """Register a sample that the old model has read, two neutrophils."""
    model = plain_model.loaded("a" * 64, state="retired")
    numbers = iter(range(1, 100))

    def old(fields=2, days_ago=0):
        place = next(numbers)
        received = timezone.now() - timedelta(days=days_ago)
        facts = {"accession": f"R-{place:03}", "received_at": received}
        sample = sample_create(actor=technician, origin=HERE, facts=facts)
        for number in range(fields):
            field = submit(hostile.png(seed=100 * place + number), sample_id=sample.pk).field
            analyse_field(field.pk, load=lambda: model)
        return sample

    return old


@pytest.fixture
def new():
    """The active model, which calls the same cells monocytes."""
    model = Seeing("b" * 64, label="monocyte")
    type(model.version).objects.filter(pk=model.version.pk).update(state="active")
    return model


def order(admin, **asked):
    return reanalysis_order(actor=admin, origin=HERE, **asked)


def states():
    rows = ReanalysedSample.objects.order_by("sample__accession")
    return list(rows.values_list("state", flat=True))


def test_a_sample_that_waits_for_review_shows_the_new_reading_and_keeps_the_old(old, new, admin):
    sample = old()
    one = order(admin)
    assert read_again(load=lambda: new) == 1
    one.refresh_from_db()
    assert (one.state, states()) == ("done", ["switched"])
    assert Analysis.objects.filter(field__sample=sample).count() == 4
    assert stored_tallies([sample.pk]) == tallied([sample.pk]) == {sample.pk: {"monocyte": 2}}
    assert kept() == counted()
    assert DayTally.objects.filter(model_version=new.version).get().cells == 2
    assert Sample.objects.get(pk=sample.pk).state == "to_review"
    assert SampleEvent.objects.filter(sample=sample, kind="read_again").count() == 1
    assert AuditEvent.objects.filter(event="sample.read_again", subject_id=sample.pk).exists()
    told = progress(one)
    assert (told.cells, told.changed, told.before, told.now) == (2, 2, {"neutrophil": 2}, {"monocyte": 2})


def test_reviewed_submitted_and_signed_samples_are_compared_and_stay(old, new, admin, technician):
    reviewed, submitted, signed = old(), old(), old()
    state = cell_states(reviewed)[0]
    seen = {state.cell.pk: state.seen}
    cells_review(actor=technician, origin=HERE, sample_id=reviewed.pk, seen=seen, code="neutrophil")
    sample_submit(actor=technician, origin=HERE, sample_id=submitted.pk)
    sign(signed, technician, PersonFactory(doctor=True))

    def everything():
        samples = (Sample, SampleEvent, SampleTally, Analysis, Report)
        return [list(model.objects.order_by("pk").values()) for model in samples]

    before = everything()
    order(admin)
    assert read_again(load=lambda: new) == 3
    assert states() == ["compared"] * 3
    assert everything() == before
    assert progress(Reanalysis.objects.get()).changed == 6


def test_both_readings_are_held_against_each_other_and_against_peoples_words(
    old, new, admin, technician, client
):
    sample, _other = old(), old()
    first, second = cell_states(sample)
    for state, word in ((first, "neutrophil"), (second, "monocyte")):
        seen = {state.cell.pk: state.seen}
        cells_review(actor=technician, origin=HERE, sample_id=sample.pk, seen=seen, code=word)
    one = order(admin)
    assert read_again(load=lambda: new) == 2
    told = progress(one)
    assert told.became == {("neutrophil", "monocyte"): 4}
    assert told.words == {
        ("neutrophil", "neutrophil", "monocyte"): 1,
        ("monocyte", "neutrophil", "monocyte"): 1,
    }
    assert [(row.kind.short, row.before, row.alike, row.now) for row in by_class(told)] == [
        ("NEU", 4, 0, 0),
        ("MON", 0, 0, 4),
    ]
    assert [(old.short, new.short, cells) for old, new, cells in changes(told)] == [("NEU", "MON", 4)]
    rows = {row.kind.short: (row.cells, row.before, row.now) for row in by_word(told)}
    assert rows == {"NEU": (1, 1, 0), "MON": (1, 0, 1)}
    client.force_login(admin)
    assert "People say" in client.get(reverse("reanalysis_order", args=[one.pk])).content.decode()


def test_a_cell_that_the_new_reading_does_not_find_is_told_apart(old, new, admin):
    old(1)
    predict = new.predict
    new.predict = lambda image, *, single=False: replace(predict(image, single=single), cells=())
    one = order(admin)
    read_again(load=lambda: new)
    assert progress(one).became == {("neutrophil", NO_CELL): 1}


def test_orders_of_an_earlier_release_are_still_told(old, new, admin, client):
    old(1)
    one = order(admin)
    earlier = {"before": {"neutrophil": 3}, "now": {"neutrophil": 3}, "changed": 0}
    ReanalysedSample.objects.update(state="compared", outcome=earlier)
    client.force_login(admin)
    page = client.get(reverse("reanalysis_order", args=[one.pk])).content.decode()
    assert "0 of 3 cells" in page
    assert "What became of what" not in page


def test_a_review_that_comes_while_a_sample_is_read_keeps_it_as_it_is(old, new, admin, technician):
    sample = old(1)
    one = order(admin)
    unit, predict = _claim(one), new.predict

    def slowly(image, *, single=False):
        seen = {state.cell.pk: state.seen for state in cell_states(sample)}
        cells_review(actor=technician, origin=HERE, sample_id=sample.pk, seen=seen, code="lymphocyte")
        return predict(image)

    new.predict = slowly
    _read_sample(unit, new)
    assert states() == ["compared"]
    assert stored_tallies([sample.pk])[sample.pk] == {"lymphocyte": 1}


def test_a_new_upload_goes_first_and_the_sample_is_given_back(old, new, admin, submit):
    old(3)
    one, predict = order(admin), new.predict

    def while_somebody_uploads(image, *, single=False):
        submit(hostile.png(seed=9999))
        return predict(image)

    new.predict = while_somebody_uploads
    assert read_again(load=lambda: new) == 0
    (row,) = ReanalysedSample.objects.all()
    assert (row.state, row.attempts, row.lease_until) == ("waiting", 0, None)
    new.predict = predict
    assert read_again(load=lambda: new) == 0
    for field in SmearField.objects.filter(job__state="queued"):
        analyse_field(field.pk, load=lambda: new)
    assert read_again(load=lambda: new) == 1
    one.refresh_from_db()
    assert one.state == "done"


def test_a_worker_that_was_killed_is_taken_over_and_its_late_reading_dropped(old, new, admin):
    sample = old(1)
    one = order(admin)
    dead = _claim(one)
    assert read_again(load=lambda: new) == 0
    assert Reanalysis.objects.get().state == "running"
    ReanalysedSample.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert read_again(load=lambda: new) == 1
    revision = Sample.objects.get(pk=sample.pk).revision
    _read_sample(dead, new)
    assert Sample.objects.get(pk=sample.pk).revision == revision
    assert states() == ["switched"]


def test_a_sample_that_ends_its_worker_each_time_fails_in_the_end(old, new, admin):
    old(1)
    one = order(admin)
    for _attempt in range(3):
        assert _claim(one)
        ReanalysedSample.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert read_again(load=lambda: new) == 0
    one.refresh_from_db()
    assert (one.state, states()) == ("done", ["failed"])


def test_a_stopped_order_reads_no_more_and_keeps_what_was_read(old, new, admin):
    for _number in range(3):
        old(1)
    one = order(admin)
    unit = _claim(one)
    _read_sample(unit, new)
    reanalysis_stop(actor=admin, origin=HERE, order_id=one.pk)
    assert read_again(load=lambda: new) == 0
    assert sorted(states()) == ["switched", "waiting", "waiting"]
    assert AuditEvent.objects.filter(event="reanalysis.stopped").count() == 1


def test_another_active_model_ends_the_order(old, new, admin):
    old(1)
    one = order(admin)
    assert read_again(load=lambda: Seeing("c" * 64)) == 0
    one.refresh_from_db()
    assert (one.state, one.why_stopped) == ("stopped", "Another model became active.")


def test_samples_are_chosen_by_days_site_and_version(old, new, admin, technician):
    recent, earlier = old(1), old(1, days_ago=40)
    day = timezone.localdate() - timedelta(days=10)
    one = order(admin, date_from=day)
    assert [row.sample_id for row in one.samples.all()] == [recent.pk]
    reanalysis_stop(actor=admin, origin=HERE, order_id=one.pk)
    other = order(admin, date_to=day, site=technician.site_id)
    assert [row.sample_id for row in other.samples.all()] == [earlier.pk]
    with pytest.raises(ReanalysisRefused, match="still running"):
        order(admin, date_from=day)
    reanalysis_stop(actor=admin, origin=HERE, order_id=other.pk)
    for nothing in ({"site": admin.site_id}, {"read_by": new.version.pk}):
        with pytest.raises(ReanalysisRefused, match="0 samples"):
            order(admin, **nothing)
    with pytest.raises(PermissionDenied):
        order(technician)


def test_the_page_orders_tells_and_stops(old, new, admin, client):
    old(1)
    client.force_login(admin)
    answer = client.post(reverse("reanalyses"), {})
    address = answer.headers["Location"]
    assert "0 of 1 samples" in client.get(address).content.decode()
    read_again(load=lambda: new)
    page = client.get(address).content.decode()
    assert "1 of 1 samples" in page
    assert "shows the new reading" in page
    assert client.post(reverse("reanalyses"), {}).status_code == 422
