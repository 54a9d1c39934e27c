"""What can go wrong in the engine, each with a sentence for the person who has to act on it."""

from __future__ import annotations


class EngineError(Exception):
    """Base of every error that the engine raises on purpose."""


class UnreadableImageError(EngineError):
    """The bytes are not a JPEG or PNG picture that can be decoded completely."""


class BundleError(EngineError):
    """A model bundle is missing, altered, incomplete or made for another engine."""


class LeakError(EngineError):
    """Pictures of one cell stand on both sides of a split; the message names the pairs."""


class DataError(EngineError):
    """A data folder cannot be used; the message lists what is wrong and where."""
