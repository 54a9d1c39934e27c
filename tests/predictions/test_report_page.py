"""The pages around a signature: the window without a password, units, and trying codes."""

from dataclasses import replace

import pytest
from django.core.cache import cache
from django.urls import reverse

from hematovision.core.origin import Origin
from predictions.differential.units import Unit
from predictions.models import Report, Sample
from predictions.selectors import rules
from predictions.services import report_amend, report_preview, rules_change
from tests.accounts.factories import PASSWORD, PersonFactory
from tests.predictions.test_reports import submitted, words

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")


@pytest.fixture
def sample(technician, submit):
    return submitted(technician, submit)


@pytest.fixture
def doctor(client):
    person = PersonFactory(doctor=True)
    client.force_login(person)
    return person


def sign(client, sample, **given):
    revision = Sample.objects.get(pk=sample.pk).revision
    body = {"intent": "yes", "revision": revision, "override": "All cells counted.", **given}
    return client.post(reverse("sample_sign", args=[sample.pk]), body)


def test_every_signature_needs_the_password_where_no_window_is_set(client, doctor, sample):
    sign(client, sample, password=PASSWORD)
    assert Report.objects.count() == 1
    report_amend(actor=doctor, origin=HERE, sample_id=sample.pk, reason="A typing error.")
    sign(client, sample)
    assert Report.objects.count() == 1


def test_a_signed_samples_page_offers_nothing_that_comes_before_signing(client, doctor, sample):
    address = reverse("sample", args=[sample.pk])
    before = ("Preview the PDF", 'class="checks')
    assert all(words in client.get(address).content.decode() for words in before)
    sign(client, sample, password=PASSWORD)
    signed = client.get(address).content.decode()
    assert "Report, version 1" in signed
    assert not any(words in signed for words in before)


def grown_older(client, seconds):
    """Let the proof in the session be ``seconds`` older than it is."""
    session = client.session
    session["signing_proved_at"] -= seconds
    session.save()


def test_within_the_window_the_second_signature_needs_none(client, doctor, sample, settings):
    settings.SIGN_WINDOW_SECONDS = 300
    address = reverse("sample", args=[sample.pk])
    sign(client, sample)
    assert not Report.objects.exists()
    assert "sign-password" in client.get(address).content.decode()
    sign(client, sample, password=PASSWORD)
    report_amend(actor=doctor, origin=HERE, sample_id=sample.pk, reason="A typing error.")
    grown_older(client, 250)
    assert "sign-password" not in client.get(address).content.decode()
    sign(client, sample)
    assert Report.objects.count() == 2
    report_amend(actor=doctor, origin=HERE, sample_id=sample.pk, reason="Another.")
    # The window begins at the password and not at the last signature.
    grown_older(client, 60)
    sign(client, sample)
    assert Report.objects.count() == 2
    # A clock that was set back does not make a proof that lasts for ever.
    grown_older(client, -10_000)
    sign(client, sample)
    assert Report.objects.count() == 2


def test_codes_cannot_be_tried_by_the_thousand(client):
    cache.clear()
    answers = [
        client.post(reverse("verify"), {"code": f"AAAA-BBBB-CCCC-{number:04}"}) for number in range(31)
    ]
    assert {answer.status_code for answer in answers[:30]} == {404}
    assert answers[30].status_code == 429
    assert "Wait a minute" in answers[30].content.decode()
    cache.clear()


def test_the_unit_is_the_laboratorys_and_changes_no_number(client, doctor, sample):
    before = words(report_preview(actor=doctor, sample=sample))
    rules_change(
        actor=PersonFactory(admin=True),
        origin=HERE,
        wanted=replace(rules(), unit=Unit.GIGA),
        reason="G/L is what our hospital writes.",
    )
    assert "6.00 ×10⁹/L" in before
    after = words(report_preview(actor=doctor, sample=sample))
    assert "6.00 G/L" in after
    assert "×10⁹/L" not in after
    assert "version 1 of the laboratory's rules" in after.replace("’", "'")
    assert "6.00 G/L" in client.get(reverse("sample", args=[sample.pk])).content.decode()
