"""Warehouses: each has its tree of locations and its kinds of transfers."""

from __future__ import annotations

import re
from typing import Any

from server import Boolean, Char, Integer, Many2one, Model, Selection, ValidationError, _, constrains

#: field of the warehouse, kind, code of the numbering, name
KINDS = (
    ("in_type_id", "incoming", "IN", "Receipts"),
    ("out_type_id", "outgoing", "OUT", "Deliveries"),
    ("int_type_id", "internal", "INT", "Internal transfers"),
)


class StockWarehouse(Model, name="stock.warehouse"):
    """A building or yard with stock of one company."""

    model_label = _("Warehouse")
    order = "sequence, id"
    reference = True
    history = True
    unique = [("company_id", "code")]

    name = Char(_("Name"), required=True, tracking=True)
    code = Char(_("Short name"), required=True, size=8, help=_("Begins the numbers of its transfers."))
    sequence = Integer(_("Sequence"), default=10)
    active = Boolean(_("Active"), default=True)
    company_id = Many2one("res.company", _("Company"), required=True)
    partner_id = Many2one("res.partner", _("Address"))
    view_location_id = Many2one("stock.location", _("All of it"), readonly=True)
    lot_stock_id = Many2one("stock.location", _("Stock"), readonly=True)
    in_type_id = Many2one("stock.picking.type", _("Receipts"), readonly=True)
    out_type_id = Many2one("stock.picking.type", _("Deliveries"), readonly=True)
    int_type_id = Many2one("stock.picking.type", _("Internal transfers"), readonly=True)
    reception_steps = Selection([("one_step", _("Receive into stock"))], _("Receipts in"), required=True, default="one_step")
    delivery_steps = Selection([("ship_only", _("Ship from stock"))], _("Deliveries in"), required=True, default="ship_only")
    allow_negative_stock = Boolean(
        _("May go below zero"),
        tracking=True,
        help=_("Goods may be shipped before their receipt is entered: quantities go below zero."),
    )

    @constrains("code")
    def _check_code(self) -> None:
        for warehouse in self:
            if not re.fullmatch(r"[A-Za-z0-9_-]+", warehouse.code):
                raise ValidationError(
                    _("The short name %(code)s of a warehouse is not usable: take letters and digits only.", code=warehouse.code)
                )

    def create(self, vals: Any) -> Any:
        """Makes the warehouse with its locations and kinds of transfers."""
        vals_list = [dict(values) for values in ([vals] if isinstance(vals, dict) else vals)]
        env = self.env
        locations = env["stock.location"].sudo()
        for values in vals_list:
            values["company_id"] = values.get("company_id") or env.company_id
            values["code"] = values.get("code") or self._free_code(values)
        common = [
            {"company_id": values["company_id"], "allow_negative_stock": bool(values.get("allow_negative_stock"))}
            for values in vals_list
        ]
        views = locations.create([{**c, "name": v["code"], "usage": "view"} for c, v in zip(common, vals_list, strict=True)])
        stocks = locations.create(
            [{**c, "name": "Stock", "usage": "internal", "location_id": view.id} for c, view in zip(common, views, strict=True)]
        )
        for values, view, stock in zip(vals_list, views, stocks, strict=True):
            values["view_location_id"], values["lot_stock_id"] = view.id, stock.id
        warehouses = super().create(vals_list)
        for warehouse, view, stock in zip(warehouses, views, stocks, strict=True):
            view.warehouse_id = warehouse.id
            stock.warehouse_id = warehouse.id
        warehouses._make_kinds()
        return warehouses

    def _make_kinds(self) -> None:
        env = self.env
        ends = {
            "incoming": env.ref("stock.stock_location_suppliers").id,
            "outgoing": env.ref("stock.stock_location_customers").id,
        }
        vals_list = []
        for warehouse in self:
            stock_id = warehouse.lot_stock_id
            for position, (_field, kind, code, name) in enumerate(KINDS, 1):
                vals_list.append(
                    {
                        "name": name,
                        "code": kind,
                        "sequence": position,
                        "sequence_code": code,
                        "warehouse_id": warehouse.id,
                        "company_id": warehouse.company_id,
                        "default_location_src_id": ends["incoming"] if kind == "incoming" else stock_id,
                        "default_location_dest_id": ends["outgoing"] if kind == "outgoing" else stock_id,
                    }
                )
        kinds = iter(env["stock.picking.type"].sudo().create(vals_list))
        for warehouse in self:
            made = {field: next(kinds) for field, *_rest in KINDS}
            for field, kind in made.items():
                setattr(warehouse, field, kind.id)
            made["in_type_id"].return_picking_type_id = made["out_type_id"].id
            made["out_type_id"].return_picking_type_id = made["in_type_id"].id

    def write(self, vals: dict[str, Any]) -> Any:
        """Permission to go below zero reaches the locations and what lies there."""
        result = super().write(vals)
        if "allow_negative_stock" in vals:
            allowed = bool(vals["allow_negative_stock"])
            env = self.env
            places = env["stock.location"].sudo().with_context(active_test=False).search([("warehouse_id", "in", self.ids)])
            quants = env["stock.quant"].sudo().search_locked([("location_id", "in", places.ids)])
            below = quants.filtered(lambda quant: quant.quantity < quant.reserved_quantity)
            if below and not allowed:
                raise ValidationError(
                    _(
                        "Warehouse %(name)s holds less than nothing of %(product)s. Enter the receipt or count it, then forbid "
                        "going below zero.",
                        name=self[0].name,
                        product=below[0].product.display_name,
                    )
                )
            places.write({"allow_negative_stock": allowed})
            quants._write({"allow_negative": allowed})
        return result

    def _free_code(self, values: dict[str, Any]) -> str:
        words = re.findall(r"[A-Za-z0-9]+", values.get("name") or "") or ["WH"]
        return ("".join(word[0] for word in words) if len(words) > 1 else words[0])[:5].upper()

    def _make_first(self, company: Any) -> Any:
        """The company's warehouse, made when it has none. The main company's gets Odoo's well-known external ids; that of another
        company with an external id the same ones with its name behind (`stock.warehouse_company_pe`).
        """
        env = self.env
        found = self.with_context(active_test=False).search([("company_id", "=", company.id)], limit=1)
        if found:
            return found
        warehouse = self.create({"name": company.name, "code": "WH", "company_id": company.id})
        known = env["ir.model.data"].sudo().search([("model", "=", "res.company"), ("res_id", "=", company.id)], limit=1)
        if known:
            suffix = "" if f"{known.module}.{known.name}" == "base.main_company" else f"_{known.name}"
            names = {
                "warehouse0" if not suffix else "warehouse": warehouse,
                "stock_location_stock": warehouse.lot_stock,
                "picking_type_in": warehouse.in_type,
                "picking_type_out": warehouse.out_type,
                "picking_type_internal": warehouse.int_type,
            }
            env["ir.model.data"].sudo().create(
                [
                    {"module": "stock", "name": name + suffix, "model": record._name, "res_id": record.id, "noupdate": True}
                    for name, record in names.items()
                ]
            )
        return warehouse
