"""Sign-in with the laboratory's own identity provider, by OpenID Connect, where the settings name one.

It lets in whoever an admin has invited, by an e-mail address that the provider has verified, and makes no
accounts.
"""

from __future__ import annotations

from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models.functions import Lower
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.audit.models import Outcome
from accounts.audit.record import record
from accounts.models import User
from hematovision.core.origin import Origin


class InvitedOnly(DefaultSocialAccountAdapter):
    """Links an identity to the person whose verified address it has, and refuses all others alike."""

    def list_apps(
        self,
        request: HttpRequest,  # noqa: ARG002 -- allauth's signature
        provider: str | None = None,
        client_id: str | None = None,
    ) -> list[SocialApp]:
        """Know the provider of the settings alone: a row in the database opens no door."""
        apps: list[SocialApp] = super().list_apps(None, provider, client_id) if settings.OIDC_ISSUER else []
        return [app for app in apps if app.pk is None]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002 -- allauth's
        """Make nobody."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Link an identity that comes for the first time to the person who was invited.

        Raises:
            ImmediateHttpResponse: back to sign-in; nobody was invited by an address that is verified there.
        """
        if sociallogin.state.get("process", "login") != "login":
            _refuse(request)
        if sociallogin.is_existing:
            return
        person = _invited(sociallogin)
        if person is None:
            _refuse(request)
        with transaction.atomic():
            sociallogin.connect(request, person)
            record("signin.linked", actor=person, subject=person, origin=Origin.of(request))

    def on_authentication_error(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Go back to sign-in when the provider did not answer as it should or the person broke off.

        Raises:
            ImmediateHttpResponse: always.
        """
        _refuse(request)


class VerifyingAdapter(OpenIDConnectOAuth2Adapter):
    """Checks the signature of what the provider says also where the way to it may not be trusted."""

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        self.did_fetch_access_token = False
        facts: dict[str, Any] = super()._decode_id_token(app, id_token)
        return facts


def login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Send the browser to the provider."""
    return _run(OAuth2LoginView, request, provider_id)


def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Take the provider's answer."""
    return _run(OAuth2CallbackView, request, provider_id)


def _run(kind: Any, request: HttpRequest, provider_id: str) -> HttpResponseBase:
    try:
        answer: HttpResponseBase = kind.adapter_view(VerifyingAdapter(request, provider_id))(request)
    except SocialApp.DoesNotExist as problem:
        raise Http404 from problem
    return answer


def _invited(sociallogin: SocialLogin) -> User | None:
    """Return the active person with the verified address, unless they have another identity already."""
    verified = [one.email.lower() for one in sociallogin.email_addresses if one.verified is True]
    people = User.objects.annotate(address=Lower("email")).filter(address__in=verified, is_active=True)
    person = people.first()
    if person is not None and SocialAccount.objects.filter(user=person).exists():
        return None
    return person


def _refuse(request: HttpRequest) -> NoReturn:
    with transaction.atomic():
        record("signin.failed", actor=None, origin=Origin.of(request), outcome=Outcome.FAILED)
    messages.error(request, _("That did not work. Sign in with your password or ask an admin."))
    raise ImmediateHttpResponse(redirect("account_login"))
