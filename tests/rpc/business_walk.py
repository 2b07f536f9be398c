"""A business led at random through the doors: what people do with orders, transfers, counts, entries and payments, in any order, some
of it nonsense, each call committed; and what must be true after it whatever was done (`check_business`).
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from server.testing.build import check_ledger, reading
from tests.addons.stock_fixtures import check_books
from tests.rpc.fuzz_driver import Prober

QUANTITIES = (1, 1, 2, 3, 5, 12, 2.5, 0.001, 0, -1, 1000, 0.3333333, "4", 10**12)
PRICES = (10, 99.99, 0, 0.01, 31.5, -5, 1e6, 0.333333, "7.5")
DISCOUNTS = (0, 0, 5, 10, 33.33, 100, 101, -10)
DATES = ("2026-01-31", "2026-02-28", "2026-12-31", "2020-01-01", "2031-05-05", False)

#: How often people do what.
STEPS = {
    "quote": 4, "order_action": 5, "order_edit": 2, "order_line_edit": 2, "invoice_orders": 4, "picking_action": 6, "picking": 2, "move_edit": 3, "give_back": 1, "count": 2,
    "invoice": 2, "entry": 1, "entry_action": 5, "entry_edit": 2, "pay": 3, "payment": 2, "reverse": 1, "match": 1, "reference_data": 1,
}  # fmt: skip


class Walker(Prober):
    """Leads the business; every step is a call or two as one of the users, in one of the companies."""

    def __init__(
        self, database: Any, users: dict[str, int], seed: int = 1, forbidden: dict[str, tuple[str, ...]] | None = None
    ) -> None:
        super().__init__(database, users, seed, keep=True, forbidden=forbidden)
        self.log: list[str] = []
        self.companies: list[int] = database.run(1, {}, lambda env: env["res.company"].search([]).ids, readonly=True)

    def walk(self, count: int) -> None:
        """So many steps."""
        for _n in range(count):
            self.login = self.random.choice(["admin"] * 9 + list(self.users))
            one, other = self.random.sample(self.companies, 2)
            self.working = self.random.choice([[self.companies[0]]] * 3 + [[one]] * 3 + [[one, other]])
            self.context = {"allowed_company_ids": self.working} if self.login == "admin" else {}
            (step,) = self.random.choices(list(STEPS), list(STEPS.values()))
            getattr(self, step)()

    # -- helpers ------------------------------------------------------------------------------------------------------

    def say(self, model: str, method: str, *args: Any, **context: Any) -> Any:
        """One call; None when it was refused."""
        context = {**self.context, **context}
        answer = self.call(self.login, model, method, *args, context=context)
        failed = isinstance(answer, Exception)
        shown = f"{type(answer).__name__}: {str(answer)[:150]}" if failed else str(answer)[:120]
        self.log.append(f"{self.login} {model}.{method}{args} {context} -> {shown}")
        return None if failed else answer

    def some(self, model: str, domain: Any = ()) -> int | None:
        """An id of a record, mostly of the companies at work."""
        context: dict[str, Any] = {"active_test": self.random.random() < 0.1}
        if self.random.random() < 0.97:
            context["allowed_company_ids"] = self.working
        found = self.database.run(
            1, context, lambda env: env[model].search(list(domain), limit=60, order="id desc").ids, readonly=True
        )
        return self.random.choice(found) if found else None

    def few(self, model: str, domain: Any = ()) -> list[int]:
        return [id for _n in range(self.random.choice([1, 1, 1, 2, 3])) if (id := self.some(model, domain))]

    def pick(self, *values: Any) -> Any:
        return self.random.choice(values)

    def quantity(self) -> Any:
        return self.pick(*QUANTITIES)

    def price(self) -> Any:
        return self.pick(*PRICES)

    def product(self) -> int | None:
        return self.some("product.product")

    # -- selling ------------------------------------------------------------------------------------------------------

    def order_line(self) -> dict[str, Any]:
        line = {"product_id": self.product(), "product_uom_qty": self.quantity()}
        if self.random.random() < 0.3:
            line["price_unit"] = self.price()
        if self.random.random() < 0.3:
            line["discount"] = self.pick(*DISCOUNTS)
        if self.random.random() < 0.1:
            line["tax_ids"] = [[6, 0, self.few("account.tax")]]
        if self.random.random() < 0.1:
            line["product_uom_id"] = self.some("uom.uom")
        return self.pick(
            line, line, line, line, {"display_type": "line_section", "name": "Section"}, {"name": "No product", "price_unit": 5}
        )

    def quote(self) -> None:
        lines = [[0, 0, self.order_line()] for _n in range(self.random.randint(0, 4))]
        self.say("sale.order", "create", {"partner_id": self.some("res.partner"), "order_line": lines})

    def order_action(self) -> None:
        method = self.pick("action_confirm", "action_confirm", "action_confirm", "action_cancel", "action_draft", "action_lock", "action_unlock", "action_quotation_send",
                           "action_update_prices", "copy", "unlink", "action_quotation_sent", "action_view_invoice", "action_view_delivery")  # fmt: skip
        self.say("sale.order", method, self.few("sale.order"))

    def order_edit(self) -> None:
        order = self.some("sale.order")
        line = self.some("sale.order.line", [("order_id", "=", order)])
        command = self.pick(
            [0, 0, self.order_line()], [1, line, self.order_line()], [2, line], [3, line], [5], [4, self.some("sale.order.line")]
        )
        self.say("sale.order", "write", [order], self.pick({"order_line": [command]}, {"order_line": [command]}, {"partner_id": self.some("res.partner")},
                 {"pricelist_id": self.some("product.pricelist")}, {"currency_id": self.some("res.currency")}, {"fiscal_position_id": self.some("account.fiscal.position")},
                 {"warehouse_id": self.some("stock.warehouse")}, {"company_id": self.pick(*self.companies)}))  # fmt: skip

    def order_line_edit(self) -> None:
        values = self.pick({"product_uom_qty": self.quantity()}, {"product_uom_qty": self.quantity()}, {"qty_delivered": self.quantity()},
                           {"price_unit": self.price()}, {"discount": self.pick(*DISCOUNTS)}, {"product_id": self.product()})  # fmt: skip
        if self.random.random() < 0.2:
            self.say("sale.order.line", "unlink", self.few("sale.order.line"))
        else:
            self.say("sale.order.line", "write", self.few("sale.order.line"), values)

    def invoice_orders(self) -> None:
        values = self.pick({}, {"advance_payment_method": "delivered"}, {"advance_payment_method": "percentage", "amount": self.pick(10, 100, 0, 150)},
                           {"advance_payment_method": "fixed", "fixed_amount": self.price()})  # fmt: skip
        orders = self.few("sale.order", [("state", "=", "sale")] if self.random.random() < 0.8 else [])
        wizard = self.say("sale.advance.payment.inv", "create", {**values, "sale_order_ids": [[6, 0, orders]]})
        if wizard:
            self.say("sale.advance.payment.inv", "create_invoices", [wizard])

    # -- the warehouse ------------------------------------------------------------------------------------------------

    def picking_action(self) -> None:
        method = self.pick("action_assign", "action_assign", "button_validate", "button_validate", "button_validate", "do_unreserve", "action_cancel", "action_confirm", "copy", "unlink",
                           "action_set_quantities_to_reservation")  # fmt: skip
        pickings = self.few("stock.picking", [("state", "not in", ["done", "cancel"])] if self.random.random() < 0.8 else [])
        self.say(
            "stock.picking",
            method,
            pickings,
            **self.pick({}, {"skip_backorder": True}, {"skip_backorder": True, "picking_ids_not_to_backorder": pickings}),
        )

    def picking(self) -> None:
        moves = [
            [0, 0, {"product_id": self.product(), "product_uom_qty": self.quantity(), "price_unit": self.price()}]
            for _n in range(2)
        ]
        places = self.pick(
            {}, {}, {"location_id": self.some("stock.location")}, {"location_dest_id": self.some("stock.location")}
        )
        made = self.say(
            "stock.picking", "create", {"picking_type_id": self.some("stock.picking.type"), "move_ids": moves, **places}
        )
        if made and self.random.random() < 0.7:
            self.say("stock.picking", "action_confirm", [made])

    def move_edit(self) -> None:
        model = self.pick("stock.move", "stock.move", "stock.move.line")
        quantity = {"quantity": self.quantity()}
        place = self.some("stock.location")
        values = self.pick(quantity, quantity, {"location_id": place}, {"location_dest_id": place}, {"picked": self.pick(True, False)}, {"product_id": self.product()},
                           {"picking_id": self.some("stock.picking")}, {"product_uom": self.some("uom.uom")} if model == "stock.move" else {"product_uom_id": self.some("uom.uom")},
                           {"product_uom_qty": self.quantity()} if model == "stock.move" else {"move_id": self.some("stock.move")})  # fmt: skip
        chance = self.random.random()
        if chance < 0.1:
            self.say(model, "unlink", self.few(model))
        elif chance < 0.2:
            self.say(model, "create", {"product_id": self.product(), "picking_id": self.some("stock.picking"), "move_id": self.some("stock.move"), "location_id": place,
                     "location_dest_id": self.some("stock.location"), **quantity})  # fmt: skip
        else:
            self.say(model, "write", self.few(model), values)

    def give_back(self) -> None:
        picking = self.some("stock.picking", [("state", "=", "done")]) or 0
        wizard = self.say(
            "stock.return.picking", "create", {}, active_id=picking, active_ids=[picking], active_model="stock.picking"
        )
        if wizard:
            lines = self.database.run(
                1, {}, lambda env: env["stock.return.picking"].browse([wizard]).product_return_moves.ids, readonly=True
            )
            if lines and self.random.random() < 0.8:
                self.say("stock.return.picking.line", "write", [self.random.choice(lines)], {"quantity": self.quantity()})
            self.say("stock.return.picking", self.pick("action_create_returns", "create_returns"), [wizard])

    def count(self) -> None:
        if self.random.random() < 0.5:
            made = self.say(
                "stock.quant",
                "create",
                {"product_id": self.product(), "location_id": self.some("stock.location"), "inventory_quantity": self.quantity()},
            )
            quants = [made] if made else []
        else:
            quants = self.few("stock.quant")
            self.say("stock.quant", "write", quants, {"inventory_quantity": self.quantity()})
        self.say(
            "stock.quant",
            self.pick("action_apply_inventory", "action_apply_inventory", "action_set_inventory_quantity_to_zero", "unlink"),
            quants,
        )

    # -- the books ----------------------------------------------------------------------------------------------------

    def invoice(self) -> None:
        lines = [[0, 0, {"name": "x", "product_id": self.pick(self.product(), False), "quantity": self.quantity(), "price_unit": self.price(), "discount": self.pick(*DISCOUNTS)}]
                 for _n in range(self.random.randint(0, 3))]  # fmt: skip
        kind = self.pick("out_invoice", "out_invoice", "in_invoice", "out_refund", "in_refund", "out_receipt")
        made = self.say("account.move", "create", {"move_type": kind, "partner_id": self.some("res.partner"), "invoice_line_ids": lines, "invoice_date": self.pick(*DATES),
                        **self.pick({}, {}, {"currency_id": self.some("res.currency")})})  # fmt: skip
        if made and self.random.random() < 0.5:
            self.say("account.move", "action_post", [made])

    def entry(self) -> None:
        amount = self.price()
        line = {"account_id": self.some("account.account"), "partner_id": self.pick(False, self.some("res.partner"))}
        rows = [
            {**line, "debit": amount},
            {**line, "account_id": self.some("account.account"), "credit": self.pick(amount, amount, amount, 3)},
        ]
        if self.random.random() < 0.3:
            rows[0].update(currency_id=self.some("res.currency"), amount_currency=self.price())
        made = self.say(
            "account.move", "create", {"move_type": "entry", "line_ids": [[0, 0, row] for row in rows], "date": self.pick(*DATES)}
        )
        if made and self.random.random() < 0.5:
            self.say("account.move", "action_post", [made])

    def entry_action(self) -> None:
        method = self.pick(
            "action_post",
            "action_post",
            "action_post",
            "button_draft",
            "button_cancel",
            "copy",
            "unlink",
            "action_reverse",
            "action_register_payment",
        )
        self.say("account.move", method, self.few("account.move"))

    def entry_edit(self) -> None:
        move, line = self.some("account.move"), self.some("account.move.line")
        row = {"name": "y", "price_unit": self.price(), "quantity": self.quantity()}
        field = self.pick("line_ids", "invoice_line_ids")
        if self.random.random() < 0.5:
            self.say("account.move", "write", [move], self.pick({field: [self.pick([0, 0, row], [1, line, row], [2, line], [5])]}, {"partner_id": self.some("res.partner")},
                     {"invoice_date": self.pick(*DATES)}, {"date": self.pick(*DATES)}, {"currency_id": self.some("res.currency")}, {"journal_id": self.some("account.journal")},
                     {"invoice_payment_term_id": self.some("account.payment.term")}, {"move_type": self.pick("entry", "out_refund", "in_invoice")}))  # fmt: skip
            return
        values = self.pick({"debit": self.price()}, {"credit": self.price()}, {"price_unit": self.price()}, {"quantity": self.quantity()}, {"balance": 5}, {"amount_currency": 7},
                           {"account_id": self.some("account.account")}, {"tax_ids": [[6, 0, self.few("account.tax")]]}, {"display_type": "line_note"})  # fmt: skip
        if self.random.random() < 0.2:
            self.say("account.move.line", "unlink", self.few("account.move.line"))
        else:
            self.say("account.move.line", "write", self.few("account.move.line"), values)

    def pay(self) -> None:
        moves = self.few("account.move", [("state", "=", "posted"), ("move_type", "!=", "entry")])
        values = self.pick({}, {}, {"amount": self.price()}, {"amount": 5, "payment_difference_handling": "reconcile", "writeoff_account_id": self.some("account.account")},
                           {"group_payment": True}, {"currency_id": self.some("res.currency")}, {"journal_id": self.some("account.journal")})  # fmt: skip
        wizard = self.say("account.payment.register", "create", values, active_model="account.move", active_ids=moves)
        if wizard:
            self.say("account.payment.register", "action_create_payments", [wizard])

    def payment(self) -> None:
        if self.random.random() < 0.4:
            self.say("account.payment", "create", {"partner_id": self.some("res.partner"), "amount": self.price(), "payment_type": self.pick("inbound", "outbound"),
                     "partner_type": self.pick("customer", "supplier"), "date": self.pick(*DATES), **self.pick({}, {}, {"currency_id": self.some("res.currency")})})  # fmt: skip
        else:
            self.say(
                "account.payment",
                self.pick("action_post", "action_post", "action_draft", "action_cancel", "action_validate", "unlink", "copy"),
                self.few("account.payment"),
            )

    def reverse(self) -> None:
        moves = self.few("account.move", [("state", "=", "posted")])
        wizard = self.say(
            "account.move.reversal",
            "create",
            {"reason": "x", "date": self.pick(*DATES)},
            active_model="account.move",
            active_ids=moves,
        )
        if wizard:
            self.say(
                "account.move.reversal", self.pick("refund_moves", "refund_moves", "modify_moves", "reverse_moves"), [wizard]
            )

    def match(self) -> None:
        open_items = [("account_id.reconcile", "=", True), ("parent_state", "=", "posted")]
        first = self.some("account.move.line", open_items)
        account = self.database.run(
            1, {}, lambda env: env["account.move.line"].browse([first] if first else []).account_id, readonly=True
        )
        second = self.some("account.move.line", [*open_items, ("account_id", "=", account)])
        self.say(
            "account.move.line",
            self.pick("reconcile", "reconcile", "remove_move_reconcile"),
            [id for id in (first, second) if id],
        )

    # -- what all of it stands on -------------------------------------------------------------------------------------

    def reference_data(self) -> None:
        model, values = self.pick(
            ("product.product", {"standard_price": self.price()}), ("product.product", {"standard_price": self.price()}), ("product.product", {"active": self.pick(True, False)}),
            ("product.product", {"is_storable": self.pick(True, False)}), ("product.product", {"uom_id": self.some("uom.uom")}), ("product.product", {"invoice_policy": self.pick("order", "delivery")}),
            ("product.product", {"company_id": self.pick(False, *self.companies)}), ("product.product", {"categ_id": self.some("product.category")}), ("product.product", {"list_price": self.price()}),
            ("product.category", {"property_cost_method": self.pick("standard", "average")}), ("product.category", {"property_valuation": self.pick("manual_periodic", "real_time")}),
            ("res.partner", {"company_id": self.pick(False, *self.companies)}), ("res.partner", {"parent_id": self.some("res.partner")}), ("res.partner", {"active": self.pick(True, False)}),
            ("stock.location", {"usage": self.pick("internal", "view", "inventory", "customer")}), ("stock.location", {"location_id": self.some("stock.location")}),
            ("stock.location", {"company_id": self.pick(False, *self.companies)}), ("stock.location", {"active": False}), ("account.account", {"account_type": self.pick("income", "asset_receivable", "expense")}),
            ("account.account", {"reconcile": self.pick(True, False)}), ("account.journal", {"company_id": self.pick(*self.companies)}), ("account.tax", {"amount": self.price()}),
            ("uom.uom", {"relative_factor": self.price()}), ("account.tax", {"price_include": self.pick(True, False)}), ("stock.picking.type", {"create_backorder": self.pick("ask", "always", "never")}),
        )  # fmt: skip
        self.login = "admin"
        self.say(model, "write", self.few(model), values)


def check_business(database: Any) -> None:
    """What must always be true of the demo business.

    :raises AssertionError: naming the rows.
    """
    check_ledger(database)
    with reading(database) as connection:
        _check_documents(connection)
        _check_companies(database, connection)
    database.run(1, {"active_test": False}, check_books)


def _check_documents(connection: sa.Connection) -> None:
    """Documents agree with their lines, what is settled is settled by matchings, goods are where they are said to be."""

    def rows(text: str) -> list[Any]:
        return [tuple(row) for row in connection.execute(sa.text(text)).all()]

    def none(what: str, text: str) -> None:
        found = rows(text)
        assert not found, f"{what}: {found[:5]}"

    none("Order totals are not those of the lines", """
        select o.id, o.amount_untaxed, sum(l.price_subtotal), o.amount_tax, sum(l.price_tax) from sale_order o join sale_order_line l on l.order_id = o.id where l.display_type is null
        group by o.id, o.amount_untaxed, o.amount_tax having o.amount_untaxed <> sum(l.price_subtotal) or o.amount_tax <> sum(l.price_tax)""")  # fmt: skip
    none("Order total is not untaxed and tax", "select id from sale_order where amount_total <> amount_untaxed + amount_tax")
    none(
        "A line of another company than its order",
        "select l.id from sale_order_line l join sale_order o on o.id = l.order_id where l.company_id <> o.company_id",
    )
    none(
        "A line has another state than its entry",
        "select l.id from account_move_line l join account_move m on m.id = l.move_id where l.parent_state <> m.state or l.company_id <> m.company_id",
    )
    none(
        "Debit and credit on one line, or below zero",
        "select id from account_move_line where (debit <> 0 and credit <> 0) or debit < 0 or credit < 0 or balance <> debit - credit",
    )
    none(
        "A posted entry without number or date",
        "select id from account_move where state = 'posted' and (name is null or name = '/' or date is null)",
    )
    none("A posted invoice without its amounts in the ledger", """
        select m.id, m.amount_total_signed, sum(l.balance) from account_move m join account_move_line l on l.move_id = m.id where m.state = 'posted' and m.move_type <> 'entry'
        and l.display_type = 'payment_term' group by m.id, m.amount_total_signed having abs(m.amount_total_signed) <> abs(sum(l.balance))""")  # fmt: skip
    none("Residual of an invoice is not that of its open items", """
        select m.id, m.amount_residual_signed, sum(l.amount_residual) from account_move m join account_move_line l on l.move_id = m.id where m.state = 'posted' and m.move_type <> 'entry'
        and l.display_type = 'payment_term' group by m.id, m.amount_residual_signed having abs(m.amount_residual_signed) <> abs(sum(l.amount_residual))""")  # fmt: skip
    none("Paid with a residual, or not paid without", """
        select id, payment_state, amount_residual from account_move where state = 'posted' and move_type <> 'entry' and amount_total <> 0 and
        ((payment_state in ('paid', 'reversed', 'in_payment') and amount_residual <> 0) or (payment_state in ('not_paid', 'partial') and amount_residual = 0))""")  # fmt: skip
    none("Matches on entries that are not posted, or across accounts", """
        select p.id from account_partial_reconcile p join account_move_line d on d.id = p.debit_move_id join account_move_line c on c.id = p.credit_move_id
        where d.parent_state <> 'posted' or c.parent_state <> 'posted' or d.account_id <> c.account_id or d.company_id <> c.company_id""")  # fmt: skip
    matched: dict[int, Decimal] = defaultdict(Decimal)
    for debit, credit, amount in rows("select debit_move_id, credit_move_id, amount from account_partial_reconcile"):
        matched[debit] += Decimal(str(amount))
        matched[credit] -= Decimal(str(amount))
    # items of changed rates have no amount in their own currency and are closed by their reversal without a matching
    for id, balance, residual in rows("""
            select l.id, l.balance, l.amount_residual from account_move_line l join account_account a on a.id = l.account_id where l.parent_state = 'posted' and a.reconcile
            and not (l.amount_currency = 0 and l.amount_residual = 0)"""):  # fmt: skip
        left, of = Decimal(str(residual)), Decimal(str(balance))
        assert of - matched[id] == left, f"Residual of item {id}: {of} - {matched[id]} is not {left}"
        assert left * of >= 0 and abs(left) <= abs(of), f"Item {id} is settled with more than it is: {of}, {left}"
    none("A booked payment without a posted entry", """
        select p.id, p.state from account_payment p left join account_move m on m.id = p.move_id where p.state in ('paid', 'in_process') and (m.id is null or m.state <> 'posted')""")  # fmt: skip
    none("A done transfer with open moves, or an open one with done moves", """
        select p.id, p.state, m.state from stock_picking p join stock_move m on m.picking_id = p.id where (p.state = 'done' and m.state not in ('done', 'cancel'))
        or (p.state = 'draft' and m.state = 'done')""")  # fmt: skip
    none(
        "A move of another company than its transfer",
        "select m.id from stock_move m join stock_picking p on p.id = m.picking_id where m.company_id <> p.company_id",
    )
    none("A detail of another product or transfer than its move", """
        select l.id from stock_move_line l join stock_move m on m.id = l.move_id where l.product_id <> m.product_id or coalesce(l.picking_id, 0) <> coalesce(m.picking_id, 0)""")  # fmt: skip
    none("Negative on hand, or promised more than there is", """
        select q.id, q.quantity, q.reserved_quantity from stock_quant q join stock_location l on l.id = q.location_id where l.usage in ('internal', 'transit') and not q.allow_negative
        and (q.quantity < 0 or q.reserved_quantity > q.quantity or q.reserved_quantity < 0)""")  # fmt: skip


def _check_companies(database: Any, connection: sa.Connection) -> None:
    """No link from a row of one company to a row of another, and no link to nothing."""
    registry = database.registry
    classes = registry.for_enabled(registry.names).classes
    for name, cls in classes.items():
        for field in cls._fields.values():
            other = classes.get(field.comodel or "")
            if other is None or field.type != "many2one" or not field.stored or field.company_dependent:
                continue
            here, there = cls.table.alias(), other.table.alias()
            if cls._walled_model and other._walled_model and field.name != "company_id":
                crossed = connection.execute(
                    sa.select(here.c.id, here.c.company_id, there.c.id, there.c.company_id)
                    .join(there, here.c[field.name] == there.c.id)
                    .where(here.c.company_id != there.c.company_id)
                ).all()
                assert not crossed, f"{name}.{field.name} links companies: {crossed[:5]}"
            lost = connection.execute(
                sa.select(here.c.id, here.c[field.name])
                .outerjoin(there, here.c[field.name] == there.c.id)
                .where(here.c[field.name].is_not(None), there.c.id.is_(None))
            ).all()
            assert not lost, f"{name}.{field.name} links to nothing: {lost[:5]}"
