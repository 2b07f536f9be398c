"""Locations: where goods can be, as a tree; only internal and transit places keep stock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from server import Boolean, Char, Integer, Many2one, Model, One2many, Selection, ValidationError, _, constrains, depends

#: Places whose contents we count and value. Customers, suppliers and the like have no quants: what went there is told by the
#: moves.
KEEPS_STOCK = frozenset({"internal", "transit"})


@dataclass(frozen=True, slots=True)
class Place:
    """What reservation needs to know of a location, held in the process."""

    id: int
    parent_id: int | None
    usage: str
    company_id: int | None
    newest_first: bool
    allow_negative: bool

    @property
    def keeps_stock(self) -> bool:
        return self.usage in KEEPS_STOCK


class Tree:
    """All locations of the database in memory; made anew when one changes."""

    __slots__ = ("_inside", "places")

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = {place.id: place for place in places}
        self._inside: dict[int, frozenset[int]] = {}

    def keeps_stock(self, location_id: int) -> bool:
        """True when goods at the location are counted."""
        return self.places[location_id].keeps_stock

    def inside(self, location_id: int) -> frozenset[int]:
        """The location and everything below it, as far as it keeps stock."""
        if location_id not in self._inside:
            found, frontier = set(), {location_id}
            while frontier:
                found |= frontier
                frontier = {place.id for place in self.places.values() if place.parent_id in frontier} - found
            self._inside[location_id] = frozenset(id for id in found if self.places[id].keeps_stock)
        return self._inside[location_id]


class StockLocation(Model, name="stock.location"):
    """A place where goods are: a shelf, a warehouse, the customers, the difference of a count."""

    model_label = _("Location")
    rec_name = "complete_name"
    order = "complete_name, id"
    reference = True
    unique = [("company_id", "barcode")]

    name = Char(_("Name"), required=True)
    complete_name = Char(_("Full name"), compute="_compute_complete_name", store=True, index=True)
    usage = Selection(
        [
            ("supplier", _("Supplier")),
            ("view", _("View")),
            ("internal", _("Internal")),
            ("customer", _("Customer")),
            ("inventory", _("Inventory loss")),
            ("production", _("Production")),
            ("transit", _("Transit")),
        ],
        _("Kind"),
        required=True,
        default="internal",
        index=True,
    )
    location_id = Many2one("stock.location", _("Inside"), index=True, ondelete="restrict")
    child_ids = One2many("stock.location", "location_id", _("Contains"))
    warehouse_id = Many2one("stock.warehouse", _("Warehouse"), readonly=True)
    company_id = Many2one(
        "res.company", _("Company"), default=lambda env: None, help=_("Empty: shared by all companies, as the customers are.")
    )
    barcode = Char(_("Barcode"), copy=False)
    active = Boolean(_("Active"), default=True)
    scrap_location = Boolean(_("For scrap"), help=_("Goods that go here are lost."))
    removal_strategy = Selection(
        [("fifo", _("Oldest first")), ("lifo", _("Newest first"))], _("Which goods leave first"), default="fifo", required=True
    )
    allow_negative_stock = Boolean(_("May go below zero"), readonly=True, help=_("Set on the warehouse."))
    posx = Integer(_("Corridor"), help=_("Place in the walk through the warehouse, with shelf and height."))
    posy = Integer(_("Shelf"))
    posz = Integer(_("Height"))

    @depends("name", "location_id.complete_name")
    def _compute_complete_name(self) -> None:
        for location in self:
            above = location.location
            location.complete_name = f"{above.complete_name}/{location.name}" if above else location.name

    @constrains("usage")
    def _check_usage(self) -> None:
        emptied = self.filtered(lambda location: location.usage not in KEEPS_STOCK)
        if emptied and self.env["stock.quant"].sudo().search(
            [("location_id", "in", emptied.ids), ("quantity", "!=", 0)], limit=1
        ):
            raise ValidationError(
                _("A location that holds goods cannot become %(usage)s. Move the goods elsewhere first.", usage=emptied[0].usage)
            )

    def create(self, vals: Any) -> Any:
        """A location inside another belongs to the same company and warehouse unless said otherwise."""
        vals_list = [vals] if isinstance(vals, dict) else vals
        completed = []
        for values in vals_list:
            above = self.browse(values["location_id"]) if values.get("location_id") else self.browse([])
            inherited = {}
            if above and above.usage not in ("supplier", "customer") and above.company_id:
                inherited = {
                    "company_id": above.company_id,
                    "warehouse_id": above.warehouse_id,
                    "allow_negative_stock": above.allow_negative_stock,
                }
            elif "company_id" not in values and values.get("usage", "internal") in tuple(KEEPS_STOCK):
                inherited = {"company_id": self.env.company_id}
            completed.append({**inherited, **values})
        return super().create(completed)

    # -- in memory ------------------------------------------------------------------------------------------------
    def _tree(self) -> Tree:
        """All locations, remembered in the process until one changes."""
        return self.env.process_cache("stock.locations", self._read_tree)

    def _read_tree(self) -> Tree:
        c = self.table.c
        statement = sa.select(c.id, c.location_id, c.usage, c.company_id, c.removal_strategy, c.allow_negative_stock)
        rows = self.env.execute(statement)
        return Tree(
            Place(id, above, usage, company, removal == "lifo", bool(negative))
            for id, above, usage, company, removal, negative in rows
        )
