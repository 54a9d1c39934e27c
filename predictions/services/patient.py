"""Handing out everything that is held of one patient, and erasing it where the law demands that.

Both are done by commands of the person who runs the portal, in the name of an admin or doctor. Erasing needs
the owner of the tables: the application's role may not delete what only grows.
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

from accounts.audit.record import record
from accounts.models import User
from accounts.permissions import Capability, require
from mlcore.registry.datasets import picture_forget
from predictions.errors import ErasureRefused, ImageGone
from predictions.models import Report, Sample, StoredImage
from predictions.pipeline import pieces
from predictions.pipeline.store import discard
from predictions.selectors import patient_images, patient_rows

# These refuse DELETE to everybody; the owner sets that aside for one transaction, with the table locked.
REFUSING: Final = (
    "predictions_acknowledgement",
    "predictions_cellreview",
    "predictions_report",
    "predictions_sampleevent",
)
# What a patient has no use for in JSON: files that lie beside it, and numbers for comparing cells.
LEFT_OUT: Final = {"reports": {"pdf"}, "cells": {"features", "look"}}


def patient_export(*, actor: User, samples: list[Sample], file: BinaryIO) -> int:
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
        for image in patient_images(samples):
            try:
                with image.open() as content:
                    archive.writestr(f"images/{image.path.name}", content.read())
            except ImageGone:
                missing.append(image.path.name)
        if missing:
            archive.writestr("missing.txt", "\n".join(missing))
        for sample in samples:
            record("patient.exported", actor=actor, subject=sample)
    return len(missing)


def patient_erase(*, actor: User, samples: list[Sample], reason: str) -> int:
    """Delete ``samples`` with everything that hangs on them, and return how many images went.

    The log keeps who did what to a sample, which it knows by a random number alone. Images that other samples
    share stay.

    Raises:
        PermissionDenied: the actor's role may not erase patients.
        ErasureRefused: no reason was given, people are at work on these rows, or the database's role is not
            the owner of the tables. Nothing was erased.
    """
    require(actor, Capability.ERASE_PATIENTS)
    if not reason.strip():
        raise ErasureRefused(_("Say why the patient is erased; the log keeps the reason."))
    if not _owner():
        raise ErasureRefused(_("Only the owner of the tables may erase; start this by script/manage."))
    uploads = list(patient_rows(samples)["uploads"])
    try:
        with transaction.atomic():
            images = _erase(samples)
            for sample in samples:
                record("patient.erased", actor=actor, subject=sample, detail={"reason": reason.strip()[:500]})
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


def _owner() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableowner = current_user FROM pg_tables WHERE tablename = %s", [REFUSING[0]])
        return cursor.fetchone() == (True,)


def _erase(samples: list[Sample]) -> list[StoredImage]:
    """Delete all rows of ``samples``, and the rows of images that nothing else names; return these images."""
    with connection.cursor() as cursor:
        # Shorter than the wait after which PostgreSQL looks for deadlocks, so this gives way, not people.
        cursor.execute("SET LOCAL lock_timeout = '500ms'")
        list(Sample.objects.filter(pk__in=[sample.pk for sample in samples]).select_for_update(no_key=True))
        candidates = {image.pk: image for image in patient_images(samples)}
        for table in REFUSING:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER only_grows")
        for found in patient_rows(samples).values():
            _delete(cursor, found)
        # Foreign keys are checked now: a table cannot be altered while checks of it are waiting.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in REFUSING:
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER only_grows")
        unnamed = StoredImage.objects.filter(pk__in=candidates, fields=None)
        gone = [candidates[digest] for digest in unnamed.values_list("pk", flat=True)]
        _delete(cursor, unnamed)
    return gone


def _delete(cursor: Any, found: QuerySet[Any]) -> None:
    """Delete rows by the database alone: Django would refuse, as others hang on them until they go."""
    meta = found.model._meta  # noqa: SLF001 -- Django's documented name
    keys, params = found.order_by().values("pk").query.sql_with_params()
    cursor.execute(f'DELETE FROM "{meta.db_table}" WHERE "{meta.pk.column}" IN ({keys})', params)  # noqa: S608 -- names of the models
