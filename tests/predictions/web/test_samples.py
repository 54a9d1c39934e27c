"""Pages of samples: worklist, registering, the sample's page, and what the gallery's script asks."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from predictions.models import CellReview, Sample, SampleEvent
from predictions.selectors import cell_states, tallied, worklist
from predictions.services import cells_review, sample_create
from predictions.states import SampleState
from predictions.types import WorklistFilters
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")


@pytest.fixture
def sample(technician):
    return sample_create(actor=technician, origin=HERE, facts={"accession": "HV-26-0001", "wbc": "6.00"})


@pytest.fixture
def filled(sample, read):
    """The sample with a field that the shipped model has read."""
    read("neutrophil", "lymphocyte", "neutrophil", sample_id=sample.pk)
    return Sample.objects.get(pk=sample.pk)


def page(client, name, sample, **query):
    answer = client.get(reverse(name, args=[sample.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client, name, sample, body):
    return client.post(
        reverse(name, args=[sample.pk]),
        json.dumps(body),
        content_type="application/json",
        headers={"Accept": "application/json"},
    )


def test_a_scanned_number_becomes_a_sample_and_its_page(client):
    facts = {"accession": " hv-26/0815\n", "age_unit": "years", "target": 200, "wbc": "7.31", "sex": "female"}
    facts["received_at"] = "2026-01-02T03:04"
    answer = client.post(reverse("sample_new"), facts)
    sample = Sample.objects.get()
    assert answer["Location"] == reverse("sample", args=[sample.pk])
    assert (sample.accession, sample.target, str(sample.wbc)) == ("HV-26/0815", 200, "7.31")
    assert "HV-26" not in answer["Location"]
    html = page(client, "sample", sample)
    assert "HV-26/0815" in html
    assert "Add the first images" in html


def test_what_is_wrong_with_the_details_is_said_and_nothing_is_lost(client, sample):
    answer = client.post(
        reverse("sample_new"), {"accession": sample.accession, "wbc": "-1", "note": "clotted"}
    )
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "already exists" in html
    assert "clotted" in html
    assert Sample.objects.count() == 1


@pytest.mark.parametrize("moment", ["0001-01-01T00:00+14:00", "9999-12-31T23:59", "1899-12-31T23:59"])
def test_a_moment_that_no_list_could_be_read_with_is_refused(client, moment):
    """One such sample would have been stored, and every worklist with it on would have broken off."""
    facts = {"accession": "HV-1", "age_unit": "years", "target": 200, "received_at": moment}
    answer = client.post(reverse("sample_new"), facts)
    assert answer.status_code == 422
    assert "Give a year from 1900 to 2999." in answer.content.decode()
    told = {"accession": "HV-1", "received_at": f"{moment[:16]}:00Z"}
    assert client.post("/api/v1/samples", told, content_type="application/json").status_code == 422
    assert not Sample.objects.exists()


def test_a_moment_far_from_utc_is_kept_as_utc(client):
    facts = {"accession": "HV-1", "age_unit": "years", "target": 200, "received_at": "2026-01-02T00:00+23:59"}
    assert client.post(reverse("sample_new"), facts).status_code == 302
    assert Sample.objects.get().received_at == datetime(2026, 1, 1, 0, 1, tzinfo=UTC)


def test_an_edit_changes_details_only(client, sample):
    facts = {"accession": "HV-26-0002", "age_unit": "days", "age_value": 3, "target": 100, "state": "signed"}
    client.post(reverse("sample_edit", args=[sample.pk]), {**facts, "received_at": "2026-01-02T03:04"})
    sample.refresh_from_db()
    assert (sample.accession, sample.age_value, sample.state) == ("HV-26-0002", 3, "receiving")


def test_images_become_fields_of_the_sample(client, sample):
    address = reverse("sample_file", args=[sample.pk])
    answer = client.post(address, {"file": SimpleUploadedFile("a.jpg", hostile.jpeg())})
    assert answer.status_code == 201
    assert str(sample.fields.get().pk) == answer.json()["id"]
    again = client.post(address, {"file": SimpleUploadedFile("b.jpg", hostile.jpeg())})
    assert again.json()["duplicate_of"]["id"] == answer.json()["id"]
    Sample.objects.update(state=SampleState.IN_REVIEW)
    refused = client.post(address, {"file": SimpleUploadedFile("c.jpg", hostile.jpeg())})
    assert (refused.status_code, refused.json()["code"]) == (409, "sample_refused")


def test_the_page_shows_cells_in_groups_least_certain_first(client, filled):
    html = page(client, "sample", filled)
    states = cell_states(filled)
    assert len(states) == 3
    for state in states:
        assert f'data-cell="{state.cell.pk}"' in html
    for group in re.findall(r'<section class="group"[^>]*>(.*?)</section>', html, re.DOTALL):
        sure = [float(value) for value in re.findall(r'data-sure="([\d.]+)"', group)]
        assert sure == sorted(sure)
    assert AuditEvent.objects.filter(event="sample.opened", subject_id=str(filled.pk)).count() == 1


def test_a_review_through_the_page_changes_the_differential(client, filled):
    state = next(one for one in cell_states(filled) if one.code == "neutrophil")
    before = page(client, "sample_panel", filled)
    asked = {"cells": [{"id": str(state.cell.pk), "seen": 0}], "code": "blast"}
    answer = post(client, "sample_cells", filled, asked)
    assert answer.status_code == 200
    (told,) = answer.json()["cells"]
    assert (told["code"], told["changed"], told["by_person"]) == ("blast", True, True)
    assert answer.json()["revision"] == filled.revision + 1
    after = page(client, "sample_panel", filled)
    assert "Critical" in after
    assert "Critical" not in before
    assert "moved 1 cell: NEU → BLAST" in after
    changed = client.get(reverse("sample_changes", args=[filled.pk]), {"since": filled.revision}).json()
    assert [one["id"] for one in changed["cells"]] == [told["id"]]
    assert changed["added"] is False
    undone = post(client, "sample_undo", filled, {})
    assert [one["code"] for one in undone.json()["cells"]] == ["neutrophil"]
    assert post(client, "sample_undo", filled, {}).status_code == 409


def test_who_comes_second_is_told_and_shown_how_it_stands(client, filled, technician):
    colleague = PersonFactory(site=technician.site, name="L. Ortega")
    state = cell_states(filled)[0]
    cells_review(actor=colleague, origin=HERE, sample_id=filled.pk, seen={state.cell.pk: 0}, code="monocyte")
    asked = {"cells": [{"id": str(state.cell.pk), "seen": 0}], "code": "blast"}
    answer = post(client, "sample_cells", filled, asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    assert "L. Ortega" in answer.json()["message"]
    assert [one["code"] for one in answer.json()["cells"]] == ["monocyte"]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"{}", b'{"cells": 1, "code": "x"}'),
        b'{"cells": [{"id": "x", "seen": 0}], "code": "b"}',
        b"[" * 100_000,
        b'{"cells": [{"id": "00000000-0000-0000-0000-000000000000", "seen": 1e999}], "code": "b"}',
    ],
)
def test_what_cannot_be_read_changes_nothing(client, filled, body):
    address = reverse("sample_cells", args=[filled.pk])
    answer = client.post(
        address, body, content_type="application/json", headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "review_refused")
    assert not CellReview.objects.exists()


@pytest.mark.parametrize("code", ["\0", "\ud800"])
def test_what_is_no_letter_names_no_class(client, filled, code):
    state = cell_states(filled)[0]
    body = {"cells": [{"id": str(state.cell.pk), "seen": 0}], "code": code}
    assert post(client, "sample_cells", filled, body).status_code == 409
    assert not CellReview.objects.exists()


def test_the_context_of_a_cell_tells_its_field_its_shares_and_who_said_what(client, filled, technician):
    cell = cell_states(filled)[0].cell
    cells_review(actor=technician, origin=HERE, sample_id=filled.pk, seen={cell.pk: 0}, code="blast")
    html = client.get(reverse("cell_context", args=[cell.pk])).content.decode()
    assert reverse("field_image", args=[cell.analysis.field_id]) in html
    assert html.count('<svg class="bar"') == 8
    assert "called it: Blast" in html
    assert technician.name in html


def test_the_map_of_a_cell_says_where_it_lies(client, filled):
    cell = cell_states(filled)[0].cell
    cell.refresh_from_db()
    assert (
        reverse("cell_map", args=[cell.pk])
        in client.get(reverse("cell_context", args=[cell.pk])).content.decode()
    )
    answer = client.get(reverse("cell_map", args=[cell.pk]))
    layer = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert layer.shape == (160, 160, 4)
    # It glows somewhere in the cell, and not everywhere.
    assert layer[..., 3].max() > 150
    assert layer[..., 3].min() < 60
    x, y, width, height = map(int, answer["X-Map-Box"].split())
    assert x <= cell.x0 <= cell.x1 <= x + width
    assert y <= cell.y0 <= cell.y1 <= y + height


def test_the_counted_and_the_loaded_cells_agree(filled, technician):
    for place, code in enumerate(("blast", None, "not_a_cell")):
        cell = cell_states(filled)[place].cell
        cells_review(actor=technician, origin=HERE, sample_id=filled.pk, seen={cell.pk: 0}, code=code)
    loaded = {}
    for state in cell_states(filled):
        loaded[state.code] = loaded.get(state.code, 0) + 1
    assert tallied([filled.pk])[filled.pk] == loaded


def test_the_worklist_is_oldest_first_and_goes_page_by_page(client, technician):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(35):
        received = start + timedelta(hours=-number)
        facts = {"accession": f"HV-{number:04}", "received_at": received}
        sample_create(actor=technician, origin=HERE, facts=facts)
    first = worklist(technician, filters=WorklistFilters())
    second = worklist(technician, filters=WorklistFilters(), after=first.next)
    numbers = [one.accession for one in (*first.samples, *second.samples)]
    assert numbers == [f"HV-{number:04}" for number in reversed(range(35))]
    assert second.next is None
    html = client.get(reverse("worklist")).content.decode()
    assert "Show more samples" in html
    assert client.get(reverse("worklist"), {"after": "nonsense"}).status_code == 400


def test_filters_come_in_the_url_and_numbers_never(client, sample, technician):
    other = sample_create(
        actor=technician, origin=HERE, facts={"accession": "XX-1", "patient_reference": "P-7"}
    )
    html = client.get(reverse("worklist"), {"text": "XX-1"}).content.decode()
    assert sample.accession in html, "a search text in the address is not heard"
    for text in ("xx-1", "XX", "p-7"):
        html = client.post(reverse("worklist"), {"text": text}).content.decode()
        assert other.accession in html
        assert sample.accession not in html
    html = client.get(reverse("worklist"), {"state": "signed"}).content.decode()
    assert "Nothing matches" in html


def test_the_export_holds_what_the_filters_leave_and_no_formula(client, filled, technician):
    Sample.objects.filter(pk=filled.pk).update(patient_reference="=1+1")
    sample_create(actor=technician, origin=HERE, facts={"accession": "HV-9"})
    answer = client.get(reverse("worklist_export"), {"state": "to_review"})
    lines = list(csv.DictReader(io.StringIO(answer.content.decode())))
    (line,) = lines
    assert (line["accession"], line["patient_reference"], line["state"]) == (
        filled.accession,
        "'=1+1",
        "to_review",
    )
    found = tallied([filled.pk])[filled.pk]
    assert {code: int(line[code]) for code in found if code} == {code: n for code, n in found.items() if code}
    assert int(line["unidentified"]) == found.get("", 0)
    everything = client.get(reverse("worklist_export"), {"text": "HV-9"}).content.decode()
    assert len(everything.splitlines()) == 3
    assert list(AuditEvent.objects.filter(event="samples.exported").values_list("detail", flat=True)) == [
        {"count": 2},
        {"count": 1},
    ]
    assert "Export CSV" in client.get(reverse("worklist")).content.decode()


def test_the_worklist_of_another_site_is_not_shown(client, visit, sample):
    stranger = visit(PersonFactory())
    assert sample.accession not in stranger.get(reverse("worklist")).content.decode()
    assert stranger.get(reverse("sample", args=[sample.pk])).status_code == 404


def test_a_sample_is_submitted_returned_with_a_reason_and_cancelled(client, visit, doctor, filled):
    client.post(reverse("sample_submit", args=[filled.pk]))
    assert Sample.objects.get().state == "in_review"
    assert 'data-may-review="no"' in page(client, "sample", filled)
    assert 'data-may-review="yes"' in page(visit(doctor), "sample", filled)
    visit(doctor).post(reverse("sample_return", args=[filled.pk]), {"reason": "Please count 50 more."})
    assert Sample.objects.get().state == "to_review"
    assert "Please count 50 more." in page(client, "sample", filled)
    client.post(reverse("sample_cancel", args=[filled.pk]), {"reason": ""})
    assert Sample.objects.get().state == "to_review"
    client.post(reverse("sample_cancel", args=[filled.pk]), {"reason": "Clotted."})
    assert Sample.objects.get().state == "cancelled"
    assert SampleEvent.objects.filter(kind="moved").count() == 5


@pytest.mark.parametrize("name", ["sample_cancel", "sample_return"])
def test_a_reason_with_a_zero_is_kept_without_it(visit, doctor, client, filled, name):
    client.post(reverse("sample_submit", args=[filled.pk]))
    who = visit(doctor) if name == "sample_return" else client
    if name == "sample_cancel":
        visit(doctor).post(reverse("sample_return", args=[filled.pk]), {"reason": "Count more."})
    assert who.post(reverse(name, args=[filled.pk]), {"reason": "Clot\0ted."}).status_code == 302
    assert SampleEvent.objects.order_by("revision").last().detail["reason"] == "Clotted."


def test_wherever_a_person_comes_from_what_they_did_is_done_and_shown(client, filled):
    address = reverse("sample_comment", args=[filled.pk])
    answer = client.post(address, {"text": "Seen."}, headers={"Referer": "http://[/?state=to_review#x"})
    assert answer["Location"] == f"{reverse('sample', args=[filled.pk])}?state=to_review"


def test_queries_of_the_pages_do_not_grow(client, filled, read, technician, django_assert_max_num_queries):
    read("neutrophil", "monocyte", seed=2, sample_id=filled.pk)
    for number in range(10):
        sample_create(actor=technician, origin=HERE, facts={"accession": f"HV-Q-{number}"})
    with django_assert_max_num_queries(16):
        client.get(reverse("worklist"))
    with django_assert_max_num_queries(35):
        client.get(reverse("sample", args=[filled.pk]))


def test_what_was_never_shown_and_the_counting_error_are_said(client, filled):
    html = page(client, "sample", filled)
    assert "never shown blasts, other leukaemic cells" in html
    assert "counting error only" in html
