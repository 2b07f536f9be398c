"""Tags on orders."""

from __future__ import annotations

from server import Char, Integer, Model, _


class CrmTag(Model, name="crm.tag"):
    """A word that people put on orders to find and count them; shared by all companies."""

    model_label = _("Sales tag")
    order = "name"
    unique = [("name",)]

    name = Char(_("Tag"), required=True)
    color = Integer(_("Color"))
