"""The JSON of samples: what is taken of one, what is told of one, and what the list is asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Final

from rest_framework import serializers

from predictions.api import strict
from predictions.models import Flag, Sample
from predictions.models.samples import TARGETS, AgeUnit, Sex
from predictions.services.samples import FACTS
from predictions.states import SampleState

# As scanners and people type it: small letters become capitals.
ACCESSION: Final = r"^[A-Za-z0-9][A-Za-z0-9./-]{1,30}[A-Za-z0-9]$"
LARGEST_AGE: Final = 32767
HIGHEST_COUNT: Final = Decimal("99999.99")


class Accession(strict.Text):
    """The number of a sample, in capitals."""

    form: ClassVar[dict[str, Any]] = {"pattern": ACCESSION}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=3, max_length=32, trim_whitespace=False, **kwargs)
        self.validators.append(serializers.RegexField(ACCESSION).validators[-1])

    def to_internal_value(self, data: Any) -> str:
        """Return it in capitals."""
        return str(super().to_internal_value(data)).upper()


def _words(most: int, about: str = "") -> strict.Text:
    return strict.Text(required=False, allow_blank=True, max_length=most, help_text=about)


class SampleFacts(serializers.Serializer):
    """What a person gives of a sample; a reference of the patient, never a name."""

    accession = Accession()
    patient_reference = _words(64, "A pseudonym that the laboratory can resolve.")
    sex = strict.Choice(required=False, choices=Sex.choices)
    age_value = strict.Whole(required=False, allow_null=True, min_value=0, max_value=LARGEST_AGE)
    age_unit = strict.Choice(required=False, choices=AgeUnit.choices)
    instrument = _words(80)
    stain = _words(80)
    wbc = strict.Number(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=HIGHEST_COUNT,
        max_digits=7,
        decimal_places=2,
        coerce_to_string=False,
        help_text="From the analyser, x 10^9/L.",
    )
    collected_at = strict.Moment(required=False, allow_null=True)
    received_at = strict.Moment(required=False)
    requester = _words(80)
    note = _words(2000)
    target = strict.Choice(required=False, choices=[(count, str(count)) for count in TARGETS])
    training_opt_out = strict.Yes(required=False)


LINKS: Final = ("self", "fields", "cells", "differential", "reports", "events", "submit", "page")


class SampleLinks(serializers.Serializer):
    """Where the rest of a sample is; ``page`` is for people."""

    def get_fields(self) -> dict[str, serializers.Field]:
        """Some of the names mean something else in Python's classes."""
        return {name: serializers.CharField() for name in LINKS}


class SampleAnswer(serializers.ModelSerializer):
    """A sample as it stands."""

    wbc = serializers.FloatField(allow_null=True)
    site = serializers.UUIDField(source="site_id")
    created_by = serializers.UUIDField(source="created_by_id")
    flags = serializers.ListField(child=serializers.ChoiceField(choices=Flag.choices))
    links = SampleLinks()

    class Meta:
        """All that is not its cells."""

        model = Sample
        fields = (
            *("id", *FACTS, "state", "revision", "flags"),
            *("site", "created_by", "created_at", "links"),
        )

    def get_fields(self) -> dict[str, serializers.Field]:
        """Add how many fields it has, under a name that serializers use themselves; everything is told."""
        told = {**super().get_fields(), "fields": serializers.IntegerField(min_value=0)}
        for field in told.values():
            field.required = True
        return told


class SamplePage(serializers.Serializer):
    """A page of the list."""

    results = SampleAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class SampleQuery(serializers.Serializer):
    """What the list of samples is asked for."""

    state = serializers.ChoiceField(required=False, choices=SampleState.choices)
    flag = serializers.ChoiceField(required=False, choices=Flag.choices)
    site = serializers.UUIDField(required=False)
    created_by = serializers.UUIDField(required=False)
    received_after = serializers.DateTimeField(required=False, help_text="Counts in.")
    received_before = serializers.DateTimeField(required=False, help_text="Does not count in.")

    def get_fields(self) -> dict[str, serializers.Field]:
        """Add ``class``, which is a word of Python."""
        about = "Code of a class of which it holds a cell."
        kind = serializers.SlugField(required=False, max_length=32, source="kind", help_text=about)
        return {**super().get_fields(), "class": kind}


class SampleNames(serializers.Serializer):
    """By what a sample is searched: both have to fit where both are given, and without either none does."""

    accession = Accession(required=False)
    patient_reference = strict.Words(required=False, max_length=64)
