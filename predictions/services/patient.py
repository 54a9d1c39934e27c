"""Handing out everything that is held of one patient, and erasing it where the law demands that.

The application's role may not delete what only grows: the rows go by ``predictions_erase``, a function of the
tables' owner that takes whole samples of one patient. The database refuses to commit that without the event
in the log.
"""

from __future__ import annotations

import json
import zipfile
from contextlib import suppress
from typing import Any, BinaryIO, Final

from django.core.serializers import serialize
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from mlcore.registry.datasets import picture_forget
from predictions.errors import ErasureRefused, ImageGone
from predictions.models import IdempotencyKey, Report, Sample, StoredImage
from predictions.pipeline import pieces
from predictions.pipeline.store import discard
from predictions.selectors import patient_images, patient_rows

# What a patient has no use for in JSON: files that lie beside it, and numbers for comparing cells.
LEFT_OUT: Final = {"reports": {"pdf"}, "cells": {"features", "look"}}


def patient_export(
    *, actor: User, samples: list[Sample], file: BinaryIO, origin: Origin | None = None
) -> int:
    """Write all rows as JSON, the signed reports and the images of ``samples`` as a ZIP file.

    Returns:
        How many images could not be read; the file names them in ``missing.txt``.

    Raises:
        PermissionDenied: the actor's role may not export patients.
        OSError: as writing does.
    """
    require(actor, Capability.EXPORT_PATIENTS)
    missing: list[str] = []
    with transaction.atomic(), zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        rows = {name: _plain(name, found) for name, found in patient_rows(samples).items()}
        archive.writestr("patient.json", json.dumps(rows, indent=1, ensure_ascii=False))
        for report in Report.objects.filter(sample__in=samples):
            archive.writestr(f"reports/{report.sample_id}-{report.version}.pdf", bytes(report.pdf))
        for image in patient_images(samples).filter(removed_at=None):
            try:
                with image.open() as content:
                    archive.writestr(f"images/{image.path.name}", content.read())
            except ImageGone:
                missing.append(image.path.name)
        if missing:
            archive.writestr("missing.txt", "\n".join(missing))
        for sample in samples:
            record("patient.exported", actor=actor, subject=sample, origin=origin)
    return len(missing)


def patient_erase(*, actor: User, samples: list[Sample], reason: str, origin: Origin | None = None) -> int:
    """Delete ``samples`` with everything that hangs on them, and return how many images went.

    The log keeps who did what to a sample, which it knows by a random number alone. Images that other samples
    share stay.

    Raises:
        PermissionDenied: the actor's role may not erase patients.
        ErasureRefused: no reason was given, or people are at work on these rows. Nothing was erased.
    """
    require(actor, Capability.ERASE_PATIENTS)
    if not reason.strip():
        raise ErasureRefused(_("Say why the patient is erased; the log keeps the reason."))
    detail: dict[str, JSON] = {"reason": reason.strip()[:500]}
    uploads = list(patient_rows(samples)["uploads"])
    try:
        with transaction.atomic():
            images = _erase(samples)
            for sample in samples:
                record("patient.erased", actor=actor, subject=sample, origin=origin, detail=detail)
    except OperationalError as problem:
        raise ErasureRefused(
            _("People are at work on these tables. Nothing was erased; try again in a minute.")
        ) from problem
    for image in images:
        discard(image)
        picture_forget(image.sha256)
    for upload in uploads:
        # A file that cannot go now goes with the stray ones, by the sweeper.
        with suppress(OSError):
            pieces.forget(upload)
    return len(images)


def _plain(name: str, found: QuerySet[Any]) -> list[dict[str, Any]]:
    """Return rows as JSON can hold them."""
    fields = [field.name for field in found.model._meta.fields if field.name not in LEFT_OUT.get(name, ())]  # noqa: SLF001 -- Django's documented name
    plain: list[dict[str, Any]] = json.loads(serialize("json", found, fields=fields))
    return [{"id": row["pk"], **row["fields"]} for row in plain]


def _erase(samples: list[Sample]) -> list[StoredImage]:
    """Delete all rows of ``samples``, and the rows of images that nothing else names; return these images."""
    keys = [sample.pk for sample in samples]
    with connection.cursor() as cursor:
        # Shorter than the wait after which PostgreSQL looks for deadlocks, so this gives way, not people.
        cursor.execute("SET LOCAL lock_timeout = '500ms'")
        list(Sample.objects.filter(pk__in=keys).select_for_update(no_key=True))
        candidates = list(patient_images(samples).values_list("pk", flat=True))
        # Answers that programs might have asked for again can name the patient.
        IdempotencyKey.objects.filter(sample__in=keys).delete()
        cursor.execute("SELECT predictions_erase(%s::uuid[])", [[str(key) for key in keys]])
    unnamed = StoredImage.objects.filter(pk__in=candidates, fields=None)
    gone = list(unnamed)
    unnamed.delete()
    return gone
