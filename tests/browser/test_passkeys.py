"""Passkeys in a real browser with a virtual authenticator: added, used to sign in, to confirm and to sign."""

import csv
import io
import json
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.people import ADDRESS, PASSWORD, create
from tests.browser.test_day import register, send
from tests.browser.test_image_line import smear
from tests.browser.test_pages import violations

pytestmark = [pytest.mark.browser, pytest.mark.processes]
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="package")
def second_doctor(browser, portal, sessions):
    """A doctor nobody else uses, because what they add is asked for from then on."""
    context = browser.new_context(base_url=portal.address, storage_state=sessions["admin"])
    other = browser.new_context(base_url=portal.address)
    create(context.new_page(), other.new_page(), "doctor", "M. Silva", ADDRESS.format(role="silva"))
    context.close()
    other.close()
    return ADDRESS.format(role="silva")


@pytest.fixture
def desk(browser, portal, second_doctor):
    """A page at a host name: an address of numbers owns no passkeys. It has a device of its own."""
    complaints = []
    context = browser.new_context(base_url=f"http://localhost:{portal.port}")
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.device = context.new_cdp_session(page)
    page.device.send("WebAuthn.enable")
    page.key = page.device.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})["authenticatorId"]
    yield page
    context.close()
    assert complaints == []


def password(page, address):
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(address)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def inside(page):
    page.get_by_role("navigation", name="Main").wait_for()


def sign_out(page):
    page.goto("/accounts/")
    page.get_by_role("button", name="M. Silva").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("heading", name="Sign in").wait_for()


def test_a_passkey_is_added_signs_in_and_signs_a_report(desk, second_doctor, open_page):
    password(desk, second_doctor)
    inside(desk)
    desk.goto("/accounts/")
    desk.get_by_role("link", name="Add a passkey").click()
    assert violations(desk) == []
    desk.get_by_label("Name", exact=True).fill("The ward's laptop")
    desk.get_by_role("button", name="Add a passkey").click()
    expect(desk.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(desk.locator("#recovery-codes li")).to_have_count(10)
    with desk.expect_download() as kept:
        desk.get_by_role("button", name="Save as a file").click()
    assert len(kept.value.path().read_text().split()) == 10
    desk.get_by_role("link", name="I have kept them").click()
    expect(desk.locator(".lines b").get_by_text("The ward's laptop")).to_be_visible()
    expect(desk.get_by_text("Passkey, signs in alone")).to_be_visible()

    # Alone, without the password.
    sign_out(desk)
    desk.get_by_role("button", name="Sign in with a passkey").click()
    inside(desk)

    # As the second factor after the password.
    sign_out(desk)
    password(desk, second_doctor)
    expect(desk.get_by_role("heading", name="Second factor")).to_be_visible()
    assert violations(desk) == []
    desk.get_by_role("button", name="Use a passkey").click()
    inside(desk)

    # A report: sent by a technician, signed by a touch.
    bench = open_page("technician")
    register(bench, "HV-PASSKEY")
    send(bench, [smear(f"{kind}.jpg", [kind]) for kind in ("neutrophil", "lymphocyte")])
    bench.reload()
    bench.get_by_role("button", name="Submit to the doctor").click()
    expect(bench.locator(".messages")).to_contain_text("with the doctor")
    desk.goto(urlsplit(bench.url).path)
    while (note := desk.get_by_role("button", name="I have noted it")).count():
        note.first.click()
        desk.wait_for_load_state()
    desk.locator("#sign-form [name=override]").fill("Two cells are enough to see the touch.")
    refused = desk.locator("#sign-form [data-passkey-told]")
    desk.get_by_role("button", name="Use a passkey").click()
    expect(refused).to_be_hidden()  # The browser itself asks for the tick; nothing was sent.
    desk.locator("#sign-intent").check()
    desk.get_by_role("button", name="Use a passkey").click()
    expect(desk.locator(".messages")).to_contain_text("Version 1 of the report is signed.")

    log = open_page("admin").request.get("/audit/export/?event=report.signed").text()
    rows = csv.DictReader(io.StringIO(log.removeprefix("\ufeff")))
    signed = next(row for row in rows if row["person"] == second_doctor)
    assert json.loads(signed["detail"])["proof"] == "passkey"


def test_a_device_that_does_not_know_the_person_signs_nothing(desk, second_doctor):
    desk.goto("/accounts/login/")
    desk.device.send("WebAuthn.setUserVerified", {"authenticatorId": desk.key, "isUserVerified": False})
    desk.get_by_role("button", name="Sign in with a passkey").click()
    expect(desk.locator("[data-passkey-told]")).to_contain_text("The passkey was not used")
    expect(desk.get_by_role("navigation", name="Main")).to_have_count(0)


def test_an_address_of_numbers_offers_no_passkey(open_page):
    page = open_page()
    page.goto("/accounts/login/")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
