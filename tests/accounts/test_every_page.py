"""Every page of an account in every state that people meet: axe finds nothing, nothing scrolls sideways.

With PICTURES=FOLDER in the environment each state is also photographed, at three widths in both themes.
"""

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.utils import timezone
from playwright.sync_api import sync_playwright

from accounts import links, services
from accounts.forgotten import wishes_fulfil
from accounts.models import OneTimeLink
from accounts.tokens import token_create
from accounts.web.limits import BEGUN
from hematovision.core.origin import Origin
from predictions.services import sample_create
from tests.accounts.codes import totp
from tests.accounts.factories import PASSWORD, PersonFactory, SiteFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURES = os.environ.get("PICTURES")
WIDTHS = {360: 780, 768: 1024, 1440: 900}
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def browser(chromium):
    # Playwright's event loop lives in this thread, and Django's guard takes the tests for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as play, play.chromium.launch(executable_path=chromium) as one:
        yield one
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(browser, live_server, settings):
    """Return a function that opens a page as a person or signed out, on a device that makes passkeys.

    The person's session began ``begun`` seconds ago.
    """
    contexts = []

    def visit(person=None, *, begun=0):
        context = browser.new_context(base_url=live_server.url)
        contexts.append(context)
        if person is not None:
            client = Client(REMOTE_ADDR="127.0.0.1")
            client.force_login(person)
            get_user_model().objects.filter(pk=person.pk, first_signed_in_at=None).update(
                first_signed_in_at=timezone.now()
            )
            client.get("/accounts/")
            session = client.session
            session[BEGUN] -= begun
            session.save()
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        device = context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
        return page

    yield visit
    for context in contexts:
        context.close()


def look(page, name, words):
    """Look at the state ``name``, which shows ``words``, in both themes and at three widths."""
    page.get_by_text(words).locator("visible=true").first.wait_for()
    # A size that a script asks for does not wait for style sheets still under way.
    page.wait_for_load_state()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
            # Colours do not hang on the width, nor does the layout on the theme.
            if (width, theme) in {(360, "dark"), (1440, "light")}:
                found = Axe().run(page).response["violations"]
                assert [(one["id"], node["target"]) for one in found for node in one["nodes"]] == [], name
            if PICTURES:
                page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{theme}.png", full_page=True)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).first.click()


def sign_in(page, person, password=PASSWORD):
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(person.email)
    page.locator("[name=password]").fill(password)
    press(page, "Sign in")


def passwords(page, *typed):
    for field, text in zip(page.locator("input[type=password]").all(), typed, strict=True):
        field.fill(text)


def test_signing_in(visit, settings):
    person, gone = PersonFactory(), PersonFactory(deactivated=True)
    page = visit()
    page.goto("/accounts/login/")
    look(page, "signin", "An admin of your laboratory makes the accounts.")
    settings.OIDC_ISSUER, settings.OIDC_NAME = "https://id.example.org", "Hospital account"
    page.reload()
    look(page, "signin-provider", "Sign in with Hospital account")
    settings.OIDC_ISSUER = ""
    sign_in(page, gone)
    look(page, "signin-disabled", "are not correct")
    for _ in range(6):
        sign_in(page, person, "wrong")
    look(page, "signin-locked", "Too many failed")
    page.goto("/accounts/signup/")
    look(page, "signup-closed", "admin")


def test_a_forgotten_password(visit, settings):
    person, page = PersonFactory(), visit()
    page.goto("/accounts/password/reset/")
    look(page, "reset-without-mail", "admin")
    settings.MAIL_ENABLED = True
    page.reload()
    look(page, "reset", "Send the link")
    page.get_by_label("E-mail").fill(person.email)
    press(page, "Send the link")
    look(page, "reset-sent", "Look into your mail")
    wishes_fulfil()
    words = mail.outbox[-1].body.split()
    link = urlsplit(next(word for word in words if "/reset/key/" in word)).path
    page.goto(link)
    passwords(page, "short", "shorter")
    page.locator("form.form button").click()
    look(page, "reset-refused", "New password, once more")
    passwords(page, "nineteen-blue-lamps", "nineteen-blue-lamps")
    page.locator("form.form button").click()
    look(page, "reset-done", "password")
    page.goto(link)
    look(page, "reset-used", "Nothing was changed")
    page.goto("/accounts/password/reset/")
    page.get_by_label("E-mail").fill(person.email)
    press(page, "Send the link")
    wishes_fulfil()
    words = mail.outbox[-1].body.split()
    settings.PASSWORD_RESET_TIMEOUT = -1
    page.goto(urlsplit(next(word for word in words if "/reset/key/" in word)).path)
    look(page, "reset-expired", "Nothing was changed")


def test_an_invitation(visit):
    invited, page = PersonFactory(invited=True), visit()
    link = f"/welcome/{links.link_issue(actor=None, person=invited)}/"
    page.goto(link)
    look(page, "invitation", "Set the password")
    for name, typed in (
        ("short", "tiny"),
        ("common", "qwertyuiop[]"),
        ("number", "8301746205913"),
        ("twice", "lanternlantern"),
    ):
        passwords(page, typed, typed)
        press(page, "Set the password")
        look(page, f"invitation-{name}", "password")
    passwords(page, PASSWORD, PASSWORD)
    press(page, "Set the password")
    look(page, "invitation-done", "Your password is set")
    page.goto(link)
    look(page, "invitation-used", "This link does not work")
    expired = links.link_issue(actor=None, person=invited)
    OneTimeLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    page.goto(f"/welcome/{expired}/")
    look(page, "invitation-expired", "has run out")
    page.goto(f"/welcome/{links.first_admin_link()}/")
    look(page, "first-admin", "Name of your laboratory")


def test_second_factors(visit, settings):
    doctor = PersonFactory(doctor=True, name="A. Rahman")
    page = visit(doctor)
    page.goto("/accounts/")
    look(page, "factor-due", "Your role needs a second factor")
    page.goto("/accounts/2fa/app/")
    page.locator("[name=code]").fill("000000")
    page.locator("form.form button").click()
    look(page, "app-wrong-code", "Incorrect code")
    secret = page.locator(".secret").first.inner_text().replace(" ", "")
    page.locator("[name=code]").fill(totp(secret))
    page.locator("form.form button").click()
    look(page, "recovery-codes", "Recovery codes")
    page.goto("/accounts/2fa/passkeys/add/")
    look(page, "passkey-add", "Add a passkey")
    page.get_by_label("Name", exact=True).fill("The ward's laptop")
    press(page, "Add a passkey")
    page.locator(".lines b").get_by_text("The ward's laptop").wait_for()
    look(page, "account", "Where you are signed in")
    for name, words in (("name", "Name"), ("remove", "emove")):
        page.goto("/accounts/")
        page.locator(f"a[href$='/{name}/']").first.click()
        look(page, f"passkey-{name}", words)
    page.goto("/accounts/2fa/recovery-codes/new/")
    look(page, "recovery-codes-new", "codes")
    page.goto("/accounts/2fa/app/remove/")
    look(page, "app-remove", "app")

    asked = visit()
    sign_in(asked, doctor)
    look(asked, "second-factor", "Second factor")
    asked.locator("[name=code]").fill("000000")
    asked.locator("form.form button").first.click()
    look(asked, "second-factor-wrong", "Incorrect code")

    late = PersonFactory(doctor=True, first_signed_in_at=timezone.now() - timedelta(days=3))
    page = visit(late)
    page.goto("/samples/")
    look(page, "factor-overdue", "then everything opens again")


def test_proof_and_password(visit, settings):
    admin = PersonFactory(admin=True, first_signed_in_at=timezone.now())
    page = visit(admin, begun=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1)
    page.goto("/audit/export/")
    look(page, "proof", "Confirm that it is you")
    passwords(page, "wrong")
    page.locator("form.form button").first.click()
    look(page, "proof-wrong", "password")
    page.goto("/accounts/logout/")
    look(page, "signout", "Sign out of HematoVision")
    page.goto("/accounts/password/change/")
    for name, typed in (
        ("wrong", ("not it", PASSWORD + "1", PASSWORD + "1")),
        ("short", (PASSWORD, "tiny", "tiny")),
        ("common", (PASSWORD, "qwertyuiop[]", "qwertyuiop[]")),
        ("differs", (PASSWORD, "nineteen-blue-lamps", "nineteen-red-lamps")),
    ):
        passwords(page, *typed)
        page.locator("form.form button").click()
        page.locator(".errorlist, .errors").first.wait_for()
        look(page, f"password-{name}", "password")


def test_people(visit, settings):
    site = SiteFactory(name="Central laboratory")
    admin = PersonFactory(admin=True, site=site, name="R. Haddad")
    second = PersonFactory(admin=True, site=site, name="O. Lindqvist")
    gone = PersonFactory(site=site, name="T. Nowak")
    services.person_deactivate(actor=admin, origin=Origin(), person=gone)
    doctor = PersonFactory(doctor=True, site=site, name="A. Rahman")
    token_create(actor=admin, person=doctor, origin=Origin(), name="Analyser 2", scopes=["read"], days=90)
    page = visit(admin)
    page.goto("/people/")
    look(page, "people", "T. Nowak")
    page.goto(f"/people/{gone.pk}/")
    look(page, "person-deactivated", "Reactivate")
    page.goto("/people/new/")
    page.get_by_label("E-mail").fill(doctor.email)
    page.get_by_label("Name", exact=True).fill("New")
    page.get_by_label("Role").select_option("doctor")
    page.get_by_label("Site", exact=True).select_option(index=1)
    press(page, "Create and show the link")
    look(page, "person-new-refused", "Somebody has this address already")
    page.get_by_label("E-mail").fill("new@example.org")
    page.get_by_label("Site", exact=True).select_option(index=1)
    press(page, "Create and show the link")
    look(page, "invitation-link", "It is shown only now")
    settings.MAIL_ENABLED = True
    page.goto(f"/people/{doctor.pk}/")
    look(page, "person", "Analyser 2")
    press(page, "Make a one-time link")
    look(page, "invitation-sent", "was sent to")
    page.goto(f"/people/{doctor.pk}/")
    page.get_by_text("Make a token").click()
    page.get_by_label("Which program").fill("Scanner")
    page.locator("[name=read]").check()
    press(page, "Make and show the token")
    look(page, "token", "only now")

    mine = visit()
    sign_in(mine, doctor)
    mine.get_by_role("navigation", name="Main").wait_for()
    sign_in(visit(), doctor)
    mine.goto("/accounts/")
    look(mine, "account-tokens", "Analyser 2")
    press(mine, "Revoke Analyser 2")
    look(mine, "account-token-revoked", "The token works no more")
    mine.goto("/accounts/2fa/app/")
    mine.locator("[name=code]").fill(totp(mine.locator(".secret").first.inner_text().replace(" ", "")))
    mine.locator("form.form button").click()
    page.goto(f"/people/{doctor.pk}/")
    press(page, "Ask to take them away")
    look(page, "reset-asked", "asks to take them away")
    other = visit(second)
    other.goto("/people/")
    look(other, "people-reset", "asks to take away the second factors")
    other.goto(f"/people/{doctor.pk}/")
    look(other, "reset-to-approve", "Agree and take them away")
    press(other, "Agree and take them away")
    look(other, "reset-approved", "The second factors are taken away")


def test_patients_and_emergencies(visit):
    technician = PersonFactory()
    facts = {"patient_reference": "P-77"}
    for number in range(3):
        sample_create(actor=technician, origin=Origin(), facts={"accession": f"HV-{number}00", **facts})
    page = visit(PersonFactory(admin=True))
    page.goto("/patients/")
    page.get_by_label("Patient reference").fill("nobody")
    press(page, "Show what is held")
    look(page, "patients", "There is no sample with this patient reference")
    page.get_by_label("Patient reference").fill("P-77")
    press(page, "Show what is held")
    look(page, "patient", "Erase it for good")
    page.get_by_label("Type the patient reference again").fill("P-7")
    page.get_by_label("On what ground").fill("Request")
    press(page, "Erase this patient")
    look(page, "patient-refused", "It is not the same")
    page.get_by_label("Type the patient reference again").fill("P-77")
    press(page, "Erase this patient")
    look(page, "patient-erased", "3 samples are erased")
    page = visit(technician)
    page.goto("/samples/emergency/")
    page.get_by_label("Accession number").fill("HV-NONE")
    page.get_by_label("Why you need it").fill("Transfusion tonight, they are closed.")
    press(page, "Open the sample")
    look(page, "emergency", "There is no sample with this number")
    facts = {"accession": "HV-ELSEWHERE"}
    sample_create(actor=PersonFactory(), origin=Origin(), facts=facts)
    page.get_by_label("Accession number").fill("HV-ELSEWHERE")
    press(page, "Open the sample")
    look(page, "emergency-open", "HV-ELSEWHERE")
    page = visit(PersonFactory(admin=True))
    page.goto("/dashboard/")
    look(page, "emergency-told", "Transfusion tonight")


def test_refusals(visit, monkeypatch, settings):
    page = visit(PersonFactory())
    page.goto("/nothing/")
    look(page, "404", "Nothing here")
    page.goto("/people/")
    look(page, "403", "may not manage people")
    page.goto("/verify/")
    for _ in range(30):
        Client().post("/verify/", {"code": "x"})
    page.locator("[name=code]").fill("ABCD")
    page.locator("form button.primary").click()
    look(page, "429", "Wait a minute")

    def broken(*_args, **_options):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("accounts.web.account.tokens_of", broken)
    page.goto("/accounts/")
    look(page, "500", "Something broke")
    monkeypatch.undo()
    page = visit(PersonFactory(), begun=settings.SESSION_COOKIE_AGE - 90)
    page.goto("/accounts/")
    look(page, "idle", "Are you still there?")
