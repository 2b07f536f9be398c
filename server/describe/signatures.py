"""What a public method takes and answers, as JSON Schemas: from the readers of the record methods where there are some, from the
annotations everywhere else.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from server.describe.annotations import Schema, schema_of, union
from server.describe.bearer import plain
from server.describe.catalog import MethodInfo, ModelInfo, ParameterInfo
from server.describe.schemas import ID, Schemas
from server.rpc import arguments


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument by name.

    :ivar common: whether its schema is the same for every model.
    """

    name: str
    schema: Schema
    required: bool
    common: bool


_NULL: Schema = {"type": "null"}
_TEXT: Schema = {"type": "string"}
_OBJECT: Schema = {"type": "object"}
_BOOLEAN: Schema = {"type": "boolean"}

#: Arguments of record methods that hold values of the model's fields.
_VALUES = frozenset({"vals", "vals_list", "default"})

#: Arguments of record methods that no reader describes: name → schema, or the name of a shared one.
_NAMED: dict[str, Schema | str] = {
    "load": {
        "type": ["string", "null", "boolean"],
        "default": "_classic_read",
        "description": "Anything else: bare ids of links.",
    },
    "specification": "the-specification",
    "fields_spec": "the-specification",
    "values": _OBJECT,
    "options": {"type": ["object", "null"]},
    "cursor": {"type": ["string", "null"], "description": "The one that the page before answered."},
    "operation": {"enum": ["read", "write", "create", "unlink"]},
    "domain": "the-domain",
}


def arguments_of(schemas: Schemas, model: ModelInfo, method: MethodInfo) -> list[Argument]:
    """The arguments of a method by name, ids first, the context last. Older names of arguments are left out."""
    found = []
    if method.on_records:
        found.append(Argument("ids", schemas.shared("the-ids"), True, True))
    readers = arguments.RECORD_METHODS.get(method.name, {})
    old = arguments.OLD_KEYWORDS.get(method.name, {})
    for parameter in method.parameters:
        name = parameter.name
        if parameter.kind == "rest" or (old.get(name) in {p.name for p in method.parameters}):
            continue
        reader = readers.get(name)
        shape = arguments.SHAPES.get(reader, "") if reader is not None else ""
        schema = _shaped(schemas, model, method, parameter, shape)
        common = name not in _VALUES
        found.append(Argument(name, _told(schema, parameter), parameter.required, common))
    found.append(Argument("context", schemas.shared("the-context"), False, True))
    return found


def _shaped(schemas: Schemas, model: ModelInfo, method: MethodInfo, parameter: ParameterInfo, shape: str) -> Schema:
    if shape in ("domain", "offset", "limit", "names"):
        return schemas.shared(f"the-{shape}")
    if shape == "text":
        return schemas.shared("the-order") if parameter.name in ("order", "orderby") else {"type": ["string", "null"]}
    if shape == "word":
        return dict(_NAMED["operation"]) if parameter.name == "operation" else dict(_TEXT)  # type: ignore[arg-type]
    if shape == "views":
        pair: Schema = {"type": "array", "prefixItems": [{}, _TEXT], "minItems": 2, "maxItems": 2}
        return {"type": "array", "items": pair, "examples": [[[None, "list"]]]}
    if shape == "table":
        cell: Schema = {"type": ["string", "null", "boolean", "number"]}
        return {"type": "array", "items": {"type": "array", "items": cell}}
    if method.own and parameter.name in _VALUES:
        values = schemas.values(model)
        if shape == "values?":
            return {"anyOf": [values, _NULL]}
        if method.name == "create":
            return {"anyOf": [{"type": "array", "items": values}, values]}
        return {"type": "array", "items": values} if parameter.name == "vals_list" else values
    named = _NAMED.get(parameter.name) if method.own else None
    if isinstance(named, str):
        return schemas.shared(named)
    if named is not None:
        return dict(named)
    schema = schema_of(parameter.annotation)
    if parameter.default is None and schema:
        return union(schema, _NULL)
    return schema


def _told(schema: Schema, parameter: ParameterInfo) -> Schema:
    told = dict(schema)
    default = parameter.default
    if default is not inspect.Parameter.empty and default is not None and "$ref" not in told and "default" not in told:
        told["default"] = plain(default)
    if parameter.doc:
        told["description"] = parameter.doc
    return told


def request_of(schemas: Schemas, model: ModelInfo, method: MethodInfo) -> tuple[Schema, bool]:
    """The object of all arguments by name; and whether it is the same for every model."""
    given = arguments_of(schemas, model, method)
    schema: Schema = {"type": "object", "properties": {argument.name: argument.schema for argument in given}}
    required = [argument.name for argument in given if argument.required]
    if required:
        schema["required"] = required
    schema["additionalProperties"] = method.open_ended
    return schema, method.own and all(argument.common for argument in given)


# -- answers -----------------------------------------------------------------------------------------------------------------

_Answer = Callable[[Schemas, ModelInfo], Schema]


def _ids(schemas: Schemas, model: ModelInfo) -> Schema:
    return {"type": "array", "items": ID}


def _rows(schemas: Schemas, model: ModelInfo) -> Schema:
    return {"type": "array", "items": schemas.row(model)}


def _cursor_page(schemas: Schemas, model: ModelInfo) -> Schema:
    return {
        "type": "object",
        "properties": {
            "records": {"type": "array", "items": schemas.row(model)},
            "cursor": {"type": "string"},
            "more": {"type": "boolean"},
        },
        "required": ["records", "cursor", "more"],
    }


def _page(schemas: Schemas, model: ModelInfo) -> Schema:
    return {
        "type": "object",
        "properties": {"length": {"type": "integer"}, "records": {"type": "array", "items": _OBJECT}},
        "required": ["length", "records"],
    }


def _pairs(schemas: Schemas, model: ModelInfo) -> Schema:
    return schemas.shared("name-pairs")


def _pair(schemas: Schemas, model: ModelInfo) -> Schema:
    return schemas.shared("name-pair")


def _fixed(schema: Schema) -> _Answer:
    return lambda schemas, model: dict(schema)


_OBJECTS: Schema = {"type": "array", "items": _OBJECT}

#: Answers of the record methods; True: the same for every model.
_ANSWERS: dict[str, tuple[_Answer, bool]] = {
    "search": (_ids, True),
    "search_fetch": (_ids, True),
    "create": (_ids, True),
    "copy": (_ids, True),
    "exists": (_ids, True),
    "search_count": (_fixed({"type": "integer", "minimum": 0}), True),
    "search_read": (_rows, False),
    "read": (_rows, False),
    "search_page": (_cursor_page, False),
    "write": (_fixed(_BOOLEAN), True),
    "write_multi": (_fixed(_BOOLEAN), True),
    "unlink": (_fixed(_BOOLEAN), True),
    "name_search": (_pairs, True),
    "name_get": (_pairs, True),
    "name_create": (_pair, True),
    "default_get": (_fixed(_OBJECT), True),
    "fields_get": (_fixed({"type": "object", "additionalProperties": _OBJECT}), True),
    "copy_data": (_fixed(_OBJECTS), True),
    "web_read": (_fixed(_OBJECTS), True),
    "web_save": (_fixed(_OBJECTS), True),
    "web_save_multi": (_fixed(_OBJECTS), True),
    "web_search_read": (_page, True),
}


def answer_of(schemas: Schemas, model: ModelInfo, method: MethodInfo) -> tuple[Schema, bool]:
    """What the method answers on success; and whether that is the same for every model."""
    known = _ANSWERS.get(method.name)
    if known is not None and method.own:
        return known[0](schemas, model), known[1]
    schema = schema_of(method.returns)
    if not schema:
        # An action answers whatever comes next: nothing, true, ids, a window to open.
        schema = schemas.shared("the-action") if not method.mark.readonly else {}
    return schema, method.own
