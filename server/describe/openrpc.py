"""OpenRPC of `/rpc/2`, for one caller: what `rpc.discover` answers. The same models, methods and types as in OpenAPI."""

from __future__ import annotations

from typing import Any

from server.describe.annotations import Schema, union
from server.describe.catalog import MethodInfo, ModelInfo
from server.describe.openapi import complete
from server.describe.schemas import ID, Schemas
from server.describe.signatures import answer_of, arguments_of
from server.model.environment import Environment
from server.text import Text, _

VERSION = "1.3.2"

#: Numbers of the errors at `/rpc/2`, and what they mean.
ERRORS: dict[int, Text] = {
    -32602: _("The method does not take these arguments."),
    4010: _("No API key or password, or not a valid one."),
    4030: _("The user or the key has no right to this model, record, field or method."),
    4040: _("The record does not exist (any more)."),
    4041: _("There is no such database."),
    4090: _("Somebody else is changing the record at this moment; try again."),
    4092: _("A call with the same idempotency key is still being done."),
    4220: _("A rule of the business forbids it."),
    4221: _("A constraint is broken: a required, unique or wrong value."),
    4222: _("An unknown field, operator or value."),
    4223: _("The idempotency key was used for another call."),
    4290: _("Too many calls; `retry_after` says how many seconds to wait."),
    -32603: _("The server met an error of its own and changed nothing; the message has its number in the log."),
}


def openrpc_document(env: Environment, models: list[ModelInfo], series: str) -> dict[str, Any]:
    """The document over `models`, its texts in the language of `env`.

    :param series: version of the API that the server announces.
    """
    schemas = Schemas("#/components/schemas/", False, frozenset(model.name for model in models))
    writer = _Writer(schemas, env.lang)
    methods = [*_services(env.lang)]
    for model in models:
        methods += [writer.method(model, method) for method in model.methods.values()]
    complete(schemas, models)
    return {
        "openrpc": VERSION,
        "info": {
            "title": "Colca",
            "version": series,
            "description": _(
                "JSON-RPC 2.0 at `/rpc/2`, with an API key (`Authorization: Bearer <key>`) or a login and password "
                "(`Authorization: Basic …`). Arguments go by name, or by position in the order in which they stand here."
            ).render(env.lang),
        },
        "servers": [{"name": "Colca", "url": "/rpc/2"}],
        "methods": methods,
        "components": {
            "contentDescriptors": dict(sorted(writer.descriptors.items())),
            "errors": {str(code): {"code": code, "message": text.render(env.lang)} for code, text in ERRORS.items()},
            "schemas": dict(sorted(schemas.components.items())),
        },
    }


def _services(lang: str) -> list[dict[str, Any]]:
    """The methods that are none of a model."""
    answer = {"name": "result", "schema": {"type": "object"}}
    return [
        {
            "name": "common.version",
            "summary": _("The announced version; needs no key").render(lang),
            "params": [],
            "result": answer,
        },
        {"name": "rpc.discover", "summary": _("This document").render(lang), "params": [], "result": answer},
    ]


class _Writer:
    """Writes method objects, sharing the arguments that are the same everywhere."""

    def __init__(self, schemas: Schemas, lang: str) -> None:
        self.schemas = schemas
        self.lang = lang
        self.descriptors: dict[str, dict[str, Any]] = {}
        self._errors = [{"$ref": f"#/components/errors/{code}"} for code in ERRORS]

    def method(self, model: ModelInfo, method: MethodInfo) -> dict[str, Any]:
        """The method object of `<model>.<method>`."""
        params = []
        for argument in arguments_of(self.schemas, model, method):
            descriptor: dict[str, Any] = {"name": argument.name, "schema": argument.schema}
            if argument.required:
                descriptor["required"] = True
            params.append(self._shared(descriptor) if argument.common else descriptor)
        # What must be given stands first in OpenRPC; here it does anyway, ids and what has no default.
        written: dict[str, Any] = {
            "name": f"{model.name}.{method.name}",
            "tags": [{"name": model.name}],
            "summary": method.summary,
            "paramStructure": "by-name",
            "params": params,
            "result": {"name": "result", "schema": self._answer(model, method)},
            "errors": self._errors,
        }
        if method.doc.text and not method.own:
            written["description"] = Text(method.doc.text).render(self.lang)
        return written

    def _shared(self, descriptor: dict[str, Any]) -> dict[str, Any]:
        name = descriptor["name"]
        if self.descriptors.setdefault(name, descriptor) == descriptor:
            return {"$ref": f"#/components/contentDescriptors/{name}"}
        return descriptor

    def _answer(self, model: ModelInfo, method: MethodInfo) -> Schema:
        schema, _shared = answer_of(self.schemas, model, method)
        if method.name == "create" and method.own:
            # One mapping makes one record, and the answer is its id; a list of mappings makes a list.
            return union(schema, ID)
        return schema
