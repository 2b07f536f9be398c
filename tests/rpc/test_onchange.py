"""`onchange` over XML-RPC: what a form that is not saved would look like; and nothing of it is ever saved."""

from __future__ import annotations

import xmlrpc.client
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LINE = {"qty": {}, "price": {}, "subtotal": {}, "product_id": {"fields": {"display_name": {}}}, "sequence": {}}
SPEC = {"name": {}, "partner_id": {"fields": {"display_name": {}}}, "state": {}, "total": {}, "tax": {}, "grand": {}, "due": {}, "label": {},
        "tag_ids": {"fields": {"name": {}}}, "tag_count": {}, "country_id": {"fields": {"display_name": {}}}, "partner_credit": {},
        "line_ids": {"fields": LINE}, "note": {}, "moment": {}, "company_id": {}}  # fmt: skip


@pytest.fixture(scope="module")
def made(shop):
    country = shop("shop.country", "create", {"name": "Chile", "code": "CL"})
    ana = shop("shop.partner", "create", {"name": "Ana", "credit": 5, "country_id": country})
    beto = shop("shop.partner", "create", {"name": "Roberto"})
    red, blue = shop("shop.tag", "create", [{"name": "red"}, {"name": "blue"}])
    nut = shop("shop.product", "create", {"name": "Nut", "price": 2})
    order = shop("shop.order", "create", {"name": "N1", "partner_id": ana, "tag_ids": [(6, 0, [red])], "date": "2026-01-31",
                 "line_ids": [(0, 0, {"qty": 2, "price": 10}), (0, 0, {"qty": 1, "price": 4, "product_id": nut})]})  # fmt: skip
    first, second = shop("shop.line", "search", [["order_id", "=", order]])
    return SimpleNamespace(**locals())


def ask(shop, ids, values, names, spec=SPEC):
    return shop("shop.order", "onchange", ids, values, names, spec)["value"]


def test_a_new_form_has_its_defaults_and_what_is_computed(shop, made):
    company = shop("res.users", "read", [2], ["company_id"])[0]["company_id"][0]
    value = ask(shop, [], {}, [])
    assert set(value) == set(SPEC)
    assert (
        value["state"] == "draft" and value["company_id"] == company and value["name"] is False and value["partner_id"] is False
    )
    assert value["total"] == 0.0 and value["line_ids"] == [] and value["tag_ids"] == [] and value["tag_count"] == 0
    value = shop(
        "shop.order",
        "onchange",
        [],
        {},
        [],
        SPEC,
        context={"default_partner_id": made.ana, "default_tag_ids": [[6, 0, [made.red]]]},
    )["value"]
    assert value["partner_id"] == {"id": made.ana, "display_name": "Ana"} and value["due"] == 3 and value["partner_credit"] == 5.0
    assert value["country_id"] == {"id": made.country, "display_name": "Chile"} and value["tag_count"] == 1
    assert value["tag_ids"] == [[4, made.red, {"id": made.red, "name": "red"}]]


def test_lines_given_as_commands_are_computed_and_summed(shop, made):
    values = {
        "name": "X",
        "partner_id": made.ana,
        "line_ids": [[0, "virtual_1", {"qty": 3, "price": 7}], [0, "virtual_2", {"qty": 1, "price": 1, "subtotal": 1}]],
    }
    value = ask(shop, [], values, ["line_ids"])
    assert value["total"] == 22.0 and value["tax"] == 3.52 and value["grand"] == 25.52
    assert value["line_ids"] == [[1, "virtual_1", {"subtotal": 21.0, "sequence": 10}], [1, "virtual_2", {"sequence": 10}]]
    assert value["label"] == "X/Ana/22.00" and "name" not in value and "partner_id" not in value
    unnamed = {**values, "line_ids": [[0, 0, {"qty": 3, "price": 7}], [0, 0, {"product_id": made.nut}]]}
    told = ask(shop, [], unnamed, ["line_ids"])["line_ids"]
    assert told == [
        [0, 0, {"qty": 3.0, "price": 7.0, "subtotal": 21.0, "product_id": False, "sequence": 10}],
        [
            0,
            0,
            {"qty": 1.0, "price": 0.0, "subtotal": 0.0, "product_id": {"id": made.nut, "display_name": "Nut"}, "sequence": 10},
        ],
    ]
    assert shop("shop.order", "search_count", [["name", "=", "X"]]) == 0


def test_a_saved_record_answers_what_changes(shop, made):
    value = ask(shop, [made.order], {"partner_id": made.beto}, ["partner_id"])
    assert value == {"due": 7, "country_id": False, "partner_credit": 0.0, "label": "N1/Roberto/24.00"}
    value = ask(shop, [made.order], {"line_ids": [[1, made.first, {"qty": 5}]]}, ["line_ids"])
    assert value == {
        "total": 54.0,
        "tax": 8.64,
        "grand": 62.64,
        "label": "N1/Ana/54.00",
        "line_ids": [[1, made.first, {"subtotal": 50.0}]],
    }
    value = ask(
        shop,
        [made.order],
        {"line_ids": [[2, made.first], [0, "virtual_9", {"qty": 2, "price": 3}]], "tag_ids": [[4, made.blue]]},
        ["line_ids", "tag_ids"],
    )
    assert (
        value["total"] == 10.0
        and value["tag_count"] == 2
        and value["line_ids"] == [[1, "virtual_9", {"subtotal": 6.0, "sequence": 10}]]
    )
    assert ask(shop, [made.order], {}, []) == {}
    assert ask(shop, [made.order], {"due": 99}, ["due"]) == {}
    assert ask(shop, [made.order], {"due": 99, "partner_id": made.beto}, ["due"])["label"] == "N1/Roberto/24.00"
    assert "due" not in ask(shop, [made.order], {"due": 99, "partner_id": made.beto}, ["due"])  # given by hand
    assert ask(shop, [made.order], {"due": 99, "partner_id": made.beto}, ["partner_id"])["due"] == 7  # the change wins
    (row,) = shop("shop.order", "read", [made.order], ["total", "partner_id", "line_ids", "due"])
    assert (row["total"], row["partner_id"], row["line_ids"], row["due"]) == (
        24.0,
        [made.ana, "Ana"],
        [made.first, made.second],
        3,
    )


def test_a_line_sees_its_unsaved_order(shop, made):
    parent = {"partner_id": made.beto, "name": "P"}
    spec = {"subtotal": {}, "partner_id": {"fields": {"display_name": {}}}}
    value = shop("shop.line", "onchange", [], {"order_id": parent, "qty": 2, "price": 2}, ["qty"], spec)["value"]
    assert value == {"subtotal": 4.0, "partner_id": {"id": made.beto, "display_name": "Roberto"}}
    value = shop(
        "shop.line", "onchange", [made.first], {"order_id": {"id": made.order, "partner_id": made.beto}, "qty": 3}, ["qty"], spec
    )["value"]
    assert value == {"subtotal": 30.0, "partner_id": {"id": made.beto, "display_name": "Roberto"}}


def test_methods_for_people_and_their_warnings(shop, made):
    answer = shop("shop.order", "onchange", [made.order], {"note": "usual"}, ["note"], SPEC)
    assert answer["warning"] == {"title": "Lines", "message": "The lines were replaced.", "type": "dialog"}
    value = answer["value"]
    assert value["name"] == "N1 usual" and value["moment"] == "2026-01-31 12:00:00" and value["total"] == 11.0
    gone = [c for c in value["line_ids"] if c[0] == 2]
    come = [c for c in value["line_ids"] if c[0] == 0]
    assert [c[1] for c in gone] == [made.first, made.second] and [c[2]["subtotal"] for c in come] == [10.0, 1.0]
    assert "warning" not in shop("shop.order", "onchange", [made.order], {"note": "no"}, ["note"], SPEC)


def test_delegation(shop, made):
    spec = {"name": {}, "price": {}, "colour": {}, "product_id": {}, "tag_ids": {}}
    value = shop("shop.variant", "onchange", [], {"name": "Box", "price": 3}, ["name"], spec)["value"]
    assert value == {}
    value = shop("shop.variant", "onchange", [], {}, [], spec, context={"default_colour": "red"})["value"]
    assert value == {"name": False, "price": 0.0, "colour": "red", "product_id": False, "tag_ids": []}


def test_refusals(shop, made):
    for args in (
        ([made.order, made.order + 1], {}, [], {}), ([], {"nothing": 1}, [], {}), ([], {}, ["nothing"], {}), ([], {}, [], {"nothing": {}}),
        ([], {"partner_id": "x"}, [], {}), ([], [], [], {}), ([], {"line_ids": [[9, 0, 0]]}, [], {}), ([made.order], {"line_ids": [[1, 10**8, {}]]}, [], {}),
    ):  # fmt: skip
        with pytest.raises(xmlrpc.client.Fault) as refused:
            shop("shop.order", "onchange", *args)
        assert refused.value.faultCode == 1, args
    with pytest.raises(xmlrpc.client.Fault, match="does not exist"):
        shop("shop.order", "onchange", [10**8], {}, [], {})


def test_the_same_statements_for_few_lines_and_for_many(shop, shop_db, count_statements, made):
    large = shop(
        "shop.order",
        "create",
        {"name": "L", "partner_id": made.ana, "line_ids": [(0, 0, {"qty": n, "product_id": made.nut}) for n in range(60)]},
    )
    small = shop(
        "shop.order", "create", {"name": "S", "partner_id": made.ana, "line_ids": [(0, 0, {"qty": 3, "product_id": made.nut})]}
    )
    fresh = [[0, f"virtual_{n}", {"qty": n, "product_id": made.nut}] for n in range(60)]
    for few, many in (
        (([small], {"partner_id": made.beto}, ["partner_id"]), ([large], {"partner_id": made.beto}, ["partner_id"])),
        (([], {"line_ids": fresh[:1]}, ["line_ids"]), ([], {"line_ids": fresh}, ["line_ids"])),
        (([small], {"line_ids": fresh[:1]}, ["line_ids"]), ([large], {"line_ids": fresh}, ["line_ids"])),
    ):
        counts = []
        ask(shop, *few)  # rights and reference data are in memory afterwards, as in a running server
        for args in (few, many):
            with count_statements(shop_db, own=True) as seen:
                ask(shop, *args)
            counts.append(len(seen))
        assert counts[0] == counts[1], seen.report()


AMOUNT = st.integers(0, 50)
LINES = st.lists(
    st.one_of(
        st.tuples(st.just("new"), AMOUNT, AMOUNT), st.tuples(st.just("qty"), st.integers(0, 1), AMOUNT),
        st.tuples(st.just("drop"), st.integers(0, 1), AMOUNT),
    ),
    max_size=4,
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=LINES, partner=st.sampled_from(["ana", "beto"]), saved=st.booleans(), tags=st.sets(st.sampled_from(["red", "blue"])))
def test_a_form_shows_what_saving_makes_of_it(shop, made, steps, partner, saved, tags):
    lines = [(0, 0, {"qty": 2, "price": 10}), (0, 0, {"qty": 1, "price": 4})]
    values = {"partner_id": getattr(made, partner), "tag_ids": [[6, 0, sorted(getattr(made, t) for t in tags)]], "line_ids": []}
    base = {"name": "R", "partner_id": made.ana}
    ids = []
    if saved:
        ids = shop("shop.order", "create", [{**base, "line_ids": lines}])
        own = shop("shop.order", "read", ids, ["line_ids"])[0]["line_ids"]
    else:
        values["name"] = "R"
    dropped = set()
    for n, (kind, a, b) in enumerate(steps):
        if kind == "new":
            values["line_ids"].append([0, f"virtual_{n}", {"qty": a, "price": b}])
        elif saved and a not in dropped:
            values["line_ids"].append([1, own[a], {"qty": b}] if kind == "qty" else [2, own[a], False])
            dropped |= {a} if kind == "drop" else set()
    names = ["total", "tax", "grand", "due", "label", "tag_count", "partner_credit"]
    spec = {name: {} for name in names}
    before = shop("shop.order", "read", ids, names)[0] if saved else dict.fromkeys(names, 0) | {"label": False}
    shown = {**before, **ask(shop, ids, values, list(values), spec)}
    if saved:
        shop("shop.order", "write", ids, values)
    else:
        ids = shop("shop.order", "create", [{**base, **values}])
    (after,) = shop("shop.order", "read", ids, names)
    assert {n: shown[n] for n in names} == {n: after[n] for n in names}
    shop("shop.order", "unlink", ids)


# -- documents that addons complete while they are saved -----------------------------------------------------------------------

ORDER_LINE = {
    "product_id": {},
    "name": {},
    "product_uom_qty": {},
    "price_unit": {},
    "tax_ids": {},
    "price_subtotal": {},
    "price_total": {},
}
ORDER = {"name": {}, "partner_id": {"fields": {"display_name": {}}}, "partner_invoice_id": {}, "currency_id": {}, "warehouse_id": {},
         "amount_untaxed": {}, "amount_tax": {}, "amount_total": {}, "order_line": {"fields": ORDER_LINE}}  # fmt: skip


def _counts(rpc):
    sequences = rpc("ir.sequence", "search_read", [], ["number_next"])
    return [rpc(m, "search_count", []) for m in ("sale.order", "sale.order.line", "mail.message", "account.move")], sequences


def test_business_documents_are_previewed_as_they_would_be_saved(rpc, count_statements):
    partner = rpc("ir.model.data", "check_object_reference", "base", "customer_mx_01")[1]
    products = rpc("product.product", "search", [("sale_ok", "=", True), ("list_price", ">", 0)], limit=3)
    lines = [[0, f"virtual_{n}", {"product_id": p, "product_uom_qty": n + 1}] for n, p in enumerate(products)]
    values = {"partner_id": partner, "order_line": lines}
    before = _counts(rpc)
    shown = rpc("sale.order", "onchange", [], values, ["partner_id", "order_line"], ORDER)["value"]
    line = rpc(
        "sale.order.line",
        "onchange",
        [],
        {"order_id": {"partner_id": partner}, "product_id": products[0], "product_uom_qty": 5},
        ["product_id"],
        ORDER_LINE,
    )["value"]
    assert _counts(rpc) == before, "nothing was saved, and no number was taken"
    order = rpc("sale.order", "create", values)
    (saved,) = rpc("sale.order", "web_read", [order], ORDER)
    assert "name" not in shown
    for name in ("partner_invoice_id", "currency_id", "warehouse_id", "amount_untaxed", "amount_tax", "amount_total"):
        assert shown[name] == saved[name] and saved[name], name
    for (code, ref, told), made in zip(shown["order_line"], saved["order_line"], strict=True):
        assert code == 1 and ref.startswith("virtual_")
        for name in ("name", "price_unit", "price_subtotal", "price_total"):
            assert told[name] == made[name]
        assert [command[1] for command in told["tax_ids"]] == made["tax_ids"]
    assert line["price_unit"] == saved["order_line"][0]["price_unit"] and line["price_subtotal"] == 5 * line["price_unit"]
    first = saved["order_line"][0]["id"]
    changed = rpc("sale.order", "onchange", [order], {"order_line": [[1, first, {"product_uom_qty": 7}]]}, ["order_line"], ORDER)[
        "value"
    ]
    rpc("sale.order", "write", [order], {"order_line": [[1, first, {"product_uom_qty": 7}]]})
    (after,) = rpc("sale.order", "web_read", [order], ORDER)
    assert changed["amount_total"] == after["amount_total"] != saved["amount_total"]
    assert changed["order_line"] == [[1, first, {n: after["order_line"][0][n] for n in ("price_subtotal", "price_total")}]]
    incomplete = rpc("sale.order", "onchange", [], {"order_line": lines}, ["order_line"], ORDER)["value"]
    assert "partner_id" not in incomplete  # it cannot be saved yet: the draft alone is shown
    invoice = {
        "move_type": "out_invoice",
        "partner_id": partner,
        "invoice_line_ids": [[0, "virtual_1", {"product_id": products[0], "quantity": 2}]],
    }
    spec = {"amount_total": {}, "journal_id": {}, "invoice_line_ids": {"fields": {"price_unit": {}, "account_id": {}}}}
    shown = rpc("account.move", "onchange", [], invoice, ["invoice_line_ids"], spec)["value"]
    (made,) = rpc("account.move", "web_read", [rpc("account.move", "create", invoice)], spec)
    assert shown["amount_total"] == made["amount_total"] and shown["journal_id"] == made["journal_id"]
    assert shown["invoice_line_ids"] == [
        [1, "virtual_1", {n: made["invoice_line_ids"][0][n] for n in ("price_unit", "account_id")}]
    ]


def test_a_preview_costs_the_same_for_few_lines_and_for_many(rpc, db, count_statements):
    partner = rpc("ir.model.data", "check_object_reference", "base", "customer_mx_01")[1]
    (product,) = rpc("product.product", "search", [("sale_ok", "=", True), ("list_price", ">", 0)], limit=1)
    counts = []
    for size in (1, 2, 30):
        lines = [[0, f"virtual_{n}", {"product_id": product, "product_uom_qty": n + 1}] for n in range(size)]
        with count_statements(db) as seen:
            rpc("sale.order", "onchange", [], {"partner_id": partner, "order_line": lines}, ["order_line"], ORDER)
        counts.append(len(seen))
    assert counts[1] == counts[2], seen.report()


def test_every_model_of_the_business_opens_in_a_form(rpc):
    """A new form of every model, and one of a saved record that shows no change while nothing was changed."""
    models = [row["model"] for row in rpc("ir.model", "search_read", [("transient", "=", False)], ["model"])]
    assert len(models) > 60
    for model in models:
        if not rpc(model, "check_access_rights", "create", False):
            continue
        fields = rpc(model, "fields_get")
        spec = {
            n: {"fields": {"display_name": {}}} if d["type"] in ("many2one", "one2many", "many2many") else {}
            for n, d in fields.items()
        }
        rpc(model, "onchange", [], {}, [], spec)
        ids = rpc(model, "search", [], limit=1)
        if ids:
            assert rpc(model, "onchange", ids, {}, [], spec) == {"value": {}}, model
            assert len(rpc(model, "web_read", ids, spec)) == 1


def test_a_form_shows_no_line_that_its_user_may_not_read(shop, shop_db, shop_app, made):
    login = shop("res.users", "create", {"name": "Form", "login": "form", "password": "correct horse battery"})
    secret = shop("shop.order", "create", {"name": "S", "partner_id": made.ana, "line_ids": [(0, 0, {"qty": 500, "price": 77})]})
    (line,) = shop("shop.order", "read", [secret], ["line_ids"])[0]["line_ids"]
    with shop_db.transaction(1) as env:
        env["ir.model.access"].search([("model", "=", "shop.line")]).write({"domain": "[('qty', '<', 100)]"})

    def small(*args):
        body = xmlrpc.client.dumps(("colca", login, "correct horse battery", "shop.order", "onchange", list(args)), "execute_kw", allow_none=True)
        return xmlrpc.client.loads(shop_app.test_client().post("/xmlrpc/2/object", data=body.encode()).data)[0][0]["value"]

    try:
        assert "line_ids" not in small([made.order], {"line_ids": [[4, line]]}, ["line_ids"], {"line_ids": {"fields": LINE}})
        assert "line_ids" not in small([secret], {"partner_id": made.beto}, ["partner_id"], {"line_ids": {"fields": {**LINE, "partner_id": {}}}})
        told = small([made.order], {"partner_id": made.beto}, ["partner_id"], {"line_ids": {"fields": {**LINE, "partner_id": {}}}})["line_ids"]
        assert told == [[1, made.first, {"partner_id": made.beto}], [1, made.second, {"partner_id": made.beto}]]
        with pytest.raises(xmlrpc.client.Fault) as refused:
            small([made.order], {}, [], {"partner_id": {"fields": {"secret": {}}}})
        assert refused.value.faultCode == 4
    finally:
        with shop_db.transaction(1) as env:
            env["ir.model.access"].search([("model", "=", "shop.line")]).write({"domain": False})


def test_a_wizard_opens_with_what_its_documents_say(rpc):
    partner = rpc("ir.model.data", "check_object_reference", "base", "customer_mx_01")[1]
    (product,) = rpc("product.product", "search", [("sale_ok", "=", True), ("list_price", ">", 0)], limit=1)
    lines = [[0, 0, {"product_id": product, "quantity": 1}]]
    invoice = rpc("account.move", "create", {"move_type": "out_invoice", "partner_id": partner, "invoice_line_ids": lines})
    rpc("account.move", "action_post", [invoice])
    names = ["amount", "journal_id", "payment_date", "currency_id", "communication"]
    context = {"active_model": "account.move", "active_ids": [invoice]}
    shown = rpc("account.payment.register", "onchange", [], {}, [], {name: {} for name in names}, context=context)["value"]
    wizard = rpc("account.payment.register", "create", {}, context=context)
    (row,) = rpc("account.payment.register", "read", [wizard], names, None)
    assert shown == {name: row[name] for name in names} and shown["amount"] > 0
    spec = {"partner_id": {}, "partner_invoice_id": {}, "name": {}}
    order = rpc("sale.order", "onchange", [], {}, [], spec, context={"default_partner_id": partner})["value"]
    assert order == {"partner_id": partner, "partner_invoice_id": partner, "name": False}
