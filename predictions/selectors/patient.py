"""Everything that the portal holds of one patient."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from predictions.models import (
    Acknowledgement,
    Analysis,
    AnalysisJob,
    Cell,
    CellReview,
    Delivery,
    EmergencyAccess,
    Order,
    PartialUpload,
    ReanalysedSample,
    Report,
    Sample,
    SampleEvent,
    SampleTally,
    ShadowReading,
    SmearField,
    StoredImage,
    SuggestedTwin,
)


def patient_samples(reference: str, site: str = "") -> QuerySet[Sample]:
    """Return the samples with a patient reference, of one site if a name is given; '' is no patient."""
    samples = Sample.objects.filter(patient_reference=reference).exclude(patient_reference="")
    return samples.filter(site__name=site) if site else samples


def patient_rows(samples: list[Sample]) -> dict[str, QuerySet[Any]]:
    """Return the rows that hang on ``samples`` by name; ``predictions_erase`` deletes the same."""
    mine = Q(sample__in=samples)
    fields = SmearField.objects.filter(mine)
    return {
        "emergencies": EmergencyAccess.objects.filter(mine),
        "orders": Order.objects.filter(mine),
        "deliveries": Delivery.objects.filter(mine),
        "suggested_twins": SuggestedTwin.objects.filter(mine),
        "reviews": CellReview.objects.filter(mine),
        "acknowledgements": Acknowledgement.objects.filter(mine),
        "reports": Report.objects.filter(mine),
        "events": SampleEvent.objects.filter(mine),
        "reanalyses": ReanalysedSample.objects.filter(mine),
        "tallies": SampleTally.objects.filter(mine),
        "cells": Cell.objects.filter(analysis__field__sample__in=samples),
        "shadow_readings": ShadowReading.objects.filter(field__sample__in=samples),
        "analyses": Analysis.objects.filter(field__sample__in=samples),
        "jobs": AnalysisJob.objects.filter(field__sample__in=samples),
        "uploads": PartialUpload.objects.filter(mine | Q(field__in=fields)),
        "fields": fields,
        "samples": Sample.objects.filter(pk__in=[sample.pk for sample in samples]),
    }


def patient_images(samples: list[Sample]) -> QuerySet[StoredImage]:
    """Return the images of ``samples``."""
    return StoredImage.objects.filter(fields__sample__in=samples).distinct()
