"""Sign-in with the laboratory's own identity provider, by OpenID Connect, where the settings name one.

It lets in whoever an admin has invited, by an e-mail address that the provider has verified, and makes no
accounts.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any, NoReturn

import requests
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.audit.models import Outcome
from accounts.audit.record import record
from accounts.selectors import held, person_with_address
from accounts.web.oidc_answers import AnswerRefusedError, bounded
from accounts.web.oidc_exchange import VerifyingAdapter, challenge
from hematovision.core.origin import Origin

logger = logging.getLogger(__name__)


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
        if not sociallogin.is_existing and not _linked(request, sociallogin):
            _refuse(request, _("Sign in with your password, or ask an admin whether you are invited."))

    def on_authentication_error(
        self, request: HttpRequest, *_args: Any, error: Any = None, exception: Any = None, **_kwargs: Any
    ) -> NoReturn:
        """Go back to sign-in when the provider did not answer as it should or the person broke off.

        Raises:
            ImmediateHttpResponse: always.
        """
        if exception is not None:
            _trouble(request, exception)
        if error == AuthError.CANCELLED:
            _refuse(request, _("The sign-in there was broken off. Begin again, or use your password."))
        _refuse(request, _("It was begun elsewhere or too long ago. Begin again here, or use your password."))

    def get_requests_session(self) -> requests.Session:
        """Ask the provider with limits to the wait and to the answer."""
        return bounded(super().get_requests_session())


def login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Send the browser to the provider.

    Only where to go afterwards comes from the address: allauth would also take parameters of the request to
    the provider from it, its redirect address among them.
    """
    adapter = VerifyingAdapter(request, provider_id)
    try:
        provider = adapter.get_provider()
        verifier = secrets.token_urlsafe(96)
        marked = {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
        way = provider.stash_redirect_state(
            request, AuthProcess.LOGIN, get_next_redirect_url(request), pkce_code_verifier=verifier
        )
        client = adapter.get_client(request, provider.app)
        client.state = way
        address = client.get_redirect_url(
            adapter.authorize_url, provider.get_scope(), marked | {"nonce": marked["code_challenge"]}
        )
    except SocialApp.DoesNotExist as problem:
        raise Http404 from problem
    except (OAuth2Error, requests.RequestException) as problem:
        _trouble(request, problem)
    return redirect(address)


def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Take the provider's answer."""
    try:
        view = OAuth2CallbackView.adapter_view(VerifyingAdapter(request, provider_id))
        answer: HttpResponseBase = view(request)
    except SocialApp.DoesNotExist as problem:
        raise Http404 from problem
    return answer


@transaction.atomic
def _linked(request: HttpRequest, sociallogin: SocialLogin) -> bool:
    """Link an identity to the active person with its verified address, unless they have one already.

    The person's row is held, so that of two identities at once one is linked, and nobody who is shut out at
    this moment.
    """
    # As the provider has signed it: allauth makes small letters of an address, of foreign ones ours too.
    claims = sociallogin.account.extra_data["id_token"]
    found = person_with_address(claims["email"]) if claims.get("email_verified") is True else None
    person = held(found) if found else None
    if person is None or not person.is_active or SocialAccount.objects.filter(user=person).exists():
        return False
    sociallogin.connect(request, person)
    record("signin.linked", actor=person, subject=person, origin=Origin.of(request))
    return True


def _trouble(request: HttpRequest, problem: Exception) -> NoReturn:
    """Refuse for a fault that is none of the person's; the log says which, without anybody's facts."""
    words = str(problem) if isinstance(problem, AnswerRefusedError) else type(problem).__name__
    logger.warning("The identity provider did not answer as it should: %s", words)
    _refuse(request, _("It did not answer as it should. Try again in some minutes, or use your password."))


def _refuse(request: HttpRequest, words: str) -> NoReturn:
    with transaction.atomic():
        record("signin.failed", actor=None, origin=Origin.of(request), outcome=Outcome.FAILED)
    name = settings.OIDC_NAME
    messages.error(request, _("You were not signed in by %(name)s.") % {"name": name} + " " + words)
    raise ImmediateHttpResponse(redirect("account_login"))
