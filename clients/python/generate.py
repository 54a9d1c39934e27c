"""Writes the records and addresses of the client from the portal's own description.

Reads OpenAPI as JSON from standard input and writes ``hematovision_client/records.py``::

    curl -s 'http://127.0.0.1:8000/api/v1/schema?format=json' | python clients/python/generate.py
"""

from __future__ import annotations

import json
import sys
from keyword import iskeyword
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

TARGET: Final = Path(__file__).parent / "hematovision_client" / "records.py"
WIDTH: Final = 110
METHODS: Final = ("delete", "get", "patch", "post", "put")
SIMPLE: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
HEAD: Final = '''"""What the portal's answers hold and where it gives them; written by ``generate.py``."""

from __future__ import annotations

from typing import Any, Final, Literal, NotRequired, TypedDict
'''


def module(description: dict[str, Any]) -> str:
    """Return the whole module for an OpenAPI description: records, other shapes, addresses."""
    shapes = sorted(description.get("components", {}).get("schemas", {}).items())
    records = [_record(name, shape) for name, shape in shapes if "properties" in shape]
    others = [_assigned(f"{name} = ", kind(shape)) for name, shape in shapes if "properties" not in shape]
    addresses = _addresses(description["paths"])
    return "\n\n".join([HEAD, *records, *others, addresses]).replace("\n\n\n\n", "\n\n\n")


def kind(shape: dict[str, Any]) -> str:
    """Return the Python type that a schema stands for."""
    found = _combined(shape) or _simple(shape)
    return f"{found} | None" if shape.get("nullable") and not found.endswith("None") else found


def _combined(shape: dict[str, Any]) -> str | None:
    """Return the type of what refers to other shapes or lists its values, None for what does neither."""
    if "$ref" in shape:
        return str(shape["$ref"]).rsplit("/", 1)[-1]
    if several := shape.get("oneOf") or shape.get("anyOf") or shape.get("allOf"):
        return " | ".join(_none_last([kind(part) for part in several]))
    if "enum" not in shape:
        return None
    words = ", ".join(json.dumps(value) for value in shape["enum"] if value is not None)
    return " | ".join(
        [*([f"Literal[{words}]"] if words else []), *(["None"] if None in shape["enum"] else [])]
    )


def _simple(shape: dict[str, Any]) -> str:
    if shape.get("type") == "array":
        return f"list[{kind(shape['items'])}]"
    if shape.get("type") == "object":
        values = shape.get("additionalProperties")
        return f"dict[str, {kind(values) if isinstance(values, dict) and values else 'Any'}]"
    return SIMPLE.get(shape.get("type", ""), "Any")


def _none_last(parts: list[str]) -> list[str]:
    """Return the types once each, ``None`` and the empty enumeration of nothing at the end."""
    kept = dict.fromkeys(part for part in parts if part not in {"None", "NullEnum"})
    return [*kept, *(["None"] if len(kept) < len(set(parts)) else [])]


def _record(name: str, shape: dict[str, Any]) -> str:
    required = set(shape.get("required", []))
    if any(iskeyword(key) or not key.isidentifier() for key in shape["properties"]):
        # Such a name cannot stand in a class; nobody reads the other form with pleasure.
        told = [(key, _told(key, value, required)) for key, value in shape["properties"].items()]
        rows = [f"        {key!r}: {what!r}," for key, what in told]
        return "\n".join([f"{name} = TypedDict(", f'    "{name}",', "    {", *rows, "    },", ")"]) + "\n"
    lines = [f"class {name}(TypedDict):"]
    if told := wrap(shape.get("description", ""), WIDTH - 10):
        lines += [f'    """{told[0]}', *(f"    {line}" for line in told[1:])]
        lines[-1] += '"""'
        lines.append("")
    for key, value in shape["properties"].items():
        lines += [f"    # {line}" for line in wrap(value.get("description", ""), WIDTH - 6)]
        lines.append(_assigned(f"    {key}: ", _told(key, value, required)).rstrip())
    return "\n".join(lines) + "\n"


def _told(key: str, value: dict[str, Any], required: set[str]) -> str:
    return kind(value) if key in required else f"NotRequired[{kind(value)}]"


def _assigned(start: str, what: str) -> str:
    """Return the line, or one line for each word of an enumeration that is too long for one."""
    line = f"{start}{what}"
    if len(line) <= WIDTH or not what.startswith("Literal["):
        return line
    words, rest = what.removeprefix("Literal[").split("]", 1)
    pad = " " * (len(start) - len(start.lstrip()))
    return "\n".join(
        [f"{start}Literal[", *(f"{pad}    {word}," for word in words.split(", ")), f"{pad}]{rest}"]
    )


def _addresses(paths: dict[str, Any]) -> str:
    """Return the table from the name of each operation to its method and address."""
    found = sorted(
        (operation["operationId"], method.upper(), path)
        for path, item in paths.items()
        for method, operation in item.items()
        if method in METHODS
    )
    names = "\n".join(f'    "{name}",' for name, _, _ in found)
    table = "\n".join(f'    "{name}": ("{method}", "{path}"),' for name, method, path in found)
    return (
        f"Operation = Literal[\n{names}\n]\n"
        f"ADDRESSES: Final[dict[Operation, tuple[str, str]]] = {{\n{table}\n}}\n"
    )


if __name__ == "__main__":
    TARGET.write_text(module(json.load(sys.stdin)))
