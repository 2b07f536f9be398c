"""Addons as records: what is available and installed, which company enabled what, and the counters that processes watch.

The rows are written by `server.addon.lifecycle` with plain SQL, since they are needed before there is a registry; here they
become readable for clients (`ir.module.module` is what they probe first).
"""

from __future__ import annotations

from typing import Any

from server import Boolean, Char, Integer, Many2one, Model, Selection, Text, UserError, _, action


class IrModule(Model, name="ir.module.module"):
    """An addon that is available to this database."""

    model_label = _("Addon")
    rec_name = "shortdesc"
    order = "application desc, name"
    unique = [("name",)]

    name = Char(_("Technical name"), required=True, readonly=True)
    shortdesc = Char(_("Name"), readonly=True, translate=True)
    summary = Char(_("Summary"), readonly=True, translate=True)
    author = Char(_("Author"), readonly=True)
    category = Char(_("Category"), readonly=True)
    state = Selection(
        [
            ("uninstallable", _("Not usable")),
            ("uninstalled", _("Not installed")),
            ("installed", _("Installed")),
            ("to upgrade", _("To be upgraded")),
            ("to remove", _("To be removed")),
            ("to install", _("To be installed")),
        ],
        _("Status"),
        default="uninstalled",
        required=True,
        readonly=True,
        index=True,
    )
    latest_version = Char(_("Version in the database"), readonly=True, help=_("In the form clients compare: series and version."))
    installed_version = Char(_("Version of the package"), readonly=True)
    package_version = Char(_("Installed version"), readonly=True, help=_("As the package names it."))
    application = Boolean(_("Application"), readonly=True)
    auto_install = Boolean(
        _("Follows by itself"), readonly=True, help=_("Installed and enabled by itself when the addons it joins are.")
    )
    demo = Boolean(_("Demo data"), readonly=True, help=_("Demo data of the addon were loaded."))
    failure = Text(_("Why it cannot be used"), readonly=True)
    owned = Text(_("Owned tables and columns"), readonly=True, groups="base.group_system")
    loaded = Text(_("Loaded data files"), readonly=True, groups="base.group_system")

    def create(self, vals_list: Any) -> Any:
        """Only the life of addons makes rows."""
        raise self._refusal()

    def write(self, vals: dict[str, Any]) -> Any:
        """Only the life of addons changes rows; what is written here decides which tables a purge takes away."""
        raise self._refusal()

    def unlink(self) -> Any:
        """Only the life of addons deletes rows."""
        raise self._refusal()

    @staticmethod
    def _refusal() -> UserError:
        return UserError(
            _("The list of addons keeps itself. Use the commands of `colca addon`: install, upgrade, enable, disable, uninstall.")
        )

    @action(model=True)
    def update_list(self) -> Any:
        """Look for new packages. Returns `[updated, added]`, the numbers of rows changed and made."""
        from server.addon.listing import update_list

        self.check_access_rights("write")
        return list(update_list(self.env))


class IrCompanyAddon(Model, name="ir.company.addon"):
    """An addon that a company has enabled."""

    model_label = _("Enabled addon")
    rec_name = "addon"
    order = "company_id, addon"
    unique = [("company_id", "addon")]

    company_id = Many2one("res.company", _("Company"), required=True, readonly=True, ondelete="cascade")
    addon = Char(_("Addon"), required=True, readonly=True)


class IrSignal(Model, name="ir.signal"):
    """The two counters by which processes notice that the registry or the reference data changed; one row."""

    model_label = _("Signal")
    rec_name = "registry_version"

    registry_version = Integer(_("Registry version"), required=True, default=1)
    data_version = Integer(_("Data version"), required=True, default=1)
    watching = Integer(_("Watchers"), help=_("Webhooks and change feeds that want to hear of changes."))
