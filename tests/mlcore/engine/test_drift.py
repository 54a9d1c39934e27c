"""The distances are those of the books, and chance alone raises no alarm."""

import math

import numpy as np
import pytest

from mlcore.engine.drift import Limits, Seen, Verdict, compare, stability_index

LIMITS = Limits()
LOT = np.random.default_rng(3)


def seen(values=(), shares=None, units=100):
    return Seen(units, {"dye": list(values)}, {"classes": shares or {}})


def test_the_index_is_that_of_the_books():
    # (0.6 - 0.5) ln(0.6 / 0.5) + (0.4 - 0.5) ln(0.4 / 0.5), with many counts so that half a one is nothing.
    expected = 0.1 * math.log(0.6 / 0.5) - 0.1 * math.log(0.4 / 0.5)
    before, now = {"a": 500_000, "b": 500_000}, {"a": 600_000, "b": 400_000}
    assert stability_index(before, now) == pytest.approx(expected, abs=1e-6)
    assert stability_index(before, now) == pytest.approx(stability_index(now, before), abs=1e-6)
    assert stability_index(before, before) == 0
    assert math.isfinite(stability_index({"a": 100}, {"b": 100}))


def test_the_distance_is_the_widest_gap_of_the_two_curves():
    before, now = list(range(100)), list(range(50, 150))
    values, _shares = compare(seen(before), seen(now), LIMITS)
    assert values.distance == pytest.approx(0.5)
    # 1.949 is the critical value of the two-sided test at one in a thousand.
    assert values.chance == pytest.approx(1.949 * math.sqrt(2 / 100), abs=1e-3)
    assert values.verdict == Verdict.ALARM


def test_limits_say_watch_and_alarm():
    before = {"a": 8000, "b": 2000}
    verdicts = [
        compare(seen(shares=before), seen(shares=now), LIMITS)[1].verdict
        for now in ({"a": 8100, "b": 1900}, {"a": 6500, "b": 3500}, {"a": 4000, "b": 6000})
    ]
    assert verdicts == [Verdict.STEADY, Verdict.WATCH, Verdict.ALARM]


def test_little_says_nothing_however_different_it_is():
    few, many = {"a": 0, "b": 50}, {"a": 5000, "b": 5000}
    little = compare(seen([0] * 9, few), seen([9] * 900, many), LIMITS)
    assert {one.verdict for one in little} == {Verdict.FEW}
    # Thousands of cells, but of three smears.
    mixed = compare(seen([0] * 900, many), seen([9] * 900, {"a": 9000, "b": 0}, units=3), LIMITS)
    assert {one.verdict for one in mixed} == {Verdict.FEW}
    assert compare(seen([0] * 900, many), Seen(100, {}, {}), LIMITS)[0].verdict == Verdict.FEW


def test_what_chance_explains_is_no_alarm():
    alarms = 0
    for _week in range(400):
        parts = [0.6, 0.2, 0.08, 0.05, 0.03, 0.02, 0.01, 0.01]
        shares = [dict(zip("abcdefgh", LOT.multinomial(n, parts).tolist(), strict=True)) for n in (2000, 120)]
        values = [LOT.normal(size=size) for size in (200, 25)]
        measures = compare(seen(values[0], shares[0]), seen(values[1], shares[1]), LIMITS)
        alarms += sum(one.verdict in {Verdict.ALARM, Verdict.WATCH} for one in measures)
    # Eight hundred comparisons at one in a thousand; the small classes make chance a little larger.
    assert alarms <= 6


def test_with_the_same_little_a_great_change_alarms():
    values = compare(seen(LOT.normal(size=200)), seen(LOT.normal(3, size=25)), LIMITS)[0]
    assert values.verdict == Verdict.ALARM
