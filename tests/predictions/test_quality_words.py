"""Every flag that the engine can raise is said in a sentence."""

import inspect
import re

from mlcore.engine import quality
from predictions.vocabulary import QUALITY, quality_text


def test_every_flag_has_a_sentence():
    stops = set(quality.UNUSABLE)
    raised = set(re.findall(r'flags\.append\("(\w+)"|\["(\w+)"\]', inspect.getsource(quality)))
    warnings = {"underexposed", "overexposed", "colour_cast", "faint_stain", "stain_cast", "cells_too_large"}
    assert {"".join(pair) for pair in raised} <= stops | warnings
    assert set(QUALITY) == stops | warnings


def test_a_flag_of_another_bundle_is_shown_as_words():
    assert str(quality_text("upside_down")) == "Upside down"
