"""The kernel's own extension points. Each addon declares its own in its `hooks.py`, in a class of the same name.

Every implementation runs in the transaction of the caller, with the caller's environment; to go beyond its user's rights it uses
`.sudo()` on records. Raising a `UserError` refuses the whole call: nothing is saved. What has to happen outside the database
(mail, stamping, a web service) is not done here but put into the outbox, `env.enqueue(…)`.
"""

from __future__ import annotations

from typing import Any

from server.hooks.markers import hookspec


class Specs:
    """Extension points of the kernel; always present, whatever is enabled."""

    @hookspec
    def addon_enabled(self, env: Any, company: Any, addon: str) -> None:
        """An addon has just been enabled for a company: create what each company needs of its own (chart of accounts, warehouse,
        journals).

        Called once per company and addon, after the addon's data files are loaded, dependencies first. Every enabled addon hears
        it for every addon, so compare `addon` with your own name first. It must bear a second run: enable, disable, enable again
        finds the records of the first time.

        :param env: environment of the superuser inside `company`; `env.company` is `company`.
        :param company: record of `res.company`.
        :param addon: technical name of the addon that was enabled.
        :raises UserError: refuses; the addon stays disabled for this company.

        Two implementations: both run, in the order of dependencies. Nothing is returned.

        Example::

            @hookimpl
            def addon_enabled(self, env, company, addon):
                if addon == "stock":
                    env["stock.warehouse"].create_for(company)
        """

    @hookspec
    def addon_disabling(self, env: Any, company: Any, addon: str) -> None:
        """An addon is about to be disabled for a company: refuse while work is open (an addon can be hidden only when nobody
        waits for it).

        Called before anything changes. Data stays in the database; do not delete it here.

        :param env: environment of the superuser inside `company`.
        :param company: record of `res.company`.
        :param addon: technical name of the addon that is going to be disabled.
        :raises UserError: refuses; the addon stays enabled. Name the documents that are open.

        Two implementations: both run, and one refusal is enough. Nothing is returned.

        Example::

            @hookimpl
            def addon_disabling(self, env, company, addon):
                if addon == "stock" and env["stock.picking"].search_count([("state", "=", "assigned")]):
                    raise UserError(_("Stock cannot be disabled: there are reserved transfers. Ship or cancel them first."))
        """

    @hookspec
    def record_created(self, env: Any, records: Any) -> None:
        """Records of any model were created, by whatever door; for addons that follow many models (audit, search index,
        synchronisation).

        Called once per `create` call, after constraints were checked. For one model of your own override `create` instead: it is
        cheaper and easier to find.

        :param env: environment of the call.
        :param records: set of the new records; `records._name` tells the model.
        :raises UserError: refuses the creation.

        Two implementations: both run. Nothing is returned. Not called for the kernel's own log models (history, outbox,
        messages).

        Example::

            @hookimpl
            def record_created(self, env, records):
                if records._name in FOLLOWED:
                    env.enqueue("index.add", {"model": records._name, "ids": records.ids})
        """

    @hookspec
    def record_written(self, env: Any, records: Any, vals: dict[str, Any]) -> None:
        """Records of any model were changed by a `write` call or an assignment.

        Called once per `write`, and an assignment is a write of one field: ask in one call where many fields change. Recomputed
        fields are not reported.

        :param env: environment of the call.
        :param records: set of the changed records.
        :param vals: field name → new value, as written. Do not edit it: it is shared with the other implementations.
        :raises UserError: refuses the change.

        Two implementations: both run. Nothing is returned. Not called for rows of history and outbox.

        Example::

            @hookimpl
            def record_written(self, env, records, vals):
                if records._name == "res.partner" and "vat" in vals:
                    env.enqueue("vat.check", {"ids": records.ids})
        """

    @hookspec
    def record_deleting(self, env: Any, records: Any) -> None:
        """Records of any model are about to be deleted; they can still be read.

        Called once per `unlink` call, after access was checked. Rows that follow by cascade in the database are not reported.

        :param env: environment of the call.
        :param records: set of records that will be gone.
        :raises UserError: refuses the deletion; say what holds on to which record.

        Two implementations: both run, and one refusal is enough. Nothing is returned. Not called for rows of history and outbox.

        Example::

            @hookimpl
            def record_deleting(self, env, records):
                if records._name == "res.partner" and env["loyalty.card"].search_count([("partner_id", "in", records.ids)]):
                    raise UserError(_("The contact still has loyalty cards. Close them first."))
        """

    @hookspec
    def database_neutralized(self, env: Any) -> None:
        """A copy of a database was made harmless: stop what the addon talks to, so that a test copy stamps no invoice, charges no
        card and calls no carrier.

        The kernel has archived schedules, cancelled waiting jobs and turned mail into files. Called once, in the transaction that
        does it.

        :param env: environment of the superuser in the main company.
        :raises UserError: refuses; the copy is not made.

        Two implementations: both run. Nothing is returned.

        Example::

            @hookimpl
            def database_neutralized(self, env):
                env["carrier.account"].search([]).write({"production": False})
        """
