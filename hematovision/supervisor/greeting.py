"""What the terminal says once the portal is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hematovision.supervisor.certificates import Own
from hematovision.supervisor.machine import LOOPBACK
from hematovision.supervisor.parts import Address


def where(address: Address, env: Mapping[str, str], own: Own | None) -> Iterator[str]:
    """Yield what there is to know about the address: who reaches it, by which names, and whom to trust."""
    if address.everywhere and own:
        others = (Address(name, address.port, tls=True).url for name in own.names if name not in LOOPBACK)
        yield from (f"  {url}/" for url in others if url != address.url)
    if address.tls and address.loopback:
        yield "Only this machine reaches it; HOST=0.0.0.0 opens it to the network."
    if not address.tls and not address.loopback and env.get("HTTPS") != "no":
        yield "It expects an HTTPS proxy in front of it (docs/operating.md)."
    if address.everywhere and "ALLOWED_HOSTS" not in env:
        yield "It answers only to this machine's own names; set ALLOWED_HOSTS to the public one."
    if own:
        yield from trust(own)


def trust(own: Own) -> Iterator[str]:
    """Yield how a device comes to trust the portal's own authority."""
    yield "Each device has to trust the portal's own certificate authority once. Copy this file to it:"
    yield f"  {own.root}"
    yield f"  SHA-256 {own.authority.fingerprint}"
    yield "Compare these digits on the device. docs/operating.md says where phones and browsers take it."
    if own.left_out:
        yield (
            f"Not in the certificate, as the authority was made without: {', '.join(own.left_out)}. Remove "
            f"{own.root.parent} and start again to make a new one, which every device has to trust anew."
        )


def to_do(url: str, missing: Sequence[str], shown: Mapping[str, str], logs: object) -> Iterator[str]:
    """Yield what is missing and what only the terminal may show."""
    if missing:
        yield f"Not there yet: {', '.join(missing)}; the logs in {logs} say why."
    if shown["demo"]:
        yield f"The demo's people, with passwords that are new at each start:\n{shown['demo']}"
    if shown["first_admin"]:
        yield "Nobody can manage people yet. The first admin sets name and password once here:"
        yield f"  {url}{shown['first_admin']}"
