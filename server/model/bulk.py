"""Writing different values to many records in one call, with as many statements as for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server import whereabouts
from server.errors import FieldError, UserError
from server.model.decorators import action
from server.model.relational import Many2one
from server.model.together import together

if TYPE_CHECKING:
    from server.model.fields import Field


class Bulk:
    """Mixin of `Records`: write_multi."""

    __slots__ = ()

    @action
    def write_multi(self: Any, vals_list: list[Any]) -> bool:
        """Write to each record the values at its place in `vals_list`; true.

        One UPDATE per set of columns, whatever the number of records, and rules are checked once for all of them. What an addon's
        own `write` and constraints ask the database beside is asked for each record.

        :raises FieldError: when there are not as many mappings as records, or as `write`.
        """
        if len(vals_list) != len(self._ids):
            raise FieldError(
                f"{self._name}.write_multi takes one mapping of values for each of the {len(self._ids)} records (each id once); "
                f"it was given {len(vals_list)}.",
                model=self._name,
            )
        if not self._ids:
            return True
        self.check_outside("write", lock=True)
        self._fetch_targets(vals_list)
        done = 0
        try:
            with together(self):
                for id, vals in zip(self._ids, vals_list, strict=True):
                    self._with_ids((id,)).write(vals)
                    done += 1
        except (FieldError, UserError) as error:
            if done < len(vals_list):
                whereabouts.lift(error, done)
                whereabouts.in_argument(error, "vals_list")
            raise
        return True

    def _fetch_targets(self: Any, vals_list: list[Any]) -> None:
        """Load at once what the links will be compared with: records behind the company wall."""
        wanted: dict[str, dict[int, None]] = {}
        for vals in vals_list:
            for name, value in vals.items() if isinstance(vals, dict) else ():
                field: Field | None = self._fields.get(self._aliases.get(name, name))
                if isinstance(field, Many2one) and field.check_company and type(value) is int:
                    wanted.setdefault(field.comodel, {})[value] = None
        for model, ids in wanted.items():
            target = self.env[model]
            if target._walled_model:
                known = self.env.transaction.values[(model, "create_date")]
                unknown = [id for id in ids if id not in known]
                if unknown:
                    target.browse(unknown)._fetch_rows(unknown)
