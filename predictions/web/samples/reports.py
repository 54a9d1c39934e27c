"""Previewing, signing, amending and reading reports, and the public page that confirms a printed one."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Final
from uuid import UUID

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.factors import passkey_proved
from accounts.identity import identity_proved
from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from hematovision.core.views import error_page
from predictions.errors import SigningRefused
from predictions.models import Report
from predictions.selectors import report_by_code, visible_reports
from predictions.services import critical_note, report_amend, report_opened, report_preview, report_sign
from predictions.services.reports import Intent
from predictions.web.samples.acts import act, sample_or_404
from predictions.web.samples.came_from import back_to_sample

# When the person of this session last proved at a signature who they are, in seconds since 1970.
PROVED_AT: Final = "signing_proved_at"


@require_GET
@requires(Capability.VIEW_RESULTS)
def preview(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Show the report as it would be signed now."""
    return _pdf(report_preview(actor=signed_in(request), sample=sample_or_404(request, sample_id)), "preview")


@require_GET
@requires(Capability.VIEW_RESULTS)
def pdf(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Send a signed version; opening it is logged."""
    try:
        report = visible_reports(request.user).get(pk=report_id)
    except Report.DoesNotExist as problem:
        raise Http404 from problem
    report_opened(actor=signed_in(request), origin=Origin.of(request), report=report)
    return _pdf(bytes(report.pdf), f"report-{report.version}")


def proof_needed(request: HttpRequest) -> bool:
    """Whether whoever signs now has to prove who they are: always, but for the laboratory's own window."""
    proved_at = float(request.session.get(PROVED_AT, 0))
    return not 0 <= time.time() - proved_at < settings.SIGN_WINDOW_SECONDS


@sensitive_post_parameters("password")
@require_POST
@requires(Capability.SIGN_REPORTS)
def sign(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Sign with password or passkey, after an explicit tick; what hinders it is said, nothing signed."""
    sample_or_404(request, sample_id)
    try:
        made = _signed(request, sample_id)
    except PortalError as refusal:
        messages.error(request, str(refusal.message))
    else:
        text = _("Version %(version)d of the report is signed.")
        messages.success(request, text % {"version": made.version})
    return back_to_sample(request, sample_id)


def _signed(request: HttpRequest, sample_id: UUID) -> Report:
    person, origin = signed_in(request), Origin.of(request)
    if not ratelimit.consume(request, action="reauthenticate", user=person):
        raise SigningRefused(_("You tried too often. Wait a minute, then sign; nothing was lost."))
    if request.POST.get("intent") != "yes":
        raise SigningRefused(_("Tick that you mean to sign. Nothing was signed."))
    proof = _proof(request) if proof_needed(request) else "window"
    try:
        revision = int(request.POST.get("revision", ""))
        rules = int(request.POST.get("rules") or 0) or None
    except ValueError:
        raise SigningRefused(_("Reload the page, then sign. Nothing was signed.")) from None
    intent = Intent(
        revision=revision,
        rules=rules,
        comment=request.POST.get("comment", ""),
        override=request.POST.get("override", ""),
        verify_at=request.build_absolute_uri(reverse("verify")),
        proof=proof,
    )
    return report_sign(actor=person, origin=origin, sample_id=sample_id, intent=intent)


def _proof(request: HttpRequest) -> str:
    """Check the passkey or the password that came with the form, and return which of them it was."""
    person, origin, credential = signed_in(request), Origin.of(request), request.POST.get("credential")
    if credential:
        if not passkey_proved(person=person, credential=credential, origin=origin):
            raise SigningRefused(_("The passkey was not accepted. Nothing was signed."))
    elif not identity_proved(person=person, password=request.POST.get("password", ""), origin=origin):
        raise SigningRefused(_("The password is not right. Nothing was signed."))
    request.session[PROVED_AT] = time.time()
    return "passkey" if credential else "password"


@require_POST
@requires(Capability.SIGN_REPORTS)
def amend(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Begin an amendment of a signed report."""
    done = _("The sample is in review again. The signed version stays until a new one is.")
    return act(request, sample_id, report_amend, done, reason=request.POST.get("reason", ""))


@require_POST
@requires(Capability.REVIEW_CELLS)
def note_critical(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Take note of a critical value."""
    return act(request, sample_id, critical_note, key=request.POST.get("key", ""))


@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Confirm a printed report by its code, to anybody: accession, version, time and hash, nothing else."""
    if request.method == "POST" and not ratelimit.consume(request, action="verify_report"):
        told = _("Too many codes were tried from your address. Wait a minute, then try again.")
        return error_page(request, HTTPStatus.TOO_MANY_REQUESTS, _("Wait a minute"), told)
    asked = request.POST.get("code", "")
    found = report_by_code(asked) if request.method == "POST" else None
    missing = request.method == "POST" and found is None
    context = {"asked": asked[:24], "found": found, "missing": missing}
    status = HTTPStatus.NOT_FOUND if missing else HTTPStatus.OK
    return render(request, "predictions/sample/verify.html", context, status=status)


def _pdf(content: bytes, name: str) -> HttpResponse:
    """Send a PDF for the browser to show; its name holds no number of a sample or patient."""
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type="application/pdf", headers=headers)
