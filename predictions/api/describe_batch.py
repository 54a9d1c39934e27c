"""What the address for many images takes and answers, as OpenAPI."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiRequest,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers

from predictions.api.describe import EXAMPLE, FORM, IDEMPOTENCY_KEY, REPLAYED, SINGLE, header, refusals
from predictions.api.shapes import FieldAnswer, Problem


class FileProblem(Problem):
    """Why one file of several was refused; ``status`` is what a request of its own had been answered with."""

    retry_after = serializers.IntegerField(
        required=False, min_value=1, help_text="After how many seconds the same file can be taken."
    )


PROPERTIES: Final = {
    "single": SINGLE,
    "file": {
        "type": "array",
        "minItems": 1,
        "maxItems": 20,
        "items": {"type": "string", "format": "binary"},
        "description": "JPEG, PNG or TIFF; at most PREDICT_BATCH_FILES (20) and PREDICT_BATCH_MB (100).",
    },
    "wait": {
        "type": "integer",
        "minimum": 0,
        "description": "How many seconds to wait for all results; never more than PREDICT_WAIT_SECONDS.",
    },
}
FORM_OF_MANY: Final[dict[str, Any]] = {**FORM, "properties": PROPERTIES}
ANSWER: Final = inline_serializer(
    "BatchAnswer",
    {
        "results": PolymorphicProxySerializer(
            "BatchResult", [FieldAnswer, FileProblem], resource_type_field_name=None, many=True
        )
    },
)
EXAMPLES: Final = [
    OpenApiExample(
        "One taken, one refused",
        response_only=True,
        value={
            "results": [
                EXAMPLE.value,
                {
                    "type": "about:blank",
                    "title": "Unsupported Media Type",
                    "status": 415,
                    "detail": "report.pdf: This is a PDF file. Upload JPEG, PNG or TIFF.",
                    "code": "unsupported_type",
                },
            ]
        },
    )
]

predict_batch = extend_schema(
    operation_id="predict_batch",
    summary="Many images in, an answer for each",
    description=(
        "One answer for each file, in their order: the field as from predict, or a problem (it has a code). "
        "A refused file changes nothing for the others. Scope of a machine token: predict."
    ),
    request={"multipart/form-data": OpenApiRequest(FORM_OF_MANY)},
    parameters=[
        IDEMPOTENCY_KEY,
        REPLAYED,
        header("Retry-After", "After how many seconds to ask for what is not finished.", 202, 503),
    ],
    responses={
        200: OpenApiResponse(ANSWER, description="Every file is finished or refused.", examples=EXAMPLES),
        202: OpenApiResponse(ANSWER, description="Some are queued; ask at the status_url of each."),
        **refusals(400, 406, 413, 415, 422),
    },
)
