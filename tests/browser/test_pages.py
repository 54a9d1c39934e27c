"""What every page owes to everybody: no accessibility violation in either theme, refusals that explain."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.test_image_line import row, smear, upload

pytestmark = [pytest.mark.browser, pytest.mark.processes]

PAGES = [
    (None, "/accounts/login/"),
    (None, "/accounts/password/reset/"),
    (None, "/verify/"),
    (None, "/api/v1/docs/"),
    ("technician", "/samples/"),
    ("technician", "/samples/?state=all&flag=unidentified"),
    ("technician", "/samples/?state=cancelled"),
    ("technician", "/trends/"),
    ("doctor", "/trends/?days=30"),
    ("technician", "/samples/new/"),
    ("technician", "/upload/"),
    ("technician", "/fields/"),
    ("technician", "field"),
    ("technician", "/accounts/password/change/"),
    ("technician", "/accounts/"),
    ("technician", "/accounts/2fa/app/"),
    ("technician", "/accounts/2fa/passkeys/add/"),
    ("technician", "/accounts/2fa/recovery-codes/new/"),
    ("technician", "/samples/emergency/"),
    ("doctor", "/accounts/reauthenticate/"),
    ("technician", "/models/"),
    ("doctor", "model"),
    ("doctor", "/fields/?label=platelet&mine=on"),
    ("doctor", "/upload/"),
    ("doctor", "/fields/00000000-0000-0000-0000-000000000000/"),
    ("doctor", "/samples/?state=signed"),
    ("admin", "/laboratory/rules/"),
    ("admin", "/laboratory/catalogue/"),
    ("admin", "/dashboard/"),
    ("admin", "/people/"),
    ("admin", "/people/new/"),
    ("admin", "/audit/"),
]


@pytest.fixture(scope="package")
def field(browser, portal, sessions):
    """The address of a field that has a result."""
    context = browser.new_context(base_url=portal.address, storage_state=sessions["technician"])
    page = context.new_page()
    upload(page, smear("field.jpg", ["neutrophil", "monocyte"]))
    expect(row(page, "field.jpg")).to_have_attribute("data-state", "done", timeout=30_000)
    address = page.get_by_role("link", name="Open the field").get_attribute("href")
    context.close()
    return address


@pytest.fixture(scope="package")
def model(browser, portal, sessions):
    """The address of the active model."""
    context = browser.new_context(base_url=portal.address, storage_state=sessions["doctor"])
    page = context.new_page()
    page.goto("/models/")
    address = page.locator("a.opens").first.get_attribute("href")
    context.close()
    return address


# Until nothing moves that ever stops: colours halfway between two themes have contrasts of neither.
STILL = """Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished))"""


def violations(page):
    """What axe finds, as short lines."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['target']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("role", "address"), PAGES, ids=[f"{role}-{page}" for role, page in PAGES])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(open_page, field, model, role, address):
    page = open_page(role, width=360, dark=True, refusals=True)
    page.goto({"field": field, "model": model}.get(address, address))
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    for width, theme in ((360, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=theme)
        page.evaluate(STILL)
        assert violations(page) == [], (width, theme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, theme)


def test_a_doctor_is_told_why_uploading_is_not_for_them(open_page):
    page = open_page("doctor", refusals=True)
    page.goto("/upload/")
    expect(page.get_by_text("Your role, doctor, may not upload.")).to_be_visible()
    expect(page.get_by_role("navigation").get_by_role("link", name="Upload")).to_have_count(0)


def test_the_theme_can_be_chosen_and_stays(open_page):
    page = open_page("doctor")
    page.goto("/fields/")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name=re.compile("A. Rahman")).click()
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    assert page.evaluate(background) == dark


def test_the_keyboard_reaches_the_content_and_shows_where_it_is(open_page):
    page = open_page("technician")
    page.goto("/fields/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    ring = """() => {
        const shadow = (part) => getComputedStyle(document.activeElement, part).boxShadow;
        return shadow(null) !== "none" || shadow("::after") !== "none";
    }"""
    for _step in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(ring), page.evaluate("document.activeElement.outerHTML")
