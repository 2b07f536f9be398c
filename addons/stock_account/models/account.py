"""What the glue adds to entries: the layers behind them."""

from __future__ import annotations

from addons.account.models.move import AccountMove
from server import One2many, _


class ValuationEntry(AccountMove):
    """Adds the valuation layers an entry was made from."""

    stock_valuation_layer_ids = One2many("stock.valuation.layer", "account_move_id", _("Valuation layers"))
