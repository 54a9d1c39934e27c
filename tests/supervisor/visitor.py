"""A technician who uses a running portal from outside, by its pages."""

import os
import re
import subprocess

import httpx

from tests.supervisor.portal import ROOT

PASSWORD = "thirteen-green-lamps"
EMAIL = "technician@example.org"


def hidden(page):
    """Return the form's protection token."""
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]


class Visitor(httpx.Client):
    """A browser without scripts: it keeps cookies, follows redirects and sends forms with their token."""

    def __init__(self, base_url, **options):
        super().__init__(base_url=base_url, timeout=60, follow_redirects=True, **options)

    def fill(self, path, data, **more):
        """Open the page of a form and send the form."""
        page = self.get(path)
        assert page.status_code == 200, page.text
        headers = {"Referer": str(page.url)}
        return self.post(path, data={**data, "csrfmiddlewaretoken": hidden(page)}, headers=headers, **more)

    def set_password(self, link):
        done = self.fill(link, {"new_password1": PASSWORD, "new_password2": PASSWORD})
        assert "Your password is set" in done.text, done.text

    def sign_in(self):
        return self.fill("/accounts/login/", {"login": EMAIL, "password": PASSWORD})

    def upload(self, content, name="smear.jpg"):
        """Upload one image and return the answer."""
        return self.fill("/upload/", {}, files={"files": (name, content, "image/jpeg")})


def new_technician(var):
    """Make the technician in the running portal and return the path of the one-time link."""
    done = subprocess.run(
        [ROOT / "script" / "manage", "create_person", EMAIL, "--name", "L. Ortega"],
        env={"PATH": os.environ["PATH"], "HV_VAR": str(var)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip().splitlines()[-1]
