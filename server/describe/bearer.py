"""The documents behind `/doc-bearer/…` and `/doc/…`: fields and methods of a model, and the index of all models.

In the shape that clients of JSON-2 read to put positional arguments in their places.
"""

from __future__ import annotations

import inspect
from typing import Any

from server.describe.catalog import MethodInfo, ModelInfo
from server.model.environment import Environment


def model_document(model: ModelInfo) -> dict[str, Any]:
    """`/doc-bearer/<model>.json`."""
    return {
        "model": model.name,
        "name": model.label,
        "doc": model.text,
        "fields": model.fields,
        "methods": {name: method_document(method) for name, method in model.methods.items()},
    }


def method_document(method: MethodInfo) -> dict[str, Any]:
    """One method: its parameters stand in their order, without self and ids."""
    entry: dict[str, Any] = {
        "model": method.model,
        "module": method.module,
        "api": [mark for mark, holds in (("model", method.mark.model), ("readonly", method.mark.readonly)) if holds],
        "signature": signature_of(method),
        "parameters": {},
        "return": {},
        "raise": method.doc.raises,
        "doc": method.doc.text or method.summary,
        "summary": method.summary,
    }
    for parameter in method.parameters:
        described: dict[str, Any] = {}
        if parameter.kind:
            described["kind"] = "KEYWORD_ONLY" if parameter.kind == "keyword" else "VAR_KEYWORD"
        if parameter.default is not inspect.Parameter.empty:
            described["default"] = plain(parameter.default)
        if parameter.annotation:
            described["annotation"] = parameter.annotation
        if parameter.doc:
            described["doc"] = parameter.doc
        entry["parameters"][parameter.name] = described
    if method.returns:
        entry["return"]["annotation"] = method.returns
    if method.doc.returns:
        entry["return"]["doc"] = method.doc.returns
    return entry


def signature_of(method: MethodInfo) -> str:
    """The signature as a caller writes it, without self and ids."""
    parts = []
    starred = False
    for parameter in method.parameters:
        if parameter.kind == "rest":
            parts.append(f"**{parameter.name}")
            continue
        if parameter.kind == "keyword" and not starred:
            parts.append("*")
            starred = True
        text = parameter.name + (f": {parameter.annotation}" if parameter.annotation else "")
        if parameter.default is not inspect.Parameter.empty:
            text += f" = {parameter.default!r}" if parameter.annotation else f"={parameter.default!r}"
        parts.append(text)
    returns = f" -> {method.returns}" if method.returns else ""
    return f"({', '.join(parts)}){returns}"


def plain(value: Any) -> Any:
    """A default as JSON has it; its text, for one that JSON does not know."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return repr(value)


def index_document(env: Environment, models: list[ModelInfo]) -> dict[str, Any]:
    """`/doc-bearer/index.json`: the models with the names of their fields and methods, and the addons that are switched on."""
    return {
        "modules": sorted(env.models.enabled),
        "models": [
            {
                "model": model.name,
                "name": model.label,
                "fields": {name: {"string": entry["string"]} for name, entry in model.fields.items()},
                "methods": list(model.methods),
            }
            for model in models
        ],
    }
