"""The units that laboratories write concentrations of cells in."""

from __future__ import annotations

from enum import StrEnum


class Unit(StrEnum):
    """A unit of cells in a volume as it is printed after the number.

    All are the same quantity, 10^9 cells a litre, so that changing the unit never changes a number:
    a mistaken factor would be a mistaken patient.
    """

    SI = "×10⁹/L"
    PER_MICROLITRE = "×10³/µL"
    GIGA = "G/L"
