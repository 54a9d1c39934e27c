"""The JSON of models, data sets, trainings, people and the log."""

from __future__ import annotations

from rest_framework import serializers

from accounts.audit.models import Outcome
from accounts.permissions import Role
from mlcore.registry.models import DataSetOrigin, DataSetState, ModelSource, ModelState, TrainingState

# A field may be called "source": the framework takes fields out of the class, and its own attribute stays.
SHA256 = "^[0-9a-f]{64}$"


class Named(serializers.Serializer):
    """A person or a site."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class ModelLine(serializers.Serializer):
    """A version of the model."""

    id = serializers.UUIDField()
    version = serializers.CharField()
    sha256 = serializers.RegexField(SHA256, help_text="Over the bundle's manifest.")
    labels = serializers.ListField(child=serializers.CharField(), help_text="The classes it knows.")
    state = serializers.ChoiceField(choices=ModelState.choices)
    source = serializers.ChoiceField(choices=ModelSource.choices)  # type: ignore[assignment]  # see above
    registered_at = serializers.DateTimeField()
    registered_by = Named(allow_null=True)
    promoted_at = serializers.DateTimeField(allow_null=True, help_text="When it was made active last.")
    shadowed_at = serializers.DateTimeField(allow_null=True)


class ModelAnswer(ModelLine):
    """A version with its figures and its card."""

    metrics = serializers.DictField(help_text="The evaluation that lies in its bundle.")
    card = serializers.CharField(allow_blank=True, help_text="The model card, in Markdown.")


class DataSetVersionLine(serializers.Serializer):
    """A frozen version of a data set."""

    id = serializers.UUIDField()
    number = serializers.IntegerField(min_value=1)
    sha256 = serializers.RegexField(SHA256, allow_null=True, help_text="Of its manifest, once it is ready.")
    state = serializers.ChoiceField(choices=DataSetState.choices)
    origin = serializers.ChoiceField(choices=DataSetOrigin.choices)
    cells = serializers.IntegerField(min_value=0)
    counts = serializers.DictField(help_text="How many cells, by part and class.")
    failure = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class DataSetAnswer(serializers.Serializer):
    """A data set, its newest version first."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    license = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # see above
    created_at = serializers.DateTimeField()
    created_by = Named()
    versions = DataSetVersionLine(many=True)


class RunAnswer(serializers.Serializer):
    """A training run."""

    id = serializers.UUIDField()
    recipe = serializers.CharField()
    folder = serializers.CharField(source="data", allow_blank=True, help_text="Where it is no data set.")
    options = serializers.DictField(help_text="What was asked for.")
    state = serializers.ChoiceField(choices=TrainingState.choices)
    progress = serializers.DictField(help_text="The last that the training has told.")
    failure = serializers.CharField(allow_blank=True)
    started_by = Named()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    model = serializers.UUIDField(source="result_id", allow_null=True, help_text="The model it has made.")


class PersonAnswer(serializers.Serializer):
    """A person as the page of people lists them."""

    id = serializers.UUIDField()
    email = serializers.CharField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    site = Named()
    active = serializers.BooleanField(source="is_active")
    second_factor = serializers.BooleanField(source="has_factor")
    sessions = serializers.IntegerField(source="session_count", min_value=0)
    seen_at = serializers.DateTimeField(allow_null=True, help_text="Null for never.")
    created_at = serializers.DateTimeField()


class EventAnswer(serializers.Serializer):
    """An event of the log, with what the person was at that time."""

    number = serializers.IntegerField(source="id", min_value=1)
    at = serializers.DateTimeField()
    event = serializers.CharField()
    person = serializers.UUIDField(source="actor_id", allow_null=True)
    email = serializers.CharField(source="actor_email", allow_blank=True)
    role = serializers.CharField(source="actor_role", allow_blank=True)
    subject_type = serializers.CharField(allow_blank=True)
    subject = serializers.CharField(source="subject_id", allow_blank=True)
    site = Named(allow_null=True)
    address = serializers.CharField(allow_blank=True)
    agent = serializers.CharField(allow_blank=True)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    detail = serializers.DictField()
    hash = serializers.RegexField(SHA256)


class TokenLine(serializers.Serializer):
    """A machine token; the token itself is told once, when it is made."""

    id = serializers.UUIDField()
    person = Named()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    made_by = Named()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class TokenMade(TokenLine):
    """A token that was just made."""

    token = serializers.CharField(help_text="hvm_...: keep it; it is not stored and not told again.")
