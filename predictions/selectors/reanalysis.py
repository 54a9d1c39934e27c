"""Which samples can be read again, and how far orders to do so are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet

from mlcore.registry.models import ModelVersion
from predictions.models import Analysis, AnalysisJob, CellReview, ReanalysedSample, Reanalysis, Sample
from predictions.selectors.keys import midnight, next_midnight
from predictions.states import JobState, SampleState


@dataclass(frozen=True, slots=True)
class Progress:
    """How many samples of an order stand where, and what the readings say that were made so far."""

    counts: dict[str, int]
    total: int
    cells: int
    changed: int
    before: dict[str, int]
    now: dict[str, int]
    became: dict[tuple[str, str], int]
    words: dict[tuple[str, str, str], int]

    @property
    def done(self) -> int:
        """Samples that are through."""
        return self.total - self.counts.get(ReanalysedSample.State.WAITING, 0)

    @property
    def percent(self) -> float:
        """The same, in 0..100."""
        return 100 * self.done / self.total if self.total else 100.0


def choosable(
    version: ModelVersion,
    *,
    date_from: date | None,
    date_to: date | None,
    site: UUID | None,
    read_by: UUID | None,
) -> QuerySet[Sample]:
    """Return the samples that match and have a field that was read, and not by ``version`` yet.

    ``read_by`` is a version that has read a field of the sample. Both days count in.
    """
    read = Analysis.objects.filter(field__sample=OuterRef("pk"))
    done = AnalysisJob.objects.filter(field__sample=OuterRef("pk"), state=JobState.DONE)
    # A field that the version has not read is what makes reading the sample again worth while.
    own = Analysis.objects.filter(field=OuterRef("field"), model_version=version)
    samples = Sample.objects.exclude(state=SampleState.CANCELLED).filter(Exists(done.filter(~Exists(own))))
    if date_from:
        samples = samples.filter(received_at__gte=midnight(date_from))
    if date_to:
        samples = samples.filter(received_at__lt=next_midnight(date_to))
    if site:
        samples = samples.filter(site=site)
    if read_by:
        samples = samples.filter(Exists(read.filter(model_version=read_by)))
    return samples


def may_switch(sample: Sample) -> bool:
    """Whether a newer reading may become a sample's own.

    Only while it waits for its first review: what people have said belongs to the cells they saw, a sample
    with the doctor holds the counts that a technician handed over, and a signed one is a report.
    """
    reviewed = CellReview.objects.filter(sample=sample).exists()
    return sample.state == SampleState.TO_REVIEW and not reviewed


def orders() -> QuerySet[Reanalysis]:
    """Return all orders, newest first."""
    return Reanalysis.objects.select_related("model_version", "ordered_by")


def progress(order: Reanalysis) -> Progress:
    """Return how far an order is."""
    rows = ReanalysedSample.objects.filter(order=order)
    counts = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    before, now, changed = Counter[str](), Counter[str](), 0
    became, words = Counter[tuple[str, str]](), Counter[tuple[str, str, str]]()
    for outcome in rows.exclude(outcome={}).values_list("outcome", flat=True).iterator():
        before.update(outcome["before"])
        now.update(outcome["now"])
        changed += outcome["changed"]
        # Samples that were read again by an earlier release have neither.
        became.update({(old, new): number for old, new, number in outcome.get("became", ())})
        words.update({(word, old, new): number for word, old, new, number in outcome.get("words", ())})
    total = sum(counts.values())
    return Progress(
        counts, total, before.total(), changed, dict(before), dict(now), dict(became), dict(words)
    )
