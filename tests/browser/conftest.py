"""Fixtures: a portal, a browser, people who are signed in, pages that may not complain."""

import signal

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.people import become_first_admin, create, sign_in
from tests.supervisor.portal import Portal

# What a browser itself writes to its console when a request is refused, as some tests want it to be.
REFUSED = "the server responded with a status of"
# And what it and htmx write when there is no line.
CUT = ("net::ERR_INTERNET_DISCONNECTED", "htmx:afterRequest", "htmx:sendError")


# Playwright keeps an event loop in the thread, and where one runs Django refuses its database to the tests
# that follow. So all of this ends with the package and not with the session.


@pytest.fixture(scope="package")
def browser(chromium):
    """The Chromium of this machine."""
    with sync_playwright() as play, play.chromium.launch(executable_path=chromium) as one:
        yield one


@pytest.fixture(scope="package")
def portal(browser, tmp_path_factory):
    """A portal of its own; the browser is asked for first, so that nothing starts where there is none."""
    # A short lease, so that a test which kills a worker need not wait a minute.
    # People stay signed in over all tests, so their sign-in proves who they are for as long.
    facts = {"JOB_LEASE_SECONDS": "15", "REAUTHENTICATION_MINUTES": "600"}
    one = Portal(tmp_path_factory.mktemp("browser") / "var", **facts)
    try:
        one.words = one.start()
        one.address = f"http://127.0.0.1:{one.port}"
        yield one
    finally:
        one.stop(signal.SIGTERM)


@pytest.fixture(scope="package")
def sessions(browser, portal):
    """Role -> the cookies of someone signed in with it."""
    context = browser.new_context(base_url=portal.address)
    admin = context.new_page()
    become_first_admin(admin, portal.words)
    sign_in(admin, "admin")
    cookies = {"admin": context.storage_state()}
    for role, name in (("technician", "L. Ortega"), ("doctor", "A. Rahman")):
        other = browser.new_context(base_url=portal.address)
        page = other.new_page()
        create(admin, page, role, name)
        sign_in(page, role)
        cookies[role] = other.storage_state()
        other.close()
    context.close()
    return cookies


@pytest.fixture
def open_page(browser, portal, sessions):
    """Open a page as a role, or signed out; nothing may be thrown or blocked (CSP) on it."""
    contexts, complaints = [], []

    def open_page(role=None, *, width=1280, dark=False, script=True, refusals=False):
        context = browser.new_context(
            base_url=portal.address,
            storage_state=sessions.get(role),
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))

        def listen(message):
            expected = refusals and any(words in message.text for words in (REFUSED, *CUT))
            if message.type in {"error", "warning"} and not expected:
                complaints.append(message.text)

        page.on("console", listen)
        contexts.append(context)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
