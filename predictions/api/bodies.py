"""What the description says of the bodies of requests beyond what each address tells of its own."""

from __future__ import annotations

from typing import Any


def bodies_required(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Say that a form with a field that must be there must be sent, which the generator does not see."""
    for operations in result["paths"].values():
        for operation in operations.values():
            body = operation.get("requestBody", {})
            if any(kind["schema"].get("required") for kind in body.get("content", {}).values()):
                body["required"] = True
    return result
