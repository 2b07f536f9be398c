"""Extension points of the warehouse, and what it hangs on the kernel's."""

from __future__ import annotations

from typing import Any

from server import hookimpl, hookspec


class Specs:
    """Called inside the transaction that changes the stock; the rows concerned are locked."""

    @hookspec
    def stock_picking_confirming(self, env: Any, pickings: Any) -> None:
        """Transfers are about to be promised.

        Called by `action_confirm` and by `create_and_reserve`; there the rows have been written already and disappear with the
        transaction. May raise UserError: nothing is confirmed. Two implementations: both are asked, one refusal is enough.

        :param env: environment of the caller.
        :param pickings: set of `stock.picking`.
        Example: refuse deliveries to a customer on the stop list.
        """

    @hookspec
    def stock_picking_validating(self, env: Any, pickings: Any) -> None:
        """Transfers are about to be done: goods will leave or arrive.

        May raise UserError: nothing moves. Two implementations: both are asked, one refusal is enough.

        :param env: environment of the caller.
        :param pickings: set of `stock.picking`, locked.
        Example: refuse to ship without a carrier.
        """

    @hookspec
    def stock_moves_done(self, env: Any, moves: Any) -> None:
        """Goods have moved: receipts, deliveries, returns, counts.

        Called once for all moves of a transaction step, after quantities on hand and before `stock_picking_done`. Raising undoes
        everything. Two implementations: both run, in dependency order.

        :param env: environment with superuser rights in the caller's company.
        :param moves: set of `stock.move` in state done; `quantity` is what moved, in `product_uom`.
        Example: the sales order notes what was delivered.
        """

    @hookspec
    def stock_moves_valued(self, env: Any, layers: Any) -> None:
        """The value of what moved is known.

        Called after `stock_moves_done` when anything of worth came in or went out, and when a cost is set by hand. Raising undoes
        everything. Two implementations: both run.

        :param env: environment with superuser rights in the caller's company.
        :param layers: set of new `stock.valuation.layer`; `value` is signed, negative when goods went out.
        Example: the ledger posts cost of goods sold.
        """

    @hookspec
    def stock_picking_done(self, env: Any, pickings: Any) -> None:
        """Transfers are done; their backorders exist.

        Raising undoes everything. Two implementations: both run.

        :param env: environment of the caller.
        :param pickings: set of `stock.picking` in state done.
        Example: send the customer a message that his goods are on the way.
        """

    @hookspec
    def stock_picking_cancelled(self, env: Any, pickings: Any) -> None:
        """Transfers were cancelled; what they had reserved is free again.

        Raising undoes everything. Two implementations: both run.

        :param env: environment of the caller.
        :param pickings: set of `stock.picking` in state cancel.
        Example: an order becomes deliverable anew.
        """


class Impls:
    """What the warehouse does when the kernel calls."""

    @hookimpl
    def addon_enabled(self, env: Any, company: Any, addon: str) -> None:
        """A company that begins to use the warehouse gets its first one; doing it again changes nothing."""
        if addon == "stock":
            env["stock.warehouse"].sudo()._make_first(company)
