"""Fiscal positions: other taxes and accounts for some partners (border region, exports)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from server import Boolean, Char, Integer, Many2one, Model, One2many, Text, _


class FiscalPosition(Model, name="account.fiscal.position"):
    """Replaces taxes and accounts on the documents of some partners."""

    model_label = _("Fiscal position")
    order = "sequence, id"
    reference = True

    name = Char(_("Fiscal position"), required=True, translate=True)
    sequence = Integer(_("Sequence"), default=10)
    company_id = Many2one("res.company", _("Company"), required=True)
    country_id = Many2one("res.country", _("Country"))
    auto_apply = Boolean(
        _("Detect automatically"), help=_("Used for partners of the country when they have no position of their own.")
    )
    foreign = Boolean(
        _("Any other country"), help=_("With automatic detection: for every partner outside the company's country.")
    )
    tax_ids = One2many("account.fiscal.position.tax", "position_id", _("Taxes"), copy=True)
    account_ids = One2many("account.fiscal.position.account", "position_id", _("Accounts"), copy=True)
    note = Text(_("Text on documents"), translate=True)
    active = Boolean(_("Active"), default=True)

    def map_tax_ids(self, tax_ids: Iterable[int]) -> tuple[int, ...]:
        """The taxes to use instead of `tax_ids`, without doubles; the same ones for an empty position. No query after warm-up."""
        ids = tuple(dict.fromkeys(tax_ids))
        if not self or not ids:
            return ids
        mapping = self._mapping()[0]
        result: list[int] = []
        for id in ids:
            result.extend(mapping.get(id, (id,)))
        return tuple(dict.fromkeys(result))

    def map_account_id(self, account_id: int | None) -> int | None:
        """The account to use instead of `account_id`. No query after warm-up."""
        if not self or account_id is None:
            return account_id
        return self._mapping()[1].get(account_id, account_id)

    def _mapping(self) -> tuple[dict[int, tuple[int, ...]], dict[int, int]]:
        self.ensure_one()
        mapping: tuple[dict[int, tuple[int, ...]], dict[int, int]] = self.env.process_cache(
            ("account.fiscal.position", self.id), self._build_mapping
        )
        return mapping

    def _build_mapping(self) -> tuple[dict[int, tuple[int, ...]], dict[int, int]]:
        position = self.sudo()
        taxes: dict[int, tuple[int, ...]] = {}
        for row in position.tax_ids:
            before = taxes.get(row.tax_src_id, ())
            taxes[row.tax_src_id] = (*before, row.tax_dest_id) if row.tax_dest_id else before
        return taxes, {row.account_src_id: row.account_dest_id for row in position.account_ids}

    def positions_of(self, partners: Any) -> dict[int, int | None]:
        """Partner id → the fiscal position of the current company for it: its own, else the one detected by country."""
        company = self.env.company
        automatic = self.env.process_cache(("account.fiscal.position.auto", company.id), lambda: self._build_automatic(company))
        result: dict[int, int | None] = {}
        for partner in partners:
            found = partner.property_account_position_id
            if found is None and automatic:
                country = partner.country_id
                for id, wanted, foreign in automatic:
                    if (wanted and wanted == country) or (foreign and country and country != company.country_id):
                        found = id
                        break
            result[partner.id] = found
        return result

    def _build_automatic(self, company: Any) -> tuple[tuple[int, int | None, bool], ...]:
        rows = self.sudo().search([("auto_apply", "=", True), ("company_id", "=", company.id)])
        return tuple((row.id, row.country_id, row.foreign) for row in rows)


class FiscalPositionTax(Model, name="account.fiscal.position.tax"):
    """One replaced tax; without a target the tax is left out."""

    model_label = _("Replaced tax")
    rec_name = "position_id"
    reference = True

    position_id = Many2one("account.fiscal.position", _("Fiscal position"), required=True, ondelete="cascade", index=True)
    tax_src_id = Many2one("account.tax", _("Tax on the product"), required=True, ondelete="cascade")
    tax_dest_id = Many2one("account.tax", _("Tax to use"), ondelete="cascade")
    company_id = Many2one("res.company", _("Company"), related="position_id.company_id", store=True)


class FiscalPositionAccount(Model, name="account.fiscal.position.account"):
    """One replaced account."""

    model_label = _("Replaced account")
    rec_name = "position_id"
    reference = True

    position_id = Many2one("account.fiscal.position", _("Fiscal position"), required=True, ondelete="cascade", index=True)
    account_src_id = Many2one("account.account", _("Account on the product"), required=True, ondelete="cascade")
    account_dest_id = Many2one("account.account", _("Account to use"), required=True, ondelete="cascade")
    company_id = Many2one("res.company", _("Company"), related="position_id.company_id", store=True)
