"""Addons as records: what is available and installed, which company enabled what, and the counters that processes watch.

The rows are written by `server.addon.lifecycle` with plain SQL, since they are needed before there is a registry; here they
become readable for clients (`ir.module.module` is what they probe first).
"""

from __future__ import annotations

from typing import Any

from server import Boolean, Char, Integer, Many2one, Model, One2many, Selection, Text, UserError, _, action
from server.addon import buttons

#: What a button answers: what the client shows may have changed.
RELOAD: dict[str, Any] = {"type": "ir.actions.client", "tag": "reload", "params": {}}


class IrModuleCategory(Model, name="ir.module.category"):
    """A shelf on which addons stand in lists; written with the rows of the addons."""

    model_label = _("Category of addons")
    order = "sequence, name"
    unique = [("name",)]

    name = Char(_("Name"), required=True)
    sequence = Integer(_("Order"), default=10)
    module_ids = One2many("ir.module.module", "category_id", _("Addons"))


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
    category = Char(_("Category by name"), readonly=True)
    category_id = Many2one("ir.module.category", _("Category"), readonly=True, ondelete="set null", index=True)
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

    # -- what clients do with addons --------------------------------------------------------------------------------
    @action
    def button_install(self) -> dict[str, Any]:
        """Mark these addons, and those they need, to be installed by `base.module.upgrade.upgrade_module`."""
        buttons.mark(self.env, self.mapped("name"), "to install")
        return dict(RELOAD)

    @action
    def button_upgrade(self) -> dict[str, Any]:
        """Mark these addons to be upgraded by `base.module.upgrade.upgrade_module`."""
        buttons.mark(self.env, self.mapped("name"), "to upgrade")
        return dict(RELOAD)

    @action
    def button_uninstall(self) -> dict[str, Any]:
        """Mark these addons, and those that need them, to be uninstalled by `base.module.upgrade.upgrade_module`."""
        buttons.mark(self.env, self.mapped("name"), "to remove")
        return dict(RELOAD)

    @action
    def button_immediate_install(self) -> dict[str, Any]:
        """Install these addons, and those they need, for all companies.

        :raises UserError: with the reason why not.
        """
        buttons.install(self.env, self.mapped("name"))
        return dict(RELOAD)

    @action
    def button_immediate_upgrade(self) -> dict[str, Any]:
        """Bring these addons to the version of their packages. :raises UserError: with the reason why not."""
        buttons.upgrade(self.env, self.mapped("name"))
        return dict(RELOAD)

    @action
    def button_immediate_uninstall(self) -> dict[str, Any]:
        """Take these addons, and those that need them, out of service; their data stay, until `colca addon purge`.

        :raises UserError: with the reason why not.
        """
        buttons.uninstall(self.env, self.mapped("name"))
        return dict(RELOAD)

    @action
    def button_install_cancel(self) -> bool:
        """Take back `button_install`."""
        buttons.unmark(self.env, ["to install"], self.mapped("name"))
        return True

    @action
    def button_upgrade_cancel(self) -> bool:
        """Take back `button_upgrade`."""
        buttons.unmark(self.env, ["to upgrade"], self.mapped("name"))
        return True

    @action
    def button_uninstall_cancel(self) -> bool:
        """Take back `button_uninstall`."""
        buttons.unmark(self.env, ["to remove"], self.mapped("name"))
        return True

    @action(model=True)
    def button_reset_state(self, *ids: Any) -> bool:
        """Take back every mark."""
        self.check_access_rights("write")
        buttons.unmark(self.env, buttons.MARKS)
        return True


class BaseModuleUpgrade(Model, name="base.module.upgrade"):
    """The wizard of other products that does what is marked on addons."""

    model_label = _("Upgrade addons")
    transient = True
    rec_name = "id"

    module_info = Text(_("Addons to be changed"), default=lambda env: _marked(env), readonly=True)

    @action
    def upgrade_module(self) -> dict[str, Any]:
        """Install, upgrade and uninstall what is marked; takes no ids. :raises UserError: with the reason why not."""
        self.env["ir.module.module"].check_access_rights("write")
        buttons.carry_out(self.env)
        return dict(RELOAD)

    @action
    def upgrade_module_cancel(self) -> dict[str, Any]:
        """Take back every mark."""
        self.env["ir.module.module"].button_reset_state()
        return {"type": "ir.actions.act_window_close"}


def _marked(env: Any) -> str:
    rows = env["ir.module.module"].sudo().search([("state", "in", list(buttons.MARKS))], order="name")
    return "\n".join(f"{row.name}: {row.state}" for row in rows)


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
