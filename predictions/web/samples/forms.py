"""What people type of a sample, and what they ask the worklist for."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from hematovision.core.days import DayField
from predictions.differential.units import Unit
from predictions.models import CellType, Flag, Sample
from predictions.selectors import registrars
from predictions.services.samples import FACTS
from predictions.services.views import KEPT
from predictions.states import SampleState
from predictions.types import ALL_STATES, WorklistFilters
from predictions.web.forms import FilterForm

# May-Grünwald-Giemsa and its relatives; any other may be typed.
STAINS = ("May-Grünwald-Giemsa", "Wright-Giemsa", "Wright", "Leishman", "Giemsa")


class Moment(forms.DateTimeInput):
    """A day and a time, as browsers pick them: without seconds or zone, in the portal's own."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class AccessionField(forms.CharField):
    """A number as scanners and hurried people type it, with small letters and spaces around it."""

    def to_python(self, value: Any) -> str:
        """Return it in capitals, before the model's own check, which knows no others."""
        return str(super().to_python(value)).strip().upper()


class SampleForm(forms.ModelForm):
    """The details of a sample."""

    class Meta:
        """Only what a person gives; a reference, never a name."""

        model = Sample
        fields = FACTS
        field_classes: ClassVar[dict[str, Any]] = {"accession": AccessionField}
        widgets: ClassVar[dict[str, Any]] = {
            "accession": forms.TextInput(
                attrs={"autocomplete": "off", "autocapitalize": "characters", "autofocus": True}
            ),
            "patient_reference": forms.TextInput(attrs={"autocomplete": "off"}),
            "stain": forms.TextInput(attrs={"list": "stains"}),
            "collected_at": Moment(),
            "received_at": Moment(),
            "note": forms.Textarea(attrs={"rows": 3}),
            "wbc": forms.NumberInput(attrs={"step": "0.01", "min": "0", "inputmode": "decimal"}),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "accession": _("Type or scan it; letters become capitals."),
            "patient_reference": _("A pseudonym that the laboratory can resolve. No name."),
            "wbc": _("From the analyser; gives absolute counts."),
            "age_value": _("Reference ranges follow it."),
        }

    def __init__(self, *args: Any, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["wbc"].label = _("WBC, %(unit)s") % {"unit": unit.value}


class WorklistForm(FilterForm):
    """Filters of the worklist. ``text`` is a number of a sample or patient: the page posts it."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("all that wait")), *SampleState.choices, (ALL_STATES, _("all states"))],
    )
    kind = forms.ChoiceField(label=_("Class"), required=False)
    flag = forms.ChoiceField(label=_("Flag"), required=False, choices=[("", _("any or none")), *Flag.choices])
    person = forms.ModelChoiceField(
        User.objects.none(), label=_("Registered by"), required=False, empty_label=_("anybody")
    )
    date_from = DayField(label=_("Received from"))
    date_to = DayField(label=_("to"))
    text = forms.CharField(
        label=_("Accession number or patient reference"), required=False, max_length=64, strip=True
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds, people = self.fields["kind"], self.fields["person"]
        assert isinstance(kinds, forms.ChoiceField)
        assert isinstance(people, forms.ModelChoiceField)
        kinds.choices = [("", _("any class")), *CellType.objects.values_list("code", "name")]
        people.queryset = registrars(user)

    def filters(self) -> WorklistFilters:
        """Return what was asked for; fields with errors do not filter."""
        given = getattr(self, "cleaned_data", {})
        return WorklistFilters(
            state=given.get("state", ""),
            kind=given.get("kind", ""),
            flag=given.get("flag", ""),
            person=given["person"].pk if given.get("person") else None,
            date_from=given.get("date_from"),
            date_to=given.get("date_to"),
            text=given.get("text", "").replace("\0", ""),
        )

    def query(self) -> dict[str, str]:
        """Return the filters that an address may hold, as it holds them; none with errors, never the text."""
        kept = {name: getattr(self, "cleaned_data", {}).get(name) for name in KEPT}
        return {name: str(getattr(value, "pk", value)) for name, value in kept.items() if value}


class ReasonForm(forms.Form):
    """Why a sample is cancelled or returned."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
