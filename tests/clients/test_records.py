"""What the client knows of the portal is what the portal's description says now."""

import runpy

import pytest

from tests.clients.conftest import PACKAGE

AGAIN = "curl -s '.../api/v1/schema?format=json' | python clients/python/generate.py"
generate = runpy.run_path(str(PACKAGE / "generate.py"))


@pytest.mark.django_db
def test_records_are_those_of_the_description(client):
    description = client.get("/api/v1/schema?format=json").json()
    now = generate["module"](description)
    assert now == (PACKAGE / "hematovision_client" / "records.py").read_text(), AGAIN
    assert "class FieldAnswer(TypedDict):" in now


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "integer"}, "int"),
        ({"type": "string", "nullable": True}, "str | None"),
        ({"type": "array", "items": {"type": "number"}}, "list[float]"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "dict[str, bool]"),
        ({"type": "object", "additionalProperties": {}}, "dict[str, Any]"),
        ({"enum": ["a", None]}, 'Literal["a"] | None'),
        ({"allOf": [{"$ref": "#/components/schemas/State"}], "nullable": True}, "State | None"),
        (
            {"oneOf": [{"$ref": "#/components/schemas/State"}, {"$ref": "#/components/schemas/NullEnum"}]},
            "State | None",
        ),
        ({}, "Any"),
    ],
)
def test_schema_becomes_a_type(schema, kind):
    assert generate["kind"](schema) == kind
