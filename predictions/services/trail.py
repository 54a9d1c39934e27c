"""What happens to a sample is written down at a revision of its own, under a lock on the sample's row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Capability
from predictions.errors import SampleRefused
from predictions.models import EventKind, Sample, SampleEvent
from predictions.selectors import may_change, visible_samples
from predictions.services.recount import together
from predictions.states import SAMPLE_MOVES, SampleState


def locked(actor: User | None, sample_id: UUID) -> Sample:
    """Return a sample that stays as it is until the transaction ends; ``actor`` None is the portal itself.

    Raises:
        Sample.DoesNotExist: there is none, or it is not for ``actor`` to see.
        SampleRefused: ``actor`` sees it in an emergency alone, which opens nothing for changes.
    """
    together()
    samples = Sample.objects.all() if actor is None else visible_samples(actor)
    sample = samples.select_for_update(of=("self",), no_key=True).get(pk=sample_id)
    if actor is not None and not may_change(actor, sample, Capability.VIEW_RESULTS):
        raise SampleRefused(
            _("This sample is another site's, and an emergency opens it for reading. Nothing was changed.")
        )
    return sample


def note(sample: Sample, kind: EventKind, actor: User | None, detail: Mapping[str, Any]) -> int:
    """Add an event to a locked sample and return the revision that it made."""
    sample.revision += 1
    sample.save(update_fields=["revision"])
    SampleEvent.objects.create(
        sample=sample, revision=sample.revision, kind=kind, actor=actor, detail=dict(detail)
    )
    return sample.revision


def move(
    sample: Sample,
    target: SampleState,
    actor: User | None,
    *,
    only_from: Collection[SampleState] = tuple(SampleState),
    **detail: Any,
) -> None:
    """Bring a locked sample into another state.

    Args:
        only_from: where the act begins. The table alone would let a technician who hands on a sample take a
            signed one back into review, which is a doctor's amendment.

    Raises:
        SampleRefused: the table of moves does not know this one, or the act begins elsewhere.
    """
    state = SampleState(sample.state)
    if target == state:
        raise SampleRefused(
            _("The sample is %(state)s already. Nothing was changed.") % {"state": state.label}
        )
    if target not in SAMPLE_MOVES[state] or state not in only_from:
        raise SampleRefused(
            _("The sample is %(state)s and cannot become %(target)s. Nothing was changed; reload the page.")
            % {"state": state.label, "target": target.label}
        )
    sample.state = target
    sample.save(update_fields=["state"])
    note(sample, EventKind.MOVED, actor, {"from": state.value, "to": target.value, **detail})
