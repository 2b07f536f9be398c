"""The first sale: from a quotation to money in the bank, told so that an accountant can check it line by line.

Every call goes through the dispatcher, as an integration would make it, by the user whose work it is: the salesperson quotes and
confirms, the warehouse counts and ships, the accountant invoices, posts and takes the payment. Mexico: IVA 16 %.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from server.errors import UserError

D = Decimal

#: What the story watches in the ledger: purpose → field of the company that names the account.
ACCOUNTS = {
    "receivable": "receivable_account_id",
    "revenue": "income_account_id",
    "stock": "stock_valuation_account_id",
    "cost of sales": "stock_output_account_id",
    "stock adjustment": "stock_adjustment_account_id",
}


class Business:
    """The Mexican demo company and its people, with a product of its own: price 100, cost 60."""

    def __init__(self, rpc: Any) -> None:
        self.company = rpc("res.company", "search", [("country_id.code", "=", "MX")], limit=1)[0]
        self.admin = rpc.in_company(self.company)
        self.sales = rpc.as_user("ventas.mx")
        self.stock = rpc.as_user("almacen.mx")
        self.accountant = rpc.as_user("conta.mx")
        [row] = self.admin("res.company", "read", [self.company], list(ACCOUNTS.values()), load="raw")
        self.accounts = {purpose: row[field] for purpose, field in ACCOUNTS.items()}
        [tax] = self.admin(
            "account.tax",
            "search",
            [("company_id", "=", self.company), ("type_tax_use", "=", "sale"), ("amount", "=", 16)],
            limit=1,
        )
        self.tax = tax
        self.start: dict[str, Decimal] = {}

    def customer(self, name: str = "Ferretería La Paloma") -> int:
        values = {"name": name, "is_company": True, "email": "compras@lapaloma.example", "country_id": self._country("MX")}
        return self.sales("res.partner", "create", values)  # type: ignore[no-any-return]

    def _country(self, code: str) -> int:
        return self.admin("res.country", "search", [("code", "=", code)])[0]  # type: ignore[no-any-return]

    def product(self, name: str = "Llave ajustable 10 pulg", price: float = 100, cost: float = 60, **values: Any) -> int:
        values = {"type": "consu", "is_storable": True, "taxes_id": [(6, 0, [self.tax])], **values}
        return self.admin("product.product", "create", {"name": name, "list_price": price, "standard_price": cost, **values})  # type: ignore[no-any-return]

    def count_in(self, product: int, quantity: float) -> None:
        """The warehouse counts `quantity` on its shelf."""
        warehouse = self.stock("stock.warehouse", "search_read", [("company_id", "=", self.company)], ["lot_stock_id"], limit=1)[
            0
        ]
        quant = self.stock(
            "stock.quant",
            "create",
            {"product_id": product, "location_id": warehouse["lot_stock_id"][0], "inventory_quantity": quantity},
            context={"inventory_mode": True},
        )
        self.stock("stock.quant", "action_apply_inventory", [quant])

    def on_hand(self, product: int) -> float:
        [row] = self.stock("product.product", "read", [product], ["qty_available"])
        return row["qty_available"]  # type: ignore[no-any-return]

    def quote(self, customer: int, *lines: dict[str, Any], **values: Any) -> int:
        return self.sales(  # type: ignore[no-any-return]
            "sale.order", "create", {"partner_id": customer, "order_line": [(0, 0, line) for line in lines], **values}
        )

    def order(self, id: int) -> dict[str, Any]:
        return self.sales("sale.order", "read", [id])[0]  # type: ignore[no-any-return]

    def lines(self, order: int) -> list[dict[str, Any]]:
        return self.sales("sale.order.line", "search_read", [("order_id", "=", order)], order="sequence, id")  # type: ignore[no-any-return]

    def deliveries(self, order: int) -> list[dict[str, Any]]:
        ids = self.order(order)["picking_ids"]
        return self.stock("stock.picking", "search_read", [("id", "in", ids)], order="id")  # type: ignore[no-any-return]

    def moves(self, picking: int) -> list[dict[str, Any]]:
        return self.stock("stock.move", "search_read", [("picking_id", "=", picking)], order="id")  # type: ignore[no-any-return]

    def ship(self, picking: int) -> None:
        self.stock("stock.picking", "action_assign", [picking])
        assert self.stock("stock.picking", "button_validate", [picking]) is True

    def invoice(self, *orders: int, **wizard: Any) -> int:
        """The accountant makes the invoice of orders with the wizard; the id of the draft."""
        context = {"active_model": "sale.order", "active_ids": list(orders), "active_id": orders[0]}
        values = {"advance_payment_method": "delivered", **wizard}
        made = self.accountant("sale.advance.payment.inv", "create", values, context=context)
        action = self.accountant("sale.advance.payment.inv", "create_invoices", [made], context=context)
        assert action["type"] == "ir.actions.act_window"
        assert action["res_model"] == "account.move"
        return action["res_id"]  # type: ignore[no-any-return]

    def post(self, move: int) -> None:
        self.accountant("account.move", "action_post", [move])

    def move(self, id: int) -> dict[str, Any]:
        return self.accountant("account.move", "read", [id])[0]  # type: ignore[no-any-return]

    def pay(self, move: int) -> None:
        context = {"active_model": "account.move", "active_ids": [move], "active_id": move}
        wizard = self.accountant("account.payment.register", "create", {}, context=context)
        self.accountant("account.payment.register", "action_create_payments", [wizard], context=context)

    # -- the ledger -------------------------------------------------------------------------------------------------------

    def balances(self) -> dict[str, Decimal]:
        """Posted balance of each account that the story watches."""
        rows = self.accountant(
            "account.move.line",
            "search_read",
            [("account_id", "in", list(self.accounts.values())), ("parent_state", "=", "posted")],
            ["account_id", "balance"],
            load="raw",
        )
        found = dict.fromkeys(self.accounts, D(0))
        names = {account: purpose for purpose, account in self.accounts.items()}
        for row in rows:
            found[names[row["account_id"]]] += D(str(row["balance"]))
        return found

    def remember(self) -> None:
        """The ledger as it is now; `changed` tells what came after."""
        self.start = self.balances()

    def changed(self) -> dict[str, Decimal]:
        """What was booked since `remember`, by purpose; accounts without a change are left out."""
        now = self.balances()
        return {purpose: now[purpose] - self.start[purpose] for purpose in now if now[purpose] != self.start[purpose]}


@pytest.fixture
def business(rpc: Any) -> Business:
    """The Mexican demo company, as its people reach it over RPC."""
    return Business(rpc)


@pytest.mark.feature("J1", "J2", "J8", "J11")
def test_from_quotation_to_paid_invoice(business: Business) -> None:
    customer = business.customer()
    wrench = business.product()
    business.remember()

    # The warehouse counts ten wrenches: 10 x 60 of stock.
    business.count_in(wrench, 10)
    assert business.on_hand(wrench) == 10
    assert business.changed() == {"stock": D(600), "stock adjustment": D(-600)}

    # The salesperson quotes four of them with 10 % off, and a note. Price, unit, text and tax come from the product.
    quote = business.quote(
        customer, {"product_id": wrench, "product_uom_qty": 4, "discount": 10}, {"display_type": "line_note", "name": "Urgente"}
    )
    order = business.order(quote)
    assert order["name"].startswith("S0")
    assert order["state"] == "draft"
    assert order["partner_invoice_id"][0] == customer
    assert (order["amount_untaxed"], order["amount_tax"], order["amount_total"]) == (360.0, 57.6, 417.6)
    line, note = business.lines(quote)
    assert line["price_unit"] == 100
    assert line["tax_ids"] == [business.tax]
    assert (line["price_subtotal"], line["price_tax"], line["price_total"]) == (360.0, 57.6, 417.6)
    assert "Llave ajustable" in line["name"]
    assert (note["product_uom_qty"], note["price_total"]) == (0.0, 0.0)

    # Confirmed: one delivery, reserved, named after the order; everything ordered can be invoiced. Nothing is booked yet.
    assert business.sales("sale.order", "action_confirm", [quote]) is True
    order = business.order(quote)
    assert (order["state"], order["invoice_status"], order["delivery_status"], order["delivery_count"]) == (
        "sale",
        "to invoice",
        "pending",
        1,
    )
    [delivery] = business.deliveries(quote)
    assert (delivery["state"], delivery["origin"], delivery["picking_type_code"]) == ("assigned", order["name"], "outgoing")
    [move] = business.moves(delivery["id"])
    assert (move["product_uom_qty"], move["quantity"], move["state"]) == (4.0, 4.0, "assigned")
    assert business.changed() == {"stock": D(600), "stock adjustment": D(-600)}

    # Shipped: 4 x 60 leave the stock and become cost of sales.
    business.ship(delivery["id"])
    assert business.on_hand(wrench) == 6
    assert business.deliveries(quote)[0]["state"] == "done"
    assert business.lines(quote)[0]["qty_delivered"] == 4
    assert business.order(quote)["delivery_status"] == "full"
    assert business.changed() == {"stock": D(360), "stock adjustment": D(-600), "cost of sales": D(240)}

    # Invoiced: a draft that knows its order, and the order its invoice.
    invoice = business.invoice(quote)
    draft = business.move(invoice)
    assert (draft["move_type"], draft["state"], draft["invoice_origin"]) == ("out_invoice", "draft", order["name"])
    assert (draft["amount_untaxed"], draft["amount_tax"], draft["amount_total"]) == (360.0, 57.6, 417.6)
    order = business.order(quote)
    assert (order["invoice_ids"], order["invoice_count"], order["invoice_status"]) == ([invoice], 1, "invoiced")
    line = business.lines(quote)[0]
    assert (line["qty_invoiced"], line["qty_to_invoice"]) == (4.0, 0.0)
    [billed] = business.accountant(
        "account.move.line", "read", line["invoice_lines"], ["sale_line_ids", "quantity", "price_unit", "discount"]
    )
    assert (billed["sale_line_ids"], billed["quantity"], billed["price_unit"], billed["discount"]) == (
        [line["id"]],
        4.0,
        100.0,
        10.0,
    )

    # Posted: the customer owes 417.60, of which 360 are revenue and 57.60 tax.
    business.post(invoice)
    posted = business.move(invoice)
    assert posted["state"] == "posted"
    assert posted["name"] not in (False, "/")
    assert posted["amount_residual"] == 417.6
    assert business.changed() == {
        "stock": D(360),
        "stock adjustment": D(-600),
        "cost of sales": D(240),
        "receivable": D("417.60"),
        "revenue": D(-360),
    }
    taxes = business.accountant(
        "account.move.line", "search_read", [("move_id", "=", invoice), ("display_type", "=", "tax")], ["credit", "tax_line_id"]
    )
    assert [(row["credit"], row["tax_line_id"][0]) for row in taxes] == [(57.6, business.tax)]

    # Paid: nothing is owed any more.
    business.pay(invoice)
    paid = business.move(invoice)
    assert paid["amount_residual"] == 0
    assert paid["payment_state"] in ("in_payment", "paid")
    assert "receivable" not in business.changed()


@pytest.mark.feature("J3")
def test_partial_deliveries_and_partial_invoices(business: Business) -> None:
    """Ten are sold as delivered: six go first and are invoiced, then the other four."""
    customer = business.customer()
    wrench = business.product(invoice_policy="delivery")
    business.count_in(wrench, 6)
    business.remember()
    order = business.quote(customer, {"product_id": wrench, "product_uom_qty": 10})
    business.sales("sale.order", "action_confirm", [order])
    assert business.order(order)["invoice_status"] == "no"
    with pytest.raises(UserError, match="nothing to invoice"):
        business.invoice(order)

    # Six are there. The rest becomes a backorder.
    [delivery] = business.deliveries(order)
    assert business.moves(delivery["id"])[0]["state"] == "partially_available"
    question = business.stock("stock.picking", "button_validate", [delivery["id"]])
    assert question["res_model"] == "stock.backorder.confirmation"
    wizard = business.stock("stock.backorder.confirmation", "create", {}, context=question["context"])
    business.stock("stock.backorder.confirmation", "process", [wizard], context=question["context"])
    first, backorder = business.deliveries(order)
    assert (first["state"], backorder["state"], backorder["backorder_id"][0]) == ("done", "confirmed", first["id"])
    assert (backorder["origin"], backorder["sale_id"][0]) == (first["origin"], order)
    row = business.order(order)
    assert (row["delivery_status"], row["invoice_status"]) == ("partial", "to invoice")

    # Six are invoiced; four can not be yet.
    invoice = business.invoice(order)
    business.post(invoice)
    assert business.move(invoice)["amount_total"] == 696.0
    assert business.order(order)["invoice_status"] == "no"
    assert business.changed() == {"stock": D(-360), "cost of sales": D(360), "receivable": D(696), "revenue": D(-600)}

    # Four arrive, are shipped and invoiced; the order is done.
    business.count_in(wrench, 4)
    business.remember()
    business.ship(backorder["id"])
    second = business.invoice(order)
    business.post(second)
    row = business.order(order)
    assert (row["delivery_status"], row["invoice_status"], sorted(row["invoice_ids"])) == (
        "full",
        "invoiced",
        sorted([invoice, second]),
    )
    assert business.changed() == {"stock": D(-240), "cost of sales": D(240), "receivable": D(464), "revenue": D(-400)}


def test_cancelled_before_anything_left(business: Business) -> None:
    """A cancelled order frees its goods and its draft invoice; a quotation can be made of it again."""
    customer = business.customer()
    wrench = business.product()
    business.count_in(wrench, 5)
    business.remember()
    order = business.quote(customer, {"product_id": wrench, "product_uom_qty": 5})
    business.sales("sale.order", "action_confirm", [order])
    invoice = business.invoice(order)
    assert business.admin("product.product", "read", [wrench], ["free_qty"])[0]["free_qty"] == 0

    business.sales("sale.order", "action_cancel", [order])
    assert business.order(order)["state"] == "cancel"
    assert business.deliveries(order)[0]["state"] == "cancel"
    assert business.move(invoice)["state"] == "cancel"
    assert business.lines(order)[0]["qty_invoiced"] == 0
    assert business.admin("product.product", "read", [wrench], ["free_qty"])[0]["free_qty"] == 5
    assert business.changed() == {}

    business.sales("sale.order", "action_draft", [order])
    business.sales("sale.order", "action_confirm", [order])
    assert business.order(order)["invoice_status"] == "to invoice"
    assert [delivery["state"] for delivery in business.deliveries(order)] == ["cancel", "assigned"]


def test_returned_and_credited(business: Business) -> None:
    """Three are sold, shipped, invoiced and posted; two come back, and the invoice is credited: the ledger forgets it."""
    customer = business.customer()
    wrench = business.product()
    business.count_in(wrench, 3)
    business.remember()
    order = business.quote(customer, {"product_id": wrench, "product_uom_qty": 3})
    business.sales("sale.order", "action_confirm", [order])
    [delivery] = business.deliveries(order)
    business.ship(delivery["id"])
    invoice = business.invoice(order)
    business.post(invoice)
    with pytest.raises(UserError, match="cannot be cancelled"):
        business.sales("sale.order", "action_cancel", [order])

    # Two come back at what they cost when they left.
    context = {"active_model": "stock.picking", "active_id": delivery["id"], "active_ids": [delivery["id"]]}
    wizard = business.stock("stock.return.picking", "create", {}, context=context)
    [row] = business.stock("stock.return.picking.line", "search", [("wizard_id", "=", wizard)])
    business.stock("stock.return.picking.line", "write", [row], {"quantity": 2})
    action = business.stock("stock.return.picking", "action_create_returns", [wizard], context=context)
    business.stock("stock.picking", "button_validate", [action["res_id"]])
    assert business.on_hand(wrench) == 2
    assert business.lines(order)[0]["qty_delivered"] == 1
    assert business.changed() == {"stock": D(-60), "cost of sales": D(60), "receivable": D(348), "revenue": D(-300)}

    # The whole invoice is credited: what was ordered can be invoiced again.
    context = {"active_model": "account.move", "active_ids": [invoice], "active_id": invoice}
    wizard = business.accountant("account.move.reversal", "create", {"reason": "Devolución"}, context=context)
    action = business.accountant("account.move.reversal", "refund_moves", [wizard], context=context)
    credit = action.get("res_id") or action["domain"][0][2][0]
    if business.move(credit)["state"] == "draft":
        business.post(credit)
    assert business.move(credit)["amount_total"] == 348
    line = business.lines(order)[0]
    assert (line["qty_invoiced"], line["qty_to_invoice"]) == (0.0, 3.0)
    assert sorted(business.order(order)["invoice_ids"]) == sorted([invoice, credit])
    assert business.changed() == {"stock": D(-60), "cost of sales": D(60)}


def test_services_make_no_delivery(business: Business) -> None:
    customer = business.customer()
    service = business.product("Instalación", 250, 0, type="service", is_storable=False)
    order = business.quote(customer, {"product_id": service, "product_uom_qty": 2})
    business.sales("sale.order", "action_confirm", [order])
    row = business.order(order)
    assert (row["picking_ids"], row["delivery_status"], row["invoice_status"]) == ([], False, "to invoice")
    business.sales("sale.order.line", "write", [row["order_line"][0]], {"qty_delivered": 2})
    assert business.move(business.invoice(order))["amount_total"] == 580.0


def test_a_down_payment_is_deducted_in_the_end(business: Business) -> None:
    """Half is paid in advance; the final invoice takes it off, and the two add up to the order."""
    customer = business.customer()
    wrench = business.product()
    business.count_in(wrench, 4)
    order = business.quote(customer, {"product_id": wrench, "product_uom_qty": 4})
    business.sales("sale.order", "action_confirm", [order])
    business.remember()
    advance = business.invoice(order, advance_payment_method="percentage", amount=50)
    business.post(advance)
    assert business.move(advance)["amount_total"] == 232.0
    assert business.order(order)["invoice_status"] == "to invoice"
    assert business.order(order)["amount_total"] == 464.0

    final = business.invoice(order)
    business.post(final)
    assert business.move(final)["amount_total"] == 232.0
    assert business.order(order)["invoice_status"] == "invoiced"
    changed = business.changed()
    assert (changed["receivable"], changed["revenue"]) == (D(464), D(-400))


# -- two at once ----------------------------------------------------------------------------------------------------------


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Results of calls made at the same moment, in order; a refusal stands for the call that got it."""
    results: list[Any] = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def run(place: int, call: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[place] = call()
        except UserError as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


#: A process of its own: opens the database, starts when told, confirms, and prints True or the refusal.
CONFIRM = """
import sys
from server.database import Database
from server.errors import UserError
from server.testing.calls import Client
client = Client(Database(sys.argv[1]), "ventas.mx")
client("sale.order", "read", [int(sys.argv[2])], ["state"])
print("ready", flush=True)
sys.stdin.readline()
try:
    print(client("sale.order", "action_confirm", [int(sys.argv[2])]))
except UserError as error:
    print(error)
"""


def test_two_processes_confirm_the_same_order(business: Business) -> None:
    """One wins, the other reads that it is done; there is one delivery."""
    customer = business.customer()
    wrench = business.product()
    business.count_in(wrench, 5)
    order = business.quote(customer, {"product_id": wrench, "product_uom_qty": 5})
    command = [sys.executable, "-c", CONFIRM, business.sales.database.url, str(order)]
    rivals = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _place in range(2)]
    for rival in rivals:
        assert rival.stdout is not None
        assert rival.stdout.readline().strip() == "ready"
    for rival in rivals:
        assert rival.stdin is not None
        rival.stdin.write("go\n")
        rival.stdin.flush()
    answers = [rival.communicate(timeout=60)[0].strip() for rival in rivals]
    assert sorted(answer == "True" for answer in answers) == [False, True], answers
    [refusal] = [answer for answer in answers if answer != "True"]
    assert "cannot be confirmed" in refusal
    assert len(business.deliveries(order)) == 1
    assert business.order(order)["state"] == "sale"


def test_two_people_invoice_the_same_order(business: Business) -> None:
    customer = business.customer()
    service = business.product("Asesoría", 100, 0, type="service", is_storable=False)
    order = business.quote(customer, {"product_id": service, "product_uom_qty": 1})
    business.sales("sale.order", "action_confirm", [order])
    results = at_once(*[lambda: business.invoice(order)] * 2)
    assert len([result for result in results if isinstance(result, UserError)]) == 1
    assert business.order(order)["invoice_count"] == 1


def test_the_last_units_are_sold_once(business: Business) -> None:
    """Eight people sell forty of twenty wrenches in a company that refuses what is not free: exactly twenty are sold."""
    business.admin("res.company", "write", [business.company], {"sale_stock_check": "block"})
    customer = business.customer()
    wrench = business.product()
    business.count_in(wrench, 20)
    orders = [business.quote(customer, {"product_id": wrench, "product_uom_qty": 1}) for _place in range(40)]

    def sell(mine: list[int]) -> list[Any]:
        done: list[Any] = []
        for order in mine:
            try:
                done.append(business.sales("sale.order", "action_confirm", [order]))
            except UserError as error:
                done.append(error)
        return done

    results = [result for part in at_once(*[lambda mine=orders[n::8]: sell(mine) for n in range(8)]) for result in part]
    refused = [result for result in results if result is not True]
    assert len(results) - len(refused) == 20
    assert all("free in" in str(error) for error in refused)
    assert business.admin("product.product", "read", [wrench], ["free_qty"])[0]["free_qty"] == 0
    states = {order["state"] for order in business.sales("sale.order", "read", orders, ["state"])}
    assert states == {"sale", "draft"}
