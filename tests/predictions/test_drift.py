"""Weeks are held against a version's first fields; alarms stand until somebody looks, and may tighten."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from mlcore.engine.contracts import PictureStatistics
from predictions.models import Analysis, Cell, DriftGuard, DriftWeek, SmearField
from predictions.selectors.drift import baseline, standing_alarms, tightening
from predictions.services.analyse import analyse_field
from predictions.services.drift import DriftRefused, drift_acknowledge, drift_guard_set, watch_drift
from predictions.vocabulary import measure_names
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile, plain_model

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")
# A Wednesday; the baseline was read in the weeks before.
TODAY = date(2026, 3, 18)
START = datetime(2026, 2, 2, 8, tzinfo=timezone.get_current_timezone())


@pytest.fixture
def admin():
    return PersonFactory(admin=True)


@pytest.fixture
def version(settings):
    settings.DRIFT_BASELINE_FIELDS, settings.DRIFT_LEAST_CELLS = 40, 40
    one = plain_model.loaded().version
    type(one).objects.filter(pk=one.pk).update(promoted_at=START - timedelta(days=1))
    one.refresh_from_db()
    return one


@pytest.fixture
def read(technician, version, submit):
    """Store readings of fields that were uploaded from a day on, a few minutes apart."""
    template = submit().field
    numbers = iter(range(10_000))

    def read(count, begins, *, dye=0.8, confidence=0.97, picture=True, single=False):
        rows = []
        for place in range(count):
            number = next(numbers)
            field = SmearField.objects.create(
                site=technician.site, uploaded_by=technician, image=template.image, original_name="a.png",
                original_sha256=template.original_sha256, single=single,
            )  # fmt: skip
            at = begins + timedelta(minutes=place)
            SmearField.objects.filter(pk=field.pk).update(created_at=at)
            light = [230 + number % 7, 225 + number % 5, 215 + number % 3]
            told = {"background": light, "dye": dye + number % 11 / 100, "nuclei": [0.5, 0.8, 0.2]}
            told |= {"pale": [0.1, 0.2 + number % 9 / 100, 0.1], "edge": 0.08 + number % 13 / 1000}
            rows.append(
                Analysis.objects.create(
                    field=field, model_version=version, milliseconds=1, picture=told if picture else None
                )
            )
        Cell.objects.bulk_create(
            Cell(
                analysis=row, number=number, x0=0, y0=0, x1=9, y1=9, confidence=confidence, probabilities={},
                label="neutrophil" if (place + number) % 3 else "lymphocyte",
            )
            for place, row in enumerate(rows)
            for number in (1, 2)
        )  # fmt: skip

    return read


def this_week():
    return datetime(2026, 3, 16, 8, tzinfo=timezone.get_current_timezone())


def test_too_few_first_fields_are_no_baseline(read, version, technician):
    read(30, START)
    assert baseline(technician.site, version) == 30
    read(60, START, picture=False)
    read(60, START, single=True)
    read(60, START - timedelta(days=9))
    assert baseline(technician.site, version) == 30
    assert watch_drift(TODAY) == []
    assert not DriftWeek.objects.exists()


def test_an_unchanged_week_is_steady_and_a_changed_stain_alarms(read, version, settings, admin):
    settings.MAIL_ENABLED = True
    read(40, START)
    read(40, this_week() - timedelta(days=7))
    read(40, this_week(), dye=0.5)
    (alarmed,) = watch_drift(TODAY)
    quiet = DriftWeek.objects.get(week=date(2026, 3, 9))
    assert (quiet.alarms, quiet.stands, quiet.fields, quiet.cells) == ([], False, 40, 80)
    assert (alarmed.week, alarmed.alarms, alarmed.stands) == (date(2026, 3, 16), ["dye"], True)
    assert list(standing_alarms()) == [alarmed]
    (letter,) = mail.outbox
    assert letter.to == [admin.email]
    assert AuditEvent.objects.get(event="drift.alarmed").detail["alarms"] == ["dye"]
    # The same again tells nobody twice.
    assert watch_drift(TODAY) == []
    assert len(mail.outbox) == 1
    assert DriftWeek.objects.count() == 2


def test_what_alarms_is_listed_in_the_order_of_the_table():
    assert measure_names(["confidence", "eosin", "light"]) == "brightness, hue of red cells, confidence"


def test_a_week_of_few_fields_says_so_and_does_not_alarm(read, version):
    read(40, START)
    read(9, this_week(), dye=0.2, confidence=0.4)
    assert watch_drift(TODAY) == []
    (row,) = DriftWeek.objects.all()
    assert {one["verdict"] for one in row.measures} == {"few"}


def test_less_confidence_alarms(read, version):
    read(40, START)
    read(40, this_week(), confidence=0.6)
    (row,) = watch_drift(TODAY)
    assert row.alarms == ["confidence"]


def test_an_acknowledged_alarm_stands_no_more_and_a_new_one_does(read, version, admin, technician):
    read(40, START)
    read(40, this_week(), dye=0.5)
    (row,) = watch_drift(TODAY)
    with pytest.raises(PermissionDenied):
        drift_acknowledge(actor=technician, origin=HERE, week_id=row.pk, note="Seen.")
    with pytest.raises(DriftRefused):
        drift_acknowledge(actor=admin, origin=HERE, week_id=row.pk, note="  ")
    drift_acknowledge(actor=admin, origin=HERE, week_id=row.pk, note="New batch of dye.")
    assert AuditEvent.objects.get(event="drift.acknowledged").actor == admin
    assert watch_drift(TODAY) == []
    assert not standing_alarms()
    read(200, this_week(), dye=0.5, confidence=0.5)
    (again,) = watch_drift(TODAY)
    assert (again.pk, again.alarms, again.stands) == (row.pk, ["confidence", "dye"], True)


def judged_week(technician, version, monday):
    """Judge the week of ``monday`` on its last day and return what is stored of it, and whether it alarms."""
    fresh = watch_drift(monday + timedelta(days=6))
    row = DriftWeek.objects.get(site=technician.site, model_version=version, week=monday)
    return row, row in fresh


def test_a_noted_cause_stays_quiet_until_it_is_worse_ends_or_the_note_is_old(
    read, version, admin, technician, settings
):
    settings.DRIFT_LEAST_CELLS, settings.DRIFT_NOTE_DAYS = 10_000, 14
    mondays = [date(2026, 3, 16) + timedelta(days=7 * number) for number in range(8)]
    begins = [this_week() + timedelta(days=7 * number) for number in range(8)]
    read(40, START)
    # About half, then a little more than half of the pictures lie above all that were met first.
    for number, changed in enumerate((15, 17, 16)):
        read(changed, begins[number], dye=1.2)
        read(30 - changed, begins[number] + timedelta(hours=5))
    row, alarms = judged_week(technician, version, mondays[0])
    assert alarms
    drift_acknowledge(actor=admin, origin=HERE, week_id=row.pk, note="New batch of dye.")
    for monday in mondays[1:3]:
        row, alarms = judged_week(technician, version, monday)
        assert (row.alarms, row.seen, row.stands, alarms) == (["dye"], ["dye"], False, False)
    assert not standing_alarms()
    # The fourth week the note is too old.
    read(15, begins[3], dye=1.2)
    read(15, begins[3] + timedelta(hours=5))
    row, alarms = judged_week(technician, version, mondays[3])
    assert alarms
    drift_acknowledge(actor=admin, origin=HERE, week_id=row.pk, note="The same batch.")
    # Worse, and then the other way: each is an alarm of its own.
    read(30, begins[4], dye=1.2)
    row, alarms = judged_week(technician, version, mondays[4])
    assert alarms
    drift_acknowledge(actor=admin, origin=HERE, week_id=row.pk, note="Twice as much of it.")
    read(30, begins[5], dye=0.4)
    row, alarms = judged_week(technician, version, mondays[5])
    assert alarms
    drift_acknowledge(actor=admin, origin=HERE, week_id=row.pk, note="Too little now.")
    # It ends for a week, so that the next one is new.
    read(30, begins[6])
    row, alarms = judged_week(technician, version, mondays[6])
    assert (row.alarms, alarms) == ([], False)
    read(30, begins[7], dye=0.4)
    assert judged_week(technician, version, mondays[7])[1]


def test_a_note_settles_the_same_in_the_other_standing_weeks(read, version, admin, technician):
    read(40, START)
    read(40, this_week() - timedelta(days=7), dye=0.5)
    read(40, this_week(), dye=0.5)
    before, now = watch_drift(TODAY)
    drift_acknowledge(actor=admin, origin=HERE, week_id=now.pk, note="New batch of dye.")
    assert not standing_alarms()
    assert AuditEvent.objects.get(event="drift.acknowledged").detail["also"] == [str(before.week)]
    assert watch_drift(TODAY) == []
    assert not standing_alarms()


def test_while_an_alarm_stands_a_guarded_site_shows_less_and_says_why(
    read, version, admin, technician, submit
):
    loaded = plain_model.loaded()
    before = submit(hostile.png(seed=1)).field
    analyse_field(before.pk, load=lambda: loaded)
    drift_guard_set(actor=admin, origin=HERE, site=technician.site, least=0.95)
    # A guard without an alarm does nothing, nor does an alarm of another site.
    other = {"week": TODAY, "site": admin.site, "model_version": version, "fields": 1, "cells": 1}
    DriftWeek.objects.create(stands=True, **other)
    assert tightening(technician.site_id, version) is None
    row = DriftWeek.objects.create(stands=True, **{**other, "site": technician.site})
    held = submit(hostile.png(seed=2)).field
    analyse_field(held.pk, load=lambda: loaded)
    reading = Analysis.objects.get(field=held)
    (cell,) = reading.cells.all()
    assert (reading.tightened, cell.abstained, cell.confidence) == (0.95, True, 0.9)
    assert "95%" in cell.reason
    assert AuditEvent.objects.filter(event="field.analysed").first().detail["tightened"] == 0.95
    old = Analysis.objects.get(field=before)
    assert (old.tightened, old.cells.get().abstained) == (None, False)
    drift_acknowledge(actor=admin, origin=HERE, week_id=row.pk, note="Looked at.")
    free = submit(hostile.png(seed=3)).field
    analyse_field(free.pk, load=lambda: loaded)
    assert Analysis.objects.get(field=free).cells.get().abstained is False
    assert Analysis.objects.get(field=held).cells.get().abstained is True


def test_a_guard_is_a_probability_and_can_be_taken_away(admin, technician):
    for wrong in (0, 1, 1.5, -0.2):
        with pytest.raises(DriftRefused):
            drift_guard_set(actor=admin, origin=HERE, site=technician.site, least=wrong)
    drift_guard_set(actor=admin, origin=HERE, site=technician.site, least=0.9)
    drift_guard_set(actor=admin, origin=HERE, site=technician.site, least=None)
    assert not DriftGuard.objects.exists()
    assert AuditEvent.objects.filter(event="drift.guard_set").count() == 2


@pytest.mark.parametrize("percent", ["9" * 400, "9" * 5000, "1e9", "-1"])
def test_a_guard_beyond_all_numbers_is_refused_in_words(client, admin, technician, percent):
    client.force_login(admin)
    answer = client.post(reverse("drift_guard", args=[technician.site_id]), {"percent": percent})
    assert answer.status_code == DriftRefused.status
    assert not DriftGuard.objects.exists()


def test_the_statistics_of_a_picture_are_kept_with_its_reading(submit, monkeypatch):
    loaded = plain_model.loaded()
    statistics = PictureStatistics((230.0, 225.0, 220.0), 0.8, (0.5, 0.8, 0.2), None, None)
    plain = loaded.predictor.predict

    def predict(image, *, single=False):

        return replace(plain(image), picture=statistics)

    monkeypatch.setattr(loaded.predictor, "predict", predict)
    field = submit().field
    analyse_field(field.pk, load=lambda: loaded)
    kept = Analysis.objects.get(field=field).picture
    assert kept == {
        "background": [230.0, 225.0, 220.0], "dye": 0.8, "nuclei": [0.5, 0.8, 0.2], "pale": None, "edge": None
    }  # fmt: skip
