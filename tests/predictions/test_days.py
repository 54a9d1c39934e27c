"""The counts of each day are what counting everything anew gives, whatever happened before."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from hematovision.core.origin import Origin
from predictions.errors import ChangedMeanwhile, ReviewRefused
from predictions.models import Analysis, Cell, DayTally, SmearField
from predictions.selectors import cell_states
from predictions.services import cells_review, review_undo, sample_create
from predictions.services.analyse import analyse_field
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile, plain_model
from tests.predictions.day_counts import count_all
from tests.predictions.test_tallies import Seeing, read_again

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")
COLUMNS = ("day", "site", "model_version", "label", "cells", "unidentified", "reviewed", "overridden")


def kept():
    return sorted(map(str, DayTally.objects.values_list(*COLUMNS)))


def counted():
    """What the table would hold if it were filled from the readings now."""
    with transaction.atomic():
        mark = transaction.savepoint()
        DayTally.objects.all().delete()
        count_all()
        told = kept()
        transaction.savepoint_rollback(mark)
    return told


@pytest.mark.parametrize("seed", range(3))
def test_after_any_history_the_days_say_what_the_readings_say(submit, seed):
    draw = random.Random(seed)
    people = [PersonFactory(), PersonFactory()]
    models = [plain_model.loaded(), Seeing("b" * 64, label="monocyte"), Seeing("c" * 64, label="basophil")]
    samples = []
    for number in range(40):
        act = draw.choice(["new", "field", "review", "review", "undo", "again"])
        if act == "new" or not samples:
            actor = draw.choice(people)
            facts = {"accession": f"D-{seed}-{number:03}", "received_at": timezone.now()}
            samples.append((actor, sample_create(actor=actor, origin=HERE, facts=facts)))
            act = "field"
        actor, sample = draw.choice(samples)
        if act == "field":
            picture = hostile.png(seed=1000 * seed + number)
            field = submit(picture, sample_id=sample.pk, actor=actor).field
            analyse_field(field.pk, load=lambda: draw.choice(models))
        elif act == "again":
            version = draw.choice(models[1:])
            if not Analysis.objects.filter(field__sample=sample, model_version=version.version).exists():
                read_again(sample, version)
        elif act == "review" and (states := cell_states(sample)):
            chosen = draw.sample(states, draw.randint(1, len(states)))
            seen = {state.cell.pk: state.seen for state in chosen}
            code = draw.choice([None, "neutrophil", "lymphocyte"])
            cells_review(actor=actor, origin=HERE, sample_id=sample.pk, seen=seen, code=code)
        elif act == "undo" and any(state.review for state in cell_states(sample)):
            # Where there is nothing of theirs to take back, nothing may be counted either.
            with suppress(ReviewRefused, ChangedMeanwhile), transaction.atomic():
                review_undo(actor=actor, origin=HERE, sample_id=sample.pk)
        assert kept() == counted()
    assert sum(DayTally.objects.values_list("cells", flat=True)) == Cell.objects.count() > 0
    assert sum(DayTally.objects.values_list("reviewed", flat=True)) > 0


def test_an_abstention_is_no_answer_that_could_be_overridden(submit, technician):
    sample = sample_create(actor=technician, origin=HERE, facts={"accession": "D-1"})
    field = submit(sample_id=sample.pk).field
    version = plain_model.loaded("d" * 64, state="candidate").version
    made = Analysis.objects.create(field=field, model_version=version, milliseconds=1)
    box = {"x0": 0, "y0": 0, "x1": 9, "y1": 9, "confidence": 0.5, "probabilities": {}}
    Cell.objects.create(analysis=made, number=1, label="neutrophil", abstained=True, **box)
    Cell.objects.create(analysis=made, number=2, label="neutrophil", **box)
    count_all()
    SmearField.objects.filter(pk=field.pk).update(created_at=timezone.now() - timedelta(days=3))
    type(sample).objects.filter(pk=sample.pk).update(state="to_review")
    seen = {state.cell.pk: state.seen for state in cell_states(sample)}
    cells_review(actor=technician, origin=HERE, sample_id=sample.pk, seen=seen, code="monocyte")
    (row,) = DayTally.objects.all()
    assert (row.cells, row.unidentified, row.reviewed, row.overridden) == (2, 1, 1, 1)
    assert kept() == counted()
