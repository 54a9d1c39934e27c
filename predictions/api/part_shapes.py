"""The JSON of fields, cells, counts, events and reports in lists; and what is said of a cell."""

from __future__ import annotations

from rest_framework import serializers

from predictions.api import strict
from predictions.api.shapes import Box
from predictions.differential.counts import SmudgePolicy
from predictions.differential.ranges import Flag as Side
from predictions.differential.ranges import Quantity
from predictions.models import EventKind, Flag
from predictions.states import Failure, JobState

LARGEST_KEY = 2**63 - 1


class Link(serializers.CharField):
    """An address without the host."""


class FieldLinks(serializers.Serializer):
    """``self`` has the cells."""

    image = Link()

    def get_fields(self) -> dict[str, serializers.Field]:
        """Add ``self``, which Python's classes use otherwise."""
        return {"self": Link(), **super().get_fields()}


class FieldLine(serializers.Serializer):
    """A field in a list."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=JobState.choices)
    sample = serializers.UUIDField(allow_null=True)
    single = serializers.BooleanField()
    width = serializers.IntegerField(min_value=1)
    height = serializers.IntegerField(min_value=1)
    failure = serializers.ChoiceField(choices=Failure.choices, allow_null=True)
    site = serializers.UUIDField()
    created_by = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    links = FieldLinks()


class FieldPage(serializers.Serializer):
    """A page of fields."""

    results = FieldLine(many=True)
    next = Link(allow_null=True)


class FieldQuery(serializers.Serializer):
    """What the list of fields is asked for."""

    state = serializers.ChoiceField(required=False, choices=JobState.choices)
    sample = serializers.UUIDField(required=False)
    site = serializers.UUIDField(required=False)
    created_by = serializers.UUIDField(required=False)
    created_after = serializers.DateTimeField(required=False, help_text="Counts in.")
    created_before = serializers.DateTimeField(required=False, help_text="Does not count in.")


class CellLinks(serializers.Serializer):
    """Where the cell's field is, and where to say something of the cell."""

    field = Link()
    reviews = Link()


class CellStanding(serializers.Serializer):
    """A cell as it stands: what the model said, and what holds now."""

    id = serializers.UUIDField()
    field = serializers.UUIDField()
    number = serializers.IntegerField(min_value=1, help_text="Within its field, the most certain first.")
    box = Box()
    predicted_label = serializers.CharField(help_text="The most probable class, even if it abstained.")
    confidence = serializers.FloatField(min_value=0, max_value=100, help_text="In percent.")
    probabilities = serializers.DictField(child=serializers.FloatField(min_value=0, max_value=1))
    abstained = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)
    code = serializers.CharField(
        allow_null=True, help_text="The class that counts; null while nobody has identified the cell."
    )
    by_person = serializers.BooleanField(help_text="Whether a person's word holds.")
    changed = serializers.BooleanField(help_text="Whether a person called it something else than the model.")
    seen = serializers.IntegerField(min_value=0, help_text="Names the last word; a review sends it back.")
    reviewed_by = serializers.CharField(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)
    links = CellLinks()


class CellPage(serializers.Serializer):
    """A page of cells."""

    results = CellStanding(many=True)
    next = Link(allow_null=True)


class ReviewFacts(serializers.Serializer):
    """A person's word on a cell."""

    code = strict.Words(
        allow_null=True, max_length=32, help_text="A class of the catalogue; null confirms what holds now."
    )
    seen = strict.Whole(
        min_value=0,
        max_value=LARGEST_KEY,
        help_text="As the cell told it: who has not seen the last word does not overwrite it.",
    )


class UsualRange(serializers.Serializer):
    """A reference range; both limits still count as usual."""

    quantity = serializers.ChoiceField(choices=[one.value for one in Quantity])
    low = serializers.FloatField()
    high = serializers.FloatField()


class DifferentialRow(serializers.Serializer):
    """One class of leukocytes, with exact 95 % intervals (Clopper-Pearson) of the counting error."""

    code = serializers.CharField()
    name = serializers.CharField()
    count = serializers.IntegerField(min_value=0)
    percent = serializers.FloatField(allow_null=True)
    percent_low = serializers.FloatField(allow_null=True)
    percent_high = serializers.FloatField(allow_null=True)
    absolute = serializers.FloatField(allow_null=True, help_text="x 10^9/L; null without a WBC count.")
    absolute_low = serializers.FloatField(allow_null=True)
    absolute_high = serializers.FloatField(allow_null=True)
    range = UsualRange(allow_null=True)
    flag = serializers.ChoiceField(choices=[one.value for one in Side], allow_blank=True)
    certain = serializers.BooleanField(
        allow_null=True, help_text="Whether the whole interval lies on that side; null without a range."
    )


class CriticalTold(serializers.Serializer):
    """A critical value, and who took note of it."""

    key = serializers.CharField()
    sentence = serializers.CharField()
    noted_by = serializers.CharField(allow_null=True)
    noted_at = serializers.DateTimeField(allow_null=True)


class DifferentialAnswer(serializers.Serializer):
    """The count of a sample as it stands, not what was signed."""

    sample = serializers.UUIDField()
    revision = serializers.IntegerField(min_value=0)
    target = serializers.IntegerField(min_value=1)
    counted = serializers.IntegerField(min_value=0, help_text="Leukocytes with a class: the denominator.")
    rows = DifferentialRow(many=True)
    unidentified = serializers.IntegerField(min_value=0)
    nrbc = serializers.IntegerField(min_value=0)
    nrbc_per_100 = serializers.FloatField(allow_null=True)
    wbc = serializers.FloatField(allow_null=True)
    corrected_wbc = serializers.FloatField(allow_null=True)
    smudges = serializers.IntegerField(min_value=0)
    smudge_policy = serializers.ChoiceField(choices=[one.value for one in SmudgePolicy])
    platelets = serializers.IntegerField(min_value=0)
    artefacts = serializers.IntegerField(min_value=0)
    flags = serializers.ListField(child=serializers.ChoiceField(choices=Flag.choices))
    criticals = CriticalTold(many=True)
    blocks = serializers.ListField(child=serializers.CharField(), help_text="What hinders signing.")
    notes = serializers.ListField(child=serializers.CharField())
    rules_version = serializers.IntegerField(allow_null=True)
    model_versions = serializers.ListField(child=serializers.CharField())


class EventTold(serializers.Serializer):
    """Something that happened to a sample, at the revision that it made."""

    revision = serializers.IntegerField(min_value=1)
    kind = serializers.ChoiceField(choices=EventKind.choices)
    at = serializers.DateTimeField()
    by = serializers.CharField(allow_null=True, help_text="null is the portal itself.")
    detail = serializers.DictField()


class EventPage(serializers.Serializer):
    """A page of events."""

    results = EventTold(many=True)
    next = Link(allow_null=True)


class ReportLinks(serializers.Serializer):
    """Where the report is, as JSON, as file, and as FHIR Bundle."""

    pdf = Link()
    fhir = Link()

    def get_fields(self) -> dict[str, serializers.Field]:
        """Add ``self``, which Python's classes use otherwise."""
        return {"self": Link(), **super().get_fields()}


class ReportLine(serializers.Serializer):
    """A signed version of a report."""

    id = serializers.UUIDField()
    sample = serializers.UUIDField()
    version = serializers.IntegerField(min_value=1)
    superseded = serializers.BooleanField(help_text="Whether there is a later version.")
    reason = serializers.CharField(allow_blank=True, help_text="Why it replaces the version before.")
    signed_by = serializers.CharField()
    signed_at = serializers.DateTimeField()
    code = serializers.CharField(help_text="By which a printed report is verified.")
    sha256 = serializers.CharField(help_text="Of the PDF.")
    links = ReportLinks()


class ReportPage(serializers.Serializer):
    """A page of reports."""

    results = ReportLine(many=True)
    next = Link(allow_null=True)


class ReportAnswer(ReportLine):
    """A signed version with its content."""

    content = serializers.DictField(help_text="Everything that is printed, frozen at signing.")
