"""The fixtures themselves: databases are real, separate, and copied from templates that are built once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from server.testing.databases import Databases
from server.testing.postgres import Server, Unavailable


def run(url: str, *statements: str) -> list:
    """Execute statements; the rows of the last one."""
    engine = sa.create_engine(url)
    rows: list = []
    try:
        with engine.begin() as connection:
            for statement in statements:
                result = connection.execute(sa.text(statement))
                rows = list(result) if result.returns_rows else []
    finally:
        engine.dispose()
    return rows


def test_a_database_is_new_each_time(databases: Databases, database_kind: str) -> None:
    first, second = databases.create(database_kind), databases.create(database_kind)
    try:
        assert first != second
        run(first, "create table t (id integer)", "insert into t values (1)")
        with pytest.raises(sa.exc.DatabaseError):
            run(second, "select * from t")
    finally:
        databases.drop(first)
        databases.drop(second)
    if database_kind == "sqlite":
        assert not Path(first.removeprefix("sqlite:///")).exists()
    else:
        with pytest.raises(sa.exc.OperationalError, match="does not exist"):
            run(first, "select 1")


def test_a_template_is_built_once_and_copied(databases: Databases, database_kind: str) -> None:
    built = []

    def build(url: str) -> None:
        built.append(url)
        run(url, "create table t (id integer)", "insert into t values (42)")

    one = databases.create(database_kind, "test_copy", build)
    two = databases.create(database_kind, "test_copy", build)
    try:
        assert len(built) <= 1  # none when another worker of this run was first
        run(one, "insert into t values (43)")
        assert run(one, "select count(*) from t") == [(2,)]
        assert run(two, "select id from t") == [(42,)]
    finally:
        databases.drop(one)
        databases.drop(two)


def test_a_template_that_fails_is_not_tried_again(databases: Databases) -> None:
    def build(url: str) -> None:
        raise ValueError("broken addon")

    name = f"test_fail_{os.getpid()}"
    with pytest.raises(ValueError, match="broken addon"):
        databases.create("sqlite", name, build)
    with pytest.raises(RuntimeError, match="could not be built: ValueError: broken addon"):
        databases.create("sqlite", name, build)


def test_postgresql_is_the_real_thing(databases: Databases, database_kind: str) -> None:
    url = databases.create(database_kind)
    try:
        if database_kind == "postgresql":
            assert "PostgreSQL" in run(url, "select version()")[0][0]
        else:
            assert run(url, "select sqlite_version()")
    finally:
        databases.drop(url)


SCRIPT = """
import sys
from pathlib import Path
from server.testing.postgres import Server
server = Server(Path(sys.argv[1]))
print(server.start(), flush=True)
sys.stdin.readline()
"""


def test_processes_share_a_server_and_the_last_stops_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="colca-pg-t"))
    server = Server(folder)
    try:
        url = server.start()
    except Unavailable as error:
        pytest.skip(f"No PostgreSQL: {error}")
    other = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline().strip() == url
    server.leave()
    assert run(url, "select 1") == [(1,)]  # the other one still needs it
    other.communicate("\n", timeout=30)
    assert not folder.exists()
    with pytest.raises(sa.exc.OperationalError):
        run(url, "select 1")
    assert not Path(f"{folder}.lock").exists()
