"""The management interface as an OpenAPI 3.1 document, made of the declared acts: each is an operation."""

from __future__ import annotations

import importlib.metadata
from functools import cache
from typing import TYPE_CHECKING, Any

from connector.api.faults import as_json
from connector.client.acts import request
from connector.client.acts.act import JSON
from connector.client.acts.shape import FAULT, WAITS
from connector.client.acts.table import TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import web

    from connector.api.call import Call
    from connector.client.acts.act import Act, Field

VERSION = "3.1.0"
# what a word of a shape (`connector.client.acts.shape`) is in JSON Schema
WORDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "digits": {"type": "string", "pattern": "^-?[0-9]+$"},
    "number": {"type": "integer"},
    "truth": {"type": "boolean"},
    "object": {"type": "object"},
    "any": {},
}
# what a kind of field is in JSON Schema
KINDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "digits": {"type": "string", "pattern": "^[0-9]+$"},
    "money": {"type": "string", "pattern": "^[0-9]+$"},
    "coins": {"type": "string"},
    "number": {"type": "integer"},
    "truth": {"type": "boolean"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "pairs": {"type": "object", "additionalProperties": {"type": "string"}},
    "list": {"type": "array"},
    "document": {"type": "object"},
}


async def page(_call: Call) -> web.Response:
    """Show the management interface as an OpenAPI document."""
    return as_json(_own())


@cache
def _own() -> dict[str, Any]:
    return document(TABLE)


def document(acts: Iterable[Act]) -> dict[str, Any]:
    """Return the document of these acts."""
    paths: dict[str, dict[str, Any]] = {}
    for act in acts:
        paths.setdefault(act.address, {})[act.method.lower()] = operation(act)
    return {
        "openapi": VERSION,
        "info": {"title": "Penstock management interface", "version": importlib.metadata.version("penstock")},
        "paths": paths,
        "security": [{"owner": []}],
        "components": {
            "securitySchemes": {"owner": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Fault": shaped({**FAULT, "*": "any"}), "Waits": shaped(WAITS)},
        },
    }


def operation(act: Act) -> dict[str, Any]:
    """Return the operation of a declared act."""
    told: dict[str, Any] = {
        "operationId": act.call,
        "summary": act.help.partition("\n\n")[0],
        **({"description": act.help} if "\n\n" in act.help else {}),
        "x-says": dict(zip(("en", "zh"), act.says, strict=True)),
        "x-roles": act.roles.split(),
        **({"x-command": "penstock " + act.words} if act.words else {}),
        "x-rehearsed": act.rehearse,
        "parameters": [_parameter(one, "path") for one in act.within("path")]
        + [_parameter(one, "query") for one in act.within("query")],
        "responses": {
            str(act.status): _content("what was done", shaped(act.answer), act.media),
            "default": _content("why not", {"$ref": "#/components/schemas/Fault"}),
        },
    }
    if act.changes:
        body = _content("", _body(act))["content"]
        body[JSON]["example"] = request.example(act)
        told["requestBody"] = {
            "required": not act.does or bool(act.within("body")),
            "content": body,
        }
    if act.operator and act.changes:
        told["responses"]["202"] = _content("it waits for another operator", {"$ref": "#/components/schemas/Waits"})
    return told


def _body(act: Act) -> dict[str, Any]:
    fields = act.within("body")
    if [one.wire for one in fields] == [request.WHOLE]:
        return typed(fields[0])
    told = schema(fields)
    told["properties"] |= {name: {"const": value} for name, value in act.fixed.items()}
    told["required"] += act.fixed
    return told


def schema(fields: Iterable[Field]) -> dict[str, Any]:
    """Return the JSON Schema of an object with these fields."""
    told = list(fields)
    return {
        "type": "object",
        "properties": {one.wire: _perhaps(one) for one in told},
        "required": [one.wire for one in told if one.needed],
        "additionalProperties": False,
    }


def shaped(shape: Any) -> dict[str, Any]:
    """Return the JSON Schema of a shape."""
    if isinstance(shape, list):
        return {"type": "array", "items": shaped(shape[0])}
    if isinstance(shape, dict):
        known = {name.removesuffix("?"): shaped(inner) for name, inner in shape.items() if name != "*"}
        needed = [name for name in shape if name != "*" and not name.endswith("?")]
        rest: Any = shaped(shape["*"]) if "*" in shape else False
        return {"type": "object", "properties": known, "required": needed, "additionalProperties": rest}
    told = WORDS[shape.removesuffix("?")]
    return {**told, "type": [told["type"], "null"]} if shape.endswith("?") else dict(told)


def _perhaps(field: Field) -> dict[str, Any]:
    """Return the schema of a member of a body: what need not be said may be null, which says the same."""
    told = typed(field)
    return told if field.needed else {**told, "type": [told["type"], "null"]}


def typed(field: Field) -> dict[str, Any]:
    """Return the JSON Schema of a field."""
    told = schema(field.parts) if field.parts else dict(KINDS[field.kind])
    limits = {"minimum": field.least, "maximum": field.most} if field.kind == "number" else {}
    told |= {name: value for name, value in limits.items() if value is not None}
    told |= {"description": field.help, "title": field.words[0], "x-title-zh": field.words[1]}
    return told | ({"default": field.default} if isinstance(field.default, str | int | list | dict) else {})


def _parameter(field: Field, where: str) -> dict[str, Any]:
    return {
        "name": field.name if where == "path" else field.wire,
        "in": where,
        "required": where == "path" or field.needed,
        "schema": typed(field),
    }


def _content(description: str, told: dict[str, Any], media: str = JSON) -> dict[str, Any]:
    return {"description": description, "content": {media: {"schema": told}}}
