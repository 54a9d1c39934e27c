"""Changes to people: who may make them, what they end, and what always stays."""

import threading

import pytest
from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from accounts import links, services
from accounts.audit.models import AuditEvent
from accounts.errors import LastAdmin, Oneself
from accounts.models import OneTimeLink, User
from accounts.tokens import token_create, token_used
from hematovision.core.origin import Origin
from tests.accounts.factories import PASSWORD, PersonFactory, SiteFactory

ORIGIN = Origin(address="192.0.2.7", agent="Firefox")
pytestmark = pytest.mark.django_db


def last_event():
    return AuditEvent.objects.first()


def test_a_new_person_cannot_sign_in_before_setting_a_password():
    admin, site = PersonFactory(admin=True), SiteFactory()

    person = services.person_create(
        actor=admin, origin=ORIGIN, email=" New@Example.org ", name="New", role="doctor", site=site
    )

    assert (person.email, person.role, person.site) == ("new@example.org", "doctor", site)
    assert not person.has_usable_password()
    event = last_event()
    assert (event.event, event.actor, event.subject_id) == ("person.created", admin, str(person.pk))
    assert (event.address, event.detail) == ("192.0.2.7", {"role": "doctor"})


@pytest.mark.parametrize(
    "wrong",
    [{"email": "TAKEN@example.org"}, {"email": "no address"}, {"role": "owner"}, {"name": ""}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_person_that_makes_no_sense_is_refused_and_nothing_stays(wrong):
    admin = PersonFactory(admin=True)
    PersonFactory(email="taken@example.org")
    facts = {"email": "new@example.org", "name": "New", "role": "doctor", "site": admin.site} | wrong

    with pytest.raises(ValidationError):
        services.person_create(actor=admin, **facts)

    assert User.objects.count() == 2
    assert not AuditEvent.objects.filter(event="person.created").exists()


@pytest.mark.parametrize("who", [{}, {"doctor": True}, {"admin": True, "deactivated": True}])
def test_only_an_active_admin_changes_people(who):
    actor, person, site = PersonFactory(**who), PersonFactory(), SiteFactory()
    acts = [
        lambda: services.site_create(actor=actor, name="Ward"),
        lambda: services.person_create(actor=actor, email="n@example.org", name="N", role="admin", site=site),
        lambda: services.person_change_role(actor=actor, person=person, role="admin"),
        lambda: services.person_change_site(actor=actor, person=person, site=site),
        lambda: services.person_deactivate(actor=actor, person=person),
        lambda: services.person_reactivate(actor=actor, person=person),
        lambda: links.link_issue(actor=actor, person=person),
    ]
    for act in acts:
        with pytest.raises(PermissionDenied):
            act()
    assert not AuditEvent.objects.exists()


def test_a_demoted_admins_stale_copy_counts_for_nothing():
    first, second = PersonFactory(admin=True), PersonFactory(admin=True)
    stale = User.objects.get(pk=second.pk)
    services.person_change_role(actor=first, person=second, role="doctor")

    with pytest.raises(PermissionDenied):
        services.person_change_role(actor=stale, person=first, role="doctor")


def test_a_change_of_role_is_recorded_and_signs_out():
    admin, person = PersonFactory(admin=True), PersonFactory()
    session_of(person)

    services.person_change_role(actor=admin, person=person, role="doctor", origin=ORIGIN)

    person.refresh_from_db()
    assert person.role == "doctor"
    assert not UserSession.objects.filter(user=person).exists()
    assert last_event().detail == {"from": "technician", "to": "doctor"}


def test_nobody_shuts_themselves_out():
    admin = PersonFactory(admin=True)
    PersonFactory(admin=True)
    with pytest.raises(Oneself):
        services.person_change_role(actor=admin, person=admin, role="doctor")
    with pytest.raises(Oneself):
        services.person_deactivate(actor=admin, person=admin)


def test_the_last_active_admin_stays():
    admin = PersonFactory(admin=True)
    PersonFactory(admin=True, deactivated=True)
    with pytest.raises(LastAdmin):
        services.person_change_role(actor=None, person=admin, role="doctor")
    with pytest.raises(LastAdmin):
        services.person_deactivate(actor=None, person=admin)
    admin.refresh_from_db()
    assert admin.is_active


def test_deactivation_ends_sessions_links_and_tokens_and_reactivation_brings_none_back():
    admin, person = PersonFactory(admin=True), PersonFactory()
    session_of(person)
    links.link_issue(actor=admin, person=person)
    _token, text = token_create(
        actor=admin, person=person, name="Scanner", scopes=["read"], days=9, origin=Origin()
    )

    services.person_deactivate(actor=admin, person=person)
    services.person_reactivate(actor=admin, person=person)

    person.refresh_from_db()
    assert person.is_active
    assert person.check_password(PASSWORD)
    assert not UserSession.objects.filter(user=person).exists()
    assert not OneTimeLink.objects.filter(person=person).exists()
    assert token_used(text) is None
    names = list(AuditEvent.objects.values_list("event", flat=True)[:2])
    assert names == ["person.reactivated", "person.deactivated"]


def test_what_changes_nothing_is_not_recorded():
    admin, person = PersonFactory(admin=True), PersonFactory()
    services.person_change_role(actor=admin, person=person, role="technician")
    services.person_change_site(actor=admin, person=person, site=person.site)
    services.person_reactivate(actor=admin, person=person)
    assert not AuditEvent.objects.exists()


def test_a_person_moves_to_another_site():
    admin, person, site = PersonFactory(admin=True), PersonFactory(), SiteFactory()
    services.person_change_site(actor=admin, person=person, site=site)
    person.refresh_from_db()
    assert person.site == site
    assert last_event().event == "person.site_changed"


def test_two_sites_of_one_name_are_refused():
    site = SiteFactory()
    with pytest.raises(ValidationError):
        services.site_create(actor=None, name=site.name)


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_demote_each_other_at_once_leave_one():
    pair = [PersonFactory(admin=True), PersonFactory(admin=True)]
    start, refused = threading.Barrier(2), []

    def demote(actor, person):
        start.wait()
        try:
            services.person_change_role(actor=actor, person=person, role="doctor")
        except PermissionDenied as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=demote, args=two) for two in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert User.objects.filter(role="admin", is_active=True).count() == 1


def session_of(person):
    """Give ``person`` a session as a sign-in would."""
    UserSession.objects.create(user=person, ip="192.0.2.7", session_key=f"key-of-{person.pk}"[:40])
