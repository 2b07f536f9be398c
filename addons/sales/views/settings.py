"""Teams, tags and origins; what sales shows on companies, contacts, products and invoices."""

from __future__ import annotations

from server import _
from server.views import Action, Field, FormView, Group, ListView, Menu

ListView(
    "crm.team.list",
    model="crm.team",
    label=_("Sales teams"),
    fields=[Field("sequence", widget="handle"), Field("name"), Field("user_id"), Field("company_id")],
)
FormView(
    "crm.team.form",
    model="crm.team",
    body=[Group("team", Field("name"), Field("user_id"), Field("company_id"), Field("member_ids"), Field("active"))],
)
ListView("crm.tag.list", model="crm.tag", label=_("Sales tags"), fields=[Field("name"), Field("color")])
ListView("utm.medium.list", model="utm.medium", label=_("Media"), fields=[Field("name")])
ListView("utm.source.list", model="utm.source", label=_("Sources"), fields=[Field("name")])
ListView("utm.campaign.list", model="utm.campaign", label=_("Campaigns"), fields=[Field("name")])

Action("sales.action_teams", _("Sales teams"), model="crm.team", views=("list", "form"))
Action("sales.action_tags", _("Sales tags"), model="crm.tag", views=("list",))
Action("sales.action_campaigns", _("Campaigns"), model="utm.campaign", views=("list",))

Menu("sales.menu_configuration", _("Configuration"), parent="sales.menu_root", sequence=90, groups="sales.group_sale_manager")
Menu("sales.menu_teams", _("Sales teams"), parent="sales.menu_configuration", action="sales.action_teams", sequence=10)
Menu("sales.menu_tags", _("Sales tags"), parent="sales.menu_configuration", action="sales.action_tags", sequence=20)
Menu("sales.menu_campaigns", _("Campaigns"), parent="sales.menu_configuration", action="sales.action_campaigns", sequence=30)
