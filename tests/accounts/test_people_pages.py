"""The admin's pages about people, and the doors of all pages."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.audit.models import AuditEvent
from accounts.models import Site, User
from accounts.permissions import CAPABILITIES, Capability, Role, can
from accounts.web.access import requires
from tests.accounts.factories import PASSWORD, PersonFactory, SiteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    person = PersonFactory(admin=True)
    client.force_login(person)
    return person


def page_of(person):
    return reverse("person", args=[person.pk])


def test_the_list_shows_everybody_with_role_site_and_state(client, admin):
    PersonFactory(name="Dora", doctor=True, deactivated=True)
    PersonFactory(name="Ivan", invited=True)
    text = client.get("/people/").content.decode()
    for words in ("Dora", "deactivated", "Ivan", "invited", "doctor", admin.site.name):
        assert words in text


def test_a_new_person_at_a_new_site_gets_a_link_that_is_shown_once(client, admin):
    facts = {"email": "Nora@Example.org", "name": "Nora", "role": "doctor", "new_site": "Ward 7"}

    answer = client.post("/people/new/", facts)

    person = User.objects.get(email="nora@example.org")
    assert (person.role, person.site.name) == ("doctor", "Ward 7")
    path = re.search(r'value="http://testserver(/welcome/[\w-]+/)"', answer.content.decode()).group(1)
    assert "no-store" in answer["Cache-Control"]
    assert "/welcome/" not in client.get(page_of(person)).content.decode()
    names = list(AuditEvent.objects.values_list("event", flat=True))
    assert names == ["link.issued", "person.created", "site.created"]
    new = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert client.post(path, new).status_code == 302


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "taken@EXAMPLE.org"}, "email"),
        ({"role": "owner"}, "role"),
        ({"new_site": ""}, "site"),
        ({"new_site": "main LABORATORY"}, "new_site"),
        ({"name": "a\0b"}, "name"),
    ],
)
def test_a_refused_person_says_which_field_and_creates_nothing(client, admin, wrong, field):
    PersonFactory(email="taken@example.org", site=SiteFactory(name="Main laboratory"))
    people, sites = User.objects.count(), Site.objects.count()
    facts = {"email": "n@example.org", "name": "N", "role": "doctor", "new_site": "Ward"} | wrong

    answer = client.post("/people/new/", facts)

    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {field}
    assert (User.objects.count(), Site.objects.count()) == (people, sites)


def test_nothing_but_the_forms_own_fields_can_be_written(client, admin):
    person, site = PersonFactory(), SiteFactory()
    extra = {"is_active": "", "password": "x", "email": "evil@example.org", "role": "admin", "id": "1"}
    client.post(page_of(person), extra | {"action": "site", "site": site.pk})
    after = User.objects.get(pk=person.pk)
    assert after.site == site
    assert (after.email, after.role, after.password, after.is_active) == (
        person.email,
        person.role,
        person.password,
        True,
    )


def test_role_state_and_link_change_from_the_page(client, admin):
    person = PersonFactory()
    assert client.post(page_of(person), {"action": "role", "role": "doctor"}).status_code == 302
    assert client.post(page_of(person), {"action": "deactivate"}).status_code == 302
    person.refresh_from_db()
    assert (person.role, person.is_active) == ("doctor", False)
    assert client.post(page_of(person), {"action": "link"}).status_code == 409
    assert client.post(page_of(person), {"action": "reactivate"}).status_code == 302
    assert "/welcome/" in client.post(page_of(person), {"action": "link"}).content.decode()


def test_a_refusal_is_told_on_the_page(client, admin):
    answer = client.post(page_of(admin), {"action": "deactivate"})
    assert answer.status_code == 409
    assert "You cannot take your own admin rights away." in answer.content.decode()


ROLE, SITE = {"action": "role"}, {"action": "site"}
UNKNOWN = [{}, {"action": "delete"}, ROLE, ROLE | {"role": "x"}, SITE, SITE | {"site": "x"}]


@pytest.mark.parametrize("body", UNKNOWN)
def test_an_unknown_act_changes_nothing(client, admin, body):
    assert client.post(page_of(PersonFactory()), body).status_code == 400
    assert not AuditEvent.objects.exists()


def test_names_are_shown_as_text(client, admin):
    person = PersonFactory(name="<script>alert(1)</script>")
    for path in ("/people/", page_of(person)):
        assert "<script>alert" not in client.get(path).content.decode()


def test_refused_access_names_role_and_act_and_does_not_redirect(client):
    client.force_login(PersonFactory(doctor=True))
    answer = client.get("/people/")
    assert answer.status_code == 403
    assert "Your role, doctor, may not manage people." in answer.content.decode()


@requires(Capability.UPLOAD)
def guarded(request):
    return HttpResponse("inside")


def ask(user, **headers):
    request = RequestFactory().get("/somewhere/", headers=headers)
    request.user = user
    return guarded(request)


def test_the_door_answers_a_script_in_json():
    signed_out = ask(AnonymousUser(), accept="application/json")
    refused = ask(PersonFactory.build(doctor=True), accept="application/json")
    assert (signed_out.status_code, refused.status_code) == (401, 403)
    assert b"may not upload" in refused.content
    assert ask(PersonFactory.build()).content == b"inside"


def test_the_door_sends_htmx_to_sign_in_and_back_to_its_page():
    answer = ask(AnonymousUser(), HX_Request="true", HX_Current_URL="http://testserver/fields/?mine=on")
    assert answer.status_code == 401
    assert answer["HX-Redirect"].startswith("/accounts/login/?next=")
    assert ask(AnonymousUser())["Location"] == "/accounts/login/?next=/somewhere/"


def test_the_door_refuses_by_exception():
    with pytest.raises(PermissionDenied, match="Your role, doctor, may not upload"):
        ask(PersonFactory.build(doctor=True))


@pytest.mark.parametrize("role", Role.values)
def test_every_role_has_its_row_and_a_deactivated_person_may_nothing(role):
    assert CAPABILITIES[role]
    for capability in Capability:
        person = PersonFactory.build(role=role)
        assert can(person, capability) == (capability in CAPABILITIES[role])
        assert not can(PersonFactory.build(role=role, deactivated=True), capability)


def test_the_list_says_who_has_a_factor_sessions_and_when_they_were_seen(
    client, django_assert_max_num_queries
):
    admin, idle = PersonFactory(admin=True), PersonFactory(doctor=True, name="Idle Doctor")
    safe = PersonFactory(doctor=True, name="Safe Doctor")
    Authenticator.objects.create(user=safe, type=Authenticator.Type.TOTP, data={})
    Authenticator.objects.create(user=idle, type=Authenticator.Type.RECOVERY_CODES, data={})
    gone = PersonFactory(deactivated=True, name="Gone Technician")
    invited = PersonFactory(invited=True, name="Invited Technician")
    client.force_login(admin)
    seen = timezone.now() - timedelta(hours=2)
    for number in range(2):
        session = UserSession.objects.create(
            user=safe, ip="127.0.0.1", session_key=f"k{number}", user_agent="x", data={}
        )
        UserSession.objects.filter(pk=session.pk).update(last_seen_at=seen - timedelta(hours=number))
    with django_assert_max_num_queries(10):
        page = client.get(reverse("people"))
    rows = {one.pk: one for one in page.context["people"]}
    assert (rows[safe.pk].has_factor, rows[safe.pk].session_count, rows[safe.pk].seen_at) == (True, 2, seen)
    assert (rows[idle.pk].has_factor, rows[idle.pk].session_count, rows[idle.pk].seen_at) == (False, 0, None)

    def shown(**asked):
        return {one.pk for one in client.get(reverse("people"), asked).context["people"]}

    assert shown(role="doctor") == {idle.pk, safe.pk}
    assert shown(role="doctor", without_factor="on") == {idle.pk}
    assert shown(state="deactivated") == {gone.pk}
    assert shown(state="invited") == {invited.pk}
    assert gone.pk not in shown(state="active")
    assert len(shown(role="nobody")) == 5
