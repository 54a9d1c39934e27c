"""The rule of the denominator: what is counted, of what, and how many that is in a litre of blood.

Only leukocytes are in the denominator. Erythroblasts (NRBC) stand beside it per 100 leukocytes and correct
the WBC count; platelets, artefacts and, unless the laboratory says otherwise, smudge cells are left out;
cells that nobody has named yet are shown and not counted (CLSI H20-A2, 2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from predictions.differential.intervals import Interval, clopper_pearson

LYMPHOCYTE = "lymphocyte"


class CountsAs(StrEnum):
    """What a cell of a class is to the differential."""

    LEUKOCYTE = "leukocyte"
    NRBC = "nrbc"
    PLATELET = "platelet"
    SMUDGE = "smudge"
    ARTEFACT = "artefact"


class SmudgePolicy(StrEnum):
    """Where smudge cells go: left out, or to the lymphocytes, of which most were one (as in CLL)."""

    APART = "apart"
    AS_LYMPHOCYTES = "as_lymphocytes"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many cells people and model gave one class; 0 for a class in use that was not seen."""

    code: str
    counts_as: CountsAs
    number: int


@dataclass(frozen=True, slots=True)
class Row:
    """One class of leukocytes: ``number`` of the ``total`` in the denominator.

    ``interval`` is of the share (0 to 1), ``absolute`` and its interval are x 10^9/L. Both intervals hold the
    counting error only; the WBC count is taken as it is. ``interval`` is None where nothing was counted,
    ``absolute`` also where the WBC count is not known.
    """

    code: str
    number: int
    total: int
    interval: Interval | None
    absolute: float | None
    absolute_interval: Interval | None

    @property
    def share(self) -> float | None:
        """The share of all leukocytes, 0 to 1."""
        return self.number / self.total if self.total else None

    @property
    def percent(self) -> float | None:
        """The share in percent: divided once, since 100 times the share would not always hit 7 exactly."""
        return 100 * self.number / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Differential:
    """What was counted. ``total`` is the denominator: leukocytes that have a class.

    ``nrbc_per_100`` is a ratio of two counts, which may pass 100, and no share; it has no binomial interval
    (Rümke CL. The imprecision of the ratio of two percentages observed in differential white blood cell
    counts: a warning. Blood Cells 1985; 11: 137-140). ``wbc`` is what the analyser counted, all nucleated
    cells, and ``corrected_wbc`` that without the erythroblasts, both x 10^9/L. ``smudges`` counts the smudge
    cells under either policy; ``smudge_policy`` tells whether they are among the lymphocytes.
    """

    total: int
    rows: tuple[Row, ...]
    unidentified: int
    nrbc: int
    nrbc_per_100: float | None
    wbc: Decimal | None
    corrected_wbc: Decimal | None
    platelets: int
    smudges: int
    artefacts: int
    smudge_policy: SmudgePolicy

    def number(self, code: str) -> int:
        """Return how many leukocytes have the class ``code``; 0 for one that is no row."""
        return sum(row.number for row in self.rows if row.code == code)

    def absolute(self, number: int) -> float | None:
        """Return how many x 10^9/L ``number`` of the counted leukocytes stand for, None where not known.

        The share times the corrected WBC count is number * wbc / (total + nrbc): one division of decimals,
        so that a result that is 0.5 on paper is 0.5 here and lies on a limit of 0.5, not beside it.
        """
        if self.wbc is None or not self.total:
            return None
        return float(number * self.wbc / (self.total + self.nrbc))


def count_differential(
    tallies: Sequence[Tally], *, unidentified: int, wbc: Decimal | None, smudge_policy: SmudgePolicy
) -> Differential:
    """Return the differential of ``tallies``, with a row for each class of leukocytes in their order.

    The corrected WBC count stays a Decimal, as the WBC count was typed, so that it is rounded once, where it
    is shown. With smudge cells counted as lymphocytes there is a row of lymphocytes even if no tally is.

    Raises:
        ValueError: a class twice, or a number or WBC count below zero.
    """
    _check(tallies, unidentified, wbc)
    apart = {kind: sum(t.number for t in tallies if t.counts_as == kind) for kind in CountsAs}
    counted = {t.code: t.number for t in tallies if t.counts_as == CountsAs.LEUKOCYTE}
    if smudge_policy == SmudgePolicy.AS_LYMPHOCYTES and apart[CountsAs.SMUDGE]:
        counted[LYMPHOCYTE] = counted.get(LYMPHOCYTE, 0) + apart[CountsAs.SMUDGE]
    total = sum(counted.values())
    nrbc = apart[CountsAs.NRBC]
    bare = Differential(
        total=total,
        rows=(),
        unidentified=unidentified,
        nrbc=nrbc,
        nrbc_per_100=100 * nrbc / total if total else None,
        wbc=wbc,
        corrected_wbc=corrected_wbc(wbc, nrbc, total),
        platelets=apart[CountsAs.PLATELET],
        smudges=apart[CountsAs.SMUDGE],
        artefacts=apart[CountsAs.ARTEFACT],
        smudge_policy=smudge_policy,
    )
    return replace(bare, rows=tuple(_row(bare, code, number) for code, number in counted.items()))


def corrected_wbc(wbc: Decimal | None, nrbc: int, total: int) -> Decimal | None:
    """Return the WBC count without erythroblasts, x 10^9/L: WBC * 100 / (100 + NRBC per 100 leukocytes).

    Written with the counts, wbc * total / (total + nrbc), it is the same with one rounding instead of two.
    None where the WBC count is not known or no leukocyte was counted.
    """
    if wbc is None or not total:
        return None
    return wbc * total / (total + nrbc)


def _row(differential: Differential, code: str, number: int) -> Row:
    """Return the row of a class with ``number`` cells."""
    interval = clopper_pearson(number, differential.total) if differential.total else None
    wbc = differential.corrected_wbc
    return Row(
        code=code,
        number=number,
        total=differential.total,
        interval=interval,
        absolute=differential.absolute(number),
        absolute_interval=interval.scaled(float(wbc)) if interval and wbc is not None else None,
    )


def _check(tallies: Sequence[Tally], unidentified: int, wbc: Decimal | None) -> None:
    """Refuse what cannot have been counted."""
    if len({tally.code for tally in tallies}) < len(tallies):
        raise ValueError("A class is tallied twice.")
    if unidentified < 0 or any(tally.number < 0 for tally in tallies):
        raise ValueError("A number of cells is below zero.")
    if wbc is not None and not (wbc.is_finite() and wbc >= 0):
        raise ValueError("A WBC count is a number of zero or more.")
