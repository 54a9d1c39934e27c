"""Which pictures a model was trained or chosen on, those of the models that it started from among them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from mlcore.engine.bundle import SEEN, Bundle
from mlcore.engine.errors import BundleError


@dataclass(frozen=True, slots=True)
class Seen:
    """The SHA-256 of each picture; ``untold`` names the versions whose own pictures nobody can tell."""

    pictures: frozenset[str] = frozenset()
    untold: tuple[str, ...] = ()

    def and_of(self, pictures: Iterable[str]) -> Seen:
        """Return what a model has seen that starts from here and is trained on ``pictures``."""
        return Seen(self.pictures | frozenset(pictures), self.untold)

    def as_bytes(self) -> bytes:
        """Return it as the file of a bundle."""
        return json.dumps({"pictures": sorted(self.pictures), "untold": list(self.untold)}).encode()


def seen_by(bundle: Bundle) -> Seen:
    """Return what the model of ``bundle`` has seen."""
    return read_seen(bundle.contents.get(SEEN), bundle.identity.version)


def read_seen(raw: bytes | None, version: str) -> Seen:
    """Return what the file ``raw`` of the model ``version`` says; None stands for a bundle without one.

    Raises:
        BundleError: the file is no such list.
    """
    if raw is None:
        return Seen(untold=(version,))
    try:
        told = json.loads(raw)
        return Seen(frozenset(told["pictures"]), tuple(told.get("untold", ())))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BundleError("The list of what this model was trained on cannot be read.") from problem
