"""Drift: what the active model meets at each site, week by week, against what it met there first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import floatformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Site
from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.origin import Origin
from mlcore.registry.selectors import active_version
from predictions.models import DriftGuard, DriftWeek
from predictions.selectors.drift import baseline_fields, drift_weeks
from predictions.services.drift import DriftRefused, drift_acknowledge, drift_guard_set
from predictions.vocabulary import MEASURES, measure_names

WEEKS_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of a week: its distance in words, and its verdict."""

    name: str | Promise
    distance: str
    verdict: str
    told: str


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site: its weeks, how far its baseline is, and its guard in percent.

    Each week comes with its figures, the names of what stands there, and the Monday of the oldest note that
    keeps another quiet, None where none does.
    """

    site: Site
    fields: int
    weeks: list[tuple[DriftWeek, list[Figure], str, date | None]]
    guard: int | None


@require_GET
@requires(Capability.VIEW_DASHBOARD)
def page(request: HttpRequest) -> HttpResponse:
    """Show every site's last weeks."""
    return _page(request)


@require_POST
@requires(Capability.MANAGE_MODELS)
def acknowledge(request: HttpRequest, week_id: int) -> HttpResponse:
    """Take note of an alarm."""
    facts: dict[str, Any] = {"actor": signed_in(request), "origin": Origin.of(request)}
    try:
        drift_acknowledge(week_id=week_id, note=request.POST.get("note", ""), **facts)
    except DriftWeek.DoesNotExist:
        raise Http404 from None
    except DriftRefused as refusal:
        messages.error(request, str(refusal.message))
        return _page(request, status=refusal.status)
    messages.success(request, _("Noted. Readings are shown as the model gives them again."))
    return redirect("drift")


@require_POST
@requires(Capability.MANAGE_MODELS)
def guard(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """Set or take away what a site shows while an alarm stands; an empty percentage takes it away."""
    site, asked = get_object_or_404(Site, pk=site_id), request.POST.get("percent", "").strip()
    least = None if not asked else int(asked) / 100 if asked.isdecimal() and len(asked) <= 3 else -1.0
    try:
        drift_guard_set(actor=signed_in(request), origin=Origin.of(request), site=site, least=least)
    except DriftRefused as refusal:
        messages.error(request, str(refusal.message))
        return _page(request, status=refusal.status)
    messages.success(request, _("Saved. It counts for what is read from now on."))
    return redirect("drift")


def _page(request: HttpRequest, status: int = HTTPStatus.OK) -> HttpResponse:
    version = active_version()
    weeks = drift_weeks(version) if version else DriftWeek.objects.none()
    guards = dict(DriftGuard.objects.values_list("site", "least_confidence"))
    by_site: dict[UUID, list[DriftWeek]] = {}
    for row in weeks[: WEEKS_SHOWN * 50]:
        by_site.setdefault(row.site_id, []).append(row)
    views = []
    for site in Site.objects.order_by("name"):
        least = guards.get(site.pk)
        fields = baseline_fields(site, version) if version else 0
        shown = [
            (row, _figures(row), measure_names(row.standing), _known_since(row))
            for row in by_site.get(site.pk, [])
        ]
        percent = None if least is None else round(100 * least)
        views.append(SiteView(site, fields, shown[:WEEKS_SHOWN], percent))
    context = {
        "version": version,
        "sites": views,
        "wanted": settings.DRIFT_BASELINE_FIELDS,
        "names": MEASURES.values(),
        "limits": {"psi": settings.DRIFT_PSI, "ks": settings.DRIFT_KS},
        "note_days": settings.DRIFT_NOTE_DAYS,
        "least": (settings.DRIFT_LEAST_SAMPLES, settings.DRIFT_LEAST_CELLS),
    }
    return render(request, "predictions/drift.html", context, status=status)


def _known_since(row: DriftWeek) -> date | None:
    """Return the week whose note keeps an alarm of ``row`` quiet, the oldest one; None for its own."""
    weeks = [row.noted[name]["week"] for name in row.seen if name in row.noted]
    return min((date.fromisoformat(week) for week in weeks if week != str(row.week)), default=None)


def _figures(row: DriftWeek) -> list[Figure]:
    known = {one["name"]: one for one in row.measures}
    return [_figure(label, known.get(name)) for name, label in MEASURES.items()]


def _figure(label: str | Promise, one: dict[str, Any] | None) -> Figure:
    if one is None or one["verdict"] == "few":
        return Figure(label, "–", "few", _("too few to say"))
    facts = {
        "now": one["now"],
        "before": one["before"],
        "chance": floatformat(one["chance"], 2),
        "kind": _("stability index") if one["kind"] == "psi" else _("Kolmogorov-Smirnov distance"),
    }
    told = _("%(kind)s of %(now)d against %(before)d; chance alone explains %(chance)s") % facts
    return Figure(label, floatformat(one["distance"], 2), one["verdict"], told)
