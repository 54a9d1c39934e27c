"""What programs may ask for: filters of lists, and what a new token is to be."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, TypeVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import MachineToken, User
from accounts.permissions import Role
from mlcore.registry.models import ModelState, TrainingState

EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
LONGEST_DAYS: Final = 365
Asked = TypeVar("Asked", bound=serializers.Serializer)


class Day(serializers.DateField):
    """A day; one beyond all events is brought near, where date arithmetic is safe and the answer the same."""

    def to_internal_value(self, value: Any) -> date:
        """Read the day."""
        return min(max(super().to_internal_value(value), EARLIEST), LATEST)


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": 60, "pattern": r"^[^\x00]*\S[^\x00]*$"})
class Name(serializers.CharField):
    """A name, as text and with something in it; a number is none."""

    def to_internal_value(self, data: Any) -> str:
        """Read the name."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number, as a number and not as text."""

    def to_internal_value(self, data: Any) -> int:
        """Read the number."""
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


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
    name = Name(max_length=60, help_text="Which program or device.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=MachineToken.Scope.choices), min_length=1, max_length=20
    )
    days = Whole(min_value=1, max_value=LONGEST_DAYS, help_text="How long it works.")


def filters(request: Request, kind: type[Asked]) -> dict[str, Any]:
    """Return the filters of the address.

    Raises:
        ValidationError: one of them means nothing.
    """
    # As a plain dictionary: of a form an empty value would count as none given.
    asked = kind(data=request.query_params.dict())
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)
