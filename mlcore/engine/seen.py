"""Which pictures a model was trained or chosen on, those of the models that it started from among them.

A picture is known by its pixels (``images.pixels_hash``): the file that carries them is written anew on its
way into a store. Of each hash the first 128 bits are kept. That ten million pictures, held against a list of
ten thousand, meet one of them by chance happens once in 10^27 times, and whoever made one meet it on purpose
would gain a leak that is none. Copies that were saved again, scaled or mirrored are known by their look
(``looks``).
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Final

import numpy as np

from mlcore.engine.bundle import SEEN, Bundle
from mlcore.engine.contracts import ModelIdentity
from mlcore.engine.errors import BundleError
from mlcore.engine.looks import copied, packed, unpacked

# What models have seen whose bundle does not tell, in a file named by the bundle's hash: the bundles that
# shipped before it was known how to tell, which cannot change without becoming others.
LISTS = Path(__file__).parents[1] / "seen"

_KEPT_BYTES: Final = 16
_PIXELS: Final = "pixels"
_LOOKS: Final = "looks"


@dataclass(frozen=True, slots=True)
class Seen:
    """The hash of each picture's pixels, 32 hexadecimal digits, and the looks of the pictures.

    ``untold`` names the versions whose own pictures nobody can tell, ``unlooked`` those of whose pictures
    only the hashes are known.
    """

    pixels: frozenset[str] = frozenset()
    untold: tuple[str, ...] = ()
    looks: frozenset[str] = frozenset()
    unlooked: tuple[str, ...] = ()

    def and_of(self, pixels: Iterable[str], looks: Iterable[str] = ()) -> Seen:
        """Return what a model has seen that starts from here and is trained on these pictures."""
        known = self.pixels | {_short(one) for one in pixels}
        return replace(self, pixels=known, looks=self.looks | set(looks))

    def among(self, pixels: Iterable[str]) -> set[str]:
        """Return those of the hashes ``pixels`` that were seen."""
        return {one for one in pixels if _short(one) in self.pixels}

    def among_as_copies(self, tested: Mapping[str, str]) -> set[str] | None:
        """Return the looks of ``tested`` that are copies of seen pictures; None where nobody can tell.

        ``tested`` holds hash and look of pictures; those that were seen as they are are no copies. Nobody can
        tell where a look is empty, or where only the hashes are known of some of what was seen.
        """
        exact = self.among(tested)
        looks = sorted({look for pixels, look in tested.items() if pixels not in exact})
        if "" in looks or self.unlooked or self.untold:
            return None
        return set(compress(looks, copied(looks, sorted(self.looks))))

    def as_bytes(self) -> bytes:
        """Return it as the file of a bundle."""
        told = {_PIXELS: sorted(self.pixels), "untold": list(self.untold)}
        return json.dumps(told | {_LOOKS: sorted(self.looks), "unlooked": list(self.unlooked)}).encode()

    def as_list(self) -> bytes:
        """Return hashes and looks, as small as can be: the file of a bundle that does not tell itself."""
        rows = np.frombuffer(bytes.fromhex("".join(sorted(self.pixels))), np.uint8)
        arrays = {_PIXELS: rows.reshape(-1, _KEPT_BYTES), _LOOKS: packed(sorted(self.looks))}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()


def seen_by(bundle: Bundle) -> Seen:
    """Return what the model of ``bundle`` has seen; raises ``BundleError`` as ``read_seen`` does."""
    return read_seen(bundle.contents.get(SEEN), bundle.identity)


def told_in(folder: Path, model: ModelIdentity) -> Path | None:
    """Return the file that tells what the model in ``folder`` has seen, or None where there is none."""
    files = (folder / SEEN, list_file(model))
    return next((path for path in files if path.is_file()), None)


def read_seen(raw: bytes | None, model: ModelIdentity) -> Seen:
    """Return what ``model`` has seen, by the file ``raw`` of its bundle, None where there is none.

    Lists of earlier releases name files, which no data set can be held against: they tell nothing.

    Raises:
        BundleError: the file is no such list.
    """
    if raw is None:
        return _listed(model)
    try:
        told = json.loads(raw)
        if _PIXELS not in told:
            return Seen(untold=(model.version,))
        known = Seen(frozenset(told[_PIXELS]), tuple(told["untold"]))
        if _LOOKS not in told:
            return replace(known, unlooked=(model.version,))
        return replace(known, looks=frozenset(told[_LOOKS]), unlooked=tuple(told["unlooked"]))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BundleError("The list of what this model was trained on cannot be read.") from problem


def list_file(model: ModelIdentity) -> Path:
    """Return where the list of a model lies whose bundle does not tell."""
    return LISTS / f"{model.sha256}.npz"


def _listed(model: ModelIdentity) -> Seen:
    path = list_file(model)
    if not path.is_file():
        return Seen(untold=(model.version,))
    try:
        with np.load(path, allow_pickle=False) as arrays:
            rows = arrays[_PIXELS]
            looks = unpacked(arrays[_LOOKS]) if _LOOKS in arrays else None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as problem:
        raise BundleError(f"The list of what model {model.version} was trained on is damaged.") from problem
    known = frozenset(row.tobytes().hex() for row in rows)
    return Seen(known, unlooked=(model.version,)) if looks is None else Seen(known, looks=frozenset(looks))


def _short(pixels: str) -> str:
    """Return what is kept of a hash; nothing of none."""
    return pixels[: 2 * _KEPT_BYTES]
