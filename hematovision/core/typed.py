"""What people type, as it can be kept."""

from __future__ import annotations


def typed(text: str) -> str:
    """Return a text without the zero character, which the database takes in none, and spaces around it."""
    return text.replace("\0", "").strip()
