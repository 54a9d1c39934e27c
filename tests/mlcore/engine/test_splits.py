"""Whatever the groups are, none is parted, none is trained on beside a test, and order does not matter."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.engine import dataset
from mlcore.engine.dataset import TESTS, Split, refuse_leak, split
from mlcore.engine.errors import LeakError
from mlcore.engine.manifest import Record

SOURCES = ("kaggle-train", "bccd", "pbc", "txl-train", "a laboratory", *TESTS)
LABELS = ("neutrophil", "monocyte", "mast_cell", None)
PARTS = ("training", "validation", "held_out", "dropped")
pictures = st.lists(
    st.tuples(st.sampled_from(SOURCES), st.sampled_from(LABELS), st.integers(0, 25)), min_size=1, max_size=120
)


def _folder(drawn):
    records = [
        Record(f"{source}/{row}", f"{row * 7919 % 1009:04}", label, source)
        for row, (source, label, _group) in enumerate(drawn)
    ]
    return records, [group for _source, _label, group in drawn]


@settings(max_examples=200, deadline=None)
@given(pictures)
def test_no_group_is_parted_and_every_labelled_picture_has_one_place(drawn):
    records, groups = _folder(drawn)
    parts = split(records, groups)
    rows = [row for name in PARTS for row in getattr(parts, name)]
    wanted = [row for row, r in enumerate(records) if r.label and r.source not in TESTS]
    assert sorted(rows) == wanted
    place = {}
    for name in PARTS:
        for row in getattr(parts, name):
            assert place.setdefault(groups[row], name) == name


@settings(max_examples=200, deadline=None)
@given(pictures)
def test_what_is_trained_on_and_chosen_by_touches_no_test(drawn):
    records, groups = _folder(drawn)
    parts = split(records, groups)
    tested = dataset.tested_groups(records, groups)
    assert tested == {group for record, group in zip(records, groups, strict=True) if record.source in TESTS}
    assert not tested & {groups[row] for row in (*parts.training, *parts.validation)}


@settings(max_examples=100, deadline=None)
@given(pictures, st.randoms(use_true_random=False))
def test_the_order_and_the_numbers_of_groups_do_not_matter(drawn, chance):
    records, groups = _folder(drawn)
    parts = split(records, groups)
    order = list(range(len(records)))
    chance.shuffle(order)
    names = random.Random(3).sample(range(1000), 26)
    again = split([records[row] for row in order], [names[groups[row]] for row in order])
    for name in PARTS:
        assert {order[row] for row in getattr(again, name)} == set(getattr(parts, name))


@pytest.mark.parametrize(
    "parts",
    [
        Split((0,), (1,), (), ()),
        Split((0,), (), (1,), ()),
        Split((0,), (), (), (1,)),
        Split((), (0,), (1,), ()),
    ],
    ids=["validation", "held out", "test", "validated and held out"],
)
def test_every_way_to_leak_is_refused_with_both_files_and_their_group(parts):
    source = "kaggle-test" if parts.dropped else "pbc"
    records = [
        Record("pbc/a.jpg", "a", "monocyte", "pbc"),
        Record(f"{source}/b.jpg", "b", "monocyte", source),
    ]
    with pytest.raises(LeakError, match=rf"pbc/a\.jpg and {source}/b\.jpg \(group 7\)"):
        refuse_leak(records, [7, 7], parts)
    refuse_leak(records, [7, 8], parts)


def test_many_pairs_are_counted():
    records = [Record(str(row), str(row), "monocyte", "pbc") for row in range(31)]
    with pytest.raises(LeakError, match=r"30 pictures.*and 20 more"):
        refuse_leak(records, [0] * 31, Split(tuple(range(30)), (30,), (), ()))
