"""What this addon adds to the models of the addon `base`."""

from __future__ import annotations

from addons.base.models.partner import Partner
from server import Many2one, _


class PricedPartner(Partner):
    """Adds the price list a customer buys by; each company has its own choice."""

    property_product_pricelist = Many2one(
        "product.pricelist",
        _("Price list"),
        company_dependent=True,
        help=_("Prices on new quotations; empty: the sales prices of the products."),
    )
