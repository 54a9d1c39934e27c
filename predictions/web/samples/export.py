"""The worklist as a file for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.origin import Origin
from hematovision.core.sheets import csv_lines
from predictions import selectors
from predictions.models import CellType, Sample
from predictions.services import samples_exported
from predictions.types import WorklistFilters
from predictions.web.samples.forms import WorklistForm

MOST: Final = 10_000
AT_ONCE: Final = 500
FACTS: Final = (
    "accession",
    "patient_reference",
    "site",
    "received",
    "state",
    "target",
    "counted",
    "unidentified",
)


@require_GET
@requires(Capability.VIEW_RESULTS)
def export(request: HttpRequest) -> HttpResponse:
    """Send the samples that the filters leave, at most ten thousand, as CSV; the export is in the log.

    One column a class of the catalogue holds how many cells were given it. No search text is heard here.
    """
    query = request.GET.copy()
    query.pop("text", None)
    person = signed_in(request)
    form = WorklistForm(query, user=person)
    form.is_valid()
    types = list(CellType.objects.all())
    rows = list(_rows(request, form.filters(), types))
    samples_exported(actor=person, origin=Origin.of(request), count=len(rows))
    headers = {"Content-Disposition": 'attachment; filename="worklist.csv"'}
    content = "".join(csv_lines([*FACTS, *(kind.code for kind in types)], rows))
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


def _rows(request: HttpRequest, filters: WorklistFilters, types: list[CellType]) -> Iterator[list[object]]:
    after, left, in_force = None, MOST, selectors.rules()
    while left > 0:
        page = selectors.worklist(request.user, filters=filters, after=after, limit=min(AT_ONCE, left))
        counted = selectors.stored_tallies([sample.pk for sample in page.samples])
        for sample in page.samples:
            found = counted[sample.pk]
            total = selectors.differential(sample, found, types, in_force).total
            yield [*_facts(sample), total, found.get("", 0), *(found.get(kind.code, 0) for kind in types)]
        after, left = page.next, left - len(page.samples)
        if after is None:
            return


def _facts(sample: Sample) -> list[object]:
    received = timezone.localtime(sample.received_at).isoformat(timespec="minutes")
    return [
        sample.accession,
        sample.patient_reference,
        sample.site.name,
        received,
        sample.state,
        sample.target,
    ]
