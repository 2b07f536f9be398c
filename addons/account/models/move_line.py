"""Journal items: the lines of entries and invoices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from addons.account.exceptions import PostedEntry
from addons.account.models.kinds import MOVE_STATES, MOVE_TYPES
from addons.account.models.line_values import complete_new_lines, normalise_amounts
from addons.account.models.refresh import refresh
from addons.account.models.values import as_rows
from server import (
    Boolean,
    Char,
    Date,
    Integer,
    Json,
    Many2many,
    Many2one,
    Model,
    Monetary,
    Numeric,
    One2many,
    Selection,
    _,
    depends,
)

DISPLAY_TYPES = [
    ("product", _("Product")),
    ("tax", _("Tax")),
    ("payment_term", _("Payment term")),
    ("rounding", _("Rounding")),
    ("cogs", _("Cost of goods sold")),
    ("line_section", _("Section")),
    ("line_subsection", _("Subsection")),
    ("line_note", _("Note")),
]
#: What may still change on a posted item.
FREE_FIELDS = frozenset("name sequence analytic_distribution date_maturity".split())
#: Set by accounting itself, never by a door.
OWN_FIELDS = frozenset(
    "parent_state company_id journal_id amount_residual amount_residual_currency reconciled full_reconcile_id "
    "matching_number".split()
)
#: What a duplicate or a reversal takes over.
COPIED_FIELDS = tuple(
    "name sequence display_type product_id product_uom_id quantity price_unit discount account_id partner_id "
    "analytic_distribution".split()
)
AMOUNT_FIELDS = frozenset(("debit", "credit", "balance", "amount_currency"))


class AccountMoveLine(Model, name="account.move.line"):
    """One line of a journal entry: an amount on an account, or a line of text on an invoice."""

    model_label = _("Journal item")
    order = "date desc, move_id desc, sequence, id"
    checks = {"debit": "debit >= 0", "credit": "credit >= 0", "one_side": "debit = 0 OR credit = 0"}
    indexes = [("account_id", "date"), ("partner_id", "account_id", "reconciled"), ("company_id", "parent_state", "date")]
    name_search_fields = ("name", "move_id.name")

    move_id = Many2one("account.move", _("Journal entry"), required=True, ondelete="cascade", index=True)
    company_id = Many2one("res.company", _("Company"), required=True, readonly=True)
    company_currency_id = Many2one("res.currency", _("Company currency"), related="company_id.currency_id")
    journal_id = Many2one("account.journal", _("Journal"), required=True, readonly=True)
    parent_state = Selection(MOVE_STATES, _("Status"), required=True, default="draft", readonly=True)
    move_name = Char(_("Number"), related="move_id.name", readonly=True)
    move_type = Selection(MOVE_TYPES, _("Type"), related="move_id.move_type", readonly=True)
    date = Date(_("Date"), required=True)
    sequence = Integer(_("Sequence"), default=10, aggregator="")
    display_type = Selection(DISPLAY_TYPES, _("Kind of line"), required=True, default="product")

    name = Char(_("Label"))
    account_id = Many2one("account.account", _("Account"), ondelete="restrict")
    partner_id = Many2one("res.partner", _("Partner"), ondelete="restrict")
    product_id = Many2one("product.product", _("Product"), ondelete="restrict")
    product_uom_id = Many2one("uom.uom", _("Unit"), ondelete="restrict")
    quantity = Numeric(_("Quantity"), digits=(16, 4), default=Decimal(0))
    price_unit = Numeric(_("Unit price"), digits=(16, 6), default=Decimal(0), aggregator="avg")
    discount = Numeric(_("Discount (%)"), digits=(16, 4), default=Decimal(0), aggregator="avg")
    tax_ids = Many2many("account.tax", _("Taxes"), relation="account_move_line_account_tax_rel", copy=True)
    price_subtotal = Monetary(_("Subtotal"), readonly=True)
    price_total = Monetary(_("Total"), readonly=True)

    currency_id = Many2one("res.currency", _("Currency"), required=True)
    debit = Monetary(_("Debit"), currency_field="company_currency_id", required=True, default=Decimal(0))
    credit = Monetary(_("Credit"), currency_field="company_currency_id", required=True, default=Decimal(0))
    balance = Monetary(_("Balance"), currency_field="company_currency_id", required=True, default=Decimal(0))
    amount_currency = Monetary(_("Amount in currency"), required=True, default=Decimal(0))
    amount_residual = Monetary(
        _("Open amount"), currency_field="company_currency_id", readonly=True, required=True, default=Decimal(0)
    )
    amount_residual_currency = Monetary(_("Open amount in currency"), readonly=True, required=True, default=Decimal(0))
    reconciled = Boolean(_("Settled"), readonly=True, required=True, default=False)
    full_reconcile_id = Many2one("account.full.reconcile", _("Matching"), readonly=True, copy=False, index=True)
    matching_number = Char(_("Matching number"), readonly=True, copy=False)
    matched_debit_ids = One2many("account.partial.reconcile", "credit_move_id", _("Matched debits"))
    matched_credit_ids = One2many("account.partial.reconcile", "debit_move_id", _("Matched credits"))
    date_maturity = Date(_("Due date"))

    tax_line_id = Many2one("account.tax", _("Tax of the line"), readonly=True, ondelete="restrict")
    tax_repartition_line_id = Many2one(
        "account.tax.repartition.line", _("Booking of the tax"), readonly=True, ondelete="set null"
    )
    tax_group_id = Many2one("account.tax.group", _("Tax group"), related="tax_line_id.tax_group_id")
    tax_base_amount = Monetary(_("Base of the tax"), readonly=True)
    analytic_distribution = Json(_("Analytic distribution"))
    payment_id = Many2one("account.payment", _("Payment"), readonly=True, copy=False, ondelete="set null")

    @depends("name", "move_id.name")
    def _compute_display_name(self) -> None:
        for line in self:
            line.display_name = " ".join(part for part in (line.move.name, line.name) if part) or f"#{line.id}"

    # -- the doors --------------------------------------------------------------------------------------------------
    def create(self, vals_list: Any) -> Any:
        """Add lines to draft entries; values are completed as on creation of the entry, tax and payment term lines follow."""
        rows = as_rows(vals_list)
        lines = self._add(rows)
        refresh(lines.mapped("move_id"))
        return lines

    def write(self, vals: dict[str, Any]) -> Any:
        """Change lines of drafts; of posted items only label, order, analytic distribution and due date."""
        if set(vals) <= FREE_FIELDS:
            return self._update(vals)
        self._edit(vals)
        refresh(self.mapped("move_id"))
        return True

    def unlink(self) -> Any:
        """Delete lines of drafts; tax and payment term lines follow."""
        moves = self.mapped("move_id")
        self._discard()
        refresh(moves)
        return True

    # -- steps, each without refreshing the entry -------------------------------------------------------------------
    def _add(self, rows: list[dict[str, Any]]) -> Any:
        """Insert completed lines into drafts."""
        moves = self.env["account.move"].browse({int(row["move_id"]) for row in rows if row.get("move_id")})
        _refuse_fixed(moves)
        return self._insert(complete_new_lines(self, rows))

    def _edit(self, vals: dict[str, Any]) -> None:
        """Write on lines of drafts; fields that accounting keeps itself are left alone."""
        vals = {name: value for name, value in vals.items() if name not in OWN_FIELDS}
        _refuse_fixed(self.mapped("move_id"))
        if "move_id" in vals:
            self.env["account.move"].browse(vals.pop("move_id") or ())._refuse_foreign_lines(self.ids)
        if not AMOUNT_FIELDS & set(vals):
            self._update(vals)
            return
        for line in self:
            amounts = {name: getattr(line, name) for name in ("currency_id",)}
            row = normalise_amounts(line.move, {**amounts, **vals})
            self.browse(line.id)._update(row)

    def _discard(self) -> None:
        _refuse_fixed(self.mapped("move_id"))
        self._remove()

    def _insert(self, rows: list[dict[str, Any]]) -> Any:
        """Create without completion or checks: for accounting's own steps."""
        return super().create(rows)

    def _update(self, vals: dict[str, Any]) -> Any:
        """Write without checks."""
        return super().write(vals)

    def _remove(self) -> Any:
        """Delete without checks."""
        return super().unlink() if self else True

    def _copy_values(self) -> dict[str, Any]:
        """What a duplicate of this line starts from; extended by addons that add columns."""
        self.ensure_one()
        values = {name: getattr(self, name) for name in COPIED_FIELDS}
        if self.move.is_invoice:
            values["tax_ids"] = [(6, 0, self.tax_ids.ids)]
        else:
            values |= {
                "debit": self.debit,
                "credit": self.credit,
                "amount_currency": self.amount_currency,
                "currency_id": self.currency_id,
            }
            values["tax_ids"] = [(6, 0, self.tax_ids.ids)]
            values["tax_line_id"] = self.tax_line_id
            values["date_maturity"] = None
        return values

    def _reversal_values(self) -> dict[str, Any]:
        """What the line of a reversing entry starts from: a duplicate, sides swapped on plain entries. Addons that link lines to
        their own documents extend it with `super()`."""
        values = self._copy_values()
        if not self.move.is_invoice:
            values |= {"debit": self.credit, "credit": self.debit, "amount_currency": -self.amount_currency}
        return values


def _refuse_fixed(moves: Any) -> None:
    for move in moves:
        if move.state != "draft":
            raise PostedEntry(
                _(
                    "%(entry)s is not a draft: its lines cannot be changed. Reset it to draft first, or reverse it with a credit "
                    "note.",
                    entry=move.display_name,
                )
            )
