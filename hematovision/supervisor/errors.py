"""The one error of the supervisor."""

from __future__ import annotations


class StartError(Exception):
    """The portal cannot start or go on; the message is one sentence that says why and what to do."""
