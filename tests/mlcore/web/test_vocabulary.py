"""A class that only some model knows has a name, a colour and a place on the pages like any other."""

import re

import pytest
from django.urls import reverse

from mlcore.engine.contracts import LABELS, NO_CELL
from mlcore.registry.models import ModelSource, ModelVersion
from mlcore.web.figures import headline
from mlcore.web.vocabulary import SHORT_NAMES, cell_class, own_classes, place
from tests.accounts.factories import PersonFactory

OWN = ("mast_cell", "neutrophil_band")


def report(labels):
    """A report in which every class has two pictures, one of them taken for the next class."""
    columns = [*labels, NO_CELL]
    rows = [[int(c in (r, (r + 1) % len(labels))) for c in range(len(columns))] for r in range(len(labels))]
    figures = {"precision": 0.5, "recall": 0.5, "f1": 0.5, "pictures": 2}
    interval = {"value": 0.5, "low": 0.4, "high": 0.6}
    return {
        "pictures": 2 * len(labels),
        "originals": len(labels),
        "accuracy": interval,
        "balanced_accuracy": 0.5,
        "by_original": {"right": 1, "originals": 2, **interval},
        "per_class": dict.fromkeys(labels, figures),
        "confusion": {"truth": list(labels), "answer": columns, "rows": rows},
        "calibration": {"expected_error": 0.1},
        "abstention": {"coverage": 1.0, "accuracy_of_answers": 0.5},
    }


@pytest.fixture
def version(db):
    labels = [*LABELS, *OWN]
    return ModelVersion.objects.create(
        version="with more classes",
        sha256="0" * 64,
        labels=labels,
        metrics={"evaluation": {"own cells": report(labels)}},
        location="nowhere",
        source=ModelSource.TRAINED,
    )


@pytest.fixture
def reader(client, db):
    client.force_login(PersonFactory(doctor=True))
    return client


@pytest.mark.parametrize(
    ("label", "short"),
    [
        ("neutrophil_band", "NEU-B"),
        ("promyelocyte", "PROMY"),
        ("prolymphocyte", "PROLY"),
        ("neu", "NEU+"),
        ("una", "UNA+"),
        ("blast", "BLAST"),
    ],
)
def test_a_short_name_is_never_that_of_a_known_class(label, short):
    one = cell_class(label)
    assert (one.short, one.css) == (short, "c-own")
    assert one.short not in SHORT_NAMES


def test_own_classes_follow_the_known_ones_before_no_cell():
    labels = sorted([NO_CELL, "blast", *LABELS], key=place)
    assert labels == [*LABELS, "blast", NO_CELL]
    assert [one.name for one in own_classes(["mast_cell", "neutrophil", "blast"])] == ["Blast", "Mast cell"]


def test_tables_keep_the_counts_of_own_classes():
    shown = headline({"evaluation": {"own cells": report([*LABELS, *OWN])}})
    assert [kind.label for kind, _counts in shown.matrix.rows] == [*LABELS, *OWN]
    assert [one.kind.label for one in shown.classes][-2:] == list(OWN)
    assert [count.number for count in shown.matrix.rows[-1][1]][-1] == 1


def test_the_model_page_shows_every_class(reader, version):
    page = reader.get(reverse("model", args=[version.pk])).content.decode()
    assert re.search(r"platelet, mast cell, neutrophil band\s*<", page)
    for one in own_classes(OWN):
        assert page.count(f'<span class="tag c-own" title="{one.name}">{one.short}</span>') == 2
    assert "with more classes" in reader.get(reverse("models")).content.decode()


def test_the_history_can_be_asked_for_it(reader, version):
    page = reader.get("/fields/").content.decode()
    assert '<option value="mast_cell">Mast cell</option>' in page
    assert page.count('<option value="neutrophil">') == 1
    answer = reader.get("/fields/", {"label": "mast_cell"}).content.decode()
    assert '<option value="mast_cell" selected>' in answer
    assert "errorlist" not in answer
