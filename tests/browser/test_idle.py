"""The warning before a session ends: it comes in time, extends in all tabs, and loses nothing."""

import signal

import pytest
from playwright.sync_api import expect

from tests.browser.people import become_first_admin, sign_in
from tests.browser.test_pages import violations
from tests.supervisor.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def impatient(browser, tmp_path):
    """A portal that signs out after a minute without use, so that it warns after half of it."""
    portal = Portal(tmp_path / "var", SESSION_IDLE_MINUTES="1")
    context = None
    try:
        words = portal.start()
        context = browser.new_context(base_url=f"http://127.0.0.1:{portal.port}")
        page = context.new_page()
        become_first_admin(page, words)
        sign_in(page, "admin")
        yield context
    finally:
        if context:
            context.close()
        portal.stop(signal.SIGTERM)


def test_a_page_warns_extends_in_every_tab_and_keeps_what_was_typed(impatient):
    one, two = impatient.pages[0], impatient.new_page()
    two.goto("/people/")
    # It renews itself every ten seconds, which keeps nobody signed in.
    impatient.new_page().goto("/dashboard/")
    one.goto("/people/new/")
    one.get_by_label("Name", exact=True).fill("Half a name")
    warnings = [page.get_by_role("alertdialog") for page in (one, two)]
    for warning in warnings:
        expect(warning).to_be_visible(timeout=40_000)
        expect(warning).to_contain_text("less than a minute")
    assert violations(one) == []

    one.get_by_role("button", name="Stay signed in").click()

    for warning in warnings:
        expect(warning).to_be_hidden()
    expect(one.get_by_label("Name", exact=True)).to_have_value("Half a name")

    # Nobody answers the next one.
    expect(warnings[1]).to_contain_text("less than a minute", timeout=40_000)
    expect(warnings[1]).to_contain_text("You are signed out", timeout=60_000)
    expect(warnings[0]).to_contain_text("You are signed out", timeout=20_000)
    one.get_by_role("button", name="Close").click()
    expect(one.get_by_label("Name", exact=True)).to_have_value("Half a name")
    one.reload()
    one.get_by_role("heading", name="Sign in").wait_for()
