"""What a button of the sample's page does: one service, and then the page again with what became of it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse

from accounts.permissions import Capability
from accounts.web.access import signed_in
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from predictions.models import Sample
from predictions.selectors import may_change, visible_samples
from predictions.states import TAKES_REVIEWS, SampleState
from predictions.web.samples.came_from import back_to_sample


def sample_or_404(request: HttpRequest, sample_id: UUID) -> Sample:
    """Return a sample with its site and who registered it, if the person may see it."""
    try:
        return visible_samples(request.user).select_related("site", "created_by").get(pk=sample_id)
    except Sample.DoesNotExist as problem:
        raise Http404 from problem


def may_review(request: HttpRequest, sample: Sample) -> bool:
    """Whether the person may give cells of the sample a type as it stands now."""
    needed = Capability.SIGN_REPORTS if sample.state == SampleState.IN_REVIEW else Capability.REVIEW_CELLS
    return sample.state in TAKES_REVIEWS and may_change(request.user, sample, needed)


def act(
    request: HttpRequest, sample_id: UUID, service: Callable[..., object], done: str = "", **given: str
) -> HttpResponse:
    """Call ``service`` for the person and go back to the sample; a refusal says why and changes nothing."""
    sample_or_404(request, sample_id)
    try:
        service(actor=signed_in(request), origin=Origin.of(request), sample_id=sample_id, **given)
    except PortalError as refusal:
        messages.error(request, str(refusal.message))
    else:
        if done:
            messages.success(request, done)
    return back_to_sample(request, sample_id)
