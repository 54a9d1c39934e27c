"""One-time links: how people get their first password, and a new one where no mail is sent."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import selectors
from accounts.audit.record import record
from accounts.errors import Deactivated, LinkUnusable
from accounts.models import OneTimeLink, Site, User
from accounts.permissions import Capability, Role, require
from accounts.sessions import end_sessions
from hematovision.core.origin import Origin

LIFETIME = timedelta(hours=72)


@transaction.atomic
def link_issue(*, actor: User | None, person: User, origin: Origin | None = None) -> str:
    """Make a link for ``person`` and return its token, the only time that it can be seen.

    Earlier unused links of the person stop working. The present password works until the link is used.

    Raises:
        PermissionDenied: ``actor`` may not manage people.
        Deactivated: the person may not sign in.
    """
    if actor is not None:
        require(actor, Capability.MANAGE_PEOPLE)
    person = selectors.held(person)
    if not person.is_active:
        raise Deactivated(person)
    token = _make(person)
    record("link.issued", actor=actor, subject=person, origin=origin)
    return token


@transaction.atomic
def link_sent(*, actor: User, person: User, origin: Origin) -> None:
    """Record that the link went to the person by mail, so that the admin never saw it."""
    record("link.sent", actor=actor, subject=person, origin=origin)


@transaction.atomic
def first_admin_link() -> str | None:
    """Make a link for the first admin and return its token, or None once an admin can sign in."""
    if selectors.working_admin_exists():
        return None
    token = _make(None)
    record("link.issued", actor=None, detail={"for": "first admin"})
    return token


@transaction.atomic
def link_redeem(*, token: str, password: str, origin: Origin | None = None) -> User:
    """Set the password of the person whom the link belongs to, and end their sessions.

    Args:
        password: already checked against the password rules.

    Raises:
        LinkUnusable: it was used, replaced, has run out or never existed.
    """
    person = _take(token).person
    if person is None:
        raise _unusable()
    person.set_password(password)
    person.save(update_fields=["password"])
    end_sessions(person)
    record("password.set", actor=person, subject=person, origin=origin)
    return person


@transaction.atomic
def first_admin_create(
    *, token: str, email: str, name: str, site_name: str, password: str, origin: Origin | None = None
) -> User:
    """Make the first admin and their site.

    Raises:
        LinkUnusable: as for :func:`link_redeem`, or an admin can already sign in.
        ValidationError: the facts do not make a person, for instance the address is taken.
    """
    if _take(token).person is not None or selectors.working_admin_exists():
        raise _unusable()
    site, _created = Site.objects.get_or_create(name=site_name)
    person = User(email=email.lower(), name=name, role=Role.ADMIN, site=site)
    person.set_password(password)
    person.full_clean(validate_constraints=False)  # The fields' own rules say the same, in better words.
    person.save()
    record("person.created", actor=person, subject=person, origin=origin, detail={"role": Role.ADMIN.value})
    return person


def _make(person: User | None) -> str:
    """Store a new link in place of the unused ones and return its token (256 random bits)."""
    OneTimeLink.objects.filter(person=person, used_at=None).delete()
    token = secrets.token_urlsafe(32)
    digest = selectors.token_digest(token)
    OneTimeLink.objects.create(person=person, token_sha256=digest, expires_at=timezone.now() + LIFETIME)
    return token


def _take(token: str) -> OneTimeLink:
    """Lock the link and mark it used, so that of two requests at once only one gets it."""
    seen = selectors.usable_links(token).first()
    if seen is not None and seen.person is not None:
        selectors.held(seen.person)
    link = selectors.usable_links(token).select_for_update(of=("self",), no_key=True).first()
    if link is None:
        raise _unusable()
    OneTimeLink.objects.filter(pk=link.pk).update(used_at=Now())
    return link


def _unusable() -> LinkUnusable:
    return LinkUnusable(
        _("This link was used already, has run out or was replaced. Ask your admin for a new one.")
    )
