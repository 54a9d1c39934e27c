"""What a request asks for, read in one way by all addresses: by whom, from where, filters and forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from accounts.models import MachineToken, User
from hematovision.core.origin import Origin
from hematovision.env import FALSE, TRUE
from predictions.errors import BadValue, UploadRefused


def actor_of(request: Request) -> User:
    """Return who asks; nobody else passes the permission classes."""
    assert isinstance(request.user, User)
    return request.user


def origin_of(request: Request) -> Origin:
    """Return where the request came from; the log names a machine's token beside the program."""
    origin = Origin.of(request)
    if isinstance(request.auth, MachineToken):
        origin = replace(origin, agent=f"{request.auth.name} ({origin.agent})")
    return origin


class Nothing(Serializer):
    """What lists without filters, and acts without details, take."""


def filters(request: Request, kind: type[Serializer] = Nothing) -> dict[str, Any]:
    """Return the filters of the address.

    Raises:
        ValidationError: one of them means nothing, or there is no such filter: left out, it would give a list
            of everything for an answer.
    """
    known = {*kind().fields, "limit", "after"}
    _only(request.query_params, known, _("There is no such filter; there are: %(known)s."))
    # As a plain dictionary: of a form an empty value would count as none given.
    asked = kind(data=request.query_params.dict())
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def body(request: Request, kind: type[Serializer], *, partial: bool = False) -> dict[str, Any]:
    """Return the values of a body of JSON; of a ``partial`` one those that are given.

    Raises:
        ValidationError: a value cannot be taken, or there is no such field: read over, a slip of the pen
            would leave out what was meant.
    """
    given = kind(data=request.data, partial=partial)
    if isinstance(request.data, Mapping):
        _only(request.data, given.fields, _("There is no such field; there are: %(known)s."))
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def only_known(request: Request, form: Mapping[str, Any]) -> None:
    """Refuse a form with a field that its description ``form`` does not have.

    Raises:
        ValidationError: with each of them.
    """
    _only(request.data, form["properties"], _("There is no such field; there are: %(known)s."))


def _only(given: Iterable[str], known: Iterable[str], sentence: str) -> None:
    told = sentence % {"known": ", ".join(sorted(known)) or _("none")}
    if unknown := sorted(set(given) - set(known)):
        raise ValidationError({name: [told] for name in unknown})


def yes(request: Request, name: str) -> bool:
    """Return what a field of the form says.

    Raises:
        BadValue: its word is neither yes nor no, and is not guessed.
    """
    word = request.POST.get(name, "").lower()
    if word in TRUE | FALSE | {""}:
        return word in TRUE
    raise BadValue(_("“%(name)s” takes yes or no. Nothing was stored.") % {"name": name})


def only_file(request: Request) -> UploadedFile:
    """Return the one file of the request.

    Raises:
        UploadRefused: there is none, or more than one.
    """
    files = [file for name in request.FILES for file in request.FILES.getlist(name)]
    if "file" not in request.FILES:
        text = _("The request holds no file. Send the image as multipart field “file”.")
        raise UploadRefused("no_file", text, HTTPStatus.BAD_REQUEST)
    if len(files) > 1:
        text = _("The request holds %(count)d files. Send one image for each request; nothing was stored.")
        raise UploadRefused("too_many_files", text % {"count": len(files)}, HTTPStatus.BAD_REQUEST)
    return files[0]
