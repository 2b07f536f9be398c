"""All of our addons on one database: installed with demo data, purged one after the other, installed again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from server.addon import graph, lifecycle
from server.addon.catalog import read
from server.addon.discovery import discover
from server.addon.purge import purge

pytestmark = pytest.mark.slow


def test_what_is_purged_leaves_nothing_but_what_was_there(database):
    before = _shape(database)
    discovery = discover()
    ours = [one.name for one in graph.order(discovery.addons) if one.distribution == "colca" and one.name != "kernel"]
    outcome = lifecycle.install(database, ours, companies=lifecycle.ALL, demo=True, discovery=discovery)
    assert outcome.installed == ours and not outcome.report.kept and not outcome.plan.notes
    assert {name for _company, name in outcome.enabled} == set(ours)
    assert not lifecycle.install(database, ours, companies=lifecycle.ALL, discovery=discovery)
    assert not lifecycle.upgrade(database, discovery=discovery)

    for name in reversed(ours):
        assert purge(database, name, discovery=discovery)
    assert _shape(database) == before
    with database.engine.connect() as conn:
        assert conn.execute(sa.text("select count(*) from ir_model_access where addon <> 'kernel'")).scalar_one() == 0
    assert "admin" in database.run(1, {}, lambda env: env["res.users"].search([]).mapped("login"))

    again = lifecycle.install(database, ours, companies=lifecycle.ALL, demo=True, discovery=discovery)
    assert again.installed == ours
    company = database.run(
        1, {}, lambda env: [(one.name, one.currency.name) for one in env["res.company"].search([], order="id")]
    )
    assert [currency for _name, currency in company] == ["MXN", "PEN"]


def _shape(database) -> dict[str, tuple[frozenset[str], frozenset[str], frozenset[str]]]:
    """Table → columns, indexes, checks."""
    with database.engine.connect() as conn:
        return {
            name: (frozenset(table.columns), frozenset(table.indexes), frozenset(table.checks))
            for name, table in read(conn).items()
        }
