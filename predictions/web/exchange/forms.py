"""A destination as a form; its secret can be written and never read."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Site
from predictions.errors import DestinationRefused
from predictions.models import Delivery, Destination, Event
from predictions.services.destinations import EVENTS_OF, DestinationFacts

# The tick of each event, by the name of its control.
TICKS: Final = {
    "signed": Event.SIGNED.value,
    "amended": Event.AMENDED.value,
    "analysed": Event.ANALYSED.value,
    "promoted": Event.PROMOTED.value,
}


class DestinationForm(forms.Form):
    """Everything of a destination; ``destination`` is the one that is changed, None for a new one."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Destination.Kind.choices)
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("As your people call that program.")
    )
    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "https://… for a FHIR server or webhook, mllps://host:port/APPLICATION/FACILITY for HL7. What "
            "begins with http:// or mllp:// is not encrypted and reaches only networks that your portal's "
            "operator has named."
        ),
    )
    site = forms.ModelChoiceField(
        Site.objects.order_by("name"),
        label=gettext_lazy("Samples of"),
        required=False,
        empty_label=gettext_lazy("all sites"),
    )
    signed = forms.BooleanField(label=gettext_lazy("A report was signed"), required=False, initial=True)
    amended = forms.BooleanField(label=gettext_lazy("A report was amended"), required=False, initial=True)
    analysed = forms.BooleanField(
        label=gettext_lazy("All images of a sample were read (webhooks only)"), required=False
    )
    promoted = forms.BooleanField(
        label=gettext_lazy("A model was made active (webhooks only)"), required=False
    )
    secret = forms.CharField(
        label=gettext_lazy("Secret"),
        max_length=2000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, destination: Destination | None = None, **kwargs: Any) -> None:
        self.destination = destination
        if destination is not None:
            kwargs["initial"] = {
                **{name: getattr(destination, name) for name in ("kind", "name", "address", "site")},
                **{name: event in destination.events for name, event in TICKS.items()},
            }
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        about = _("A webhook is signed with it, a FHIR server gets it as bearer token; HL7 has none.")
        if destination is not None:
            self.fields["kind"].disabled = True
            kept = _("Leave it empty to keep the present one.") if destination.secret else ""
            about = f"{about} {_('It is never shown again.')} {kept}".strip()
            for name, event in TICKS.items():
                if event not in EVENTS_OF[destination.kind]:
                    del self.fields[name]
        self.fields["secret"].help_text = about
        if destination is not None and destination.kind == Destination.Kind.HL7:
            del self.fields["secret"]

    def facts(self) -> DestinationFacts:
        """Return what a valid form holds."""
        given = self.cleaned_data
        events = tuple(event for name, event in TICKS.items() if given.get(name))
        known = {name: given[name] for name in ("kind", "name", "address", "site")}
        return DestinationFacts(**known, secret=given.get("secret", ""), events=events)

    def refuse(self, refusal: DestinationRefused) -> None:
        """Show at the right control what the service refused."""
        field = "signed" if refusal.field == "events" else refusal.field
        self.add_error(field, str(refusal.message))


class DeliveryFilter(forms.Form):
    """Which deliveries are shown; nothing here names a patient, so it may stand in an address."""

    destination = forms.ModelChoiceField(
        Destination.objects.all(),
        label=gettext_lazy("Destination"),
        required=False,
        empty_label=gettext_lazy("all"),
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[("", gettext_lazy("all")), *Delivery.State.choices],
    )
    event = forms.ChoiceField(
        label=gettext_lazy("Event"),
        required=False,
        choices=[("", gettext_lazy("all")), *(choice for choice in Event.choices if choice[0] != Event.TEST)],
    )

    def narrowing(self) -> dict[str, Any]:
        """Return what to filter by; what cannot be understood does not narrow."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
