"""What this addon adds to the views of the addon `base`."""

from __future__ import annotations

from server.views import Field, extend

extend("res.partner.form").inside("seller", Field("property_product_pricelist"))
