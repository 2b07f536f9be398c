"""Lots and serial numbers, packages, carriers and the groups that tie transfers together."""

from __future__ import annotations

from typing import Any

from server import Boolean, Char, Datetime, Html, Many2one, Model, Numeric, One2many, ValidationError, _, depends


class StockLot(Model, name="stock.lot"):
    """A lot or serial number of a product."""

    model_label = _("Lot or serial number")
    order = "name, id"
    history = True
    unique = [("product_id", "company_id", "name")]
    model_aliases = ("stock.production.lot",)

    name = Char(_("Number"), required=True, index=True)
    ref = Char(_("Internal reference"))
    product_id = Many2one("product.product", _("Product"), required=True, index=True)
    company_id = Many2one("res.company", _("Company"), required=True)
    expiration_date = Datetime(_("Expires"))
    note = Html(_("Note"))
    quant_ids = One2many("stock.quant", "lot_id", _("Where it is"))
    product_qty = Numeric(
        _("On hand"), compute="_compute_product_qty", help=_("In the product's unit, in all places of the company.")
    )

    def write(self, vals: dict[str, Any]) -> Any:
        """The product of a lot that has moved is fixed.

        :raises ValidationError: when it would change.
        """
        if "product_id" in vals and any(lot.product_id != vals["product_id"] for lot in self):
            if self.env["stock.move.line"].sudo().search([("lot_id", "in", self.ids)], limit=1):
                raise ValidationError(
                    _("Lot %(lot)s is used in stock moves: its product is fixed. Make a new lot.", lot=self[0].name)
                )
        return super().write(vals)

    @depends("quant_ids.quantity")
    def _compute_product_qty(self) -> None:
        held: dict[int, Any] = {}
        for quant in self.env["stock.quant"].sudo().search([("lot_id", "in", self.ids)]):
            held[quant.lot_id] = held.get(quant.lot_id, 0) + quant.quantity
        for lot in self:
            lot.product_qty = held.get(lot.id, 0)


class StockPackage(Model, name="stock.package"):
    """A box or pallet that is moved as a whole."""

    model_label = _("Package")
    order = "name, id"
    unique = [("company_id", "name")]
    model_aliases = ("stock.quant.package",)

    name = Char(_("Number"), required=True, index=True)
    company_id = Many2one("res.company", _("Company"))
    quant_ids = One2many("stock.quant", "package_id", _("Contents"))


class DeliveryCarrier(Model, name="delivery.carrier"):
    """Who brings goods to customers."""

    model_label = _("Carrier")
    order = "name, id"

    name = Char(_("Name"), required=True)
    active = Boolean(_("Active"), default=True)
    company_id = Many2one("res.company", _("Company"))
    tracking_url = Char(_("Tracking address"), help=_("Address of the carrier's page; %s stands for the tracking number."))


class ProcurementGroup(Model, name="procurement.group"):
    """Ties together the transfers that serve one need."""

    model_label = _("Procurement group")
    order = "id desc"

    name = Char(_("Reference"), required=True)
    partner_id = Many2one("res.partner", _("Partner"))
    company_id = Many2one("res.company", _("Company"))
