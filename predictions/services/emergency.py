"""Opening a sample of another site in an emergency."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from predictions.errors import SampleRefused
from predictions.models import EmergencyAccess, Sample
from predictions.selectors import visible_samples
from predictions.selectors.emergency import OPENED

REASON_LENGTH: Final = 10


@transaction.atomic
def emergency_open(*, actor: User, origin: Origin, accession: str, reason: str) -> Sample:
    """Let ``actor`` see the sample with this accession number for ``EMERGENCY_MINUTES``.

    A sample that they may see anyway is returned as it is. The reason stands in the log for the admins.

    Raises:
        PermissionDenied: the actor's role may not see results.
        Sample.DoesNotExist: there is no sample with this number.
        SampleRefused: the reason is missing or too short to be one.
    """
    require(actor, Capability.VIEW_RESULTS)
    given, minutes = reason.strip(), settings.EMERGENCY_MINUTES
    if len(given) < REASON_LENGTH:
        raise SampleRefused(_("Say why you need this sample; the admins read it."))
    sample = Sample.objects.get(accession=accession)
    if visible_samples(actor).filter(pk=sample.pk).exists():
        return sample
    expires = timezone.now() + timedelta(minutes=minutes)
    EmergencyAccess.objects.create(person=actor, sample=sample, expires_at=expires)
    detail: dict[str, JSON] = {"emergency": True, "reason": given[:500], "minutes": minutes}
    record(OPENED, actor=actor, subject=sample, origin=origin, detail=detail)
    return sample
