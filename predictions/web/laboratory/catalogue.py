"""The pages of the catalogue: what people may call a cell."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.origin import Origin
from mlcore.registry.selectors import active_version
from predictions.errors import CatalogueRefused
from predictions.models import CellType
from predictions.services import cell_type_add, cell_type_change
from predictions.services.catalogue import FACTS, TAKEN_KEYS, fingerprint, key_fault


class CellTypeForm(forms.ModelForm):
    """A type of the catalogue; ``seen`` is what the page showed, so that nobody overwrites another."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        """Everything but the code, which reviews hold."""

        model = CellType
        fields = FACTS
        widgets: ClassVar[dict[str, Any]] = {"key": forms.TextInput(attrs={"autocomplete": "off"})}
        help_texts: ClassVar[dict[str, Any]] = {
            "short": gettext_lazy("Up to 8 letters: it stands wherever there is little room."),
            "key": format_lazy(
                gettext_lazy("A letter or digit that names a cell in the gallery; {keys} are taken."),
                keys=" ".join(TAKEN_KEYS),
            ),
            "counts_as": gettext_lazy("Only leukocytes are in the denominator."),
            "position": gettext_lazy("Small numbers come first."),
            "active": gettext_lazy("What is not in use cannot be given any more; cells keep it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        if self.instance.pk:
            self.initial["seen"] = fingerprint(self.instance)

    def clean_key(self) -> str:
        """Say in words what the database would refuse."""
        key = str(self.cleaned_data["key"])
        if fault := key_fault(self.instance.pk, key):
            raise ValidationError(fault)
        return key


@require_GET
@requires(Capability.VIEW_RESULTS)
def page(request: HttpRequest) -> HttpResponse:
    """List the catalogue."""
    version = active_version()
    context = {"types": CellType.objects.all(), "known": set(version.labels) if version else set()}
    return render(request, "predictions/laboratory/catalogue.html", context)


@require_http_methods(["GET", "POST"])
@requires(Capability.EDIT_RULES)
def new(request: HttpRequest) -> HttpResponse:
    """Add a type."""
    form = CellTypeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        try:
            kind = cell_type_add(actor=signed_in(request), origin=Origin.of(request), facts=facts)
        except (ValidationError, CatalogueRefused) as problem:
            return _form(request, _refused(form, problem))
        messages.success(request, _("%(name)s was added.") % {"name": kind.name})
        return redirect("laboratory_catalogue")
    return _form(request, form)


@require_http_methods(["GET", "POST"])
@requires(Capability.EDIT_RULES)
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a type."""
    kind = get_object_or_404(CellType, pk=code)
    # The form writes what was typed into the type, which is to be called as it was.
    name = kind.name
    form = CellTypeForm(request.POST if request.method == "POST" else None, instance=kind)
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        who, origin = signed_in(request), Origin.of(request)
        try:
            changed = cell_type_change(actor=who, origin=origin, code=code, seen=facts["seen"], facts=facts)
        except (ValidationError, CatalogueRefused) as problem:
            return _form(request, _refused(form, problem), code, name)
        messages.success(request, _("%(name)s was saved.") % {"name": changed.name})
        return redirect("laboratory_catalogue")
    return _form(request, form, code, name)


def _refused(form: CellTypeForm, problem: ValidationError | CatalogueRefused) -> CellTypeForm:
    """Return the form with what the service refused."""
    form.add_error(None, problem if isinstance(problem, ValidationError) else str(problem.message))
    return form


def _form(request: HttpRequest, form: CellTypeForm, code: str = "", name: str = "") -> HttpResponse:
    context = {"form": form, "code": code, "name": name}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "predictions/laboratory/cell_type.html", context, status=status)
