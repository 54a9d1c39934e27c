"""The laboratory's own catalogue of what a cell may be called by people; the model knows some of it."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

NOT_A_CELL = "not_a_cell"
# A cell that another field of the sample shows too, where it is counted.
DUPLICATE = "duplicate"


class CountsAs(models.TextChoices):
    """What a cell of a type is to the differential."""

    LEUKOCYTE = "leukocyte", _("leukocyte")
    NRBC = "nrbc", _("nucleated red cell")
    PLATELET = "platelet", _("platelet")
    SMUDGE = "smudge", _("smudge cell")
    ARTEFACT = "artefact", _("no cell")


class Colour(models.TextChoices):
    """The colours, apart for colour-blind people too, by the names that the stylesheet gives them."""

    NEU = "c-neu", _("blue")
    LYM = "c-lym", _("green")
    MON = "c-mon", _("purple")
    EOS = "c-eos", _("orange")
    BAS = "c-bas", _("indigo")
    IG = "c-ig", _("brown")
    ERB = "c-erb", _("red")
    PLT = "c-plt", _("grey")
    OWN = "c-own", _("neutral")


class CellType(models.Model):
    """Something that a person may call a cell.

    ``code`` is the model's label where the model knows the type, and never changes, since reviews hold it.
    ``key`` is the key on the keyboard that gives a cell this type. ``loinc_share`` is the code of
    cells per 100 leukocytes, ``loinc_count`` that of cells per volume of blood.
    """

    code = models.CharField(
        _("code"), max_length=32, primary_key=True, validators=[RegexValidator(r"^[a-z][a-z0-9_]*$")]
    )
    name = models.CharField(_("name"), max_length=60)
    short = models.CharField(_("short name"), max_length=8, unique=True)
    key = models.CharField(_("key"), max_length=1, blank=True, validators=[RegexValidator(r"^[0-9a-z]$")])
    colour = models.CharField(_("colour"), max_length=8, choices=Colour.choices, default=Colour.OWN)
    counts_as = models.CharField(
        _("counts as"), max_length=16, choices=CountsAs.choices, default=CountsAs.LEUKOCYTE
    )
    loinc_share = models.CharField(_("LOINC of the share"), max_length=10, blank=True)
    loinc_count = models.CharField(_("LOINC of the concentration"), max_length=10, blank=True)
    position = models.PositiveSmallIntegerField(_("place"), default=100)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        """A key gives one type only."""

        ordering: ClassVar[list[str]] = ["position", "code"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="cell_type_key_once"),
            models.CheckConstraint(
                condition=Q(counts_as__in=CountsAs.values), name="cell_type_counts_as_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name
