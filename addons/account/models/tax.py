"""Taxes, their groups and where their amounts are booked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from addons.account.exceptions import WrongTax
from addons.account.models.values import as_rows
from addons.account.rules.entry import TaxPart
from addons.account.rules.tax import TaxValue, ordered
from server import Boolean, Char, Integer, Many2many, Many2one, Model, Numeric, One2many, Selection, _, constrains


class TaxGroup(Model, name="account.tax.group"):
    """Taxes shown as one line on a document: IVA 16 %, IGV."""

    model_label = _("Tax group")
    order = "sequence, id"
    reference = True

    name = Char(_("Tax group"), required=True, translate=True)
    sequence = Integer(_("Sequence"), default=10)
    company_id = Many2one("res.company", _("Company"), required=True)
    country_id = Many2one("res.country", _("Country"))
    preceding_subtotal = Char(_("Subtotal above"), translate=True)


class Tax(Model, name="account.tax"):
    """A tax that a company charges or pays."""

    model_label = _("Tax")
    order = "sequence, id"
    reference = True
    history = True
    unique = [("company_id", "type_tax_use", "name")]

    name = Char(_("Tax name"), required=True, tracking=True)
    description = Char(_("Label on documents"), translate=True)
    amount = Numeric(_("Amount"), digits=(16, 4), required=True, default=Decimal(0), tracking=True, aggregator="")
    amount_type = Selection(
        [
            ("group", _("Group of taxes")),
            ("fixed", _("Fixed amount per unit")),
            ("percent", _("Percentage of the price")),
            ("division", _("Share of the price with tax")),
        ],
        _("Computation"),
        required=True,
        default="percent",
        tracking=True,
    )
    type_tax_use = Selection(
        [("sale", _("Sales")), ("purchase", _("Purchases")), ("none", _("None"))], _("Use"), required=True, default="sale"
    )
    tax_scope = Selection([("service", _("Services")), ("consu", _("Goods"))], _("Scope"))
    price_include = Boolean(_("Contained in the price"), tracking=True)
    price_include_override = Selection(
        [("tax_included", _("Tax included")), ("tax_excluded", _("Tax excluded"))],
        _("Price"),
        compute="_compute_price_include_override",
        inverse="_inverse_price_include_override",
        search="_search_price_include_override",
    )
    include_base_amount = Boolean(_("Affects the base of later taxes"))
    sequence = Integer(_("Sequence"), required=True, default=1)
    company_id = Many2one("res.company", _("Company"), required=True)
    country_id = Many2one("res.country", _("Country"))
    tax_group_id = Many2one("account.tax.group", _("Tax group"))
    children_tax_ids = Many2many(
        "account.tax", _("Taxes of the group"), relation="account_tax_children", column1="parent_tax", column2="child_tax"
    )
    invoice_repartition_line_ids = One2many(
        "account.tax.repartition.line",
        "tax_id",
        _("Booking on invoices"),
        domain=[("document_type", "=", "invoice")],
        context={"default_document_type": "invoice"},
    )
    refund_repartition_line_ids = One2many(
        "account.tax.repartition.line",
        "tax_id",
        _("Booking on credit notes"),
        domain=[("document_type", "=", "refund")],
        context={"default_document_type": "refund"},
    )
    repartition_line_ids = One2many("account.tax.repartition.line", "tax_id", _("Booking"))
    active = Boolean(_("Active"), default=True)

    def _compute_price_include_override(self) -> None:
        for tax in self:
            tax.price_include_override = "tax_included" if tax.price_include else "tax_excluded"

    def _inverse_price_include_override(self) -> None:
        for tax in self:
            tax.price_include = tax.price_include_override == "tax_included"

    def _search_price_include_override(self, operator: str, value: Any) -> list[Any]:
        included = value == "tax_included"
        return [("price_include", "=", included if operator in ("=", "in") else not included)]

    @constrains("amount", "amount_type", "children_tax_ids")
    def _check_tax(self) -> None:
        for tax in self:
            if tax.amount_type == "division" and tax.amount >= 100:
                raise WrongTax(
                    _("Tax %(tax)s takes %(share)s %% of the price: less than 100 must be taken.", tax=tax.name, share=tax.amount)
                )
            if tax.amount_type == "group" and any(child.amount_type == "group" for child in tax.children_tax_ids):
                raise WrongTax(_("Tax group %(tax)s contains another group. Put the single taxes into it.", tax=tax.name))

    def create(self, vals_list: Any) -> Any:
        """A tax without booking lines gets them: the base, and all of the tax on the line's own account until one is chosen."""
        rows = []
        for row in as_rows(vals_list):
            for document, name in (("invoice", "invoice_repartition_line_ids"), ("refund", "refund_repartition_line_ids")):
                commands = row.pop(name, None) or (
                    []
                    if row.get("repartition_line_ids")
                    else [(0, 0, {"repartition_type": "base"}), (0, 0, {"repartition_type": "tax"})]
                )
                row.setdefault("repartition_line_ids", [])
                row["repartition_line_ids"] = [
                    *row["repartition_line_ids"],
                    *((0, 0, {"document_type": document, **command[2]}) for command in commands if command[0] == 0),
                ]
            rows.append(row)
        return super().create(rows)

    def write(self, vals: dict[str, Any]) -> Any:
        """Booking lines that are added keep the document of the list they are added to."""
        vals = dict(vals)
        for document, name in (("invoice", "invoice_repartition_line_ids"), ("refund", "refund_repartition_line_ids")):
            if name in vals:
                vals[name] = [
                    (0, 0, {**command[2], "document_type": document}) if command[0] == 0 else command for command in vals[name]
                ]
        return super().write(vals)

    # -- values for the rules ---------------------------------------------------------------------------------------
    def values_of(self, tax_ids: Iterable[int]) -> tuple[TaxValue, ...]:
        """The taxes as plain values, groups replaced by their members, in order of computation; no query after warm-up.

        :param tax_ids: ids of taxes, any order; archived ones too.
        """
        ids = tuple(sorted(set(tax_ids)))
        if not ids:
            return ()
        values: tuple[TaxValue, ...] = self.env.process_cache(("account.tax.values", ids), lambda: self._build_values(ids))
        return values

    def _build_values(self, ids: Sequence[int]) -> tuple[TaxValue, ...]:
        taxes = self.sudo().browse(ids)
        members = taxes.filtered(lambda tax: tax.amount_type != "group")
        groups = taxes - members
        if groups:
            members |= groups.mapped("children_tax_ids")
        return ordered(
            TaxValue(tax.id, tax.amount, tax.amount_type, tax.price_include, tax.sequence, tax.include_base_amount)
            for tax in members
        )

    def parts_of(self, tax_ids: Iterable[int], refund: bool) -> dict[int, tuple[TaxPart, ...]]:
        """Tax id → where its amount is booked on an invoice, or on a credit note; no query after warm-up."""
        ids = tuple(sorted(set(tax_ids)))
        if not ids:
            return {}
        parts: dict[int, tuple[TaxPart, ...]] = self.env.process_cache(
            ("account.tax.parts", ids, refund), lambda: self._build_parts(ids, refund)
        )
        return parts

    def _build_parts(self, ids: Sequence[int], refund: bool) -> dict[int, tuple[TaxPart, ...]]:
        rows = (
            self.env["account.tax.repartition.line"]
            .sudo()
            .search(
                [
                    ("tax_id", "in", list(ids)),
                    ("document_type", "=", "refund" if refund else "invoice"),
                    ("repartition_type", "=", "tax"),
                ]
            )
        )
        result: dict[int, tuple[TaxPart, ...]] = dict.fromkeys(ids, ())
        for row in rows:
            result[row.tax_id] = (*result[row.tax_id], TaxPart(row.id, row.factor_percent, row.account_id))
        return result


class TaxRepartitionLine(Model, name="account.tax.repartition.line"):
    """Which part of a tax is booked on which account."""

    model_label = _("Booking of a tax")
    rec_name = "repartition_type"
    order = "document_type, repartition_type, sequence, id"
    reference = True

    tax_id = Many2one("account.tax", _("Tax"), required=True, ondelete="cascade", index=True)
    document_type = Selection(
        [("invoice", _("Invoice")), ("refund", _("Credit note"))], _("Document"), required=True, default="invoice"
    )
    repartition_type = Selection([("base", _("Base")), ("tax", _("Tax"))], _("Part"), required=True, default="tax")
    factor_percent = Numeric(_("Percent of the tax"), digits=(16, 4), default=Decimal(100), required=True, aggregator="")
    account_id = Many2one("account.account", _("Account"), help=_("Empty: the account of the taxed line."))
    company_id = Many2one("res.company", _("Company"), related="tax_id.company_id", store=True)
    sequence = Integer(_("Sequence"), default=1)
