"""The pages that hand out or erase what is held of a patient: who may, what they ask, what is left."""

import io
import logging
import tempfile
import zipfile

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.audit.chain import verify
from accounts.audit.models import AuditEvent
from accounts.web.limits import BEGUN
from hematovision.core.origin import Origin
from predictions.models import CellReview, EmergencyAccess, ErasedSample, IdempotencyKey, Report, Sample
from predictions.selectors import patient_rows
from predictions.services import sample_create
from predictions.services.emergency import emergency_open
from tests.accounts.factories import PASSWORD, PersonFactory, SiteFactory

PAGE = "/patients/"
ERASURE = {"reference": "P-77", "again": "P-77", "reason": "Request of 12 March, file 7"}


@pytest.fixture
def technician(db):
    return PersonFactory()


@pytest.fixture
def samples(technician):
    facts = {"patient_reference": "P-77"}
    here = sample_create(actor=technician, origin=Origin(), facts={"accession": "HV-ONE", **facts})
    away = PersonFactory(site=SiteFactory(name="Away"))
    there = sample_create(actor=away, origin=Origin(), facts={"accession": "HV-TWO", **facts})
    return here, there


def signed_in(client, **who):
    """Sign in by the page, so that the sign-in itself proves who it is."""
    person = PersonFactory(**who)
    client.logout()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    return person


@pytest.mark.django_db
def test_who_asks_sees_what_is_held(client, samples):
    signed_in(client, doctor=True)
    shown = client.post(PAGE, {"reference": "P-77"})
    text = shown.content.decode()
    assert all(words in text for words in ("HV-ONE", "HV-TWO", "2 sites use this reference"))
    assert "Erase this patient" not in text
    one = client.post(PAGE, {"reference": "P-77", "site": str(samples[1].site_id)}).content.decode()
    assert ("HV-ONE" in one, "HV-TWO" in one) == (False, True)


@pytest.mark.django_db
@pytest.mark.parametrize("reference", ["", " ", "P-7", "p-77", "P-77' OR '1'='1"])
def test_an_unknown_reference_shows_nothing(client, samples, reference):
    signed_in(client, admin=True)
    for address in (PAGE, "/patients/export/", "/patients/erase/"):
        answer = client.post(address, {**ERASURE, "reference": reference, "again": reference})
        assert (answer.status_code, b"HV-ONE" in answer.content) == (422, False), address
    assert Sample.objects.count() == 2


@pytest.mark.django_db
def test_the_export_is_downloaded_and_in_the_log(client, samples, monkeypatch, tmp_path):
    # It may be larger than a /tmp that is memory, so it is not made there.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "away"))
    person = signed_in(client, doctor=True)
    answer = client.post("/patients/export/", {"reference": "P-77"})
    assert answer["Content-Disposition"] == 'attachment; filename="patient.zip"'
    assert "no-store" in answer["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert b"HV-TWO" in archive.read("patient.json")
    told = AuditEvent.objects.filter(event="patient.exported")
    assert {one.subject_id for one in told} == {str(one.pk) for one in samples}
    assert {(one.actor_id, one.address) for one in told} == {(person.pk, "127.0.0.1")}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", [PAGE, "/patients/export/", "/patients/erase/"])
def test_an_old_sign_in_has_to_be_proved_again_first(client, samples, address, settings):
    signed_in(client, admin=True)
    client.get(PAGE)
    session = client.session
    session[BEGUN] -= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1
    session["account_authentication_methods"] = []
    session.save()
    asked = client.post(address, ERASURE)
    assert (asked.status_code, asked["Location"].split("?")[0]) == (302, "/accounts/reauthenticate/")
    assert Sample.objects.count() == 2
    refused = client.post(asked["Location"], {"password": "wrong"})
    assert (refused.status_code, Sample.objects.count()) == (200, 2)
    done = client.post(asked["Location"], {"password": PASSWORD})
    assert done.status_code == (302 if address.endswith("erase/") else 200)
    assert Sample.objects.count() == (0 if address.endswith("erase/") else 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wrong", [{"again": "P-7"}, {"again": ""}, {"reason": " "}])
def test_erasing_needs_the_reference_again_and_a_reason(client, samples, wrong):
    signed_in(client, admin=True)
    assert client.post("/patients/erase/", {**ERASURE, **wrong}).status_code == 422
    assert Sample.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_erased_means_gone_and_the_log_is_whole(client, samples, caplog):
    reader = PersonFactory()
    emergency_open(actor=reader, origin=Origin(), accession="HV-TWO", reason="Care that cannot wait.")
    person = signed_in(client, admin=True)
    with caplog.at_level(logging.DEBUG):
        answer = client.post("/patients/erase/", ERASURE)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert not any(found.exists() for found in patient_rows(list(samples)).values())
    assert not EmergencyAccess.objects.exists()
    told = AuditEvent.objects.filter(event="patient.erased")
    assert {(one.actor_id, one.detail["reason"]) for one in told} == {(person.pk, ERASURE["reason"])}
    assert {str(one.pk) for one in ErasedSample.objects.all()} == {one.subject_id for one in told}
    assert verify().whole
    assert "P-77" not in caplog.text
    assert "P-77" not in str(AuditEvent.objects.values())


def called(samples):
    """Call the database's function as the application's role may, without the portal around it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT predictions_erase(%s::uuid[])", [[str(one.pk) for one in samples]])


@pytest.mark.django_db(transaction=True)
def test_the_database_erases_nothing_without_the_log_or_of_two_patients(technician, samples):
    other = sample_create(
        actor=technician, origin=Origin(), facts={"accession": "HV-3", "patient_reference": "P-8"}
    )
    nobody = sample_create(actor=technician, origin=Origin(), facts={"accession": "HV-4"})
    for chosen, words in (
        (samples, "without an event in the log"),
        ([*samples, other], "one patient"),
        ([*samples, nobody], "one patient"),
        ([nobody], "one patient"),
    ):
        with pytest.raises(DatabaseError, match=words):
            called(chosen)
    assert Sample.objects.count() == 4
    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("INSERT INTO predictions_erasedsample VALUES (%s)", [str(other.pk)])
    for model in (Report, CellReview):
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {model._meta.db_table}")


def hanging_on(model):
    """Return every model whose rows hang on those of ``model``, however far away."""
    hidden = model._meta.get_fields(include_hidden=True)
    near = {one.related_model for one in hidden if one.auto_created and not one.concrete} - {model}
    return near.union(*(hanging_on(one) for one in near))


@pytest.mark.django_db
def test_nothing_that_hangs_on_a_sample_is_forgotten(samples):
    # The keys of requests are no record of a patient: they are erased apart and never exported.
    apart = {IdempotencyKey}
    assert {found.model for found in patient_rows([]).values()} | apart == hanging_on(Sample) | {Sample}
