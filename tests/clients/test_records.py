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


def test_a_name_that_is_a_word_of_python_is_kept():
    shape = {"required": ["class"], "properties": {"class": {"enum": ["a"]}, "place": {"type": "integer"}}}
    paths = {"/rows": {"get": {"operationId": "rows"}}}
    space = {}
    exec(generate["module"]({"components": {"schemas": {"Row": shape}}, "paths": paths}), space)
    assert [where.__forward_arg__ for where in space["Row"].__annotations__.values()] == [
        'Literal["a"]',
        "NotRequired[int]",
    ]
    assert space["ADDRESSES"] == {"rows": ("GET", "/rows")}
