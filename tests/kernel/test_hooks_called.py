"""The kernel calls its own hooks, in the caller's transaction, and only for companies that have the addon."""

from __future__ import annotations

from typing import Any

import pytest

from server import Addon, UserError, hookimpl
from server.addon import lifecycle
from server.addon.discovery import discover
from server.database import Database

HEARD: list[tuple[Any, ...]] = []


class Ear:
    """An addon that hears everything and refuses what is called bad."""

    class Impls:
        @hookimpl
        def record_created(self, env, records):
            HEARD.append(("created", records._name, len(records)))
            if records._name == "res.groups" and "bad" in records.mapped("name"):
                raise UserError("bad group")

        @hookimpl
        def record_written(self, env, records, vals):
            HEARD.append(("written", records._name, dict(vals)))

        @hookimpl
        def record_deleting(self, env, records):
            HEARD.append(("deleting", records._name, records.mapped("name")))


@pytest.fixture
def hearing(database: Database) -> Any:
    """A database in which the addon `ear` is enabled for the main company and for none of the others."""
    ear = Addon("ear", hooks=Ear, definitions=[], fixed_version="1.0", package="server.testing")
    found = discover([ear])
    opened = Database(database.url, extra_addons=[ear])
    other = database.run(1, {}, lambda env: env["res.company"].create({"name": "Other"}).id)
    lifecycle.install(opened, ["ear"], companies=[1], discovery=found)
    HEARD.clear()
    yield opened, other
    opened.engine.dispose()


def test_records_are_heard(hearing: Any) -> None:
    opened, _other = hearing

    def work(env: Any) -> int:
        groups = env["res.groups"].create([{"name": "One"}, {"name": "Two"}])
        groups.write({"name": "Three"})
        groups.unlink()
        return len(groups)

    assert opened.run(1, {"allowed_company_ids": [1]}, work) == 2
    assert [entry for entry in HEARD if entry[1] == "res.groups"] == [
        ("created", "res.groups", 2),
        ("written", "res.groups", {"name": "Three"}),
        ("deleting", "res.groups", ["Three", "Three"]),
    ]


def test_a_refusal_saves_nothing(hearing: Any) -> None:
    opened, _other = hearing
    before = opened.run(1, {"allowed_company_ids": [1]}, lambda env: env["res.groups"].search_count([]))
    with pytest.raises(UserError, match="bad group"):
        opened.run(1, {"allowed_company_ids": [1]}, lambda env: env["res.groups"].create([{"name": "good"}, {"name": "bad"}]))
    assert opened.run(1, {"allowed_company_ids": [1]}, lambda env: env["res.groups"].search_count([])) == before


def test_a_company_without_the_addon_is_not_heard(hearing: Any) -> None:
    opened, other = hearing
    opened.run(1, {"allowed_company_ids": [other]}, lambda env: env["res.groups"].create({"name": "bad"}).id)
    assert HEARD == []
