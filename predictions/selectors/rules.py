"""The rules that samples are judged by: the laboratory's newest version, or the values to start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from predictions.differential import criticals, ranges
from predictions.differential.counts import SmudgePolicy
from predictions.differential.criticals import CriticalLimit
from predictions.differential.ranges import ReferenceRange
from predictions.differential.starter import STARTER_LIMITS, STARTER_RANGES
from predictions.differential.units import Unit
from predictions.models import Rules


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """What a count is held against.

    ``version`` is None for the values to start from, which no laboratory has confirmed yet. ``delta_points``
    is the limit of ``predictions.differential.delta.compare``, ``target`` how many leukocytes a new sample
    asks for, ``unit`` what concentrations are written in.
    """

    ranges: tuple[ReferenceRange, ...]
    limits: tuple[CriticalLimit, ...]
    smudge_policy: SmudgePolicy
    delta_points: float | None
    target: int
    unit: Unit
    version: int | None

    def content(self) -> dict[str, Any]:
        """Return everything but the version as JSON can hold it."""
        return {
            "ranges": ranges.to_json(self.ranges),
            "criticals": criticals.to_json(self.limits),
            "smudge_policy": self.smudge_policy.value,
            "delta_points": self.delta_points,
            "target": self.target,
            "unit": self.unit.value,
        }


STARTER: Final = RulesInForce(STARTER_RANGES, STARTER_LIMITS, SmudgePolicy.APART, None, 100, Unit.SI, None)


def rules() -> RulesInForce:
    """Return the newest version, or the values to start from where there is none; one query."""
    newest = Rules.objects.only("id", "content").first()
    return STARTER if newest is None else rules_of(newest.id, newest.content)


def rules_of(version: int, content: Mapping[str, Any]) -> RulesInForce:
    """Return the rules that ``RulesInForce.content`` gave.

    Raises:
        ValueError: what was stored does not have that shape.
    """
    return RulesInForce(
        ranges.from_json(content["ranges"]),
        criticals.from_json(content["criticals"]),
        SmudgePolicy(content["smudge_policy"]),
        content["delta_points"],
        content["target"],
        Unit(content["unit"]),
        version,
    )
