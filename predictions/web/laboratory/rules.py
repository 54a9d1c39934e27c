"""The pages of the laboratory's rules: those in force, which admins edit, and every earlier version."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import Capability, can, require
from accounts.web.access import requires, signed_in
from hematovision.core.origin import Origin
from predictions.errors import RulesRefused
from predictions.models import CellType, Rules
from predictions.selectors import rules, rules_of
from predictions.services import rules_change
from predictions.web.laboratory.forms import RulesForms
from predictions.web.laboratory.words import told


@require_http_methods(["GET", "POST"])
@requires(Capability.VIEW_RESULTS)
def page(request: HttpRequest) -> HttpResponse:
    """Show the rules in force and the history; admins change them here."""
    if request.method != "POST":
        return _shown(request, None)
    require(request.user, Capability.EDIT_RULES)
    forms = RulesForms(rules(), CellType.objects.all(), request.POST)
    if not forms.valid():
        return _shown(request, forms)
    try:
        made = rules_change(
            actor=signed_in(request),
            origin=Origin.of(request),
            wanted=forms.found(),
            reason=forms.counting.cleaned_data["reason"],
        )
    except RulesRefused as refusal:
        return _shown(request, forms, refusal.sentences)
    messages.success(request, _("Version %(n)d of the rules is in force.") % {"n": made.id})
    return redirect("laboratory_rules")


@require_GET
@requires(Capability.VIEW_RESULTS)
def version_page(request: HttpRequest, version: int) -> HttpResponse:
    """Show one version as it was."""
    one = get_object_or_404(Rules.objects.select_related("created_by"), pk=version)
    found = told(rules_of(one.id, one.content), list(CellType.objects.all()))
    in_force = not Rules.objects.filter(pk__gt=version).exists()
    context = {"one": one, "told": found, "in_force": in_force}
    return render(request, "predictions/laboratory/version.html", context)


def _shown(request: HttpRequest, forms: RulesForms | None, refused: tuple[str, ...] = ()) -> HttpResponse:
    """Show the page; ``forms`` holds what was posted and cannot be saved."""
    in_force, types = rules(), list(CellType.objects.all())
    editing = can(request.user, Capability.EDIT_RULES)
    context = {
        "rules": in_force,
        "forms": (forms or RulesForms(in_force, types, None)) if editing else None,
        "told": told(in_force, types),
        "refused": refused,
        "failed": forms is not None,
        "versions": Rules.objects.defer("content").select_related("created_by"),
    }
    status = HTTPStatus.OK if forms is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "predictions/laboratory/rules.html", context, status=status)
