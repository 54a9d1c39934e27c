"""People's word on cells: given, confirmed, taken back. The last word on a cell holds, all are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit.record import record
from accounts.models import User
from accounts.permissions import Capability, can, require
from hematovision.core.origin import Origin
from predictions.errors import ChangedMeanwhile, ReviewRefused
from predictions.models import CellReview, CellType, EventKind, ReviewKind, Sample
from predictions.selectors import CellState, cell_states
from predictions.services.days import count_reviews, reviewed_now
from predictions.services.recount import recount
from predictions.services.trail import locked, note
from predictions.states import TAKES_REVIEWS, SampleState

MOST_CELLS = 5000


def cells_review(
    *, actor: User, origin: Origin, sample_id: UUID, seen: Mapping[UUID, int], code: str | None
) -> tuple[Sample, list[CellState]]:
    """Give cells the type ``code``, or confirm what each of them is called now when it is None.

    ``seen`` is, for each cell, the key of the last review that the person saw, 0 for none: nobody overwrites
    what they have not seen. All cells change, or none.

    Raises:
        PermissionDenied: the actor's role may not review cells.
        Sample.DoesNotExist: there is no such sample for the actor.
        ReviewRefused: the sample takes no reviews now, a cell is not its, or there is nothing to confirm.
        ChangedMeanwhile: somebody else has reviewed one of the cells; it carries the present states.
    """
    require(actor, Capability.REVIEW_CELLS)
    with transaction.atomic():
        sample = _open_for_review(actor, sample_id)
        states = _asked(sample, seen)
        verdicts = _verdicts(states, code)
        kind = ReviewKind.CONFIRMED if code is None else ReviewKind.RECLASSIFIED
        detail = {"cells": len(states), "code": code, "kind": kind.value, "from": _codes(states)}
        before = reviewed_now(list(seen))
        revision = note(sample, EventKind.REVIEWED, actor, detail)
        CellReview.objects.bulk_create(
            CellReview(
                sample=sample,
                cell=state.cell,
                kind=kind,
                verdict_id=verdicts[state.cell.pk],
                before=_standing(state),
                revision=revision,
                actor=actor,
            )
            for state in states
        )
        recount(sample)
        count_reviews(list(seen), before)
        told = {"cells": len(states), "code": code, "revision": revision}
        record("cells.reviewed", actor=actor, subject=sample, origin=origin, detail=told)
        return sample, cell_states(sample, [state.cell.pk for state in states])


def review_undo(*, actor: User, origin: Origin, sample_id: UUID) -> tuple[Sample, list[CellState]]:
    """Take back the actor's last review in a sample that still stands; again takes back the one before.

    Raises: as :func:`cells_review`; ``ReviewRefused`` where there is nothing to take back.
    """
    require(actor, Capability.REVIEW_CELLS)
    with transaction.atomic():
        sample = _open_for_review(actor, sample_id)
        given = _last_act(sample, actor)
        states = cell_states(sample, [review.cell_id for review in given])
        newest = {state.cell.pk: state for state in states}
        if any(_standing(newest[review.cell_id]) != review for review in given):
            raise ChangedMeanwhile(
                _("Somebody has changed these cells since; nothing was taken back."), states
            )
        undone, before = given[0].revision, reviewed_now(list(newest))
        revision = note(sample, EventKind.UNDONE, actor, {"cells": len(given), "undoes": undone})
        CellReview.objects.bulk_create(
            CellReview(
                sample=sample,
                cell_id=review.cell_id,
                kind=ReviewKind.UNDONE,
                verdict=review.before.verdict if review.before else None,
                before=review.before,
                undoes=undone,
                revision=revision,
                actor=actor,
            )
            for review in given
        )
        recount(sample)
        count_reviews(list(newest), before)
        told = {"cells": len(given), "revision": revision, "undoes": undone}
        record("review.undone", actor=actor, subject=sample, origin=origin, detail=told)
        return sample, cell_states(sample, list(newest))


def _open_for_review(actor: User, sample_id: UUID) -> Sample:
    sample = locked(actor, sample_id)
    if sample.state not in TAKES_REVIEWS:
        raise ReviewRefused(
            _("The sample is %(state)s; its cells stay as they are.") % {"state": sample.get_state_display()}
        )
    if sample.state == SampleState.IN_REVIEW and not can(actor, Capability.SIGN_REPORTS):
        raise ReviewRefused(_("The sample is with the doctor, who can return it. Nothing was changed."))
    return sample


def _asked(sample: Sample, seen: Mapping[UUID, int]) -> list[CellState]:
    """Return the cells asked for as they stand, if they stand as the person saw them."""
    if not seen or len(seen) > MOST_CELLS:
        raise ReviewRefused(_("Choose between 1 and %(most)d cells.") % {"most": MOST_CELLS})
    states = cell_states(sample, list(seen))
    if len(states) != len(seen):
        raise ReviewRefused(_("A cell does not belong to this sample. Nothing was changed; reload the page."))
    changed = [state for state in states if state.seen != seen[state.cell.pk]]
    if changed:
        by = ", ".join(sorted({str(state.review.actor) for state in changed if state.review}))
        text = _(
            "%(who)s changed %(count)d of these cells meanwhile. Nothing of yours was applied; look again."
        )
        raise ChangedMeanwhile(text % {"who": by or _("Somebody"), "count": len(changed)}, states)
    return states


def _verdicts(states: Sequence[CellState], code: str | None) -> dict[UUID, str]:
    """Return the type that each cell gets, which has to be one in use."""
    wanted = {state.cell.pk: state.code if code is None else code for state in states}
    if not all(wanted.values()):
        raise ReviewRefused(
            _("An unidentified cell cannot be confirmed: give it a class. Nothing was changed.")
        )
    codes = set(wanted.values())
    if CellType.objects.filter(pk__in=codes, active=True).count() != len(codes):
        raise ReviewRefused(_("The laboratory's catalogue has no such class in use. Nothing was changed."))
    return wanted


def _standing(state: CellState) -> CellReview | None:
    return state.review.standing if state.review else None


def _codes(states: Sequence[CellState]) -> list[str]:
    return sorted({state.code for state in states})


def _last_act(sample: Sample, actor: User) -> list[CellReview]:
    """Return the reviews of the actor's last act that was not taken back, nor is itself a taking back."""
    own = CellReview.objects.filter(sample=sample, actor=actor)
    undone = own.filter(undoes__isnull=False).values("undoes")
    acts = own.exclude(kind=ReviewKind.UNDONE).exclude(revision__in=undone)
    last = acts.order_by("-revision").values_list("revision", flat=True).first()
    if last is None:
        raise ReviewRefused(_("There is nothing of yours to take back in this sample."))
    return list(acts.filter(revision=last).select_related("before__verdict"))
