"""PostgreSQL is restarted under a running server: calls that come afterwards succeed, none is done twice."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from server.database import Database


def cut(database: Database) -> None:
    """End every other connection to the database, as a restart does."""
    other = sa.create_engine(database.engine.url, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        connection.exec_driver_sql(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
    other.dispose()


@pytest.mark.postgresql
def test_the_next_call_finds_the_database_again(database):
    database.run(1, {}, lambda env: env["res.company"].search_count([]), readonly=True)
    cut(database)
    created = database.run(1, {}, lambda env: env["res.company"].create({"name": "After"}).ids)
    assert len(created) == 1


@pytest.mark.postgresql
def test_a_call_that_is_cut_in_the_middle_starts_again_and_is_done_once(database):
    tries = []

    def work(env):
        tries.append(1)
        company = env["res.company"].create({"name": "Once"})
        env.flush()
        if len(tries) == 1:
            cut(database)
        return env["res.company"].search_count([("name", "=", company.name)])

    assert database.run(1, {}, work) == 1
    assert len(tries) == 2
