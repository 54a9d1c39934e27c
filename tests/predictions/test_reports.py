"""Signing: what blocks it, what it freezes, that nobody can change it, how a printed report is confirmed."""

import hashlib
import io
import threading

import pypdf
import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, connections, transaction
from django.urls import reverse

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from predictions import report as printing
from predictions.errors import SampleRefused, SigningRefused
from predictions.models import Acknowledgement, Cell, Report, Sample, SampleEvent
from predictions.selectors import against_previous, cell_states, judged, report_by_code, rules
from predictions.services import (
    cells_review,
    critical_note,
    report_amend,
    report_preview,
    report_sign,
    sample_create,
    sample_submit,
)
from predictions.services.analyse import analyse_field
from predictions.services.reports import Intent
from tests.accounts.factories import PASSWORD, PersonFactory
from tests.predictions import plain_model

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")
NEVERTHELESS = "Scanty smear; all cells counted."


def words(pdf):
    """All words of a report in a row, wherever its lines break."""
    pages = pypdf.PdfReader(io.BytesIO(bytes(pdf))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def submitted(technician, submit, cells=3, **facts):
    known = {"accession": "HV-26-0001", "patient_reference": "P-77", "wbc": "6.00", "age_value": 40}
    sample = sample_create(actor=technician, origin=HERE, facts={**known, **facts})
    field = submit(sample_id=sample.pk).field
    loaded = plain_model.loaded()
    analyse_field(field.pk, load=lambda: loaded)
    cell = Cell.objects.get(analysis__field=field)
    for number in range(2, cells + 1):
        cell.pk, cell.number, cell._state.adding = None, number, True
        cell.save(force_insert=True)
    sample_submit(actor=technician, origin=HERE, sample_id=sample.pk)
    return Sample.objects.get(pk=sample.pk)


@pytest.fixture
def doctor():
    return PersonFactory(doctor=True, name="Dr. Ada Rahman")


@pytest.fixture
def sample(technician, submit):
    return submitted(technician, submit)


@pytest.fixture
def sign(doctor, sample):
    def sign(actor=doctor, **given):
        revision = Sample.objects.get(pk=sample.pk).revision
        intent = Intent(
            **{"revision": revision, "override": NEVERTHELESS, "verify_at": "http://x/verify/", **given}
        )
        return report_sign(actor=actor, origin=HERE, sample_id=sample.pk, intent=intent)

    return sign


def name_cell(sample, actor, code, place=0):
    state = cell_states(sample)[place]
    cells_review(actor=actor, origin=HERE, sample_id=sample.pk, seen={state.cell.pk: state.seen}, code=code)


def test_a_signed_report_says_what_the_sample_says(sample, sign, doctor):
    report = sign(comment="Slight left shift.\nRepeat in two days.")
    assert (report.version, report.signed_by, Sample.objects.get().state) == (1, doctor, "signed")
    assert hashlib.sha256(bytes(report.pdf)).hexdigest() == report.sha256
    content = printing.from_json(report.content)
    (row,) = [one for one in content.differential.rows if one.count]
    counted = judged(sample).counted.rows[0]
    assert (row.short_name, row.count, row.percent) == ("NEU", 3, counted.percent)
    assert (row.low, row.high) == (100 * counted.interval.low, 100 * counted.interval.high)
    text = words(report.pdf)
    for shown in ("HV-26-0001", "P-77", "Dr. Ada Rahman", "Slight left shift.", report.code, "100.0"):
        assert shown in text, shown
    assert "PREVIEW" not in text.upper()
    event = AuditEvent.objects.get(event="report.signed")
    told = {"version": 1, "rules": None, "sha256": report.sha256, "cells": {"neutrophil": 3}}
    assert event.detail == told | {"proof": "password"}


def test_a_zero_among_the_words_is_left_out_and_breaks_nothing(sample, sign, doctor):
    report = sign(comment="Slight\0 shift.", override="All \0counted.")
    assert (printing.from_json(report.content).comment, report.override) == ("Slight shift.", "All counted.")
    report_amend(actor=doctor, origin=HERE, sample_id=sample.pk, reason="Wrong\0 stain.")
    assert SampleEvent.objects.order_by("revision").last().detail["reason"] == "Wrong stain."


def test_what_is_open_blocks_until_a_reason_is_given(sample, sign):
    with pytest.raises(SigningRefused, match="97 leukocytes are missing"):
        sign(override=" ")
    assert not Report.objects.exists()
    assert Sample.objects.get().state == "in_review"
    report = sign()
    assert report.override == NEVERTHELESS
    text = words(report.pdf)
    assert "97 leukocytes are missing" in text
    assert NEVERTHELESS in text


def test_an_unidentified_cell_and_an_unnoted_critical_value_block(sample, sign, doctor):
    name_cell(sample, doctor, "blast")
    with pytest.raises(SigningRefused, match="A critical value has not been noted"):
        sign(override="")
    (found,) = judged(sample).criticals
    critical_note(actor=doctor, origin=HERE, sample_id=sample.pk, key=found.key)
    critical_note(actor=doctor, origin=HERE, sample_id=sample.pk, key=found.key)
    assert Acknowledgement.objects.count() == 1
    assert judged(sample).blocks == ["97 leukocytes are missing to the target."]
    with pytest.raises(SigningRefused, match="any more"):
        critical_note(actor=doctor, origin=HERE, sample_id=sample.pk, key="nothing")
    report = sign()
    (critical,) = printing.from_json(report.content).criticals
    assert critical.acknowledged_by == doctor.name


def test_another_value_of_a_critical_class_is_to_be_noted_again(sample, doctor):
    name_cell(sample, doctor, "blast")
    critical_note(actor=doctor, origin=HERE, sample_id=sample.pk, key=judged(sample).criticals[0].key)
    name_cell(sample, doctor, "blast", place=1)
    assert judged(sample).criticals[0].by is None


def test_only_what_the_doctor_has_seen_is_signed(sample, sign, doctor):
    seen = sample.revision
    name_cell(sample, doctor, "monocyte")
    with pytest.raises(SigningRefused, match="have changed since"):
        sign(revision=seen)
    assert not Report.objects.exists()


def test_only_doctors_sign_and_only_what_is_in_review(sample, sign, technician):
    for nobody in (technician, PersonFactory(admin=True), PersonFactory(doctor=True, deactivated=True)):
        with pytest.raises(PermissionDenied):
            sign(actor=nobody)
    sign()
    with pytest.raises(SampleRefused):
        sign()


def test_a_second_person_is_needed_where_the_laboratory_wants_it(sample, sign, technician, settings):
    technician.role = "doctor"
    technician.save()
    with pytest.raises(SigningRefused, match="Nobody but you"):
        sign(actor=technician)
    settings.FOUR_EYES = False
    assert sign(actor=technician).version == 1


def test_an_amendment_is_a_new_version_with_a_reason_and_the_first_stays(sample, sign, doctor):
    first = sign()
    before = bytes(Report.objects.get().pdf)
    with pytest.raises(SigningRefused, match="Say why"):
        report_amend(actor=doctor, origin=HERE, sample_id=sample.pk, reason="")
    report_amend(actor=doctor, origin=HERE, sample_id=sample.pk, reason="A blast was overlooked.")
    name_cell(sample, doctor, "blast")
    second = sign()
    assert (second.version, second.reason) == (2, "A blast was overlooked.")
    stored = Sample.objects.get()
    assert (stored.state, stored.first_signed_at) == ("amended", first.signed_at)
    assert stored.signature_seconds == (first.signed_at - stored.received_at).total_seconds()
    assert bytes(Report.objects.get(version=1).pdf) == before
    assert "A blast was overlooked." in words(second.pdf)
    assert report_by_code(first.code).newest == 2
    assert first.code != second.code


def test_nobody_takes_a_signed_report_back_but_a_doctor_with_a_reason(sample, sign, doctor, technician):
    with pytest.raises(SampleRefused):
        report_amend(actor=doctor, origin=HERE, sample_id=sample.pk, reason="Nothing is signed yet.")
    for state, reason in (("signed", ""), ("amended", "A blast was overlooked.")):
        if reason:
            report_amend(actor=doctor, origin=HERE, sample_id=sample.pk, reason=reason)
        sign()
        with pytest.raises(SampleRefused):
            sample_submit(actor=technician, origin=HERE, sample_id=sample.pk)
        assert Sample.objects.get().state == state


def test_a_signed_report_cannot_be_changed_by_anybody(sample, sign):
    sign()
    statements = (
        "UPDATE predictions_report SET reason = 'x'",
        "DELETE FROM predictions_report",
        "UPDATE predictions_cellreview SET verdict_id = 'blast'",
        "DELETE FROM predictions_sampleevent",
        "TRUNCATE predictions_acknowledgement",
    )
    for statement in statements:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_owner_of_the_tables_is_refused_too():
    with connections["owner"].cursor() as cursor:
        for table in ("report", "acknowledgement", "cellreview", "sampleevent"):
            with pytest.raises(DatabaseError, match="only added"), transaction.atomic("owner"):
                cursor.execute(f"DELETE FROM predictions_{table}")


def test_a_change_against_the_patients_signed_sample_is_on_page_and_report(
    sample, sign, doctor, technician, submit
):
    for place in range(3):
        name_cell(sample, doctor, "monocyte", place)
    sign()
    later = submitted(technician, submit, cells=8, accession="HV-26-0002")
    before = against_previous(later, judged(later).counted, judged(later).types, rules())
    assert before.sample == sample
    changed = {one.code: (one.previous_percent, one.percent) for one in before.deltas}
    assert changed == {"neutrophil": (0.0, 100.0), "monocyte": (100.0, 0.0)}
    text = words(report_preview(actor=doctor, sample=later))
    assert "HV-26-0001" in text
    others = submitted(technician, submit, accession="HV-26-0003", patient_reference="P-78")
    assert against_previous(others, judged(others).counted, judged(others).types, rules()) is None


def test_a_preview_is_marked_and_keeps_nothing(sample, doctor):
    text = words(report_preview(actor=doctor, sample=sample))
    assert "PREVIEW" in text.upper()
    assert "HV-26-0001" in text
    assert not Report.objects.exists()


def test_a_report_is_confirmed_by_its_code_however_it_is_typed(client, sample, sign):
    report = sign()
    plain = report.code.replace("-", " ").lower().replace("0", "o").replace("1", "l")
    answer = client.post(reverse("verify"), {"code": plain})
    html = answer.content.decode()
    assert answer.status_code == 200
    for shown in ("HV-26-0001", report.sha256, "newest version"):
        assert shown in html
    for hidden in ("P-77", "Ada Rahman", "neutrophil"):
        assert hidden not in html
    assert client.post(reverse("verify"), {"code": "0000-0000-0000-0000"}).status_code == 404
    assert client.post(reverse("verify"), {"code": ""}).status_code == 404
    assert client.get(reverse("verify")).status_code == 200


def test_the_page_signs_only_with_tick_and_password(client, doctor, sample):
    client.force_login(doctor)
    panel = client.get(reverse("sample_panel", args=[sample.pk])).content.decode()
    assert f'name="revision" form="sign-form" value="{sample.revision}"' in panel
    address = reverse("sample_sign", args=[sample.pk])
    given = {"revision": sample.revision, "override": NEVERTHELESS, "intent": "yes", "password": PASSWORD}
    for wrong in ({"password": "wrong"}, {"intent": ""}, {"revision": "x"}):
        client.post(address, {**given, **wrong})
        assert not Report.objects.exists()
    assert AuditEvent.objects.filter(event="person.identity_not_proved", outcome="refused").count() == 1
    client.post(address, given)
    report = Report.objects.get()
    answer = client.get(reverse("report", args=[report.pk]))
    assert (answer["Content-Type"], answer.content) == ("application/pdf", bytes(report.pdf))
    assert AuditEvent.objects.filter(event="report.opened").exists()
    html = client.get(reverse("sample", args=[sample.pk])).content.decode()
    assert "Report, version 1" in html
    assert "Amend the report" in html


@pytest.mark.django_db(transaction=True)
def test_of_two_doctors_who_sign_at_once_one_does(technician, submit):
    sample = submitted(technician, submit)
    doctors = [PersonFactory(doctor=True) for _ in range(2)]
    outcomes, ready = [], threading.Barrier(2)

    def act(doctor):
        ready.wait()
        try:
            intent = Intent(revision=sample.revision, override=NEVERTHELESS)
            report_sign(actor=doctor, origin=HERE, sample_id=sample.pk, intent=intent)
            outcomes.append("signed")
        except (SigningRefused, SampleRefused):
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=[doctor]) for doctor in doctors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "signed"]
    assert Report.objects.count() == 1


def test_a_report_survives_a_field_whose_picture_is_gone(sample, sign):
    sample.fields.get().image.path.unlink()
    report = sign()
    assert printing.from_json(report.content).cells == ()
