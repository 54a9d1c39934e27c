"""The certificate that the portal shows: one that was given, or one of the portal's own authority."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from hematovision import env as read
from hematovision.supervisor import authority, machine, vault
from hematovision.supervisor.errors import StartError

LOOK_SECONDS = 3600.0


@dataclass(frozen=True)
class Pair:
    """Two PEM files, the certificate (with what lies between it and the root) and its key."""

    certificate: Path
    key: Path

    def check(self) -> None:
        """Refuse files that no server could start with.

        Raises:
            StartError: a file is missing, is no PEM, is encrypted, has ended, or the two do not fit together.
        """
        for path in (self.certificate, self.key):
            if not path.is_file():
                raise StartError(f"There is no file {path}; name the certificate and its key, both as PEM.")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
                self.certificate, self.key, password=lambda: b""
            )
            ends = x509.load_pem_x509_certificate(self.certificate.read_bytes()).not_valid_after_utc
        except ssl.SSLError as error:
            raise StartError(self.refusal(error)) from error
        except (OSError, ValueError) as error:
            raise StartError(f"{self.certificate} and {self.key} cannot be read: {error}.") from error
        if ends < datetime.now(UTC):
            raise StartError(f"The certificate {self.certificate} ended on {ends:%d %B %Y}; get a new one.")

    def refusal(self, error: ssl.SSLError) -> str:
        """Say what OpenSSL means."""
        if error.reason == "KEY_VALUES_MISMATCH":
            return f"The key {self.key} does not belong to the certificate {self.certificate}."
        return f"{self.certificate} and {self.key} are no certificate with its key, both as plain PEM."


def given(certificate: str | None, key: str | None) -> Pair | None:
    """Return the pair of the command line or of TLS_CERT and TLS_KEY, checked; None if none is named."""
    certificate = certificate or read.text("TLS_CERT", "")
    key = key or read.text("TLS_KEY", "")
    if not certificate and not key:
        return None
    if not certificate or not key:
        raise StartError("A certificate and its key come together: --cert FILE --key FILE.")
    pair = Pair(Path(certificate).expanduser().resolve(), Path(key).expanduser().resolve())
    pair.check()
    return pair


class Own:
    """A certificate of the portal's own authority in ``folder``, renewed while the portal runs.

    The web server reads the file anew for each connection, so a renewal needs no restart.

    Attributes:
        left_out: names outside the authority's limits, which the certificate does not hold.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root, self.file = folder / "ca.crt", folder / "server.pem"
        # A portal that was tried on loopback first is opened to the network later, with the same authority.
        self.authority = authority.ensure(folder, (*names, *machine.of_this_machine()))
        self.names = [name for name in names if self.authority.may_vouch_for(name)]
        self.left_out = [name for name in names if name not in self.names]
        self.looked_at = 0.0
        self.look()

    @property
    def pair(self) -> Pair:
        """Key and certificate lie in one file."""
        return Pair(self.file, self.file)

    def look(self) -> None:
        """Once an hour, make the certificate anew if it ends soon or does not fit names and authority."""
        if self.looked_at and time.monotonic() - self.looked_at < LOOK_SECONDS:
            return
        self.looked_at = time.monotonic()
        if not self.fits():
            vault.write(self.file, authority.issue(self.authority, self.names))

    def fits(self) -> bool:
        """Whether the certificate in the file can stay."""
        try:
            kept = x509.load_pem_x509_certificate(self.file.read_bytes())
            self.pair.check()
            kept.verify_directly_issued_by(self.authority.certificate)
            held = kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except Exception:  # noqa: BLE001 -- whatever is wrong with it, a new one is made in its place
            return False
        found = {*held.get_values_for_type(x509.DNSName)}
        found |= {str(one) for one in held.get_values_for_type(x509.IPAddress)}
        return found == set(self.names) and not authority.ends_soon(kept)
