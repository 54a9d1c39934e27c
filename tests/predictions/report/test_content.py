"""What is frozen comes back whole, and nothing that is not a report is taken for one."""

import json
from dataclasses import replace

import pytest

from predictions.report import from_json, to_json
from predictions.report.content import MAX_CELLS, Amendment, Cell, Differential, Specimen
from tests.predictions.report.examples import ZONE, moment, report, row


def test_a_report_comes_back_whole():
    content = report(["ab" * 32], amendment=Amendment(6, "Two cells reclassified."), replaced=True)
    again = from_json(to_json(content))
    assert again == content
    assert again.generated_at.utcoffset() == ZONE.utcoffset(None)
    assert to_json(again) == to_json(content)


@pytest.mark.parametrize("text", ["\x00\ud800\u202e", "\r\n\t", '"\\', "😀", ""])
def test_any_text_comes_back_whole(text):
    content = report(comment=text, specimen=Specimen(text))
    assert from_json(to_json(content)) == content


def test_equal_reports_give_equal_text():
    whole, fraction = (
        report(differential=Differential((row(1, percent=kind(20)),))) for kind in (int, float)
    )
    assert whole == fraction
    assert to_json(whole) == to_json(fraction)


@pytest.mark.parametrize(
    "damage",
    [
        {"version": "1"},
        {"version": True},
        {"generated_at": "yesterday"},
        {"generated_at": "2026-11-21T11:48:00"},
        {"cells": None},
        {"laboratory": {"name": "x"}},
        {"unknown": 1},
    ],
)
def test_what_is_no_report_is_refused(damage):
    with pytest.raises(ValueError):  # noqa: PT011 -- each damage has its own sentence
        from_json(json.dumps(json.loads(to_json(report())) | damage))


def test_an_unknown_flag_is_refused():
    text = to_json(report())
    assert text.count('"flag": "low"') == 1
    with pytest.raises(ValueError, match="'odd' is none of"):
        from_json(text.replace('"flag": "low"', '"flag": "odd"'))


def test_numbers_are_finite():
    with pytest.raises(ValueError, match="Out of range"):
        to_json(report(differential=Differential((row(1, percent=float("nan")),))))


def test_a_report_is_signed_or_a_preview():
    with pytest.raises(ValueError, match="signed or a preview"):
        report(signature=None)
    assert report(signature=None, preview=True).preview


def test_there_is_an_end_to_the_cells():
    cells = tuple(Cell("NEU", "", "ab" * 32) for _ in range(MAX_CELLS))
    assert len(report(cells=cells).cells) == MAX_CELLS
    with pytest.raises(ValueError, match="at most 12"):
        report(cells=(*cells, cells[0]))


def test_every_time_says_its_zone():
    naive = moment(9, 0).replace(tzinfo=None)
    specimen = replace(report().specimen, received_at=naive)
    for change in ({"generated_at": naive}, {"specimen": specimen}):
        with pytest.raises(ValueError, match="zone"):
            report(**change)
