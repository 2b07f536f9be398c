"""Sales teams."""

from __future__ import annotations

from server import Boolean, Char, Integer, Many2many, Many2one, Model, _


class CrmTeam(Model, name="crm.team"):
    """People who sell together, of one company or (without a company) of all."""

    model_label = _("Sales team")
    order = "sequence, name"
    reference = True

    name = Char(_("Team"), required=True)
    sequence = Integer(_("Sequence"), default=10)
    active = Boolean(_("Active"), default=True)
    company_id = Many2one("res.company", _("Company"), default=lambda env: None)
    user_id = Many2one("res.users", _("Leader"))
    member_ids = Many2many("res.users", relation="crm_team_member_rel", column1="team_id", column2="user_id", string=_("Members"))
    color = Integer(_("Color"))
