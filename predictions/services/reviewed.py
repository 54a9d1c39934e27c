"""Handing reviewed cells down to the data sets that models are trained on."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from mlcore.registry.datasets import About, ReviewedCell, dataset_from_reviews
from mlcore.registry.models import DataSetVersion
from predictions.selectors.reviewed import Named, Period, Reviewed, reviewed_cells


def dataset_collect(*, actor: User, origin: Origin | None, about: About, period: Period) -> DataSetVersion:
    """Order a version of a data set from the reviewed cells of a period.

    Each cell stands in its whole field with its box, as it is read when a smear is analysed.

    Raises:
        DataSetRefused: with the reason.
        PermissionDenied: ``actor`` may not manage models.
    """
    require(actor, Capability.MANAGE_MODELS)
    found = reviewed_cells(actor, period)
    cells = [_handed_down(one) for one in found.cells]
    return dataset_from_reviews(actor=actor, origin=origin, about=about, cells=cells, notes=left_out(found))


def left_out(found: Reviewed) -> list[str]:
    """Say which samples and cells are not in the data set, and why."""
    many = {"n": found.opted_out}
    told = []
    if found.opted_out:
        text = ngettext(
            "%(n)d signed sample is not to be used for training.",
            "%(n)d signed samples are not to be used for training.",
            found.opted_out,
        )
        told.append(text % many)
    if found.disagreed:
        text = ngettext(
            "%(n)d cell is left out since people disagree on it.",
            "%(n)d cells are left out since people disagree on them.",
            len(found.disagreed),
        )
        told.append(text % {"n": len(found.disagreed)})
    if found.unseen:
        text = ngettext(
            "%(n)d cell is left out since only the model has named it.",
            "%(n)d cells are left out since only the model has named them.",
            found.unseen,
        )
        told.append(text % {"n": found.unseen})
    if found.no_class:
        told.append(_("%(n)d are no cell or counted elsewhere.") % {"n": found.no_class})
    return told


def _handed_down(one: Named) -> ReviewedCell:
    field = one.cell.analysis.field
    return ReviewedCell(
        path=str(field.image.path),
        label=one.code,
        laboratory=field.site.name,
        together=one.together,
        single=field.single,
        box=one.cell.box,
    )
