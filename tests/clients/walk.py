"""What every client does: a round of create, read, write, search and delete, and the first sale from its customer to the paid invoice.

`execute(model, method, *args, **kwargs)` is the client's own way to call; ids come first for methods of records.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Execute = Callable[..., Any]


def first(value: Any) -> Any:
    """The id of a create: some clients answer a list of one."""
    return value[0] if isinstance(value, (list, tuple)) else value


def crud(execute: Execute, tag: str) -> None:
    """A partner's life, with relations, an empty field, a many2many and a search that finds it and then does not."""
    (country,) = execute("res.country", "search", [["code", "=", "MX"]])
    category = first(execute("res.partner.category", "create", {"name": f"Category {tag}"}))
    values = {"name": f"Ñandú {tag} & <hijos>", "country_id": country, "category_id": [[6, 0, [category]]], "is_company": True}
    partner = first(execute("res.partner", "create", values))
    assert type(partner) is int
    (row,) = execute("res.partner", "read", [partner], ["name", "country_id", "category_id", "email", "is_company"])
    assert row["name"] == values["name"] and row["category_id"] == [category] and row["is_company"] is True
    assert row["email"] is False and list(row["country_id"])[0] == country
    assert execute("res.partner", "write", [partner], {"email": f"{tag}@example.com"}) is True
    assert list(execute("res.partner", "search", [["email", "=", f"{tag}@example.com"]])) == [partner]
    assert execute("res.partner", "search_count", [["id", "=", partner]]) == 1
    (found,) = execute("res.partner", "search_read", [["id", "=", partner]], ["email"])
    assert found == {"id": partner, "email": f"{tag}@example.com"}
    assert execute("res.partner", "unlink", [partner]) is True
    assert list(execute("res.partner", "search", [["id", "=", partner]])) == []
    execute("res.partner.category", "unlink", [category])


def first_sale(execute: Execute, tag: str) -> dict[str, Any]:
    """Customer and product, stock, order, delivery, invoice, payment; the invoice as it ends."""
    partner = first(execute("res.partner", "create", {"name": f"Customer {tag}", "is_company": True}))
    goods = {"name": f"Chair {tag}", "type": "consu", "is_storable": True, "list_price": 120.5, "default_code": f"C-{tag}"}
    product = first(execute("product.product", "create", goods))
    (warehouse,) = execute("stock.warehouse", "search_read", [["company_id", "=", 1]], ["lot_stock_id"])
    place = list(warehouse["lot_stock_id"])[0]
    quant = first(execute("stock.quant", "create", {"product_id": product, "location_id": place, "inventory_quantity": 8}))
    execute("stock.quant", "action_apply_inventory", [quant])
    line = {"product_id": product, "product_uom_qty": 3}
    order = first(execute("sale.order", "create", {"partner_id": partner, "order_line": [[0, 0, line]]}))
    execute("sale.order", "action_confirm", [order])
    (sold,) = execute("sale.order", "read", [order], ["name", "state", "amount_untaxed", "picking_ids", "order_line"])
    assert sold["state"] == "sale" and sold["amount_untaxed"] == 361.5 and len(sold["picking_ids"]) == 1
    execute("stock.picking", "action_assign", sold["picking_ids"])
    execute("stock.picking", "button_validate", sold["picking_ids"])
    (picking,) = execute("stock.picking", "read", sold["picking_ids"], ["state", "origin"])
    assert picking["state"] == "done" and picking["origin"] == sold["name"]
    (delivered,) = execute("sale.order.line", "read", sold["order_line"], ["qty_delivered"])
    assert delivered["qty_delivered"] == 3
    wizard = first(
        execute(
            "sale.advance.payment.inv", "create", {"advance_payment_method": "delivered", "sale_order_ids": [[6, 0, [order]]]}
        )
    )
    execute("sale.advance.payment.inv", "create_invoices", [wizard])
    (billed,) = execute("sale.order", "read", [order], ["invoice_ids"])
    (invoice,) = billed["invoice_ids"]
    execute("account.move", "action_post", [invoice])
    (posted,) = execute("account.move", "read", [invoice], ["name", "state", "amount_total", "amount_residual", "invoice_origin"])
    assert posted["state"] == "posted" and posted["invoice_origin"] == sold["name"]
    assert posted["amount_total"] == posted["amount_residual"] > 361.5
    context = {"active_model": "account.move", "active_ids": [invoice]}
    payment = first(execute("account.payment.register", "create", {}, context=context))
    execute("account.payment.register", "action_create_payments", [payment])
    (paid,) = execute("account.move", "read", [invoice], ["payment_state", "amount_residual"])
    assert paid["amount_residual"] == 0 and paid["payment_state"] in ("paid", "in_payment")
    return {**posted, **paid}
