"""A cell that two overlapping fields show: marked, led to, compared and decided, in a real browser."""

import itertools
import re
import uuid

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from predictions.synthetic import draw_overlapping

pytestmark = [pytest.mark.browser, pytest.mark.processes]
# Another drawing each time: the portal asks before it takes pictures that it has already.
seeds = itertools.count(3)
# Whether signed samples hold cells to compare with depends on the tests that had this portal before.
ANSWER = re.compile("There is none yet|Most alike first")
LABELS = ("neutrophil", "neutrophil", "neutrophil", "neutrophil")


@pytest.fixture
def sample(open_page):
    """The address of a sample with two overlapping fields, which the worker has read and compared."""
    page = open_page("technician")
    page.goto("/samples/new/")
    page.locator("[name=accession]").fill(f"HV-{uuid.uuid4().hex[:10].upper()}")
    page.get_by_role("button", name="Register and add images").click()
    fields = draw_overlapping(next(seeds), labels=LABELS)
    page.locator("#files").set_input_files(
        [
            {"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": field.encoded()}
            for number, field in enumerate(fields)
        ]
    )
    page.locator("#send").click()
    # The marks come by themselves, a moment after the cells.
    expect(page.locator(".cell.again").first).to_be_attached(timeout=60_000)
    expect(page.locator("#panel [data-jump]").first).to_be_visible(timeout=15_000)
    return page.url


def violations(page):
    found = Axe().run(page, context="#gallery, #panel").response["violations"]
    return [f"{one['id']}: {node['target']}" for one in found for node in one["nodes"]]


def compare(page, sample):
    """Open the first suggestion by the panel; return its cell, wherever it goes, and the dialog."""
    page.goto(sample)
    jump = page.locator("#panel [data-jump]").first
    jump.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".pair figure")).to_have_count(2)
    return page.locator(f'[data-cell="{jump.get_attribute("data-jump")}"]'), dialog


def test_the_same_cell_is_counted_once_and_undo_brings_the_question_back(open_page, sample):
    page = open_page("technician")
    cell, dialog = compare(page, sample)
    many = page.locator("#panel [data-jump]").count()
    expect(cell).to_have_accessible_name(re.compile("may be counted already"))
    expect(cell.locator(".twice")).to_have_text("seen twice?")
    expect(dialog.locator("[data-whose]").first).to_have_text(re.compile(r"Cell \d+"))
    dialog.get_by_role("button", name="Same cell: count once").click()
    expect(cell).to_have_attribute("data-code", "duplicate")
    expect(page.locator("#panel [data-jump]")).to_have_count(many - 1)
    page.keyboard.press("u")
    expect(cell).not_to_have_attribute("data-code", "duplicate")
    page.keyboard.press("Escape")
    expect(cell.locator(".twice")).to_be_visible()
    expect(page.locator("#panel [data-jump]")).to_have_count(many)


def test_two_cells_keep_their_class_and_others_that_are_selected_stay_as_they_are(open_page, sample):
    page = open_page("technician")
    cell, dialog = compare(page, sample)
    code = cell.get_attribute("data-code")
    assert code, "the model names a drawn neutrophil"
    dialog.get_by_role("button", name="Two cells").click()
    expect(cell).to_have_class(re.compile("confirmed"))
    expect(cell).to_have_attribute("data-code", code)
    expect(cell.locator(".twice")).to_be_hidden()
    assert page.locator(".cell.confirmed").count() == 1


def test_similar_cells_are_loaded_when_asked_for(open_page, sample):
    page = open_page("technician")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/similar/" in request.url else None)
    cell, dialog = compare(page, sample)
    assert asked == []
    dialog.get_by_text("Similar verified cells").click()
    expect(dialog.locator(".found")).to_contain_text(ANSWER)
    # It stays open for the next cell, or for the one before where this is the last.
    order = page.locator(".group .cell").evaluate_all("all => all.map((one) => one.dataset.cell)")
    last = order[-1] == cell.get_attribute("data-cell")
    with page.expect_request("**/similar/"):
        page.keyboard.press("ArrowLeft" if last else "ArrowRight")
    expect(dialog.locator(".found")).to_contain_text(ANSWER)
    assert len(asked) == 2


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1280, False)], ids=["360-dark", "1280-light"])
def test_axe_finds_nothing_in_the_marks_and_the_comparison(open_page, sample, width, dark):
    page = open_page("technician", width=width, dark=dark)
    page.goto(sample)
    expect(page.locator(".cell.again").first).to_be_attached()
    assert violations(page) == []
    _cell, dialog = compare(page, sample)
    dialog.get_by_text("Similar verified cells").click()
    expect(dialog.locator(".found")).to_contain_text(ANSWER)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
