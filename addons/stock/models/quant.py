"""Quants: how much of a product lies at one place, and how much of that is promised.

Every change of a quantity goes through `_move` and every promise through `_promise`, with the rows locked in the order of their
ids, so that two orders never get the same unit and nothing falls below zero unless the warehouse allows it. Only internal and
transit locations have quants.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from addons.stock.exceptions import DirectQuantity, NotEnoughStock
from addons.stock.rules.reserve import Allocation, Need, Stock, reserve
from server import Boolean, Char, Date, Datetime, Many2one, Model, Numeric, UserError, ValidationError, _, action, depends
from server.errors import Retry

ZERO = Decimal(0)
#: product, location, lot, package, owner
Key = tuple[int, int, int | None, int | None, int | None]

#: What a person may write on a quant; quantities change by moves alone.
COUNTING = frozenset({"inventory_quantity", "inventory_quantity_set", "inventory_date", "user_id"})


class StockQuant(Model, name="stock.quant"):
    """So much of a product, lot, package and owner at one location."""

    model_label = _("Quantity")
    rec_name = "place_key"
    order = "product_id, in_date, id"
    checks = {
        "reserved_not_negative": "reserved_quantity >= 0",
        "reserved_is_there": "allow_negative OR reserved_quantity <= quantity",
    }
    unique = [("place_key",)]
    indexes = [("product_id", "location_id"), ("location_id", "product_id")]

    product_id = Many2one("product.product", _("Product"), required=True, readonly=True)
    location_id = Many2one("stock.location", _("Location"), required=True, readonly=True)
    lot_id = Many2one("stock.lot", _("Lot or serial number"), readonly=True, index=True, ondelete="restrict")
    package_id = Many2one("stock.package", _("Package"), readonly=True, index=True, ondelete="restrict")
    owner_id = Many2one("res.partner", _("Owner"), readonly=True, ondelete="restrict", help=_("Empty: the goods are ours."))
    company_id = Many2one("res.company", _("Company"), required=True, readonly=True)
    place_key = Char(
        _("Place"),
        required=True,
        readonly=True,
        exportable=False,
        help=_("Product, location, lot, package and owner in one, so that there is one row of each."),
    )
    quantity = Numeric(_("On hand"), required=True, readonly=True, default=ZERO, help=_("In the product's unit."))
    reserved_quantity = Numeric(_("Reserved"), required=True, readonly=True, default=ZERO)
    available_quantity = Numeric(_("Free"), compute="_compute_available", help=_("On hand and promised to nobody."))
    allow_negative = Boolean(_("May go below zero"), required=True, readonly=True, default=False, exportable=False)
    in_date = Datetime(_("Here since"), readonly=True)
    inventory_quantity = Numeric(_("Counted"))
    inventory_quantity_set = Boolean(_("Was counted"))
    inventory_diff_quantity = Numeric(_("Difference"), compute="_compute_difference")
    inventory_date = Date(_("Next count"))
    user_id = Many2one("res.users", _("Counted by"))

    @depends("quantity", "reserved_quantity")
    def _compute_available(self) -> None:
        for quant in self:
            quant.available_quantity = quant.quantity - quant.reserved_quantity

    @depends("quantity", "inventory_quantity", "inventory_quantity_set")
    def _compute_difference(self) -> None:
        for quant in self:
            quant.inventory_diff_quantity = quant.inventory_quantity - quant.quantity if quant.inventory_quantity_set else ZERO

    @depends("product_id.display_name", "location_id.complete_name")
    def _compute_display_name(self) -> None:
        for quant in self:
            quant.display_name = f"{quant.location.complete_name}: {quant.product.display_name}"

    # -- locking and promising ------------------------------------------------------------------------------------
    def _key(self) -> Key:
        return (self.product_id, self.location_id, self.lot_id, self.package_id, self.owner_id)

    def _stock(self) -> Stock:
        """This quant as a value for the rules."""
        return Stock(
            self.id,
            self.product_id,
            self.location_id,
            self.quantity,
            self.reserved_quantity,
            self.lot_id,
            self.package_id,
            self.owner_id,
            self.in_date,
        )

    def _locked(self, product_ids: Iterable[int], location_ids: Iterable[int]) -> Any:
        """All quants of the products at the locations, locked in id order."""
        products, locations = sorted(set(product_ids)), sorted(set(location_ids))
        if not products or not locations:
            return self.browse([])
        return self.search_locked([("product_id", "in", products), ("location_id", "in", locations)])

    def _promise(self, needs: Sequence[Need]) -> list[Allocation]:
        """Reserve what the needs can get; the rows stay locked until the end of the transaction."""
        if not needs:
            return []
        held = self._locked((need.product_id for need in needs), (id for need in needs for id in need.locations))
        by_id = {quant.id: quant for quant in held}
        allocations = reserve(needs, [quant._stock() for quant in held])
        for allocation in allocations:
            quant = by_id[allocation.stock.id]
            quant._write({"reserved_quantity": quant.reserved_quantity + allocation.quantity})
        return allocations

    def _release(self, promised: Mapping[Key, Decimal]) -> None:
        """Give back promises: quantity per place."""
        promised = {key: quantity for key, quantity in promised.items() if quantity}
        for quant in self._locked((key[0] for key in promised), (key[1] for key in promised)):
            quantity = promised.get(quant._key())
            if quantity:
                quant._write({"reserved_quantity": max(quant.reserved_quantity - quantity, ZERO)})

    # -- moving ---------------------------------------------------------------------------------------------------
    def _move(self, changes: Mapping[Key, tuple[Decimal, Decimal]], arrived: datetime) -> Any:
        """Change quantities: for each place (on hand, reserved), both signed. Returns the quants found, locked.

        :param arrived: since when what comes in is there.
        :raises NotEnoughStock: when less than nothing, or less than was promised to others, would be left.
        """
        tree = self.env["stock.location"]._tree()
        changes = {key: change for key, change in changes.items() if change[0] or change[1]}
        held = self._locked((key[0] for key in changes), (key[1] for key in changes))
        by_key = {quant._key(): quant for quant in held}
        missing: list[dict[str, Any]] = []
        for key, (quantity, reserved) in changes.items():
            quant = by_key.get(key)
            if quant is None:
                self._refuse_shortage(key, ZERO, ZERO, quantity, tree)
                missing.append(self._row(key, quantity, arrived, tree))
                continue
            was = quant.quantity
            self._refuse_shortage(key, was, quant.reserved_quantity, quantity, tree, reserved)
            values: dict[str, Any] = {"quantity": was + quantity, "reserved_quantity": quant.reserved_quantity + reserved}
            if was <= 0 < quantity:
                values["in_date"] = arrived
            quant._write(values)
        if missing:
            self._insert(missing)
        return held

    def _refuse_shortage(
        self, key: Key, was: Decimal, promised: Decimal, quantity: Decimal, tree: Any, reserved: Decimal = ZERO
    ) -> None:
        left = was + quantity
        if quantity >= 0 or tree.places[key[1]].allow_negative or (left >= 0 and left >= promised + reserved):
            return
        product = self.env["product.product"].browse([key[0]])
        location = self.env["stock.location"].browse([key[1]])
        raise NotEnoughStock(
            _(
                "There is not enough of %(product)s in %(location)s: %(wanted)s would leave, %(free)s is there and promised to "
                "nobody else."
                " Ship less, or receive or count the goods first.",
                product=product.display_name,
                location=location.complete_name,
                wanted=f"{-quantity:f}",
                free=f"{max(was - promised - reserved, ZERO):f}",
            )
        )

    def _row(self, key: Key, quantity: Decimal, arrived: datetime | None, tree: Any) -> dict[str, Any]:
        place = tree.places[key[1]]
        return {
            "product_id": key[0],
            "location_id": key[1],
            "lot_id": key[2],
            "package_id": key[3],
            "owner_id": key[4],
            "company_id": place.company_id or self.env.company_id,
            "place_key": ":".join(str(part or 0) for part in key),
            "quantity": quantity,
            "allow_negative": place.allow_negative,
            "in_date": arrived,
        }

    def _insert(self, rows: list[dict[str, Any]]) -> Any:
        """New quants. When another transaction made one of them in the meantime, this one begins anew and finds it."""
        try:
            return super().create(rows)
        except ValidationError as error:
            if "place_key" in error.data.get("fields", ()):
                raise Retry from error
            raise

    def _write(self, vals: dict[str, Any]) -> Any:
        """Write as it is; for code that has made sure."""
        return super().write(vals)

    # -- counting -------------------------------------------------------------------------------------------------
    def create(self, vals: Any) -> Any:
        """A count of a place that has no quant yet, or of one that has: the record to apply with `action_apply_inventory`.

        :raises DirectQuantity: when a quantity on hand is given; quantities change by moves alone.
        """
        vals_list = [vals] if isinstance(vals, dict) else list(vals)
        tree = self.env["stock.location"]._tree()
        counts: list[tuple[Key, dict[str, Any]]] = []
        for values in vals_list:
            if values.get("quantity") or values.get("reserved_quantity"):
                raise DirectQuantity(
                    _("The quantity on hand cannot be written. Give inventory_quantity, what was counted, and apply the count.")
                )
            if not values.get("product_id") or not values.get("location_id"):
                raise ValidationError(_("A count needs a product and a location. Give product_id and location_id."))
            key = tuple(_id(values.get(name)) for name in ("product_id", "location_id", "lot_id", "package_id", "owner_id"))
            place = tree.places.get(key[1])
            if place is None or not place.keeps_stock:
                name = self.env["stock.location"].browse([key[1]]).complete_name if place else key[1]
                raise ValidationError(_("Nothing can be counted at %(location)s: choose an internal location.", location=name))
            counted = {name: value for name, value in values.items() if name in COUNTING}
            if "inventory_quantity" in values:
                counted["inventory_quantity_set"] = True
            counts.append((key, counted))
        self._check_countable({key[0] for key, _counted in counts})
        internal = self.sudo()
        found = {quant._key(): quant for quant in internal._locked((k[0] for k, _c in counts), (k[1] for k, _c in counts))}
        new = {key: counted for key, counted in counts if key not in found}
        if new:
            rows = [{**self._row(key, ZERO, self.env.now(), tree), **_all_counting(counted)} for key, counted in new.items()]
            found.update((quant._key(), quant) for quant in internal._insert(rows))
        for key, counted in counts:
            if key not in new:
                found[key]._write(counted)
        return self.browse([found[key].id for key, _counted in counts])

    def _check_countable(self, product_ids: set[int]) -> None:
        products = self.env["product.product"].sudo().browse(sorted(product_ids))
        for product in products:
            if not product.is_storable:
                raise ValidationError(
                    _(
                        "%(product)s is not kept in stock. Switch on 'Track inventory' on the product to count it.",
                        product=product.display_name,
                    )
                )

    def write(self, vals: dict[str, Any]) -> Any:
        """Only the count can be written; what is on hand changes by moves.

        :raises DirectQuantity: for anything else.
        """
        wrong = set(vals) - COUNTING
        if wrong:
            raise DirectQuantity(
                _(
                    "%(fields)s of a stock quantity cannot be written. Count it (inventory_quantity) or make a transfer.",
                    fields=", ".join(sorted(wrong)),
                )
            )
        if "inventory_quantity" in vals and "inventory_quantity_set" not in vals:
            vals = {**vals, "inventory_quantity_set": True}
        return super().write(vals)

    def unlink(self) -> Any:
        """Empty rows may go.

        :raises DirectQuantity: while something is there or promised.
        """
        if any(quant.quantity or quant.reserved_quantity for quant in self):
            raise DirectQuantity(_("A quantity that is not zero cannot be deleted. Count it as 0 and apply the count."))
        return super().unlink()

    @action
    def action_apply_inventory(self) -> Any:
        """Make the counted quantity the quantity on hand; each difference becomes a done move to or from the adjustment location.

        Reservations that the smaller quantity no longer covers are given back, the youngest first.
        :raises UserError: when nothing was counted.
        """
        if not self.env.su:
            self.check_outside("write")
        groups = self.sudo().lock().grouped("company_id")
        for company, quants in groups.items():
            quants.with_company(company.id)._apply_count()
        return True

    def _apply_count(self) -> None:
        """The same for locked quants of the current company."""
        env = self.env
        counted = self.filtered("inventory_quantity_set")
        if not counted:
            raise UserError(_("Nothing was counted. Write the counted quantity first, then apply it."))
        for quant in counted:
            if quant.inventory_quantity < 0 and not quant.allow_negative:
                raise ValidationError(
                    _(
                        "A count of %(product)s cannot be below zero. Correct the counted quantity.",
                        product=quant.product.display_name,
                    )
                )
        adjustments = [(quant, quant.inventory_quantity - quant.quantity) for quant in counted]
        env["stock.move.line"]._free_for_count([(quant, quant.inventory_quantity) for quant in counted])
        env["stock.move"]._adjust([(quant, difference) for quant, difference in adjustments if difference])
        counted._write({"inventory_quantity": ZERO, "inventory_quantity_set": False, "inventory_date": None})

    @action
    def action_set_inventory_quantity_to_zero(self) -> Any:
        """Forget what was counted."""
        self.write({"inventory_quantity": ZERO, "inventory_quantity_set": False})
        return True


def _id(value: Any) -> int | None:
    if not value:
        return None
    if hasattr(value, "id"):
        return value.id
    return int(value[0] if isinstance(value, (list, tuple)) else value)


def _all_counting(counted: dict[str, Any]) -> dict[str, Any]:
    """All rows of an INSERT have the same columns."""
    return {"inventory_quantity": None, "inventory_quantity_set": False, "inventory_date": None, "user_id": None, **counted}
