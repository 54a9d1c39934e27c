"""How django-allauth behaves here, and what of it goes into the log."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from accounts.audit.models import Outcome
from accounts.audit.record import record
from accounts.models import User
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

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record the failure; it stays although nothing else of the request does."""
        self._record_failure(request, Outcome.FAILED, credentials)

    @transaction.atomic
    def login(self, request: HttpRequest, user: User) -> None:
        """Begin a session, of a browser or of the API."""
        super().login(request, user)
        record("signin.succeeded", actor=user, subject=user, origin=Origin.of(request))

    @transaction.atomic
    def logout(self, request: HttpRequest) -> None:
        """End the session."""
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            record("signout", actor=user, subject=user, origin=Origin.of(request))

    @transaction.atomic
    def set_password(self, user: User, password: str) -> None:
        """Store a new password; Django ends the person's other sessions with it."""
        super().set_password(user, password)
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
