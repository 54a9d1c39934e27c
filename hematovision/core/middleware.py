"""What holds for every request and every answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _

from hematovision.core.views import error_page

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

UTF8: Final = frozenset({"utf-8", "utf8"})
# A key between two slashes of an address, or at its end.
KEY: Final = re.compile(r"(?<=/)[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?=/|$)")


def keys_in_either_case(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Take the UUIDs of an address in capitals too (RFC 9562, 4); what comes after reads small letters."""

    def middleware(request: HttpRequest) -> HttpResponse:
        for part in ("path", "path_info"):
            setattr(request, part, KEY.sub(lambda key: key[0].lower(), getattr(request, part)))
        return get_response(request)

    return middleware


def no_store(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Keep patient data out of every cache unless a view has decided otherwise."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
        return response

    return middleware


def readable(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse a request that is not in UTF-8, and one with a zero in a cookie.

    Other character sets make of plain letters what no database keeps, and Django looks at forms alone; the
    cookie's value is asked of the database as the key of a session.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        told = (request.content_params or {}).get("charset", "utf-8").lower()
        if told not in UTF8 or any("\0" in value for value in request.COOKIES.values()):
            text = _("It is not in UTF-8, or a cookie of it is damaged. Nothing was changed.")
            return error_page(request, HTTPStatus.BAD_REQUEST, _("Request not understood"), text)
        return get_response(request)

    return middleware


def charset_kept_plain(application: WSGIApplication) -> WSGIApplication:
    """Keep a character set that is none of ours from Django, which breaks off on some before any middleware.

    :func:`readable` refuses what is left of it.
    """

    def inside(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            _kind, told = parse_header_parameters(environ.get("CONTENT_TYPE") or "")
        except ValueError:
            told = {"charset": ""}
        if told.get("charset", "utf-8").lower() not in UTF8:
            environ["CONTENT_TYPE"] = "text/plain; charset=unknown"
        return application(environ, start_response)

    return inside
