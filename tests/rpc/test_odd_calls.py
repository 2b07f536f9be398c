"""Calls nobody should make, and what they must not reach: defaults in the context, links in commands, guesses through searches."""

from __future__ import annotations

import pytest

from server.errors import AccessError, FieldError, UserError


@pytest.fixture
def plain(rpc):
    """A user of whom nothing is known but that he works here: no group beside `base.group_user`."""
    group = rpc("ir.model.data", "check_object_reference", "base", "group_user")[1]
    rpc(
        "res.users",
        "create",
        {"name": "Plain", "login": "plain", "group_ids": [[6, 0, [group]]]},
        context={"no_reset_password": True},
    )
    return rpc.as_user("plain")


def find(rpc, xmlid):
    return rpc("ir.model.data", "check_object_reference", *xmlid.split("."))[1]


def test_a_default_of_another_kind_is_refused(rpc):
    for model, key, value in (
        ("account.move", "default_company_id", "x"),
        ("account.move", "default_partner_id", [1]),
        ("account.move", "default_move_type", []),
        ("account.move", "default_date", "soon"),
        ("stock.picking", "default_picking_type_id", "x"),
        ("sale.order", "default_order_line", "x"),
        ("sale.order", "default_partner_id", {}),
        ("res.partner", "default_name", []),
    ):
        for method, argument in (("create", {}), ("default_get", [])):
            with pytest.raises((ValueError, UserError)):
                rpc(model, method, argument, context={key: value})
                assert method == "default_get"  # not every model looks at every default
                raise FieldError("fine")


def test_a_default_is_a_value_like_any_other(rpc):
    partner = find(rpc, "base.customer_mx_01")
    order = rpc("sale.order", "create", {}, context={"default_partner_id": partner, "default_client_order_ref": "A-1"})
    row = rpc("sale.order", "read", [order], ["partner_id", "client_order_ref", "state"])[0]
    assert (row["partner_id"][0], row["client_order_ref"], row["state"]) == (partner, "A-1", "draft")
    invoice = rpc("account.move", "create", {}, context={"default_move_type": "out_invoice", "default_partner_id": partner})
    row = rpc("account.move", "read", [invoice], ["partner_id", "move_type", "journal_id"])[0]
    assert (row["partner_id"][0], row["move_type"]) == (partner, "out_invoice")
    given = rpc("account.move", "default_get", ["move_type", "journal_id"], context={"default_move_type": "out_invoice"})
    assert given["move_type"] == "out_invoice" and given["journal_id"]
    assert given["journal_id"] in (row["journal_id"], row["journal_id"][0])


@pytest.mark.parametrize(
    ("model", "state"),
    [("sale.order", "sale"), ("account.move", "posted"), ("stock.picking", "done"), ("account.payment", "paid")],
)
def test_a_default_opens_no_door_that_a_value_does_not(rpc, model, state):
    values = {"partner_id": find(rpc, "base.customer_mx_01")}
    if model == "stock.picking":
        values["picking_type_id"] = rpc("stock.picking.type", "search", [("code", "=", "outgoing")], limit=1)[0]
    for call in ({"vals": {**values, "state": state}}, {"vals": values, "context": {"default_state": state}}):
        try:
            made = rpc(model, "create", call["vals"], context=call.get("context"))
        except (UserError, ValueError):
            continue
        assert rpc(model, "read", [made], ["state"])[0]["state"] != state


def test_a_hidden_field_has_no_default_from_outside(rpc):
    with pytest.raises(AccessError):
        rpc("res.users", "create", {"name": "x", "login": "x"}, context={"default_password_hash": "x"})


def test_defaults_do_not_reach_what_an_action_makes(rpc):
    partner, product = find(rpc, "base.customer_mx_01"), find(rpc, "product.demo_mx_01")
    order = rpc(
        "sale.order", "create", {"partner_id": partner, "order_line": [[0, 0, {"product_id": product, "product_uom_qty": 1}]]}
    )
    rpc("sale.order", "action_confirm", [order], context={"default_state": "done", "default_name": "X", "default_quantity": 99})
    picking = rpc("stock.picking", "search_read", [("sale_id", "=", order)], ["state", "name"])[0]
    assert picking["state"] in ("assigned", "confirmed", "waiting") and picking["name"] != "X"


def test_what_is_said_inside_the_server_is_not_taken_from_outside(rpc):
    with pytest.raises(UserError):
        rpc("ir.model", "create", {"name": "x", "model": "x_x", "state": "base"}, context={"_reflecting": True})
    rpc("ir.model", "create", {"name": "x", "model": "x_x", "state": "manual"}, context={"_custom_later": True})
    assert rpc("x_x", "search", []) == [], "the table is made at once all the same"
    country = rpc("ir.model", "search", [("model", "=", "res.country")])
    with pytest.raises(UserError):
        rpc("ir.model", "unlink", country, context={"_reflecting": True})


@pytest.mark.parametrize(
    "context", [{"active_ids": "x"}, {"active_ids": [None]}, {"active_id": [1]}, {"active_id": {}}, {"date": "x"}]
)
def test_an_odd_context_is_refused_in_words(rpc, context):
    with pytest.raises((ValueError, UserError)):
        for model in ("account.move.reversal", "account.payment.register", "sale.advance.payment.inv", "stock.return.picking"):
            rpc(model, "default_get", [], context=context)
        rpc("res.currency", "search_read", [], [], context=context)


def test_a_kind_of_company_is_searched_by_its_two_words(rpc):
    both = rpc("res.partner", "search_count", [])
    companies = rpc("res.partner", "search_count", [("company_type", "=", "company")])
    assert 0 < companies < both
    assert rpc("res.partner", "search_count", [("company_type", "!=", "company")]) == both - companies
    assert rpc("res.partner", "search_count", [("company_type", "in", ["company", "person", ["x"]])]) == both
    with pytest.raises(ValueError):
        rpc("res.partner", "search", [("company_type", ">=", [["id", "=", 1]])])


def test_a_closed_model_cannot_be_guessed_at_through_an_open_one(rpc, plain):
    with pytest.raises(AccessError):
        plain("sale.order", "search", [])
    for path in ("order_line.price_unit", "amount_total"):
        for domain in ([(f"sale_order_ids.{path}", ">", 0)], [("sale_order_ids", "any", [(path, ">", 0)])]):
            with pytest.raises((AccessError, ValueError)):
                plain("res.partner", "search", domain)
    with pytest.raises(AccessError):  # of the journal items, only that there are some
        plain("product.product", "search", [("stock_move_ids.sale_line_id.price_unit", ">", 0)])
        plain("stock.move", "search", [("sale_line_id.price_unit", ">", 0)])


def test_a_record_that_is_not_mine_does_not_become_mine_by_a_command(rpc):
    """Own documents only: a line of somebody else's order is not moved into mine."""
    partner, product = find(rpc, "base.customer_mx_01"), find(rpc, "product.demo_mx_01")
    seller = find(rpc, "sales.group_sale_salesman")
    rpc(
        "res.users",
        "create",
        {"name": "Seller", "login": "seller", "group_ids": [[6, 0, [seller]]]},
        context={"no_reset_password": True},
    )
    mine = rpc.as_user("seller")
    lines = {"order_line": [[0, 0, {"product_id": product, "product_uom_qty": 1}]]}
    theirs = rpc("sale.order", "create", {"partner_id": partner, "user_id": rpc.uid, **lines})
    (line,) = rpc("sale.order", "read", [theirs], ["order_line"])[0]["order_line"]
    with pytest.raises(AccessError):
        mine("sale.order.line", "write", [line], {"price_unit": 1})
    order = mine("sale.order", "create", {"partner_id": partner, "user_id": mine.uid, **lines})
    for command in ([4, line], [6, 0, [line]], [1, line, {"price_unit": 1}]):
        with pytest.raises(UserError):
            mine("sale.order", "write", [order], {"order_line": [command]})
    assert rpc("sale.order.line", "read", [line], ["order_id"])[0]["order_id"][0] == theirs


def test_groups_of_links_show_nothing_behind_the_wall(rpc):
    mexico, peru = rpc.in_company("base.main_company"), rpc.in_company("base.company_pe")
    taxes = [side("account.tax", "search", [("type_tax_use", "=", "sale")], limit=1)[0] for side in (mexico, peru)]
    product = rpc("product.product", "create", {"name": "Both", "company_id": False, "taxes_id": [[6, 0, []]]})
    for side, tax in zip((mexico, peru), taxes, strict=True):
        side("product.product", "write", [product], {"taxes_id": [[4, tax]]})
    template = rpc("product.product", "read", [product], ["product_tmpl_id"])[0]["product_tmpl_id"][0]
    for side, tax in zip((mexico, peru), taxes, strict=True):
        rows = side("product.template", "read_group", [("id", "=", template)], [], ["taxes_id"], lazy=False)
        assert [row["taxes_id"][0] for row in rows] == [tax]


def test_the_least_cost_is_the_least_of_this_company(rpc):
    mexico, peru = rpc.in_company("base.main_company"), rpc.in_company("base.company_pe")
    product = rpc("product.product", "create", {"name": "Both", "company_id": False})
    mexico("product.product", "write", [product], {"standard_price": 12.5})
    peru("product.product", "write", [product], {"standard_price": 3})
    for side, cost in ((mexico, 12.5), (peru, 3)):
        for aggregate in ("min", "max", "sum"):
            row = side("product.product", "read_group", [("id", "=", product)], [f"standard_price:{aggregate}"], [])[0]
            assert row["standard_price"] == cost, aggregate


def test_what_follows_from_lines_and_payments_is_nobodys_to_write(rpc):
    partner = find(rpc, "base.customer_mx_01")
    made = {
        "amount_total": 5,
        "amount_residual": 1,
        "payment_state": "paid",
        "amount_total_signed": 7,
        "commercial_partner_id": 1,
    }
    line = [[0, 0, {"name": "Freight", "price_unit": 100}]]
    invoice = rpc("account.move", "create", {"move_type": "out_invoice", "partner_id": partner, "invoice_line_ids": line, **made})
    rpc("account.move", "write", [invoice], made)
    rpc("account.move", "action_post", [invoice])
    row = rpc("account.move", "read", [invoice], list(made))[0]
    assert (row["amount_total"], row["amount_residual"], row["payment_state"]) == (116, 116, "not_paid")
    for name, value in made.items():
        with pytest.raises(UserError):
            rpc("account.move", "write", [invoice], {name: value})


def test_the_lines_of_one_entry_are_not_those_of_another(rpc):
    values = {"move_type": "out_invoice", "partner_id": find(rpc, "base.customer_mx_01")}
    line = {"invoice_line_ids": [[0, 0, {"name": "Freight", "price_unit": 100}]]}
    mine, theirs = rpc("account.move", "create", [{**values, **line}, {**values, **line}])
    lines = rpc("account.move", "read", [theirs], ["line_ids"])[0]["line_ids"]
    for command in ([1, lines[0], {"price_unit": 5}], [2, lines[0]], [3, lines[0]], [4, lines[0]], [6, 0, lines]):
        with pytest.raises(UserError):
            rpc("account.move", "write", [mine], {"line_ids": [command]})
    for value in ({"move_id": mine}, {"parent_state": "posted"}, {"reconciled": True}):
        try:
            rpc("account.move.line", "write", [lines[0]], value)
        except UserError:
            pass
    assert rpc("account.move", "read", [theirs], ["line_ids"])[0]["line_ids"] == lines
    assert rpc("account.move.line", "read", [lines[0]], ["parent_state", "reconciled"])[0] == {
        "id": lines[0],
        "parent_state": "draft",
        "reconciled": False,
    }
    rpc("account.move", "action_post", [mine, theirs])


@pytest.mark.parametrize("values", [{"state": "draft"}, {"state": "assigned"}, {"product_qty": 1}])
def test_what_moved_does_not_become_a_plan_again(rpc, values):
    move = rpc("stock.move", "search", [("state", "=", "done")], limit=1)
    picking = rpc("stock.picking", "search", [("state", "in", ["assigned", "done"])], limit=1)
    for model, ids in (("stock.move", move), ("stock.picking", picking)):
        before = rpc(model, "read", ids, ["state"])
        with pytest.raises((UserError, ValueError)):
            rpc(model, "write", ids, values)
        assert rpc(model, "read", ids, ["state"]) == before


def test_a_checksum_opens_only_what_its_bearer_may_read(rpc, plain):
    import base64

    secret = base64.b64encode(b"Salaries of everybody").decode()
    theirs = rpc(
        "ir.attachment",
        "create",
        {
            "name": "salaries.txt",
            "datas": secret,
            "res_model": "sale.order",
            "res_id": rpc("sale.order", "search", [], limit=1)[0],
        },
    )
    checksum = rpc("ir.attachment", "read", [theirs], ["checksum"])[0]["checksum"]
    with pytest.raises(AccessError):
        plain("ir.attachment", "create", {"name": "mine", "checksum": checksum})
    own = plain("ir.attachment", "create", {"name": "mine", "datas": base64.b64encode(b"My own").decode()})
    with pytest.raises(AccessError):
        plain("ir.attachment", "write", [own], {"checksum": checksum})
    twin = plain("ir.attachment", "copy", own)
    assert base64.b64decode(plain("ir.attachment", "read", [twin], ["datas"])[0]["datas"]) == b"My own"
    plain("ir.attachment", "write", [own], {"datas": base64.b64encode(b"Another").decode()})
    assert base64.b64decode(plain("ir.attachment", "read", [own], ["datas"])[0]["datas"]) == b"Another"


def test_the_list_of_addons_keeps_itself(rpc, plain):
    ids = rpc("ir.module.module", "search", [("name", "=", "stock")])
    for call in (
        ("write", ids, {"owned": "{}"}),
        ("write", ids, {"state": "to remove"}),
        ("unlink", ids),
        ("create", {"name": "x"}),
    ):
        with pytest.raises(UserError):
            rpc("ir.module.module", *call)
    assert rpc("ir.module.module", "update_list") == [0, 0]
    with pytest.raises(AccessError):
        plain("ir.module.module", "update_list")


def test_a_document_is_searched_for_being_there(rpc):
    lines = rpc("account.move.line", "search_count", [])
    assert rpc("account.move.line", "search_count", [("analytic_distribution", "=", False)]) == lines
    assert rpc("account.move.line", "search_count", [("analytic_distribution", "!=", False)]) == 0
    for operator, value in (("=", {"1": 100}), ("not in", "res.partner,1"), (">", True), ("in", [1])):
        with pytest.raises(ValueError):
            rpc("account.move.line", "search", [("analytic_distribution", operator, value)])


def test_links_of_this_company_give_the_order(rpc):
    mexico = rpc.in_company("base.main_company")
    low, high = mexico("account.account", "search", [("account_type", "=", "income")], limit=2, order="code")
    first, second = rpc("product.category", "create", [{"name": "B"}, {"name": "A"}])
    mexico("product.category", "write", [first], {"property_account_income_categ_id": low})
    mexico("product.category", "write", [second], {"property_account_income_categ_id": high})
    ours = [("id", "in", [first, second])]
    assert mexico("product.category", "search", ours, order="property_account_income_categ_id") == [first, second]
    assert mexico("product.category", "search", ours, order="property_account_income_categ_id desc") == [second, first]


def test_groups_of_what_is_no_user(rpc):
    assert rpc("res.users", "has_group", [rpc.uid], "base.group_system") is True
    assert rpc("res.users", "has_group", "base.group_system") is True
    for ids in ([[3, 1]], ["x"], {"a": 1}, 1.5):
        with pytest.raises(ValueError):
            rpc("res.users", "has_group", ids, "base.group_system")


def test_several_records_of_a_model_without_a_column_of_its_own(rpc):
    assert len(rpc("stock.backorder.confirmation", "create", [{}, {}])) == 2


def test_what_others_use_does_not_become_one_companys_own(rpc):
    mexico, peru = rpc.in_company("base.main_company"), rpc.in_company("base.company_pe")
    here = find(rpc, "base.main_company")
    partner = rpc("res.partner", "create", {"name": "Of both", "company_id": False})
    product = rpc("product.product", "create", {"name": "Of both", "company_id": False, "is_storable": True})
    peru("sale.order", "create", {"partner_id": partner, "order_line": [[0, 0, {"product_id": product}]]})
    for model, id in (
        ("res.partner", partner),
        ("product.product", product),
        ("stock.location", find(rpc, "stock.stock_location_customers")),
    ):
        with pytest.raises(UserError) as caught:
            mexico(model, "write", [id], {"company_id": here})
        assert "another company" in str(caught.value) and "Andina" not in str(caught.value)
    alone = rpc("res.partner", "create", {"name": "Of nobody", "company_id": False})
    mexico("sale.order", "create", {"partner_id": alone})
    assert mexico("res.partner", "write", [alone], {"company_id": here})
    child = rpc("res.partner", "create", {"name": "Child", "parent_id": alone, "company_id": False})
    with pytest.raises(UserError):
        peru("res.partner", "write", [child], {"company_id": find(rpc, "base.company_pe")})


def test_details_stay_with_their_move_and_closed_transfers_closed(rpc):
    line = rpc("stock.move.line", "search", [("picking_id", "!=", False), ("state", "=", "assigned")], limit=1)
    move = rpc("stock.move", "search", [("state", "=", "assigned"), ("move_line_ids", "not in", line)], limit=1)[0]
    for values in ({"move_id": move}, {"product_id": find(rpc, "product.demo_mx_30")}, {"picking_id": False}):
        with pytest.raises(UserError):
            rpc("stock.move.line", "write", line, values)
    done = rpc("stock.picking", "search", [("state", "=", "done")], limit=1)
    if done:
        with pytest.raises(UserError):
            rpc("stock.move", "write", [move], {"picking_id": done[0]})


def test_a_move_that_asked_for_nothing_is_not_left_open(rpc):
    kind = rpc("stock.picking.type", "search", [("code", "=", "incoming")], limit=1)[0]
    moves = [[0, 0, {"product_id": find(rpc, f"product.demo_mx_0{number}"), "product_uom_qty": number - 1}] for number in (1, 2)]
    picking = rpc("stock.picking", "create", {"picking_type_id": kind, "move_ids": moves})
    rpc("stock.picking", "action_confirm", [picking])
    assert rpc("stock.picking", "button_validate", [picking]) is True
    states = rpc("stock.move", "search_read", [("picking_id", "=", picking)], ["state", "product_uom_qty"])
    assert {(row["product_uom_qty"], row["state"]) for row in states} == {(0, "cancel"), (1, "done")}


def test_items_are_open_as_long_as_their_account_keeps_open_items(rpc):
    low, high = rpc("account.account", "search", [("account_type", "=", "expense"), ("reconcile", "=", False)], limit=2)
    lines = [[0, 0, {"account_id": low, "debit": 50}], [0, 0, {"account_id": high, "credit": 50}]]
    entry = rpc("account.move", "create", {"move_type": "entry", "line_ids": lines})
    back = rpc(
        "account.move",
        "create",
        {
            "move_type": "entry",
            "line_ids": [[0, 0, {"account_id": high, "debit": 50}], [0, 0, {"account_id": low, "credit": 50}]],
        },
    )
    rpc("account.move", "action_post", [entry, back])
    items = rpc("account.move.line", "search", [("account_id", "=", low)])

    def residuals():
        return sorted(row["amount_residual"] for row in rpc("account.move.line", "read", items, ["amount_residual"]))

    assert residuals() == [0, 0]
    rpc("account.account", "write", [low], {"reconcile": True})
    assert residuals() == [-50, 50]
    rpc("account.move.line", "reconcile", items)
    assert residuals() == [0, 0]
    with pytest.raises(UserError):
        rpc("account.account", "write", [low], {"reconcile": False})
    rpc("account.move.line", "remove_move_reconcile", items)
    rpc("account.account", "write", [low], {"reconcile": False})
    assert residuals() == [0, 0]
    rpc("account.account", "write", [low], {"account_type": "asset_receivable"})
    assert residuals() == [-50, 50]
