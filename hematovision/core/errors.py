"""Errors that are for people: what happened, what was kept, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from django.utils.functional import Promise


class PortalError(Exception):
    """Base of every error that a page or the API shows as it is.

    Attributes:
        code: a stable word for programs.
        status: the HTTP status that fits.
        message: a translated sentence for people.
        extras: what programs are told besides, as JSON: for example the key of what is in the way.
        retry_after: after how many seconds the same can succeed, where that is known.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    extras: Mapping[str, Any] = MappingProxyType({})
    retry_after: int | None = None

    def __init__(self, message: str | Promise) -> None:
        super().__init__(str(message))
        self.message = message
