"""Loading the items of data files into the database, set-wise, and again on every upgrade without trampling on what people
changed.

For each value two short digests are kept with the external id: of the text in the file, and of what the database held after
loading. On an upgrade a value whose file text is the same costs nothing; one that changed is written only if the database still
holds what was loaded; otherwise a person changed it: it is left alone and reported.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.addon.bookkeeping import Known, Report, digest, mark, parse
from server.addon.datafiles import Item, Ref, day, read, references
from server.errors import ColcaError, UserError
from server.text import _

if TYPE_CHECKING:
    from server.addon.manifest import Addon
    from server.model.environment import Environment

_TO_MANY = ("one2many", "many2many")


class Loader:
    """Loads files of several addons in one transaction; remembers the external ids so that each is looked up once."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.known: dict[str, Known] = {}
        self.created_now: set[str] = set()
        #: external ids whose row must be written
        self.touched: dict[str, Known] = {}
        self._read_known()

    def _read_known(self) -> None:
        table = self.env["ir.model.data"].table.c
        query = sa.select(table.id, table.module, table.name, table.model, table.res_id, table.noupdate, table.digest)
        for row in self.env.execute(query):
            self.known[f"{row.module}.{row.name}"] = Known(row.model, row.res_id, bool(row.noupdate), parse(row.digest), row.id)

    def load(
        self,
        env: Environment,
        addon: Addon,
        files: Iterable[str],
        loaded: dict[str, str],
        seen: set[str],
        settle: Callable[[], None] = lambda: None,
    ) -> Report:
        """Load the files of an addon in their order; unchanged files (by `loaded`: file → digest, updated here) are skipped.

        :param env: superuser environment whose models are those the addon may see.
        :param seen: external ids the addon's files made before, completed here; those that are gone now were deleted by a person.
        :param settle: called after each file.
        :raises DataFileError: naming file, line, column, value and what to do.
        """
        self.env = env
        report = Report()
        for file in files:
            path = addon.path / file
            content = hashlib.blake2b(path.read_bytes(), digest_size=12).hexdigest() if path.is_file() else ""
            if content and loaded.get(file) == content:
                continue
            items = self._without_deleted(read(Path(path), addon.name), seen, report)
            report.add(self.load_items(items, addon.name))
            seen.update(item.xmlid for item in items if item.xmlid in self.created_now)
            report.files += 1
            loaded[file] = content
            settle()
        return report

    def _without_deleted(self, items: list[Item], seen: set[str], report: Report) -> list[Item]:
        """The items without records that a person deleted since they were loaded, and without what refers to them."""
        gone = {xmlid for xmlid in seen if xmlid not in self.known}
        left = []
        for item in items if gone else []:
            lost = sorted({ref.xmlid for ref in item.refs() if ref.xmlid in gone})
            if item.xmlid in gone:
                report.kept.append(_("%(xmlid)s was deleted and stays so.", xmlid=item.xmlid))
            elif lost and item.call:
                continue
            elif lost and item.xmlid not in self.known:
                report.kept.append(
                    _("%(xmlid)s is left out: it refers to %(gone)s, which was deleted.", xmlid=item.xmlid, gone=lost[0])
                )
                gone.add(item.xmlid)
            else:
                item.values = {
                    name: value for name, value in item.values.items() if not any(ref.xmlid in gone for ref in references(value))
                }
                left.append(item)
        return left if gone else items

    def load_items(self, items: list[Item], addon: str) -> Report:
        """Load items in the order of the file, grouped so that each model needs as few calls as its references allow."""
        report = Report()
        for batch in self._batches(items):
            if batch[0].call:
                self._call(batch[0])
                continue
            new = [item for item in batch if item.xmlid not in self.known]
            old = [item for item in batch if item.xmlid in self.known]
            if new:
                self._create(new, addon)
                report.created += len(new)
            if old:
                report.add(self._update(old, addon))
        self.env.flush()
        self._save_known()
        return report

    # -- grouping ----------------------------------------------------------------------------------------------------
    @staticmethod
    def _batches(items: list[Item]) -> list[list[Item]]:
        """Each item joins the last batch of its model (and company) that comes after all batches it refers to."""
        batches: list[list[Item]] = []
        keys: list[tuple[str, str]] = []
        place: dict[str, int] = {}
        for item in items:
            company = item.company or item.values.get("company_id")
            key = (item.model, str(company) if isinstance(company, Ref) else "")
            if item.call:
                batches.append([item])
                keys.append(("", ""))
                continue
            after = max((place[ref.xmlid] for ref in item.refs() if ref.xmlid in place and ref.xmlid != item.xmlid), default=-1)
            after = max(after, place.get(item.xmlid, -1))
            last_call = max((index for index, batch in enumerate(batches) if batch[0].call), default=-1)
            after = max(after, last_call)
            index = next((index for index in range(len(batches) - 1, after, -1) if keys[index] == key), None)
            if index is None:
                batches.append([])
                keys.append(key)
                index = len(batches) - 1
            batches[index].append(item)
            place[item.xmlid] = index
        return batches

    # -- records -----------------------------------------------------------------------------------------------------
    def _model(self, item: Item) -> Any:
        """The empty set of the item's model in the company it belongs to."""
        env = self.env
        company = item.company or item.values.get("company_id")
        if isinstance(company, Ref):
            scoped = env.with_company(self._id(item, "company", company))
            if item.model not in scoped:  # the company has not enabled the addon yet: its data still load
                scoped._models = env._models
            env = scoped
        if item.model not in env:
            raise item.error(
                "model", item.model, _("There is no such model here. Correct the name, or add its addon to `depends`.")
            )
        return env[item.model]

    def _create(self, items: list[Item], addon: str) -> None:
        model = self._model(items[0])
        rows = [self._values(model, item) for item in items]
        try:
            records = model.create(rows)
        except (ColcaError, ValueError, TypeError) as error:
            raise self._guilty(items, error) from error
        self._translate(model, list(zip(items, records.ids, strict=True)))
        for item, res_id in zip(items, records.ids, strict=True):
            self.known[item.xmlid] = self.touched[item.xmlid] = Known(item.model, res_id, item.noupdate)
            self.created_now.add(item.xmlid)
        for item, record in zip(items, records, strict=True):
            known = self.known[item.xmlid]
            if item.noupdate:
                known.digests = {mark(item, addon): ""}
            else:
                known.digests = {
                    self._key(item, addon, name): digest(value) + self._held(record, name) for name, value in item.values.items()
                }

    def _guilty(self, items: list[Item], error: Exception) -> Exception:
        """The error with the place of the item; of the whole range when the model refused a set."""
        reason = error.message if isinstance(error, ColcaError) else str(error)
        first, last = items[0], items[-1]
        where = first.xmlid if len(items) == 1 else f"{len(items)} records up to line {last.line}, {last.xmlid}"
        return first.error(first.model, where, reason)

    def _update(self, items: list[Item], addon: str) -> Report:
        """Write what changed in the file and was not changed by a person."""
        report = Report()
        model = self._model(items[0])
        changed: list[tuple[Item, Known, list[str]]] = []
        for item in items:
            known = self.known[item.xmlid]
            if known.model != item.model:
                raise item.error(
                    "id", item.xmlid, _("This external id belongs to a %(model)s. Choose another.", model=known.model)
                )
            if item.noupdate and mark(item, addon) in known.digests:
                report.unchanged += 1
                continue
            names = [
                name
                for name, value in item.values.items()
                if known.digests.get(self._key(item, addon, name), "")[:12] != digest(value)
            ]
            if names:
                changed.append((item, known, names))
            else:
                report.unchanged += 1
        alive = set(model.browse([known.res_id for _item, known, _names in changed]).exists().ids) if changed else set()
        for item, known, names in changed:
            if known.res_id not in alive:
                report.kept.append(_("%(xmlid)s was deleted and stays so.", xmlid=item.xmlid))
                continue
            record = model.browse(known.res_id)
            self.touched[item.xmlid] = known
            values: dict[str, Any] = {}
            for name in names:
                key = self._key(item, addon, name)
                stored = known.digests.get(key, "")[12:]
                many = model._fields.get(name)
                if (
                    stored
                    and not key.endswith("+")
                    and (stored != self._held(record, name) or (many is not None and many.type == "one2many"))
                ):
                    report.kept.append(
                        _("%(xmlid)s, field %(field)s: changed by hand, left as it is.", xmlid=item.xmlid, field=name)
                    )
                    known.digests[key] = digest(item.values[name]) + stored
                    continue
                values[name] = item.values[name]
            if not values:
                continue
            part = Item(item.file, item.line, item.model, item.xmlid, values)
            try:
                vals = self._values(model, part)
                if vals:
                    record.write(vals)
            except (UserError, ValueError, TypeError) as error:
                raise self._guilty([item], error) from error
            self._translate(model, [(part, record.id)])
            if item.noupdate:
                known.digests[mark(item, addon)] = ""
            else:
                for name, value in values.items():
                    known.digests[self._key(item, addon, name)] = digest(value) + self._held(record, name)
            report.updated += 1
        return report

    def _key(self, item: Item, addon: str, name: str) -> str:
        """Name under which a value's digests are kept: `field`, `addon/field` when another addon amends the record, `+` for
        additions.
        """
        value = item.values[name]
        adds = (
            isinstance(value, Ref)
            and value.add
            or isinstance(value, list)
            and any(isinstance(part, Ref) and part.add for part in value)
        )
        own = item.xmlid.partition(".")[0] == addon
        return f"{'' if own else addon + '/'}{name}{'+' if adds else ''}"

    # -- values ------------------------------------------------------------------------------------------------------
    def _values(self, model: Any, item: Item) -> dict[str, Any]:
        """The item's values as `create` and `write` take them, without translations."""
        return {name: self._value(model, item, name, value) for name, value in item.values.items() if "@" not in name}

    def _value(self, model: Any, item: Item, name: str, value: Any) -> Any:
        field = model._fields.get(model._aliases.get(name, name))
        if field is None:
            raise item.error(
                name,
                value,
                _(
                    "The model %(model)s has no field %(field)s here. Correct the name, or add the field's addon to `depends`.",
                    model=model._name,
                    field=name,
                ),
            )
        if field.type in _TO_MANY:
            return self._many(model, item, name, field, value)
        if isinstance(value, Ref):
            target = self._id(item, name, value, field.comodel or None)
            return f"{self.known[value.xmlid].model},{target}" if field.type == "reference" else target
        if isinstance(value, (list, dict)) and field.type != "json":
            raise item.error(name, value, _("A single value is expected."))
        if isinstance(value, str):
            if field.type in ("date", "datetime"):
                value = day(value, model.env.today()) or value
            elif field.type == "json":
                try:
                    value = json.loads(value)
                except ValueError:
                    pass
            elif field.type == "many2one":
                raise item.error(
                    name, value, _("Write a reference: `%(field)s/id` in CSV, `ref:` and the external id in YAML.", field=name)
                )
        try:
            return field.coerce(value, model.env)
        except ValueError as error:
            raise item.error(name, value, str(error)) from None

    def _many(self, model: Any, item: Item, name: str, field: Any, value: Any) -> list[Any]:
        """x2many commands: references set, `+` references add, mappings make lines."""
        parts = value if isinstance(value, list) else [] if value is None else [value]
        ids: list[int] = []
        commands: list[Any] = []
        adding = False
        for part in parts:
            if isinstance(part, Ref):
                ids.append(self._id(item, name, part, field.comodel))
                adding = adding or part.add
            elif isinstance(part, dict):
                child = model.env[field.comodel]
                inner = Item(item.file, item.line, field.comodel, item.xmlid, part)
                commands.append((0, 0, self._values(child, inner)))
            else:
                raise item.error(name, part, _("A reference (`ref:` and an external id) or a mapping of values is expected."))
        if adding or commands:
            return [*commands, *((4, id, 0) for id in ids)]
        return [(6, 0, ids)]

    def _id(self, item: Item, column: str, ref: Ref, comodel: str | None = None) -> int:
        """Database id behind a reference; checks that it is of the right model."""
        known = self.known.get(ref.xmlid)
        if known is None:
            found = self.env.ref(ref.xmlid, raise_if_missing=False)  # made by a hook since this loader was opened
            if not found:
                raise item.error(
                    column, ref, _("There is no record of this external id. Correct it, or load its file before this one.")
                )
            known = self.known[ref.xmlid] = Known(found._name, found.id, noupdate=True, row=-1)
        if comodel and known.model != comodel:
            raise item.error(column, ref, _("It is a %(model)s, a %(wanted)s is needed.", model=known.model, wanted=comodel))
        return known.res_id

    def _translate(self, model: Any, pairs: list[tuple[Item, int]]) -> None:
        """Write the `field@lang` values, one pass per language over the whole set."""
        languages = dict.fromkeys(name.partition("@")[2] for item, _id in pairs for name in item.values if "@" in name)
        for lang in languages:
            there = model.with_context(lang=lang)
            for item, res_id in pairs:
                vals = {}
                for name, value in item.values.items():
                    base, _at, code = name.partition("@")
                    if code == lang and value not in (None, ""):
                        field = model._fields.get(base)
                        if field is None or not field.translate:
                            raise item.error(
                                name,
                                value,
                                _("The field %(field)s of %(model)s is not translatable.", field=base, model=model._name),
                            )
                        vals[base] = value
                for base, value in vals.items():
                    setattr(there.browse(res_id), base, value)

    def _held(self, record: Any, name: str) -> str:
        """Digest of what the database (or the transaction's cache) holds for a value."""
        base, _at, lang = name.partition("@")
        if lang:
            record = record.with_context(lang=lang)
        field = record._fields.get(record._aliases.get(base, base))
        if field is None or field.type == "one2many":
            return digest(None)
        try:
            value = field.__get__(record)
        except UserError:
            return digest(None)
        if field.type == "many2many":
            value = sorted(value.ids)
        return digest(value)

    # -- calls -------------------------------------------------------------------------------------------------------
    def _call(self, item: Item) -> None:
        """Call a method on records, if one of them was created in this run."""
        if not any(ref.xmlid in self.created_now for ref in item.records):
            return
        model = self._model(item)
        ids = [self._id(item, "records", ref, item.model) for ref in item.records]
        method = getattr(model.browse(ids), item.call, None)
        if method is None or item.call.startswith("_"):
            raise item.error("call", item.call, _("The model %(model)s has no such public method.", model=item.model))
        args = {name: self._id(item, name, value) if isinstance(value, Ref) else value for name, value in item.args.items()}
        try:
            method(**args)
        except (UserError, ValueError, TypeError) as error:
            raise item.error("call", item.call, error.message if isinstance(error, UserError) else str(error)) from error

    # -- external ids ------------------------------------------------------------------------------------------------
    def _save_known(self) -> None:
        """Write new external ids in one call, and changed digests in another."""
        data = self.env["ir.model.data"]
        fresh = [(xmlid, known) for xmlid, known in self.touched.items() if known.row is None]
        if fresh:
            rows = []
            for xmlid, known in fresh:
                module, _dot, name = xmlid.partition(".")
                values = {"module": module, "name": name, "model": known.model, "res_id": known.res_id}
                rows.append({**values, "noupdate": known.noupdate, "digest": known.text()})
            for (_xmlid, known), row in zip(fresh, data.create(rows).ids, strict=True):
                known.row = row
        new = {id(known) for _xmlid, known in fresh}
        changes = [
            {"row_id": known.row, "text": known.text()}
            for known in self.touched.values()
            if known.row is not None and known.row > 0 and id(known) not in new
        ]
        if changes:
            table = data.table.c
            statement = sa.update(data.table).where(table.id == sa.bindparam("row_id")).values(digest=sa.bindparam("text"))
            self.env.execute(statement, changes)
        self.touched.clear()
