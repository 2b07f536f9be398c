"""Tags of contacts."""

from __future__ import annotations

from server import Boolean, Char, Integer, Many2many, Many2one, Model, One2many, _, depends


class PartnerCategory(Model, name="res.partner.category"):
    """A tag to group contacts by; tags may stand below each other."""

    model_label = _("Contact tag")
    order = "name"

    name = Char(_("Tag"), required=True, translate=True)
    color = Integer(_("Color"), aggregator="")
    parent_id = Many2one("res.partner.category", _("Parent tag"), ondelete="cascade", index=True)
    child_ids = One2many("res.partner.category", "parent_id", _("Tags below"))
    active = Boolean(_("Active"), default=True)
    partner_ids = Many2many(
        "res.partner", _("Contacts"), relation="res_partner_category_rel", column1="category_id", column2="partner_id", copy=False
    )

    @depends("name", "parent_id.display_name")
    def _compute_display_name(self) -> None:
        for tag in self:
            names, above = [tag.name or ""], tag.parent
            while above and len(names) < 32:
                names.append(above.name or "")
                above = above.parent
            tag.display_name = " / ".join(reversed(names))
