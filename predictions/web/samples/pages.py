"""The pages of one sample: registering, details, the page where its cells are reviewed, and its moves."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.factors import has_passkey
from accounts.permissions import Capability, can
from accounts.web.access import requires, signed_in
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from mlcore.engine.card import never_shown
from mlcore.registry.selectors import active_version
from predictions.models import CellType, Sample
from predictions.selectors import (
    Judged,
    against_previous,
    cell_states,
    judged,
    may_change,
    next_waiting,
    quality_flags,
    removed_images,
    rules,
    suggested,
    visits,
    waits_for,
)
from predictions.selectors.emergency import emergency_until
from predictions.services import (
    sample_cancel,
    sample_comment,
    sample_create,
    sample_edit,
    sample_opened,
    sample_return,
    sample_submit,
)
from predictions.services.samples import COMMENT_LENGTH, EDITABLE
from predictions.states import TAKES_FIELDS, TAKES_REVIEWS, JobState, SampleState
from predictions.web.duplicates import copies
from predictions.web.pieces import begun_before
from predictions.web.samples.acts import act, may_review, sample_or_404
from predictions.web.samples.came_from import as_query, asked_filters
from predictions.web.samples.forms import STAINS, ReasonForm, SampleForm
from predictions.web.samples.gallery import groups
from predictions.web.samples.lines import TONES
from predictions.web.samples.panel import panel
from predictions.web.samples.reports import proof_needed
from predictions.web.samples.trail import comments, sample_trail
from predictions.web.samples.visits import visits_told


@require_http_methods(["GET", "POST"])
@requires(Capability.REGISTER_SAMPLES)
def new(request: HttpRequest) -> HttpResponse:
    """Register a sample, then show its page, which takes the images."""
    in_force = rules()
    form = SampleForm(_posted(request), initial={"target": in_force.target}, unit=in_force.unit)
    if request.method == "POST" and form.is_valid():
        sample = sample_create(actor=signed_in(request), origin=Origin.of(request), facts=form.cleaned_data)
        return redirect("sample", sample.pk)
    return _form(request, form, sample=None)


@require_http_methods(["GET", "POST"])
@requires(Capability.REGISTER_SAMPLES)
def edit(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Change the details of a sample."""
    sample = sample_or_404(request, sample_id)
    form = SampleForm(_posted(request), instance=sample_or_404(request, sample_id), unit=rules().unit)
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        try:
            sample_edit(actor=signed_in(request), origin=Origin.of(request), sample_id=sample_id, facts=facts)
        except PortalError as refusal:
            messages.error(request, str(refusal.message))
        except ValidationError as problem:
            # Somebody took the accession number between the form's check and the row's.
            form.add_error(None, problem)
            return _form(request, form, sample=sample)
        return redirect("sample", sample_id)
    return _form(request, form, sample=sample)


@require_GET
@requires(Capability.VIEW_RESULTS)
def page(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Show a sample with its cells and differential; opening it is logged."""
    sample = sample_or_404(request, sample_id)
    sample_opened(actor=signed_in(request), origin=Origin.of(request), sample=sample)
    takes = sample.state in TAKES_FIELDS and may_change(request.user, sample, Capability.UPLOAD)
    version, came_from = active_version(), asked_filters(request)
    found = judged(sample)
    context = {
        **_panel_context(request, sample, found),
        **_groups_context(request, sample, found.types),
        "next": next_waiting(request.user, came_from.filters(), after=sample),
        "came_from": as_query(came_from),
        "done_here": sample.state != waits_for(request.user),
        "may_comment": may_change(request.user, sample, Capability.REVIEW_CELLS),
        "comment_length": COMMENT_LENGTH,
        "proof_needed": proof_needed(request),
        "passkey_possible": can(request.user, Capability.SIGN_REPORTS) and has_passkey(signed_in(request)),
        "emergency_until": emergency_until(signed_in(request), sample),
        "removed": removed_images(sample),
        "takes_fields": takes,
        "unfinished": begun_before(request, sample_id) if takes else [],
        "duplicates": copies(request, sample),
        "editable": sample.state in EDITABLE
        and may_change(request.user, sample, Capability.REGISTER_SAMPLES),
        "cancel_form": ReasonForm(auto_id="cancel_%s"),
        "return_form": ReasonForm(auto_id="return_%s"),
        "amend_form": ReasonForm(auto_id="amend_%s"),
        "never_shown": ", ".join(never_shown(version.labels)) if version else "",
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "max_mb": settings.UPLOAD_MAX_BYTES // 1024 // 1024,
        "max_files": settings.UPLOAD_MAX_FILES,
    }
    return render(request, "predictions/sample/sample.html", context)


@require_GET
@requires(Capability.VIEW_RESULTS)
def groups_part(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Return the gallery alone, when new cells have arrived."""
    sample = sample_or_404(request, sample_id)
    context = _groups_context(request, sample, list(CellType.objects.all()))
    return render(request, "predictions/sample/_groups.html", context)


@require_GET
@requires(Capability.VIEW_RESULTS)
def panel_part(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Return differential, what is left to do and history alone, after a change."""
    sample = sample_or_404(request, sample_id)
    return render(request, "predictions/sample/_panel.html", _panel_context(request, sample, judged(sample)))


@require_POST
@requires(Capability.REVIEW_CELLS)
def submit(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Hand the sample to the doctor."""
    return act(request, sample_id, sample_submit, _("The sample is with the doctor now."))


@require_POST
@requires(Capability.REVIEW_CELLS)
def comment(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Add a comment for the others who work on the sample."""
    return act(request, sample_id, sample_comment, text=request.POST.get("text", ""))


@require_POST
@requires(Capability.SIGN_REPORTS)
def give_back(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Return the sample to the technician."""
    reason = request.POST.get("reason", "")
    return act(request, sample_id, sample_return, _("The sample is back with the technician."), reason=reason)


@require_POST
@requires(Capability.REGISTER_SAMPLES)
def cancel(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """End the sample; everything it has is kept."""
    reason = request.POST.get("reason", "")
    return act(
        request, sample_id, sample_cancel, _("The sample is cancelled. All of it is kept."), reason=reason
    )


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _form(request: HttpRequest, form: SampleForm, sample: Sample | None) -> HttpResponse:
    context = {"form": form, "sample": sample, "stains": STAINS}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "predictions/sample/form.html", context, status=status)


def _groups_context(request: HttpRequest, sample: Sample, types: Sequence[CellType]) -> dict[str, object]:
    return {
        "sample": sample,
        "groups": groups(cell_states(sample), types, suggested(sample)),
        "may_review": may_review(request, sample),
    }


def _panel_context(request: HttpRequest, sample: Sample, found: Judged) -> dict[str, object]:
    previous = against_previous(sample, found.counted, found.types, found.rules)
    signing = sample.state == SampleState.IN_REVIEW and may_change(
        request.user, sample, Capability.SIGN_REPORTS
    )
    signed = sample.state in {SampleState.SIGNED, SampleState.AMENDED}
    return {
        # What is signed or cancelled has nothing left to do: its report is the signed one.
        "open": sample.state in {*TAKES_FIELDS, *TAKES_REVIEWS},
        "sample": sample,
        "tone": TONES[SampleState(sample.state)],
        "panel": panel(sample, found, previous),
        "rules": found.rules,
        "visits": visits_told(visits(sample, found.counted, found.types, found.rules), found.types),
        "trail": sample_trail(sample, found.types),
        "comments": comments(sample),
        "quality": quality_flags(sample),
        "fields": sample.fields.count(),
        "waiting": found.waiting,
        "failed": list(sample.fields.filter(job__state=JobState.FAILED).select_related("job")),
        "reports": list(sample.reports.defer("pdf", "content").select_related("signed_by")),
        "may_submit": sample.state == SampleState.TO_REVIEW
        and may_change(request.user, sample, Capability.REVIEW_CELLS),
        "may_note": sample.state in TAKES_REVIEWS
        and may_change(request.user, sample, Capability.REVIEW_CELLS),
        "may_sign": signing,
        "may_amend": signed and may_change(request.user, sample, Capability.SIGN_REPORTS),
    }
