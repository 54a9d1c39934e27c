"""What a model version met at a site in some time, as numbers that ``mlcore.engine.drift`` compares.

Counted are whole fields (no pictures of single cells) by the day of their upload, and only readings that
say what their picture is like: older ones do not. A field that was uploaded before the version became active,
and read again by it later, says nothing about what arrives now.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db.models import Count, F, FloatField, Func, IntegerField, OuterRef, Q, QuerySet, Subquery, Value

from accounts.models import Site
from hematovision.core.days import midnight
from mlcore.engine.drift import CONFIDENCES, Limits, Seen
from mlcore.engine.picture import COMPARED, compared
from mlcore.registry.models import ModelVersion
from predictions.models import Analysis, Cell, CellReview, DriftGuard, DriftWeek
from predictions.models.drift import TIGHTENED


@dataclass(frozen=True, slots=True)
class Baseline:
    """The first fields that a version read at a site; ``ends`` is the upload of the last of them."""

    fields: int
    ends: datetime
    seen: Seen


def limits() -> Limits:
    """Return the limits that the settings give."""
    return Limits(
        psi=settings.DRIFT_PSI,
        ks=settings.DRIFT_KS,
        least_units=settings.DRIFT_LEAST_SAMPLES,
        least_counts=settings.DRIFT_LEAST_CELLS,
    )


def baseline(site: Site, version: ModelVersion) -> Baseline | int:
    """Return the baseline of a version at a site, or how many fields there are while there are too few."""
    first = list(
        _readings(site, version)
        .order_by("field__created_at", "pk")
        .values_list("pk", "field__created_at")[: settings.DRIFT_BASELINE_FIELDS]
    )
    if len(first) < settings.DRIFT_BASELINE_FIELDS:
        return len(first)
    ends = first[-1][1]
    return Baseline(len(first), ends, seen(Analysis.objects.filter(pk__in=[key for key, _at in first])))


def baseline_fields(site: Site, version: ModelVersion) -> int:
    """Return how many fields of the baseline there are; ``DRIFT_BASELINE_FIELDS`` is enough."""
    return _readings(site, version)[: settings.DRIFT_BASELINE_FIELDS].count()


def week_of(site: Site, version: ModelVersion, monday: date, after: datetime) -> QuerySet[Analysis]:
    """Return the readings of a week's fields that were uploaded ``after`` the end of the baseline."""
    begins, ends = midnight(monday), midnight(monday + timedelta(days=7))
    return _readings(site, version).filter(
        field__created_at__gte=begins, field__created_at__lt=ends, field__created_at__gt=after
    )


def seen(readings: QuerySet[Analysis]) -> Seen:
    """Return what was seen in some readings; two queries."""
    units: dict[Any, list[dict[str, float]]] = defaultdict(list)
    counted = readings.order_by().annotate(found=Count("cells"))
    for key, sample, picture, found in counted.values_list(
        "field_id", "field__sample_id", "picture", "found"
    ):
        units[sample or key].append({**compared(picture or {}), "cells": found})
    values: dict[str, list[float]] = {name: [] for name in (*COMPARED, "cells")}
    for fields in units.values():
        for name, told in values.items():
            # A sample counts once: its fields are of one smear, one stain and one lamp.
            known = [one[name] for one in fields if name in one]
            if known:
                told.append(statistics.median(known))
    return Seen(len(units), values, _shares(readings))


def standing_alarms() -> QuerySet[DriftWeek]:
    """Return the alarms that nobody has taken note of."""
    return DriftWeek.objects.filter(stands=True).select_related("site", "model_version")


def drift_weeks(version: ModelVersion) -> QuerySet[DriftWeek]:
    """Return the judged weeks of a version, newest first."""
    return DriftWeek.objects.filter(model_version=version).select_related("site", "seen_by")


def tightening(site_id: UUID, version: ModelVersion) -> float | None:
    """Return below which confidence a site shows no answer of a version now; None for any."""
    alarm = DriftWeek.objects.filter(site=site_id, model_version=version, stands=True)
    guards = DriftGuard.objects.filter(site=site_id, site__in=alarm.values("site"))
    return guards.values_list("least_confidence", flat=True).first()


def _readings(site: Site, version: ModelVersion) -> QuerySet[Analysis]:
    since = version.promoted_at or version.registered_at
    return Analysis.objects.filter(
        model_version=version,
        field__site=site,
        field__single=False,
        field__created_at__gte=since,
        picture__isnull=False,
    )


def _shares(readings: QuerySet[Analysis]) -> dict[str, dict[str, int]]:
    """Count the cells of readings by class, confidence, abstention and people's word; one query."""
    told: dict[str, Counter[str]] = {
        "classes": Counter(),
        "confidence": Counter(),
        "unidentified": Counter({"yes": 0, "no": 0}),
        "overridden": Counter({"yes": 0, "no": 0}),
    }
    for row in _rows(readings):
        number = row["number"]
        told["classes"][row["label"]] += number
        told["confidence"][str(row["bin"])] += number
        told["unidentified"]["yes" if row["unsure"] else "no"] += number
        if row["verdict"] is not None and not row["abstained"]:
            told["overridden"]["no" if row["verdict"] == row["label"] else "yes"] += number
    return {name: dict(counts) for name, counts in told.items()}


def _rows(readings: QuerySet[Analysis]) -> Iterator[Any]:
    last = CellReview.objects.filter(cell=OuterRef("pk")).order_by("-id").values("verdict")[:1]
    edges = Value(list(CONFIDENCES), output_field=ArrayField(FloatField()))
    place = Func(F("confidence"), edges, function="width_bucket", output_field=IntegerField())
    # What a guard has hidden the model had an answer for: a guard must not keep its own alarm alive.
    unsure = Q(abstained=True) & ~Q(reason__startswith=TIGHTENED)
    cells = Cell.objects.filter(analysis__in=readings.order_by().values("pk")).order_by()
    return (
        cells.annotate(verdict=Subquery(last), bin=place, unsure=unsure)
        .values("label", "bin", "abstained", "unsure", "verdict")
        .annotate(number=Count("pk"))
        .iterator()
    )
