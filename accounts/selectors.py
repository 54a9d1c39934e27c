"""Reads about people, sites and links."""

from __future__ import annotations

import hashlib

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from accounts.models import OneTimeLink, User
from accounts.permissions import Role


def people() -> QuerySet[User]:
    """Return everybody with their site, active people first."""
    return User.objects.select_related("site").order_by("-is_active", "name", "email")


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
