"""What a password is worth once the parts that anybody would guess are taken away.

Django's own rules know length, digits and lists of passwords that have been stolen elsewhere. They let pass
what is long only because it repeats something short, runs along the keyboard, or says who and where one is.
Words from one's surroundings are to be refused by NIST SP 800-63B-4, section 3.1.1.2; so they are here.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import Any, Final

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User

PRODUCT: Final = "hematovision"
# Fewer characters than this, beside what is guessed first, are tried out in seconds.
LEAST_LEFT: Final = 6
# What is repeated must do as a password alone.
LEAST_UNIT: Final = 12
LEAST_WORD: Final = 3
DIVIDERS: Final = frozenset(" .-_@")
LEAST_RUN: Final = 4
ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
)
# Neighbours, forwards and backwards, and each character beside itself.
STEPS: Final = frozenset(pair for row in ROWS for line in (row, row[::-1]) for pair in pairwise(line))


class GuessableValidator:
    """Refuses repetitions, plain sequences, and passwords that are mainly a known name or a common word."""

    def __init__(self) -> None:
        self._common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse a password that is worth little once its guessable parts are gone.

        Args:
            user: whose password it would be, with ``name`` and ``email``; None or anybody else where
                nobody is known yet.

        Raises:
            ValidationError: ``code`` is ``password_repeats``, ``password_sequence``, ``password_known`` or
                ``password_common_word``.
        """
        plain = _plain(password)
        if len(_unit(plain)) < min(len(plain), LEAST_UNIT):
            text = _("This repeats something short. Choose several words that do not belong together.")
            raise ValidationError(text, code="password_repeats")
        if len(_without_runs(plain)) < LEAST_LEFT:
            text = _(
                "This runs along the keyboard, the alphabet or the digits. Choose several words instead."
            )
            raise ValidationError(text, code="password_sequence")
        if len(_without_runs(_without(plain, _known(user)))) < LEAST_LEFT:
            text = _("This is little more than your name, your e-mail address or the name of this portal.")
            raise ValidationError(text, code="password_known")
        if self._is_common(plain):
            text = _("This is a common word with little around it. Choose several words instead.")
            raise ValidationError(text, code="password_common_word")

    def get_help_text(self) -> str:
        """Return the rule as a sentence for people."""
        return _(
            "Your password must not be a repeated word, a sequence, or mainly your name or this portal's."
        )

    def _is_common(self, plain: str) -> bool:
        """Say whether the letters are one word of the list, perhaps repeated, and the rest is short."""
        word = _unit("".join(re.findall(r"[a-z]+", _without_runs(plain))))
        rest = re.sub(r"[a-z]", "", _without_runs(plain))
        return word in self._common and len(rest) < LEAST_LEFT


def _plain(password: str) -> str:
    """Return a password in small letters, without accents and what only divides words."""
    apart = unicodedata.normalize("NFKD", password.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one) and one not in DIVIDERS)


def _unit(text: str) -> str:
    """Return the shortest part of which ``text`` is a repetition, the last one perhaps cut short."""
    sizes = range(1, len(text) // 2 + 1)
    size = next((one for one in sizes if text[one:] == text[:-one]), len(text))
    return text[:size]


def _known(user: Any) -> list[str]:
    """Return the words that anybody who knows the person and the portal would try."""
    told = f"{user.name} {user.email}" if isinstance(user, User) else ""
    return [PRODUCT, *(word for word in map(_plain, re.split(r"[\W_]+", told)) if len(word) >= LEAST_WORD)]


def _without(text: str, words: list[str]) -> str:
    """Return ``text`` without the words, the longest taken out first."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    return text


def _without_runs(text: str) -> str:
    """Return ``text`` without each run of four or more neighbours or equal characters."""
    runs = [""]
    for one in text:
        follows = not runs[-1] or (runs[-1][-1], one) in STEPS or runs[-1][-1] == one
        if follows:
            runs[-1] += one
        else:
            runs.append(one)
    return "".join(run for run in runs if len(run) < LEAST_RUN)
