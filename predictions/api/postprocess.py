"""What the description says beyond what drf-spectacular reads off the views."""

from __future__ import annotations

from typing import Any


def bodies_required(result: dict[str, Any], **_generator: Any) -> dict[str, Any]:
    """Say of each body that an operation takes that it takes nothing without one."""
    for methods in result["paths"].values():
        for operation in methods.values():
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
    return result
