"""The one place that turns an error into an answer: ``{"code", "message"}`` and the status that fits."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from hematovision.core.errors import PortalError

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 5


# Errors of Django that say nothing to a program: code, sentence and status in their place.
TOLD: Final[tuple[tuple[tuple[type[Exception], ...], str, Any, HTTPStatus], ...]] = (
    (
        (ObjectDoesNotExist, Http404),
        "not_found",
        gettext_lazy("There is nothing here, or it belongs to another site."),
        HTTPStatus.NOT_FOUND,
    ),
    (
        (RequestDataTooBig,),
        "too_large",
        gettext_lazy("The request is too large. Nothing was stored."),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ),
    (
        (SuspiciousOperation, UnreadablePostError),
        "bad_request",
        gettext_lazy("The request could not be read, or it holds too many files. Nothing was stored."),
        HTTPStatus.BAD_REQUEST,
    ),
    (
        (OperationalError, InterfaceError),
        "database_away",
        gettext_lazy("The portal cannot reach its database. Try again in a moment."),
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)


def answer(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the answer to ``error``, or None for a fault of the portal, which Django answers with 500."""
    if isinstance(error, PortalError):
        return _response(error.code, error.message, error.status, error.retry_after)
    if isinstance(error, (PermissionDenied, exceptions.PermissionDenied)):
        return _response("not_allowed", str(error), HTTPStatus.FORBIDDEN)
    for kinds, code, text, status in TOLD:
        if isinstance(error, kinds):
            logger.warning("%s: %s", code, type(error).__name__)
            return _response(code, text, status)
    return _of_framework(error, context)


def _of_framework(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Keep the framework's status and headers (how to sign in, when to come back), in our form."""
    response = exception_handler(error, dict(context))
    if response is not None and isinstance(error, exceptions.APIException):
        details = error.detail
        text = details if isinstance(details, str) else _("The request is not complete.")
        response.data = {"code": error.default_code, "message": str(text)}
    return response


def _response(code: str, message: object, status: int, retry_after: int | None = None) -> Response:
    set_rollback()
    response = Response({"code": code, "message": str(message)}, status=status)
    if retry_after is None and status == HTTPStatus.SERVICE_UNAVAILABLE:
        retry_after = RETRY_AFTER_SECONDS
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response
