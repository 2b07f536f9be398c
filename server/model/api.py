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
