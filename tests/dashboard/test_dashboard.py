"""The dashboard's numbers are those of the rows, and only admins see them."""

import io
import random
import statistics
from datetime import date, timedelta

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from hematovision.core import workers
from hematovision.core.origin import Origin
from hematovision.core.release import release
from hematovision.dashboard.activity import activity
from hematovision.dashboard.charts import columns
from predictions.models import Analysis, AnalysisJob, Cell, Sample, SmearField
from predictions.services import field_submit
from predictions.states import Failure, JobState
from predictions.synthetic import draw_field
from tests.accounts.factories import PersonFactory
from tests.predictions.day_counts import count_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def technician(settings, tmp_path):
    settings.IMAGE_ROOT = tmp_path / "images"
    return PersonFactory()


def noon():
    """Twelve o'clock today: no test may depend on how near midnight it runs."""
    return timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)


def upload(person, seed=1):
    content = io.BytesIO(draw_field(seed, width=200, height=160, labels=["neutrophil"]).encoded())
    return field_submit(actor=person, origin=Origin(), content=content, name="smear.jpg").field


def result(field, version, *, days=0, abstained=(False,)):
    """Store a result that came two seconds after its upload, ``days`` ago."""
    at = noon() - timedelta(days=days)
    before = at - timedelta(seconds=2)
    SmearField.objects.filter(pk=field.pk).update(created_at=before)
    AnalysisJob.objects.filter(field=field).update(state=JobState.DONE, uploaded_at=before, finished_at=at)
    analysis = Analysis.objects.create(field=field, model_version=version, milliseconds=5, created_at=at)
    box = {"x0": 0, "y0": 0, "x1": 9, "y1": 9}
    Cell.objects.bulk_create(
        Cell(
            analysis=analysis,
            number=number,
            label="neutrophil",
            confidence=0.9,
            probabilities={"neutrophil": 0.9},
            abstained=unsure,
            **box,
        )
        for number, unsure in enumerate(abstained, start=1)
    )


def test_an_empty_portal_counts_nothing_and_invents_no_share():
    for period in activity().periods:
        assert (period.samples, period.uploads, period.cells.read) == (0, 0, 0)
        assert (period.cells.abstention, period.cells.overrides) == (None, None)
        assert period.to_result.told == period.to_signature.told == "– / –"


def test_each_period_counts_its_own_days(technician, active):
    today, week, month, before = (upload(technician, seed) for seed in range(4))
    result(today, active, abstained=(True, False, False, False))
    result(week, active, days=3, abstained=(True, True))
    result(month, active, days=20, abstained=(False, False))
    result(before, active, days=40)
    count_all()
    found = activity(noon())
    assert [period.uploads for period in found.periods] == [1, 2, 3]
    assert [period.to_result.count for period in found.periods] == [1, 2, 3]
    assert [period.cells.read for period in found.periods] == [4, 6, 8]
    assert [period.cells.abstention for period in found.periods] == [25.0, 50.0, 37.5]
    assert [period.to_result.median for period in found.periods] == [2.0, 2.0, 2.0]
    assert [cells.read for cells in found.cells] == [*[0] * 9, 2, *[0] * 16, 2, 0, 0, 4]
    assert found.classes["neutrophil"].read == found.versions[active.pk, active.version].read == 8


def test_waits_are_the_middle_and_the_ninth_tenth(technician, active):
    for seed, seconds in enumerate((1, 2, 3, 4, 11)):
        field = upload(technician, seed)
        result(field, active)
        AnalysisJob.objects.filter(field=field).update(finished_at=noon() + timedelta(seconds=seconds - 2))
    wait = activity(noon()).periods[0].to_result
    assert (wait.count, wait.median, wait.told) == (5, 3.0, "3.0 s / 8.2 s")


def test_all_waits_are_those_of_plain_python(technician):
    draw, first = random.Random(5), upload(technician)
    results, signatures = [], []
    for number in range(40):
        field = SmearField.objects.create(
            site=first.site, uploaded_by=first.uploaded_by, image=first.image, original_name=f"{number}.jpg"
        )
        begun = noon() - timedelta(days=draw.choice([0, 0, 0, 3, 6, 7, 29, 30]), seconds=draw.randrange(9000))
        took = timedelta(microseconds=draw.randrange(10**11))
        state = draw.choice(["done", "done", "queued", "failed"])
        told = {"failed": {"failure_code": Failure.GAVE_UP}}.get(state, {})
        ended = {} if state == "queued" else {"finished_at": begun + took}
        AnalysisJob.objects.create(field=field, uploaded_at=begun, state=state, **ended, **told)
        results.append((begun, took.total_seconds() if state == "done" else None))
        signed = begun if draw.random() < 0.8 else None
        Sample.objects.create(
            site=first.site, accession=f"T-{number}", received_at=begun - took, first_signed_at=signed,
            created_by=technician,
        )  # fmt: skip
        if signed:
            signatures.append((signed, took.total_seconds()))
    AnalysisJob.objects.filter(field=first).update(uploaded_at=noon() - timedelta(days=40))
    found = activity(noon())
    for period, days in zip(found.periods, (0, 6, 29), strict=True):
        start = noon().replace(hour=0) - timedelta(days=days)
        assert period.uploads == sum(begun >= start for begun, _took in results)
        for wait, rows in ((period.to_result, results), (period.to_signature, signatures)):
            seconds = [took for begun, took in rows if begun >= start and took is not None]
            assert wait.count == len(seconds) >= 2
            tenths = statistics.quantiles(seconds, n=10, method="inclusive")
            assert (wait.median, wait.most) == pytest.approx((statistics.median(seconds), tenths[8]))


def test_samples_and_signatures_are_counted_by_their_own_days(technician):
    for number, (days, state) in enumerate(
        [(0, "signed"), (5, "signed"), (5, "to_review"), (1, "cancelled")]
    ):
        at = noon() - timedelta(days=days)
        Sample.objects.create(
            site=technician.site, accession=f"T-{number}", received_at=at, state=state, created_by=technician,
            first_signed_at=at + timedelta(minutes=30) if state == "signed" else None,
        )  # fmt: skip
    found = activity(noon())
    assert [period.samples for period in found.periods] == [1, 3, 3]
    assert [period.to_signature.count for period in found.periods] == [1, 2, 2]
    assert found.periods[0].to_signature.told == "30 min / 30 min"
    assert sum(found.samples) == 3


def test_a_chart_tells_every_day_in_words_and_ends_at_a_round_number():
    days = [date(2026, 3, day) for day in (1, 2, 3)]
    chart = columns("Cells", days, [0, 37, None])
    assert [one.told for one in chart.columns] == ["1 Mar: 0", "2 Mar: 37"]
    assert [label for _at, label in chart.heights] == ["0", "20", "40"]
    assert float(chart.columns[1].height) == pytest.approx(112 * 37 / 40, abs=0.1)
    assert chart.told.endswith("at most 37, today –")


def test_it_takes_few_queries(technician, active, client, django_assert_max_num_queries):
    for seed in range(5):
        fail(upload(technician, seed))
    client.force_login(PersonFactory(admin=True))
    # Ten for the page; the rest is the session, the person and their site.
    with django_assert_max_num_queries(18):
        assert client.get(reverse("dashboard")).status_code == 200


def fail(field):
    AnalysisJob.objects.filter(field=field).update(
        state=JobState.FAILED,
        failure_code=Failure.GAVE_UP,
        failure_text="The worker stopped several times.",
        finished_at=timezone.now(),
        created_at=F("created_at"),
    )


def test_a_failed_analysis_stands_there_with_its_reason_and_a_retry(technician, client):
    field = upload(technician)
    fail(field)
    client.force_login(PersonFactory(admin=True))
    page = client.get(reverse("dashboard")).content.decode()
    assert "The worker stopped several times." in page
    assert reverse("field_retry", args=[field.pk]) in page


def test_it_says_what_waits_and_what_is_missing(technician, client, monkeypatch):
    monkeypatch.setattr(workers, "MARKS", "test:nobody")
    upload(technician)
    client.force_login(PersonFactory(admin=True))
    response = client.get(reverse("dashboard"))
    page = response.content.decode()
    assert response.context["queue"].waiting == 1
    assert response.context["model"] is None
    assert set(response.context["absent"]) == {"inference", "training", "courier", "scheduler"}
    assert "something is missing" in page


def test_a_worker_that_an_update_left_behind_is_told(client, monkeypatch):
    monkeypatch.setattr(workers, "MARKS", "test:updated")
    client.force_login(PersonFactory(admin=True))
    workers.mark(workers.TRAINING)
    assert f"portal {release()}" in client.get(reverse("dashboard")).content.decode()
    monkeypatch.setattr(workers, "release", lambda: "0.0.9")
    workers.client().delete("test:updated")
    workers.mark(workers.TRAINING)
    page = client.get(reverse("dashboard")).content.decode()
    workers.client().delete("test:updated")
    assert "still runs portal 0.0.9" in page


def test_cells_by_version_lead_to_what_it_read(technician, active, client):
    field, other = upload(technician, 0), upload(technician, 1)
    result(field, active)
    count_all()
    client.force_login(PersonFactory(admin=True))
    since = activity().days[0]
    listed = f"{reverse('history')}?read_by={active.pk}&date_from={since:%Y-%m-%d}"
    assert listed.replace("&", "&amp;") in client.get(reverse("dashboard")).content.decode()
    page = client.get(listed).content.decode()
    assert reverse("field", args=[field.pk]) in page
    assert reverse("field", args=[other.pk]) not in page


def test_without_a_broker_the_page_still_opens_and_says_so(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    workers.client.cache_clear()
    client.force_login(PersonFactory(admin=True))
    page = client.get(reverse("dashboard")).content.decode()
    workers.client.cache_clear()
    assert "the broker does not answer" in page


@pytest.mark.parametrize("role", ["technician", "doctor"])
def test_other_roles_are_told_that_they_may_not(client, role):
    client.force_login(PersonFactory(role=role))
    response = client.get(reverse("dashboard"))
    assert response.status_code == 403
    assert role in response.content.decode()


@pytest.mark.parametrize(
    ("role", "page"), [("technician", "worklist"), ("admin", "worklist"), ("doctor", "worklist")]
)
def test_the_first_page_is_where_the_work_begins(client, role, page):
    client.force_login(PersonFactory(role=role))
    assert client.get("/").headers["Location"] == reverse(page)


def test_signed_out_the_first_page_is_sign_in(client):
    assert client.get("/").headers["Location"].startswith(reverse("account_login"))
