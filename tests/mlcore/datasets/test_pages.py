"""The pages of data sets: an upload becomes an order, what is wrong is said in the form, cells are shown."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from mlcore.registry.models import DataSet, DataSetVersion
from mlcore.web import datasets
from tests.mlcore.engine.test_importing import good, packed

GIVEN = {"name": "Ours", "license": "MIT", "source": "here", "laboratory": "here", "shows": "cells"}


@pytest.fixture
def browser(client, admin):
    client.force_login(admin)
    return client


def archive(tmp_path):
    return SimpleUploadedFile("data.zip", packed(tmp_path / "data.zip", good()).read_bytes())


def test_an_upload_becomes_an_order_and_its_file_leaves_the_uploads(browser, tmp_path, dataset_root):
    answer = browser.post(reverse("dataset_zip"), {**GIVEN, "archive": archive(tmp_path)})
    version = DataSetVersion.objects.get()
    assert answer.headers["Location"] == reverse("dataset_version", args=[version.pk])
    assert (dataset_root / ".incoming" / str(version.pk) / "data.zip").stat().st_size > 1000
    assert list((dataset_root / ".uploads").iterdir()) == []
    assert "Waiting for the training worker" in browser.get(answer.headers["Location"]).content.decode()


def test_an_upload_that_is_too_large_or_refused_leaves_nothing(browser, tmp_path, dataset_root, settings):
    answer = browser.post(reverse("dataset_zip"), {**GIVEN, "name": "", "archive": archive(tmp_path)})
    assert answer.status_code == 422
    assert "A new data set needs this." in answer.content.decode()
    settings.DATASET_MAX_BYTES = 100
    answer = browser.post(reverse("dataset_zip"), {**GIVEN, "archive": archive(tmp_path)})
    assert answer.status_code == 422
    assert not DataSet.objects.exists()
    assert list((dataset_root / ".uploads").iterdir()) == []


def test_an_upload_without_its_token_is_refused(admin, tmp_path):
    from django.test import Client  # noqa: PLC0415 -- only this test checks tokens

    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    answer = client.post(reverse("dataset_zip"), {**GIVEN, "archive": archive(tmp_path)})
    assert answer.status_code == 403
    assert not DataSet.objects.exists()


def test_a_version_shows_its_balance_and_its_cells(browser, imported):
    version = imported()
    page = browser.get(reverse("dataset_version", args=[version.pk])).content.decode()
    assert version.sha256 in page
    assert "Mast cell" in page
    sheet = browser.get(reverse("dataset_sheet", args=[version.pk]), {"label": "neutrophil", "side": "test"})
    pictures = re.findall(r'<img src="([^"]+/cells/[^"]+)"', sheet.content.decode())
    assert len(pictures) == 2
    assert browser.get(pictures[0]).content.startswith(b"\xff\xd8")
    manifest = b"".join(browser.get(reverse("dataset_manifest", args=[version.pk])).streaming_content)
    assert manifest.count(b"\n") == 17


def test_a_cell_is_left_out_of_the_next_version_and_taken_in_again(browser, imported):
    version = imported()
    address = reverse("dataset_exclude", args=[version.pk, 3])
    answer = browser.post(address, {"back": "label=neutrophil&side=test&page=1"})
    assert answer.headers["Location"].endswith("?label=neutrophil&side=test&page=1")
    assert len(DataSet.objects.get().excluded) == 1
    answer = browser.post(address, {"excluded": "no", "back": "//evil.example"})
    assert answer.headers["Location"] == reverse("dataset_sheet", args=[version.pk])
    assert DataSet.objects.get().excluded == []


def turned(content, quarters):
    out = io.BytesIO()
    Image.open(io.BytesIO(content)).rotate(90 * quarters).save(out, "PNG")
    return out.getvalue()


def test_what_belongs_together_stands_in_groups_those_of_two_classes_first(browser, imported):
    cells = dict(good())
    copies = [(f"set/neutrophil/1-{n}.png", turned(cells["set/neutrophil/1.png"], n)) for n in (1, 2)]
    misplaced = ("set/Mast cell/0-1.png", turned(cells["set/neutrophil/0.png"], 1))
    version = imported([*cells.items(), *copies, misplaced])
    address = reverse("dataset_sheet", args=[version.pk])
    page = browser.get(address, {"what": "copies"}).content.decode()
    assert "2 groups" in page
    first, second = re.findall(r'<li class="card">(.*?)</ul>', page, re.DOTALL)
    assert "2 pictures" in first
    assert 'title="Neutrophil"' in first
    assert 'title="Mast cell"' in first
    assert "3 pictures" in second
    assert "Mast cell" not in second
    like = re.search(r"like=(\d+)", second)[1]
    group = browser.get(address, {"what": "group", "like": like}).content.decode()
    assert len(re.findall(r'<img src="[^"]+/cells/', group)) == 3
    back = re.search(r'name="back" value="([^"]+)"', group)[1].replace("&amp;", "&")
    excluded = browser.post(reverse("dataset_exclude", args=[version.pk, like]), {"back": back})
    assert excluded.headers["Location"] == f"{address}?what=group&like={like}&page=1"


@pytest.mark.parametrize("like", ["", "-1", "99", "9" * 5000, "x"])
def test_a_group_that_is_none_is_empty(browser, imported, like):
    address = reverse("dataset_sheet", args=[imported().pk])
    answer = browser.get(address, {"what": "group", "like": like})
    assert (answer.status_code, "There is no such cell" in answer.content.decode()) == (200, True)


def test_a_sheet_of_many_is_left_by_the_number_of_a_page(browser, imported, monkeypatch):
    monkeypatch.setattr(datasets, "PER_SHEET", 3)
    address = reverse("dataset_sheet", args=[imported().pk])
    page = browser.get(address, {"label": "neutrophil", "page": 2}).content.decode()
    assert '<input type="hidden" name="label" value="neutrophil">' in page
    assert 'max="3" value="2"' in page
    assert 'rel="next" href="?label=neutrophil&amp;page=3"' in page
