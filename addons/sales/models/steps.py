"""How sales writes its own results: amounts, states, quantities.

`write` is the door for people and other addons, with checks and consequences. What follows from facts is written by `_update`,
below these checks and beyond the rights of the user: an accountant's invoice changes what is left to invoice of an order that he
may not edit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any


def update_each(records: Any, values: Mapping[int, Mapping[str, Any]]) -> None:
    """`_update` of each record with its own values, by id; records with equal values are written together."""
    groups: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    for id, vals in values.items():
        groups[tuple(vals.items())].append(id)
    for vals, ids in groups.items():
        records.browse(ids)._update(dict(vals))


def by_company(records: Any) -> list[Any]:
    """These records in one set per company, each seen from that company: what is enabled there is what happens there."""
    groups: dict[int, list[int]] = defaultdict(list)
    for record in records:
        groups[record.company_id].append(record.id)
    return [records.browse(ids).with_company(company_id) for company_id, ids in groups.items()]


def is_foreign(records: Any) -> bool:
    """Whether any of these records belongs to another company than the current one."""
    current = records.env.company_id
    return any(record.company_id != current for record in records)
