"""What another site can make a browser do: nothing; and no session outlives the change of who it is."""

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from accounts.models import PasswordWish, User
from accounts.web import signin
from accounts.web import urls as people
from tests.accounts.factories import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db
FACTS = {
    "uidb36": "1",
    "key": "set-password",
    "provider_id": "oidc",
    "pk": 1,
    "token": "x",
    "person_id": "00000000-0000-0000-0000-000000000000",
}
ROUTES = [one for one in (*signin.urlpatterns, *people.urlpatterns) if isinstance(one, URLPattern)]


@pytest.mark.parametrize("route", ROUTES, ids=lambda one: one.name)
def test_no_other_site_sends_a_form_for_somebody(route):
    """Refused before anything is looked at, or a page that takes no form at all."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(PersonFactory(admin=True))
    before = User.objects.values_list("password", "is_active", "role").get()
    arguments = {name: FACTS[name] for name in route.pattern.regex.groupindex}
    answer = browser.post(reverse(route.name, kwargs=arguments), {"action": "deactivate"})
    assert answer.status_code in {403, 405}
    assert browser.session["_auth_user_id"]
    assert User.objects.values_list("password", "is_active", "role").get() == before


def test_a_session_that_somebody_else_has_planted_is_left_at_the_sign_in(client):
    """And the CSRF token with it; the cookie is for no script and for no other site."""
    person = PersonFactory()
    client.get("/accounts/oidc/oidc/login/callback/?state=x")
    session = client.session
    session["planted"] = "yes"
    session.save()
    planted = session.session_key
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    cookie = client.cookies["sessionid"]
    assert cookie.value != planted
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    thief = Client()
    thief.cookies.load({"sessionid": planted})
    assert thief.get("/accounts/").status_code == 302


def test_a_page_of_an_account_is_kept_by_nobody_and_framed_by_nobody(client):
    client.force_login(PersonFactory())
    for address in ("/accounts/", "/accounts/login/", "/accounts/2fa/app/", "/accounts/password/change/"):
        answer = client.get(address)
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("host", ["evil.example", "testserver@evil.example", "testserver:80@evil.example"])
def test_no_mail_leads_to_a_host_that_a_stranger_names(client, settings, host):
    settings.MAIL_ENABLED = True
    form = {"email": PersonFactory().email}
    assert client.post("/accounts/password/reset/", form, HTTP_HOST=host).status_code == 400
    client.post("/accounts/password/reset/", form, HTTP_X_FORWARDED_HOST=host)
    assert PasswordWish.objects.get().portal == "http://testserver/"
