"""The page of one's own account: password, second factors, sessions, machine tokens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import begin_authentication
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import sessions
from accounts.models import User
from accounts.tokens import token_revoke, tokens_of
from accounts.web.access import signed_in
from accounts.web.agents import agent_told
from accounts.web.limits import seconds_left, touch
from hematovision.core.origin import Origin


@require_GET
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Show what belongs to one's own sign-in."""
    person = signed_in(request)
    open_sessions = UserSession.objects.purge_and_list(person)
    open_sessions.sort(key=lambda one: one.last_seen_at, reverse=True)
    context = {
        **_factors(person),
        "tokens": tokens_of(person),
        "here": request.session.session_key,
        "sessions": [(one, agent_told(one.user_agent)) for one in open_sessions],
    }
    return render(request, "accounts/account.html", context)


@require_POST
@login_required
def session_end(request: HttpRequest) -> HttpResponse:
    """Sign out elsewhere: one session by its number, or with ``others`` all but this one."""
    person, chosen = signed_in(request), _chosen(request)
    count = sessions.sessions_end(person=person, chosen=chosen, origin=Origin.of(request))
    if count:
        get_adapter(request).send_notification_mail("account/email/session_ended", person)
    messages.success(request, _("Signed out there."))
    return redirect("mfa_index")


@require_POST
@login_required
def token_end(request: HttpRequest) -> HttpResponse:
    """Revoke a machine token that acts as oneself."""
    person = signed_in(request)
    token_revoke(actor=person, person=person, token_id=token_asked(request), origin=Origin.of(request))
    messages.success(request, _("The token works no more."))
    return redirect("mfa_index")


def token_asked(request: HttpRequest) -> UUID:
    """Return the key of the token that a form names.

    Raises:
        BadRequest: it names none.
    """
    try:
        return UUID(request.POST.get("token", ""))
    except ValueError as problem:
        raise BadRequest("token") from problem


@require_GET
@login_required
def challenge(request: HttpRequest) -> JsonResponse:
    """Give the browser what it asks one's own passkeys with; the answer counts in this session only."""
    return JsonResponse({"request_options": begin_authentication(signed_in(request))})


@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> JsonResponse:
    """Say how long the session lives on without use; a POST extends it."""
    if not request.user.is_authenticated:
        return JsonResponse({"code": "signed_out", "message": _("You are signed out.")}, status=401)
    if request.method == "POST":
        touch(request.session)
    seconds, extends = seconds_left(request.session)
    return JsonResponse({"seconds": seconds, "extends": extends})


def _factors(person: User) -> dict[str, Any]:
    mine = list(Authenticator.objects.filter(user=person).order_by("created_at"))
    codes = next((one for one in mine if one.type == Authenticator.Type.RECOVERY_CODES), None)
    return {
        "app": next((one for one in mine if one.type == Authenticator.Type.TOTP), None),
        "passkeys": [one for one in mine if one.type == Authenticator.Type.WEBAUTHN],
        "codes": codes,
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
    }


def _chosen(request: HttpRequest) -> QuerySet[UserSession]:
    mine = UserSession.objects.filter(user=signed_in(request)).exclude(
        session_key=request.session.session_key
    )
    if "others" in request.POST:
        return mine
    number = request.POST.get("session", "")
    if not number.isdecimal() or len(number) > 9:
        raise BadRequest(number)
    return mine.filter(pk=int(number))
