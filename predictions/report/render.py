"""Printing a report as PDF."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from django.utils.translation import override

from hematovision.core.typesetting import typeset
from predictions.report.content import ReportContent
from predictions.report.sheet import sheet

TEMPLATE: Final = Path(__file__).with_name("report.typ")


def render(content: ReportContent, crops: Mapping[str, bytes]) -> bytes:
    """Return the report as a tagged PDF/UA-1 on A4; the same content and pictures give the same bytes.

    Args:
        content: what is printed.
        crops: the pictures of the representative cells, PNG or JPEG, by the SHA-256 of their bytes.

    Raises:
        ValueError: a picture is missing or is not the one that the content names.
        typst.TypstError: a picture is no picture.
        OSError: there is no room for the pictures in the temporary folder.
    """
    with override(content.language):
        data = sheet(content)
    pictures = {cell.sha256: _picture(cell.sha256, crops) for cell in content.cells}
    return typeset(TEMPLATE, data, pictures, language=content.language, generated_at=content.generated_at)


def _picture(sha256: str, crops: Mapping[str, bytes]) -> bytes:
    picture = crops.get(sha256, b"")
    if hashlib.sha256(picture).hexdigest() != sha256:
        raise ValueError(f"The picture {sha256} is missing or altered.")
    return picture
