"""Ranges and limits to start from. A laboratory confirms or replaces each before it signs with them."""

from __future__ import annotations

from typing import Final

from predictions.differential.age import Age, AgeUnit
from predictions.differential.criticals import CriticalLimit, CriticalQuantity
from predictions.differential.ranges import Quantity, ReferenceRange, Sex

# Bain BJ, Bates I, Laffan MA (eds.). Dacie and Lewis Practical Haematology, 12th ed. Elsevier 2017, ch. 2.
# Oxford University Hospitals report the same concentrations (doi 10.3389/fphar.2020.00314, table 6).
# The share of basophils stands there as "<1-2 %", which is no upper limit, and is left out.
ADULT_SOURCE: Final = "Dacie and Lewis, Practical Haematology, 12th ed. 2017"
# https://www.healthcare.uiowa.edu/path_handbook/appendix/heme/pediatric_normals.html, manual differential.
# Given there per mm3. Only the two classes that change most with age are taken over.
CHILD_SOURCE: Final = "University of Iowa, Pathology Handbook, Pediatric Reference Ranges"

ADULT: Final = Age(18, AgeUnit.YEARS).days
ADULTS: Final = (
    ("neutrophil", Quantity.ABSOLUTE, 2.0, 7.0),
    ("neutrophil", Quantity.PERCENT, 40.0, 80.0),
    ("lymphocyte", Quantity.ABSOLUTE, 1.0, 3.0),
    ("lymphocyte", Quantity.PERCENT, 20.0, 40.0),
    ("monocyte", Quantity.ABSOLUTE, 0.2, 1.0),
    ("monocyte", Quantity.PERCENT, 2.0, 10.0),
    ("eosinophil", Quantity.ABSOLUTE, 0.02, 0.5),
    ("eosinophil", Quantity.PERCENT, 1.0, 6.0),
    ("basophil", Quantity.ABSOLUTE, 0.02, 0.1),
)
# Class, from and to which age, lower and upper limit x 10^9/L.
CHILDREN: Final = (
    ("neutrophil", Age(0, AgeUnit.DAYS), Age(1, AgeUnit.MONTHS), 1.0, 20.0),
    ("neutrophil", Age(1, AgeUnit.MONTHS), Age(3, AgeUnit.MONTHS), 1.0, 9.0),
    ("neutrophil", Age(3, AgeUnit.MONTHS), Age(6, AgeUnit.MONTHS), 1.0, 8.5),
    ("neutrophil", Age(6, AgeUnit.MONTHS), Age(5, AgeUnit.YEARS), 1.5, 8.5),
    ("neutrophil", Age(5, AgeUnit.YEARS), Age(18, AgeUnit.YEARS), 1.7, 7.5),
    ("lymphocyte", Age(0, AgeUnit.DAYS), Age(1, AgeUnit.MONTHS), 2.0, 11.0),
    ("lymphocyte", Age(1, AgeUnit.MONTHS), Age(3, AgeUnit.MONTHS), 2.5, 16.5),
    ("lymphocyte", Age(3, AgeUnit.MONTHS), Age(6, AgeUnit.MONTHS), 4.0, 13.5),
    ("lymphocyte", Age(6, AgeUnit.MONTHS), Age(1, AgeUnit.YEARS), 4.0, 10.5),
    ("lymphocyte", Age(1, AgeUnit.YEARS), Age(2, AgeUnit.YEARS), 3.0, 9.5),
    ("lymphocyte", Age(2, AgeUnit.YEARS), Age(5, AgeUnit.YEARS), 2.0, 8.0),
    ("lymphocyte", Age(5, AgeUnit.YEARS), Age(18, AgeUnit.YEARS), 1.25, 7.0),
)

STARTER_RANGES: Final = (
    *(
        ReferenceRange(code, quantity, Sex.ANY, ADULT, None, low, high, ADULT_SOURCE)
        for code, quantity, low, high in ADULTS
    ),
    *(
        ReferenceRange(code, Quantity.ABSOLUTE, Sex.ANY, start.days, end.days, low, high, CHILD_SOURCE)
        for code, start, end, low, high in CHILDREN
    ),
)

# Band forms are neutrophils too: the absolute neutrophil count is of both.
STARTER_LIMITS: Final = (
    CriticalLimit("neutrophil", CriticalQuantity.ABSOLUTE, low=0.5, high=None, also=("band_neutrophil",)),
    CriticalLimit("blast", CriticalQuantity.ANY, low=None, high=None),
)
