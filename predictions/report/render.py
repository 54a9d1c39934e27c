"""Printing a report as PDF."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any, Final

import typst
from django.utils.translation import override

from predictions.report.content import ReportContent
from predictions.report.fonts import families, fonts, printable
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
        data = _printable(sheet(content))
    data["language"], *_region = content.language.lower().split("-")
    data["fonts"] = families(content.language)
    # Texts travel as data, never as a part of the template, so none of them can become code.
    with TemporaryDirectory() as name:
        folder = Path(name)
        for cell in content.cells:
            (folder / cell.sha256).write_bytes(_picture(cell.sha256, crops))
        return typst.compile(
            copyfile(TEMPLATE, folder / TEMPLATE.name),
            root=folder,
            font_paths=fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"sheet": json.dumps(data)},
            pdf_standards="ua-1",
            timestamp=int(content.generated_at.timestamp()),
        )


def _picture(sha256: str, crops: Mapping[str, bytes]) -> bytes:
    picture = crops.get(sha256, b"")
    if hashlib.sha256(picture).hexdigest() != sha256:
        raise ValueError(f"The picture {sha256} is missing or altered.")
    return picture


def _printable(part: Any) -> Any:
    """Return a sheet with every text in it as the fonts can show it."""
    if isinstance(part, str):
        return printable(part)
    if isinstance(part, dict):
        return {name: _printable(value) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [_printable(value) for value in part]
    return part
