"""Nested reads: a specification (`web_read` and its family) brings records and what stands behind their relations in one call.

Each relation named costs one more query for all rows together, never one per row. What a user may not see of a list is left out
of it; a forbidden record behind a many2one is refused, as `read` refuses it, but its name may always be shown. Dotted paths are
in `paths.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.errors import FieldError
from server.model.decorators import action
from server.model.fields import Field
from server.model.paths import DEEPEST, names_of
from server.model.relational import Many2one, Many2oneReference, Reference, ToMany


class Nested:
    """Mixin of `Records`: nested reads, and saving that answers with one."""

    __slots__ = ()

    @action(readonly=True)
    def web_read(self: Any, specification: dict[str, Any]) -> list[dict[str, Any]]:
        """Rows as `specification` asks: `{field: {}}` plain, `{field: {"fields": {…}, "context": {…}}}` nested; to-many fields
        take `limit` and `order` as well. Missing records are left out.

        A many2one is a bare id, or with `fields` a mapping; a to-many field is a list of ids, or with `fields` of mappings, those
        beyond `limit` with their `id` only.
        """
        spec = checked(self, specification)
        return filled(self, self.read(list(spec) or ["id"], load=None), spec)

    @action(model=True, readonly=True)
    def web_search_read(
        self: Any,
        domain: Any = None,
        specification: dict[str, Any] | None = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        count_limit: int | None = None,
    ) -> dict[str, Any]:
        """`{length, records}`: one page as `web_read` gives it, and how many records match; counting stops at `count_limit`, so
        that a list of millions costs no more than it shows.

        A page that is not full tells the length by itself: nothing is counted then.
        """
        rows = self._search_nested(domain, specification or {}, offset, limit, order)
        seen = len(rows) + (int(offset) if offset else 0)
        whole_page = bool(limit) and len(rows) == limit
        beyond = not rows and bool(offset)
        if beyond or (whole_page and not (count_limit and count_limit <= seen)):
            seen = self.search_count(domain, limit=count_limit)
        return {"length": seen, "records": rows}

    def _search_nested(self: Any, domain: Any, specification: Any, offset: Any, limit: Any, order: Any) -> list[dict[str, Any]]:
        spec = checked(self, specification)
        return filled(self, self.search_read(domain, list(spec) or ["id"], offset, limit, order, load=None), spec)

    @action(model=True, readonly=True)
    def web_name_search(
        self: Any,
        name: str = "",
        specification: dict[str, Any] | None = None,
        domain: Any = None,
        operator: str = "ilike",
        limit: int | None = 100,
    ) -> list[dict[str, Any]]:
        """`name_search` with rows as `web_read` gives them."""
        spec = checked(self, specification or {"display_name": {}})
        pairs = self.name_search(name, domain, operator, limit)
        if spec.keys() <= {"id", "display_name"}:
            return [{"id": id, "display_name": shown} for id, shown in pairs]
        return self.browse([id for id, _shown in pairs]).web_read(spec)  # type: ignore[no-any-return]

    @action
    def web_save(
        self: Any, vals: dict[str, Any], specification: dict[str, Any], next_id: int | None = None
    ) -> list[dict[str, Any]]:
        """Write `vals` to these records, or create one when there are none; then `web_read` of it, or of `next_id`."""
        spec = checked(self, specification)
        if self._ids:
            if vals:
                self.write(vals)
            saved = self
        else:
            saved = self.create([vals])
        return (self.browse(int(next_id)) if next_id else saved).web_read(spec)  # type: ignore[no-any-return]

    @action
    def web_save_multi(self: Any, vals_list: list[dict[str, Any]], specification: dict[str, Any]) -> list[dict[str, Any]]:
        """Write to each record the values at its place in `vals_list`; then `web_read` of all."""
        spec = checked(self, specification)
        if not isinstance(vals_list, (list, tuple)) or len(vals_list) != len(self._ids):
            raise FieldError(f"web_save_multi takes one mapping of values for each of the {len(self._ids)} records.")
        for record, vals in zip(self, vals_list, strict=True):
            if vals:
                record.write(vals)
        return self.web_read(spec)  # type: ignore[no-any-return]


def checked(records: Any, specification: Any, depth: int = 0) -> dict[str, dict[str, Any]]:
    """A specification in full: every field's entry is a mapping, nested ones too.

    :raises FieldError: an unknown field, or what is no specification.
    """
    if not isinstance(specification, Mapping):
        raise FieldError(
            f"Invalid specification {str(specification)[:80]!r} for {records._name}: expected a mapping of field names."
        )
    if depth > DEEPEST:
        raise FieldError(f"The specification is nested deeper than {DEEPEST} levels.")
    full: dict[str, dict[str, Any]] = {}
    for name, entry in specification.items():
        field = records._field(name) if isinstance(name, str) else None
        if field is None:
            raise FieldError(f"Invalid field {name!r} in the specification of {records._name}.")
        entry = {} if entry is None or isinstance(entry, bool) or entry == "" else entry
        if not isinstance(entry, Mapping):
            raise FieldError(f"Invalid specification {str(entry)[:80]!r} for {records._name}.{name}: expected a mapping.")
        entry = dict(entry)
        context = entry.get("context")
        if context is not None and not isinstance(context, Mapping):
            raise FieldError(f"Invalid context {str(context)[:80]!r} in the specification of {records._name}.{name}.")
        if "fields" in entry and field.comodel:
            entry["fields"] = checked(records.env[field.comodel], entry["fields"] or {}, depth + 1)
        elif "fields" in entry and not isinstance(entry["fields"], Mapping):
            raise FieldError(f"Invalid specification {str(entry['fields'])[:80]!r} for {records._name}.{name}.")
        full[name] = entry
    return full


def filled(records: Any, rows: list[dict[str, Any]], spec: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of bare ids with what the specification asks of relations put in."""
    if rows:
        for name, entry in spec.items():
            field = records._field(name)
            if isinstance(field, Many2one):
                _fill_one(records, rows, name, field, entry)
            elif isinstance(field, ToMany):
                _fill_many(records, rows, name, field, entry)
            elif isinstance(field, (Reference, Many2oneReference)):
                _fill_reference(records, rows, name, field, entry)
    return rows


def _target(records: Any, model: str, entry: dict[str, Any]) -> Any:
    """The model behind a relation, in the context that the specification gives it."""
    target = records.env[model]
    context = entry.get("context")
    if not context:
        return target
    # Whose companies these are was settled with the call; what starts with an underscore is said among methods of the server.
    kept = {k: v for k, v in context.items() if not str(k).startswith("_") and k not in ("allowed_company_ids", "uid")}
    return target.with_context(**kept)


def _fill_one(records: Any, rows: list[dict[str, Any]], name: str, field: Field, entry: dict[str, Any]) -> None:
    if "fields" not in entry:
        return
    target = _target(records, field.comodel, entry)
    found = _mappings(target, [row[name] for row in rows if row[name]], entry["fields"])
    for row in rows:
        row[name] = dict(found[row[name]]) if row[name] else False


def _mappings(target: Any, ids: list[int], spec: dict[str, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """{id: mapping} of records behind a many2one; who is gone or behind the wall has an id and a name at most."""
    records = target.browse(ids)
    inner = {name: entry for name, entry in spec.items() if name not in ("id", "display_name")}
    found: dict[int, dict[str, Any]] = {id: {"id": id} for id in records._ids}
    if inner:
        found.update((row["id"], row) for row in records.web_read(inner))
    if "display_name" in spec:
        names = names_of(target.env, target._name, records._ids)
        for id, mapping in found.items():
            mapping["display_name"] = names.get(id) or ""
    return found


def _fill_many(records: Any, rows: list[dict[str, Any]], name: str, field: Field, entry: dict[str, Any]) -> None:
    target = _target(records, field.comodel, entry)
    order, limit = entry.get("order"), _limit(entry.get("limit"), records, name)
    if order:
        everything = list(dict.fromkeys(id for row in rows for id in row[name]))
        ranked = target.with_context(active_test=False).search_ids([("id", "in", everything)], order=order) if everything else ()
        rank = {id: place for place, id in enumerate(ranked)}
        for row in rows:
            row[name] = sorted((id for id in row[name] if id in rank), key=rank.__getitem__)
    if "fields" not in entry:
        return
    spec = entry["fields"]
    wanted = list(dict.fromkeys(id for row in rows for id in (row[name][:limit] if limit else row[name])))
    found = {row["id"]: row for row in filled(target, target.read_visible(wanted, list(spec) or ["id"], None), spec)}
    for row in rows:
        near = row[name][:limit] if limit else row[name]
        far = row[name][limit:] if limit else ()
        row[name] = [dict(found[id]) for id in near if id in found] + [{"id": id} for id in far]


def _limit(value: Any, records: Any, name: str) -> int:
    if value in (None, False, "", 0):
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise FieldError(f"Invalid limit {str(value)[:40]!r} in the specification of {records._name}.{name}.")
    return value


def _fill_reference(records: Any, rows: list[dict[str, Any]], name: str, field: Field, entry: dict[str, Any]) -> None:
    """References of any model: `{"id": {"id", "model"}, …}` with `fields`, for a many2one reference `{"id": n, …}`."""
    if "fields" not in entry:
        return
    targets: dict[int, tuple[str, int]] = {}
    if isinstance(field, Many2oneReference):
        models = {row["id"]: row[field.model_field] for row in records.browse([r["id"] for r in rows]).read([field.model_field])}
        targets = {row["id"]: (models[row["id"]], row[name]) for row in rows if row[name] and models.get(row["id"])}
    else:
        for row in rows:
            if row[name]:
                model, _comma, id = row[name].partition(",")
                targets[row["id"]] = (model, int(id))
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for model in dict.fromkeys(model for model, _id in targets.values()):
        if model not in records.env:
            continue
        target = _target(records, model, entry)
        alive = target.browse([id for m, id in targets.values() if m == model]).exists()
        for id, mapping in _mappings(target, alive.ids, checked(target, entry["fields"])).items():
            found[model, id] = mapping
    for row in rows:
        key = targets.get(row["id"])
        if key is None or key not in found:
            row[name] = False
        elif isinstance(field, Many2oneReference):
            row[name] = dict(found[key])
        else:
            row[name] = {**found[key], "id": {"id": key[1], "model": key[0]}}
