"""What clients and administrators note in the database's log. The server's own log goes to the log file, not here."""

from __future__ import annotations

from server import Char, Model, Selection, Text, _


class IrLogging(Model, name="ir.logging"):
    """A line of the log."""

    model_label = _("Log line")
    order = "id desc"
    indexes = [("level",)]

    name = Char(_("Name"), required=True)
    type = Selection([("client", _("Client")), ("server", _("Server"))], _("Type"), required=True, default="client", index=True)
    dbname = Char(_("Database"), default=lambda env: env.database.name)
    level = Char(_("Level"))
    message = Text(_("Message"), required=True)
    path = Char(_("Path"), required=True, default="")
    func = Char(_("Function"), required=True, default="")
    line = Char(_("Line"), required=True, default="")
