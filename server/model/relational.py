"""Relations: many2one, one2many, many2many, references; and the x2many commands of the external API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server import whereabouts
from server.db.types import Id as IdType
from server.errors import FieldError
from server.model.fields import Field
from server.model.scalars import Char, Integer

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.model.records import Records


class Siblings:
    """Ids to prefetch together with a relation's target: the targets of all records of the same set, found lazily."""

    __slots__ = ("field", "ids", "transaction", "key")

    def __init__(self, field: Field, records: Records) -> None:
        self.field = field
        self.ids = records._prefetch
        self.transaction = records.env.transaction
        self.key = field.key

    def __iter__(self) -> Iterator[int]:
        values = self.transaction.values.get(self.key, {})
        many = self.field.type != "many2one"
        for id in self.ids:
            value = values.get(id)
            if value:
                if many:
                    yield from value
                else:
                    yield value


def database_rule(ondelete: str) -> str | None:
    """The ON DELETE action of a foreign key. What restricts has none: that is checked after the statement, where SQLite's
    RESTRICT would refuse to delete a record together with those that point at it.
    """
    return None if ondelete.lower() == "restrict" else ondelete.upper()


class Many2one(Field):
    """A link to one record of `comodel`. `x_id` reads the id, `x` the record."""

    type = "many2one"

    def __init__(
        self,
        comodel: str = "",
        string: Any = None,
        *,
        ondelete: str | None = None,
        domain: Any = None,
        context: Any = None,
        check_company: bool = True,
        foreign_key: bool = True,
        **kw: Any,
    ) -> None:
        super().__init__(string, **kw)
        self.comodel = comodel
        self._ondelete = ondelete
        self.foreign_key = foreign_key
        self.domain = domain
        self.context = context
        self.check_company = check_company

    @property
    def ondelete(self) -> str:
        """SQL action when the target is deleted."""
        return (self._ondelete or ("restrict" if self.required else "set null")).lower()

    @property
    def record_name(self) -> str:
        """Name of the attribute that gives the record: `partner_id` → `partner`, `create_uid` → `create_user`."""
        if self.name.endswith("_uid"):
            return self.name[:-4] + "_user"
        return self.name[:-3] if self.name.endswith("_id") else self.name + "_record"

    def sql_type(self) -> Any:
        return IdType

    def constraints(self) -> Sequence[Any]:
        if self.company_dependent or not self.foreign_key:
            return ()
        target = f"{self.comodel.replace('.', '_')}.id"
        # created after the tables, so that circles of tables are no trouble
        name = f"fk_{self.model_name.replace('.', '_')}_{self.name}"
        return (sa.ForeignKey(target, ondelete=database_rule(self.ondelete), name=name, use_alter=False),)

    def coerce(self, value: Any, env: Environment) -> Any:
        if value is None or value is False or value == "":
            return None
        if isinstance(value, bool):
            raise self.complain(value, f"the id of a {self.comodel}")
        if isinstance(value, int):
            if value == 0:  # what an empty list box sends
                return None
            if not abs(value) < 2**63:
                raise self.complain(value, f"the id of a {self.comodel}")
            return value
        ids = getattr(value, "_ids", None)
        if ids is not None:
            if value._name != self.comodel:
                raise self.complain(value, f"a {self.comodel}")
            if len(ids) > 1:
                value.ensure_one()
            return ids[0] if ids else None
        if isinstance(value, (list, tuple)) and len(value) == 2 and isinstance(value[0], int):
            return value[0] or None
        try:
            return int(value) or None
        except (TypeError, ValueError):
            raise self.complain(value, f"the id of a {self.comodel}") from None

    def describe(self, env: Environment) -> dict[str, Any]:
        entry = super().describe(env)
        entry["relation"] = self.comodel
        entry["domain"] = self.domain if self.domain is not None else []
        entry["context"] = self.context or {}
        return entry


class RecordOf:
    """The attribute beside a many2one that gives the record."""

    __slots__ = ("field",)

    def __init__(self, field: Many2one) -> None:
        self.field = field

    def __get__(self, records: Records | None, owner: type | None = None) -> Any:
        if records is None:
            return self
        id = self.field.__get__(records)
        target = records.env[self.field.comodel]
        if id is None:
            return target
        return target._make(target.env, (id,), Siblings(self.field, records))

    def __set__(self, records: Records, value: Any) -> None:
        self.field.__set__(records, value)


class ToMany(Field):
    """Base of one2many and many2many: the attribute is a record set, the cache holds a tuple of ids."""

    is_column = False
    null = ()
    wire_null = ()

    def __get__(self, records: Records | None, owner: type | None = None) -> Any:
        if records is None:
            return self
        target = records.env[self.comodel]
        if not records._ids:
            return target
        if len(records._ids) > 1:
            return records._union_of(self)
        ids = super().__get__(records, owner)
        return target._make(target.env, tuple(ids), Siblings(self, records))

    def wire(self, value: Any) -> Any:
        return list(value or ())

    def cache_key(self, env: Environment) -> tuple[Any, ...]:
        """Archived records are hidden or not by the context, so the answers are kept apart."""
        return self.key if env.context.get("active_test", True) else (*self.key, "all")

    @property
    def searchable(self) -> bool:
        return bool(self.store or self.search or self.related)

    def describe(self, env: Environment) -> dict[str, Any]:
        entry = super().describe(env)
        entry["relation"] = self.comodel
        entry["domain"] = list(getattr(self, "domain", None) or [])
        entry["context"] = getattr(self, "context", None) or {}
        entry["store"] = self.store and not self.computed
        entry["sortable"] = False
        return entry


class One2many(ToMany):
    """The records of `comodel` whose many2one `inverse_name` points here."""

    type = "one2many"

    def __init__(
        self, comodel: str = "", inverse_name: str = "", string: Any = None, *, domain: Any = None, context: Any = None, **kw: Any
    ) -> None:
        kw.setdefault("copy", False)
        super().__init__(string, **kw)
        self.comodel = comodel
        self.inverse_name = inverse_name
        self.domain = domain
        self.context = context

    def describe(self, env: Environment) -> dict[str, Any]:
        entry = super().describe(env)
        if self.inverse_name:
            entry["relation_field"] = self.inverse_name
        return entry


class Many2many(ToMany):
    """Any number of records of `comodel`, linked through a table of pairs."""

    type = "many2many"

    def __init__(
        self,
        comodel: str = "",
        string: Any = None,
        *,
        relation: str | None = None,
        column1: str | None = None,
        column2: str | None = None,
        domain: Any = None,
        context: Any = None,
        ondelete: str = "cascade",
        **kw: Any,
    ) -> None:
        super().__init__(string, **kw)
        self.comodel = comodel
        self.relation = relation
        self.column1 = column1
        self.column2 = column2
        self.domain = domain
        self.context = context
        self.ondelete_target = ondelete

    def names(self) -> tuple[str, str, str]:
        """(table, column of this model, column of the comodel)."""
        mine, theirs = self.model_name.replace(".", "_"), self.comodel.replace(".", "_")
        relation = self.relation or f"{mine}_{self.name}_rel"
        one, two = self.column1 or f"{mine}_id", self.column2 or f"{theirs}_id"
        if one == two:
            two = f"{two}_2"
        return relation, one, two


class Reference(Char):
    """`"model,id"` of a record of any model."""

    type = "reference"

    def coerce(self, value: Any, env: Environment) -> Any:
        if hasattr(value, "_ids"):
            return f"{value._name},{value.id}" if value._ids else None
        value = super().coerce(value, env)
        if value is not None:
            model, comma, id = value.partition(",")
            if not comma or not id.isdigit() or model not in env:
                raise self.complain(value, "a reference like 'res.partner,7' to a known model")
        return value


class Many2oneReference(Integer):
    """The id of a record whose model is named by the field `model_field`."""

    type = "many2one_reference"

    def __init__(self, string: Any = None, *, model_field: str = "res_model", **kw: Any) -> None:
        super().__init__(string, **kw)
        self.model_field = model_field


def normalise_commands(field: ToMany, value: Any) -> list[tuple[int, Any, Any]]:
    """x2many `value` as a list of full `(code, id, argument)` commands; a bare list of ids or a record set means set, an empty
    list no command at all, nothing (`False`) clears.

    :raises FieldError: for anything that is not a command of the external API.
    """
    if value is None or value is False or value == "":
        return [(5, 0, 0)]
    if hasattr(value, "_ids"):
        return [(6, 0, list(value._ids))]
    if isinstance(value, (list, tuple)) and not value:
        return []
    if not isinstance(value, (list, tuple)):
        raise field.complain(value, "a list of commands or ids")
    if all(isinstance(v, int) and not isinstance(v, bool) for v in value):
        return [(6, 0, list(value))]
    commands: list[tuple[int, Any, Any]] = []
    try:
        for item in value:
            commands.append(_command(field, item))
    except FieldError as error:
        whereabouts.at(error, len(commands))
        raise
    return commands


def _command(field: ToMany, item: Any) -> tuple[int, Any, Any]:
    """One command, complete. :raises FieldError: when it is none."""
    if isinstance(item, int) and not isinstance(item, bool):
        return (4, item, 0)
    if isinstance(item, dict):
        return (0, 0, item)
    if not isinstance(item, (list, tuple)) or not item or not isinstance(item[0], int) or not 0 <= item[0] <= 6:
        raise field.complain(item, "a command like [0, 0, {…}], [4, id] or [6, 0, ids]")
    code = int(item[0])
    second = item[1] if len(item) > 1 else 0
    third = item[2] if len(item) > 2 else 0
    if code in (0, 1) and not isinstance(third, dict):
        raise field.complain(item, "a mapping of values as the third member")
    if code in (1, 2, 3, 4):
        second = _id(field, second)
    if code == 6:
        if hasattr(third, "_ids"):
            third = list(third._ids)
        if third in (0, False, None, ""):
            third = []
        if not isinstance(third, (list, tuple)):
            raise field.complain(item, "a list of ids as the third member")
        third = [_id(field, x) for x in third]
    return (code, second, third)


def _id(field: Field, value: Any) -> int:
    if hasattr(value, "_ids"):
        return int(value.ensure_one().id)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise field.complain(value, "an id")
    try:
        number = int(value)
    except ValueError:
        raise field.complain(value, "an id") from None
    if not 0 < number < 2**63:
        raise field.complain(value, "an id")
    return number
