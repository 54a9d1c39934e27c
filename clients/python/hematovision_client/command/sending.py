"""Sending files: which refusals are about the file, and what a duplicate means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hematovision_client.command.progress import Progress
from hematovision_client.command.reading import Outcome
from hematovision_client.errors import Refused
from hematovision_client.portal import Portal
from hematovision_client.records import FieldAnswer


def send_all(files: list[Path], send: Callable[[str, bytes], FieldAnswer]) -> list[Outcome]:
    """Send each file by its name and bytes; one that cannot be read or is refused holds up no other."""
    outcomes = [Outcome(file) for file in files]
    with Progress("sent", len(outcomes)) as progress:
        for number, outcome in enumerate(outcomes, 1):
            try:
                outcome.field = send(outcome.file.name, outcome.file.read_bytes())
            except Refused as error:
                outcome.refusal = refusal(error)
            except OSError as error:
                outcome.refusal = f"The file cannot be read: {error.strerror}."
            progress.at(number)
    return outcomes


def sent(portal: Portal, sample_id: str, name: str, content: bytes, *, single: bool) -> FieldAnswer:
    """Add an image to a sample; what the sample has already counts as sent, and its field is returned.

    Raises:
        Refused: the portal cannot take this file.
    """
    try:
        return portal.field_add(sample_id, name, content, single=single)
    except Refused as refusal:
        if refusal.code != "duplicate":
            raise
        return portal.field(refusal.more["field"])


def refusal(error: Refused) -> str:
    """Return the sentence of a refusal, or what it says about each value where some are wrong."""
    values = error.more.get("errors")
    if not isinstance(values, dict):
        return error.detail
    return " ".join(f"{name}: {' '.join(map(str, texts))}" for name, texts in values.items())
