"""Speed is a feature: the whole chain from order to posted invoice costs the same few statements for 5 lines and for 50."""

from __future__ import annotations

from decimal import Decimal

BUDGET = 60


def prepare(db):
    """60 products in stock and a customer in the Mexican demo company."""
    with db.transaction() as env:
        env = env.with_company(env.ref("base.main_company"))
        stock = env["stock.warehouse"].search([("company_id", "=", env.company_id)], limit=1).lot_stock_id
        products = env["product.product"].create(
            [{"name": f"Budget {n}", "type": "consu", "is_storable": True, "list_price": Decimal(10 + n), "standard_price": Decimal(6), "company_id": env.company_id}
             for n in range(60)]
        )  # fmt: skip
        env["stock.quant"].with_context(inventory_mode=True).create(
            [{"product_id": id, "location_id": stock, "inventory_quantity": Decimal(1000)} for id in products.ids]
        ).action_apply_inventory()
        return products.ids, env.ref("base.customer_mx_02").id, env.company_id


def chain(db, uid, company, partner, products):
    """Order and confirmation, shipment, invoice: three transactions, as a user sees them. The invoice's id."""
    context = {"allowed_company_ids": [company]}

    def confirm(env):
        order = env["sale.order"].create(
            {"partner_id": partner, "order_line": [(0, 0, {"product_id": p, "product_uom_qty": 2}) for p in products]}
        )
        order.action_confirm()
        return order.id

    def ship(env):
        pickings = env["sale.order"].browse([order]).picking_ids
        pickings.action_assign()
        pickings.button_validate()

    def bill(env):
        invoice = env["sale.order"].browse([order])._create_invoices()
        invoice.action_post()
        return invoice.id

    order = db.run(uid, context, confirm)
    db.run(uid, context, ship)
    return db.run(uid, context, bill)


def test_order_to_cash_statements(db, count_statements, ledger_balances):
    products, partner, company = prepare(db)
    with db.transaction() as env:
        uid = env.ref("base.user_admin").id
    chain(db, uid, company, partner, products[:3])  # reference data is in memory afterwards, as in a running server
    counts = {}
    for lines in (5, 50):
        with count_statements(db) as seen:
            invoice = chain(db, uid, company, partner, products[:lines])
        counts[lines] = sum(not text.startswith("BEGIN") for text in seen.seen)
        assert counts[lines] <= BUDGET, seen.report()
        with db.transaction(uid, {"allowed_company_ids": [company]}) as env:
            move = env["account.move"].browse([invoice])
            assert move.state == "posted"
            assert len(move.invoice_line_ids) == lines
    assert counts[5] == counts[50]
