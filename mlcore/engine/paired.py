"""Two models on the same cells: where they differ, and whether chance alone would do that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mlcore.engine.errors import DataError
from mlcore.engine.statistics import sign_test

# What an evaluation leaves in its folder: the figures, and what was said of each cell.
REPORT, OUTCOMES = "report.json", "outcomes.json"


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """What one model said of one test cell.

    ``key`` names the cell within its data set (``FrozenPicture.key``), ``sha256`` the file that shows it;
    ``group`` is unique over all laboratories. ``label`` is the most probable class even when it abstained.
    """

    key: str
    sha256: str
    truth: str
    label: str
    confidence: float
    abstained: bool
    group: str
    laboratory: str

    @property
    def right(self) -> bool:
        """Whether the most probable class is the true one, abstained or not."""
        return self.label == self.truth


@dataclass(frozen=True, slots=True)
class Pairing:
    """The cells that two models have both read, and how the rights and wrongs fall.

    ``p_value`` is that of McNemar's test (1947) in its exact form: how often chance alone would divide the
    cells that only one of them named rightly so unevenly. It takes cells as independent.
    """

    cells: int
    both: int
    only_first: int
    only_second: int
    neither: int
    differ: int
    p_value: float


def paired(
    first: Sequence[CellOutcome], second: Sequence[CellOutcome]
) -> list[tuple[CellOutcome, CellOutcome]]:
    """Return the two models' words on each cell that both have read, in the order of their keys.

    Raises:
        DataError: they have no cell in common, or disagree on what one is.
    """
    known = {one.key: one for one in first}
    pairs = [(known[two.key], two) for two in second if two.key in known]
    if not pairs:
        raise DataError("The two models have read no cell in common.")
    if any(one.truth != two.truth for one, two in pairs):
        raise DataError("The two evaluations name the same cell differently.")
    return sorted(pairs, key=lambda pair: pair[0].key)


def pairing(pairs: Sequence[tuple[CellOutcome, CellOutcome]]) -> Pairing:
    """Return the four counts of ``pairs`` with McNemar's exact test."""
    counts = Counter((one.right, two.right) for one, two in pairs)
    only_first, only_second = counts[True, False], counts[False, True]
    return Pairing(
        cells=len(pairs),
        both=counts[True, True],
        only_first=only_first,
        only_second=only_second,
        neither=counts[False, False],
        differ=sum(one.label != two.label for one, two in pairs),
        p_value=sign_test(only_first, only_second),
    )


def changes(pairs: Sequence[tuple[CellOutcome, CellOutcome]]) -> list[tuple[str, str, str, int]]:
    """Return (truth, first's word, second's word, cells) where the words differ, most frequent first."""
    counts = Counter((one.truth, one.label, two.label) for one, two in pairs if one.label != two.label)
    return [(*words, number) for words, number in counts.most_common()]
