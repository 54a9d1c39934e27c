"""The open worklist in a browser: it renews itself and leaves the focus alone; n opens what comes next."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.processes]

SOON = 30_000


def register(page, number):
    """Register a sample by the form, as a colleague would; stay on its page."""
    page.goto("/samples/new/")
    page.get_by_label("Accession number").fill(number)
    page.get_by_role("button", name=re.compile("Register|Save")).click()
    page.wait_for_url(re.compile(r"/samples/[0-9a-f-]{36}/"))


def test_what_a_colleague_registers_arrives_without_a_reload(open_page):
    colleague, page = open_page("technician"), open_page("technician")
    register(colleague, "HV-LIVE-1")
    page.goto("/samples/")
    page.evaluate("window.untouched = true")
    page.get_by_role("link", name="HV-LIVE-1").focus()
    waiting = page.locator("#states .chip b").first
    before = int(waiting.inner_text())
    register(colleague, "HV-LIVE-2")
    expect(page.get_by_role("link", name="HV-LIVE-2")).to_be_visible(timeout=SOON)
    expect(waiting).to_have_text(str(before + 1))
    expect(page.locator("#news")).to_have_text("1 sample new")
    expect(page.get_by_role("link", name="HV-LIVE-1")).to_be_focused()
    assert page.evaluate("window.untouched")
    stamp = page.locator(".sample-row", has_text="HV-LIVE-2").locator("time")
    assert stamp.get_attribute("data-local") is None


def test_a_portal_that_cannot_be_reached_is_said_and_found_again(open_page):
    page = open_page("technician", refusals=True)
    page.goto("/samples/")
    page.route("**/samples/live/**", lambda route: route.fulfill(status=503))
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("#lost")).to_be_visible(timeout=SOON)
    page.unroute("**/samples/live/**")
    expect(page.locator("#lost")).to_be_hidden(timeout=SOON)


def test_a_quiet_list_asks_seldom_and_never_while_it_is_hidden(open_page):
    page = open_page("technician")
    page.clock.install()
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/samples/live/" in request.url else None)
    page.goto("/samples/")
    for _second in range(60):
        page.clock.run_for(1000)
        page.wait_for_timeout(20)
    first = len(asked)
    for _second in range(300):
        page.clock.run_for(1000)
        page.wait_for_timeout(5)
    assert 3 <= first <= 12
    assert len(asked) - first <= 20
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(1000)
    page.wait_for_timeout(200)
    hidden = len(asked)
    page.clock.run_for(600_000)
    page.wait_for_timeout(200)
    assert len(asked) == hidden


def test_keys_go_from_sample_to_sample(open_page):
    page = open_page("technician")
    register(page, "HV-KEYS-1")
    register(page, "HV-KEYS-2")
    page.goto("/samples/?state=receiving")
    rows = page.locator(".sample-row .opens")
    first = rows.first.get_attribute("href")
    assert first.endswith("?state=receiving")
    page.keyboard.press("j")
    expect(rows.first).to_be_focused()
    page.keyboard.press("n")
    page.wait_for_url(re.compile(re.escape(first) + "$"))
    following = page.locator("[data-next]").get_attribute("href")
    page.locator("#gallery[tabindex]").wait_for()
    page.keyboard.press("n")
    page.wait_for_url(re.compile(re.escape(following) + "$"))
    page.goto("/samples/")
    page.locator("[name=text]").focus()
    page.keyboard.type("n")
    expect(page.locator("[name=text]")).to_have_value("n")
