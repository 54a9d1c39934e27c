"""The one place that turns an error into an answer: problem details (RFC 9457) with the status that fits."""

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
    ValidationError,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from accounts.errors import ScopeMissing
from accounts.tokens import challenge
from hematovision.core.errors import PortalError
from hematovision.core.problem import MEDIA_TYPE, problem

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


# What the framework says in words of its own: a sentence that tells what to do.
SAID: Final[dict[type[exceptions.APIException], Any]] = {
    exceptions.NotAuthenticated: gettext_lazy("Sign in first: send a token as “Authorization: Bearer …”."),
    exceptions.NotAcceptable: gettext_lazy("The answer is JSON, which the header “Accept” excludes."),
    exceptions.PermissionDenied: gettext_lazy("Your role may not do this."),
}


def answer(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the answer to ``error``, or None for a fault of the portal, which Django answers with 500."""
    if isinstance(error, PortalError):
        told = _response(error.code, error.message, error.status, error.retry_after, error.extras)
        if isinstance(error, ScopeMissing):
            shown = context["request"].headers.get("Authorization", "")
            told["WWW-Authenticate"] = challenge(shown, "insufficient_scope")
        return told
    if isinstance(error, (PermissionDenied, exceptions.PermissionDenied)):
        return _response("not_allowed", _said(error), HTTPStatus.FORBIDDEN)
    if isinstance(error, (ValidationError, exceptions.ValidationError)):
        return _not_valid(error)
    for kinds, code, text, status in TOLD:
        if isinstance(error, kinds):
            logger.warning("%s: %s", code, type(error).__name__)
            return _response(code, text, status)
    return _of_framework(error, context)


def _not_valid(error: ValidationError | exceptions.ValidationError) -> Response:
    """Say what is wrong with each value; ``errors`` names it, or has it under ``""`` for the whole."""
    told: Mapping[str, Any]
    if isinstance(error, exceptions.ValidationError):
        told = error.detail if isinstance(error.detail, dict) else {"": error.detail}
    else:
        told = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    whole = ("__all__", "non_field_errors")
    errors = {"" if name in whole else name: told[name] for name in told}
    text = _("Some values cannot be taken; “errors” says which. Nothing was stored.")
    return _response("invalid", text, HTTPStatus.UNPROCESSABLE_ENTITY, extras={"errors": errors})


def _of_framework(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Keep the framework's status and headers (how to sign in, when to come back), in our form."""
    response = exception_handler(error, dict(context))
    if response is not None and isinstance(error, exceptions.APIException):
        response.data = problem(response.status_code, error.default_code, _said(error))
        response.content_type = MEDIA_TYPE
    return response


def _said(error: Exception) -> str:
    """Return the error's own sentence, or ours where it has only the framework's."""
    if isinstance(error, exceptions.APIException):
        if type(error) in SAID and error.detail == error.default_detail:
            return str(SAID[type(error)])
        return str(error.detail) if isinstance(error.detail, str) else _("The request is not complete.")
    return str(error)


def _response(
    code: str,
    detail: object,
    status: int,
    retry_after: int | None = None,
    extras: Mapping[str, Any] | None = None,
) -> Response:
    set_rollback()
    response = Response(problem(status, code, detail, extras), status=status, content_type=MEDIA_TYPE)
    if retry_after is None and status == HTTPStatus.SERVICE_UNAVAILABLE:
        retry_after = RETRY_AFTER_SECONDS
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response
