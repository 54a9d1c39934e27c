"""Where a request came from, as the audit log keeps it."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Origin:
    """Address and program of whoever acts; empty for work the portal does by itself."""

    address: str = ""
    agent: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Origin:
        """Read the origin of ``request``; forwarded addresses count only behind the configured proxies."""
        address = request.META.get("REMOTE_ADDR", "")
        proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
        forwarded = [
            part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
        ]
        if proxies and len(forwarded) >= proxies:
            address = forwarded[-proxies]
        return cls(address=address, agent=request.META.get("HTTP_USER_AGENT", "")[:200])
