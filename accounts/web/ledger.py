"""The log of allauth's pages about second factors: what they change and its events are one transaction.

allauth saves and deletes authenticators without a word to the services, so its signals are heard here. What
they tell waits until the view has ended, because an event is the last thing of its transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase

from accounts.audit.models import Outcome
from accounts.audit.record import record
from accounts.models import User
from accounts.selectors import held
from hematovision.core.origin import Origin

View = Callable[..., HttpResponseBase]
_waiting: ContextVar[list[dict[str, Any]] | None] = ContextVar("waiting_events", default=None)


def logged(view: View) -> View:
    """Run a view of allauth in one transaction that ends with the events of what it did.

    Two changes to the factors of one person wait for each other: otherwise both would see the same state.
    """

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        waiting: list[dict[str, Any]] = []
        token = _waiting.set(waiting)
        try:
            with transaction.atomic():
                if request.method == "POST" and isinstance(request.user, User):
                    held(request.user)
                answer = view(request, *args, **kwargs)
                for facts in waiting:
                    record(**facts, origin=Origin.of(request))
            return answer
        finally:
            _waiting.reset(token)

    return inside


def _note(event: str, person: User, outcome: Outcome = Outcome.OK, **detail: str) -> None:
    """Keep an event until the view ends; outside such a view the service itself records what it does."""
    waiting = _waiting.get()
    if waiting is not None:
        # Whoever fails to sign in may be anybody.
        actor = None if event == "signin.failed" else person
        facts = {"actor": actor, "subject": person, "outcome": outcome, "detail": detail}
        waiting.append({"event": event, **facts})


@receiver(post_save, sender=Authenticator, dispatch_uid="log-factor-saved")
def _saved(instance: Authenticator, *, created: bool, update_fields: object, **_: Any) -> None:
    person = cast("User", instance.user)
    if created:
        _note("factor.added", person, kind=instance.type)
    elif update_fields is None and instance.type == Authenticator.Type.WEBAUTHN:
        _note("factor.renamed", person, kind=instance.type)


@receiver(post_delete, sender=Authenticator, dispatch_uid="log-factor-deleted")
def _deleted(instance: Authenticator, **_: Any) -> None:
    _note("factor.removed", cast("User", instance.user), kind=instance.type)


@receiver(signals.authenticator_used, dispatch_uid="log-factor-used")
def _used(
    request: HttpRequest, user: User, authenticator: Authenticator, *, reauthenticated: bool, **_: Any
) -> None:
    if reauthenticated:
        _note("person.identity_proved", user, by=authenticator.type)
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        _note("factor.recovery_code_used", user)
        get_adapter(request).send_notification_mail("mfa/email/recovery_code_used", user)


@receiver(signals.authentication_failed, dispatch_uid="log-factor-failed")
def _failed(user: User, authenticator: Authenticator, *, reauthentication: bool, **_: Any) -> None:
    event = "person.identity_not_proved" if reauthentication else "signin.failed"
    _note(event, user, Outcome.FAILED, by=authenticator.type)
