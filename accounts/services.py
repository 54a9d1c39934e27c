"""Every change to people. Each is one transaction that ends with its event in the log.

All raise PermissionDenied when ``actor`` may not manage people; an actor of None is the command line.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.audit.record import record
from accounts.errors import LastAdmin, Oneself
from accounts.models import OneTimeLink, Site, User
from accounts.permissions import Capability, Role, require
from accounts.sessions import end_sessions
from hematovision.core.origin import Origin


@transaction.atomic
def site_create(*, actor: User | None, name: str, origin: Origin | None = None) -> Site:
    """Add a laboratory or ward.

    Raises:
        ValidationError: there is one of that name.
    """
    if actor is not None:
        require(actor, Capability.MANAGE_PEOPLE)
    site = Site(name=name.strip())
    site.full_clean()
    site.save()
    record("site.created", actor=actor, subject=site, origin=origin)
    return site


@transaction.atomic
def person_create(
    *, actor: User | None, email: str, name: str, role: str, site: Site, origin: Origin | None = None
) -> User:
    """Add a person without a password; a one-time link lets them set one.

    Raises:
        ValidationError: the address is taken or a fact is missing.
    """
    if actor is not None:
        require(actor, Capability.MANAGE_PEOPLE)
    person = User(email=email.strip().lower(), name=name.strip(), role=role, site=site)
    person.set_unusable_password()
    person.full_clean(validate_constraints=False)  # The fields' own rules say the same, in better words.
    person.save()
    record("person.created", actor=actor, subject=person, origin=origin, detail={"role": str(role)})
    return person


@transaction.atomic
def person_change_role(*, actor: User | None, person: User, role: str, origin: Origin | None = None) -> User:
    """Give ``person`` another role; it counts from their next request, and they sign in anew.

    Raises:
        Oneself, LastAdmin: nobody demotes themselves, and one active admin always stays.
        ValidationError: there is no such role.
    """
    person = _lock(actor=actor, person=person, gives_up_admin=role != Role.ADMIN)
    if role == person.role:
        return person
    before, person.role = person.role, role
    _save(person, "role")
    end_sessions(person)
    detail = {"from": str(before), "to": str(role)}
    record("person.role_changed", actor=actor, subject=person, origin=origin, detail=detail)
    return person


@transaction.atomic
def person_change_site(*, actor: User | None, person: User, site: Site, origin: Origin | None = None) -> User:
    """Move ``person`` to another site."""
    person = _lock(actor=actor, person=person)
    if site.pk == person.site_id:
        return person
    before, person.site = person.site_id, site
    _save(person, "site")
    detail = {"from": str(before), "to": str(site.pk)}
    record("person.site_changed", actor=actor, subject=person, origin=origin, detail=detail)
    return person


@transaction.atomic
def person_deactivate(*, actor: User | None, person: User, origin: Origin | None = None) -> User:
    """Shut ``person`` out: no sign-in, no session, no token, no unused link from now on.

    Raises:
        Oneself, LastAdmin: nobody deactivates themselves, and one active admin always stays.
    """
    person = _lock(actor=actor, person=person, gives_up_admin=True)
    if not person.is_active:
        return person
    person.is_active = False
    _save(person, "is_active")
    end_sessions(person)
    OneTimeLink.objects.filter(person=person, used_at=None).delete()
    # Whoever comes back gets new ones: an account that seemed stolen must not bring back a thief's.
    person.machine_tokens.filter(revoked_at=None).update(revoked_at=Now())
    record("person.deactivated", actor=actor, subject=person, origin=origin)
    return person


@transaction.atomic
def person_reactivate(*, actor: User | None, person: User, origin: Origin | None = None) -> User:
    """Let ``person`` sign in again with the password they had; their machine tokens stay revoked."""
    person = _lock(actor=actor, person=person)
    if person.is_active:
        return person
    person.is_active = True
    _save(person, "is_active")
    record("person.reactivated", actor=actor, subject=person, origin=origin)
    return person


def _lock(*, actor: User | None, person: User, gives_up_admin: bool = False) -> User:
    """Lock everybody the decision rests on and return ``person`` as the database has them now.

    All active admins are locked too, so that two admins who demote each other at the same moment
    cannot leave the portal without one: the second waits and then finds its actor demoted.
    """
    keys = {one.pk for one in (actor, person) if one is not None}
    wanted = Q(pk__in=keys) | Q(role=Role.ADMIN, is_active=True)
    rows: dict[UUID, User] = {
        row.pk: row for row in User.objects.select_for_update(no_key=True).filter(wanted).order_by("pk")
    }
    if actor is not None:
        require(rows[actor.pk], Capability.MANAGE_PEOPLE)
    if gives_up_admin:
        _keep_an_admin(actor=actor, person=rows[person.pk], rows=rows)
    return rows[person.pk]


def _keep_an_admin(*, actor: User | None, person: User, rows: dict[UUID, User]) -> None:
    if person.role != Role.ADMIN or not person.is_active:
        return
    if actor is not None and actor.pk == person.pk:
        raise Oneself(_("You cannot take your own admin rights away. Ask another admin."))
    if not any(row.role == Role.ADMIN and row.is_active for row in rows.values() if row.pk != person.pk):
        raise LastAdmin(
            _("%(name)s is the only active admin. Make somebody else an admin first.") % {"name": person}
        )


def _save(person: User, field: str) -> None:
    person.full_clean(validate_constraints=False)  # The fields' own rules say the same, in better words.
    person.save(update_fields=[field])
