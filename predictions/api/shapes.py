"""The JSON of the API's answers, as its description tells programs; tests hold real answers against it."""

from __future__ import annotations

from rest_framework import serializers

from predictions.states import Failure, JobState


class Box(serializers.ListField):
    """``[x0, y0, x1, y1]`` in pixels of the stored image, without its right and lower edge."""

    child = serializers.IntegerField(min_value=0)

    def __init__(self) -> None:
        super().__init__(min_length=4, max_length=4, allow_null=True)


class CellAnswer(serializers.Serializer):
    """What the model says about one cell."""

    predicted_label = serializers.CharField(allow_null=True)
    confidence = serializers.FloatField(allow_null=True, min_value=0, max_value=100, help_text="In percent.")
    probabilities = serializers.DictField(
        child=serializers.FloatField(min_value=0, max_value=1), help_text="By class; their sum is one."
    )
    box = Box()
    abstained = serializers.BooleanField(
        help_text="The model is not sure enough; do not use the label as an answer."
    )
    reason = serializers.CharField(
        allow_blank=True, help_text="Why it abstained, why there is no label, or empty."
    )


class FieldAnswer(CellAnswer):
    """How a field stands; what is said of a cell at the top is about the most certain leukocyte."""

    id = serializers.UUIDField()
    sample = serializers.UUIDField(allow_null=True, help_text="The sample that it is of, if of any.")
    state = serializers.ChoiceField(choices=JobState.choices)
    quality = serializers.ListField(
        child=serializers.CharField(), help_text="What may spoil the reading, such as too_dark."
    )
    cells = serializers.IntegerField(min_value=0)
    found = CellAnswer(many=True, help_text="Every cell, the most certain first.")
    image_path = serializers.CharField()
    width = serializers.IntegerField(min_value=1)
    height = serializers.IntegerField(min_value=1)
    model_version = serializers.CharField(allow_null=True)
    model_sha256 = serializers.RegexField("^[0-9a-f]{64}$", allow_null=True)
    failure = serializers.ChoiceField(choices=Failure.choices, allow_null=True)
    duplicate_of = serializers.UUIDField(
        allow_null=True, help_text="An earlier upload of the same bytes that you may see."
    )
    status_url = serializers.CharField()


class Problem(serializers.Serializer):
    """Why a request was refused, as of RFC 9457: the code for programs, the sentence for people."""

    type = serializers.CharField(help_text="Always about:blank: the code says which error it is.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField(min_value=400, max_value=599)
    detail = serializers.CharField(help_text="What happened, what was kept, what to do: for people.")
    code = serializers.CharField(help_text="A stable name for programs.")
