"""The page that makes a data set of what people have named in signed samples."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.models import Site
from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.days import DayField
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from mlcore.web.dataset_forms import AboutForm
from predictions.models import CellType
from predictions.selectors.reviewed import Period, Reviewed, reviewed_cells
from predictions.services.reviewed import dataset_collect, left_out

# So many of the cells that people disagree on are shown.
SHOWN: Final = 60


class PeriodForm(forms.Form):
    """Which samples; empty is all."""

    site = forms.ModelChoiceField(
        Site.objects.order_by("name"), label=_("Site"), required=False, empty_label=_("all")
    )
    since = DayField(label=_("Signed from"))
    until = DayField(label=_("Signed until"))

    def period(self) -> Period:
        """Return what was asked for; what has errors does not filter."""
        given = getattr(self, "cleaned_data", {})
        site = given.get("site")
        return Period(site.pk if site else None, given.get("since"), given.get("until"))


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_MODELS)
def page(request: HttpRequest) -> HttpResponse:
    """Show what the chosen samples hold; post it to order a version."""
    period = PeriodForm(request.POST if request.method == "POST" else request.GET, label_suffix="")
    valid = period.is_valid()
    if request.method != "POST":
        return _shown(request, period, AboutForm(initial={"dataset": request.GET.get("dataset", "")}))
    about = AboutForm(request.POST)
    if not (about.is_valid() and valid):
        return _shown(request, period, about)
    try:
        version = dataset_collect(
            actor=signed_in(request),
            origin=Origin.of(request),
            about=about.about(),
            period=period.period(),
        )
    except PortalError as refusal:
        about.add_error(None, str(refusal))
        return _shown(request, period, about)
    return redirect("dataset_version", version.pk)


def _shown(request: HttpRequest, period: PeriodForm, about: AboutForm) -> HttpResponse:
    found = reviewed_cells(signed_in(request), period.period())
    context = {
        "period": period,
        "about": about,
        "found": found,
        "kinds": _kinds(found),
        "left_out": left_out(found),
        "disagreed": found.disagreed[:SHOWN],
    }
    refused = about.is_bound and bool(about.errors)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return render(request, "predictions/laboratory/reviewed.html", context, status=status)


def _kinds(found: Reviewed) -> list[tuple[CellType, int]]:
    """Return the types that were found with how many cells, in the catalogue's order."""
    classes = found.classes
    return [(kind, classes[kind.pk]) for kind in CellType.objects.filter(pk__in=classes)]
