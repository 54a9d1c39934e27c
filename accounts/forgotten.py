"""Forgotten passwords: the request stores a row and rings; a worker looks who it is and writes the mail.

So that neither an answer nor its time tells who has an account, everything that differs between people is
done after the answer. The row holds the wish when no message gets through, and goes with the mail.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Final

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.mail import send_mail
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import PasswordWish, User
from hematovision.core.queue import SEND_LINKS, ring_on_commit

logger = logging.getLogger(__name__)

# Whoever has waited longer has asked again or another way; a link that comes so late only frightens.
LIFETIME: Final = timedelta(hours=1)


@transaction.atomic
def wish_store(*, email: str, portal: str) -> None:
    """Keep the wish for a mail with a link, whoever the address belongs to.

    Args:
        email: as typed.
        portal: the address of the portal that the link begins with, such as ``https://lab.example/``.
    """
    PasswordWish.objects.create(email=email, portal=portal)
    ring_on_commit(SEND_LINKS)


def wishes_fulfil() -> None:
    """Send the mails that people wait for, oldest first, and forget their wishes.

    While the mail server is away, wishes stay for the next sweep, for an hour. Addresses are not logged.
    """
    PasswordWish.objects.filter(asked_at__lt=Now() - LIFETIME).delete()
    for key in PasswordWish.objects.order_by("asked_at").values_list("pk", flat=True):
        try:
            _fulfil(key)
        except OSError as problem:
            logger.warning("The mail server takes no links for new passwords (%s).", type(problem).__name__)
            return


@transaction.atomic
def _fulfil(key: int) -> None:
    """Send one mail and delete its row; another worker that comes meanwhile passes the row by."""
    wish = PasswordWish.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=key).first()
    if wish is None:
        return
    try:
        _send(wish)
    except SMTPRecipientsRefused:
        logger.warning("The mail server refuses an address that a new password was asked for.")
    wish.delete()


def _send(wish: PasswordWish) -> None:
    """Write to the address: a link if it is an active person's, otherwise that it is nobody's.

    Where it leaves case aside, the database takes some foreign letters for ours, such as an i without its
    dot, and whoever typed one may have a mailbox of just that name. So a link goes to the address that the
    person has, never to the one that was typed.
    """
    person = User.objects.filter(email__iexact=wish.email, is_active=True).first()
    name, context, address = "unknown_account", {}, wish.email
    if person is not None:
        key = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
        link = wish.portal.rstrip("/") + reverse("account_reset_password_from_key", kwargs=key)
        name, context, address = "password_reset_key", {"password_reset_url": link}, person.email
    head = render_to_string(f"account/email/{name}_subject.txt").strip()
    body = render_to_string(f"account/email/{name}_message.txt", context).strip()
    send_mail(head, body, None, [address])
