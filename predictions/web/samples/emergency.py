"""The page on which somebody opens a sample of another site for a reason."""

from __future__ import annotations

from http import HTTPStatus

from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.permissions import Capability, can
from accounts.web.access import requires, signed_in
from hematovision.core.origin import Origin
from hematovision.core.views import too_many_requests
from predictions.models import Sample
from predictions.services.emergency import REASON_LENGTH, emergency_open
from predictions.web.samples.forms import AccessionField


class EmergencyForm(forms.Form):
    """Which sample, and why."""

    accession = AccessionField(label=gettext_lazy("Accession number"), max_length=32)
    reason = forms.CharField(
        label=gettext_lazy("Why you need it"),
        min_length=REASON_LENGTH,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The admins read this. Name no patient."),
    )


@require_http_methods(["GET", "POST"])
@requires(Capability.VIEW_RESULTS)
def emergency(request: HttpRequest) -> HttpResponse:
    """Ask for number and reason, then open the sample."""
    if can(request.user, Capability.VIEW_ALL_SITES):
        raise PermissionDenied(_("You see the samples of all sites already."))
    form = EmergencyForm(request.POST or None)
    status = HTTPStatus.OK
    if request.method == "POST":
        if not ratelimit.consume(request, action="emergency", user=signed_in(request)):
            return too_many_requests(request)
        if form.is_valid() and (sample := _opened(request, form)):
            return redirect("sample", sample.pk)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    context = {"form": form, "minutes": settings.EMERGENCY_MINUTES}
    return render(request, "predictions/sample/emergency.html", context, status=status)


def _opened(request: HttpRequest, form: EmergencyForm) -> Sample | None:
    try:
        sample = emergency_open(actor=signed_in(request), origin=Origin.of(request), **form.cleaned_data)
    except Sample.DoesNotExist:
        form.add_error("accession", _("There is no sample with this number at any site."))
        return None
    messages.warning(request, _("Emergency access: the log has it with your reason, and the admins see it."))
    return sample
