"""JSON Schemas of what methods take and give, from their annotations."""

from __future__ import annotations

import ast
from typing import Any

Schema = dict[str, Any]

DATE = {"type": "string", "format": "date"}
DATETIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?$"}

_PLAIN: dict[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "float": {"type": "number"},
    "Decimal": {"type": "number"},
    "None": {"type": "null"},
    "date": DATE,
    "datetime": DATETIME,
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "Records": {"type": "array", "items": {"type": "integer"}},
    "Self": {"type": "array", "items": {"type": "integer"}},
}
_LISTS = frozenset({"list", "Sequence", "Iterable", "set", "frozenset", "Collection"})
_MAPPINGS = frozenset({"dict", "Mapping"})


def schema_of(annotation: str) -> Schema:
    """The schema of the values that fit an annotation; the empty one, which everything fits, for what is not known."""
    try:
        return _schema(ast.parse(annotation, mode="eval").body)
    except SyntaxError:
        return {}


def _schema(node: ast.expr) -> Schema:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return union(_schema(node.left), _schema(node.right))
    if isinstance(node, ast.Constant):
        return _PLAIN["None"] if node.value is None else {}
    if isinstance(node, ast.Attribute):
        return _named(node.attr)
    if isinstance(node, ast.Name):
        return _named(node.id)
    if isinstance(node, ast.Subscript):
        return _generic(node)
    return {}


def _named(name: str) -> Schema:
    if name in _LISTS or name == "tuple":
        return {"type": "array"}
    if name in _MAPPINGS:
        return {"type": "object"}
    return dict(_PLAIN.get(name, {}))


def _generic(node: ast.Subscript) -> Schema:
    name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name in _LISTS:
        items = _schema(inner[0])
        return {"type": "array", **({"items": items} if items else {})}
    if name == "tuple":
        if len(inner) == 2 and isinstance(inner[1], ast.Constant) and inner[1].value is ...:
            return {"type": "array", "items": _schema(inner[0])}
        return {"type": "array", "prefixItems": [_schema(one) for one in inner], "minItems": len(inner), "maxItems": len(inner)}
    if name in _MAPPINGS and len(inner) == 2:
        values = _schema(inner[1])
        return {"type": "object", **({"additionalProperties": values} if values else {})}
    if name == "Literal":
        return {"enum": [one.value for one in inner if isinstance(one, ast.Constant)]}
    if name == "Optional":
        return union(_schema(inner[0]), _PLAIN["None"])
    return {}


def union(*schemas: Schema) -> Schema:
    """A schema for what fits one of several; plain types become one list of types."""
    flat: list[Schema] = []
    for schema in schemas:
        if not schema:
            return {}
        flat += schema["anyOf"] if set(schema) == {"anyOf"} else [schema]
    if all(set(schema) == {"type"} for schema in flat):
        types: list[str] = []
        for schema in flat:
            types += schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        unique = list(dict.fromkeys(types))
        return {"type": unique[0] if len(unique) == 1 else unique}
    return {"anyOf": flat}
