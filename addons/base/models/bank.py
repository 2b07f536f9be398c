"""Banks and the accounts contacts hold with them."""

from __future__ import annotations

from server import Boolean, Char, Many2one, Model, _, depends


class Bank(Model, name="res.bank"):
    """A bank."""

    model_label = _("Bank")
    order = "name"
    name_search_fields = ("name", "bic", "clearing_code")

    name = Char(_("Name"), required=True)
    bic = Char(_("BIC"), size=11, help=_("Business identifier code of ISO 9362, also called SWIFT code."))
    clearing_code = Char(
        _("Clearing code"), help=_("Number of the bank in its country's payment system: the first digits of a CLABE or a CCI.")
    )
    country_id = Many2one("res.country", _("Country"))
    active = Boolean(_("Active"), default=True)


class PartnerBank(Model, name="res.partner.bank"):
    """A bank account of a contact."""

    model_label = _("Bank account")
    rec_name = "acc_number"
    order = "partner_id, id"
    history = True

    acc_number = Char(_("Account number"), required=True, tracking=True, help=_("CLABE in Mexico, CCI in Peru, IBAN elsewhere."))
    partner_id = Many2one("res.partner", _("Account holder"), required=True, ondelete="cascade", index=True, tracking=True)
    bank_id = Many2one("res.bank", _("Bank"))
    currency_id = Many2one("res.currency", _("Currency"))
    active = Boolean(_("Active"), default=True)
    company_id = Many2one("res.company", _("Company"), default=lambda env: None)

    @depends("acc_number", "bank_id.name")
    def _compute_display_name(self) -> None:
        for account in self:
            account.display_name = f"{account.acc_number} - {account.bank.name}" if account.bank else account.acc_number
