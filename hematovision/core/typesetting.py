"""Printing a page as PDF: one Typst template, its texts as data, its pictures as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

import typst

from hematovision.core.fonts import families, fonts, printable


def typeset(
    template: Path,
    sheet: Mapping[str, Any],
    pictures: Mapping[str, bytes],
    *,
    language: str,
    generated_at: datetime,
) -> bytes:
    """Return a tagged PDF/UA-1; the same sheet, pictures and time give the same bytes.

    Args:
        template: a Typst file that holds no words of its own and reads ``sys.inputs.sheet``, a JSON object.
        sheet: every text of the page; what no font can show is replaced beforehand.
        pictures: PNG or JPEG files by the name under which the template asks for them.
        language: of the texts, such as ``en-gb``.
        generated_at: the time that the file names as its own.

    Raises:
        typst.TypstError: a picture is no picture.
        OSError: there is no room for the pictures in the temporary folder.
    """
    data = _printable(dict(sheet))
    data["language"], *_region = language.lower().split("-")
    data["fonts"] = families(language)
    # Texts travel as data, never as a part of the template, so none of them can become code.
    with TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in pictures.items():
            (folder / file).write_bytes(content)
        return typst.compile(
            copyfile(template, folder / template.name),
            root=folder,
            font_paths=fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"sheet": json.dumps(data)},
            pdf_standards="ua-1",
            timestamp=int(generated_at.timestamp()),
        )


def _printable(part: Any) -> Any:
    """Return a sheet with every text in it as the fonts can show it."""
    if isinstance(part, str):
        return printable(part)
    if isinstance(part, dict):
        return {name: _printable(value) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [_printable(value) for value in part]
    return part
