"""What the addresses for admins take and answer, as OpenAPI."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers

from hematovision.core.problem import MEDIA_TYPE, problem
from predictions.api.admin import asked, shapes
from predictions.api.describe import ETAG, IF_NONE_MATCH, UNCHANGED, refusals
from predictions.api.paging import DEFAULT_LIMIT, LARGEST_LIMIT
from predictions.api.shapes import Problem

MACHINE: Final = "Scope of a machine token: admin."
PERSON: Final = "For admins as persons: a machine token is refused."
LIMIT: Final = OpenApiParameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
    description="How many at most.",
)
AFTER: Final = OpenApiParameter("after", str, description="Leads to the next page; take “next” as it is.")


class Provider(OpenApiAuthenticationExtension):
    """A token of the laboratory's identity provider."""

    target_class = "predictions.api.provider.ProviderAuthentication"
    name = "provider"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:  # noqa: ARG002 -- fixed
        """Say how it is shown."""
        told = "Signed token of the laboratory's identity provider, where the portal's settings name one."
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": told}


def refusal(status: int, code: str, about: str) -> dict[tuple[int, str], OpenApiResponse]:
    """Return one refusal of an address."""
    example = OpenApiExample(code, value=problem(status, code, "A sentence for people."))
    return {(status, MEDIA_TYPE): OpenApiResponse(Problem, description=about, examples=[example])}


BAD_VALUES: Final = refusal(422, "invalid", "invalid: a value cannot be taken; “errors” says which")
BAD_PAGE: Final = refusal(400, "bad_value", "bad_value: no such limit") | refusal(
    404, "bad_cursor", "bad_cursor: no such page"
)
NO_PROOF: Final = refusal(
    403,
    "proof_needed",
    "not_allowed, second_factor_needed; proof_needed: sign in again, then use the new token",
)


def listing(name: str, shape: type[serializers.Serializer], summary: str, about: str, *more: Any) -> Any:
    """Return the description of a list, a page of which holds ``shape``; ``more`` are its filters."""
    fields = {
        "results": shape(many=True),
        "next": serializers.CharField(allow_null=True, help_text="The address of the next page."),
    }
    page = inline_serializer(f"{shape.__name__}Page", fields)
    return extend_schema(
        operation_id=name,
        summary=summary,
        description=about,
        parameters=[*more, LIMIT, AFTER, IF_NONE_MATCH, ETAG],
        responses={200: page, **UNCHANGED, **refusals(406), **BAD_PAGE, **BAD_VALUES},
    )


models = listing("models", shapes.ModelLine, "The versions of the model", MACHINE, asked.ModelFilters)
data_sets = listing("data_sets", shapes.DataSetAnswer, "The data sets and their versions", MACHINE)
training_runs = listing("training_runs", shapes.RunAnswer, "The trainings", MACHINE, asked.RunFilters)
people = listing("people", shapes.PersonAnswer, "Everybody", MACHINE, asked.PeopleFilters)
sites = listing("sites", shapes.Named, "The sites, by name", MACHINE)
audit = listing(
    "audit",
    shapes.EventAnswer,
    "The log",
    f"Reading it is written into it, for each page. {MACHINE}",
    asked.EventFilters,
)
model = extend_schema(
    operation_id="model",
    summary="One version of the model",
    description=MACHINE,
    parameters=[IF_NONE_MATCH, ETAG],
    responses={200: shapes.ModelAnswer, **UNCHANGED, **refusals(404, 406)},
)
tokens = listing("tokens", shapes.TokenLine, "The tokens in use", PERSON, asked.TokenFilters)
ORDER: Final = OpenApiExample(
    "A scanner",
    request_only=True,
    value={
        "person": "7d1fd9c9-2f8a-4c4e-9ab4-3f1f1b0c7a55",
        "name": "Scanner 2",
        "scopes": ["predict", "read"],
        "days": 90,
    },
)
token_new = extend_schema(
    operation_id="token_new",
    summary="Make a machine token",
    description="The answer tells the token, this once. It takes no Idempotency-Key, which would keep it. "
    f"{PERSON} It needs a sign-in of the last minutes (REAUTHENTICATION_MINUTES).",
    request=asked.TokenOrder,
    examples=[ORDER],
    responses={
        201: shapes.TokenMade,
        **refusals(400, 406, 413, 415),
        **NO_PROOF,
        **refusal(409, "deactivated", "deactivated: the person may not sign in"),
        **BAD_VALUES,
    },
)
token_end = extend_schema(
    operation_id="token_end",
    summary="Revoke a machine token",
    description=f"{PERSON} It needs a sign-in of the last minutes (REAUTHENTICATION_MINUTES).",
    responses={204: OpenApiResponse(description="It works no more."), **refusals(404, 406), **NO_PROOF},
)
