"""Northwind reconciled: orders, invoices, stock moves and the ledger against the source files, to the cent and the unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from addons.sales_stock.northwind.source import Source, cents

ZERO = Decimal(0)


def money(value: Any) -> Decimal:
    """A wire amount as exact cents."""
    return cents(Decimal(repr(value)))


def reconcile(call: Any, source: Source, say: Callable[[str], Any]) -> bool:
    """Compare and say each figure; True when all agree."""
    fine = True

    def same(what: str, ours: Any, theirs: Any) -> None:
        nonlocal fine
        if ours != theirs:
            fine = False
        say(
            f"{'ok ' if ours == theirs else 'DIFFERENT'} {what}: {ours}"
            + ("" if ours == theirs else f" here, {theirs} in the source")
        )

    orders = call(
        "sale.order",
        "search_read",
        [("client_order_ref", "=like", "NW-%")],
        ["client_order_ref", "amount_total", "state", "invoice_ids", "name"],
    )
    by_ref = {o["client_order_ref"]: o for o in orders}
    same("orders", len(orders), len(source.orders))
    wrong = [
        o["order_id"]
        for o in source.orders
        if money(by_ref.get(f"NW-{o['order_id']}", {}).get("amount_total", 0)) != source.order_total(o)
    ]
    same("orders with another total", wrong, [])
    same(
        "total of all orders",
        sum((money(o["amount_total"]) for o in orders), ZERO),
        sum((source.order_total(o) for o in source.orders), ZERO),
    )
    same("orders confirmed", sum(o["state"] == "sale" for o in orders), len(source.orders))

    names = {o["name"]: o["client_order_ref"] for o in orders}
    invoices = call("account.move", "search_read", [("invoice_origin", "in", list(names)), ("move_type", "=", "out_invoice")],
                    ["invoice_origin", "amount_total", "state", "invoice_date", "name"])  # fmt: skip
    billed: dict[str, Decimal] = defaultdict(Decimal)
    for row in invoices:
        if row["state"] == "posted":
            billed[names[row["invoice_origin"]]] += money(row["amount_total"])
    same("posted invoices", sum(r["state"] == "posted" for r in invoices), len(source.shipped))
    same("invoices not posted", sum(r["state"] != "posted" for r in invoices), 0)
    expected = {f"NW-{o['order_id']}": source.order_total(o) for o in source.shipped}
    same(
        "invoices with another total", sorted(k for k in expected.keys() | billed.keys() if expected.get(k) != billed.get(k)), []
    )
    days = {f"NW-{o['order_id']}": o["shipped_date"] for o in source.shipped}
    same("invoices with another date", [r["name"] for r in invoices if r["invoice_date"] != days[names[r["invoice_origin"]]]], [])

    products = {
        p["default_code"]: p["id"]
        for p in call("product.product", "search_read", [("default_code", "=like", "NW-%")], ["default_code"])
    }
    goods = [products[f"NW-{p['product_id']}"] for p in source.products]
    delivered = call(
        "stock.move",
        "search_read",
        [("product_id", "in", goods), ("state", "=", "done"), ("location_dest_id.usage", "=", "customer")],
        ["product_id", "quantity"],
    )
    units: dict[int, Decimal] = defaultdict(Decimal)
    for row in delivered:
        units[row["product_id"][0]] += Decimal(repr(row["quantity"]))
    wanted = {products[f"NW-{id}"]: amount for id, amount in source.shipped_units.items()}
    same("products with other units shipped", [i for i in goods if units.get(i, ZERO) != wanted.get(i, ZERO)], [])
    same("units shipped", sum(units.values(), ZERO).normalize() + 0, sum(source.shipped_units.values(), ZERO).normalize() + 0)
    on_hand: dict[int, Decimal] = defaultdict(Decimal)
    for row in call(
        "stock.quant",
        "search_read",
        [("product_id", "in", goods), ("location_id.usage", "=", "internal")],
        ["product_id", "quantity"],
    ):
        on_hand[row["product_id"][0]] += Decimal(repr(row["quantity"]))
    same(
        "products with other units left",
        [
            p["product_name"]
            for p in source.products
            if on_hand.get(products[f"NW-{p['product_id']}"], ZERO) != Decimal(p["units_in_stock"])
        ],
        [],
    )

    ledger(call, source, [r["id"] for r in invoices if r["state"] == "posted"], same)
    return fine


def ledger(call: Any, source: Source, posted: list[int], same: Callable[[str, Any, Any], None]) -> None:
    """Receivable and revenue of the invoices, cost of the goods shipped, and the balance of all posted entries."""
    lines = call("account.move.line", "search_read", [("move_id", "in", posted)], ["debit", "credit", "account_id", "product_id"])
    accounts = {a["id"]: a["account_type"] for a in call("account.account", "search_read", [], ["account_type"])}
    total = sum((source.order_total(o) for o in source.shipped), ZERO)
    receivable = sum(
        (money(r["debit"]) - money(r["credit"]) for r in lines if accounts[r["account_id"][0]] == "asset_receivable"), ZERO
    )
    revenue = sum(
        (money(r["credit"]) - money(r["debit"]) for r in lines if accounts[r["account_id"][0]].startswith("income")), ZERO
    )
    same("receivable in the ledger", receivable, total)
    same("revenue in the ledger", revenue, total)
    cost = call(
        "account.move.line",
        "search_read",
        [("parent_state", "=", "posted"), ("account_id.account_type", "=", "expense_direct_cost")],
        ["debit"],
    )
    sold = sum(
        (
            source.shipped_units[p["product_id"]] * source.cost(p)
            for p in source.products
            if p["product_id"] in source.shipped_units
        ),
        ZERO,
    )
    same("cost of goods sold in the ledger", sum((money(r["debit"]) for r in cost), ZERO), cents(sold))
    left = sum((Decimal(p["units_in_stock"]) * source.cost(p) for p in source.products), ZERO)
    value = call(
        "account.move.line",
        "search_read",
        [("parent_state", "=", "posted"), ("account_id.account_type", "=", "asset_current")],
        ["debit", "credit"],
    )
    same("value of the stock left in the ledger", sum((money(r["debit"]) - money(r["credit"]) for r in value), ZERO), cents(left))
    (row,) = call(
        "account.move.line", "read_group", [("parent_state", "=", "posted")], ["debit:sum", "credit:sum"], [], lazy=False
    )
    same("debit less credit over all posted entries", money(row["debit"]) - money(row["credit"]), cents(ZERO))
