"""Extension points of sales, and what sales itself hangs on the kernel."""

from __future__ import annotations

from typing import Any

from server import hookimpl, hookspec


class Specs:
    """Called by sales; implemented by any addon that depends on it."""

    @hookspec
    def sale_order_confirming(self, env: Any, orders: Any) -> None:
        """Before quotations become sales orders. May refuse.

        Called once per confirmation with the whole set, after the rows are locked and sales' own checks have passed; the
        orders are still quotations.

        :param env: the environment of the call.
        :param orders: set of `sale.order` about to be confirmed.
        :raises UserError: to refuse; name the order, say why and what to do. Nothing of the confirmation is kept.

        With several implementations, the first refusal wins; return values are ignored. Example: an addon that asks for a
        signed contract raises when `orders.filtered(lambda o: not o.contract_id)` is not empty.
        """

    @hookspec
    def sale_order_confirmed(self, env: Any, orders: Any) -> None:
        """After quotations became sales orders, in the same transaction.

        :param env: the environment of the call.
        :param orders: set of `sale.order`, now in state `sale`.
        :raises UserError: allowed when the follow-up is impossible (no stock); the confirmation is undone with it.

        All implementations run, those of dependencies first. Example: `sales_stock` makes the deliveries here.
        """

    @hookspec
    def sale_order_cancelling(self, env: Any, orders: Any) -> None:
        """Before orders are cancelled. May refuse, or clear the way.

        Called once with the whole set, rows locked; the orders still have their state.

        :param env: the environment of the call.
        :param orders: set of `sale.order` about to be cancelled.
        :raises UserError: to refuse, when something that cannot be undone hangs on the order.

        With several implementations, the first refusal wins. Example: `sales_stock` refuses what was shipped and cancels
        the open deliveries.
        """

    @hookspec
    def sale_order_cancelled(self, env: Any, orders: Any) -> None:
        """After orders were cancelled, in the same transaction.

        :param env: the environment of the call.
        :param orders: set of `sale.order`, now in state `cancel`.
        :raises UserError: undoes the cancellation; prefer to refuse in `sale_order_cancelling`.

        All implementations run. Example: an addon that holds a commission releases it.
        """

    @hookspec
    def sale_order_invoiced(self, env: Any, orders: Any, invoices: Any) -> None:
        """After draft invoices were made from orders, in the same transaction.

        :param env: the environment of the call.
        :param orders: set of `sale.order` that were invoiced.
        :param invoices: set of `account.move` just made, drafts.
        :raises UserError: undoes the invoicing.

        All implementations run. Example: an addon posts the invoices at once for some customers.
        """

    @hookspec
    def sale_order_line_changed(self, env: Any, lines: Any, before: dict[int, Any]) -> None:
        """After the ordered quantity of lines of confirmed orders changed, or lines were added to confirmed orders.

        :param env: the environment of the call.
        :param lines: set of `sale.order.line` with the new quantities.
        :param before: line id to the quantity before (Decimal, in the line's unit); 0 for a new line.
        :raises UserError: to refuse the change, when the quantity was already delivered for example.

        All implementations run. Example: `sales_stock` adjusts the open deliveries.
        """


class Impls:
    """What sales does on the hooks of others."""

    @hookimpl
    def addon_enabled(self, env: Any, company: Any, addon: str) -> None:
        """Give a company that starts to sell its own numbering of orders."""
        if addon != "sales":
            return
        sequences = env["ir.sequence"].sudo()
        if not sequences.search_count([("code", "=", "sale.order"), ("company_id", "=", company.id)]):
            sequences.create({"name": "Sales order", "code": "sale.order", "prefix": "S", "padding": 5, "company_id": company.id})

    @hookimpl
    def account_move_cancelled(self, env: Any, moves: Any) -> None:
        """What cancelled invoices billed can be invoiced again."""
        moves._billed_lines()._refresh_invoiced()

    @hookimpl
    def account_move_drafted(self, env: Any, moves: Any) -> None:
        """Invoices that come back from being cancelled bill their order lines again."""
        moves._billed_lines()._refresh_invoiced()
