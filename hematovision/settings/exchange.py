"""Telling other programs."""

from __future__ import annotations

from hematovision import env

# Networks inside the house that deliveries may go to, and go to unencrypted if the address says so. Nothing
# else that is private, of this machine or of its neighbours is ever called, whatever an address resolves to.
OUTBOUND_PRIVATE_NETWORKS = env.networks("OUTBOUND_PRIVATE_NETWORKS")
