"""What a request asks for, read in one way by all addresses: by whom, from where, filters and forms."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from accounts.models import MachineToken, User
from hematovision.core.origin import Origin
from hematovision.env import FALSE, TRUE
from predictions.errors import BadValue, UploadRefused

Asked = TypeVar("Asked", bound=Serializer)


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


def filters(request: Request, kind: type[Asked]) -> dict[str, Any]:
    """Return the filters of the address.

    Raises:
        ValidationError: one of them means nothing, or there is no such filter: left out, it would give a list
            of everything for an answer.
    """
    unknown = request.query_params.keys() - kind().fields.keys() - {"limit", "after"}
    if unknown:
        raise ValidationError({name: [_("There is no such filter.")] for name in sorted(unknown)})
    # As a plain dictionary: of a form an empty value would count as none given.
    asked = kind(data=request.query_params.dict())
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


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
