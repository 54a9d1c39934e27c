"""What a sample's count says: differential, critical values with who noted them, and what blocks signing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from predictions.differential.age import Age, AgeUnit
from predictions.differential.counts import Differential, Row
from predictions.differential.criticals import Critical, criticals
from predictions.differential.ranges import Judgement, Quantity, ReferenceRange, find_range, judge
from predictions.models import Acknowledgement, CellType, PartialUpload, Sample, SuggestedTwin
from predictions.selectors.counting import differential, tallied
from predictions.selectors.rules import RulesInForce, rules
from predictions.selectors.twins import open_twins
from predictions.states import JobState


@dataclass(frozen=True, slots=True)
class Noted:
    """A critical value, and who took note of it; None while nobody has."""

    critical: Critical
    by: Acknowledgement | None

    @property
    def key(self) -> str:
        """The name of this value: another value of the same class has another."""
        return key_of(self.critical)


@dataclass(frozen=True, slots=True)
class Judged:
    """All that pages and reports say of a sample's count; ``rules`` are those that it was judged by.

    ``waiting`` is how many of its fields are still to be read.

    ``twice`` are suggestions that a cell is counted twice, of which nobody has decided. They block nothing:
    they are guesses from pictures, most change no count by more than its interval, and whoever had to give a
    reason for each would soon give any. The doctor sees them, and the report prints them.
    """

    counted: Differential
    types: list[CellType]
    criticals: list[Noted]
    blocks: list[str]
    rules: RulesInForce
    twice: list[SuggestedTwin]
    waiting: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know about the count that does not stand in the way of signing."""
        many = len(self.twice)
        text = ngettext("%(n)d cell may be counted twice.", "%(n)d cells may be counted twice.", many)
        return (text % {"n": many},) if many else ()


def judged(sample: Sample) -> Judged:
    """Count a sample and judge the count, in the language of whoever asks."""
    types, in_force = list(CellType.objects.all()), rules()
    counted = differential(sample, tallied([sample.pk])[sample.pk], types, in_force)
    names = {kind.code: kind.name for kind in types}
    noted = {one.key: one for one in Acknowledgement.objects.filter(sample=sample).select_related("actor")}
    passed = criticals(counted, in_force.limits, names, in_force.unit)
    found = [Noted(one, noted.get(key_of(one))) for one in passed]
    waiting = sample.fields.filter(job__state__in=(JobState.QUEUED, JobState.RUNNING)).count()
    blocks = _blocks(sample, counted, found, waiting)
    return Judged(counted, types, found, blocks, in_force, open_twins(sample), waiting)


def key_of(critical: Critical) -> str:
    """Return the name of a critical value: its class, what is limited, the side and the value."""
    limit = critical.limit
    return f"{critical.code}:{limit.quantity.value}:{critical.side.value}:{critical.value:.6g}"[:80]


def range_of(
    sample: Sample, row: Row, in_force: RulesInForce
) -> tuple[ReferenceRange | None, Judgement | None]:
    """Return the reference range of a row and what it makes of the row.

    The range is of the share, or of the concentration where there is no other and the WBC count is known.
    """
    ranges = in_force.ranges
    age = None if sample.age_value is None else Age(sample.age_value, AgeUnit(sample.age_unit))
    found = find_range(ranges, row.code, Quantity.PERCENT, sample.sex, age)
    if found is None and row.absolute is not None:
        found = find_range(ranges, row.code, Quantity.ABSOLUTE, sample.sex, age)
    return found, judge(row, found) if found else None


def _blocks(sample: Sample, counted: Differential, found: Sequence[Noted], waiting: int) -> list[str]:
    """Say what stands in the way of signing; each can be overridden with a reason."""
    said = []
    coming = PartialUpload.objects.filter(sample=sample, field=None).count()
    if coming:
        text = ngettext("%(n)d image is still on its way.", "%(n)d images are still on their way.", coming)
        said.append(text % {"n": coming})
    if waiting:
        text = ngettext("%(n)d field is still to be read.", "%(n)d fields are still to be read.", waiting)
        said.append(text % {"n": waiting})
    if counted.unidentified:
        text = ngettext("%(n)d cell is unidentified.", "%(n)d cells are unidentified.", counted.unidentified)
        said.append(text % {"n": counted.unidentified})
    missing = sample.target - counted.total
    if missing > 0:
        text = ngettext(
            "%(n)d leukocyte is missing to the target.",
            "%(n)d leukocytes are missing to the target.",
            missing,
        )
        said.append(text % {"n": missing})
    if any(one.by is None for one in found):
        said.append(_("A critical value has not been noted."))
    return said
