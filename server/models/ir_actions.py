"""What a client can start from a menu or a button: windows, reports, links."""

from __future__ import annotations

from typing import Any

from server import Boolean, Char, Integer, Many2many, Many2one, Model, Selection, Text, _, depends
from server import action as public  # `action` is a field here


class IrActionsActWindow(Model, name="ir.actions.act_window"):
    """Opens a model in one or more views."""

    model_label = _("Window action")
    order = "name, id"

    name = Char(_("Name"), required=True, translate=True)
    type = Char(_("Type"), default="ir.actions.act_window", required=True, readonly=True)
    res_model = Char(_("Model"), required=True)
    res_id = Integer(_("Record"))
    view_mode = Char(_("Views"), default="list,form", required=True)
    view_id = Many2one("ir.ui.view", _("First view"), ondelete="set null")
    search_view_id = Many2one("ir.ui.view", _("Search view"), ondelete="set null")
    domain = Char(_("Domain"))
    context = Char(_("Context"), default="{}", required=True)
    target = Selection(
        [("current", _("Same window")), ("new", _("Dialog")), ("main", _("Whole page"))],
        _("Where"),
        default="current",
        required=True,
    )
    limit = Integer(_("Lines per page"), default=80)
    help = Text(_("Help"), translate=True)
    group_ids = Many2many(
        "res.groups",
        _("Groups"),
        relation="ir_act_window_group_rel",
        column1="act_id",
        column2="group_id",
        aliases=("groups_id",),
    )


class IrActionsReport(Model, name="ir.actions.report"):
    """A printable document of a model."""

    model_label = _("Report")
    order = "name, id"

    name = Char(_("Name"), required=True, translate=True)
    type = Char(_("Type"), default="ir.actions.report", required=True, readonly=True)
    model = Char(_("Model"), required=True)
    report_name = Char(_("Report name"), required=True)
    report_type = Selection(
        [("qweb-pdf", _("PDF")), ("qweb-html", _("HTML")), ("qweb-text", _("Text"))], _("Form"), default="qweb-pdf", required=True
    )
    print_report_name = Char(_("File name"))
    multi = Boolean(_("Only from lists"))
    attachment_use = Boolean(_("Kept as attachment"))
    group_ids = Many2many(
        "res.groups",
        _("Groups"),
        relation="ir_act_report_group_rel",
        column1="report_id",
        column2="group_id",
        aliases=("groups_id",),
    )


    @public(model=True, readonly=True)
    def render(self, report_name: str, ids: list[int]) -> dict[str, Any]:
        """Print records: `{"filename", "mimetype", "content"}`, the content a PDF in base64.

        `report_name` as in the rows of this model (`account.report_invoice`); the documents come in the order of `ids`, each
        once, in the language of their partner. Needs the right to read the records.
        """
        import base64

        from server.documents.service import print_records, spool

        with spool() as file:
            name = print_records(self.env, report_name, ids, file)
            file.seek(0)
            return {"filename": name, "mimetype": "application/pdf", "content": base64.b64encode(file.read()).decode()}


class IrActionsUrl(Model, name="ir.actions.act_url"):
    """Opens an address."""

    model_label = _("Link action")
    order = "name, id"

    name = Char(_("Name"), required=True, translate=True)
    type = Char(_("Type"), default="ir.actions.act_url", required=True, readonly=True)
    url = Char(_("Address"), required=True)
    target = Selection(
        [("new", _("New window")), ("self", _("Same window")), ("download", _("Download"))],
        _("Where"),
        default="new",
        required=True,
    )


class IrUiView(Model, name="ir.ui.view"):
    """A view declared by an addon, as a row for clients that look views up. The declared object is what counts."""

    model_label = _("View")
    order = "model, priority, name, id"

    name = Char(_("Name"), required=True)
    key = Char(_("Key"), index=True)
    model = Char(_("Model"), index=True)
    type = Selection(
        [
            ("list", _("List")),
            ("form", _("Form")),
            ("search", _("Search")),
            ("kanban", _("Board")),
            ("graph", _("Chart")),
            ("pivot", _("Pivot")),
            ("calendar", _("Calendar")),
        ],
        _("Type"),
        default="form",
        required=True,
    )
    arch = Text(_("Structure"), aliases=("arch_base", "arch_db"))
    priority = Integer(_("Order"), default=16, required=True)
    active = Boolean(_("Active"), default=True)
    inherit_id = Many2one("ir.ui.view", _("Extends"), ondelete="cascade")
    mode = Selection([("primary", _("Base view")), ("extension", _("Extension"))], _("Mode"), default="primary", required=True)
    module = Char(_("Addon"))


class IrUiMenu(Model, name="ir.ui.menu"):
    """An entry of the menu."""

    model_label = _("Menu")
    order = "sequence, id"

    name = Char(_("Name"), required=True, translate=True)
    active = Boolean(_("Active"), default=True)
    sequence = Integer(_("Order"), default=10)
    parent_id = Many2one("ir.ui.menu", _("Above"), ondelete="cascade", index=True)
    action = Char(_("Opens"), help=_("Model and id of an action, like ir.actions.act_window,7."))
    group_ids = Many2many(
        "res.groups", _("Groups"), relation="ir_ui_menu_group_rel", column1="menu_id", column2="group_id", aliases=("groups_id",)
    )

    @public(model=True, readonly=True)
    def load_menus(self, debug: Any = False) -> list[dict[str, Any]]:
        """The declared menus that the user sees in the current company, as a tree; `debug` of old clients is ignored."""
        from server.views.service import load_menus

        return load_menus(self.env)

    complete_name = Char(_("Full path"), compute="_compute_complete_name")
    web_icon = Char(_("Icon"))

    @depends("name", "parent_id.name")
    def _compute_complete_name(self) -> None:
        for menu in self:
            names: list[str] = []
            above: Any = menu
            while above and len(names) < 20:
                names.append(above.name)
                above = above.parent
            menu.complete_name = "/".join(reversed(names))
