"""What the glue adds to valuation layers and moves: their entries."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from addons.stock.models.move import StockMove
from addons.stock.models.valuation import StockValuationLayer
from addons.stock_account.rules.entry import balances, counterpart
from server import Many2many, Many2one, UserError, _, depends


class PostedLayer(StockValuationLayer):
    """Adds the entry that booked the layer."""

    account_move_id = Many2one("account.move", _("Journal entry"), readonly=True, index=True, check_company=False)

    def _post_held(self) -> None:
        """Post in one entry what the current company held before its stock was booked; layers with an entry are left."""
        unposted = self.search([("company_id", "=", self.env.company_id), ("account_move_id", "=", False)])
        unposted._post_entries(one=True)

    def _post_entries(self, one: bool = False) -> None:
        """One posted entry per transfer, a line per account; a constant number of statements for any number of layers.

        :param one: a single entry for all of them.
        :raises UserError: when the company has no stock journal. :raises MissingAccount: when it misses an account.
        """
        env = self.env
        company = env.company
        groups: dict[int | None, list[Any]] = {}
        for layer in self:
            if layer.value and (layer.categ.property_valuation or "real_time") == "real_time":
                picking_id = layer.stock_move.picking_id if layer.stock_move_id and not one else None
                groups.setdefault(picking_id, []).append(layer)
        if not groups:
            return
        if not company.stock_journal_id:
            raise UserError(
                _(
                    "%(company)s has no journal for stock. Choose one in its accounting settings, or load a chart of accounts.",
                    company=company.name,
                )
            )
        accounts: dict[tuple[int | None, str], int] = {}
        entries, sources = [], []
        for picking_id, layers in groups.items():
            picking = env["stock.picking"].browse([picking_id] if picking_id else [])
            bookings = [self._booking(layer, company, accounts) for layer in layers]
            rows = balances(bookings)
            if not rows:
                continue
            partner_id = picking.partner_id
            label = picking.name or (not one and layers[0].description) or _("Inventory value").render(env.lang)
            entries.append(
                {
                    "journal": company.stock_journal_id,
                    "date": env.today(),
                    "ref": f"{label} ({picking.origin})" if picking and picking.origin else label,
                    "lines": [
                        {"account": account, "debit": debit, "credit": credit, "partner": partner_id, "name": label}
                        for account, debit, credit in rows
                    ],
                }
            )
            sources.append(layers)
        if not entries:
            return
        for entry, layers in zip(env["account.move"].create_entries(entries), sources, strict=True):
            self.browse([layer.id for layer in layers]).write({"account_move_id": entry.id})

    def _booking(self, layer: Any, company: Any, accounts: dict[tuple[int | None, str], int]) -> tuple[int, int, Decimal]:
        """(stock account, counterpart, value) of a layer."""
        move = layer.stock_move
        usage = None
        if move:
            tree = self.env["stock.location"]._tree()
            outside = move.location_dest_id if tree.keeps_stock(move.location_id) else move.location_id
            usage = tree.places[outside].usage
        purpose = counterpart(usage, bool(move) and not layer.quantity)
        pair = []
        for wanted in ("stock_valuation", purpose):
            key = (layer.categ_id, wanted)
            if key not in accounts:
                accounts[key] = layer.categ._stock_account(wanted, company)
            pair.append(accounts[key])
        return pair[0], pair[1], layer.value


class BookedMove(StockMove):
    """Adds the entries of a move."""

    account_move_ids = Many2many("account.move", _("Journal entries"), compute="_compute_account_move_ids")

    @depends("state")
    def _compute_account_move_ids(self) -> None:
        layers = self.env["stock.valuation.layer"].search([("stock_move_id", "in", self.ids)])
        by_move = layers.grouped(lambda layer: layer.stock_move_id)
        for move in self:
            found = by_move.get(move.id)
            move.account_move_ids = found.mapped("account_move_id") if found else self.env["account.move"].browse([])
