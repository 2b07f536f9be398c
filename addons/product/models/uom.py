"""Units of measure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from addons.base.rules.tree import loop_in
from addons.product.exceptions import LoopOf, UnitsDiffer
from addons.product.rules import uom as rules
from server import Boolean, Char, Many2one, Model, Numeric, Selection, UserError, ValidationError, _, constrains, depends

ONE = Decimal(1)


class Uom(Model, name="uom.uom"):
    """A unit of measure, told as a multiple of another unit: a dozen is 12 units, a box 6 dozens.

    The unit at the end of the chain is the root; units with the same root can be changed into each other.
    """

    model_label = _("Unit of measure")
    order = "name, id"
    reference = True
    checks = {"relative_factor": "relative_factor > 0", "rounding": "rounding > 0"}

    name = Char(_("Unit"), required=True, translate=True)
    relative_factor = Numeric(
        _("Contains"),
        digits=(18, 10),
        default=ONE,
        required=True,
        aggregator="",
        help=_("How many of the reference unit one of this unit holds."),
    )
    relative_uom_id = Many2one(
        "uom.uom", _("Reference unit"), ondelete="restrict", help=_("Empty for a unit that stands on its own.")
    )
    rounding = Numeric(_("Rounding step"), digits=(16, 6), default=Decimal("0.01"), required=True, aggregator="")
    active = Boolean(_("Active"), default=True)
    category_id = Many2one(
        "uom.uom",
        _("Root unit"),
        compute="_compute_absolute",
        store=True,
        help=_("The unit at the end of the chain: what is measured."),
    )
    factor_inv = Numeric(_("Root units in one"), digits=(18, 10), compute="_compute_absolute", store=True, aggregator="")
    factor = Numeric(_("Units in one root unit"), digits=(18, 10), compute="_compute_absolute", store=True, aggregator="")
    uom_type = Selection(
        [("bigger", _("Bigger than the root unit")), ("reference", _("Root unit")), ("smaller", _("Smaller than the root unit"))],
        _("Kind"),
        compute="_compute_absolute",
        store=True,
    )

    @depends("relative_factor", "relative_uom_id.factor_inv", "relative_uom_id.category_id")
    def _compute_absolute(self) -> None:
        for uom in self:
            unit = uom.as_value()
            uom.category_id = unit.root
            uom.factor_inv = unit.factor
            uom.factor = 1 / unit.factor
            uom.uom_type = "reference" if unit.root == uom.id else "bigger" if unit.factor >= 1 else "smaller"

    @constrains("relative_uom_id", "relative_factor")
    def _check_chain(self) -> None:
        units = self.env["uom.uom"].with_context(active_test=False).search([])
        looping = loop_in({unit.id: unit.relative_uom_id for unit in units})
        if looping:
            raise LoopOf(_("The unit"), self.browse(looping).name)
        for unit in self:
            if unit.relative_factor <= 0:
                raise ValidationError(_("%(name)s must contain more than nothing of its reference unit.", name=unit.name))

    # -- values of older clients ------------------------------------------------------------------------------------
    def create(self, vals_list: Any) -> Any:
        """Also understands the older `category_id`, `factor`, `factor_inv`, `uom_type` in place of the reference unit."""
        return super().create([self._modern(each) for each in vals_list])

    def write(self, vals: dict[str, Any]) -> Any:
        """As in `create`."""
        return super().write(self._modern(vals))

    def _modern(self, vals: dict[str, Any]) -> dict[str, Any]:
        old = {name: vals[name] for name in ("category_id", "factor", "factor_inv", "uom_type") if name in vals}
        if not old:
            return vals
        vals = {name: value for name, value in vals.items() if name not in old}
        if old.get("category_id") and "relative_uom_id" not in vals and old.get("uom_type") != "reference":
            vals["relative_uom_id"] = old["category_id"]
        if "relative_factor" not in vals:
            if old.get("factor_inv"):
                vals["relative_factor"] = Decimal(str(old["factor_inv"]))
            elif old.get("factor"):
                vals["relative_factor"] = (1 / Decimal(str(old["factor"]))).quantize(Decimal("1e-10"))
        return vals

    # -- conversion -------------------------------------------------------------------------------------------------
    def as_value(self) -> rules.Unit:
        """This unit for the pure rules; no query, units stay in the process."""
        self.ensure_one()
        factor, unit, seen = ONE, self, {self.id}
        while True:
            factor *= unit.relative_factor
            if not unit.relative_uom_id or unit.relative_uom_id in seen:
                return rules.Unit(self.id, unit.id, factor, self.rounding)
            unit = unit.relative_uom
            seen.add(unit.id)

    def compute_quantity(self, quantity: Decimal, to_uom: Any, round: bool = True, method: str = "half_up") -> Decimal:
        """`quantity` of this unit in `to_uom`.

        :param round: to the target's step. :param method: `half_up`, `up` (cover a demand) or `down`.
        :raises UserError: when the units measure different things. An empty unit on either side changes nothing.
        """
        if not self or not to_uom:
            return quantity
        try:
            return rules.convert(quantity, self.as_value(), to_uom.as_value(), method=method if round else None)
        except rules.IncompatibleUnits:
            raise UnitsDiffer(self.name, to_uom.name) from None

    def compute_price(self, price: Decimal, to_uom: Any) -> Decimal:
        """What one `to_uom` costs when one of this unit costs `price`; not rounded.

        :raises UserError: when the units measure different things.
        """
        if not self or not to_uom:
            return price
        try:
            return rules.convert_price(price, self.as_value(), to_uom.as_value())
        except rules.IncompatibleUnits:
            raise UnitsDiffer(self.name, to_uom.name) from None

    def same_kind(self, other: Any) -> bool:
        """True when quantities can be changed between this unit and `other`."""
        return bool(self.as_value().root == other.as_value().root)

    def round_quantity(self, quantity: Decimal, method: str = "half_up") -> Decimal:
        """`quantity` rounded to this unit's step."""
        return rules.round_quantity(quantity, self.rounding, method)

    def unlink(self) -> Any:
        """Units of the system stay: articles and other units are told in them."""
        kept = (
            self.env["uom.uom"]
            .with_context(active_test=False)
            .search([("relative_uom_id", "in", self.ids), ("id", "not in", self.ids)], limit=1)
        )
        if kept:
            raise UserError(
                _(
                    "%(name)s cannot be deleted: %(other)s is told in it. Archive it instead.",
                    name=kept.relative_uom.name,
                    other=kept.name,
                )
            )
        return super().unlink()
