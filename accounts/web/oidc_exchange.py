"""The exchange with the identity provider: a code for an ID token, and the token for a person's identity."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest

from accounts.web.oidc_answers import AnswerRefusedError, checked_claims, checked_description


class VerifyingAdapter(OpenIDConnectOAuth2Adapter):
    """Believes what is signed, for this portal and for the very sign-in that this session began."""

    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The provider's description of itself, fetched once for a request."""
        if not hasattr(self, "_description"):
            self._description = checked_description(_fetched(self.get_provider().server_url))
        return self._description

    def get_provider(self) -> Any:
        """Return the provider, which asks this very adapter for its addresses."""
        provider = super().get_provider()
        provider.get_oauth2_adapter = lambda _request: self
        return provider

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: Any, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        """Change the code for tokens, and remember what the ID token has to be marked with.

        Raises:
            AnswerRefusedError: what comes back is no answer of this kind.
        """
        self.nonce = challenge(str(pkce_code_verifier))
        try:
            told: dict[str, Any] = super().get_access_token_data(
                request, app, client, pkce_code_verifier=pkce_code_verifier
            )
        except (KeyError, TypeError, RecursionError) as problem:
            raise AnswerRefusedError("Its answer to the code cannot be read.") from problem
        return told

    def parse_token(self, data: Any) -> SocialToken:  # noqa: ARG002 -- allauth's signature
        """Keep no access token: the portal asks the provider for nothing more."""
        return SocialToken()

    def complete_login(
        self,
        request: HttpRequest,
        app: SocialApp,
        token: SocialToken,  # noqa: ARG002 -- allauth's signature
        **kwargs: Any,
    ) -> SocialLogin:
        """Return whom the ID token speaks of.

        Raises:
            AnswerRefusedError: it does not count, or its subject was linked at another issuer, where the same
                words may mean somebody else.
        """
        description = self.openid_config
        facts = {"issuer": description["issuer"], "client_id": app.client_id, "nonce": self.nonce}
        claims = checked_claims(
            kwargs["response"].get("id_token"), keys=_fetched(description["jwks_uri"]), **facts
        )
        linked = SocialAccount.objects.filter(provider=self.provider_id, uid=claims["sub"])
        if linked.exclude(extra_data__id_token__iss=claims["iss"]).exists():
            raise AnswerRefusedError("Somebody with this subject was linked at another issuer.")
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})


def challenge(verifier: str) -> str:
    """Return the S256 challenge of RFC 7636 that belongs to a session's secret; it marks the ID token too.

    OpenID Connect Core 1.0, 15.5.2, makes a nonce so. A code that was caught elsewhere then opens nothing
    here, also at a provider that does not look at the challenge.
    """
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _fetched(address: str) -> Any:
    with get_adapter().get_requests_session() as session:
        answer = session.get(address)
        answer.raise_for_status()
        try:
            return answer.json()
        except RecursionError as problem:
            raise AnswerRefusedError("Its answer cannot be read.") from problem
