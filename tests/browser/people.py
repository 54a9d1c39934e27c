"""How the people of the tests come to their accounts: by the pages, as in a laboratory."""

import re

PASSWORD = "thirteen-green-lamps"
ADDRESS = "{role}@example.org"
FIRST_ADMIN = re.compile(r"http://127\.0\.0\.1:\d+(/welcome/\S+/)")


def become_first_admin(page, words):
    """Follow the one-time link that the terminal showed."""
    page.goto(FIRST_ADMIN.search(words).group(1))
    page.get_by_label("E-mail").fill(ADDRESS.format(role="admin"))
    page.get_by_label("Your name").fill("R. Haddad")
    page.get_by_label("Name of your laboratory").fill("Central laboratory")
    set_password(page)


def set_password(page):
    """Type the password twice."""
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    page.get_by_text("Your password is set").wait_for()


def sign_in(page, role):
    """Sign in and arrive on the first page of the role."""
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(ADDRESS.format(role=role))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("navigation", name="Main").wait_for()


def create(admin, page, role, name, address=None):
    """Let the admin create a person, who then sets a password by the link."""
    admin.goto("/people/new/")
    admin.get_by_label("E-mail").fill(address or ADDRESS.format(role=role))
    admin.get_by_label("Name", exact=True).fill(name)
    admin.get_by_label("Role").select_option(role)
    admin.get_by_label("Site", exact=True).select_option(index=1)
    admin.get_by_role("button", name="Create and show the link").click()
    page.goto(admin.get_by_label("Link").input_value())
    set_password(page)
