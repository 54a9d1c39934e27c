"""What a person may narrow lists by, and ask the history for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from hematovision.core.days import DayField
from mlcore.registry import selectors as models
from mlcore.registry.models import ModelVersion
from mlcore.web.vocabulary import CLASSES, own_classes
from predictions.selectors import uploaders
from predictions.states import JobState
from predictions.types import HistoryFilters


class FilterForm(forms.Form):
    """What narrows a list; none of it has to be filled in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def given(self) -> list[tuple[str, str]]:
        """Return what was filled in, as hidden inputs carry it to the next page."""
        return [(name, value) for name in self.fields if (value := str(self.data.get(name, "")))]


class HistoryForm(FilterForm):
    """Filters of the history. ``text`` may be patient data: the page posts it, no URL ever holds it."""

    label = forms.ChoiceField(label=_("Class"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("any")), *JobState.choices])
    person = forms.ModelChoiceField(
        User.objects.none(), label=_("Person"), required=False, empty_label=_("anyone")
    )
    read_by = forms.ModelChoiceField(
        ModelVersion.objects.none(), label=_("Read by model"), required=False, empty_label=_("any")
    )
    date_from = DayField(label=_("From"))
    date_to = DayField(label=_("To"))
    mine = forms.BooleanField(label=_("Mine only"), required=False)
    text = forms.CharField(label=_("File name"), required=False, max_length=255, strip=True)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = self.fields["label"]
        assert isinstance(kinds, forms.ChoiceField)
        named = (*CLASSES, *own_classes(models.labels()))
        kinds.choices = [("", _("any")), *((one.label, one.name) for one in named)]
        people = self.fields["person"]
        assert isinstance(people, forms.ModelChoiceField)
        people.queryset = uploaders(user)
        versions = self.fields["read_by"]
        assert isinstance(versions, forms.ModelChoiceField)
        versions.queryset = models.versions()

    def filters(self) -> HistoryFilters:
        """Return what was asked for; fields with errors do not filter."""
        given = getattr(self, "cleaned_data", {})
        person, version = given.get("person"), given.get("read_by")
        return HistoryFilters(
            label=given.get("label", ""),
            date_from=given.get("date_from"),
            date_to=given.get("date_to"),
            person=person.pk if person else None,
            mine=given.get("mine", False),
            text=given.get("text", ""),
            state=given.get("state", ""),
            read_by=version.pk if version else None,
        )
