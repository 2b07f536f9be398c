"""History: who changed which tracked field, from what to what; one JSON row per record and transaction, append only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.model import flush as flushing
from server.model.fields import Field
from server.model.relational import Many2one
from server.model.scalars import Binary

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.model.records import Records


def remember(records: Records, field: Field, ids: Any) -> None:
    """Keep the value a tracked field had before this transaction's first change of it."""
    txn = records.env.transaction
    key = field.cache_key(records.env)
    values = txn.values.get(key, {})
    for id in ids:
        if id < 0:
            continue
        row = txn.tracked.setdefault((records._name, id), {})
        if field.name not in row and "+" not in row:
            row[field.name] = (key, values.get(id))


def created(records: Records) -> None:
    """Note that records came into being."""
    txn = records.env.transaction
    for id in records._ids:
        txn.tracked[(records._name, id)] = {"+": True}


def deleted(records: Records, names: dict[int, str]) -> None:
    """Note that records are gone, with their names."""
    txn = records.env.transaction
    for id in records._ids:
        txn.tracked.pop((records._name, id), None)
        txn.history_rows.append(row(records.env, records._name, id, "unlink", {"display_name": [names.get(id), None]}))


def row(
    env: Environment, model: str, id: int, operation: str, changes: dict[str, Any], company_id: int | None = None
) -> dict[str, Any]:
    """One row of ir.history."""
    now = env.now()
    return {
        "model": model,
        "res_id": id,
        "company_id": company_id or env.company_id,
        "user_id": env.uid,
        "date": now,
        "operation": operation,
        "changes": changes,
        "create_uid": env.uid,
        "create_date": now,
        "write_uid": env.uid,
        "write_date": now,
    }


def write(env: Environment) -> None:
    """Insert the rows of this transaction, in one statement."""
    txn = env.transaction
    if not txn.tracked and not txn.history_rows:
        return
    rows, txn.history_rows = txn.history_rows, []
    tracked, txn.tracked = txn.tracked, {}
    load(env, tracked)
    stamp = row(env, "", 0, "", {})
    plans: dict[str, Any] = {}
    for (model, id), old in tracked.items():
        if model not in env:
            continue
        is_new = "+" in old
        changes: dict[str, Any] = {}
        if is_new:
            plan = plans.get(model)
            if plan is None:
                fields = env.models.classes[model]._tracked
                plan = plans[model] = [(f, shown(f, None), txn.values.get(f.cache_key(env), {})) for f in fields]
            for field, before, values in plan:
                if id in values:
                    after = shown(field, values[id])
                    if before != after:
                        changes[field.name] = [before, after]
        else:
            for field in env.models.classes[model]._tracked:
                if field.name not in old:
                    continue
                key, value = old[field.name]
                values = txn.values.get(key, {})
                if id not in values:
                    continue
                before = shown(field, value)
                after = shown(field, values[id])
                if before != after:
                    changes[field.name] = [before, after]
        if changes or is_new:
            company = txn.values.get((model, "company_id"), {}).get(id) or stamp["company_id"]
            operation = "create" if is_new else "write"
            rows.append(
                {**stamp, "model": model, "res_id": id, "company_id": company, "operation": operation, "changes": changes}
            )
    if rows and "ir.history" in env:
        flushing.insert_plain(env, env["ir.history"].table, rows)


def load(env: Environment, tracked: dict[tuple[str, int], dict[str, Any]]) -> None:
    """Read again what a deletion dropped from the cache; normally everything is there."""
    values = env.transaction.values
    for model in dict.fromkeys(m for m, _id in tracked):
        if model in env:
            tracked_fields = env.models.classes[model]._tracked
            keys = [f.cache_key(env) for f in tracked_fields]
            lost = [i for m, i in tracked if m == model and any(i not in values.get(k, ()) for k in keys)]
            if lost:
                env.root[model].browse(lost)._fetch_rows(lost, tracked_fields)


def shown(field: Field, value: Any) -> Any:
    """A value as JSON for the history: decimals as text so that nothing is rounded."""
    if value is None or isinstance(field, Binary):
        return None
    if field.type in ("float", "monetary"):
        return str(value.normalize() + 0) if value else "0"
    if isinstance(field, Many2one):
        return value
    wire = field.wire(value)
    return None if wire is False and field.type != "boolean" else wire
