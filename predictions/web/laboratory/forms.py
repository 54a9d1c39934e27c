"""The laboratory's rules as forms: a row for each range and limit, and how the laboratory counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from predictions.differential.counts import SmudgePolicy
from predictions.differential.criticals import CriticalLimit, CriticalQuantity
from predictions.differential.ranges import Quantity, ReferenceRange, Sex
from predictions.differential.units import Unit
from predictions.models import CellType, CountsAs
from predictions.models.samples import TARGETS
from predictions.selectors import RulesInForce
from predictions.web.laboratory.ages import AgeField

# More rows than any laboratory needs, and fewer values than Django takes in one request.
MOST_RANGES: Final = 80
MOST_LIMITS: Final = 30

CONCENTRATION: Final = gettext_lazy("concentration")
QUANTITIES: Final = {Quantity.PERCENT: "%", Quantity.ABSOLUTE: CONCENTRATION}
LIMITED: Final = {
    CriticalQuantity.ABSOLUTE: CONCENTRATION,
    CriticalQuantity.PERCENT: "%",
    CriticalQuantity.ANY: gettext_lazy("a single cell"),
}
SEXES: Final = {
    Sex.ANY: gettext_lazy("any"),
    Sex.FEMALE: gettext_lazy("female"),
    Sex.MALE: gettext_lazy("male"),
}
SMUDGES: Final = {
    SmudgePolicy.APART: gettext_lazy("left out of the count"),
    SmudgePolicy.AS_LYMPHOCYTES: gettext_lazy("counted as lymphocytes"),
}


class _Row(forms.Form):
    """One row of a table; only classes of leukocytes have shares and concentrations."""

    code = forms.ChoiceField(label=gettext_lazy("Class"))

    def __init__(self, *args: Any, types: Sequence[CellType], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.types = types
        code = self.fields["code"]
        assert isinstance(code, forms.ChoiceField)
        code.choices = [("", "–"), *((kind.code, kind.name) for kind in types)]


class RangeForm(_Row):
    """One reference range."""

    quantity = forms.ChoiceField(
        label=gettext_lazy("Range of the"), choices=list(QUANTITIES.items()), initial=Quantity.PERCENT
    )
    sex = forms.ChoiceField(
        label=gettext_lazy("Sex"), choices=list(SEXES.items()), initial=Sex.ANY, required=False
    )
    from_days = AgeField(label=gettext_lazy("From age"), required=False)
    to_days = AgeField(label=gettext_lazy("Up to age"), required=False)
    low = forms.FloatField(label=gettext_lazy("Low"))
    high = forms.FloatField(label=gettext_lazy("High"))
    source = forms.CharField(label=gettext_lazy("Where it comes from"), max_length=120)

    def found(self) -> ReferenceRange:
        """Return the range that a valid form holds."""
        given = self.cleaned_data
        return ReferenceRange(
            code=given["code"],
            quantity=Quantity(given["quantity"]),
            sex=Sex(given["sex"]),
            from_days=given["from_days"] or 0.0,
            to_days=given["to_days"],
            low=given["low"],
            high=given["high"],
            source=given["source"],
        )


class LimitForm(_Row):
    """One critical limit; further classes are typed by their short names."""

    also = forms.CharField(label=gettext_lazy("Together with"), max_length=80, required=False)
    quantity = forms.ChoiceField(
        label=gettext_lazy("Critical is"), choices=list(LIMITED.items()), initial=CriticalQuantity.ABSOLUTE
    )
    low = forms.FloatField(label=gettext_lazy("Below"), required=False)
    high = forms.FloatField(label=gettext_lazy("Above"), required=False)

    def clean_also(self) -> tuple[str, ...]:
        """Return the codes of the classes that were named."""
        codes = {kind.short.casefold(): kind.code for kind in self.types}
        typed = [part.strip() for part in self.cleaned_data["also"].split(",") if part.strip()]
        unknown = [part for part in typed if part.casefold() not in codes]
        if unknown:
            told = _("No class of leukocytes has the short name %(names)s.")
            raise ValidationError(told % {"names": ", ".join(unknown)})
        return tuple(codes[part.casefold()] for part in typed)

    def found(self) -> CriticalLimit:
        """Return the limit that a valid form holds."""
        given = self.cleaned_data
        quantity = CriticalQuantity(given["quantity"])
        return CriticalLimit(given["code"], quantity, given["low"], given["high"], given["also"])


class CountingForm(forms.Form):
    """How the laboratory counts, and why the rules change; ``edited`` is the version that was shown."""

    edited = forms.IntegerField(required=False, widget=forms.HiddenInput)
    smudge_policy = forms.ChoiceField(label=gettext_lazy("Smudge cells are"), choices=list(SMUDGES.items()))
    delta_points = forms.FloatField(
        label=gettext_lazy("Limit for a change, percentage points"),
        required=False,
        help_text=gettext_lazy(
            "Against the patient's previous sample. Empty: what is more than counting error, at p < 0.05."
        ),
    )
    target = forms.TypedChoiceField(
        label=gettext_lazy("Leukocytes to count in a new sample"),
        choices=[(count, str(count)) for count in TARGETS],
        coerce=int,
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Concentrations are written in"),
        choices=[(unit.value, unit.value) for unit in Unit],
        help_text=gettext_lazy("All are 10⁹ cells a litre: no number changes with it."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why the rules change"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Everybody who sees results can read it in the history."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""


class _Rows(forms.BaseFormSet):
    """Rows of which each control says to screen readers what and which row it is."""

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        for field in form.fields.values():
            told = {"label": field.label, "n": (index or 0) + 1}
            field.widget.attrs["aria-label"] = _("%(label)s, row %(n)d") % told


_RangeRows = forms.formset_factory(
    RangeForm, _Rows, extra=4, can_delete=True, max_num=MOST_RANGES, absolute_max=MOST_RANGES
)
_LimitRows = forms.formset_factory(
    LimitForm, _Rows, extra=2, can_delete=True, max_num=MOST_LIMITS, absolute_max=MOST_LIMITS
)


class RulesForms:
    """All forms of the page: filled from the rules in force, or with what was posted."""

    def __init__(self, in_force: RulesInForce, types: Iterable[CellType], posted: QueryDict | None) -> None:
        leukocytes = [kind for kind in types if kind.counts_as == CountsAs.LEUKOCYTE]
        more = {"types": leukocytes}
        shorts = {kind.code: kind.short for kind in leukocytes}
        ranges = [] if posted is not None else [_range_shown(each) for each in in_force.ranges]
        limits = [] if posted is not None else [_limit_shown(each, shorts) for each in in_force.limits]
        self.ranges = _RangeRows(posted, prefix="ranges", initial=ranges, form_kwargs=more)
        self.limits = _LimitRows(posted, prefix="limits", initial=limits, form_kwargs=more)
        self.counting = CountingForm(
            posted,
            initial={
                "edited": in_force.version,
                "smudge_policy": in_force.smudge_policy,
                "delta_points": _plain(in_force.delta_points),
                "target": in_force.target,
                "unit": in_force.unit,
            },
        )

    def valid(self) -> bool:
        """Check every form, so that everything that is wrong is said at once."""
        return all([self.ranges.is_valid(), self.limits.is_valid(), self.counting.is_valid()])

    def found(self) -> RulesInForce:
        """Return the rules that valid forms hold, with the version that the page showed."""
        given = self.counting.cleaned_data
        return RulesInForce(
            ranges=_found(self.ranges),
            limits=_found(self.limits),
            smudge_policy=SmudgePolicy(given["smudge_policy"]),
            delta_points=given["delta_points"],
            target=given["target"],
            unit=Unit(given["unit"]),
            version=given["edited"],
        )


def _found(rows: forms.BaseFormSet) -> tuple[Any, ...]:
    """Return what valid rows hold, without the empty and the deleted ones."""
    return tuple(row.found() for row in rows.forms if row.cleaned_data and not row.cleaned_data.get("DELETE"))


def _range_shown(each: ReferenceRange) -> dict[str, object]:
    shown = {name: getattr(each, name) for name in ("code", "quantity", "sex", "to_days", "source")}
    born = {"from_days": each.from_days or None}
    return {**shown, **born, "low": _plain(each.low), "high": _plain(each.high)}


def _limit_shown(each: CriticalLimit, shorts: dict[str, str]) -> dict[str, object]:
    also = ", ".join(shorts.get(code, code) for code in each.also)
    shown = {"code": each.code, "quantity": each.quantity, "also": also}
    return {**shown, "low": _plain(each.low), "high": _plain(each.high)}


def _plain(value: float | None) -> float | int | None:
    """Return 2.0 as 2, which is how people write it."""
    return int(value) if value is not None and value.is_integer() else value
