"""Signing a report, beginning an amendment, taking note of a critical value, looking at a preview."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from hematovision.core.typed import typed
from predictions import report
from predictions.errors import SampleRefused, SigningRefused
from predictions.models import Acknowledgement, CellReview, Event, EventKind, Report, Sample, SampleEvent
from predictions.report import content as printed
from predictions.selectors import Judged, judged
from predictions.services.outbox import post
from predictions.services.recount import judge_patient
from predictions.services.report_content import Version, codes_of, gather
from predictions.services.trail import locked, move, note
from predictions.states import SampleState

# Crockford's letters: none that is taken for another one, since people type the code from paper.
LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH: Final = 16
COMMENT_LENGTH: Final = 4000


@dataclass(frozen=True, slots=True)
class Intent:
    """What the doctor means to sign: the revision they saw, and their comment.

    ``rules`` is the version of the laboratory's rules that the figures they saw were judged by, None for the
    starting values. ``override`` says why they sign though something is open, ``verify_at`` where readers
    confirm the code, ``proof`` what they have proved by who they are: password, passkey, or an earlier one
    (window).
    """

    revision: int
    rules: int | None = None
    comment: str = ""
    override: str = ""
    verify_at: str = ""
    proof: str = "password"


def report_preview(*, actor: User, sample: Sample, comment: str = "") -> bytes:
    """Return the report as it would be signed now, marked as a preview on every page."""
    require(actor, Capability.VIEW_RESULTS)
    number = Report.objects.filter(sample=sample).count() + 1
    found, crops = gather(sample, judged(sample), Version(number, comment[:COMMENT_LENGTH]))
    return report.render(found, crops)


def report_sign(*, actor: User, origin: Origin, sample_id: UUID, intent: Intent) -> Report:
    """Sign a sample's report: freeze its content and PDF, and move the sample on.

    Whoever calls has made sure that ``actor`` has just proved who they are.

    Raises:
        PermissionDenied: the actor's role may not sign.
        Sample.DoesNotExist: there is no such sample for the actor.
        SigningRefused: it changed since the doctor looked, nobody else has worked on it, or something blocks
            it and no reason was given to sign nevertheless.
        SampleRefused: the sample is not in review.
    """
    require(actor, Capability.SIGN_REPORTS)
    with transaction.atomic():
        sample = locked(actor, sample_id)
        count = judged(sample)
        _check(sample, actor, count, intent)
        earlier = Report.objects.filter(sample=sample).order_by("-version").first()
        made = _made(sample, actor, count, intent, earlier)
        if earlier is None:
            sample.first_signed_at = made.signed_at
            sample.save(update_fields=["first_signed_at"])
        detail = {"version": made.version, "rules": count.rules.version, "blocks": count.blocks}
        why = {"override": bool(made.override), "reason": made.override}
        note(sample, EventKind.SIGNED, actor, {**detail, **why})
        move(sample, SampleState.AMENDED if earlier else SampleState.SIGNED, actor)
        judge_patient(sample)
        post(Event.AMENDED if earlier else Event.SIGNED, sample=sample, report=made, subject=str(made.pk))
        told: dict[str, JSON] = {
            "version": made.version,
            "rules": count.rules.version,
            "sha256": made.sha256,
            "proof": intent.proof,
            "cells": dict(codes_of(count)),
        }
        record("report.signed", actor=actor, subject=sample, origin=origin, detail=told)
    return made


def report_amend(*, actor: User, origin: Origin, sample_id: UUID, reason: str) -> Sample:
    """Take a signed sample back into review; the signed version stays as it is until a new one is signed.

    Raises: as :func:`report_sign`; ``SigningRefused`` also without a reason.
    """
    require(actor, Capability.SIGN_REPORTS)
    given = typed(reason)[:500]
    if not given:
        raise SigningRefused(_("Say why the report is amended: the new version prints it."))
    with transaction.atomic():
        sample = locked(actor, sample_id)
        signed = (SampleState.SIGNED, SampleState.AMENDED)
        move(sample, SampleState.IN_REVIEW, actor, only_from=signed, reason=given, amends=True)
        judge_patient(sample)
        record("report.amendment_begun", actor=actor, subject=sample, origin=origin)
    return sample


def critical_note(*, actor: User, origin: Origin, sample_id: UUID, key: str) -> None:
    """Take note of a critical value that the sample has now.

    Raises:
        PermissionDenied: the actor's role may not review cells.
        Sample.DoesNotExist: there is no such sample for the actor.
        SigningRefused: the sample has no such value any more.
    """
    require(actor, Capability.REVIEW_CELLS)
    with transaction.atomic():
        sample = locked(actor, sample_id)
        found = next((one for one in judged(sample).criticals if one.key == key), None)
        if found is None:
            raise SigningRefused(_("The sample does not have this critical value any more."))
        if found.by is None:
            sentence = found.critical.sentence[:300]
            Acknowledgement.objects.create(sample=sample, key=key, sentence=sentence, actor=actor)
            note(sample, EventKind.NOTED, actor, {"key": key, "reason": sentence})
            record("critical.noted", actor=actor, subject=sample, origin=origin, detail={"key": key})


def _check(sample: Sample, actor: User, count: Judged, intent: Intent) -> None:
    if sample.state != SampleState.IN_REVIEW:
        raise SampleRefused(
            _("The sample is %(state)s, so there is nothing to sign.") % {"state": sample.get_state_display()}
        )
    if (sample.revision, count.rules.version) != (intent.revision, intent.rules):
        raise SigningRefused(
            _("The sample or the rules have changed since you looked. Nothing was signed; look again.")
        )
    if settings.FOUR_EYES and not _seen_by_others(sample, actor):
        raise SigningRefused(
            _("Nobody but you has worked on this sample. Here a second person has to review or submit it.")
        )
    if count.blocks and not typed(intent.override):
        raise SigningRefused(" ".join([*count.blocks, _("Give a reason to sign nevertheless.")]))


def _seen_by_others(sample: Sample, actor: User) -> bool:
    reviewed = CellReview.objects.filter(sample=sample).exclude(actor=actor).exists()
    submitted = SampleEvent.objects.filter(
        sample=sample, kind=EventKind.MOVED, detail__to=SampleState.IN_REVIEW.value
    ).exclude(detail__has_key="amends")
    return reviewed or submitted.exclude(actor=actor).exists()


def _made(sample: Sample, actor: User, count: Judged, intent: Intent, earlier: Report | None) -> Report:
    """Make the row of a new version: content first, the PDF of it, and that file's hash."""
    number, reason = (earlier.version + 1, _amended_because(sample)) if earlier else (1, "")
    code, now, override = _code(), timezone.localtime(), typed(intent.override)[:500]
    version = Version(
        number=number,
        comment=typed(intent.comment)[:COMMENT_LENGTH],
        open_points=(*count.blocks, _("Signed nevertheless: %(why)s") % {"why": override})
        if count.blocks
        else (),
        signature=printed.Signature(actor.name, str(actor.get_role_display()), now),
        amendment=printed.Amendment(earlier.version, reason) if earlier else None,
        verification=printed.Verification(code, intent.verify_at),
    )
    found, crops = gather(sample, count, version)
    pdf = report.render(found, crops)
    return Report.objects.create(
        sample=sample,
        version=number,
        revision=sample.revision,
        content=report.to_json(found),
        pdf=pdf,
        sha256=hashlib.sha256(pdf).hexdigest(),
        code=code,
        reason=reason,
        override=override,
        signed_by=actor,
        signed_at=now,
    )


def _amended_because(sample: Sample) -> str:
    begun = SampleEvent.objects.filter(sample=sample, kind=EventKind.MOVED, detail__amends=True)
    return str(begun.order_by("-revision").first().detail["reason"])  # type: ignore[union-attr]  # amending wrote it


def _code() -> str:
    """Return a code that nobody guesses: 80 random bits, in groups of four."""
    letters = "".join(secrets.choice(LETTERS) for _letter in range(CODE_LENGTH))
    return "-".join(letters[at : at + 4] for at in range(0, CODE_LENGTH, 4))
