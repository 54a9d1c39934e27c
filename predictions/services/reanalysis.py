"""Ordering that old samples are read again with the active model, and stopping that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.audit.record import record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from hematovision.core.queue import READ_AGAIN, ring_on_commit
from mlcore.registry.selectors import active_version
from predictions.models import ReanalysedSample, Reanalysis, Sample
from predictions.selectors.reanalysis import choosable

MOST_SAMPLES: Final = 20_000


class ReanalysisRefused(PortalError):  # noqa: N818 -- the name says what happened
    """No model is active, another order runs, or no sample was chosen; nothing was ordered."""

    code = "reanalysis_refused"
    status = 422


def reanalysis_order(
    *,
    actor: User,
    origin: Origin,
    date_from: date | None = None,
    date_to: date | None = None,
    site: UUID | None = None,
    read_by: UUID | None = None,
) -> Reanalysis:
    """Order that the samples received in some days, at a site, last read by a version, are read again.

    Raises:
        PermissionDenied: the actor's role may not change models.
        ReanalysisRefused: as the class says.
    """
    require(actor, Capability.MANAGE_MODELS)
    version = active_version()
    if version is None:
        raise ReanalysisRefused(_("No model is active: there is nothing to read them with."))
    asked: dict[str, Any] = {"date_from": date_from, "date_to": date_to, "site": site, "read_by": read_by}
    chosen = choosable(version, **asked)
    count = chosen.count()
    if not 0 < count <= MOST_SAMPLES:
        text = _(
            "%(n)d samples match; between 1 and %(most)d can be read again at once. Nothing was ordered."
        )
        raise ReanalysisRefused(text % {"n": count, "most": MOST_SAMPLES})
    filters = {name: str(value) for name, value in asked.items() if value}
    try:
        with transaction.atomic():
            order = Reanalysis.objects.create(model_version=version, filters=filters, ordered_by=actor)
            _fill(order, chosen)
            told: Mapping[str, Any] = {"samples": count, "model": version.sha256, **filters}
            record("reanalysis.ordered", actor=actor, subject=order, origin=origin, detail=told)
            ring_on_commit(READ_AGAIN)
    except IntegrityError as problem:
        text = _("Another order is still running. Wait for it or stop it; nothing was ordered.")
        raise ReanalysisRefused(text) from problem
    return order


def reanalysis_stop(*, actor: User, origin: Origin, order_id: UUID) -> Reanalysis:
    """End an order after the sample that is being read; what was read stays. An ended one stays as it is.

    Raises:
        PermissionDenied: the actor's role may not change models.
        Reanalysis.DoesNotExist: there is no such order.
    """
    require(actor, Capability.MANAGE_MODELS)
    with transaction.atomic():
        order = Reanalysis.objects.select_for_update(no_key=True).get(pk=order_id)
        if order.state == Reanalysis.State.RUNNING:
            end(order, Reanalysis.State.STOPPED)
            record("reanalysis.stopped", actor=actor, subject=order, origin=origin)
    return order


def end(order: Reanalysis, state: Reanalysis.State, why: str = "") -> None:
    """Bring a locked order to its end."""
    Reanalysis.objects.filter(pk=order.pk).update(state=state, why_stopped=why, ended_at=Now())
    order.refresh_from_db()


def _fill(order: Reanalysis, chosen: QuerySet[Sample]) -> None:
    """Add the samples, oldest first."""
    keys = chosen.order_by("received_at", "id").values_list("pk", flat=True)
    rows = (ReanalysedSample(order=order, sample_id=key) for key in keys.iterator())
    ReanalysedSample.objects.bulk_create(rows, batch_size=1000)
