"""Companies: the walls of the house. Address, currency and partner are added by the addon `base`."""

from __future__ import annotations

from typing import Any

from server import Binary, Boolean, Char, Integer, Many2many, Many2one, Model, One2many, _, constrains


class ResCompany(Model, name="res.company"):
    """A company whose books, stock and documents are kept apart from every other company's."""

    model_label = _("Company")
    order = "sequence, name, id"
    reference = True
    history = True
    unique = [("name",)]

    name = Char(_("Company name"), required=True, tracking=True)
    parent_id = Many2one("res.company", _("Parent company"), ondelete="restrict", index=True)
    child_ids = One2many("res.company", "parent_id", _("Branches"))
    active = Boolean(_("Active"), default=True, required=True, tracking=True)
    sequence = Integer(_("Sequence"), default=10)
    tz = Char(
        _("Time zone"),
        default="UTC",
        required=True,
        help=_("Decides on which day a document is dated, for example America/Mexico_City."),
    )
    lang = Char(_("Language"), default="en_US", required=True)
    email = Char(_("E-mail"))
    phone = Char(_("Phone"))
    website = Char(_("Website"))
    logo = Binary(_("Logo"))
    user_ids = Many2many("res.users", _("Users"), relation="res_company_users_rel", column1="company_id", column2="user_id")

    @constrains("tz")
    def _check_tz(self) -> None:
        from server.models.users import check_time_zone

        for company in self:
            check_time_zone(company.tz)

    def create(self, vals_list: Any) -> Any:
        """Create companies; whoever creates one may work in it from then on."""
        companies = super().create(vals_list)
        user = self.env.user.sudo().exists()
        if user and companies:
            user.write({"company_ids": [(4, company_id) for company_id in companies.ids]})
        return companies

    def write(self, vals: dict[str, Any]) -> Any:
        """Write companies; an API key for some companies lets nobody into others."""
        done = super().write(vals)
        if "user_ids" in vals:
            self.sudo().user_ids._check_key_companies()
        return done
