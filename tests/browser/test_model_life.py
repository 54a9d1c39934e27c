"""A model's life as an admin leads it: pictures, a training, the gate's no, an override, one step back."""

import io
import re
import time
import zipfile

import pytest
from playwright.sync_api import expect

from predictions.synthetic import draw_field
from tests.browser.test_image_line import row, smear, upload

pytestmark = [pytest.mark.browser, pytest.mark.processes]

REASON = "Drawn cells of a test: nobody is read by this model, and it goes back at once."


def class_folders():
    """Drawn cells of two classes, packed as a laboratory would send them."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as folders:
        for number in range(40):
            label = ("neutrophil", "lymphocyte")[number % 2]
            picture = draw_field(4000 + number, labels=[label], width=224, height=224)
            folders.writestr(f"cells/{label}/{number}.jpg", picture.encoded())
    return {"name": "cells.zip", "mimeType": "application/zip", "buffer": archive.getvalue()}


def import_cells(page):
    """Send the ZIP file and wait for the frozen version."""
    page.goto("/models/datasets/new/")
    form = page.locator("#zip")
    form.get_by_label("ZIP file").set_input_files([class_folders()])
    form.get_by_label("Name of a new one").fill("Drawn cells")
    form.get_by_label("Licence").fill("CC0")
    form.get_by_label("Source").fill("drawn for a test")
    form.get_by_label("Laboratory or device").fill("drawing")
    form.get_by_role("button", name="Upload and import").click()
    page.get_by_text("SHA-256 of the manifest").wait_for(timeout=60_000)
    expect(page.get_by_role("row", name=re.compile("^All"))).to_contain_text("40")


def train(page):
    """Order a head on the shipped base, see it end, and return the version that came out."""
    page.goto("/models/training/")
    page.get_by_label("Drawn cells, version 1: 40 cells").check()
    page.get_by_label("Starting point").select_option("shipped")
    page.get_by_label("Recipe").select_option("head")
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Epochs at most").fill("2")
    page.get_by_role("button", name="Start").click()
    made = page.locator(".note.good a")
    made.wait_for(timeout=90_000)
    expect(page.locator(".curves figure")).to_have_count(2)
    version = made.inner_text().split()[-1]
    made.click()
    return version


def run_gate(page):
    """Run the gate until both models are measured."""
    end = time.monotonic() + 60
    while page.locator(".criteria").count() == 0:
        assert time.monotonic() < end, "The models were not measured in time."
        page.wait_for_timeout(500)
        page.get_by_role("button", name="Run the gate").click()
        page.wait_for_load_state()


def read_by(technician, name, version):
    """Upload a smear, and see which model has read it."""
    upload(technician, smear(name))
    expect(row(technician, name)).to_have_attribute("data-state", "done", timeout=30_000)
    expect(row(technician, name)).to_contain_text(f"Pre-classified by model {version}")


@pytest.mark.timeout(300)
def test_an_admin_leads_a_model_from_pictures_to_active_and_back(open_page):
    page, technician = open_page("admin"), open_page("technician")
    page.goto("/models/")
    shipped = page.locator("tr", has=page.locator(".here.good")).locator("a.opens").inner_text()
    import_cells(page)
    version = train(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Model {version}")
    # The training itself has ordered the evaluation.
    expect(page.locator(".measured")).to_contain_text("Drawn cells 1")

    run_gate(page)
    expect(page.get_by_text("The gate is not passed.")).to_be_visible()
    recall = page.locator(".criteria tr", has_text="Recall NEU")
    expect(recall).to_contain_text("not proven at this n")
    expect(page.get_by_role("button", name="Ask a second person")).to_have_count(0)
    read_by(technician, "before.jpg", shipped)

    page.get_by_text("Override in writing").click()
    page.get_by_label("Why, in your own words").fill(REASON)
    page.get_by_role("button", name="Make active by override").click()
    expect(page.locator(".note.bad")).to_contain_text(REASON)
    read_by(technician, "override.jpg", version)

    page.get_by_role("link", name="All models").click()
    page.get_by_role("button", name=f"Roll back to {shipped}").click()
    expect(page.locator("tr", has=page.locator(".here.good"))).to_contain_text(shipped)
    read_by(technician, "after.jpg", shipped)
