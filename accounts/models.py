"""People, the sites they work at, and what they or their programs come in with."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Role


class Site(models.Model):
    """A laboratory or ward; technicians see the results of their own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Creates people; the address is compared without case."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Find a person by e-mail address, whatever its case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in with an e-mail address and has one role at one site."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="people", verbose_name=_("site"))
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    # The time to set up a second factor runs from here.
    first_signed_in_at = models.DateTimeField(_("first sign-in"), null=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        """A deleted role or a second spelling of an address cannot reach the table."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(Lower("email"), name="user_email_without_case"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known"),
        ]

    def __str__(self) -> str:
        return self.name or self.email


class OneTimeLink(models.Model):
    """A link with which somebody sets a password once; the token itself is never stored.

    A link without a person belongs to whoever started the portal: it makes the first admin.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="links")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.id)


class PasswordWish(models.Model):
    """Somebody's wish for a mail with which they set a new password; it goes once the mail is sent."""

    email = models.CharField(max_length=320)
    # With which address the person came to the portal: the link in the mail begins with it.
    portal = models.CharField(max_length=300)
    asked_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return str(self.pk)


class MachineToken(models.Model):
    """What a program shows to act as a person through the API; the token itself is never stored.

    It may do what its scopes say and the person's role allows at that moment, whichever is less.
    """

    class Scope(models.TextChoices):
        """What a token may be good for."""

        PREDICT = "predict", _("send images for analysis")
        READ = "read", _("read results")
        SAMPLES = "samples", _("register samples and add images to them")
        REVIEW = "review", _("review cells and hand samples on")
        ORDERS = "orders", _("place orders for samples")
        ADMIN = "admin", _("read models, data sets, trainings, people and the log")
        METRICS = "metrics", _("read the portal's metrics (numbers, nothing of patients)")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="machine_tokens")
    name = models.CharField(_("name"), max_length=60)
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope.choices))
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    @property
    def rights(self) -> list[str]:
        """What it may do, in words, in the order in which it was chosen from."""
        return [str(one.label) for one in self.Scope if one in self.scopes]


class FactorReset(models.Model):
    """An admin's wish to take away somebody's second factors; another admin has to agree."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="factor_resets")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    approved = models.BooleanField(default=False)

    class Meta:
        """The one who asked cannot be the one who agrees, whatever the code says."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(approved=False) | ~models.Q(closed_by=models.F("asked_by")),
                name="factor_reset_two_admins",
            ),
            models.UniqueConstraint(
                fields=["person"], condition=models.Q(closed_at=None), name="factor_reset_one_open"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
