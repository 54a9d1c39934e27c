"""Who sees what, and the history: filters, and pages by key."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser

from hematovision.core.origin import Origin
from predictions import selectors
from predictions.errors import BadCursor
from predictions.models import AnalysisJob, SmearField
from predictions.services import analysis_retry, jobs
from predictions.services.analyse import analyse_field
from predictions.states import Failure
from predictions.types import HistoryFilters, QueueStatus
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile
from tests.predictions.plain_model import loaded

pytestmark = pytest.mark.django_db

EVERYTHING = HistoryFilters()


@pytest.fixture
def analysed(submit):
    def analysed(**options):
        field = submit(**options).field
        model = loaded()
        analyse_field(field.pk, load=lambda: model)
        return field

    return analysed


def keys(page):
    return [field.pk for field in page.fields]


def test_technicians_see_their_site_others_all_and_strangers_nothing(submit, technician):
    own = submit().field
    colleague = PersonFactory(site=technician.site)
    elsewhere = submit(actor=PersonFactory()).field
    assert set(selectors.visible_fields(technician)) == {own}
    assert set(selectors.visible_fields(colleague)) == {own}
    for everybody in (PersonFactory(doctor=True), PersonFactory(admin=True)):
        assert set(selectors.visible_fields(everybody)) == {own, elsewhere}
    for nobody in (AnonymousUser(), PersonFactory(site=technician.site, deactivated=True)):
        assert not selectors.visible_fields(nobody).exists()


def test_anothers_field_looks_like_none(analysed, technician):
    field = analysed(actor=PersonFactory())
    cell = field.analyses.get().cells.get()
    for key in (field.pk, uuid4()):
        with pytest.raises(SmearField.DoesNotExist):
            selectors.field_detail(technician, key)
        with pytest.raises(SmearField.DoesNotExist):
            analysis_retry(actor=technician, origin=Origin(), field_id=key)
    with pytest.raises(type(cell).DoesNotExist):
        selectors.visible_cell(technician, cell.pk)
    assert selectors.visible_cell(field.uploaded_by, cell.pk) == cell


def test_history_pages_by_key_without_gap_or_repeat(submit, technician):
    expected = [submit(hostile.png(seed=n)).field.pk for n in range(7)][::-1]
    # Several uploads of one moment must not be lost between two pages.
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    SmearField.objects.filter(pk__in=expected[2:5]).update(created_at=moment)
    expected = list(SmearField.objects.order_by("-created_at", "-id").values_list("pk", flat=True))
    seen, after = [], None
    for _ in range(10):
        page = selectors.history(technician, filters=EVERYTHING, after=after, limit=2)
        seen += keys(page)
        after = page.next
        if after is None:
            break
    assert seen == expected


def test_new_uploads_do_not_shift_the_next_page(submit, technician):
    old = [submit(hostile.png(seed=n)).field.pk for n in range(4)][::-1]
    first = selectors.history(technician, filters=EVERYTHING, limit=2)
    submit(hostile.png(seed=9))
    assert keys(selectors.history(technician, filters=EVERYTHING, after=first.next, limit=2)) == old[2:]


@pytest.mark.parametrize("key", ["x", "1-2", "-", "99999999999999999999-" + "0" * 32, "1-" + "g" * 32, "é"])
def test_altered_key_is_refused(technician, key):
    with pytest.raises(BadCursor):
        selectors.history(technician, filters=EVERYTHING, after=key)


def test_history_filters(analysed, submit, technician):
    colleague = PersonFactory(site=technician.site)
    found = analysed(name="Ward 3 smear.png", content=hostile.png(seed=1))
    empty = analysed(name="blank.png", content=hostile.encoded(hostile.Image.new("RGB", (64, 64)), "PNG"))
    waiting = submit(hostile.png(seed=2), name="100%_x.png", actor=colleague).field
    SmearField.objects.filter(pk=empty.pk).update(created_at=datetime(2026, 3, 5, 23, 59, tzinfo=UTC))

    def matching(**filters):
        return set(keys(selectors.history(technician, filters=HistoryFilters(**filters))))

    day = date(2026, 3, 5)
    assert matching() == {found.pk, empty.pk, waiting.pk}
    assert matching(label="neutrophil") == {found.pk}
    assert matching(label="monocyte") == set()
    assert matching(mine=True) == {found.pk, empty.pk}
    assert matching(person=colleague.pk) == {waiting.pk}
    assert matching(text="WARD") == {found.pk}
    assert matching(text="%_") == {waiting.pk}
    assert matching(text="\0") == matching()
    assert matching(state="queued") == {waiting.pk}
    assert matching(read_by=found.analyses.get().model_version_id) == {found.pk, empty.pk}
    assert matching(read_by=found.pk) == set()
    assert matching(date_from=day, date_to=day) == {empty.pk}
    assert matching(date_from=day + timedelta(days=1)) == {found.pk, waiting.pk}
    assert matching(date_to=day - timedelta(days=1)) == set()
    assert matching(label="neutrophil", mine=True, text="smear", state="done") == {found.pk}


def test_history_costs_the_same_for_one_field_and_for_many(
    analysed, technician, django_assert_max_num_queries
):
    for n in range(6):
        analysed(content=hostile.png(seed=n))
    with django_assert_max_num_queries(4):
        page = selectors.history(technician, filters=EVERYTHING)
        for field in page.fields:
            cells = field.analyses.all()[0].cells.all()
            assert (field.job.state, cells[0].label, field.site.name) == (
                "done",
                "neutrophil",
                field.site.name,
            )
            assert field.image.width
            assert field.uploaded_by.name


def test_queue_status_and_failures(submit, technician):
    assert selectors.queue_status() == QueueStatus(0, 0, 0.0)
    fields = [submit(hostile.png(seed=n)).field for n in range(3)]
    assert selectors.jobs_ahead(fields[0].job) == 0
    jobs.fail(jobs.claim(fields[0].pk), Failure.MODEL_ERROR)
    jobs.claim(fields[1].pk)
    AnalysisJob.objects.filter(field=fields[2]).update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    status = selectors.queue_status()
    assert (status.waiting, status.running) == (1, 1)
    assert status.oldest_wait_seconds > 3600
    assert [job.field for job in selectors.failed_jobs(technician)] == [fields[0]]
    assert not selectors.failed_jobs(PersonFactory()).exists()
    assert selectors.state_counts(technician) == {"queued": 1, "running": 1, "done": 0, "failed": 1}
