"""Contacts: companies, persons and addresses, customers and suppliers alike."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from addons.base.exceptions import NamelessContact, WrongTaxId
from addons.base.models.mirror import COMPANY_FIELDS, LANGUAGES, USER_FIELDS, known_language, spread
from addons.base.rules import tax_id
from addons.base.rules.image import fit
from server import Binary, Boolean, Char, Html, Integer, Many2many, Many2one, One2many, Selection, _, constrains, depends
from server.errors import FieldError
from server.models.mail_message import MailThread

ADDRESS_TYPES = [
    ("contact", _("Contact")),
    ("invoice", _("Invoice address")),
    ("delivery", _("Delivery address")),
    ("other", _("Other address")),
]
_TYPE_LABEL = dict(ADDRESS_TYPES)
_SIZES = (1024, 512, 256, 128)


@cache
def _zone_names() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(available_timezones())]


def _time_zones(env: Any) -> list[tuple[str, str]]:
    """Names of the IANA time zones, read when somebody first asks."""
    return _zone_names()


class Partner(MailThread, name="res.partner"):
    """A company, a person, or an address of one of them."""

    model_label = _("Contact")
    rec_name = "complete_name"
    order = "complete_name, id"
    history = True
    name_search_fields = ("complete_name", "ref", "email", "vat")
    indexes = [("vat",), ("ref",), ("email",)]

    name = Char(_("Name"), index=True, tracking=True)
    complete_name = Char(_("Full name"), compute="_compute_complete_name", store=True, index=True)
    ref = Char(_("Reference"), tracking=True)
    active = Boolean(_("Active"), default=True, tracking=True)
    is_company = Boolean(_("Is a company"), default=False)
    company_type = Selection(
        [("person", _("Person")), ("company", _("Company"))],
        _("Kind"),
        compute="_compute_company_type",
        inverse="_inverse_company_type",
        search="_search_company_type",
    )
    type = Selection(ADDRESS_TYPES, _("Address type"), default="contact")
    parent_id = Many2one("res.partner", _("Company"), index=True, ondelete="restrict", tracking=True)
    child_ids = One2many("res.partner", "parent_id", _("Contacts and addresses"))
    commercial_partner_id = Many2one(
        "res.partner",
        _("Commercial entity"),
        compute="_compute_commercial_partner_id",
        store=True,
        index=True,
        help=_("The company that buys, sells and owes: the contact itself, or the company it belongs to."),
    )
    vat = Char(
        _("Tax ID"),
        tracking=True,
        help=_("RFC in Mexico, RUC in Peru (a person may give the DNI). The check digits are verified."),
    )
    company_registry = Char(_("Company registry"))
    email = Char(_("E-mail"), tracking=True)
    phone = Char(_("Phone"))
    mobile = Char(_("Mobile"))
    website = Char(_("Website"))
    street = Char(_("Street and number"))
    street2 = Char(_("Street, second line"), help=_("Neighbourhood (colonia), district or building."))
    city = Char(_("City"))
    zip = Char(_("Postal code"))
    state_id = Many2one("res.country.state", _("State"))
    country_id = Many2one("res.country", _("Country"))
    lang = Selection(LANGUAGES, _("Language"), default=lambda env: known_language(env.lang))
    tz = Selection(_time_zones, _("Time zone"))
    user_id = Many2one("res.users", _("Salesperson"))
    user_ids = One2many("res.users", "partner_id", _("Users"))
    company_id = Many2one(
        "res.company",
        _("Company"),
        default=lambda env: None,
        index=True,
        help=_("Only this company sees the contact; empty: all companies share it."),
    )
    category_id = Many2many(
        "res.partner.category",
        _("Tags"),
        relation="res_partner_category_rel",
        column1="partner_id",
        column2="category_id",
        copy=True,
    )
    title = Char(_("Title"), help=_("Form of address: Ing., Lic., Sra. …"))
    function = Char(_("Job position"))
    comment = Html(_("Notes"))
    color = Integer(_("Color"), aggregator="")
    barcode = Char(_("Barcode"), copy=False)
    bank_ids = One2many("res.partner.bank", "partner_id", _("Bank accounts"))
    image_1920 = Binary(_("Picture"))
    image_1024 = Binary(_("Picture, 1024 pixels"), compute="_compute_images")
    image_512 = Binary(_("Picture, 512 pixels"), compute="_compute_images")
    image_256 = Binary(_("Picture, 256 pixels"), compute="_compute_images")
    image_128 = Binary(_("Picture, 128 pixels"), compute="_compute_images")

    # -- computed -------------------------------------------------------------------------------------------------
    @depends("name", "type", "is_company", "lang", "parent_id.name")
    def _compute_complete_name(self) -> None:
        for partner in self:
            name = partner.name or ""
            if partner.parent_id and not partner.is_company:
                # stored once for all readers, so an address without a name is called in its own language
                label = _TYPE_LABEL.get(partner.type)
                name = f"{partner.parent.name or ''}, {name or (label.render(partner.lang) if label else '')}".strip(", ")
            partner.complete_name = name or None

    @depends("is_company")
    def _compute_company_type(self) -> None:
        for partner in self:
            partner.company_type = "company" if partner.is_company else "person"

    def _inverse_company_type(self) -> None:
        for partner in self:
            partner.is_company = partner.company_type == "company"

    def _search_company_type(self, operator: str, value: Any) -> list[Any]:
        if operator not in ("=", "!=", "in", "not in"):
            raise FieldError(f"Invalid operator {str(operator)[:20]!r} for company_type. Use =, !=, in or not in.")
        given = value if isinstance(value, (list, tuple)) else [value]
        wanted = {kind for kind in ("person", "company") if (kind in given) == (operator in ("=", "in"))}
        return [("is_company", "in", [each == "company" for each in wanted])]

    @depends("is_company", "parent_id.commercial_partner_id")
    def _compute_commercial_partner_id(self) -> None:
        for partner in self:
            own = partner.is_company or not partner.parent_id
            partner.commercial_partner_id = partner.id if own else partner.parent.commercial_partner_id or partner.parent_id

    @depends("image_1920")
    def _compute_images(self) -> None:
        for partner in self:
            picture = partner.image_1920
            for size in _SIZES:
                picture = fit(picture, size)
                setattr(partner, f"image_{size}", picture)

    # -- checks ---------------------------------------------------------------------------------------------------
    @constrains("name", "type", "parent_id")
    def _check_name(self) -> None:
        for partner in self:
            if not partner.name and (partner.type == "contact" or not partner.parent_id):
                raise NamelessContact()

    @constrains("vat", "country_id", "is_company", "parent_id")
    def _check_vat(self) -> None:
        for partner in self:
            if partner.vat:
                country = partner._tax_country()
                fault = tax_id.fault(partner.vat, country.code, is_company=partner.is_company)
                if fault:
                    raise WrongTaxId(partner.vat, country.code, fault, name=partner.display_name)

    def _tax_country(self) -> Any:
        """The country whose rules the tax number follows: the contact's own, otherwise its company's."""
        return self.country or self.commercial_partner.country

    # -- writing --------------------------------------------------------------------------------------------------
    def create(self, vals_list: Any) -> Any:
        """Contacts of a company inherit its address unless they bring one; tax numbers are stored without separators."""
        vals_list = [dict(each) for each in vals_list]
        parents = {each["parent_id"] for each in vals_list if each.get("parent_id")}
        if parents:
            known = {parent.id: parent for parent in self.browse(sorted(parents)).exists()}
            for each in vals_list:
                parent = known.get(each.get("parent_id") or 0)
                if parent:
                    each.setdefault("company_id", parent.company_id)
                    if each.get("type", "contact") == "contact" and not any(each.get(name) for name in _ADDRESS):
                        each.update({name: getattr(parent, name) for name in _ADDRESS})
        for each in vals_list:
            if each.get("vat"):
                each["vat"] = tax_id.compact(each["vat"], self._code_of(each.get("country_id"))) or None
        return super().create(vals_list)

    def write(self, vals: dict[str, Any]) -> Any:
        """The company or user a contact stands for follows its name and address."""
        if vals.get("vat"):
            country = (
                self._code_of(vals["country_id"])
                if vals.get("country_id")
                else next((each._tax_country().code for each in self), None)
            )
            vals = {**vals, "vat": tax_id.compact(vals["vat"], country) or None}
        result = super().write(vals)
        spread(self, "res.company", COMPANY_FIELDS, vals)
        spread(self, "res.users", USER_FIELDS, vals)
        return result

    def _code_of(self, country_id: Any) -> str | None:
        code: str | None = self.env["res.country"].browse(country_id).code if country_id else None
        return code

    # -- addresses ------------------------------------------------------------------------------------------------
    def address_get(self, types: Any = ("contact",)) -> dict[int, dict[str, int]]:
        """The address to use for each purpose, for every contact of the set: `{contact id: {"invoice": id, "delivery": id}}`.

        A contact's own child of that type is best, then its commercial entity's, then the contact itself; two queries for any
        set.
        """
        children = self.search(
            [("parent_id", "in", (self | self.mapped("commercial_partner_id")).ids), ("type", "in", list(types))], order="id"
        )
        first: dict[tuple[int, str], int] = {}
        for child in children:
            first.setdefault((child.parent_id, child.type), child.id)
        answer: dict[int, dict[str, int]] = {}
        for partner in self:
            answer[partner.id] = {
                kind: partner.id
                if partner.type == kind
                else first.get((partner.id, kind)) or first.get((partner.commercial_partner_id, kind)) or partner.id
                for kind in types
            }
        return answer

    def address_lines(self) -> list[str]:
        """The postal address as people write it, a line each, without the name."""
        self.ensure_one()
        town = " ".join(part for part in (self.zip, self.city) if part)
        region = ", ".join(part for part in (town, self.state.name, self.country.name) if part)
        return [line for line in (self.street, self.street2, region) if line]


_ADDRESS = ("street", "street2", "city", "zip", "state_id", "country_id")
