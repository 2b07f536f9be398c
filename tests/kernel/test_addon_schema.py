"""The sync of tables: a plan first, then execution; a settled database needs nothing; what is there is never lost."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from server.addon import schema
from server.addon.catalog import type_name
from server.addon.ddl import widens
from server.db.engine import make_engine
from server.db.types import ExactNumeric, Id, Json


@pytest.fixture
def conn(blank_url):
    engine = make_engine(blank_url)
    with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        if transaction.is_active:
            transaction.rollback()
    engine.dispose()


def _id():
    return sa.Column("id", Id, sa.Identity(), primary_key=True)


def first() -> sa.MetaData:
    """Companies and users that refer to each other, and an addon `loyalty` with a table and columns on users."""
    meta = sa.MetaData()
    sa.Table(
        "company", meta, _id(), sa.Column("name", sa.String, nullable=False),
        sa.Column("user_id", Id, sa.ForeignKey("users.id", ondelete="SET NULL")), info={"addon": "kernel"},
    )  # fmt: skip
    users = sa.Table(
        "users", meta, _id(), sa.Column("login", sa.String(64), nullable=False),
        sa.Column("company_id", Id, sa.ForeignKey("company.id", ondelete="RESTRICT"), nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("points", ExactNumeric(16, 4), server_default=sa.text("1.5"), nullable=False, info={"addon": "loyalty"}),
        sa.Column("level_id", Id, sa.ForeignKey("level.id", ondelete="SET NULL"), info={"addon": "loyalty"}),
        sa.CheckConstraint("points >= 0 AND code <> 'points'", name="ck_users_points", info={"addon": "loyalty"}),
        info={"addon": "kernel"},
    )  # fmt: skip
    sa.Index("uq_users_login", users.c.login, unique=True, info={"addon": "kernel"})
    sa.Index("ix_users_code", users.c.code, info={"addon": "kernel"})
    sa.Table("level", meta, _id(), sa.Column("old_name", sa.String), sa.Column("extra", Json), info={"addon": "loyalty"})
    sa.Table(
        "users_level_rel", meta, sa.Column("users_id", Id, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("level_id", Id, sa.ForeignKey("level.id", ondelete="CASCADE"), primary_key=True), info={"addon": "loyalty"},
    )  # fmt: skip
    return meta


def second() -> sa.MetaData:
    """The same a version later: `code` is gone, `login` longer, `level.name` renamed, new columns, another condition."""
    meta = sa.MetaData()
    sa.Table(
        "company", meta, _id(), sa.Column("name", sa.String),
        sa.Column("user_id", Id, sa.ForeignKey("users.id", ondelete="SET NULL")), info={"addon": "kernel"},
    )  # fmt: skip
    users = sa.Table(
        "users", meta, _id(), sa.Column("login", sa.String(80), nullable=False),
        sa.Column("company_id", Id, sa.ForeignKey("company.id", ondelete="CASCADE"), nullable=False),
        sa.Column("lang", sa.String, nullable=False), sa.Column("quota", ExactNumeric(16, 2), nullable=False),
        sa.Column("points", ExactNumeric(16, 4), server_default=sa.text("1.5"), nullable=False, info={"addon": "loyalty"}),
        sa.Column("level_id", Id, sa.ForeignKey("level.id", ondelete="SET NULL"), info={"addon": "loyalty"}),
        sa.CheckConstraint("points >= -1", name="ck_users_points", info={"addon": "loyalty"}),
        info={"addon": "kernel"},
    )  # fmt: skip
    sa.Index("uq_users_login", users.c.login, users.c.company_id, unique=True, info={"addon": "kernel"})
    sa.Table(
        "loyalty_level", meta, _id(), sa.Column("name", sa.String, info={"renamed_from": "old_name"}), sa.Column("extra", Json),
        info={"addon": "loyalty", "renamed_from": "level"},
    )  # fmt: skip
    for column in users.c:
        if column.name == "level_id":
            column.foreign_keys.clear()
    return meta


def sync(conn, meta, owned=None, defaults=None):
    plan = schema.plan(conn, meta, owned, defaults)
    plan.execute(conn)
    return plan


def test_a_fresh_database_gets_everything_and_then_nothing(conn):
    meta = first()
    plan = sync(conn, meta)
    assert {operation.kind for operation in plan.operations} >= {"create table", "create index", "add check"}
    assert {operation.addon for operation in plan.operations} == {"kernel", "loyalty"}
    again = schema.plan(conn, meta, schema.ownership(meta))
    assert again.operations == [] and not again and again.notes == []


def test_the_rules_of_the_tables_hold(conn):
    meta = first()
    sync(conn, meta)
    company, users, level, rel = (meta.tables[name] for name in ("company", "users", "level", "users_level_rel"))
    conn.execute(company.insert().values(name="Sierra"))
    conn.execute(users.insert().values(login="ana", company_id=1, code="x"))
    assert conn.execute(sa.select(users.c.points)).scalar_one() == Decimal("1.5000")
    for wrong in (
        users.insert().values(login="ana", company_id=1, code="x"),  # unique
        users.insert().values(login="eva", company_id=1, code="x", points=Decimal(-1)),  # check
        users.update().values(points=Decimal(-1)),  # check, on update
        users.insert().values(login="eva", company_id=9, code="x"),  # foreign key
        users.insert().values(login="eva", company_id=1),  # not null
        company.delete(),  # restrict
    ):
        with pytest.raises(IntegrityError), conn.begin_nested():
            conn.execute(wrong)
    conn.execute(level.insert().values(old_name="Gold", extra={"a": [1]}))
    conn.execute(rel.insert().values(users_id=1, level_id=1))
    conn.execute(users.update().values(level_id=1))
    conn.execute(level.delete())
    assert conn.execute(sa.select(users.c.level_id)).scalar_one() is None
    assert conn.execute(sa.select(sa.func.count()).select_from(rel)).scalar_one() == 0


def test_a_later_version_keeps_the_rows(conn):
    meta = first()
    sync(conn, meta)
    owned = schema.ownership(meta)
    conn.execute(meta.tables["company"].insert().values(name="Sierra"))
    conn.execute(meta.tables["users"].insert().values(login="ana", company_id=1, code="x"))
    conn.execute(meta.tables["level"].insert().values(old_name="Gold", extra={"a": 1}))
    conn.execute(meta.tables["users_level_rel"].insert().values(users_id=1, level_id=1))

    later = second()
    plan = sync(conn, later, owned, {("users", "quota"): Decimal("12.50")})
    kinds = {str(operation) for operation in plan.operations}
    assert {"rename table loyalty_level.level", "rename column loyalty_level.name", "drop not null users.code"} <= kinds
    assert [str(note) for note in plan.notes] == [
        "users.lang is required, but the rows that are there have no value. Fill it in a migration script of addon kernel."
    ]
    users = later.tables["users"]
    row = conn.execute(sa.select(users)).mappings().one()
    assert (row["login"], row["quota"], row["lang"], row["points"]) == ("ana", Decimal("12.50"), None, Decimal("1.5"))
    assert conn.exec_driver_sql("select code from users").scalar_one() == "x"
    assert conn.execute(sa.select(later.tables["loyalty_level"].c.name)).scalar_one() == "Gold"
    # the column no code knows any more does not hinder, the changed check and the wider unique index hold
    conn.execute(users.insert().values(login="eva", company_id=1, lang="es", quota=1, points=Decimal("-0.5")))
    with pytest.raises(IntegrityError), conn.begin_nested():
        conn.execute(users.update().values(points=Decimal(-2)))
    assert conn.exec_driver_sql("select count(*) from users_level_rel").scalar_one() == 1

    again = schema.plan(conn, later, schema.ownership(later))
    assert again.operations == []


def test_an_index_that_is_no_longer_declared_goes_but_a_foreign_one_stays(conn):
    meta = first()
    sync(conn, meta)
    conn.exec_driver_sql("create index by_hand on company (name)")
    owned = schema.ownership(meta)
    later = first()
    users = later.tables["users"]
    users.indexes = {index for index in users.indexes if index.name != "ix_users_code"}
    plan = sync(conn, later, owned)
    assert [str(operation) for operation in plan.operations] == ["drop index users.ix_users_code"]
    assert schema.plan(conn, later, owned).operations == []


def test_a_column_on_a_table_with_rows(conn):
    meta = first()
    users = meta.tables["users"]
    sync(conn, meta)
    conn.execute(meta.tables["company"].insert().values(name="Sierra"))
    conn.execute(users.insert(), [{"login": f"u{number}", "company_id": 1, "code": "c"} for number in range(50)])
    users.append_column(sa.Column("boss_id", Id, sa.ForeignKey("users.id", ondelete="SET NULL"), info={"addon": "loyalty"}))
    users.append_column(
        sa.Column("kind", sa.String, nullable=False, server_default=sa.text("'person'"), info={"addon": "loyalty"})
    )
    plan = sync(conn, meta, schema.ownership(first()))
    assert {operation.addon for operation in plan.operations} == {"loyalty"}
    conn.execute(users.update().where(users.c.id > 1).values(boss_id=1))
    conn.execute(users.delete().where(users.c.id == 1))
    rows = conn.execute(sa.select(users.c.boss_id, users.c.kind)).all()
    assert len(rows) == 49 and set(rows) == {(None, "person")}


def test_a_failed_plan_leaves_nothing_behind(blank_url):
    engine = make_engine(blank_url)
    with pytest.raises(sa.exc.DBAPIError), engine.begin() as conn:
        sync(conn, first())
        conn.exec_driver_sql("this is no sql")
    with engine.begin() as conn:
        assert len(schema.plan(conn, first()).operations) > 5
    engine.dispose()


def test_ownership_says_who_has_what_and_keeps_what_code_dropped():
    owned = schema.ownership(first())
    assert owned["loyalty"]["tables"] == ["level", "users_level_rel"]
    assert owned["loyalty"]["columns"] == {"users": ["points", "level_id"]}
    assert owned["loyalty"]["checks"]["ck_users_points"][0] == "users"
    later = schema.merged(
        owned["loyalty"], schema.Owned(tables=["level", "new"], columns={"users": ["points"]}, indexes={}, checks={})
    )
    assert later["tables"] == ["level", "users_level_rel", "new"]
    assert later["columns"] == {"users": ["points", "level_id"]}


@pytest.mark.parametrize(
    ("old", "new", "safe"),
    [
        ("varchar(64)", "varchar(80)", True), ("varchar(80)", "varchar(64)", False), ("varchar(64)", "varchar", True),
        ("numeric(16,4)", "numeric(18,6)", True), ("numeric(16,4)", "numeric(16,6)", False), ("int", "bigint", True),
        ("bigint", "int", False), ("text", "bigint", False), ("json", "jsonb", True),
    ],
)  # fmt: skip
def test_only_what_loses_nothing_is_widened(old, new, safe):
    assert widens(old, new) is safe


def test_types_are_compared_by_one_name():
    assert type_name("character varying(64)") == type_name("VARCHAR( 64 )")
    assert type_name("timestamp without time zone") == type_name("TIMESTAMP WITHOUT TIME ZONE")
    assert type_name("numeric(16,4)") == type_name("NUMERIC(16, 4)")
