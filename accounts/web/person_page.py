"""The page of one person, as admins see it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.audit.selectors import emergencies_of
from accounts.factors import second_factors
from accounts.models import User
from accounts.resets import open_resets
from accounts.tokens import tokens_of
from accounts.web.access import signed_in
from accounts.web.forms import RoleForm, SiteForm, TokenForm


def person_page(
    request: HttpRequest,
    one: User,
    *,
    role_form: RoleForm | None = None,
    site_form: SiteForm | None = None,
    token_form: TokenForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show ``one`` with everything an admin may do; a refused form comes back as it was filled in."""
    context = {
        "person": one,
        "role_form": role_form or RoleForm(instance=one),
        "site_form": site_form or SiteForm(instance=one),
        "token_form": token_form or TokenForm(),
        "tokens": tokens_of(one),
        "emergencies": emergencies_of(one),
        "factors": second_factors(one).count(),
        "reset": open_resets().filter(person=one).first(),
        "oneself": one.pk == signed_in(request).pk,
    }
    return render(request, "accounts/person.html", context, status=status)


def done(request: HttpRequest, one: User, text: str) -> HttpResponse:
    """Say that an act on ``one`` is done, on the page it was done on."""
    messages.success(request, text)
    return redirect("person", one.pk)
