"""The gate's criteria: a good candidate passes, a worse or leaky one fails, a small set proves nothing."""

import random

import numpy as np
import pytest

from mlcore.engine.criteria import Policy, criteria, no_leak
from mlcore.engine.errors import DataError
from mlcore.engine.noninferiority import Verdict
from mlcore.engine.paired import CellOutcome, changes, paired, pairing
from mlcore.engine.seen import Seen

CLASSES = ("eosinophil", "lymphocyte", "neutrophil")


def words(count, wrong, *, seed=0, abstained=0.0, confidence=0.97):
    """Return the words of a model on ``count`` cells of each class, a share of each named wrongly."""
    dice = random.Random(seed)
    told = []
    for number in range(count * len(CLASSES)):
        truth = CLASSES[number % len(CLASSES)]
        share = wrong.get(truth, 0.0) if isinstance(wrong, dict) else wrong
        others = [label for label in CLASSES if label != truth]
        label = dice.choice(others) if dice.random() < share else truth
        key = f"{number:064d}"
        silent = dice.random() < abstained
        told.append(CellOutcome(key, key, truth, label, confidence, silent, f"g{number}", "lab"))
    return told


def judged(active, candidate):
    found = criteria(paired(active, candidate), Policy())
    return {(one.name, one.label): one.verdict for one in found}


def test_an_equally_good_candidate_passes_every_criterion():
    found = judged(words(800, 0.01, seed=1), words(800, 0.01, seed=2))
    assert len(found) == 2 * len(CLASSES) + 3
    assert set(found.values()) == {Verdict.PASSED}


def test_one_worse_class_fails_by_name():
    found = judged(words(800, 0.01, seed=1), words(800, {"lymphocyte": 0.15}, seed=2))
    assert found["recall", "lymphocyte"] is Verdict.FAILED
    assert found["recall", "neutrophil"] is Verdict.PASSED
    # What was lymphocyte now bears the others' names, which are worth less for it.
    assert found["precision", "neutrophil"] is Verdict.FAILED


def test_few_cells_prove_nothing_however_good():
    found = judged(words(40, 0.0), words(40, 0.0))
    assert {verdict for (name, _), verdict in found.items() if name in {"recall", "precision"}} == {
        Verdict.NOT_PROVEN
    }


def test_a_class_that_the_candidate_never_names_is_not_proven_and_its_recall_fails():
    active, candidate = words(300, 0.0), words(300, {"eosinophil": 1.0})
    assert judged(active, candidate)["recall", "eosinophil"] is Verdict.FAILED
    assert judged(active, candidate)["precision", "eosinophil"] is Verdict.NOT_PROVEN
    # The other way round, the candidate knows a class that the active model does not.
    assert judged(candidate, active)["recall", "eosinophil"] is Verdict.PASSED
    assert judged(candidate, active)["precision", "eosinophil"] is Verdict.PASSED


def test_targets_of_its_own_are_missed_by_name():
    sure = words(800, 0.01, seed=1)
    found = judged(sure, words(800, 0.01, seed=2, abstained=0.6))
    assert found["coverage", ""] is Verdict.FAILED
    assert judged(sure, words(800, 0.01, seed=2, confidence=0.6))["calibration", ""] is Verdict.FAILED
    assert judged(sure, words(800, 0.2, seed=2))["answers", ""] is Verdict.FAILED
    assert judged(sure, words(800, 0.0, seed=2, abstained=1.1))["answers", ""] is Verdict.NOT_PROVEN


def test_a_leak_fails_and_not_knowing_is_not_proven():
    assert no_leak({"a": "", "b": ""}, Seen(frozenset("c"))).verdict is Verdict.PASSED
    leak = no_leak({"a": "", "b": ""}, Seen(frozenset("bc"), untold=("0.2.0",)))
    assert (leak.verdict, leak.value) == (Verdict.FAILED, 1)
    unknown = no_leak({"a": "", "b": ""}, Seen(untold=("0.2.0",)))
    assert (unknown.verdict, unknown.note) == (Verdict.NOT_PROVEN, "unknown")
    base = no_leak({"a": "", "b": ""}, Seen(frozenset("c"), untold=("0.2.0",)))
    assert (base.verdict, base.note) == (Verdict.NOT_PROVEN, "base_unknown")
    without = no_leak({"a": "", "": ""}, Seen(frozenset("c")))
    assert (without.verdict, without.note) == (Verdict.NOT_PROVEN, "frozen_without")
    assert no_leak({"a": "", "": ""}, Seen(frozenset("a"))).verdict is Verdict.FAILED


def test_a_copy_of_a_seen_picture_is_a_leak_of_its_own_kind(monkeypatch):
    monkeypatch.setattr(
        "mlcore.engine.seen.copied", lambda tested, seen: np.asarray([one in seen for one in tested])
    )
    seen = Seen(frozenset("c"), looks=frozenset({"C", "D"}))
    copy = no_leak({"a": "A", "b": "D"}, seen)
    assert (copy.verdict, copy.value, copy.alike) == (Verdict.FAILED, 0, 1)
    # What is known by its pixels is not counted twice.
    both = no_leak({"b": "D", "c": "C"}, seen)
    assert (both.verdict, both.value, both.alike) == (Verdict.FAILED, 1, 1)
    clean = no_leak({"a": "A", "b": "B"}, seen)
    assert (clean.verdict, clean.alike) == (Verdict.PASSED, 0)
    # Where looks are missing on either side it is told by pixels alone.
    assert no_leak({"a": "A", "b": ""}, seen).alike is None
    assert no_leak({"a": "A"}, Seen(frozenset("c"), unlooked=("0.2.0",))).alike is None


def test_pairs_are_counted_with_mcnemars_exact_test():
    first = words(40, 0.0)
    second = [
        CellOutcome(one.key, one.sha256, one.truth, "basophil", 0.9, False, one.group, one.laboratory)
        if number < 8
        else one
        for number, one in enumerate(first)
    ]
    pairs = paired(first, second)
    told = pairing(pairs)
    assert (told.cells, told.both, told.only_first, told.only_second, told.differ) == (120, 112, 8, 0, 8)
    assert told.p_value == pytest.approx(2 * 0.5**8)
    assert pairing(paired(first, first)).p_value == 1
    assert sum(number for *_words, number in changes(pairs)) == 8


def test_evaluations_of_different_cells_are_not_compared():
    with pytest.raises(DataError, match="no cell in common"):
        paired(words(1, 0.0), [])
    other = [
        CellOutcome(one.key, one.sha256, "basophil", "basophil", 0.9, False, one.group, one.laboratory)
        for one in words(1, 0.0)
    ]
    with pytest.raises(DataError, match="differently"):
        paired(words(1, 0.0), other)
