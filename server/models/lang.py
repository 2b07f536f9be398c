"""Languages and how each writes dates and numbers."""

from __future__ import annotations

from server import Boolean, Char, Model, Selection, UserError, _, action


class ResLang(Model, name="res.lang"):
    """A language in which the platform talks to people."""

    model_label = _("Language")
    order = "active desc, name"
    reference = True
    unique = [("code",)]

    name = Char(_("Name"), required=True)
    code = Char(_("Locale code"), required=True, help=_("Language and country, like es_MX."))
    iso_code = Char(_("ISO code"))
    url_code = Char(_("URL code"))
    active = Boolean(_("Active"), default=True)
    direction = Selection(
        [("ltr", _("Left to right")), ("rtl", _("Right to left"))], _("Direction"), default="ltr", required=True
    )
    date_format = Char(_("Date format"), default="%m/%d/%Y", required=True)
    time_format = Char(_("Time format"), default="%H:%M:%S", required=True)
    week_start = Selection(
        [
            ("1", _("Monday")),
            ("2", _("Tuesday")),
            ("3", _("Wednesday")),
            ("4", _("Thursday")),
            ("5", _("Friday")),
            ("6", _("Saturday")),
            ("7", _("Sunday")),
        ],
        _("First day of the week"),
        default="1",
    )
    grouping = Char(_("Grouping of digits"), default="[3,0]")
    decimal_point = Char(_("Decimal point"), default=".", required=True)
    thousands_sep = Char(_("Thousands separator"), default=",")

    @action(model=True, readonly=True)
    def get_installed(self) -> list[list[str]]:
        """Code and name of every active language, by name."""
        return [[lang.code, lang.name] for lang in self.sudo().search([("active", "=", True)], order="name")]

    def unlink(self) -> bool:
        """English cannot be deleted: every text falls back to it."""
        if any(lang.code == "en_US" for lang in self):
            raise UserError(
                _(
                    "English cannot be deleted: texts without a translation are shown in it. Archive it if nobody should choose "
                    "it."
                )
            )
        return super().unlink()
