"""JSON Schemas of records: as they are read, as they are written, and the commands that write through a relation.

Shared schemas are components, referred to by name, so that a document of hundreds of models stays small. Their names have a `-`,
which the technical name of a model never has, so none can hide a model:

==================== ======================================================================================================
`res.partner`        a row of the model as it is read (only the fields that were asked for are in it)
`res.partner-values` values for `create` and `write`
`res.partner-lines`  what an x2many field to the model takes: ids, or commands
`value-…`, `give-…`  one value as it is read, as it is given
==================== ======================================================================================================

Two encodings: the classic one says `false` for nothing and `[id, name]` for a many2one; the typed one (`server.rpc.typed`) `null`
and `{"id", "display_name"}`.
"""

from __future__ import annotations

from typing import Any

from server.describe.annotations import DATETIME, Schema
from server.describe.catalog import ModelInfo
from server.model.fields import AUTOMATIC
from server.model.relational import ToMany
from server.model.scalars import Selection

ID: Schema = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
_NO: Schema = {"type": "boolean", "const": False}
_INT64: Schema = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
#: Of `2026-03-31 18:30:00`, UTC.
_MOMENT: Schema = {"type": "string", "pattern": r"^\d{4,}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", "examples": ["2026-03-31 18:30:00"]}
_DAY: Schema = {"type": "string", "format": "date", "examples": ["2026-03-31"]}
_BYTES: Schema = {"type": "string", "contentEncoding": "base64"}

#: type of a field → name of the shared schema; `many2one` and the x2many fields stand apart.
_KINDS = {
    "char": "text",
    "text": "text",
    "html": "text",
    "integer": "integer",
    "many2one_reference": "integer",
    "float": "number",
    "monetary": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "binary": "binary",
    "image": "binary",
    "reference": "reference",
    "json": "json",
    "properties": "json",
    "many2one": "many2one",
    "one2many": "ids",
    "many2many": "ids",
}


class Schemas:
    """The schemas of one document, collected in `components` as they are first needed.

    :param where: where components stand in the document, such as `#/components/schemas/`.
    :param typed: whether values are typed.
    :param models: names of the models that the document describes.
    """

    def __init__(self, where: str, typed: bool, models: frozenset[str]) -> None:
        self.where = where
        self.typed = typed
        self.models = models
        self.components: dict[str, Schema] = {}

    def ref(self, name: str) -> Schema:
        """A reference to a component."""
        return {"$ref": f"{self.where}{name}"}

    def shared(self, name: str) -> Schema:
        """A reference to one of the shared schemas, which is thereby part of the document."""
        if name not in self.components:
            self.components[name] = self._shared(name)
        return self.ref(name)

    def _shared(self, name: str) -> Schema:
        if name.startswith("value-"):
            return self._value(name[6:])
        if name.startswith("give-"):
            return self._given(name[5:])
        schema = dict(SHARED[name])
        for needed in _NEEDS.get(name, ()):
            self.shared(needed)
        found: Schema = _with_refs(schema, self.where)
        return found

    # -- values -------------------------------------------------------------------------------------------------------
    def _value(self, kind: str) -> Schema:
        """One value as it is read."""
        if kind == "integer":
            return _INT64
        if kind == "number":
            return {"type": "number"}
        if kind == "boolean":
            return {"type": "boolean"}
        if kind == "ids":
            return {"type": "array", "items": ID}
        if kind == "json":
            return {"description": "Any JSON value."}
        if kind == "many2one":
            pair = {"type": "array", "prefixItems": [ID, {"type": "string"}], "minItems": 2, "maxItems": 2, "items": False}
            link: Schema = {
                "type": "object",
                "properties": {"id": ID, "display_name": {"type": "string"}},
                "required": ["id", "display_name"],
                "additionalProperties": False,
            }
            # A call with another `load` gets bare ids.
            return {"anyOf": [link if self.typed else pair, ID, self._nothing()]}
        text = {"date": _DAY, "datetime": _MOMENT, "binary": _BYTES}.get(kind, {"type": "string"})
        return {"anyOf": [text, self._nothing()]}

    def _nothing(self) -> Schema:
        return {"type": "null"} if self.typed else _NO

    def _given(self, kind: str) -> Schema:
        """One value as it is written. Both `false` and `null` empty a field; a typed client is told of `null` only."""
        empty: list[Schema] = [{"type": "null"}] if self.typed else [_NO, {"type": "null"}]
        if kind == "boolean":
            return {"type": "boolean"}
        if kind == "json":
            return {"description": "Any JSON value."}
        given: Schema = {
            "integer": _INT64,
            "number": {"type": "number"},
            "many2one": ID,
            "date": _DAY,
            "datetime": {**DATETIME, "examples": ["2026-03-31 18:30:00"]},
            "binary": _BYTES,
            "ids": {"type": "array", "items": ID},
        }.get(kind, {"type": "string"})
        return {"anyOf": [given, *empty]}

    # -- models -------------------------------------------------------------------------------------------------------
    def row(self, model: ModelInfo) -> Schema:
        """A reference to the model's rows as they are read."""
        if model.name not in self.components:
            properties = {name: self._property(model, name, entry, "value") for name, entry in model.fields.items()}
            self.components[model.name] = {
                "type": "object",
                "title": model.label,
                "description": model.text,
                "properties": properties,
                "required": ["id"],
            }
        return self.ref(model.name)

    def values(self, model: ModelInfo) -> Schema:
        """A reference to values for the model's `create` and `write`."""
        name = f"{model.name}-values"
        if name not in self.components:
            properties = {
                field: self._property(model, field, entry, "give")
                for field, entry in model.fields.items()
                if entry["name"] not in AUTOMATIC and not _computed(model, field)
            }
            self.components[name] = {
                "type": "object",
                "title": model.label,
                "properties": properties,
                "additionalProperties": False,
            }
        return self.ref(name)

    def lines(self, comodel: str) -> Schema:
        """A reference to what an x2many field to `comodel` takes."""
        name = f"{comodel}-lines" if comodel in self.models else "any-lines"
        if name not in self.components:
            values: Schema = self.ref(f"{comodel}-values") if comodel in self.models else {"type": "object"}
            self.components[name] = _lines(values, comodel if comodel in self.models else "")
        return self.ref(name)

    def _property(self, model: ModelInfo, name: str, entry: dict[str, Any], way: str) -> Schema:
        """One field: its schema, its label, its help."""
        kind = entry["type"]
        if kind == "selection":
            schema = self._selection(model, name, entry, way)
        elif way == "give" and kind in ("one2many", "many2many"):
            schema = self.lines(entry["relation"])
        elif name == "id":
            schema = dict(ID)
        elif kind in _KINDS:
            schema = self.shared(f"{way}-{_KINDS[kind]}")
        else:
            schema = {}
        schema["title"] = entry["string"]
        words = [entry["help"]] if entry.get("help") else []
        if entry["name"] != name:
            schema["deprecated"] = True
            words.append(f"Older name of `{entry['name']}`.")
        if way == "give" and entry.get("required"):
            schema["x-required"] = True
        if entry.get("relation"):
            schema["x-relation"] = entry["relation"]
        if entry.get("size") and way == "give":
            words.append(f"At most {entry['size']} characters.")
        if words:
            schema["description"] = " ".join(words)
        return schema

    def _selection(self, model: ModelInfo, name: str, entry: dict[str, Any], way: str) -> Schema:
        field = model.field(name)
        nothing: list[Any] = [None] if self.typed else [False] if way == "value" else [False, None]
        pairs = entry.get("selection") or []
        if not pairs or not isinstance(field, Selection) or callable(field.selection):
            # The keys depend on data (languages, models, time zones): any text may be one.
            return self.shared(f"{way}-text")
        return {"enum": [*(key for key, _label in pairs), *nothing], "x-labels": dict(pairs)}


def _computed(model: ModelInfo, name: str) -> bool:
    """Whether the server works the field out, whatever is written."""
    field = model.field(name)
    if isinstance(field, ToMany):
        return bool(field.computed and not field.inverse and not field.related)
    return bool(field.compute and not field.inverse and field.readonly)


def _lines(values: Schema, model: str) -> Schema:
    """Commands of the external API: the first member says which."""

    def command(code: int, *members: Schema, least: int | None = None) -> Schema:
        items: list[Schema] = [{"type": "integer", "const": code}, *members]
        return {"type": "array", "prefixItems": items, "minItems": least or len(items), "maxItems": 3}

    anything: Schema = {}
    commands = [
        {"title": "create", **command(0, anything, values)},
        {"title": "update", **command(1, ID, values)},
        {"title": "delete", **command(2, ID)},
        {"title": "unlink", **command(3, ID)},
        {"title": "link", **command(4, ID)},
        {"title": "clear", **command(5)},
        {"title": "set", **command(6, anything, {"type": "array", "items": ID})},
    ]
    return {
        "title": f"Lines of {model}" if model else "Lines",
        "anyOf": [
            {"type": "array", "items": ID, "title": "exactly these"},
            {"type": "array", "items": {"anyOf": commands}, "title": "commands, in order"},
            {"type": "boolean", "const": False, "title": "none"},
        ],
    }


def _with_refs(schema: Any, where: str) -> Any:
    """A shared schema with its references (`{"$ref": "name"}`) put in place."""
    if isinstance(schema, dict):
        return {
            key: f"{where}{value}" if key == "$ref" and isinstance(value, str) else _with_refs(value, where)
            for key, value in schema.items()
        }
    return [_with_refs(item, where) for item in schema] if isinstance(schema, list) else schema


_OPERATORS = [
    "=", "!=", "<>", ">", ">=", "<", "<=", "in", "not in", "like", "not like", "ilike", "not ilike", "=like", "=ilike",
    "not =like", "not =ilike", "=?", "child_of", "parent_of", "any", "not any",
]  # fmt: skip

#: Schemas that every document may need; references in them are names.
SHARED: dict[str, Schema] = {
    "the-ids": {"type": "array", "items": ID, "maxItems": 200_000, "title": "Ids", "examples": [[1, 2]]},
    "the-id": ID,
    "the-domain": {
        "title": "Domain",
        "description": "Terms `[field, operator, value]`; neighbours are joined by and. `&` and `|` stand before the two they "
        "join, `!` before the one it negates.",
        "type": "array",
        "items": {
            "anyOf": [
                {"enum": ["&", "|", "!"]},
                {
                    "type": "array",
                    "prefixItems": [{"type": ["string", "integer"]}, {"enum": _OPERATORS}, {}],
                    "minItems": 3,
                    "maxItems": 3,
                },
            ]
        },
        "examples": [[["name", "ilike", "ana"], ["active", "=", True]]],
    },
    "the-offset": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1, "default": 0, "title": "Offset"},
    "the-limit": {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": 2**63 - 1,
        "title": "Limit",
        "description": "0 and null: no limit.",
    },
    "the-order": {"type": ["string", "null"], "title": "Order", "examples": ["name, id desc"]},
    "the-names": {"type": ["array", "null"], "items": {"type": "string"}, "title": "Names", "description": "Null and []: all."},
    "the-context": {
        "title": "Context",
        "type": "object",
        "properties": {
            "lang": {"type": "string", "description": "Language of texts and labels.", "examples": ["es_MX"]},
            "tz": {"type": "string", "examples": ["America/Lima"]},
            "allowed_company_ids": {
                "type": "array",
                "items": ID,
                "description": "Companies switched on; the first one is the current.",
            },
            "active_test": {"type": "boolean", "default": True, "description": "false: archived records too."},
            "bin_size": {"type": "boolean", "description": "Sizes instead of the bytes of binary fields."},
            "typed_values": {
                "type": "boolean",
                "const": False,
                "description": "true: null for nothing and objects for many2one, as the document `?values=typed` describes.",
            },
        },
        "additionalProperties": True,
    },
    "the-action": {
        "title": "What an action answers",
        "description": "true, null, ids of records, or a description of the window that a person would see next.",
        "type": ["boolean", "null", "array", "object", "integer", "string"],
    },
    "name-pair": {
        "title": "Id and name",
        "type": "array",
        "items": {"type": ["integer", "string"]},
        "minItems": 2,
        "maxItems": 2,
        "examples": [[7, "Ana"]],
    },
    "name-pairs": {"type": "array", "items": {"$ref": "name-pair"}},
    "the-specification": {
        "title": "Specification",
        "description": "Fields to read; a relation may say in `fields` what to read of the records it links to.",
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": {
                "fields": {"$ref": "the-specification"},
                "context": {"$ref": "the-context"},
                "limit": {"$ref": "the-limit"},
                "order": {"$ref": "the-order"},
            },
        },
        "examples": [{"name": {}, "country_id": {"fields": {"display_name": {}}}}],
    },
    "the-error": {
        "title": "Refusal",
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "Class of the error.", "examples": ["odoo.exceptions.UserError"]},
            "message": {"type": "string", "description": "What happened, why, and what to do."},
            "arguments": {"type": "array"},
            "context": {"type": "object", "description": "Details for programs: model, field, ids …"},
            "debug": {"type": "string"},
            "exception_type": {"type": "string"},
        },
        "required": ["name", "message", "arguments", "context", "debug"],
    },
}
#: Components that a shared schema refers to.
_NEEDS: dict[str, tuple[str, ...]] = {
    "name-pairs": ("name-pair",),
    "the-specification": ("the-context", "the-limit", "the-order"),
}
