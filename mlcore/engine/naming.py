"""What a class may be called: the known names first, and any other well-formed name as a class of its own."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from mlcore.engine.contracts import LABELS, NO_CELL
from mlcore.engine.errors import DataError

# The portal's column for a cell's class is this wide.
LONGEST = 32
# "neutrofil" is this like "neutrophil", and "erythrocyte" less like "erythroblast".
SIMILAR = 0.84

# The public sets abbreviate.
_ABBREVIATIONS = {"ig": "immature_granulocyte"}
_LABEL = re.compile(rf"(?=.*[^\W\d_])\w{{2,{LONGEST}}}")


def label_of_folder(name: str) -> str:
    """Return the class that a folder's name stands for, in snake case.

    A known class may be written in capitals, with spaces or hyphens, in the plural or as "IG". Raises
    ``DataError`` for a name that is none, and for one that looks like a slip of the pen in a known one.
    """
    plain = re.sub(r"[ _-]+", "_", unicodedata.normalize("NFKC", name).casefold()).strip("_")
    singular = plain.removesuffix("s")
    for candidate in (plain, singular, _ABBREVIATIONS.get(plain, "")):
        if candidate in LABELS:
            return candidate
    if not is_label(plain):
        raise DataError(
            f"“{printable(name)}” is no name for a class: it takes 2 to {LONGEST} letters, digits, spaces or "
            f"underscores, at least one letter, and not “{NO_CELL}”."
        )
    meant = _meant(singular)
    if meant:
        raise DataError(f"“{printable(name)}” is none of the known classes. Did you mean “{meant}”?")
    return plain


def is_label(name: object) -> bool:
    """Return whether ``name`` can be the label of a class, as manifests and reports spell it."""
    if not isinstance(name, str) or name == NO_CELL or name != name.casefold():
        return False
    return _LABEL.fullmatch(name) is not None


def are_labels(names: object) -> bool:
    """Return whether ``names`` is a list of one or more labels, each there once."""
    if not isinstance(names, list) or not names or not all(map(is_label, names)):
        return False
    return len(set(names)) == len(names)


def ordered(labels: Iterable[str]) -> tuple[str, ...]:
    """Return each label once: the known ones in the engine's order, then the others by the alphabet."""
    given = set(labels)
    return (*(label for label in LABELS if label in given), *sorted(given - set(LABELS)))


def printable(name: str) -> str:
    """Return ``name`` fit for one line of a message: control characters are replaced, a long end is cut."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in name)
    return clean if len(clean) <= 60 else f"{clean[:59]}…"


def _meant(name: str) -> str | None:
    """Return the known class that ``name`` misspells, if any.

    A name that only adds words or syllables to a known one ("prolymphocyte") or leaves off its beginning
    ("mature granulocyte") is a class of its own.
    """
    for label in difflib.get_close_matches(name, LABELS, n=1, cutoff=SIMILAR):
        whole = label in name or label.endswith(name)
        if not (whole and abs(len(name) - len(label)) > 1):
            return label
    return None
