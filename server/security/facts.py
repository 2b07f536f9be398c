"""Which groups a user belongs to, implied ones included; remembered in the process until rights change anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from server.model.environment import Environment

INTERNAL = "base.group_user"
SYSTEM = "base.group_system"


@dataclass(frozen=True)
class GroupTable:
    """All groups: what each implies (itself included), and the ids behind their external ids."""

    implied: dict[int, frozenset[int]]
    by_xmlid: dict[str, int]


@dataclass(frozen=True)
class UserFacts:
    """The rights of one user."""

    uid: int
    group_ids: frozenset[int]
    table: GroupTable

    def has_group(self, xmlid: str) -> bool:
        """True when the user is in the group, directly or implied; an unknown group is False."""
        group_id = self.table.by_xmlid.get(xmlid)
        return group_id is not None and group_id in self.group_ids

    @property
    def internal(self) -> bool:
        """True for employees, False for portal users, the public and unknown users."""
        return self.has_group(INTERNAL)


def closure(implied: dict[int, set[int]]) -> dict[int, frozenset[int]]:
    """For each group all it implies, directly and through others, itself included; circles do no harm."""
    closed: dict[int, frozenset[int]] = {}
    for group in implied:
        seen = {group}
        waiting = [group]
        while waiting:
            for one in implied.get(waiting.pop(), ()):
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        closed[group] = frozenset(seen)
    return closed


def group_table(env: Environment) -> GroupTable:
    """All groups of the database."""
    found: GroupTable = env.process_cache("security.groups", lambda: _load_groups(env))
    return found


def user_facts(env: Environment, uid: int | None) -> UserFacts:
    """The rights of a user; nobody has none."""
    if uid is None:
        return UserFacts(0, frozenset(), group_table(env))
    found: UserFacts = env.process_cache(("security.user", uid), lambda: _load_user(env, uid))
    return found


def _load_groups(env: Environment) -> GroupTable:
    tables = env.transaction.registry.metadata.tables
    groups, pairs, data = tables["res_groups"], tables["res_groups_implied_rel"], tables["ir_model_data"]
    implied: dict[int, set[int]] = {group_id: set() for group_id in env.execute(sa.select(groups.c.id)).scalars()}
    for row in env.execute(sa.select(pairs.c.group_id, pairs.c.implied_id)):
        implied[row.group_id].add(row.implied_id)
    xmlids = env.execute(sa.select(data.c.module, data.c.name, data.c.res_id).where(data.c.model == "res.groups"))
    return GroupTable(closure(implied), {f"{row.module}.{row.name}": row.res_id for row in xmlids})


def _load_user(env: Environment, uid: int) -> UserFacts:
    pairs = env.transaction.registry.metadata.tables["res_groups_users_rel"]
    table = group_table(env)
    direct = env.execute(sa.select(pairs.c.group_id).where(pairs.c.user_id == uid)).scalars()
    every: set[int] = set()
    for group_id in direct:
        every |= table.implied.get(group_id, frozenset((group_id,)))
    return UserFacts(uid, frozenset(every), table)
