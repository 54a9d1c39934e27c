"""Handing over a one-time link: by mail where the site sends any, else on the admin's page, once."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts import links
from accounts.models import User
from accounts.web.access import signed_in
from hematovision.core.origin import Origin

logger = logging.getLogger(__name__)


def hand_over(request: HttpRequest, person: User, token: str) -> HttpResponse:
    """Send the link to ``person``, or show it to the admin where no mail goes out."""
    hours = int(links.LIFETIME.total_seconds() // 3600)
    address = request.build_absolute_uri(reverse("welcome", args=[token]))
    sent = settings.MAIL_ENABLED and _sent(request, person, {"address": address, "hours": hours})
    if sent:
        links.link_sent(actor=signed_in(request), person=person, origin=Origin.of(request))
    context = {"person": person, "hours": hours, "sent": sent, "failed": settings.MAIL_ENABLED and not sent}
    return render(request, "accounts/link.html", context | ({} if sent else {"address": address}))


def _sent(request: HttpRequest, person: User, context: dict[str, object]) -> bool:
    prefix = "account/email/invitation"
    mail = get_adapter(request).render_mail(prefix, person.email, {"person": person, **context})
    try:
        mail.send()
    except (SMTPException, OSError):
        logger.exception("The mail server did not take a message.")
        return False
    return True
