"""Tables out through the doors, and back in: what was exported is imported again without changing anything."""

from __future__ import annotations

import json
import uuid
import xmlrpc.client
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.app import create_app
from server.config import Config
from server.testing.calls import Client

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.feature("M5")]


@pytest.fixture(scope="module")
def http(shared_demo, tmp_path_factory):
    return create_app(Config(data_dir=tmp_path_factory.mktemp("var")), database=shared_demo).test_client()


@pytest.fixture(scope="module")
def call(http):
    def execute_kw(model, method, *args, **kwargs):
        body = xmlrpc.client.dumps(("colca", 2, "admin", model, method, list(args), kwargs), "execute_kw", allow_none=True)
        return xmlrpc.client.loads(http.post("/xmlrpc/2/object", data=body).data)[0][0]

    return execute_kw


@pytest.fixture
def tag():
    return uuid.uuid4().hex[:12]


def test_rows_and_lines(call, tag):
    tags = call("res.partner.category", "create", [{"name": f"A {tag}"}, {"name": f"B, {tag}"}])
    child = {"name": "Child", "type": "delivery"}
    id = call("res.partner", "create", {
        "name": f"Top {tag}", "is_company": True, "category_id": [[6, 0, tags]], "country_id": call("ir.model.data", "xmlid_to_res_id", "base.mx"),
        "child_ids": [[0, 0, child], [0, 0, {**child, "name": "Other", "type": "invoice"}]],
    })  # fmt: skip
    paths = ["id", ".id", "name", "is_company", "color", "country_id", "country_id/id", "country_id/code", "category_id", "email",
             "child_ids/name", "child_ids/type", "child_ids/id"]  # fmt: skip
    first, second = call("res.partner", "export_data", [id], paths)["datas"]
    xmlid = first[0]
    assert xmlid.startswith(f"__export__.res_partner_{id}_") and call("ir.model.data", "xmlid_to_res_id", xmlid) == id
    names = call("res.partner.category", "name_get", tags)
    assert first[1:10] == [
        str(id), f"Top {tag}", True, 0, "Mexico", "base.mx", "MX", ",".join([names[0][1], f'"{names[1][1]}"']), "",
    ]  # fmt: skip
    assert second[:10] == [""] * 10
    assert [first[10:12], second[10:12]] == [["Child", "Delivery address"], ["Other", "Invoice address"]]
    assert first[12] != second[12] and "__export__" in first[12]
    again = call("res.partner", "export_data", [id], paths)["datas"]
    assert again == [first, second]
    assert call("res.partner", "export_data", [id], ["child_ids", "category_id/.id"])["datas"][0][1] == ",".join(map(str, tags))


def test_labels_and_names_are_in_the_callers_language(call, tag):
    id = call("res.partner", "create", {"name": tag, "type": "delivery"})
    assert call("res.partner", "export_data", [id], ["type"], context={"lang": "es_MX"})["datas"] == [["Dirección de entrega"]]
    assert call("res.partner", "export_data", [id], ["type"], context={"lang": "en_US"})["datas"] == [["Delivery address"]]


def test_what_cannot_be_exported(call):
    for paths in (["nothing"], ["name/id"], ["child_ids/nothing"]):
        with pytest.raises(xmlrpc.client.Fault) as caught:
            call("res.partner", "export_data", [1], paths)
        assert caught.value.faultCode == 1 and paths[0].split("/")[-1] in caught.value.faultString
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call("res.partner", "export_data", [999_999_999], ["name"])
    assert "does not exist" in caught.value.faultString
    assert call("res.partner", "export_data", [], ["name"]) == {"datas": []}


def test_external_ids_are_texts_by_number(http, call, tag):
    one, two = call("res.partner", "create", [{"name": tag}, {"name": tag}])
    call("ir.model.data", "create", {"module": "crm", "name": tag, "model": "res.partner", "res_id": two})
    assert call("res.partner", "get_external_id", [one, two]) == {str(one): "", str(two): f"crm.{tag}"}
    params = ["colca", 2, "admin", "res.partner", "get_external_id", [[two, one]]]
    body = {"id": 1, "params": {"service": "object", "method": "execute_kw", "args": params}}
    answer = http.post("/jsonrpc", data=json.dumps(body), content_type="application/json").get_json()
    assert answer["result"] == {str(one): "", str(two): f"crm.{tag}"}


def test_as_many_statements_for_many_records(shared_demo, count_statements, tag):
    call = Client(shared_demo)
    paths = ["id", "name", "country_id", "category_id", "child_ids/id", "child_ids/name", "parent_id/id"]
    counts = {}
    for n in (5, 200):
        ids = call(
            "res.partner",
            "create",
            [{"name": f"{tag} {k}", "is_company": True, "child_ids": [[0, 0, {"name": "x"}]]} for k in range(n)],
        )
        shared_demo.data_version = -1
        with count_statements(shared_demo, own=True) as seen:
            assert len(call("res.partner", "export_data", ids, paths)["datas"]) == n
        counts[n] = len(seen)
    assert abs(counts[5] - counts[200]) <= 1, seen.report()  # another thread may have looked at the counters before


# -- there and back ---------------------------------------------------------------------------------------------------------------
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
NAME = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=20).filter(str.strip)
PRICE = st.decimals("0", "999999999", places=4).map(float)
CHILD = st.fixed_dictionaries(
    {"name": NAME, "type": st.sampled_from(["contact", "invoice", "delivery", "other"]), "comment": TEXT, "active": st.booleans()}
)
PARTNER = st.fixed_dictionaries(
    {"name": NAME, "ref": TEXT, "color": st.integers(-5, 10**9), "is_company": st.booleans(), "street": TEXT,
     "child_ids": st.lists(CHILD, max_size=3).map(lambda lines: [[0, 0, line] for line in lines])}
)  # fmt: skip
PRODUCT = st.fixed_dictionaries(
    {"name": NAME, "list_price": PRICE, "weight": PRICE, "description": TEXT, "sale_ok": st.booleans(), "standard_price": PRICE}
)


def there_and_back(call, database, model, ids, paths):
    """Export and import again: the same ids, the same table, and no row written."""
    table = call(model, "export_data", ids, paths)["datas"]
    with database.transaction() as env:
        seen = {m: {r.id: r.write_date for r in env[m].with_context(active_test=False).search([])} for m in WATCHED[model]}
        history = env["ir.history"].search_count([])
        for m in WATCHED[model]:
            env.execute(env[m].table.update().where(env[m].table.c.id.in_(ids)).values(write_date=None))
    answer = call(model, "load", paths, table)
    assert answer["messages"] == [] and answer["ids"] == list(ids), (answer, table)
    assert call(model, "export_data", ids, paths)["datas"] == table
    with database.transaction() as env:
        assert env["ir.history"].search_count([]) == history
        for m in WATCHED[model]:
            now = {r.id: r.write_date for r in env[m].with_context(active_test=False).search([])}
            assert now.keys() == seen[m].keys()
            assert all(now[i] is None for i in ids if m == model)


WATCHED = {
    "res.partner": ["res.partner"],
    "product.template": ["product.template", "product.product"],
    "sale.order": ["sale.order", "sale.order.line"],
}
ROUNDS = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))


@ROUNDS
@given(values=st.lists(PARTNER, min_size=1, max_size=3), lang=st.sampled_from(["en_US", "es_PE"]))
def test_partners_there_and_back(shared_demo, values, lang):
    client = Client(shared_demo)

    def call(model, method, *args):
        return client(model, method, *args, context={"lang": lang})

    ids = call("res.partner", "create", values)
    paths = ["id", "name", "ref", "color", "is_company", "street", "type", "lang", "parent_id/id", "category_id",
             "child_ids/id", "child_ids/name", "child_ids/type", "child_ids/comment", "child_ids/active"]  # fmt: skip
    there_and_back(call, shared_demo, "res.partner", ids, paths)


@ROUNDS
@given(values=st.lists(PRODUCT, min_size=1, max_size=3), lang=st.sampled_from(["en_US", "es_MX"]))
def test_products_there_and_back(shared_demo, values, lang):
    client = Client(shared_demo)

    def call(model, method, *args):
        return client(model, method, *args, context={"lang": lang})

    ids = call("product.template", "create", values)
    paths = ["id", "name", "list_price", "weight", "description", "sale_ok", "standard_price", "uom_id", "categ_id", "type", "taxes_id",
             "product_variant_ids/id", "product_variant_ids/default_code"]  # fmt: skip
    there_and_back(call, shared_demo, "product.template", ids, paths)


@ROUNDS
@given(
    quantities=st.lists(st.integers(1, 50), min_size=1, max_size=4),
    moment=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1)),
    tz=st.sampled_from(["America/Lima", "America/New_York", "Europe/Madrid", "UTC"]),
)
def test_orders_there_and_back(shared_demo, quantities, moment, tz):
    client = Client(shared_demo)

    def call(model, method, *args):
        return client(model, method, *args, context={"tz": tz})

    product = call("product.product", "search", [["sale_ok", "=", True]], 0, 1)[0]
    order = {
        "partner_id": call("ir.model.data", "xmlid_to_res_id", "base.customer_mx_02"),
        "date_order": moment.isoformat(" ", "seconds"),
        "order_line": [[0, 0, {"product_id": product, "product_uom_qty": q, "discount": q / 4}] for q in quantities],
    }
    id = call("sale.order", "create", order)
    paths = ["id", "partner_id/id", "date_order", "state", "order_line/id", "order_line/product_id/id", "order_line/product_uom_qty",
             "order_line/price_unit", "order_line/discount", "order_line/name", "order_line/tax_ids/id"]  # fmt: skip
    there_and_back(call, shared_demo, "sale.order", [id], paths)
