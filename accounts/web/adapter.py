"""How django-allauth behaves here, and what of it goes into the log."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.audit.models import Outcome
from accounts.audit.record import JSON, record
from accounts.identity import identity_proved
from accounts.models import User
from accounts.selectors import held
from accounts.web.limits import begin
from accounts.web.proof import just_begun, proofs
from hematovision.core.origin import Origin

logger = logging.getLogger(__name__)


class ClosedAccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves, and every sign-in, failure, sign-out and new password is recorded."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 -- allauth's signature
        """Keep sign-up closed, on pages and in the headless API."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Check the credentials; someone deactivated looks the same as a wrong password."""
        user = super().authenticate(request, **credentials)
        if user is not None and not user.is_active:
            self.authentication_failed(request, **credentials)
            return None
        return user

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse further attempts once there were too many, and say so in the log."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            self._record_failure(request, Outcome.REFUSED, credentials)
            raise

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Answer someone deactivated who came without a password as if their key were unknown."""
        self._record_failure(request, Outcome.FAILED, {"email": user.email})
        messages.error(request, _("That did not work. Sign in another way or ask an admin."))
        return redirect("account_login")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Let the sign-in itself count as a proof of identity for as long as any other."""
        return super().is_reauthentication_required(app=app, **kwargs) and not just_begun(self.request)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Name the ways to a fresh proof in the words of the other pages."""
        words = {"reauthenticate": _("Use the password"), "mfa_reauthenticate": _("Use the app or a code")}
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [way | {"description": words.get(way["id"], _("Use a passkey"))} for way in ways]

    def reauthenticate(self, user: User, password: str) -> bool:
        """Check the password before a sensitive act; a wrong one is in the log."""
        return identity_proved(person=user, password=password, origin=Origin.of(self.request))

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell a person by mail what has changed about their sign-in, where the site sends mail."""
        if settings.MAIL_ENABLED:
            super().send_notification_mail(template_prefix, user, context, email or user.email)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record the failure; it stays although nothing else of the request does."""
        self._record_failure(request, Outcome.FAILED, credentials)

    @transaction.atomic
    def login(self, request: HttpRequest, user: User) -> None:
        """Begin a session, of a browser or of the API; the log says by what it was proved."""
        super().login(request, user)
        begin(request.session)
        User.objects.filter(pk=user.pk, first_signed_in_at=None).update(first_signed_in_at=Now())
        detail: dict[str, JSON] = {"by": list(proofs(request, user))}
        record("signin.succeeded", actor=user, subject=user, origin=Origin.of(request), detail=detail)

    @transaction.atomic
    def logout(self, request: HttpRequest) -> None:
        """End the session."""
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            record("signout", actor=user, subject=user, origin=Origin.of(request))

    @transaction.atomic
    def set_password(self, user: User, password: str) -> None:
        """Store a new password; Django ends the person's other sessions with it.

        Raises:
            ImmediateHttpResponse: back to the page. What this rests on, the current password or the link of a
                mail, counts no more: another request has set a password, or an admin shut the person out.
        """
        now = held(user)
        if now.password != user.password or not now.is_active:
            told = _(
                "The account was changed elsewhere a moment ago, so this password was not saved. Try again."
            )
            messages.error(self.request, told)
            raise ImmediateHttpResponse(redirect(self.request.path))
        user.set_password(password)
        # The other facts of the row may have changed since it was read: somebody may have been deactivated.
        user.save(update_fields=["password"])
        record("password.changed", actor=user, subject=user, origin=Origin.of(self.request))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send, or leave a line in the log: an answer that differs would tell which accounts exist."""
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError):
            logger.exception("The mail server did not take a message.")

    def _record_failure(self, request: HttpRequest, outcome: Outcome, credentials: dict[str, Any]) -> None:
        """Record whose account was tried; the text typed is not kept, it may be a password."""
        known = User.objects.filter(email__iexact=credentials.get("email", "")).first()
        with transaction.atomic():
            record("signin.failed", actor=None, subject=known, origin=Origin.of(request), outcome=outcome)
