"""What a user gets from this addon: the contact under which others know him."""

from __future__ import annotations

from typing import Any

from addons.base.models.mirror import USER_FIELDS, known_language, to_partner
from server import Many2one, _
from server.models.users import ResUsers


class BaseUser(ResUsers):
    """Adds the contact to the user; it is made with the user and follows his name and e-mail."""

    partner_id = Many2one("res.partner", _("Contact"), ondelete="restrict", copy=False, check_company=False)

    def create(self, vals_list: Any) -> Any:
        """Users without a contact get one."""
        users = super().create(vals_list)
        users.ensure_partner()
        return users

    def write(self, vals: dict[str, Any]) -> Any:
        """Name, e-mail, language and time zone follow on the user's contact."""
        result = super().write(vals)
        to_partner(self, USER_FIELDS, vals)
        return result

    def ensure_partner(self) -> None:
        """Give the users that have no contact one of their own."""
        missing = self.filtered(lambda each: not each.partner_id)
        if missing:
            values = [
                {"name": each.name, "company_id": None, "email": each.email, "lang": known_language(each.lang), "tz": each.tz}
                for each in missing
            ]
            partners = self.env["res.partner"].sudo().create(values)
            for user, partner in zip(missing, partners, strict=True):
                user.sudo().partner_id = partner.id
