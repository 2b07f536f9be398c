"""System parameters: keys and values that administrators may see and change. Typed access to declared ones is `env.settings`."""

from __future__ import annotations

from typing import Any

from server import Char, Many2one, Model, Text, ValidationError, _, action, constrains


class IrConfigParameter(Model, name="ir.config_parameter"):
    """One parameter of the whole database, or of one company."""

    model_label = _("System parameter")
    order = "key"
    rec_name = "key"
    reference = True
    history = True
    unique = [("key", "company_id")]

    key = Char(_("Key"), required=True)
    value = Text(_("Value"), tracking=True)
    company_id = Many2one(
        "res.company", _("Company"), ondelete="cascade", default=lambda env: None, help=_("Empty: for the whole database.")
    )

    @constrains("key", "company_id")
    def _check_unique(self) -> None:
        """SQL takes two empty companies for different ones, so the uniqueness of global keys is checked here."""
        keys = [row.key for row in self if not row.company_id]
        if not keys:
            return
        found = self.sudo().search([("key", "in", keys), ("company_id", "=", False)])
        if len(found) > len(set(keys)):
            raise ValidationError(
                _("There is already a system parameter %(key)s. Change its value instead of adding another.", key=keys[0])
            )

    @action(model=True, readonly=True)
    def get_param(self, key: str, default: Any = False) -> Any:
        """The value (a string) of a parameter of the whole database, `default` when it is not set."""
        self.env.access.check("ir.config_parameter", "read")
        value = self._value(key)
        return default if value is None else value

    def _value(self, key: str, company_id: int | None = None) -> str | None:
        """The stored string, without any check of rights; no query after the first call."""
        stored: dict[tuple[str, int | None], str | None] = self.env.process_cache("ir.config_parameter", self._load)
        return stored.get((key, company_id))

    def _load(self) -> dict[tuple[str, int | None], str | None]:
        table = self.table
        rows = self.env.execute(table.select().with_only_columns(table.c.key, table.c.company_id, table.c.value))
        return {(row.key, row.company_id): row.value for row in rows}

    @action(model=True)
    def set_param(self, key: str, value: Any) -> Any:
        """Set a parameter of the whole database; an empty value removes it. Answers the value before, or False."""
        return self._set(key, None if value is None or value is False else str(value), None)

    def _set(self, key: str, value: str | None, company_id: int | None) -> Any:
        row = self.search([("key", "=", key), ("company_id", "=", company_id or False)], limit=1)
        before = row.value if row else False
        if value is None or value == "":
            row.unlink()
        elif row:
            if row.value != value:
                row.write({"value": value})
        else:
            self.create({"key": key, "value": value, "company_id": company_id})
        return before
