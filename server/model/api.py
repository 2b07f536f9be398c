"""What clients of the external API expect on every model beside create, read, write, unlink and search."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from server.errors import AccessError, FieldError, UserError
from server.model.decorators import action

OPERATIONS = ("read", "write", "create", "unlink")


class External:
    """Mixin of `Records`: rights, archiving, names and metadata."""

    __slots__ = ()

    @action(model=True)
    def load(self: Any, fields: list[str], data: list[list[Any]]) -> dict[str, Any]:
        """Import a table: `{"ids": [id, …], "messages": [], "nextrow": 0}`; with any error `ids` is False, nothing is saved, and
        each message says `type`, `message`, `record` (row from 0), `rows` (from, to), `field`, `value`.

        :param fields: a column path for each cell: `field`, `field/id` (external id), `field/.id` (database id), `id`, `.id`,
            `lines/field`; `field:es_MX` for a translation.
        :param data: rows of cells. A row whose cells outside of the lines are empty continues the record above it. An external id
            that exists updates that record, another one is given to a new one; records that are the same already are left alone.
        """
        from server.exchange.load import load

        return load(self, fields, data)

    @action
    def export_data(self: Any, fields_to_export: list[str]) -> dict[str, Any]:
        """The records as a table that `load` takes: `{"datas": [[…], …]}`, empty cells as `""`.

        :param fields_to_export: column paths, as for `load`; also `partner_id/country_id/code`. Lines stand in rows of their own.
            The column `id` gives records without an external id one (`__export__.…`).
        """
        from server.exchange.export import export

        return {"datas": export(self, fields_to_export)}

    @action(readonly=True)
    def get_external_id(self: Any) -> dict[int, str]:
        """{id: external id, or "" for a record without one}."""
        from server.exchange.finder import external_ids

        self.check_outside("read")
        known = external_ids(self.env, self._name, self._ids)
        return {id: known.get(id, "") for id in self._ids}

    @action(model=True)
    def name_create(self: Any, name: str) -> list[Any]:
        """A record with just a name: `[id, display_name]`."""
        field = self._field(self._rec_name)
        record = self.create({"name" if field.computed and not field.inverse and "name" in self._fields else field.name: name})
        return [record.id, record.display_name]

    @action(model=True, readonly=True)
    def check_access_rights(self: Any, operation: str, raise_exception: bool = True) -> bool:
        """May the user do `operation` on this model?

        :raises AccessError: when not and `raise_exception`.
        """
        self._check_operation(operation)
        if self.env.su or self.env.access.allowed(self._name, operation):
            return True
        if raise_exception:
            self.env.access.check(self._name, operation)
        return False

    @action(readonly=True)
    def check_access(self: Any, operation: str) -> None:
        """Raise AccessError unless the user may do `operation` on these records."""
        self._check_operation(operation)
        self.check_outside(operation)

    @action(readonly=True)
    def has_access(self: Any, operation: str) -> bool:
        """May the user do `operation` on these records?"""
        self._check_operation(operation)
        try:
            self.check_outside(operation)
        except (AccessError, UserError):
            return False
        return True

    @staticmethod
    def _check_operation(operation: Any) -> None:
        if operation not in OPERATIONS:
            raise FieldError(f"Invalid operation {str(operation)[:40]!r}. Known: {', '.join(OPERATIONS)}.")

    @action
    def action_archive(self: Any) -> None:
        """Archive the records."""
        self.write({"active": False})

    @action
    def action_unarchive(self: Any) -> None:
        """Bring archived records back."""
        self.write({"active": True})

    @action
    def toggle_active(self: Any) -> None:
        """Archive the active records, bring back the archived ones."""
        active = self.filtered("active")
        active.write({"active": False})
        (self - active).write({"active": True})

    @action(readonly=True)
    def get_metadata(self: Any) -> list[dict[str, Any]]:
        """Who made and changed each record, when, and its external ids."""
        env = self.env
        xmlids: dict[int, list[Any]] = {}
        if self._ids:
            data = env["ir.model.data"].table
            for row in env.execute(
                sa.select(data.c.res_id, data.c.module, data.c.name, data.c.noupdate).where(
                    data.c.model == self._name, data.c.res_id.in_(self._ids)
                )
            ):
                xmlids.setdefault(row.res_id, []).append((f"{row.module}.{row.name}", bool(row.noupdate)))
        rows = self.read(["create_uid", "create_date", "write_uid", "write_date"])
        for row in rows:
            known = xmlids.get(row["id"], [])
            row["xmlid"] = known[0][0] if known else False
            row["xmlids"] = [{"xmlid": x, "noupdate": n} for x, n in known]
            row["noupdate"] = known[0][1] if known else False
        return rows  # type: ignore[no-any-return]

    @action(readonly=True)
    def perm_read(self: Any) -> list[dict[str, Any]]:
        """Older name of `get_metadata`."""
        rows: list[dict[str, Any]] = self.get_metadata()
        return rows

    @action(model=True, readonly=True)
    def get_views(self: Any, views: Any, options: dict[str, Any] | None = None) -> dict[str, Any]:
        """The declared views of this model, composed for the enabled addons, with the fields they use."""
        from server.views.service import get_views

        return get_views(self, views, options)
