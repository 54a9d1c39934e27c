"""Parameters that the descriptions of several addresses share."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from predictions.api.describe import ETAG, IF_NONE_MATCH, UNCHANGED, header, refusals
from predictions.api.paging import DEFAULT_LIMIT, LARGEST_LIMIT

LOCATION: Final = header("Location", "Where it is.", 201)
KEY: Final = "0b0c5a4e-6c0e-4a35-8f6e-0d6f0f6f8f57"
PAGE: Final = (
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
        OpenApiParameter.QUERY,
        description="How many a page has at most.",
    ),
    OpenApiParameter("after", str, OpenApiParameter.QUERY, description="From next of the page before."),
)
CONDITIONAL: Final = (IF_NONE_MATCH, ETAG)


def example(name: str, value: Any) -> OpenApiExample:
    """Return an example of an answer."""
    return OpenApiExample(name, value=value, response_only=True)


def got(shape: Any, about: str, value: Any, *statuses: int) -> dict[Any, Any]:
    """Return the answers of a GET: the thing, that nothing has changed, and the refusals."""
    told = OpenApiResponse(shape, description=about, examples=[example(about, value)])
    return {200: told, **UNCHANGED, **refusals(406, *statuses)}
