"""What sales adds to products: when they are invoiced, and how long a delivery takes."""

from __future__ import annotations

from addons.product.models.template import ProductTemplate
from server import Numeric, Selection, _


class SalesProductTemplate(ProductTemplate):
    """Adds the invoicing policy and the customer lead time."""

    invoice_policy = Selection(
        [("order", _("Ordered quantities")), ("delivery", _("Delivered quantities"))],
        _("Invoicing policy"),
        default="order",
        server_default="'order'",
        tracking=True,
        help=_("Ordered: the whole order can be invoiced once it is confirmed. Delivered: only what was delivered."),
    )
    sale_delay = Numeric(
        _("Lead time (days)"), server_default="0", default=0, help=_("Days between the order and the promised delivery.")
    )
