"""Who wants to hear of which models: the webhooks and the models of the change feed, remembered in the process.

It is read once per data version (see `server.database`), and only when the counter beside the versions says that there is
anybody. Everything that changes it must call `changed`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.addon import state
from server.model.relational import Many2many

if TYPE_CHECKING:
    from server.model.environment import Environment

#: Models that nobody may watch: they are written because others are, or hold what must not leave.
UNWATCHABLE = (
    "ir.change",
    "ir.change.feed",
    "ir.history",
    "ir.outbox",
    "ir.signal",
    "webhook.delivery",
    "webhook.line",
    "webhook.subscription",
)


@dataclass(frozen=True)
class Line:
    """What one webhook wants to hear of one model, and with whose eyes it sees it."""

    id: int
    subscription_id: int
    user_id: int
    company_id: int | None
    model: str
    on_create: bool
    on_write: bool
    on_unlink: bool
    #: names whose change counts; empty: every field that is sent
    watched: frozenset[str]
    #: methods whose end is told
    methods: frozenset[str]
    domain: list[Any] = field(compare=False)
    #: names of the fields to send; empty: every scalar field that the user may read
    names: tuple[str, ...]


@dataclass
class Watched:
    """What is wanted of one model: by webhooks, by the change feed, or both."""

    model: str
    lines: list[Line] = field(default_factory=list)
    feed: bool = False


class Watch:
    """Everything that is watched in a database."""

    def __init__(self, env: Environment) -> None:
        self.models: dict[str, Watched] = {}
        registry = env.transaction.registry
        for line in _lines(env):
            if line.model in registry.fields:
                self.models.setdefault(line.model, Watched(line.model)).lines.append(line)
        for model in _feeds(env):
            if model in registry.fields:
                self.models.setdefault(model, Watched(model)).feed = True
        #: (model, method) whose end is told
        self.methods = frozenset((line.model, name) for w in self.models.values() for line in w.lines for name in line.methods)
        #: relation table → (model, many2many field, whether the model's ids stand first)
        self.relations: dict[str, list[tuple[str, str, bool]]] = {}
        for model in self.models:
            for each in registry.fields[model].values():
                if isinstance(each, Many2many) and not each.computed:
                    relation, one, _two = each.names()
                    first = next(iter(registry.metadata.tables[relation].c)).name == one
                    self.relations.setdefault(relation, []).append((model, each.name, first))
        #: table → columns that point to it, with what happens to their rows when the target is deleted
        self.pointing: dict[str, list[tuple[sa.Table, sa.Column[Any], str]]] = {}
        for table in registry.metadata.tables.values():
            for key in table.foreign_keys:
                self.pointing.setdefault(key.column.table.name, []).append((table, key.parent, (key.ondelete or "").upper()))
        self.touching = self._touching()

    def _touching(self) -> frozenset[str]:
        """Tables whose deletions reach something watched: directly, or because the database deletes and empties what points
        there.
        """
        watched = {model.replace(".", "_") for model in self.models}
        found = set(watched)
        grew = bool(found)
        while grew:
            grew = False
            for target, pointing in self.pointing.items():
                if target not in found and any(
                    (kind == "CASCADE" and (table.name in found or table.name in self.relations))
                    or (kind == "SET NULL" and table.name in watched)
                    for table, _column, kind in pointing
                ):
                    found.add(target)
                    grew = True
        return frozenset(found)


def watch_of(env: Environment) -> Watch:
    """What is watched, as the process remembers it."""
    found: Watch = env.process_cache("events.watch", lambda: Watch(env))
    return found


def changed(env: Environment) -> None:
    """Somebody began or ceased to watch: all processes see it from their next transaction on."""
    env.flush()
    lines, subscriptions = env["webhook.line"].table, env["webhook.subscription"].table
    feeds = env["ir.change.feed"].table
    number = (
        sa.select(sa.func.count())
        .select_from(lines.join(subscriptions, lines.c.subscription_id == subscriptions.c.id))
        .where(subscriptions.c.active.is_(True))
        .scalar_subquery()
    ) + sa.select(sa.func.count()).select_from(feeds).where(feeds.c.active.is_(True)).scalar_subquery()
    total = env.run(sa.select(number)).scalar_one()
    state.set_watching(env.transaction.connection, total)
    env.transaction.reference_touched = True


def _lines(env: Environment) -> list[Line]:
    tables = env.transaction.registry.metadata.tables
    line, subscription = tables["webhook_line"], tables["webhook_subscription"]
    rows = env.run(
        sa.select(line, subscription.c.user_id, subscription.c.company_id)
        .join(subscription, line.c.subscription_id == subscription.c.id)
        .where(subscription.c.active.is_(True))
        .order_by(line.c.subscription_id, line.c.sequence, line.c.id)
    )
    return [
        Line(
            id=row.id,
            subscription_id=row.subscription_id,
            user_id=row.user_id,
            company_id=row.company_id,
            model=row.model,
            on_create=bool(row.on_create),
            on_write=bool(row.on_write),
            on_unlink=bool(row.on_unlink),
            watched=frozenset(row.watched_fields or ()),
            methods=frozenset(row.methods or ()),
            domain=list(row.domain or ()),
            names=tuple(row.payload_fields or ()),
        )
        for row in rows
    ]


def _feeds(env: Environment) -> list[str]:
    table = env.transaction.registry.metadata.tables["ir_change_feed"]
    return list(env.run(sa.select(table.c.model).where(table.c.active.is_(True)).order_by(table.c.id)).scalars())
