"""What can go wrong between an upload and its result, each with a code, a status and a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

from hematovision.core.errors import PortalError


class UploadRefused(PortalError):  # noqa: N818 -- the name says what happened
    """A file was not taken; nothing of it was kept.

    ``code`` and ``status`` belong to the single refusal, since one class covers some twenty reasons.
    """

    def __init__(
        self, code: str, message: str | Promise, status: int = HTTPStatus.UNPROCESSABLE_ENTITY
    ) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # this one refusal's own word, in place of the class's
        self.status = status  # type: ignore[misc]

    def about(self, name: str) -> UploadRefused:
        """Return this refusal with the name of the file in front."""
        return UploadRefused(self.code, f"{name}: {self.message}", self.status)


class DuplicateFound(PortalError):  # noqa: N818 -- the name says what is the case
    """A file about to be sent is here already; ``earlier`` is the field made of it. Nothing was begun."""

    code = "duplicate"
    status = HTTPStatus.CONFLICT

    def __init__(self, message: str | Promise, earlier: Any) -> None:
        super().__init__(message)
        self.earlier = earlier
        self.extras = {"field": str(earlier.pk)}


class TooManyPartial(PortalError):  # noqa: N818 -- the name says what is the case
    """Somebody has begun more files than they may leave unfinished."""

    code = "too_many_unfinished"
    status = HTTPStatus.TOO_MANY_REQUESTS


class QuotaReached(PortalError):  # noqa: N818 -- the name says what is the case
    """Somebody has stored as much in a day as one person may; ``retry_after`` says when it goes on."""

    code = "quota_reached"
    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, message: str | Promise, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class WrongOffset(PortalError):  # noqa: N818 -- the name says what is the case
    """A piece does not begin where the last one ended; ``upload`` says where that is."""

    code = "wrong_offset"
    status = HTTPStatus.CONFLICT

    def __init__(self, message: str | Promise, upload: Any) -> None:
        super().__init__(message)
        self.upload = upload


class PartialGone(PortalError):  # noqa: N818 -- the name says what happened
    """The earlier pieces of a file are lost; it has to be sent anew."""

    code = "upload_gone"
    status = HTTPStatus.GONE


class StorageFull(PortalError):  # noqa: N818 -- the name says what happened
    """The image folder cannot take a file: no room, or not writable."""

    code = "storage_full"
    status = HTTPStatus.INSUFFICIENT_STORAGE


class ScannerAway(PortalError):  # noqa: N818 -- the name says what happened
    """The laboratory's virus scanner gave no verdict, so the file was not taken."""

    code = "scanner_away"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class DecoderAway(PortalError):  # noqa: N818 -- the name says what happened
    """The process that decodes images does not start, so the file was not taken."""

    code = "decoder_away"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class RetryRefused(PortalError):  # noqa: N818 -- the name says what happened
    """An analysis that has not failed cannot be retried."""

    code = "not_failed"
    status = HTTPStatus.CONFLICT


class BadCursor(PortalError):  # noqa: N818 -- the name says what happened
    """The address of a page of the history was cut off or altered."""

    code = "bad_cursor"
    status = HTTPStatus.BAD_REQUEST


class NoSuchPage(BadCursor):
    """A program asked for a page of a list by a key that none has: for it, that is an address like others."""

    status = HTTPStatus.NOT_FOUND


class BadValue(PortalError):  # noqa: N818 -- the name says what is the case
    """A program gave a value that means nothing here."""

    code = "bad_value"
    status = HTTPStatus.BAD_REQUEST


class KeyReused(PortalError):  # noqa: N818 -- the name says what happened
    """A program used the key of one request for another one; nothing was done."""

    code = "key_reused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class AnsweredBefore(PortalError):  # noqa: N818 -- the name says what happened
    """A parallel request with the same key was first, so this one leaves nothing behind."""

    code = "answered_before"
    status = HTTPStatus.CONFLICT


class ImageGone(PortalError):  # noqa: N818 -- the name says what is the case
    """The file of a stored image is missing, altered or unreadable."""

    code = "image_missing"
    status = HTTPStatus.GONE


class SampleRefused(PortalError):  # noqa: N818 -- the name says what happened
    """A sample does not allow this now: it stands somewhere else, or a reason is missing."""

    code = "sample_refused"
    status = HTTPStatus.CONFLICT


class ChangedSince(SampleRefused):
    """The sample is not the version any more that the change was made upon; nothing was changed."""

    code = "changed_since"
    status = HTTPStatus.PRECONDITION_FAILED


class AccessionTaken(PortalError):  # noqa: N818 -- the name says what is the case
    """There is a sample with this number; ``sample`` is its key where the person may see it."""

    code = "accession_taken"
    status = HTTPStatus.CONFLICT

    def __init__(self, message: str | Promise, sample: Any = None) -> None:
        super().__init__(message)
        self.extras = {"sample": str(sample)} if sample else {}


class ReviewRefused(PortalError):  # noqa: N818 -- the name says what happened
    """Cells cannot be reviewed like this; none was."""

    code = "review_refused"
    status = HTTPStatus.CONFLICT


class ChangedMeanwhile(ReviewRefused):
    """Somebody else reviewed the cells first; ``states`` is how they stand now."""

    code = "changed_meanwhile"

    def __init__(self, message: str | Promise, states: Sequence[Any]) -> None:
        super().__init__(message)
        self.states = states
        self.extras = {
            "cells": [{"id": str(one.cell.pk), "seen": one.seen, "code": one.code} for one in states]
        }


class RulesRefused(PortalError):  # noqa: N818 -- the name says what happened
    """The laboratory's rules stay as they are; ``sentences`` says everything that is wrong with new ones."""

    code = "rules_refused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = tuple(sentences)


class CatalogueRefused(PortalError):  # noqa: N818 -- the name says what happened
    """A class of the catalogue was not saved: somebody else was first."""

    code = "catalogue_refused"
    status = HTTPStatus.CONFLICT


class ViewRefused(PortalError):  # noqa: N818 -- the name says what happened
    """A view of the worklist was not saved."""

    code = "view_refused"
    status = HTTPStatus.CONFLICT


class SigningRefused(PortalError):  # noqa: N818 -- the name says what happened
    """A report cannot be signed yet; nothing was."""

    code = "signing_refused"
    status = HTTPStatus.CONFLICT


class DestinationRefused(PortalError):  # noqa: N818 -- the name says what happened
    """A destination was not saved; ``field`` says which of its facts is wrong."""

    code = "destination_refused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, field: str, message: str | Promise) -> None:
        super().__init__(message)
        self.field = field


class ErasureRefused(PortalError):  # noqa: N818 -- the name says what happened
    """A patient was not erased; everything is as it was."""

    code = "erasure_refused"
    status = HTTPStatus.CONFLICT


class OrderRefused(PortalError):  # noqa: N818 -- the name says what happened
    """An order of another program cannot be taken; ``issues`` says what is wrong, and where in the order."""

    code = "order_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, issues: Sequence[tuple[str, str]]) -> None:
        super().__init__(" ".join(sentence for _place, sentence in issues))
        self.issues = tuple(issues)


class OrderTaken(PortalError):  # noqa: N818 -- the name says what is the case
    """An order was placed before, or another sample has its accession number; ``place`` is which of them.

    ``sample`` is the sample that is in the way, None where it belongs to another site.
    """

    code = "order_taken"
    status = HTTPStatus.CONFLICT

    def __init__(self, code: str, message: str | Promise, place: str, sample: UUID | None) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # this one refusal's own word, in place of the class's
        self.place = place
        self.sample = sample
