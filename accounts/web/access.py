"""The door of every page: signed out goes to sign-in, signed in without the right is told so."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Capability, require

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def requires(capability: Capability) -> Callable[[View], View]:
    """Let a view run only for people with ``capability``.

    A page redirects to sign-in and comes back; a script that asks for JSON gets 401 or 403 with
    ``{"code", "message"}``; htmx is sent to sign-in as a whole page.

    Raises:
        PermissionDenied: answered by the page "Your role, doctor, may not upload."
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in_first(request)
            try:
                require(request.user, capability)
            except PermissionDenied as refusal:
                if not wants_json(request):
                    raise
                return _json(HTTPStatus.FORBIDDEN, "forbidden", str(refusal))
            return view(request, *args, **kwargs)

        return cast("View", guarded)

    return decorate


def signed_in(request: HttpRequest) -> User:
    """Return who is signed in, for views behind :func:`requires`."""
    assert isinstance(request.user, User)
    return request.user


def _sign_in_first(request: HttpRequest) -> HttpResponseBase:
    if wants_json(request):
        return _json(HTTPStatus.UNAUTHORIZED, "signed_out", _("You are signed out. Sign in and try again."))
    if request.headers.get("HX-Request"):
        here = request.headers.get("HX-Current-URL", "/")
        answer = _json(HTTPStatus.UNAUTHORIZED, "signed_out", _("You are signed out."))
        answer["HX-Redirect"] = redirect_to_login(here)["Location"]
        return answer
    return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")


def wants_json(request: HttpRequest) -> bool:
    """Say whether a script asks rather than a person's browser."""
    return request.headers.get("Accept", "").startswith("application/json")


def _json(status: HTTPStatus, code: str, message: str) -> JsonResponse:
    return JsonResponse({"code": code, "message": message}, status=status)
