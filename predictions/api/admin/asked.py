"""What programs may ask for: filters of lists, and what a new token is to be."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from rest_framework import serializers

from accounts.models import MachineToken, User
from accounts.permissions import Role
from mlcore.registry.models import ModelState, TrainingState
from predictions.api import strict

EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
LONGEST_DAYS: Final = 365


class Day(serializers.DateField):
    """A day; one beyond all events is brought near, where date arithmetic is safe and the answer the same."""

    def to_internal_value(self, value: Any) -> date:
        """Read the day."""
        return min(max(super().to_internal_value(value), EARLIEST), LATEST)


class ModelFilters(serializers.Serializer):
    """Which models."""

    state = serializers.ChoiceField(choices=ModelState.choices, required=False)


class RunFilters(serializers.Serializer):
    """Which training runs."""

    state = serializers.ChoiceField(choices=TrainingState.choices, required=False)


class PeopleFilters(serializers.Serializer):
    """Which people."""

    role = serializers.ChoiceField(choices=Role.choices, required=False)
    state = serializers.ChoiceField(
        choices=["active", "invited", "deactivated"],
        required=False,
        help_text="invited: nobody has set a password yet.",
    )
    without_factor = serializers.BooleanField(default=False)


class EventFilters(serializers.Serializer):
    """Which events."""

    event = serializers.CharField(max_length=64, required=False, help_text="Such as report.signed.")
    person = serializers.UUIDField(required=False, help_text="Who did it.")
    subject = serializers.CharField(max_length=64, required=False, help_text="The key of an object.")
    date_from = Day(required=False, help_text="Whole days in the portal's time zone.")
    date_to = Day(required=False)


class TokenFilters(serializers.Serializer):
    """Whose tokens."""

    person = serializers.UUIDField(required=False)


class TokenOrder(serializers.Serializer):
    """A token that is to be made."""

    person = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.all(),
        pk_field=serializers.UUIDField(),
        help_text="As whom it acts: within its scopes, and never beyond the person's role.",
    )
    name = strict.Words(max_length=60, help_text="Which program or device.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=MachineToken.Scope.choices), min_length=1, max_length=20
    )
    days = strict.Whole(min_value=1, max_value=LONGEST_DAYS, help_text="How long it works.")
