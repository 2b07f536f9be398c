"""What the glue adds to companies: whether more may be sold than there is."""

from __future__ import annotations

from server import Selection, _
from server.models.company import ResCompany


class SalesStockCompany(ResCompany):
    """Adds the stock policy of sales."""

    sale_stock_check = Selection(
        [("none", _("Confirm; deliver the rest later")), ("block", _("Refuse what is not free"))],
        _("When stock is short"),
        default="none",
        server_default="'none'",
        help=_("Refuse: an order is confirmed only when all of its goods are free, and they are reserved in the same moment."),
    )
