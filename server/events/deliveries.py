"""From the notes of a transaction to deliveries: which records each webhook hears of, and the payload it is sent.

A delivery is one POST: one model, one event, at most `BATCH` records of one company. All deliveries of a transaction are one
INSERT, and one more puts the work into the outbox. `docs/integrate/webhooks.md` describes the payload.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from server.events.sight import STAMPS, Row, Sight, Viewer, shown
from server.jobs import outbox
from server.model.fields import Field
from server.model.flush import any_ids, insert_rows
from server.model.relational import Many2many

if TYPE_CHECKING:
    from server.events.capture import Capture
    from server.model.environment import Environment

#: Most records in one delivery.
BATCH = 100

#: Most bytes of records in one delivery, unless one record alone has more.
BATCH_BYTES = 1_000_000

#: Job that posts what waits for one subscription.
JOB = "webhook.deliver"


@dataclass
class Fate:
    """What became of the rows of one model in this transaction."""

    created: list[int]
    changed: list[int]
    deleted: list[int]
    #: as the transaction leaves them
    after: dict[int, Row]
    before: dict[int, Row]
    #: (field, id) → ids linked before, ids linked now
    links: dict[tuple[str, int], tuple[list[int], list[int]]] = field(default_factory=dict)


def write(env: Environment, capture: Capture) -> None:
    """Insert the deliveries of this transaction and the jobs that post them."""
    rows: list[dict[str, Any]] = []
    for model, watched in capture.watch(env).models.items():
        if watched.lines:
            noted = capture.created.get(model) or capture.written.get(model) or capture.deleted.get(model)
            if noted or any(name == model for name, _method in capture.actions):
                rows += of_model(env, capture, model)
    if not rows:
        return
    enter(env, rows)


def enter(env: Environment, rows: list[dict[str, Any]]) -> list[int]:
    """Insert deliveries (`subscription_id`, `model`, `event`, `payload` and so on) and one job per subscription; their ids."""
    cls = env.models.classes["webhook.delivery"]
    now, due = env.now(), outbox.clock()
    stamps = {"create_uid": env.uid, "create_date": now, "write_uid": env.uid, "write_date": now}
    blank = {**cls._blank_row, "state": "pending", "attempts": 0, "next_try": due, "waiting_since": due, **stamps}  # type: ignore[attr-defined]
    ids = insert_rows(env, cls, [{**blank, **row} for row in rows])
    wake(env, dict.fromkeys(row["subscription_id"] for row in rows))
    return ids


def wake(env: Environment, subscriptions: Iterable[int], run_at: Any = None) -> None:
    """Ask the worker to post what waits for these subscriptions."""
    jobs = [(JOB, {"subscription": id}, f"{JOB}:{id}") for id in subscriptions]
    outbox.enqueue_several(env, jobs, run_at=run_at or outbox.clock())


def of_model(env: Environment, capture: Capture, model: str) -> Iterator[dict[str, Any]]:
    """The deliveries of one model."""
    sight = capture.sight(env, model)
    if not sight.viewers:
        return
    fate = settle(env, capture, model, sight)
    for viewer in sight.viewers:
        line = viewer.line
        events: list[tuple[str, str | None, list[dict[str, Any]]]] = []
        if line.on_create:
            events.append(("created", None, list(created(viewer, fate))))
        if line.on_write:
            events.append(("changed", None, list(changed(viewer, fate))))
        for (acted, called), ids in capture.actions.items():
            if acted == model and called in line.methods:
                events.append(("action", called, list(acted_on(viewer, fate, ids))))
        if line.on_unlink:
            events.append(("deleted", None, list(deleted(viewer, fate))))
        finish_values(viewer, [entry for _event, _method, entries in events for entry in entries])
        for event, method, entries in events:
            for company, part in batches(entries):
                yield delivery(env, viewer, event, method, company, part)


def settle(env: Environment, capture: Capture, model: str, sight: Sight) -> Fate:
    """Compare before and after: what was made and deleted again, or changed back, did not happen."""
    made, gone = capture.created.get(model, {}), capture.deleted.get(model, {})
    written, before = capture.written.get(model, {}), capture.before.get(model, {})
    acted = {id: None for (name, _method), ids in capture.actions.items() if name == model for id in ids}
    after = sight.rows(env, [i for i in {**made, **written, **acted} if i not in gone])
    fate = Fate(
        created=[i for i in made if i in after],
        changed=[i for i in before if i in after and i not in made],
        deleted=[i for i in gone if i in before and i not in made],
        after=after,
        before=before,
    )
    _links(env, capture, model, fate)
    return fate


def _links(env: Environment, capture: Capture, model: str, fate: Fate) -> None:
    """Lists of links now and before: what is there now, without what was added and with what was taken out."""
    for relation, sides in capture.watch(env).relations.items():
        net = {pair: sign for pair, sign in capture.links.get(relation, {}).items() if sign}
        for name, field_name, first in sides:
            if name != model or not net:
                continue
            own, other = (0, 1) if first else (1, 0)
            ids = [i for i in dict.fromkeys(pair[own] for pair in net) if i in fate.after]
            if not ids:
                continue
            table = env.transaction.registry.metadata.tables[relation]
            columns = list(table.c)
            clause = any_ids(columns[own], "ids", env.transaction.dialect)
            now: dict[int, list[int]] = {i: [] for i in ids}
            for row in env.run(table.select().where(clause).order_by(columns[other]), {"ids": ids}):
                now[row[own]].append(row[other])
            for id in ids:
                added = {p[other] for p, sign in net.items() if p[own] == id and sign > 0}
                removed = {p[other] for p, sign in net.items() if p[own] == id and sign < 0}
                fate.links[field_name, id] = (sorted(({*now[id]} - added) | removed), now[id])


# What a webhook hears of ----------------------------------------------------------------------------------------------------


def created(viewer: Viewer, fate: Fate) -> Iterator[dict[str, Any]]:
    """Entries of new records that its user may read and its filter lets through."""
    for id in fate.created:
        if fate.after[id].answers[viewer.matches]:
            yield entry(viewer, id, fate.after[id])


def changed(viewer: Viewer, fate: Fate) -> Iterator[dict[str, Any]]:
    """Entries of records that differ from what they were, or that came into or left the filter or the sight of its user."""
    wanted = viewer.line.watched or viewer.names
    for id in fate.changed:
        old, new = fate.before[id], fate.after[id]
        matched, matches = old.answers[viewer.matches], new.answers[viewer.matches]
        if not (matched or matches):
            continue
        differing, before, after = differences(viewer, fate, id)
        crossing = None if matched == matches else ("entered" if matches else "left")
        if crossing is None and not (differing & wanted):
            continue
        readable = new.answers[viewer.readable]
        found = entry(viewer, id, new if readable else old, values=readable)
        if old.answers[viewer.readable]:
            found["old"] = before
        if new.answers[viewer.readable]:
            found["new"] = after
        found["changed"] = sorted(differing & viewer.names)
        if crossing:
            found["filter"] = crossing
        yield found


def acted_on(viewer: Viewer, fate: Fate, ids: Iterable[int]) -> Iterator[dict[str, Any]]:
    """Entries of the records that a method was called on and that still match; with what the transaction changed in them."""
    for id in ids:
        row = fate.after.get(id)
        if row is None or not row.answers[viewer.matches]:
            continue
        found = entry(viewer, id, row)
        old = fate.before.get(id)
        if old is not None and old.answers[viewer.readable]:
            differing, before, after = differences(viewer, fate, id)
            found.update(old=before, new=after, changed=sorted(differing & viewer.names))
        yield found


def deleted(viewer: Viewer, fate: Fate) -> Iterator[dict[str, Any]]:
    """Entries of records that are gone and that matched before, with their last values."""
    for id in fate.deleted:
        row = fate.before[id]
        if row.answers[viewer.matches]:
            found = entry(viewer, id, row, values=False)
            found["old"] = {f.name: shown(f, row.values[f.name], viewer.env) for f in viewer.columns}
            yield found


def differences(viewer: Viewer, fate: Fate, id: int) -> tuple[set[str], dict[str, Any], dict[str, Any]]:
    """(names of the fields that differ, old values, new values); the values only of fields that are sent."""
    old, new = fate.before[id].values, fate.after[id].values
    sent = {f.name: f for f in viewer.columns}
    differing: set[str] = set()
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name in old:
        if name in STAMPS or old[name] == new[name]:
            continue
        if name in sent:
            was, is_now = (shown(sent[name], row[name], viewer.env) for row in (old, new))
            if was == is_now:  # another company's value
                continue
            before[name], after[name] = was, is_now
        differing.add(name)
    for (name, other), (was, is_now) in fate.links.items():
        if other == id and was != is_now:
            differing.add(name)
            if name in viewer.names:
                before[name], after[name] = was, is_now
    return differing, before, after


def entry(viewer: Viewer, id: int, row: Row, values: bool = True) -> dict[str, Any]:
    """The common part of an entry; `_later` asks for the display name and the fields that no column has."""
    sent = {f.name: shown(f, row.values[f.name], viewer.env) for f in viewer.columns} if values else None
    found: dict[str, Any] = {"id": id, "display_name": None, "values": sent, "old": {}, "new": {}, "changed": []}
    found["_company"] = row.values.get("company_id")
    found["_later"] = values
    found["_name"] = row
    return found


def finish_values(viewer: Viewer, entries: list[dict[str, Any]]) -> None:
    """Fill in display names, and fields that the record layer gives: for all entries at once."""
    if not entries:
        return
    from server.model.paths import display_column

    records = viewer.env[viewer.line.model]
    alive = records.browse([e["id"] for e in entries if e["_later"]])
    column = display_column(records)
    names: dict[int, Any] = {}
    if column is None and alive:
        names = {r.id: r.display_name or None for r in alive.sudo()}
    later: dict[int, dict[str, Any]] = {}
    if viewer.later and alive:
        by_name = {f.name: f for f in viewer.later}
        for values in alive.read(list(by_name), load=None):
            later[values["id"]] = {name: told(by_name[name], value) for name, value in values.items() if name != "id"}
    for each in entries:
        row, alive_here = each.pop("_name"), each.pop("_later")
        each["display_name"] = row.values.get(column.name) if column is not None else names.get(each["id"])
        if alive_here and each["id"] in later:
            each["values"].update(later[each["id"]])


def told(field: Field, value: Any) -> Any:
    """A value that `read` answered, as webhooks tell it: null for nothing, many2many links in the order of ids, as in `old`."""
    if isinstance(field, Many2many):
        return sorted(value)
    return None if value is False and field.type != "boolean" else value


def batches(entries: list[dict[str, Any]]) -> Iterator[tuple[int | None, list[tuple[int, bytes]]]]:
    """(company, its entries as (id, JSON)), in parts that are not too large: a company's log shows only its own records."""
    by_company: dict[int | None, list[tuple[int, bytes]]] = {}
    for each in entries:
        company = each.pop("_company")
        by_company.setdefault(company, []).append((each["id"], orjson.dumps(each, default=str)))
    for company, several in by_company.items():
        part: list[tuple[int, bytes]] = []
        size = 0
        for id, text in several:
            if part and (len(part) >= BATCH or size + len(text) > BATCH_BYTES):
                yield company, part
                part, size = [], 0
            part.append((id, text))
            size += len(text)
        yield company, part


def delivery(
    env: Environment, viewer: Viewer, event: str, method: str | None, company: int | None, part: list[tuple[int, bytes]]
) -> dict[str, Any]:
    """The row of one delivery."""
    line = viewer.line
    head = envelope(env, f"{line.model}.{event}")
    head["data"] = {"model": line.model, "event": event, "method": method, "company_id": company, "user_id": env.uid}
    head["data"]["records"] = [orjson.Fragment(text) for _id, text in part]
    owner = company if company is not None else line.company_id
    return row(head, line.subscription_id, owner, line.model, event, method, [id for id, _text in part])


def row(
    head: dict[str, Any],
    subscription: int,
    company: int | None,
    model: str | None,
    event: str,
    method: str | None,
    ids: list[int],
) -> dict[str, Any]:
    """A row of `webhook.delivery` for a whole payload."""
    return {
        "subscription_id": subscription,
        "company_id": company,
        "uuid": head["id"],
        "model": model,
        "event": event,
        "method": method,
        "record_ids": ids,
        "payload": orjson.dumps(head).decode(),
    }


def envelope(env: Environment, kind: str) -> dict[str, Any]:
    """The outer part of every payload; its id stays the same when it is sent again."""
    return {
        "id": f"evt_{uuid.uuid4().hex}",
        "type": kind,
        "timestamp": env.now().isoformat() + "Z",
        "database": env.database.name,
    }
