"""Kinds of transfers of a warehouse: receipts, deliveries, internal ones; each numbers its own."""

from __future__ import annotations

from typing import Any

from server import Boolean, Char, Integer, Many2one, Model, Selection, _, depends

CODES = [("incoming", _("Receipt")), ("outgoing", _("Delivery")), ("internal", _("Internal transfer"))]


class StockPickingType(Model, name="stock.picking.type"):
    """A kind of transfer of one warehouse."""

    model_label = _("Operation type")
    order = "sequence, id"
    reference = True

    name = Char(_("Name"), required=True, translate=True)
    code = Selection(CODES, _("Kind"), required=True)
    sequence = Integer(_("Sequence"), default=10)
    sequence_code = Char(_("Code"), required=True)
    sequence_id = Many2one("ir.sequence", _("Numbering"), copy=False)
    warehouse_id = Many2one("stock.warehouse", _("Warehouse"), ondelete="cascade", index=True)
    company_id = Many2one("res.company", _("Company"), required=True)
    default_location_src_id = Many2one("stock.location", _("From"), required=True)
    default_location_dest_id = Many2one("stock.location", _("To"), required=True)
    return_picking_type_id = Many2one("stock.picking.type", _("Returns"))
    reservation_method = Selection(
        [("at_confirm", _("When confirmed")), ("manual", _("By hand"))], _("Reserve"), required=True, default="at_confirm"
    )
    create_backorder = Selection(
        [("ask", _("Ask")), ("always", _("Always")), ("never", _("Never"))], _("Backorder"), required=True, default="ask"
    )
    use_create_lots = Boolean(_("New lots may be made"), default=True)
    barcode = Char(_("Barcode"), copy=False)
    active = Boolean(_("Active"), default=True)

    @depends("name", "warehouse_id.name")
    def _compute_display_name(self) -> None:
        for kind in self:
            kind.display_name = f"{kind.warehouse.name}: {kind.name}" if kind.warehouse else kind.name

    def create(self, vals: Any) -> Any:
        """Each kind gets its own numbering, named after the warehouse's code."""
        vals_list = [dict(values) for values in ([vals] if isinstance(vals, dict) else vals)]
        missing = [values for values in vals_list if not values.get("sequence_id")]
        if missing:
            sequences = self.env["ir.sequence"].sudo().create([self._sequence_values(values) for values in missing])
            for values, sequence in zip(missing, sequences, strict=True):
                values["sequence_id"] = sequence.id
        return super().create(vals_list)

    def _sequence_values(self, values: dict[str, Any]) -> dict[str, Any]:
        warehouse = self.env["stock.warehouse"].browse(values["warehouse_id"]) if values.get("warehouse_id") else None
        company_id = values.get("company_id") or self.env.company_id
        code = values.get("sequence_code") or ""  # required: the refusal comes with the row
        prefix = f"{warehouse.code}/{code}/" if warehouse else f"{code}/"
        return {
            "name": prefix,
            "code": "stock.picking",
            "prefix": prefix,
            "padding": 5,
            "implementation": "standard",
            "company_id": company_id,
        }

    def _numbers(self, count: int) -> list[str]:
        """The next `count` numbers of transfers of this kind."""
        return list(self.sudo().mapped("sequence_id").next_by_id(count=count))
