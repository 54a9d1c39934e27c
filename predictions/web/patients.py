"""The pages on which everything held of one patient is handed out, or erased where the law demands that.

The patient reference travels in forms alone: it is in no address and in no log.
"""

from __future__ import annotations

import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Site
from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from accounts.web.proof import prove_first
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from predictions.models import Report, Sample
from predictions.selectors import patient_images, patient_samples, visible_samples
from predictions.services.patient import patient_erase, patient_export


class PatientForm(forms.Form):
    """Which patient, at which site: two sites may use one reference for two people."""

    reference = forms.CharField(
        label=gettext_lazy("Patient reference"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Exactly as it stands in the samples, capitals included."),
    )
    site = forms.ModelChoiceField(
        Site.objects.order_by("name"),
        label=gettext_lazy("Site"),
        required=False,
        empty_label=gettext_lazy("all sites"),
    )


class ErasureForm(PatientForm):
    """Erasing: the reference typed once more, and why."""

    again = forms.CharField(
        label=gettext_lazy("Type the patient reference again"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("On what ground"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "Such as the date and file number of the request. The log keeps it; name no patient."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Another form of the same page asks for the patient as well.
        super().__init__(*args, **{"auto_id": "erase_%s", **kwargs})
        for name in ("reference", "site"):
            self.fields[name].widget = self.fields[name].hidden_widget()

    def clean_again(self) -> str:
        """Refuse another reference than the one whose samples are shown."""
        again = str(self.cleaned_data["again"])
        if again != self.cleaned_data.get("reference"):
            raise ValidationError(_("It is not the same. Nothing was erased."))
        return again


@require_http_methods(["GET", "POST"])
@requires(Capability.EXPORT_PATIENTS)
@prove_first
def patients(request: HttpRequest) -> HttpResponse:
    """Ask for a patient, then show what is held of them."""
    form = PatientForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        return _held(request, form)
    return _asked(request, form)


@require_POST
@requires(Capability.EXPORT_PATIENTS)
@prove_first
def export(request: HttpRequest) -> HttpResponseBase:
    """Send the ZIP file; it is made for this answer and kept nowhere."""
    form = PatientForm(request.POST)
    samples = _found(request, form)
    if not samples:
        return _asked(request, form)
    # As large as all their images, so on the disk of those: /tmp may be memory. It has no name there, and the
    # system deletes it as soon as it is closed, which the answer does at its end.
    folder = Path(settings.IMAGE_ROOT)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
    patient_export(actor=signed_in(request), samples=samples, file=file, origin=Origin.of(request))
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename="patient.zip", content_type="application/zip")


@require_POST
@requires(Capability.ERASE_PATIENTS)
@prove_first
def erase(request: HttpRequest) -> HttpResponse:
    """Erase the patient for good, after the reference was typed again and a ground was given."""
    form, erasure = PatientForm(request.POST), ErasureForm(request.POST)
    samples = _found(request, form)
    if not samples or not erasure.is_valid():
        return _held(request, form, erasure)
    actor, reason = signed_in(request), erasure.cleaned_data["reason"]
    try:
        patient_erase(actor=actor, samples=samples, reason=reason, origin=Origin.of(request))
    except PortalError as refusal:
        erasure.add_error(None, str(refusal.message))
        return _held(request, form, erasure)
    text = ngettext(
        "%(count)d sample is erased, with its images and reports.",
        "%(count)d samples are erased, with their images and reports.",
        len(samples),
    )
    messages.success(request, text % {"count": len(samples)})
    messages.warning(request, _("Backups and exports made earlier still hold the patient."))
    return redirect("patients")


def _found(request: HttpRequest, form: PatientForm) -> list[Sample]:
    """Return the samples that ``form`` asks for; where there is none, the form says so."""
    if not form.is_valid():
        return []
    asked, site = form.cleaned_data["reference"], form.cleaned_data["site"]
    found = patient_samples(asked, site.name if site else "")
    samples = list(_seen(request, found))
    if not samples:
        form.add_error("reference", _("There is no sample with this patient reference."))
    return samples


def _seen(request: HttpRequest, found: QuerySet[Sample]) -> QuerySet[Sample]:
    counted = {"images": Count("fields", distinct=True), "versions": Count("reports", distinct=True)}
    mine = found.filter(pk__in=visible_samples(request.user).values("pk"))
    return mine.select_related("site").annotate(**counted).order_by("received_at", "id")


def _asked(request: HttpRequest, form: PatientForm) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "predictions/patients.html", {"form": form}, status=status)


def _held(request: HttpRequest, form: PatientForm, erasure: ErasureForm | None = None) -> HttpResponse:
    """Show what is held of the patient, with the ways to export and erase it; ask again if nothing is."""
    samples = _found(request, form)
    if not samples:
        return _asked(request, form)
    given = {name: form.data.get(name, "") for name in form.fields}
    context = {
        "reference": form.cleaned_data["reference"],
        "given": given,
        "samples": samples,
        "images": patient_images(samples).count(),
        "reports": Report.objects.filter(sample__in=samples).count(),
        "sites": len({sample.site_id for sample in samples}),
        "erasure": erasure or ErasureForm(initial=given),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if erasure else HTTPStatus.OK
    return render(request, "predictions/patient.html", context, status=status)
