"""Tokens of programs: made by admins, kept as a hash, dead at once; and replayed ones of people."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from accounts.audit.models import AuditEvent
from accounts.models import MachineToken
from accounts.services import person_change_role, person_deactivate
from accounts.tokens import token_create, token_revoke
from hematovision.core.origin import Origin
from tests.accounts.factories import PersonFactory
from tests.accounts.test_api_tokens import refresh, token_of, who_is
from tests.predictions import hostile

pytestmark = pytest.mark.django_db
FIELD = "/api/v1/fields/00000000-0000-0000-0000-000000000000"
FACTS = {"name": "Scanner 3", "days": 30, "origin": Origin()}


@pytest.fixture
def admin():
    return PersonFactory(admin=True)


@pytest.fixture
def made(admin):
    """A function that makes a token with these scopes and returns it with the headers that show it."""

    def make(person, *scopes):
        token, text = token_create(actor=admin, person=person, scopes=scopes, **FACTS)
        return token, {"Authorization": f"Bearer {text}", "User-Agent": "scanner/1"}

    return make


def send(client, headers, settings, tmp_path):
    settings.IMAGE_ROOT, settings.PREDICT_WAIT_SECONDS = tmp_path / "images", 0
    file = SimpleUploadedFile("a.jpg", hostile.jpeg())
    return client.post("/api/v1/predict", {"file": file}, headers=headers)


def test_only_the_hash_is_kept(made):
    token, headers = made(PersonFactory(), "read")
    text = headers["Authorization"].split()[1]
    assert text.startswith("hvm_")
    assert text not in str(MachineToken.objects.values())
    assert text not in str(AuditEvent.objects.values())
    assert len(token.token_sha256) == 64


def test_a_token_does_what_its_scopes_say(client, made, settings, tmp_path):
    person = PersonFactory()
    reads, sends = made(person, "read")[1], made(person, "predict")[1]
    assert client.get(FIELD, headers=reads).status_code == 404
    assert client.get(FIELD, headers=sends).status_code == 403
    assert send(client, reads, settings, tmp_path).status_code == 403
    assert send(client, sends, settings, tmp_path).status_code == 202
    event = AuditEvent.objects.exclude(event__startswith="token.").first()
    assert (event.actor, event.agent) == (person, "Scanner 3 (scanner/1)")


def test_rights_are_told_in_the_order_in_which_they_are_chosen_from(made):
    token, _headers = made(PersonFactory(), "review", "read", "predict")
    told = ["send images for analysis", "read results", "review cells and hand samples on"]
    assert token.rights == told


def test_a_token_has_no_more_rights_than_its_person(client, made, settings, tmp_path, admin):
    person = PersonFactory()
    headers = made(person, "predict")[1]
    person_change_role(actor=admin, person=person, role="doctor")
    assert send(client, headers, settings, tmp_path).status_code == 403


def test_deactivation_revocation_and_age_end_a_token_at_once(client, made, admin):
    person = PersonFactory()
    _kept, headers = made(person, "read")
    assert client.get(FIELD, headers=headers).status_code == 404
    revoked, gone = made(person, "read")
    token_revoke(actor=admin, person=person, token_id=revoked.pk, origin=Origin())
    assert client.get(FIELD, headers=gone).status_code == 401
    old, late = made(person, "read")
    MachineToken.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(FIELD, headers=late).status_code == 401
    person_deactivate(actor=admin, person=person)
    assert client.get(FIELD, headers=headers).status_code == 401


def test_the_last_use_is_noted(client, made):
    token, headers = made(PersonFactory(), "read")
    client.get(FIELD, headers=headers)
    token.refresh_from_db()
    assert timezone.now() - token.last_used_at < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["hvm_", "hvm_nonsense", "hvm_é"])
def test_a_made_up_token_is_refused(client, text):
    assert client.get(FIELD, headers={"Authorization": f"Bearer {text}"}).status_code == 401


def test_a_token_opens_no_page(client, made):
    assert client.get("/samples/", headers=made(PersonFactory(), "read")[1]).status_code == 302


def test_only_admins_make_tokens_and_scopes_are_checked(admin):
    with pytest.raises(PermissionDenied):
        token_create(actor=PersonFactory(doctor=True), person=admin, scopes=["read"], **FACTS)
    for scopes in ([], ["everything"]):
        with pytest.raises(ValidationError):
            token_create(actor=admin, person=admin, scopes=scopes, **FACTS)


def test_the_page_shows_a_token_once_and_revokes_it(client, admin, settings):
    settings.MAIL_ENABLED = True
    person = PersonFactory()
    client.force_login(admin)
    page = f"/people/{person.pk}/"
    refused = client.post(page, {"action": "token", "name": "Scanner", "days": 30})
    assert (refused.status_code, MachineToken.objects.count()) == (400, 0)
    shown = client.post(page, {"action": "token", "name": "Scanner", "days": 30, "read": "on"})
    text = shown.context["text"]
    assert mail.outbox[0].to == [person.email]
    assert text not in mail.outbox[0].body
    assert text in shown.content.decode()
    listed = client.get(page).content.decode()
    assert "Scanner" in listed
    assert text not in listed
    client.post(page, {"action": "token_revoke", "token": MachineToken.objects.get().pk})
    assert "Scanner" not in client.get(page).content.decode()
    assert list(AuditEvent.objects.filter(event__startswith="token.").values_list("event", flat=True)) == [
        "token.revoked",
        "token.created",
    ]


def test_the_person_sees_the_token_on_their_page_and_may_end_it(client, made):
    person, stranger = PersonFactory(), PersonFactory()
    token, headers = made(person, "read")
    theirs, _headers = made(stranger, "read")
    client.force_login(person)
    assert "Scanner 3" in client.get("/accounts/").content.decode()
    client.post("/accounts/tokens/revoke/", {"token": theirs.pk})
    assert MachineToken.objects.filter(revoked_at=None).count() == 2
    client.post("/accounts/tokens/revoke/", {"token": token.pk})
    assert client.get(FIELD, headers=headers).status_code == 401


def test_a_replayed_refresh_token_ends_all_that_it_led_to(client):
    person = PersonFactory()
    first = token_of(client, person)
    elsewhere = token_of(type(client)(), person)
    renewed = refresh(client, first).json()["data"]
    assert who_is(renewed["access_token"]) == person

    assert refresh(client, first).status_code == 400

    with pytest.raises(AuthenticationFailed):
        who_is(renewed["access_token"])
    assert refresh(client, renewed).status_code == 400
    assert who_is(elsewhere["access_token"]) == person
    event = AuditEvent.objects.get(event="token.replayed")
    assert (event.subject_id, event.outcome) == (str(person.pk), "refused")
