"""The portal's own certificate authority, for a laboratory that has no certificate of its own.

Its key stays in ``var/tls``. A device that trusts it would believe whatever it signs, so the authority itself
says (RFC 5280, name constraints) that it vouches for this machine's names and for private addresses only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hematovision.supervisor import vault
from hematovision.supervisor.errors import StartError
from hematovision.supervisor.machine import is_address

AUTHORITY_DAYS = 3650
# Apple's devices refuse a certificate that is good for longer than 825 days, browsers for longer than 398.
SERVER_DAYS = 397
RENEW_DAYS = 30
PRIVATE = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
    *("fc00::/7", "fe80::/10", "::1/128"),
)
# Domains that no public authority vouches for (RFC 6762, RFC 8375, and the habit of home routers).
INTERNAL = ("local", "localhost", "lan", "internal", "home.arpa")


@dataclass(frozen=True)
class Authority:
    """A certificate that devices trust, and the key that signs with it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def fingerprint(self) -> str:
        """SHA-256 in pairs of digits, as phones and browsers show it."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    def may_vouch_for(self, name: str) -> bool:
        """Whether ``name`` lies within the limits that the authority was made with."""
        limits = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        permitted = limits.permitted_subtrees or []
        if is_address(name):
            address = ip_address(name)
            networks = [ip_network(str(one.value)) for one in permitted if isinstance(one, x509.IPAddress)]
            return any(address in network for network in networks)
        domains = [one.value for one in permitted if isinstance(one, x509.DNSName)]
        return any(name == domain or name.endswith(f".{domain}") for domain in domains)


def ensure(folder: Path, names: Sequence[str]) -> Authority:
    """Return the authority kept in ``folder``; make one for ``names`` if there is none or it ends soon."""
    certificate, key = folder / "ca.crt", folder / "ca.key"
    if certificate.exists() and key.exists():
        try:
            kept = Authority(
                x509.load_pem_x509_certificate(certificate.read_bytes()), private_key(key.read_bytes())
            )
        except ValueError as error:
            raise StartError(
                f"The certificate authority in {folder} is damaged; remove that folder to make a new one, "
                "which every device then has to trust anew."
            ) from error
        if not ends_soon(kept.certificate):
            return kept
    made = make(names)
    vault.write(key, pem(made.key))
    vault.write(certificate, made.certificate.public_bytes(serialization.Encoding.PEM))
    return made


def make(names: Sequence[str]) -> Authority:
    """Make an authority that may vouch for ``names``, internal domains and private addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = datetime.now(UTC)
    called = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "HematoVision"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"HematoVision {names[0]} {made:%Y-%m-%d}"[:64]),
        ]
    )
    domains = dict.fromkeys((*(name for name in names if not is_address(name)), *INTERNAL))
    public = (name for name in names if is_address(name) and not ip_address(name).is_private)
    networks = (ip_network(one) for one in (*PRIVATE, *public))
    limits = [*map(x509.DNSName, domains), *map(x509.IPAddress, networks)]
    certificate = (
        begin(called, called, key, days=AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(signs=True), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=limits, excluded_subtrees=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def issue(authority: Authority, names: Sequence[str]) -> bytes:
    """Return key and certificate of a server called ``names``, in one PEM so that both change together."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    entries: list[x509.GeneralName] = [
        x509.IPAddress(ip_address(name)) if is_address(name) else x509.DNSName(name) for name in names
    ]
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    certificate = (
        begin(called, authority.certificate.subject, key, days=SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName(entries), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(signer, critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def begin(
    called: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: int
) -> x509.CertificateBuilder:
    """Return what every certificate has; it begins an hour ago, since clocks of devices run slow."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def usage(*, signs: bool) -> x509.KeyUsage:
    """Return what a key may do: sign certificates, or prove who a server is."""
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def ends_soon(certificate: x509.Certificate) -> bool:
    """Whether it has to be replaced now."""
    return certificate.not_valid_after_utc < datetime.now(UTC) + timedelta(days=RENEW_DAYS)


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a key as it is kept in a file."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def private_key(content: bytes) -> ec.EllipticCurvePrivateKey:
    """Read a key that :func:`pem` wrote.

    Raises:
        ValueError: it is none.
    """
    key = serialization.load_pem_private_key(content, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not an elliptic-curve key")  # noqa: TRY004 -- the same mistake for the caller: a wrong file
    return key
