"""The page of the log, for admins."""

from __future__ import annotations

import json
from typing import Any, Final

from allauth.account.decorators import reauthentication_required
from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from accounts import selectors as people
from accounts.audit import selectors, services
from accounts.audit.heads import signed_head
from accounts.audit.models import AuditEvent
from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.days import DayField
from hematovision.core.origin import Origin
from hematovision.core.sheets import csv_lines

COLUMNS: Final = (
    "number",
    "time",
    "event",
    "person",
    "role",
    "object_kind",
    "object",
    "site",
    "address",
    "program",
    "outcome",
    "detail",
    "hash",
)


class FilterForm(forms.Form):
    """What to show; all of it is optional."""

    event = forms.ChoiceField(label=_("Event"), required=False)
    person = forms.ModelChoiceField(
        label=_("Person"), queryset=people.people(), required=False, empty_label=_("all")
    )
    subject = forms.CharField(label=_("Object"), max_length=64, required=False)
    date_from = DayField(label=_("From"))
    date_to = DayField(label=_("To"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        event = self.fields["event"]
        assert isinstance(event, forms.ChoiceField)
        # Asked for once: both the check and the page go through them, and the log is long.
        event.choices = [("", _("all")), *((name, name) for name in selectors.event_names())]

    def filters(self) -> selectors.AuditFilters:
        """Return the valid ones among the filters."""
        data = self.cleaned_data
        person = data.get("person")
        return selectors.AuditFilters(
            event=data.get("event") or "",
            person=person.pk if person else None,
            subject=data.get("subject") or "",
            date_from=data.get("date_from"),
            date_to=data.get("date_to"),
        )


@require_GET
@requires(Capability.READ_AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Show events, newest first."""
    form = FilterForm(request.GET)
    form.is_valid()
    page = services.log_open(
        actor=signed_in(request),
        filters=form.filters(),
        before=_before(request.GET.get("before", "")),
        origin=Origin.of(request),
    )
    newest = request.GET.copy()
    newest.pop("before", None)
    query = request.GET.copy()
    query["before"] = str(page.next or "")
    context = {"form": form, "page": page, "older": query.urlencode() if page.next else ""}
    return render(request, "audit/audit.html", {**context, "filtered": newest.urlencode()})


@require_GET
@requires(Capability.READ_AUDIT)
@reauthentication_required(app="allauth.account")
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Send the newest events that the filters leave as CSV, at most a hundred thousand."""
    form = FilterForm(request.GET)
    form.is_valid()
    events = services.log_export(actor=signed_in(request), filters=form.filters(), origin=Origin.of(request))
    headers = {"Content-Disposition": 'attachment; filename="audit-log.csv"'}
    lines = csv_lines(COLUMNS, (_row(event) for event in events))
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


@require_POST
@requires(Capability.READ_AUDIT)
def verify(request: HttpRequest) -> HttpResponse:
    """Verify the chain now and say what was found."""
    verdict = services.log_verify(actor=signed_in(request), origin=Origin.of(request))
    part = request.headers.get("HX-Request")
    return render(request, f"audit/{'_' if part else ''}verdict.html", {"verdict": verdict})


@require_POST
@requires(Capability.READ_AUDIT)
@reauthentication_required(app="allauth.account")
def head(request: HttpRequest) -> HttpResponse:
    """Send where the log ends, signed, as a file to be kept on another machine."""
    services.head_exported(actor=signed_in(request), origin=Origin.of(request))
    headers = {"Content-Disposition": 'attachment; filename="audit-head.json"'}
    return HttpResponse(signed_head(), content_type="application/json", headers=headers)


def _row(event: AuditEvent) -> list[object]:
    return [
        event.pk,
        event.at.isoformat(),
        event.event,
        event.actor_email,
        event.actor_role,
        event.subject_type,
        event.subject_id,
        event.site.name if event.site else "",
        event.address,
        event.agent,
        event.outcome,
        json.dumps(event.detail, ensure_ascii=False, sort_keys=True),
        event.hash,
    ]


def _before(text: str) -> int | None:
    """Read the key of the event that the page begins after; anything else means the newest page."""
    return int(text) if text.isdecimal() and len(text) <= 18 else None
