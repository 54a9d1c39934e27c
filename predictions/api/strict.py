"""Values of JSON as they were meant: a number in quotes is no number, and nothing is guessed.

The framework's own fields take what forms send, where everything is text. A program that sends another kind
than the description names has a fault, and is told.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty


class _Strict(serializers.Field):
    kinds: tuple[type, ...] = ()
    default_error_messages: ClassVar[dict[str, Any]] = {"kind": _("This is another kind of JSON value.")}

    def run_validation(self, data: Any = empty) -> Any:
        """Refuse another kind of JSON before it is converted; ``True`` is no number here."""
        if data is not empty and data is not None and type(data) not in self.kinds:
            self.fail("kind")
        return super().run_validation(data)


class Text(_Strict, serializers.CharField):
    """A string; ``form`` is what the description says of it. PostgreSQL keeps no zero."""

    kinds = (str,)
    # Not as a pattern: the generator adds to one that the text may be empty, which then fits twice.
    form: ClassVar[dict[str, Any]] = {"not": {"pattern": r"\x00"}}


class Words(Text):
    """A string with something in it beside spaces."""

    form: ClassVar[dict[str, Any]] = {"pattern": r"^[^\x00]*\S[^\x00]*$"}


class Choice(_Strict, serializers.ChoiceField):
    """One of some strings or whole numbers."""

    kinds = (str, int)

    def to_internal_value(self, data: Any) -> Any:
        """Refuse the string of a number among numbers, which the framework takes."""
        if data not in self.choices:
            self.fail("invalid_choice", input=data)
        return data


class Whole(_Strict, serializers.IntegerField):
    """A whole number."""

    kinds = (int,)


class Number(_Strict, serializers.DecimalField):
    """A decimal number between limits, told as a number of JSON; rounded to the places that are kept.

    Arithmetic in binary gives 6.3999999999999995 for 6.4, which is no fault of whoever sends it.
    """

    kinds = (int, float)

    def to_internal_value(self, data: Any) -> Any:
        """Read the number."""
        assert self.min_value is not None
        assert self.max_value is not None
        # What is beyond a limit is not rounded into it.
        if float(self.min_value) <= data <= float(self.max_value):
            data = round(data, self.decimal_places)
        return super().to_internal_value(data)


class Yes(_Strict, serializers.BooleanField):
    """Yes or no."""

    kinds = (bool,)


class Moment(_Strict, serializers.DateTimeField):
    """A moment as of RFC 3339; one without an offset is in the portal's time zone."""

    kinds = (str,)
