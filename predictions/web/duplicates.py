"""Where an image already is, in words and as a link."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.web.access import signed_in
from predictions.models import Sample, SmearField
from predictions.selectors import Duplicate, duplicates, number_in_sample


@dataclass(frozen=True, slots=True)
class Copy:
    """An image of a sample that is the same as an earlier one, which is ``where``."""

    field: SmearField
    number: int
    earlier: SmearField
    where: str


def copies(request: HttpRequest, sample: Sample) -> list[Copy]:
    """Return the images of a sample that are copies of earlier ones, as the page lists them."""
    return [_copy(one) for one in duplicates(signed_in(request), sample)]


def told(earlier: SmearField, sample_id: UUID | None) -> dict[str, str]:
    """Return an earlier field's key, its page and where it is, as seen from a sample or from none."""
    number = number_in_sample(earlier) if sample_id and earlier.sample_id == sample_id else 0
    return {
        "id": str(earlier.pk),
        "url": reverse("field", args=[earlier.pk]),
        "where": where(earlier, number),
    }


def where(earlier: SmearField, number: int) -> str:
    """Return "image 3 of this sample", "sample HV-1" or that it has no sample; ``number`` 0 is elsewhere."""
    if number:
        return _("image %(number)d of this sample") % {"number": number}
    if earlier.sample:
        return _("sample %(accession)s") % {"accession": earlier.sample.accession}
    return _("an image without a sample")


def _copy(one: Duplicate) -> Copy:
    return Copy(one.field, one.number, one.earlier, where(one.earlier, one.earlier_number))
