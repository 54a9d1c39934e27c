"""What the description says of the bodies of requests beyond what each address tells of its own."""

from __future__ import annotations

from typing import Any


def bodies_told(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Say what the generator does not see.

    A form with a field that must be there must be sent, and JSON has no fields but those that are described.
    """
    components = result["components"]["schemas"]
    for operations in result["paths"].values():
        for operation in operations.values():
            body = operation.get("requestBody", {})
            for kind in body.get("content", {}).values():
                if kind["schema"].get("required"):
                    body["required"] = True
                if "$ref" in kind["schema"]:
                    components[kind["schema"]["$ref"].rpartition("/")[2]]["additionalProperties"] = False
    return result
