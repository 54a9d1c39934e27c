"""The library against a live portal: what its methods return and raise."""

import os

import pytest
from hematovision_client import NotAllowed, Portal, Refused

from hematovision.supervisor.ports import free_port
from predictions.models import SmearField
from tests.clients.conftest import until
from tests.predictions import hostile

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lab(portal, token):
    with Portal(portal, token("samples", "read", "predict"), patience=5) as lab:
        yield lab


def test_a_sample_from_its_registration_to_its_cells(lab, reader):
    sample = lab.sample_create(accession="hv-26-0001", wbc=6.1, age_value=40)
    assert (sample["accession"], sample["wbc"], sample["state"]) == ("HV-26-0001", 6.1, "receiving")
    field = lab.field_add(sample["id"], "1.png", hostile.png(), single=True)
    until(lambda: lab.field(field["id"])["state"] == "done")
    assert [line["id"] for line in lab.fields(sample["id"])] == [field["id"]]
    assert SmearField.objects.get().single
    (cell,) = lab.cells(sample["id"])
    assert (cell["field"], cell["predicted_label"], cell["confidence"]) == (field["id"], "neutrophil", 90.0)
    assert lab.sample(sample["id"])["fields"] == 1
    assert lab.differential(sample["id"])["rows"]
    assert list(lab.reports(sample["id"])) == []


def test_no_proxy_gets_what_goes_to_this_machine_in_the_clear(monkeypatch, portal, token):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with Portal(portal, token("read"), patience=0) as reads:
        assert list(reads.samples()) == []


def test_lists_go_on_over_their_pages(lab):
    made = [lab.sample_create(accession=f"HV-26-000{n}")["id"] for n in range(5)]
    assert sorted(one["id"] for one in lab.samples(limit="2")) == sorted(made)
    assert [one["id"] for one in lab.sample_search(accession="HV-26-0003")] == [made[3]]
    assert list(lab.sample_search(accession="HV-26-0009")) == []


def test_refusals_carry_their_code(lab, portal, token):
    first = lab.sample_create(accession="HV-26-0001")
    with pytest.raises(Refused) as refused:
        lab.sample_create(accession="HV-26-0001")
    assert (refused.value.status, refused.value.code) == (409, "accession_taken")
    assert refused.value.more == {"sample": first["id"]}
    assert lab.sample_ensure("HV-26-0001") == first["id"]
    field = lab.field_add(first["id"], "1.jpg", hostile.jpeg())
    assert lab.field_add(first["id"], "1.jpg", hostile.jpeg())["id"] == field["id"]
    with pytest.raises(Refused) as refused:
        lab.field_add(first["id"], "2.jpg", hostile.jpeg())
    assert (refused.value.code, refused.value.more) == ("duplicate", {"field": field["id"]})
    assert lab.field_add(first["id"], "2.jpg", hostile.jpeg(), again=True)["duplicate_of"] == field["id"]
    with Portal(portal, token("read")) as reads, pytest.raises(NotAllowed) as refused:
        reads.sample_create(accession="HV-26-0002")
    assert refused.value.status == 403
    assert len(refused.value.detail) > 10


def test_several_images_in_one_request(lab):
    files = [("1.jpg", hostile.jpeg()), ("2.jpg", hostile.HTML), ("3.png", hostile.png())]
    first, second, third = lab.predict_batch(files, single=True)
    assert lab.predict(os.fsdecode(b"\xe9.jpg"), hostile.jpeg(seed=2))["id"]
    assert SmearField.objects.filter(original_name="\ufffd.jpg").exists()
    assert [first["state"], third["state"]] == ["queued", "queued"]
    assert (second["status"], second["code"]) == (415, "unsupported_type")
    assert SmearField.objects.filter(single=True).count() == 2
