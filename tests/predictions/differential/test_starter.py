"""What a laboratory starts with fits together: ranges and limits name classes of the starter catalogue."""

import importlib

from predictions.differential.critical_checks import check_limits
from predictions.differential.range_checks import check_ranges
from predictions.differential.starter import STARTER_LIMITS, STARTER_RANGES

CATALOGUE = importlib.import_module("predictions.migrations.0003_catalogue").STARTER
NAMES = {code: name for code, name, *_ in CATALOGUE}


def test_the_starter_ranges_have_no_fault():
    assert check_ranges(STARTER_RANGES, NAMES) == []


def test_the_starter_limits_have_no_fault():
    assert check_limits(STARTER_LIMITS, NAMES) == []
