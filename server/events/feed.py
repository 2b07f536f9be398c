"""Rows of the change feed: written with the transaction that made the changes, numbered when somebody asks, and read behind the
wall.

**The order.** Ids are given while transactions are open, so the order of ids is not that of commits: a reader that remembers the
highest id it saw would miss what a slower transaction commits later with a lower one. So a reader's cursor is made of other
numbers, `seq`, which rows get only once they are committed: `poll` numbers what it sees without a number, in the order of ids,
under a lock. What is committed later gets higher numbers, whatever its id, so nothing is skipped, and no writer waits for
another. Of two changes of one record the second waited for the first to commit (row lock) before it wrote its own row, so its id
is higher, and where it is visible so is the first: the numbers of one record are in the order of its changes. On SQLite, which
has one writer, ids are in the order of commits, and are the numbers.

A cursor is `<number>.<fingerprint of that row>`: after a backup was restored the row is another or none, and the reader is told
to begin anew instead of missing what happened since.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.errors import AccessError, FieldError, UserError
from server.events.sight import ROOT_UID, STAMPS
from server.model.flush import any_ids, insert_rows
from server.text import _

if TYPE_CHECKING:
    from server.events.capture import Capture
    from server.model.environment import Environment

LIMIT, LIMIT_MAX = 1000, 10_000

#: Advisory lock under which rows get their numbers.
_NUMBERING = 0x636F6C6361 + 3


# Writing ------------------------------------------------------------------------------------------------------------------------


def write(env: Environment, capture: Capture) -> None:
    """Insert the rows of this transaction, in one statement."""
    rows: list[dict[str, Any]] = []
    for model, watched in capture.watch(env).models.items():
        if watched.feed:
            rows += of_model(env, capture, model)
    enter(env, rows)


def begin(env: Environment, models: Iterable[str]) -> None:
    """Mark that these models are on the feed from here: what happened before is not known."""
    enter(env, [{"model": model, "res_id": 0, "op": "begin", "company_id": None, "fields": None} for model in models])


def enter(env: Environment, rows: list[dict[str, Any]]) -> None:
    """Insert rows of the feed."""
    if not rows:
        return
    now = env.now()
    stamps = {"create_uid": env.uid, "create_date": now, "write_uid": env.uid, "write_date": now}
    cls = env.models.classes["ir.change"]
    insert_rows(env, cls, [{**cls._blank_row, "at": now, "user_id": env.uid, **stamps, **row} for row in rows])  # type: ignore[attr-defined]


def of_model(env: Environment, capture: Capture, model: str) -> list[dict[str, Any]]:
    """The rows of one model: what was made and deleted again did not happen."""
    made, gone = capture.created.get(model, {}), capture.deleted.get(model, {})
    written = {
        id: names - STAMPS
        for id, names in capture.written.get(model, {}).items()
        if id not in made and id not in gone and names - STAMPS
    }
    alive = [i for i in (*made, *written) if i not in gone]
    now = companies(env, capture, model, alive)
    before = capture.companies.get(model, {})
    looked_at = capture.before.get(model, {})
    rows: list[dict[str, Any]] = []

    def add(id: int, op: str, company: int | None, fields: set[str] | None = None) -> None:
        rows.append({"model": model, "res_id": id, "op": op, "company_id": company, "fields": sorted(fields) if fields else None})

    for id in made:
        if id not in gone and id in now:
            add(id, "created", now[id])
    for id, names in written.items():
        if id not in now:
            continue
        was = before[id] if id in before else looked_at[id].values.get("company_id") if id in looked_at else now[id]
        if was != now[id]:  # gone for those who saw it there, new for those who see it here
            add(id, "deleted", was)
            add(id, "created", now[id])
        else:
            add(id, "changed", now[id], names)
    for id, company in gone.items():
        if id not in made:
            add(id, "deleted", before.get(id, company))
    return rows


def companies(env: Environment, capture: Capture, model: str, ids: list[int]) -> dict[int, int | None]:
    """The companies of rows as the transaction leaves them: from its cache, where that has them."""
    registry = env.transaction.registry
    cls = registry.for_enabled(registry.names).classes[model]
    if not cls._walled_model:  # type: ignore[attr-defined]
        return dict.fromkeys(ids)
    known = env.transaction.values.get((model, "company_id"), {})
    unknown = [i for i in ids if i not in known]
    found = {i: known[i] for i in ids if i in known}
    if unknown:
        found.update(capture.companies_of(env, model, unknown))
    return found


# Reading ------------------------------------------------------------------------------------------------------------------------


def poll(env: Environment, models: Any, cursor: Any, limit: Any, domain: Any) -> dict[str, Any]:
    """The answer of `ir.change.feed.poll`."""
    names = wanted(env, models)
    if domain and len(names) != 1:
        raise FieldError("A domain goes with exactly one model.")
    most = _limit(limit)
    number_rows(env)
    table = env["ir.change"].table
    seq = number(env)
    head = env.run(sa.select(table, seq.label("number")).where(seq.is_not(None)).order_by(seq.desc()).limit(1)).first()
    if cursor in (None, False, ""):
        return {"changes": [], "cursor": mark(head), "more": False}
    after = start(env, cursor, names, head)
    if head is None or after >= head.number:
        return {"changes": [], "cursor": mark(head), "more": False}
    rows = env.run(
        sa.select(table, seq.label("number"))
        .where(
            seq > after,
            seq <= head.number,
            table.c.model.in_(names),
            table.c.op != "begin",
            sa.or_(table.c.company_id.is_(None), table.c.company_id.in_(env.allowed_company_ids)),
        )
        .order_by(seq)
        .limit(most + 1)
    ).all()
    page, more = rows[:most], len(rows) > most
    return {"changes": changes(env, page, domain), "cursor": mark(page[-1] if more else head), "more": more}


def wanted(env: Environment, models: Any) -> list[str]:
    """The models asked for: on the feed, and open to the caller.

    :raises UserError: for one that is not on the feed. :raises AccessError: for one that the caller, or his key, may not read.
    """
    table = env["ir.change.feed"].table
    on: list[str] = env.process_cache(
        "events.feed", lambda: list(env.run(sa.select(table.c.model).where(table.c.active.is_(True))).scalars())
    )
    if models is None or models is False or models == []:
        return [m for m in on if m in env and env.access.allowed(m, "read") and permitted(env, m)]
    several = [models] if isinstance(models, str) else models
    if not isinstance(several, (list, tuple)) or not all(isinstance(m, str) for m in several):
        raise FieldError("models is the name of a model, or a list of names.")
    for model in several:
        env.access.check(model, "read")
        permitted(env, model, refuse=True)
        if model not in on:
            raise UserError(
                _(
                    "The model %(model)s is not on the change feed. An administrator puts it there: a record of ir.change.feed.",
                    model=model,
                ),
                model=model,
            )
    return list(dict.fromkeys(several))


def permitted(env: Environment, model: str, refuse: bool = False) -> bool:
    """Whether the scope of the API key, when it is one that called, covers reading the model.

    :raises AccessError: when not, and `refuse`.
    """
    if env.transaction.caller is None:
        return True
    try:
        env.transaction.caller.permit(model, env[model].public_methods()["search"])
    except AccessError:
        if refuse:
            raise
        return False
    return True


def number(env: Environment) -> Any:
    """The expression of a row's number."""
    table = env["ir.change"].table
    return table.c.seq if env.transaction.dialect == "postgresql" else table.c.id


def number_rows(env: Environment) -> None:
    """Give their numbers to the rows that are committed and have none (PostgreSQL), in a transaction of its own: what the
    caller's transaction wrote itself is not committed, and a caller that only reads has no transaction.
    """
    if env.transaction.dialect != "postgresql":
        return
    table = env["ir.change"].table
    if env.run(sa.select(table.c.id).where(table.c.seq.is_(None)).limit(1)).first() is not None:
        with _one_at_a_time:  # of this process; more would only hold connections while they wait for the lock
            env.database.run(ROOT_UID, {}, _number)


_one_at_a_time = Lock()


def _number(env: Environment) -> None:
    table = env["ir.change"].table
    # a statement of its own: the next one must see what was numbered by whoever had the lock before
    env.run(sa.select(sa.func.pg_advisory_xact_lock(_NUMBERING)))
    last = sa.select(sa.func.coalesce(sa.func.max(table.c.seq), 0)).scalar_subquery()
    fresh = (
        sa.select(table.c.id, (last + sa.func.row_number().over(order_by=table.c.id)).label("seq"))
        .where(table.c.seq.is_(None))
        .subquery("fresh")
    )
    env.run(table.update().where(table.c.id == fresh.c.id, table.c.seq.is_(None)).values(seq=fresh.c.seq))


def start(env: Environment, cursor: Any, names: list[str], head: Any) -> int:
    """The number behind a cursor, when everything since is still here.

    :raises FieldError: no cursor of this feed. :raises UserError: when the reader must begin anew.
    """
    text, _dot, fingerprint = str(cursor).partition(".")
    if isinstance(cursor, bool) or not text.isdigit() or len(text) > 18:
        raise FieldError(f"{str(cursor)[:40]!r} is no cursor of the change feed.")
    after = int(text)
    table = env["ir.change"].table
    seq = number(env)
    if after == 0:
        first = env.run(sa.select(sa.func.min(seq))).scalar()
        if first is not None and first > 1:
            raise _anew()
        return 0
    row = env.run(sa.select(table, seq.label("number")).where(seq == after)).first()
    if row is None or mark(row) != f"{text}.{fingerprint}":
        raise _anew()
    gap = sa.select(table.c.id).where(seq > after, table.c.op == "begin", table.c.model.in_(names)).limit(1)
    if env.run(gap).first() is not None:
        raise _anew()
    return after


def mark(row: Any) -> str:
    """The cursor that stands behind a row."""
    if row is None:
        return "0"
    print_ = f"{row.id}:{row.model}:{row.res_id}:{row.op}:{row.at.isoformat()}:{row.user_id}"
    return f"{row.number}.{zlib.crc32(print_.encode()):08x}"


def changes(env: Environment, rows: Iterable[Any], domain: Any) -> list[dict[str, Any]]:
    """Rows as they are answered; records that the caller cannot see any more are deleted for him."""
    by_model: dict[str, dict[int, None]] = {}
    for row in rows:
        if row.op != "deleted":
            by_model.setdefault(row.model, {})[row.res_id] = None
    seen: dict[str, set[int]] = {}
    hidden: dict[str, set[str]] = {}
    for model, ids in by_model.items():
        records = env[model].with_context(active_test=False)
        alive = records.query(domain).where(any_ids(records.table.c.id, "ids", env.transaction.dialect))
        seen[model] = set(env.run(alive, {"ids": list(ids)}).scalars())
        hidden[model] = {n for n, f in records._fields.items() if not env.access.field_visible(f)}
    answer = []
    for row in rows:
        op = row.op if row.op == "deleted" or row.res_id in seen[row.model] else "deleted"
        fields = [n for n in row.fields or () if n not in hidden.get(row.model, ())] if op == "changed" else []
        answer.append(
            {
                "seq": row.number,
                "model": row.model,
                "id": row.res_id,
                "op": op,
                "at": row.at.isoformat(" ", "seconds"),
                "fields": fields,
                "user_id": row.user_id or False,
            }
        )
    return answer


def _limit(limit: Any) -> int:
    if limit in (None, False, "", 0):
        return LIMIT
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 < limit <= LIMIT_MAX:
        raise FieldError(f"limit is a whole number from 1 to {LIMIT_MAX}.")
    return limit


def _anew() -> UserError:
    return UserError(
        _(
            "This cursor cannot be continued: what came after it is not kept any more, or the model was not on the feed all the "
            "time. Get a new cursor (poll without one), read everything once, and go on from there."
        ),
        resync=True,
    )
