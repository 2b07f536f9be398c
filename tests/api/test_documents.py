"""The documents that describe the API: what is in them, for whom, and that they tell the truth."""

from __future__ import annotations

import gzip
import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

pytestmark = pytest.mark.feature("M5")


@pytest.fixture(scope="module")
def whole(door):
    """The OpenAPI document of the administrator."""
    return door.get("/json/2/openapi.json").get_json()


@pytest.fixture(scope="module")
def typed(door):
    return door.get("/json/2/openapi.json?values=typed").get_json()


def validator(document, schema):
    registry = Registry().with_resource("urn:doc", Resource(contents=document, specification=DRAFT202012))
    return Draft202012Validator(_absolute(schema), registry=registry)


def _absolute(schema):
    if isinstance(schema, dict):
        return {k: f"urn:doc{v}" if k == "$ref" and str(v).startswith("#") else _absolute(v) for k, v in schema.items()}
    return [_absolute(item) for item in schema] if isinstance(schema, list) else schema


def answer_schema(document, model, method):
    answer = document["paths"][f"/json/2/{model}/{method}"]["post"]["responses"]["200"]
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    return answer["content"]["application/json"]["schema"]


class TestOpenApi:
    def test_it_is_a_valid_document(self, whole, typed):
        for document in (whole, typed):
            assert document["openapi"].startswith("3.1")
            OpenAPIV31SpecValidator(document).validate()

    def test_every_operation_has_its_own_id_and_every_status(self, whole):
        operations = [item["post"] for item in whole["paths"].values()]
        ids = [operation["operationId"] for operation in operations]
        assert len(set(ids)) == len(ids) > 1000
        for operation in operations:
            assert set(operation["responses"]) == {"200", "400", "401", "403", "404", "409", "422", "429", "500"}
            assert operation["summary"] and operation["tags"]

    def test_no_reference_leads_nowhere(self, whole):
        text = json.dumps(whole)
        for kind in ("schemas", "responses", "requestBodies"):
            for part in text.split(f'"#/components/{kind}/')[1:]:
                assert part.partition('"')[0] in whole["components"][kind]

    def test_only_what_is_asked_for(self, door, whole):
        part = door.get("/json/2/openapi.json?models=sale.*,res.partner").get_json()
        assert {tag["name"] for tag in part["tags"]} == {"res.partner"} | {
            tag["name"] for tag in whole["tags"] if tag["name"].startswith("sale.")
        }
        OpenAPIV31SpecValidator(part).validate()
        assert door.get("/json/2/openapi.json?models=no.model").get_json()["paths"] == {}

    def test_every_row_of_the_demo_business_fits(self, door, whole, typed):
        """What `search_read` answers is what the document says, in both encodings, for every model."""
        for document, headers in ((whole, {}), (typed, {"Prefer": "values=typed"})):
            for tag in document["tags"]:
                model = tag["name"]
                if f"/json/2/{model}/search_read" not in document["paths"]:
                    continue
                rows = door(model, "search_read", _headers=headers, limit=30)
                errors = list(validator(document, answer_schema(document, model, "search_read")).iter_errors(rows))
                assert not errors, (model, headers, errors[0].json_path, errors[0].message[:300])
                known = document["components"]["schemas"][model]["properties"]
                assert all(set(row) <= set(known) for row in rows)

    def test_values_that_were_read_can_be_written_as_the_document_says(self, door, whole):
        for model in ("res.partner", "product.template", "sale.order"):
            row = door(model, "search_read", limit=1, load=None)[0]
            schema = whole["components"]["schemas"][f"{model}-values"]
            values = {name: value for name, value in row.items() if name in schema["properties"]}
            errors = list(validator(whole, schema).iter_errors(values))
            assert not errors, errors[0].message[:300]

    def test_commands_are_described(self, whole):
        check = validator(whole, {"$ref": "#/components/schemas/sale.order-values"})
        line = {"product_id": 1, "product_uom_qty": 2}
        for good in (
            [[0, 0, line]],
            [[0, "virtual_1", line], [4, 7]],
            [[5]],
            [[6, 0, [1, 2]]],
            [1, 2],
            [],
            False,
            [[3, 7, 0]],
            [[2, 7]],
        ):
            assert check.is_valid({"order_line": good}), good
        for bad in ([[9, 0, line]], [[0, 0, {"no_field": 1}]], [[4]], [[1, 0, line]], 7, "x", [[6, 0, 5]]):
            assert not check.is_valid({"order_line": bad}), bad

    def test_texts_in_the_language_of_the_reader(self, door):
        english = door.get("/json/2/openapi.json?models=res.partner&lang=en_US").get_json()
        spanish = door.get("/json/2/openapi.json?models=res.partner&lang=es-PE").get_json()
        label = lambda document: document["components"]["schemas"]["res.partner"]["properties"]["country_id"]["title"]  # noqa: E731
        assert (label(english), label(spanish)) == ("Country", "País")

    def test_typed_answers_have_one_type_each(self, typed):
        name = typed["components"]["schemas"]["value-text"]
        assert name == {"anyOf": [{"type": "string"}, {"type": "null"}]}
        assert typed["paths"]["/json/2/res.partner/read"]["parameters"] == [{"$ref": "#/components/parameters/typed"}]


#: The members that OpenRPC 1.3 asks for, in short.
OPENRPC = {
    "type": "object",
    "required": ["openrpc", "info", "methods"],
    "properties": {
        "openrpc": {"const": "1.3.2"},
        "info": {"type": "object", "required": ["title", "version"]},
        "servers": {"type": "array", "items": {"type": "object", "required": ["name", "url"]}},
        "methods": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "params", "result"],
                "properties": {
                    "name": {"type": "string", "pattern": r"^[a-z0-9_.]+$"},
                    "summary": {"type": "string"},
                    "description": {"type": "string"},
                    "tags": {"type": "array", "items": {"type": "object", "required": ["name"]}},
                    "paramStructure": {"enum": ["by-name", "by-position", "either"]},
                    "params": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/ref"}, {"$ref": "#/$defs/descriptor"}]}},
                    "result": {"$ref": "#/$defs/descriptor"},
                    "errors": {"type": "array", "items": {"$ref": "#/$defs/ref"}},
                },
                "additionalProperties": False,
            },
        },
        "components": {
            "type": "object",
            "properties": {
                "schemas": {"type": "object", "additionalProperties": {"type": "object"}},
                "contentDescriptors": {"type": "object", "additionalProperties": {"$ref": "#/$defs/descriptor"}},
                "errors": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "required": ["code", "message"],
                        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
                    },
                },
            },
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
    "$defs": {
        "ref": {"type": "object", "required": ["$ref"], "properties": {"$ref": {"type": "string"}}, "additionalProperties": False},
        "descriptor": {
            "type": "object",
            "required": ["name", "schema"],
            "properties": {"name": {"type": "string"}, "schema": {"type": "object"}, "required": {"type": "boolean"}},
            "additionalProperties": False,
        },
    },
}


@pytest.fixture(scope="module")
def document(door):
    """The OpenRPC document of the administrator."""
    return door.get("/rpc/2/openrpc.json").get_json()


class TestOpenRpc:
    def test_it_has_the_shape(self, document):
        errors = list(Draft202012Validator(OPENRPC).iter_errors(document))
        assert not errors, (errors[0].json_path, errors[0].message[:300])
        for schema in document["components"]["schemas"].values():
            Draft202012Validator.check_schema(schema)

    def test_no_reference_leads_nowhere(self, document):
        text = json.dumps(document)
        for kind in ("schemas", "contentDescriptors", "errors"):
            for part in text.split(f'"#/components/{kind}/')[1:]:
                assert part.partition('"')[0] in document["components"][kind]

    def test_the_same_methods_as_in_openapi(self, document, whole):
        names = [method["name"] for method in document["methods"]]
        assert len(set(names)) == len(names)
        described = {path.removeprefix("/json/2/").replace("/", ".") for path in whole["paths"]}
        assert set(names) - described == {"common.version", "rpc.discover"} and described < set(names)

    def test_what_must_be_given_stands_first(self, document):
        shared = document["components"]["contentDescriptors"]
        for method in document["methods"]:
            params = [shared[p["$ref"].rpartition("/")[2]] if "$ref" in p else p for p in method["params"]]
            required = [bool(p.get("required")) for p in params]
            assert required == sorted(required, reverse=True), method["name"]
            assert len({p["name"] for p in params}) == len(params)

    def test_every_error_number_is_told(self, document):
        from server.rpc import rpc2

        told = {error["code"] for error in document["components"]["errors"].values()}
        mine = {rpc2.METHOD_NOT_FOUND, rpc2.INVALID_REQUEST}  # of requests that call no method of the document
        assert told == {code for _kind, code in rpc2._CODES} - mine | {rpc2.UNKNOWN_DATABASE, rpc2.INTERNAL_ERROR}

    def test_only_what_is_asked_for(self, door):
        part = door.get("/rpc/2/openrpc.json?models=crm.*").get_json()
        assert {method["name"].split(".")[0] for method in part["methods"]} == {"crm", "common", "rpc"}


class TestForWhom:
    def test_rights(self, door, whole):
        seller = door.get("/json/2/openapi.json", key=door.key_of("ventas.mx")).get_json()
        assert set(seller["paths"]) < set(whole["paths"])
        assert "/json/2/ir.config_parameter/read" not in seller["paths"]
        assert "/json/2/sale.order/create" in seller["paths"] and "/json/2/res.company/write" not in seller["paths"]

    def test_what_is_described_is_what_may_be_called(self, door):
        """Every model-level reading method of the document works for its reader; what is missing is refused."""
        key = door.key_of("almacen.mx")
        paths = door.get("/json/2/openapi.json", key=key).get_json()["paths"]
        for model in door("ir.model", "search_read", fields=["model"]):
            name = model["model"]
            status = door.post(name, "search_count", {}, key=key).status_code
            assert (status == 200) == (f"/json/2/{name}/search_count" in paths), (name, status)

    def test_the_scope_of_a_key(self, door):
        key = door.key_of("admin", readonly=True)
        paths = door.get("/json/2/openapi.json?models=res.partner", key=key).get_json()["paths"]
        assert "/json/2/res.partner/read" in paths and "/json/2/res.partner/write" not in paths
        wide = door.get("/json/2/openapi.json?models=res.partner").get_json()["paths"]
        assert "/json/2/res.partner/write" in wide

    def test_the_addons_of_the_company(self, door):
        from server.addon import lifecycle

        peru = door("res.company", "search", domain=[["country_id.code", "=", "PE"]])[0]
        address = f"/doc-bearer/index.json?company={peru}"
        before = {model["model"] for model in door.get(address).get_json()["models"]}
        lifecycle.disable(door.database, ["sales_stock", "sales"], companies=[peru])
        try:
            after = {model["model"] for model in door.get(address).get_json()["models"]}
            other = {model["model"] for model in door.get("/doc-bearer/index.json").get_json()["models"]}
        finally:
            lifecycle.enable(door.database, ["sales", "sales_stock"], companies=[peru])
        assert "sale.order" in before and "sale.order" in other and "sale.order" not in after

    @pytest.mark.parametrize("path", ["/json/2/openapi.json", "/doc-bearer/index.json", "/doc-bearer/res.partner.json"])
    def test_nobody_without_a_key(self, door, path):
        for headers in ({"Authorization": "Bearer wrong"}, {"Authorization": "Basic eA=="}):
            answer = door.http.get(path, headers=headers)
            assert answer.status_code == 401 and answer.get_json()["message"] == "Invalid apikey"
        assert door.http.get(path).status_code in (401, 403)

    def test_a_session_reads_the_same(self, door):
        browser = door.http.application.test_client()
        assert browser.get("/doc/res.partner.json").status_code == 403
        login = {"params": {"db": "colca", "login": "ventas.mx", "password": "ventas.mx"}}
        assert browser.post("/web/session/authenticate", json=login).get_json()["result"]["uid"]
        key = door.key_of("ventas.mx")
        for mine, theirs in (("/doc/index.json", "/doc-bearer/index.json"), ("/doc/sale.order.json", "/doc-bearer/sale.order.json")):
            assert browser.get(mine).data == door.get(theirs, key=key).data
        assert browser.get("/json/2/openapi.json?models=res.partner").status_code == 200
        unknown = browser.get("/doc/no.model.json")
        assert unknown.status_code == 404 and unknown.data
        assert browser.post("/json/2/res.partner/search", json={}).status_code == 401


class TestBearer:
    def test_one_model(self, door):
        document = door.get("/doc-bearer/sale.order.json").get_json()
        assert list(document) == ["model", "name", "doc", "fields", "methods"]
        assert document["fields"]["partner_id"]["relation"] == "res.partner" and "module" in document["fields"]["partner_id"]
        for name, method in document["methods"].items():
            assert not name.startswith("_")
            assert set(method) == {"model", "module", "api", "signature", "parameters", "return", "raise", "doc", "summary"}
            assert set(method["api"]) <= {"model", "readonly"}
            assert not {"self", "ids"} & set(method["parameters"])

    def test_the_parameters_stand_in_their_order(self, door):
        body = door.get("/doc-bearer/res.partner.json").get_data(as_text=True)
        methods = json.loads(body)["methods"]
        assert list(methods["search"]["parameters"]) == ["domain", "offset", "limit", "order"]
        assert list(methods["search_read"]["parameters"])[:5] == ["domain", "fields", "offset", "limit", "order"]
        assert methods["search"]["parameters"]["limit"]["default"] is None
        assert methods["search"]["api"] == ["model", "readonly"] and methods["write"]["api"] == []
        assert list(methods["write"]["parameters"]) == ["vals"] and "default" not in methods["write"]["parameters"]["vals"]

    def test_positional_arguments_become_names_as_clients_do_it(self, door):
        methods = door.get("/doc-bearer/res.partner.json").get_json()["methods"]
        given = ([["is_company", "=", True]], ["name"], 0, 3)
        body = dict(zip(methods["search_read"]["parameters"], given, strict=False))
        assert len(door("res.partner", "search_read", **body)) == 3

    def test_the_index(self, door):
        document = door.get("/doc-bearer/index.json").get_json()
        assert list(document) == ["modules", "models"] and "sales" in document["modules"]
        partner = next(model for model in document["models"] if model["model"] == "res.partner")
        assert partner["fields"]["name"] == {"string": "Name"} and "search_read" in partner["methods"]
        assert set(partner["methods"]) == set(door.get("/doc-bearer/res.partner.json").get_json()["methods"])

    def test_an_older_name_of_a_model(self, door):
        assert door.get("/doc-bearer/stock.production.lot.json").get_json()["model"] == "stock.lot"

    @pytest.mark.parametrize("path", ["/doc-bearer/no.model.json", "/doc/res.device.json", "/doc-bearer/x", "/doc-bearer/.json"])
    def test_an_unknown_model_has_a_body(self, door, path):
        answer = door.get(path)
        assert answer.status_code in (403, 404) and answer.data


class TestTags:
    @pytest.mark.parametrize(
        "path", ["/json/2/openapi.json?models=res.partner", "/doc-bearer/res.partner.json", "/doc-bearer/index.json"]
    )
    def test_what_a_client_has_is_not_sent_again(self, door, path):
        first = door.get(path)
        assert "no-cache" in first.headers["Cache-Control"]
        again = door.get(path, **{"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304 and not again.data
        assert door.get(path, **{"If-None-Match": 'W/"other"'}).status_code == 200
        anew = door.get(path, **{"If-None-Match": first.headers["ETag"], "Cache-Control": "no-cache"})
        assert anew.status_code == 200 and anew.data == first.data

    def test_a_change_of_rights_changes_the_document(self, door):
        path = "/doc-bearer/index.json"
        key = door.key_of("almacen.mx")
        before = door.get(path, key=key)
        group = door("ir.model.data", "check_object_reference", module="base", xml_id="group_user")[1]
        line = door("ir.model.access", "create", vals_list=[
            {"name": "for a test", "model": "ir.config_parameter", "group_id": group, "perm_read": True},
        ])  # fmt: skip
        after = door.get(path, key=key, **{"If-None-Match": before.headers["ETag"]})
        assert after.status_code == 200 and len(after.get_json()["models"]) == len(before.get_json()["models"]) + 1
        door("ir.model.access", "unlink", ids=line)
        assert door.get(path, key=key, **{"If-None-Match": before.headers["ETag"]}).status_code == 304

    def test_compressed_for_those_who_take_it(self, door):
        plain = door.get("/json/2/openapi.json")
        small = door.get("/json/2/openapi.json", **{"Accept-Encoding": "gzip"})
        assert small.headers["Content-Encoding"] == "gzip" and gzip.decompress(small.data) == plain.data
        assert len(small.data) * 10 < len(plain.data)
