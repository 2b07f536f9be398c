"""OpenAPI 3.1 of `/json/2`, for one caller: every model and method there is for the key, with the types of this database.

Generators make typed clients of it. What all models share stands once, in `components`.
"""

from __future__ import annotations

from typing import Any

from server.describe.annotations import Schema
from server.describe.catalog import MethodInfo, ModelInfo
from server.describe.schemas import Schemas
from server.describe.signatures import answer_of, request_of
from server.model.environment import Environment
from server.text import Text, _

_JSON = "application/json"

#: Every status but success, and what it means. The body is always the schema `the-error`.
STATUSES: dict[str, Text] = {
    "400": _("The body is no JSON object."),
    "401": _("No API key, or not a valid one."),
    "403": _("The user or the key has no right to this model, record, field or method."),
    "404": _("There is no such model, method, database or record."),
    "409": _("Somebody else is changing the record at this moment; try again."),
    "422": _("The arguments are wrong, or a rule of the business forbids it."),
    "429": _("Too many calls; `Retry-After` says how many seconds to wait."),
    "500": _("The server met an error of its own and changed nothing; the message has its number in the log."),
}

_ABOUT = _(
    "One call per request: `POST /json/2/<model>/<method>` with the arguments by name in a JSON object and an API key in the "
    "header `Authorization: Bearer <key>`. Each call is one transaction. Where a server has several databases, the header "
    "`X-Odoo-Database` names one. A call that is sent again with the same `Idempotency-Key` is done once. Moments are UTC. "
    "This document describes what the key that asked for it may do."
)
_ABOUT_CLASSIC = _(
    "An empty value is `false`, a many2one `[id, name]`. With the header `Prefer: values=typed` they are `null` and an object: "
    "ask for this document with `?values=typed` to have it describe that."
)
_ABOUT_TYPED = _(
    "Each call carries the header `Prefer: values=typed`: an empty value is `null`, a many2one an object with id and name."
)


def openapi_document(env: Environment, models: list[ModelInfo], series: str, typed: bool = False) -> dict[str, Any]:
    """The document over `models`, its texts in the language of `env`.

    :param series: version of the API that the server announces.
    :param typed: describe the answers to `Prefer: values=typed`.
    """
    schemas = Schemas("#/components/schemas/", typed, frozenset(model.name for model in models))
    writer = _Writer(schemas, env.lang)
    paths = {}
    for model in models:
        for method in model.methods.values():
            paths[f"/json/2/{model.name}/{method.name}"] = writer.path(model, method)
    complete(schemas, models)
    lang = env.lang
    about = [_ABOUT.render(lang), (_ABOUT_TYPED if typed else _ABOUT_CLASSIC).render(lang)]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Colca", "version": series, "description": "\n\n".join(about)},
        "servers": [{"url": "/"}],
        "security": [{"key": []}, {"key": [], "database": []}],
        "tags": [{"name": model.name, "description": " – ".join(filter(None, (model.label, model.text)))} for model in models],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": _("An API key of a user.").render(lang)},
                "database": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Odoo-Database",
                    "description": _("The name of the database, where the server has several.").render(lang),
                },
            },
            **({"parameters": {"typed": _TYPED}} if typed else {}),
            "requestBodies": dict(sorted(writer.bodies.items())),
            "responses": {**writer.errors(), **dict(sorted(writer.answers.items()))},
            "schemas": dict(sorted(schemas.components.items())),
        },
    }


_TYPED: Schema = {"name": "Prefer", "in": "header", "required": True, "schema": {"const": "values=typed"}}


def complete(schemas: Schemas, models: list[ModelInfo]) -> None:
    """Add the values that the commands of other models refer to, and what those refer to."""
    by_name = {model.name: model for model in models}
    while True:
        missing = [
            name for name in by_name if f"{name}-lines" in schemas.components and f"{name}-values" not in schemas.components
        ]
        if not missing:
            return
        for name in missing:
            schemas.values(by_name[name])


class _Writer:
    """Writes path items, sharing bodies and answers that are the same for every model."""

    def __init__(self, schemas: Schemas, lang: str) -> None:
        self.schemas = schemas
        self.lang = lang
        self.bodies: dict[str, Schema] = {}
        self.answers: dict[str, Schema] = {}
        self._refusals = {status: {"$ref": f"#/components/responses/{status}"} for status in STATUSES}

    def path(self, model: ModelInfo, method: MethodInfo) -> Schema:
        """The path item of one method."""
        operation: Schema = {
            "operationId": f"{model.name}.{method.name}",
            "tags": [model.name],
            "summary": method.summary,
        }
        if method.doc.text and not method.own:
            operation["description"] = Text(method.doc.text).render(self.lang)
        operation["requestBody"] = self._body(model, method)
        operation["responses"] = {"200": self._answer(model, method), **self._refusals}
        item: Schema = {"post": operation}
        if self.schemas.typed:
            item["parameters"] = [{"$ref": "#/components/parameters/typed"}]
        return item

    def _body(self, model: ModelInfo, method: MethodInfo) -> Schema:
        schema, shared = request_of(self.schemas, model, method)
        content: Schema = {"schema": schema}
        example = EXAMPLES.get(method.name)
        if example is not None and method.own:
            content["example"] = example
        body: Schema = {"required": "required" in schema, "content": {_JSON: content}}
        if not shared:
            return body
        self.bodies.setdefault(method.name, body)
        return {"$ref": f"#/components/requestBodies/{method.name}"}

    def _answer(self, model: ModelInfo, method: MethodInfo) -> Schema:
        schema, shared = answer_of(self.schemas, model, method)
        if shared and method.name in self.answers:
            return {"$ref": f"#/components/responses/{method.name}"}
        answer = {"description": method.summary, "content": {_JSON: {"schema": schema}}}
        if not shared:
            return answer
        self.answers[method.name] = answer
        return {"$ref": f"#/components/responses/{method.name}"}

    def errors(self) -> dict[str, Schema]:
        """The refusals by status."""
        schema = self.schemas.shared("the-error")
        number = {"schema": {"type": "string"}, "description": _("The number of the request.").render(self.lang)}
        found: dict[str, Schema] = {}
        for status, text in STATUSES.items():
            headers: Schema = {"X-Request-Id": number}
            if status == "429":
                headers["Retry-After"] = {"schema": {"type": "integer"}}
            if status == "401":
                headers["WWW-Authenticate"] = {"schema": {"type": "string"}}
            found[status] = {
                "description": text.render(self.lang),
                "headers": headers,
                "content": {_JSON: {"schema": schema}},
            }
        return found


#: Examples of arguments that fit every model.
EXAMPLES: dict[str, Any] = {
    "search": {"domain": [["create_date", ">=", "2026-01-01"]], "order": "id", "limit": 10},
    "search_count": {"domain": []},
    "search_read": {"domain": [], "fields": ["display_name"], "limit": 10},
    "read": {"ids": [1], "fields": ["display_name"]},
    "name_search": {"name": "a", "limit": 10},
    "fields_get": {"attributes": ["string", "type", "required"]},
    "unlink": {"ids": [1]},
    "exists": {"ids": [1, 2]},
}
