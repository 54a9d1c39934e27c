"""Sending one file: which refusals are about the file, and what a duplicate means."""

from __future__ import annotations

from hematovision_client.errors import Refused
from hematovision_client.portal import Portal
from hematovision_client.records import FieldAnswer


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
    """Return the sentence of a refusal, and what it says about each value."""
    values = error.more.get("errors")
    if not isinstance(values, dict):
        return error.detail
    told = " ".join(f"{name}: {' '.join(map(str, texts))}" for name, texts in values.items())
    return f"{error.detail} {told}"
