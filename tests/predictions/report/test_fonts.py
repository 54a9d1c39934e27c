"""What the fonts can show is shown, what could deceive is left out, what they lack is marked as lacking."""

import pytest

from hematovision.core.fonts import families, fonts, printable
from tests.predictions.report.examples import NAMES


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_of_all_scripts_stay_as_they_are(name):
    assert printable(name) == name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb\u202cc", "abc"),
        ("a\x00\x1bb", "ab"),
        ("a\r\nb\tc", "a\nb c"),
        ("e\u0301", "é"),
        ("ok 😀", "ok \ufffd"),
        ("\ud800", "\ufffd"),
        ("क्\u200dष", "क्\u200dष"),
        ("邉\U000e0100", "邉\U000e0100"),
        ("א\u093f", "א"),
        ("", ""),
    ],
)
def test_what_is_shown_of_a_text(text, shown):
    assert printable(text) == shown


def test_every_family_that_is_asked_for_is_installed():
    installed = set(fonts().families())
    for language in ("en", "ja", "ko", "zh-hans", "zh-hant", "zh-HK"):
        assert set(families(language)) <= installed


def test_han_is_written_as_in_the_language_of_the_report():
    last = {language: families(language)[-1] for language in ("en", "ja", "ko", "zh-hant")}
    assert [name[-2:] for name in last.values()] == ["SC", "JP", "KR", "TC"]
