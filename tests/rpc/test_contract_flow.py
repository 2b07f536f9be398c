"""The flow every integration walks, with the names of today and with those of years ago, each call as a program sends it."""

from __future__ import annotations

import pytest

from server.errors import AccessError, UserError


def stock(rpc, product, quantity):
    (location,) = rpc("stock.location", "search", [["usage", "=", "internal"]], limit=1, order="id")
    quant = rpc(
        "stock.quant",
        "create",
        {"product_id": product, "location_id": location, "inventory_quantity": quantity},
        context={"inventory_mode": True},
    )
    rpc("stock.quant", "action_apply_inventory", [quant])
    (row,) = rpc("stock.quant", "read", [quant], ["quantity", "inventory_quantity_set", "inventory_diff_quantity"])
    assert row["quantity"] == quantity and row["inventory_quantity_set"] is False
    moves = rpc("stock.move", "search_read", [["product_id", "=", product], ["state", "=", "done"]], ["quantity"])
    assert [move["quantity"] for move in moves] == [quantity]


def pay(rpc, invoice):
    (bank,) = rpc("account.journal", "search", [["type", "=", "bank"]], limit=1)
    context = {"active_model": "account.move", "active_ids": [invoice]}
    wizard = rpc("account.payment.register", "create", {"journal_id": bank}, context=context)
    (asked,) = rpc("account.payment.register", "read", [wizard], ["amount"])
    (before,) = rpc("account.move", "read", [invoice], ["amount_residual"])
    assert asked["amount"] == before["amount_residual"]
    rpc("account.payment.register", "action_create_payments", [wizard], context=context)
    (after,) = rpc("account.move", "read", [invoice], ["amount_residual", "payment_state"])
    assert after["amount_residual"] == 0 and after["payment_state"] in ("in_payment", "paid")


@pytest.mark.feature("I3")
def test_the_flow(rpc):
    customer = rpc("res.partner", "create", {"name": "Walker Ltd", "is_company": True, "email": "walker@example.com"})
    delivery = rpc("res.partner", "create", {"name": "Dock", "parent_id": customer, "type": "delivery"})
    product = rpc(
        "product.product",
        "create",
        {
            "name": "Walking stick",
            "is_storable": True,
            "type": "consu",
            "list_price": 50,
            "standard_price": 20,
            "invoice_policy": "order",
        },
    )
    stock(rpc, product, 10)
    order = rpc(
        "sale.order",
        "create",
        {
            "partner_id": customer,
            "order_line": [
                (0, 0, {"product_id": product, "product_uom_qty": 4}),
                (0, 0, {"display_type": "line_section", "name": "Remarks"}),
                [0, "virtual_7", {"display_type": "line_note", "name": "Handle with care"}],
            ],
        },
    )
    (row,) = rpc("sale.order", "read", [order])
    assert row["state"] == "draft" and row["partner_shipping_id"][0] == delivery and row["name"][:1] == "S"
    lines = rpc("sale.order.line", "search_read", [["order_id", "=", order], ["display_type", "=", False]], [])
    (line,) = lines
    assert line["price_unit"] == 50 and line["tax_ids"] and line["product_uom_id"] and line["price_subtotal"] == 200
    assert row["amount_total"] == pytest.approx(row["amount_untaxed"] + row["amount_tax"]) and row["amount_tax"] > 0
    assert rpc("sale.order", "action_confirm", [order]) is True
    (row,) = rpc(
        "sale.order", "read", [order], ["state", "picking_ids", "invoice_status", "name", "delivery_count", "delivery_status"]
    )
    assert row["state"] == "sale" and row["invoice_status"] == "to invoice" and row["delivery_count"] == 1
    (picking,) = row["picking_ids"]
    with pytest.raises(UserError):
        rpc("sale.order", "action_confirm", [order])
    with pytest.raises(UserError):
        rpc("sale.order", "unlink", [order])
    (sent,) = rpc("stock.picking", "read", [picking])
    assert sent["origin"] == row["name"] and sent["sale_id"][0] == order and sent["picking_type_code"] == "outgoing"
    if sent["state"] != "assigned":
        assert rpc("stock.picking", "action_assign", [picking]) is True
    moves = rpc("stock.move", "search_read", [["picking_id", "=", picking]], ["quantity", "product_uom_qty", "state"])
    assert [(move["quantity"], move["product_uom_qty"], move["state"]) for move in moves] == [(4, 4, "assigned")]
    assert rpc("stock.picking", "read", [picking], ["state", "products_availability"])[0]["products_availability"] == "Available"
    assert rpc("stock.picking", "button_validate", [picking]) is True
    assert rpc("stock.picking", "read", [picking], ["state"])[0]["state"] == "done"
    (line,) = rpc("sale.order.line", "read", [line["id"]], ["qty_delivered", "qty_to_invoice", "move_ids"])
    assert line["qty_delivered"] == 4 and line["qty_to_invoice"] == 4 and line["move_ids"] == [move["id"] for move in moves]
    assert rpc("product.product", "read", [product], ["qty_available", "free_qty", "virtual_available"])[0]["qty_available"] == 6
    wizard = rpc(
        "sale.advance.payment.inv",
        "create",
        {"advance_payment_method": "delivered"},
        context={"active_model": "sale.order", "active_ids": [order], "active_id": order},
    )
    assert rpc("sale.advance.payment.inv", "read", [wizard], ["sale_order_ids"])[0]["sale_order_ids"] == [order]
    assert isinstance(rpc("sale.advance.payment.inv", "create_invoices", [wizard]), dict)
    (row,) = rpc("sale.order", "read", [order], ["invoice_ids", "invoice_status", "invoice_count"])
    (invoice,) = row["invoice_ids"]
    assert row["invoice_status"] == "invoiced" and row["invoice_count"] == 1
    (bill,) = rpc("account.move", "read", [invoice])
    assert bill["state"] == "draft" and bill["move_type"] == "out_invoice" and bill["invoice_origin"] == sent["origin"]
    assert bill["name"] in ("/", False) and bill["tax_totals"]["amount_total"] == bill["amount_total"]
    assert set(bill["invoice_line_ids"]) < set(bill["line_ids"])
    assert rpc("account.move.line", "search_count", [["move_id", "=", invoice], ["sale_line_ids", "=", line["id"]]]) == 1
    answer = rpc("account.move", "action_post", [invoice])
    assert answer is False or isinstance(answer, dict)
    (bill,) = rpc("account.move", "read", [invoice])
    assert bill["state"] == "posted" and bill["name"] and bill["invoice_date"] and bill["payment_reference"]
    assert bill["payment_state"] == "not_paid" and bill["amount_residual"] == bill["amount_total"]
    with pytest.raises(UserError):
        rpc("account.move", "unlink", [invoice])
    sent_window = rpc("account.move", "action_invoice_sent", [invoice])
    assert (
        sent_window["res_model"] == "account.move" and rpc("account.move", "read", [invoice], ["is_move_sent"])[0]["is_move_sent"]
    )
    assert rpc("ir.outbox", "search_count", [["job", "=", "mail.send"]]) >= 1
    assert rpc("account.move", "preview_invoice", [invoice])["type"] == "ir.actions.act_url"
    assert rpc("account.move", "action_invoice_print", [invoice])["type"] == "ir.actions.report"
    pay(rpc, invoice)
    (partner,) = rpc("res.partner", "read", [customer], ["sale_order_count", "total_invoiced"])
    assert partner["sale_order_count"] == 1 and partner["total_invoiced"] == bill["amount_untaxed"]
    with pytest.raises(AccessError, match="Private methods"):
        rpc("sale.order", "_create_invoices", [order])
    credit = rpc(
        "account.move.reversal",
        "create",
        {"reason": "returned", "journal_id": bill["journal_id"][0]},
        context={"active_model": "account.move", "active_ids": [invoice]},
    )
    note = rpc("account.move.reversal", "reverse_moves", [credit])
    assert note.get("res_id") or note.get("domain")


@pytest.mark.feature("I3")
def test_the_flow_in_the_words_of_older_programs(rpc):
    customer = rpc("res.partner", "create", {"name": "Older Ltd", "company_type": "company"})
    (unit,) = rpc("uom.uom", "search", [["uom_type", "=", "reference"], ["name", "=", "Units"]], limit=1) or rpc(
        "uom.uom", "search", [["uom_type", "=", "reference"]], limit=1
    )
    dozen = rpc("uom.uom", "create", {"name": "Older dozen", "category_id": unit, "uom_type": "bigger", "factor_inv": 12})
    assert rpc(
        "uom.uom",
        "search",
        [["category_id", "=", unit], ["factor_inv", "=", 12], ["uom_type", "=", "bigger"], ["id", "=", dozen]],
    ) == [dozen]
    template = rpc(
        "product.template",
        "create",
        {"name": "Older stick", "type": "product", "uom_id": unit, "uom_po_id": unit, "list_price": 30},
    )
    (row,) = rpc(
        "product.template",
        "read",
        [template],
        ["type", "detailed_type", "is_storable", "product_variant_ids", "product_variant_id"],
    )
    assert row["is_storable"] is True and row["type"] == row["detailed_type"] == "consu"
    assert rpc("product.template", "search", [["type", "=", "product"], ["id", "=", template]]) == [template]
    assert rpc("product.template", "search", [["detailed_type", "not in", ["product", "service"]], ["id", "=", template]]) == []
    (product,) = row["product_variant_ids"]
    assert rpc("product.product", "search", [["type", "in", ["product", "service"]], ["id", "=", product]]) == [product]
    other = rpc("product.product", "create", {"name": "Older box", "detailed_type": "product"})
    assert rpc("product.product", "read", [other], ["is_storable"])[0]["is_storable"] is True
    stock(rpc, product, 24)
    (tax,) = rpc("account.tax", "search", [["type_tax_use", "=", "sale"]], limit=1)
    order = rpc(
        "sale.order",
        "create",
        {
            "partner_id": customer,
            "order_line": [
                (0, False, {"product_id": product, "product_uom": dozen, "product_uom_qty": 1, "tax_id": [(6, 0, [tax])]})
            ],
        },
    )
    (line,) = rpc(
        "sale.order.line",
        "search_read",
        [["order_id", "=", order], ["product_uom", "=", dozen], ["tax_id", "in", [tax]]],
        ["product_uom", "tax_id", "tax_ids"],
    )
    assert line["product_uom"][0] == dozen and line["tax_id"] == line["tax_ids"] == [tax]
    rpc("sale.order", "action_confirm", [order])
    (picking,) = rpc("sale.order", "read", [order], ["picking_ids"])[0]["picking_ids"]
    rpc("stock.picking", "do_unreserve", [picking])
    assert rpc("stock.picking", "action_assign", [picking]) is True
    (seen,) = rpc(
        "stock.picking",
        "read",
        [picking],
        ["move_lines", "move_ids_without_package", "move_line_ids_without_package", "move_ids"],
    )
    assert seen["move_lines"] == seen["move_ids_without_package"] == seen["move_ids"]
    (move,) = rpc("stock.move", "read", seen["move_lines"], ["quantity_done", "reserved_availability", "quantity"])
    assert move["quantity_done"] == move["reserved_availability"] == move["quantity"] > 0
    (detail,) = rpc(
        "stock.move.line",
        "read",
        seen["move_line_ids_without_package"],
        ["qty_done", "reserved_uom_qty", "product_uom_qty", "quantity"],
    )
    assert detail["qty_done"] == detail["quantity"]
    rpc("stock.move.line", "write", [detail["id"]], {"qty_done": detail["quantity"]})
    rpc("stock.picking", "action_set_quantities_to_reservation", [picking])
    assert rpc("stock.picking", "button_validate", [picking]) is True
    wizard = rpc(
        "sale.advance.payment.inv", "create", {"advance_payment_method": "delivered", "sale_order_ids": [(6, 0, [order])]}
    )
    rpc("sale.advance.payment.inv", "create_invoices", [wizard], context={"active_model": "sale.order", "active_ids": [order]})
    (invoice,) = rpc("sale.order", "read", [order], ["invoice_ids"])[0]["invoice_ids"]
    rpc("account.move", "action_post", [invoice])
    (cash,) = rpc("account.journal", "search", [["type", "=", "cash"]], limit=1)
    (bill,) = rpc("account.move", "read", [invoice], ["amount_total"])
    payment = rpc(
        "account.payment",
        "create",
        {
            "payment_type": "inbound", "partner_type": "customer", "partner_id": customer, "amount": bill["amount_total"],
            "journal_id": cash, "communication": "Older payment",
        },
    )  # fmt: skip
    assert rpc("account.payment", "search", [["ref", "=", "Older payment"], ["memo", "=", "Older payment"]]) == [payment]
    rpc("account.payment", "action_post", [payment])
    assert rpc("account.payment", "search", [["state", "=", "posted"], ["id", "=", payment]]) == [payment]
    assert rpc("account.payment", "search", [["state", "!=", "posted"], ["id", "=", payment]]) == []
    pay(rpc, invoice)
    (account,) = rpc("account.account", "search", [["deprecated", "=", False], ["company_id", "!=", False]], limit=1)
    (row,) = rpc("account.account", "read", [account], ["deprecated", "active", "company_id", "company_ids"])
    assert row["deprecated"] is (not row["active"]) and row["company_id"][0] in row["company_ids"]
    (group,) = rpc("res.groups", "search", [["full_name", "=", "Technical / Several companies"]])
    user = rpc("res.users", "create", {"name": "Old", "login": "old.words", "groups_id": [(4, group)]})
    assert group in rpc("res.users", "read", [user], ["groups_id"])[0]["groups_id"]
    assert user in rpc("res.users", "search", [["groups_id", "in", [group]]])


def test_less_than_asked_makes_a_backorder(rpc):
    (customer,) = rpc("res.partner", "search", [["customer_rank", ">", 0]], limit=1) or rpc("res.partner", "search", [], limit=1)
    product = rpc("product.product", "create", {"name": "Rare", "is_storable": True, "list_price": 5})
    stock(rpc, product, 3)
    order = rpc(
        "sale.order", "create", {"partner_id": customer, "order_line": [(0, 0, {"product_id": product, "product_uom_qty": 3})]}
    )
    rpc("sale.order", "action_confirm", [order])
    (picking,) = rpc("sale.order", "read", [order], ["picking_ids"])[0]["picking_ids"]
    rpc("stock.picking", "action_assign", [picking])
    (move,) = rpc("stock.picking", "read", [picking], ["move_ids"])[0]["move_ids"]
    rpc("stock.move", "write", [move], {"quantity": 1})
    action = rpc("stock.picking", "button_validate", [picking])
    assert action["res_model"] == "stock.backorder.confirmation"
    wizard = rpc("stock.backorder.confirmation", "create", {"pick_ids": [(4, picking)]}, context=action.get("context") or {})
    rpc("stock.backorder.confirmation", "process", [wizard], context=action.get("context") or {})
    (row,) = rpc("stock.picking", "read", [picking], ["state", "backorder_ids"])
    assert row["state"] == "done" and len(row["backorder_ids"]) == 1
    (later,) = row["backorder_ids"]
    assert rpc("stock.picking", "read", [later], ["backorder_id"])[0]["backorder_id"][0] == picking
    rpc("stock.picking", "action_assign", [later])
    (move,) = rpc("stock.picking", "read", [later], ["move_ids"])[0]["move_ids"]
    rpc("stock.move", "write", [move], {"quantity": 1})
    assert rpc(
        "stock.picking", "button_validate", [later], context={"skip_backorder": True, "picking_ids_not_to_backorder": [later]}
    ) is True  # fmt: skip
    assert rpc("stock.picking", "search_count", [["backorder_id", "=", later]]) == 0


def test_services_have_no_delivery(rpc):
    (customer,) = rpc("res.partner", "search", [], limit=1)
    service = rpc(
        "product.product", "create", {"name": "Advice", "type": "service", "list_price": 100, "invoice_policy": "order"}
    )
    order = rpc("sale.order", "create", {"partner_id": customer, "order_line": [(0, 0, {"product_id": service})]})
    rpc("sale.order", "action_confirm", [order])
    (row,) = rpc("sale.order", "read", [order], ["picking_ids", "invoice_status", "order_line"])
    assert row["picking_ids"] == [] and row["invoice_status"] == "to invoice"
    assert rpc("sale.order.line", "read", row["order_line"], ["product_uom_qty"])[0]["product_uom_qty"] == 1
    draft = rpc("sale.order", "create", {"partner_id": customer})
    rpc("sale.order", "action_cancel", [draft])
    assert rpc("sale.order", "unlink", [draft]) is True


def test_what_a_plain_user_may(rpc):
    rpc("res.users", "create", {"name": "Plain", "login": "plain.user", "password": "a long enough one"})
    plain = rpc.as_user("plain.user")
    assert plain("res.partner", "search", [], limit=1) and plain("res.country", "search", [], limit=1)
    (company,) = plain("res.company", "search", [], limit=1)
    for model, method, args in (
        ("ir.config_parameter", "search_read", [[]]),
        ("ir.config_parameter", "get_param", ["web.base.url"]),
        ("res.company", "write", [[company], {"name": "Mine"}]),
        ("res.users", "create", [{"name": "x", "login": "x.y"}]),
        ("ir.model.access", "check", ["no.model"]),
        ("ir.model.access", "check", ["ir.config_parameter", "read"]),
    ):
        with pytest.raises(AccessError):
            plain(model, method, *args)
    assert plain("ir.model.access", "check", "res.partner", "read") is True
    assert plain("ir.model.access", "check", "no.model", "read", False) is False
    assert plain("res.users", "has_group", [plain.uid], "base.group_user") is True
    assert plain("res.users", "has_group", "base.group_user") is True
    assert plain("res.users", "has_group", "base.group_nothing") is False
    assert set(plain("res.users", "context_get")) == {"lang", "tz", "uid"}
    (me,) = plain("res.users", "read", [plain.uid], ["password", "partner_id", "share", "login_date", "signature"])
    assert me["password"] is False and me["share"] is False and me["partner_id"][1] == "Plain"
    assert plain("res.users", "change_password", "a long enough one", "another long one") is True
    rpc("ir.config_parameter", "set_param", "me.key", "7")
    assert (
        rpc("ir.config_parameter", "get_param", "me.key") == "7" and rpc("ir.config_parameter", "get_param", "me.none") is False
    )
    sequence = rpc("ir.sequence", "create", {"name": "Mine", "code": "me.seq", "prefix": "M/", "padding": 4})
    assert rpc("ir.sequence", "next_by_code", "me.seq") == "M/0001" and rpc(
        "ir.sequence", "search", [["code", "=", "me.seq"]]
    ) == [sequence]
