"""Signed reports, for those who may see their samples, and by their printed code for anybody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from django.db.models import Max, QuerySet

from predictions.models import Report
from predictions.selectors.samples import visible_samples

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

# What people read from paper for another letter (Crockford's base 32).
MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


def visible_reports(user: User | AnonymousUser) -> QuerySet[Report]:
    """Return the signed versions of all samples that ``user`` may see."""
    return Report.objects.filter(sample__in=visible_samples(user))


def report_by_code(typed: str) -> Report | None:
    """Return the version with a verification code, however it was typed; ``newest`` is the latest version."""
    letters = re.sub(r"[^0-9A-Z]", "", typed.upper()).translate(MISREAD)
    code = "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
    found = Report.objects.filter(code=code).defer("pdf", "content").select_related("sample")
    return found.annotate(newest=Max("sample__reports__version")).first()
