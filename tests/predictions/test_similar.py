"""Which verified cells are shown beside a cell: the nearest, of what one may see, and whose word they are."""

import time

import numpy as np
import pytest
from django.utils import timezone

from predictions.models import Analysis, Cell, CellReview, Report, Sample, SmearField, StoredImage
from predictions.models.readings import FEATURES_AS
from predictions.selectors import similar_cells
from tests.accounts.factories import PersonFactory, SiteFactory
from tests.predictions import plain_model

pytestmark = pytest.mark.django_db
CELLS_OF_A_FIELD = 5


def packed(*numbers):
    """Features: the given numbers, then zeros."""
    return np.asarray([*numbers, *[0] * (32 - len(numbers))], dtype=FEATURES_AS).tobytes()


@pytest.fixture
def doctor(technician):
    return PersonFactory(doctor=True, site=technician.site, name="Dr. Ada Rahman")


@pytest.fixture
def version():
    return plain_model.loaded().version


@pytest.fixture
def make(technician, doctor, version):
    """Make a sample whose cells have the given features, signed unless ``signed`` is False."""
    made = []

    def make(*features, signed=True, person=technician, by=version):
        number = len(made)
        sample = Sample.objects.create(
            site=person.site,
            accession=f"HV-26-{number:04}",
            created_by=person,
            state="signed" if signed else "to_review",
        )
        made.append(sample)
        sha = f"{number:064}"
        facts = {"width": 64, "height": 64, "bytes": 1, "media_type": "image/png"}
        image = StoredImage.objects.create(sha256=sha, **facts)
        box = {"x0": 0, "y0": 0, "x1": 9, "y1": 9}
        said = {"label": "neutrophil", "confidence": 0.9, "probabilities": {}}
        rows = []
        for start in range(0, len(features), CELLS_OF_A_FIELD):
            field = SmearField.objects.create(
                site=person.site, uploaded_by=person, sample=sample, image=image, original_sha256=sha
            )
            analysis = Analysis.objects.create(field=field, model_version=by, milliseconds=1)
            rows += [
                Cell(analysis=analysis, number=place, features=one, **box, **said)
                for place, one in enumerate(features[start : start + CELLS_OF_A_FIELD], start=1)
            ]
        Cell.objects.bulk_create(rows)
        if signed:
            content = {"content": "{}", "pdf": b"%PDF", "sha256": sha, "code": sha[-24:]}
            when = {"signed_by": doctor, "signed_at": timezone.now()}
            Report.objects.create(sample=sample, version=1, revision=1, **content, **when)
        return rows

    return make


def test_the_nearest_come_first_and_name_whose_word_it_is(make, technician, doctor):
    far, near, middle = make(packed(9), packed(1), packed(4))
    CellReview.objects.create(
        sample=middle.analysis.field.sample,
        cell=middle,
        kind="reclassified",
        verdict_id="blast",
        revision=1,
        actor=technician,
    )
    (asked,) = make(packed(0), signed=False)
    found = similar_cells(doctor, asked)
    assert [one.cell.pk for one in found] == [near.pk, middle.pk, far.pk]
    assert [(one.kind.pk, one.by, one.looked) for one in found[:2]] == [
        ("neutrophil", doctor.name, False),
        ("blast", technician.name, True),
    ]
    assert [one.cell.pk for one in similar_cells(doctor, asked, count=2)] == [near.pk, middle.pk]


def test_other_samples_come_before_ones_own(make, doctor):
    asked, own = make(packed(0), packed(1))
    (other,) = make(packed(7))
    assert [one.cell.pk for one in similar_cells(doctor, asked)] == [other.pk, own.pk]


def test_what_is_not_verified_or_not_comparable_is_not_shown(make, doctor, technician):
    (asked,) = make(packed(0), signed=False)
    make(packed(0), signed=False)
    make(None)
    make(packed(0), by=plain_model.loaded("b" * 64, state="candidate").version)
    shown, counted = make(packed(0), packed(0))
    CellReview.objects.create(
        sample=counted.analysis.field.sample,
        cell=counted,
        kind="reclassified",
        verdict_id="duplicate",
        revision=1,
        actor=technician,
    )
    assert [one.cell.pk for one in similar_cells(doctor, asked)] == [shown.pk]


def test_a_site_sees_its_own_cells_alone(make, technician):
    stranger = PersonFactory(site=SiteFactory())
    make(packed(0), person=stranger)
    (mine,) = make(packed(5))
    (asked,) = make(packed(0), signed=False)
    assert [one.cell.pk for one in similar_cells(technician, asked)] == [mine.pk]


def test_without_features_nothing_is_similar(make, doctor, django_assert_num_queries):
    make(packed(0))
    (old,) = make(None, signed=False)
    with django_assert_num_queries(0):
        assert similar_cells(doctor, old) == []


def test_among_20_000_it_takes_six_queries_and_no_time(make, doctor, django_assert_num_queries):
    random = np.random.default_rng(1)
    for _sample in range(200):
        make(*(packed(*random.normal(0, 6, 32)) for _cell in range(100)))
    (asked,) = make(packed(*random.normal(0, 6, 32)), signed=False)
    asked = Cell.objects.select_related("analysis__field__sample").get(pk=asked.pk)
    similar_cells(doctor, asked)
    with django_assert_num_queries(6):
        assert len(similar_cells(doctor, asked)) == 6
    taken = []
    for _round in range(7):
        began = time.perf_counter()
        similar_cells(doctor, asked)
        taken.append(1000 * (time.perf_counter() - began))
    # The aim is 60 ms on a machine that does nothing else; beside other tests it takes longer.
    assert min(taken) < 150


def test_samples_without_their_images_are_not_shown(make, doctor):
    own = make(packed(1), signed=False)[0]
    gone, there = make(packed(1)), make(packed(2))
    assert {one.cell.pk for one in similar_cells(doctor, own)} == {gone[0].pk, there[0].pk}
    StoredImage.objects.filter(fields__analyses__cells=gone[0]).update(removed_at=timezone.now())
    assert [one.cell.pk for one in similar_cells(doctor, own)] == [there[0].pk]
