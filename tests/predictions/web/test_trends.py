"""Trends: pooled shares of signed samples through time, for the sites one may see, and of one patient."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from hematovision.core.origin import Origin
from predictions.models import CellType, Sample, SampleTally
from predictions.selectors import judged, trend, visits
from predictions.selectors.trends import MOST_EARLIER, Step, periods
from predictions.services import sample_create
from predictions.web.charts import Reading, chart
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")


@pytest.fixture
def signed(technician):
    """Register a sample with so many cells of each class, and let it be signed unless said otherwise."""
    numbers = iter(range(1, 10_000))

    def signed(days_ago=1, state="signed", actor=technician, patient="", **tallies):
        received = timezone.localtime().replace(hour=12) - timedelta(days=days_ago)
        facts = {"accession": f"HV-{next(numbers):05}", "received_at": received, "patient_reference": patient}
        sample = sample_create(actor=actor, origin=HERE, facts=facts)
        Sample.objects.filter(pk=sample.pk).update(state=state)
        for code, number in tallies.items():
            SampleTally.objects.create(sample=sample, code=code, number=number)
        return Sample.objects.get(pk=sample.pk)

    return signed


def shares(found, code):
    """(samples, leukocytes, percent of the class) of each period that holds a sample."""
    return [
        (one.samples, one.counted.total, next(row.percent for row in one.counted.rows if row.code == code))
        for one in found.periods
        if one.samples
    ]


def test_a_point_pools_the_leukocytes_of_its_samples(signed, technician):
    signed(1, neutrophil=60, lymphocyte=40, platelet=500)
    signed(1, neutrophil=10, lymphocyte=290)
    signed(3, state="amended", neutrophil=7, erythroblast=3)
    signed(3, state="in_review", neutrophil=100)
    signed(3, state="cancelled", neutrophil=100)
    signed(31, neutrophil=100)
    found = trend(technician, 30)
    assert shares(found, "neutrophil") == [(1, 7, 100.0), (2, 400, 17.5)]
    assert (len(found.periods), found.step) == (30, Step.DAY)
    assert found.periods[-1].begins == timezone.localdate()


def test_days_weeks_and_months_hold_what_falls_into_them(signed, technician):
    for days in range(0, 120, 7):
        signed(days, neutrophil=1, lymphocyte=3)
    for span, step in ((30, Step.DAY), (90, Step.WEEK), (365, Step.MONTH)):
        found = trend(technician, span)
        assert found.step == step
        first = found.periods[0].begins
        expected = sum(timezone.localdate() - timedelta(days=days) >= first for days in range(0, 120, 7))
        assert sum(period.samples for period in found.periods) == expected
        assert sum(period.counted.total for period in found.periods) == 4 * expected
    months = [period.begins for period in trend(technician, 365).periods]
    today = timezone.localdate()
    place = months.index(today.replace(day=1))
    inside = sum((today - timedelta(days=days)).month == today.month for days in range(0, 120, 7))
    assert trend(technician, 365).periods[place].samples == inside


def test_periods_have_no_gap_and_reach_back_far_enough():
    assert periods(Step.DAY, date(2026, 3, 1), 30)[0] == date(2026, 1, 31)
    weeks = periods(Step.WEEK, date(2026, 11, 21), 90)
    assert (weeks[0], weeks[-1], {day.weekday() for day in weeks}) == (
        date(2026, 8, 24),
        date(2026, 11, 16),
        {0},
    )
    months = periods(Step.MONTH, date(2026, 2, 3), 365)
    assert (months[0], months[-1], len(months)) == (date(2025, 2, 1), date(2026, 2, 1), 13)
    assert months[10:12] == [date(2025, 12, 1), date(2026, 1, 1)]


def test_everybody_sees_the_trends_of_their_sites(signed, technician):
    signed(1, neutrophil=10)
    signed(1, actor=PersonFactory(), neutrophil=30)
    assert shares(trend(technician, 30), "neutrophil") == [(1, 10, 100.0)]
    assert shares(trend(PersonFactory(doctor=True), 30), "neutrophil") == [(2, 40, 100.0)]


def test_the_page_has_a_chart_for_each_class_found_and_the_same_numbers_as_a_table(signed, visit, technician):
    signed(1, neutrophil=60, lymphocyte=40, platelet=9)
    signed(2, neutrophil=1, lymphocyte=2)
    html = visit(technician).get(reverse("trends"), {"days": 30}).content.decode()
    assert re.findall(r'class="trend (c-\w+)"', html) == ["c-neu", "c-lym"]
    assert 'aria-label="Neutrophil: between 33.3 and 60.0 %, 60.0 % at the end"' in html
    assert re.search(r": 60.0 % of 100 leukocytes in 1 samples?</title>", html)
    rows = re.findall(r'<td class="n">([^<]*)</td>', html)
    assert [rows[at : at + 4] for at in range(0, len(rows), 4) if rows[at] != "0"] == [
        ["1", "3", "33.3", "66.7"],
        ["1", "100", "60.0", "40.0"],
    ]
    assert "style=" not in html


@pytest.mark.parametrize("days", ["", "7", "x", "-30", "²"])
def test_a_span_that_is_none_shows_the_usual_one(visit, technician, signed, days):
    signed(1, neutrophil=3)
    html = visit(technician).get(reverse("trends"), {"days": days}).content.decode()
    assert re.search(r'href="\?days=90" aria-current="true"', html)


def test_without_a_signed_sample_the_page_says_so(visit, technician, signed):
    signed(1, state="to_review", neutrophil=3)
    assert "No signed sample in this time" in visit(technician).get(reverse("trends")).content.decode()


def test_a_patients_samples_are_shown_oldest_first_and_end_with_this_one(signed, visit, technician):
    for days in range(MOST_EARLIER + 2, 0, -1):
        signed(days + 1, patient="P-77", neutrophil=50 + days, lymphocyte=50 - days)
    signed(3, patient="P-78", monocyte=5)
    signed(3, patient="P-77", actor=PersonFactory(), monocyte=5)
    signed(3, patient="P-77", state="in_review", monocyte=5)
    sample = signed(0, patient="P-77", state="to_review", neutrophil=1)
    count = judged(sample)
    found = visits(sample, count.counted, count.types, count.rules)
    assert len(found) == MOST_EARLIER + 1
    assert found[-1].sample == sample
    assert [one.counted.number("neutrophil") for one in found[:-1]] == list(range(50 + MOST_EARLIER, 50, -1))
    html = visit(technician).get(reverse("sample", args=[sample.pk])).content.decode()
    assert "This patient's samples" in html.replace("&#x27;", "'")
    first = signed(40, patient="P-99", neutrophil=1)
    assert "patient's samples" not in visit(technician).get(
        reverse("sample", args=[first.pk])
    ).content.decode().replace("&#x27;", "'")


def test_queries_of_the_trends_do_not_grow(signed, visit, technician, django_assert_num_queries):
    client = visit(technician)
    client.get(reverse("trends"))
    for _round in range(2):
        for days in range(20):
            signed(days, patient="P-77", neutrophil=3, lymphocyte=2)
        with django_assert_num_queries(7):
            client.get(reverse("trends"), {"days": 365})


def readings(*percents):
    return [Reading(f"day {place}", percent, "") for place, percent in enumerate(percents)]


def test_a_chart_begins_at_zero_and_breaks_where_nothing_was_counted():
    kind = CellType.objects.get(pk="basophil")
    one = chart(kind, readings(1.0, 3.0, None, 2.0, 4.0))
    assert [tick.label for tick in one.heights] == ["0 %", "2.5 %", "5 %"]
    assert (one.heights[0].at, one.heights[2].at) == ("122.0", "12.0")
    assert [line.count(",") for line in one.lines] == [2, 2]
    assert [mark.y for mark in one.marks] == ["100.0", "56.0", "78.0", "34.0"]
    assert [(tick.at, tick.label) for tick in one.times] == [
        ("38.0", "day 0"), ("174.0", "day 2"), ("310.0", "day 4"),
    ]  # fmt: skip
    assert chart(kind, readings(0.0, None, 0.0)) is None
    alone = chart(kind, readings(100.0))
    assert ([mark.x for mark in alone.marks], alone.lines) == (["174.0"], [])
