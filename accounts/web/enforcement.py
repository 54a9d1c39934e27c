"""Roles that need a second factor: once the time to set one up is over, nothing else opens."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FactorNeeded
from accounts.factors import grace_end
from accounts.models import User
from accounts.web.access import wants_json
from hematovision.core.problem import problem_response
from hematovision.core.views import for_program

# What is open to whoever has to set up a factor first. Addresses of allauth begin with "mfa_".
OPEN: Final = frozenset(
    {"account_logout", "account_login", "account_reauthenticate", "session", "healthz", "readyz"}
)


class SecondFactorMiddleware:
    """Lead people who must set up a second factor to the page where they do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on; the decision needs the address's name and falls in :meth:`process_view`."""
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        _view: Callable[..., HttpResponseBase],
        _args: tuple[Any, ...],
        _kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """Answer in the view's place while the factor is missing."""
        if not isinstance(request.user, User):
            return None
        due = grace_end(request.user)
        # The banner of every page asks for it.
        request.factor_due = due  # type: ignore[attr-defined]
        name = request.resolver_match.url_name or "" if request.resolver_match else ""
        if due is None or timezone.now() < due or name in OPEN or name.startswith("mfa_"):
            return None
        return _lead(request)


def _lead(request: HttpRequest) -> HttpResponseBase:
    page = reverse("mfa_index")
    text, code = (
        _("Your role needs a second factor. Set it up on the page of your account."),
        FactorNeeded.code,
    )
    if for_program(request):
        return problem_response(HTTPStatus.FORBIDDEN, code, text)
    if wants_json(request):
        return JsonResponse({"code": code, "message": text}, status=HTTPStatus.FORBIDDEN)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.FORBIDDEN, headers={"HX-Redirect": page})
    return redirect(page)
