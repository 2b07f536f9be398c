"""What the glue hangs on the warehouse; it has no extension points of its own."""

from __future__ import annotations

from typing import Any

from server import hookimpl


class Impls:
    """The ledger hears of every change of value."""

    @hookimpl
    def addon_enabled(self, env: Any, company: Any, addon: str) -> None:
        """What the company holds already comes into its books; doing it again changes nothing."""
        if addon == "stock_account":
            env["stock.valuation.layer"].sudo()._post_held()

    @hookimpl
    def stock_moves_valued(self, env: Any, layers: Any) -> None:
        """Post one entry per transfer (one for all moves without a transfer)."""
        layers._post_entries()
