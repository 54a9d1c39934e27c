"""A file that only a passphrase opens: AES-256-GCM in pieces, so that no size has to fit into the memory.

The file is ``MAGIC``, 16 bytes of salt, 16 bytes that tell a wrong passphrase, then the pieces. scrypt (RFC
7914; n 2^17, r 8, p 1) makes 48 bytes of passphrase and salt: the key, and those 16 bytes. A piece is up to
1 MiB followed by its tag of 16 bytes. Its nonce is its number in 11 bytes, from 0, and a byte that is 1 for
the last piece alone, so pieces can be neither exchanged nor cut off unnoticed (the STREAM construction,
https://eprint.iacr.org/2015/189). A salt is used once, and so is each key.
"""

from __future__ import annotations

import hmac
import io
import secrets
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hematovision.supervisor.errors import StartError

MAGIC: Final = b"HematoVision sealed 1\n"
SALT: Final = 16
CHECK: Final = 16
PIECE: Final = 2**20
TAG: Final = 16


def _derived(passphrase: str, salt: bytes) -> tuple[AESGCM, bytes]:
    """Return the cipher and the bytes that tell whether a passphrase is the right one."""
    made = Scrypt(salt=salt, length=32 + CHECK, n=2**17, r=8, p=1).derive(passphrase.encode())
    return AESGCM(made[:32]), made[32:]


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class Sealer(io.RawIOBase):
    """Seals what is written to it into ``file``; :meth:`finish` writes the last piece."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._file, self._number, self._rest = file, 0, bytearray()
        salt = secrets.token_bytes(SALT)
        self._cipher, check = _derived(passphrase, salt)
        self._head = MAGIC + salt + check
        file.write(self._head)

    def writable(self) -> bool:
        """Say that bytes can be written."""
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # tarfile writes bytes alone
        """Take bytes, and seal every whole piece that is certainly not the last."""
        self._rest += data
        while len(self._rest) > PIECE:
            self._seal(bytes(self._rest[:PIECE]), last=False)
            del self._rest[:PIECE]
        return len(data)

    def finish(self) -> None:
        """Seal what is left as the last piece; without it the file counts as cut off."""
        self._seal(bytes(self._rest), last=True)

    def _seal(self, piece: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), piece, self._head))
        self._number += 1


class Opener(io.RawIOBase):
    """Reads a sealed ``file``, which stands behind its ``MAGIC``.

    Raises:
        StartError: the passphrase is wrong, or the file was altered or cut off; no unproven byte is given.
    """

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._file, self._number, self._plain = file, 0, b""
        rest = file.read(SALT + CHECK)
        self._cipher, check = _derived(passphrase, rest[:SALT])
        if not hmac.compare_digest(check, rest[SALT:]):
            raise StartError("The passphrase is not the one that this backup was made with; try again.")
        self._head = MAGIC + rest
        self._next = file.read(PIECE + TAG)
        if not self._next:
            raise StartError("The backup was cut off and cannot be used; take another copy of it.")

    def readable(self) -> bool:
        """Say that bytes can be read."""
        return True

    def readinto(self, target: memoryview, /) -> int:  # type: ignore[override]  # what io.BufferedReader gives
        """Fill ``target`` with as much as is there of the present piece; 0 at the end."""
        while not self._plain and self._next:
            self._plain = self._opened()
        given = self._plain[: len(target)]
        target[: len(given)] = given
        self._plain = self._plain[len(given) :]
        return len(given)

    def _opened(self) -> bytes:
        piece, self._next = self._next, self._file.read(PIECE + TAG)
        try:
            nonce = _nonce(self._number, last=not self._next)
            plain = self._cipher.decrypt(nonce, piece, self._head)
        except InvalidTag:
            raise StartError(
                "The backup was altered or cut off and cannot be used; take another copy of it."
            ) from None
        self._number += 1
        return plain
