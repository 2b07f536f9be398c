"""What a company gets from this addon: money, an address, a tax number, and the contact other companies know it by."""

from __future__ import annotations

from typing import Any

from addons.base.exceptions import WrongTaxId
from addons.base.models.mirror import COMPANY_FIELDS, to_partner
from addons.base.rules import tax_id
from server import Char, Many2one, _, constrains
from server.models.company import ResCompany


class BaseCompany(ResCompany):
    """Adds contact, currency and address to the company.

    The address lives in the company's own columns and is mirrored on its contact (see `mirror.py`): documents read it on every
    page, and rows of companies stay in the process.
    """

    partner_id = Many2one("res.partner", _("Contact"), ondelete="restrict", copy=False, check_company=False)
    currency_id = Many2one("res.currency", _("Currency"), ondelete="restrict")
    street = Char(_("Street and number"))
    street2 = Char(_("Street, second line"))
    city = Char(_("City"))
    zip = Char(_("Postal code"))
    state_id = Many2one("res.country.state", _("State"))
    country_id = Many2one("res.country", _("Country"))
    vat = Char(_("Tax ID"))
    company_registry = Char(_("Company registry"))

    @constrains("vat", "country_id")
    def _check_company_vat(self) -> None:
        for company in self:
            fault = tax_id.fault(company.vat, company.country.code, is_company=False) if company.vat else None
            if fault:
                raise WrongTaxId(company.vat, company.country.code, fault, name=company.name)

    def create(self, vals_list: Any) -> Any:
        """A company without a currency takes its country's; one without a contact gets one."""
        companies = super().create([self._with_currency(each) for each in vals_list])
        for company, vals in zip(companies, vals_list, strict=True):
            if vals.get("partner_id"):
                to_partner(company, COMPANY_FIELDS, vals)
        companies.ensure_partner()
        return companies

    def write(self, vals: dict[str, Any]) -> Any:
        """Names and addresses follow on the company's contact."""
        result = super().write(vals)
        to_partner(self, COMPANY_FIELDS, vals)
        return result

    def _with_currency(self, vals: dict[str, Any]) -> dict[str, Any]:
        if vals.get("currency_id"):
            return vals
        country = self.env["res.country"].browse(vals["country_id"]) if vals.get("country_id") else self.env["res.country"]
        currency_id = country.currency_id or self.env.company.currency_id
        if currency_id:  # a country's money is archived until somebody uses it
            self.env["res.currency"].sudo().browse(currency_id).filtered(lambda each: not each.active).write({"active": True})
        return {**vals, "currency_id": currency_id}

    def ensure_partner(self) -> None:
        """Give the companies that have no contact one of their own, with their name and address."""
        missing = self.filtered(lambda each: not each.partner_id)
        if missing:
            names = sorted(COMPANY_FIELDS)
            values = [
                {"is_company": True, "company_id": None, **{name: getattr(each, name) or None for name in names}}
                for each in missing
            ]
            partners = self.env["res.partner"].sudo().create(values)
            for company, partner in zip(missing, partners, strict=True):
                company.sudo().partner_id = partner.id
