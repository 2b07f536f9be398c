"""Calls that schemathesis makes from the OpenAPI document, right and wrong ones: the server never fails, and answers as documented.

The document is narrowed to what can hit something (ids that exist, fields that there are); what is wrong on purpose stays wrong.
"""

from __future__ import annotations

import copy

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

pytestmark = [pytest.mark.slow, pytest.mark.feature("M5")]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: Models with unlike fields: commands, lines with money, a tree with images, quantities behind a wall, a wizard, people. What the
#: two databases do differently shows in the first two.
MODELS = [
    "sale.order",
    "account.move",
    *(
        pytest.param(model, marks=pytest.mark.sqlite)
        for model in ("res.partner", "sale.order.line", "product.template", "stock.quant", "sale.advance.payment.inv", "res.users")
    ),
]
#: Methods whose answers the whole run depends on, or that end the key itself.
LEFT_OUT = {"res.users": {"write", "unlink", "action_archive", "toggle_active", "change_password", "load", "web_save", "web_save_multi"}}


def narrowed(document, model):
    """The same document with values that hit something often."""
    document = copy.deepcopy(document)
    schemas = document["components"]["schemas"]
    ids = {"type": "integer", "minimum": 1, "maximum": 12}
    names = sorted(schemas[model]["properties"])
    schemas["the-ids"] = {"type": "array", "items": ids, "maxItems": 3}
    schemas["give-many2one"] = {"anyOf": [ids, {"type": "null"}]}
    schemas["the-names"] = {"type": ["array", "null"], "items": {"enum": names}, "maxItems": 4}
    terms = schemas["the-domain"]["items"]["anyOf"]
    terms[1]["prefixItems"][0] = {"enum": [*names, 1, "country_id.code", "no_such_field"]}
    schemas["the-domain"]["maxItems"] = 3
    schemas["the-order"] = {"enum": [None, "id desc", "display_name", *names[:8], "no_such_field"]}
    schemas["the-limit"] = {"enum": [None, 0, 1, 7, 9]}
    context = schemas["the-context"]
    context["properties"] = {**context["properties"], "lang": {"enum": ["es", "es_MX", "en_US", "xx"]}}
    context["properties"]["allowed_company_ids"] = {"type": "array", "items": {"enum": [1, 2, 99]}, "maxItems": 2}
    return document


def run(door, document, operation, examples, mode, key):
    """Make `examples` calls of one operation, and judge the answers."""

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def judge(case):
        response = case.call(headers={"Authorization": f"Bearer {key}"})
        seen.append(response.status_code)
        case.validate_response(response, checks=CHECKS)

    seen: list[int] = []
    judge()
    return seen


#: Of what every model can in the same way, the first model tries all, the others only this.
EVERYWHERE = {"search_read", "search_page", "read", "search_count", "read_group", "formatted_read_group", "unlink", "default_get"}


def operations(door, document, everything=True):
    schema = schemathesis.openapi.from_dict(document)
    schema.app = door.http.application
    for found in schema.get_all_operations():
        operation = found.ok()
        model, method = operation.path.split("/")[3:5]
        same = "$ref" in document["paths"][operation.path]["post"]["requestBody"]
        if method not in LEFT_OUT.get(model, ()) and (everything or not same or method in EVERYWHERE):
            yield method, operation


@pytest.mark.parametrize("model", MODELS)
def test_right_calls(door, model):
    document = narrowed(door.get(f"/json/2/openapi.json?models={model}").get_json(), model)
    seen: dict[str, list[int]] = {}
    for method, operation in operations(door, document, everything=model == "sale.order"):
        seen[method] = run(door, document, operation, 8, GenerationMode.POSITIVE, door.key)
    assert 200 in seen["search_read"] and 200 in seen["read"] and 200 in seen["search_count"], seen
    assert all(status < 500 for found in seen.values() for status in found)


@pytest.mark.parametrize("model", ["sale.order", pytest.param("res.partner", marks=pytest.mark.sqlite)])
def test_wrong_calls(door, model):
    """Arguments that the document forbids: refused, as documented, and never with an error of the server."""
    document = narrowed(door.get(f"/json/2/openapi.json?models={model}").get_json(), model)
    refused = 0
    for _method, operation in operations(door, document, everything=model == "sale.order"):
        seen = run(door, document, operation, 5, GenerationMode.NEGATIVE, door.key)
        assert all(status < 500 for status in seen)
        refused += sum(status in (400, 403, 404, 422) for status in seen)
    assert refused > 50


@pytest.mark.sqlite
def test_typed_answers(door):
    document = narrowed(door.get("/json/2/openapi.json?models=res.partner&values=typed").get_json(), "res.partner")
    for method, operation in operations(door, document):
        if method in ("search_read", "read", "web_read", "web_search_read", "read_group"):
            assert 200 in run(door, document, operation, 15, GenerationMode.POSITIVE, door.key)


@pytest.mark.sqlite
@pytest.mark.parametrize("key", ["", "wrong", "0" * 48])
def test_without_a_key(door, key):
    """Whatever is sent, the answer is the documented 401; 404 where a database is named that there is not."""
    document = door.get("/json/2/openapi.json?models=res.partner").get_json()
    seen: set[int] = set()
    for _method, operation in list(operations(door, document))[:8]:
        seen.update(run(door, document, operation, 3, GenerationMode.POSITIVE, key))
    assert 401 in seen and seen <= {401, 404, 429}


@pytest.mark.sqlite
def test_another_user(door):
    """A person of the warehouse, with the document of the administrator: refusals are documented ones."""
    document = narrowed(door.get("/json/2/openapi.json?models=account.move").get_json(), "account.move")
    key = door.key_of("almacen.mx")
    for _method, operation in operations(door, document, everything=False):
        run(door, document, operation, 3, GenerationMode.POSITIVE, key)
