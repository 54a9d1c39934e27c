"""The fonts of printed pages, and what of a text they can show.

All are Noto Sans under the Open Font License, installed as packages, so that a report looks the same on
every machine. A PDF/UA must not hold a letter without a glyph, so what no font has is replaced beforehand.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import typst
from fontTools.ttLib import TTFont

PACKAGES: Final = (
    "fontpkg_noto_sans",
    "justmytype_intl_rtl",
    "fontpkg_noto_sans_devanagari",
    "noto_cjk_sans_otc",
)
FAMILIES: Final = ("Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari")
# The same Han character is written differently in different countries.
HAN: Final = {"ja": "JP", "ko": "KR", "zh-hant": "TC", "zh-tw": "TC", "zh-hk": "HK"}
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
# Joiners and variation selectors shape the letters beside them and need no glyph of their own.
SHAPERS: Final = re.compile("[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")


@cache
def fonts() -> typst.Fonts:
    """Return the fonts of printed pages and no other, wherever they are printed."""
    folders = [str(_folder(package)) for package in PACKAGES]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def families(language: str) -> list[str]:
    """Return the font families in the order in which they are tried for a text in ``language``."""
    return [*FAMILIES, f"Noto Sans CJK {HAN.get(language.lower(), 'SC')}"]


def printable(text: str) -> str:
    """Return ``text`` as a printed page can show it.

    Control and direction characters, which could deceive a reader, are left out, except for ends of lines;
    a letter that no font has becomes U+FFFD.
    """
    lines = unicodedata.normalize("NFC", text).replace("\t", " ").splitlines()
    return "\n".join("".join(_shown(cluster) for cluster in _clusters(line)) for line in lines)


def _clusters(line: str) -> list[str]:
    """Return the letters of a line, each with the marks that belong to it."""
    clusters: list[str] = []
    for letter in line:
        kind = unicodedata.category(letter)
        shapes = SHAPERS.match(letter) is not None
        if clusters and (shapes or kind[0] == "M"):
            clusters[-1] += letter
        elif not (shapes or kind in {"Cc", "Cf"}):
            clusters.append(letter)
    return clusters


def _shown(cluster: str) -> str:
    """Return a letter with its marks if one font has them all, and without what is missing otherwise."""
    if any(letters.issuperset(SHAPERS.sub("", cluster)) for letters in _coverage()):
        return cluster
    return cluster[0] if any(cluster[0] in letters for letters in _coverage()) else REPLACEMENT


@cache
def _coverage() -> tuple[frozenset[str], ...]:
    """Return the letters of each font; the fonts of a collection differ in shapes, not in letters."""
    files = (path for package in PACKAGES for path in sorted(_folder(package).rglob("*.tt[fc]")))
    upright = (path for path in files if "Italic" not in path.name)
    opened = (TTFont(path, lazy=True, fontNumber=0 if path.suffix == ".ttc" else -1) for path in upright)
    return tuple(frozenset(map(chr, font.getBestCmap())) for font in opened)


def _folder(package: str) -> Path:
    """Return where an installed package lies, without running it."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"The font package {package} is not installed.")
    return Path(found.origin).parent
