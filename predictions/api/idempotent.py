"""``Idempotency-Key``: a request that creates can be sent again, and does what it does only once.

The key is a row written in the transaction of the work itself. So there is no key without its work, a refusal
keeps none, and of parallel requests all but the first wait at the key and then get the first answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.http import QueryDict
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from hematovision.core.errors import PortalError
from predictions.errors import BadValue
from predictions.models import IdempotencyKey, SmearField
from predictions.selectors import earlier_same, visible_fields
from predictions.services import Submitted
from predictions.services.idempotency import Asked, key_answered, key_found, key_of_upload, key_taken

REPLAYED: Final = {"Idempotent-Replayed": "true"}
LONGEST_KEY: Final = 200
Also = Callable[[SmearField], None]


def once(
    request: Request,
    work: Callable[[], Response],
    *,
    of_sample: Callable[[Mapping[str, Any]], UUID | str] | None = None,
) -> Response:
    """Return the answer of ``work``, or the answer that it gave to the same key before.

    ``work`` runs within the key's transaction, so it is short and waits for nobody: what decodes files goes
    through :func:`uploaded_once`. It refuses by raising, and then nothing is kept.

    Args:
        request: it may have the header ``Idempotency-Key``; without one ``work`` simply runs.
        work: does what is asked for, once, and returns the answer, whose data is JSON.
        of_sample: the key of the sample that the answer tells of, from the answer's data.

    Raises:
        KeyReused: the key belongs to another request of this person.
        BadValue: the key is too long or holds other than visible ASCII letters.
    """
    asked = asked_by(request)
    if asked is None:
        return work()
    with transaction.atomic():
        row, new = key_taken(asked)
        if new:
            response = work()
            key_answered(
                row,
                status=response.status_code,
                answer=JSONRenderer().render(response.data).decode(),
                location=response.get("Location", ""),
                sample_id=UUID(str(of_sample(response.data))) if of_sample else None,
            )
            return response
    return _replayed(row)


def uploaded_once(asked: Asked | None, submit: Callable[[Also | None], Submitted]) -> tuple[Submitted, bool]:
    """Return the field of an upload, and whether an earlier request with the same key has made it.

    The file is read and decoded outside of every transaction; the key is written in the one that makes the
    field. ``submit`` gets what it has to hand on to ``field_submit`` as ``also``, None without a key.

    Raises:
        KeyReused: the key belongs to another request of this person.
        SmearField.DoesNotExist: the person may see the field no longer.
    """
    if asked is None:
        return submit(None), False
    row = key_found(asked)
    if row is None:
        try:
            return submit(lambda field: key_of_upload(asked, field)), False
        except PortalError:
            # Perhaps a parallel request with this key has stored the file meanwhile, and that is all.
            row = key_found(asked)
            if row is None:
                raise
    field = visible_fields(asked.person).select_related("image", "job").get(pk=row.made)
    return Submitted(field, earlier_same(asked.person, field.original_sha256, than=field)), True


def asked_by(request: Request) -> Asked | None:
    """Return what the request asks for under its key; None without a key.

    Raises:
        BadValue: the key is too long or holds other than visible ASCII letters.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= LONGEST_KEY or not all("!" <= letter <= "~" for letter in key):
        text = _("“Idempotency-Key” takes 1 to %(most)d visible ASCII letters. Nothing was stored.")
        raise BadValue(text % {"most": LONGEST_KEY})
    assert isinstance(request.user, User)
    told = json.dumps([request.method, request.get_full_path(), *_body(request)], default=str, sort_keys=True)
    # Keyed, since a hash of few facts could be guessed back to them.
    return Asked(request.user, key, salted_hmac("idempotency", told, algorithm="sha256").hexdigest())


def _body(request: Request) -> Iterator[Any]:
    """Tell the body apart from others; of a form what is in it, since its boundary differs each time."""
    if not isinstance(request.data, QueryDict):
        yield request.data
        return
    yield sorted((name, request.POST.getlist(name)) for name in request.POST)
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            sha256 = hashlib.sha256()
            for chunk in file.chunks():
                sha256.update(chunk)
            file.seek(0)
            yield [name, file.name, sha256.hexdigest()]


def _replayed(row: IdempotencyKey) -> Response:
    headers = {**REPLAYED, **({"Location": row.location} if row.location else {})}
    return Response(json.loads(row.answer), status=row.status, headers=headers)
