"""Reads about people, sites and links."""

from __future__ import annotations

import hashlib

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, Now

from accounts.models import OneTimeLink, Site, User
from accounts.permissions import Role


def people() -> QuerySet[User]:
    """Return everybody with their site, active people first."""
    return User.objects.select_related("site").order_by("-is_active", "name", "email")


def held(person: User) -> User:
    """Return ``person`` as the database has them now; nobody else changes them until the transaction ends.

    Whatever a decision says about somebody rests on this row, not on one that was read a moment ago. Of all
    rows that a transaction locks this one comes first, so that two of them cannot wait for each other.
    """
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


def person_with_address(address: str) -> User | None:
    """Return the active person who has this address, which somebody else vouches for.

    Only the case of the letters a to z is left aside. Where a database leaves case aside, it takes some
    foreign letters for these, such as an i without its dot, and another's mailbox would open the account.
    """
    if not address.isprintable():
        return None
    plain = address.encode().lower().decode()
    return User.objects.filter(email=plain, is_active=True).first()


def sites() -> QuerySet[Site]:
    """Return all sites by name."""
    return Site.objects.order_by("name")


def people_overview(*, role: str = "", state: str = "", without_factor: bool = False) -> QuerySet[User]:
    """Return people with ``has_factor``, ``session_count`` and ``seen_at`` (None for never); one query.

    ``state`` is ``active``, ``invited`` (no password yet) or ``deactivated``; empty filters let everybody by.
    """
    own = UserSession.objects.filter(user=OuterRef("pk")).order_by().values("user")
    factor = Authenticator.objects.filter(user=OuterRef("pk")).exclude(type=Authenticator.Type.RECOVERY_CODES)
    found = people().annotate(
        has_factor=Exists(factor),
        session_count=Coalesce(Subquery(own.annotate(number=Count("pk")).values("number")), 0),
        # Whoever has signed out has no session left, but a last sign-in.
        seen_at=Greatest(Subquery(own.annotate(last=Max("last_seen_at")).values("last")), "last_login"),
    )
    invited = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    states = {
        "active": Q(is_active=True) & ~invited,
        "invited": Q(is_active=True) & invited,
        "deactivated": Q(is_active=False),
    }
    found = found.filter(states.get(state, Q()))
    if role:
        found = found.filter(role=role)
    return found.filter(has_factor=False) if without_factor else found


def active_admins() -> QuerySet[User]:
    """Return the people who may manage people at this moment."""
    return User.objects.filter(role=Role.ADMIN, is_active=True)


def working_admin_exists() -> bool:
    """Say whether some active admin has set a password, so that the portal is not locked."""
    return active_admins().exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists()


def usable_links(token: str) -> QuerySet[OneTimeLink]:
    """Return the one link with this token while it may still be used, else nothing."""
    usable = Q(used_at=None, expires_at__gt=Now()) & (Q(person=None) | Q(person__is_active=True))
    return OneTimeLink.objects.select_related("person").filter(usable, token_sha256=token_digest(token))


def token_digest(token: str) -> str:
    """Return what is stored in place of ``token``: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()
