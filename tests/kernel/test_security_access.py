"""Access lines on real databases: groups, domains, fields, the company wall of users and companies."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from server import AccessError, Char, TransientModel
from server.errors import FieldError, ValidationError
from server.models.ir_access import load_access
from server.rpc.dispatcher import dispatch
from tests.kernel.addon_helpers import addon

ADMIN = 2


def make_user(database: Any, login: str, groups: tuple[str, ...] = ("base.group_user",), **vals: Any) -> int:
    """A user in the main company."""

    def make(env: Any) -> int:
        return (
            env["res.users"]
            .create(
                {"login": login, "name": login.title(), "group_ids": [(6, 0, [env.ref(group).id for group in groups])], **vals}
            )
            .id
        )

    return database.run(ADMIN, {}, make)


def test_an_employee_reads_what_everybody_may_and_nothing_more(database: Any) -> None:
    ana = make_user(database, "ana")

    def look(env: Any) -> None:
        assert env["res.company"].search([]).mapped("name") == ["My Company"]
        assert env["res.users"].search_count([]) >= 2
        assert env["res.lang"].search([("code", "=", "es_MX")])
        assert env["ir.model"].search([("model", "=", "res.users")])
        for model, operation in (
            ("ir.config_parameter", "read"),
            ("res.company", "write"),
            ("res.users", "create"),
            ("ir.model.access", "read"),
        ):
            assert not env.access.allowed(model, operation)
            with pytest.raises(AccessError):
                env.access.check(model, operation)
        with pytest.raises(AccessError):
            env["ir.config_parameter"].search([])

    database.run(ana, {}, look, readonly=True)


def test_a_refusal_names_operation_model_and_the_groups_that_may(database: Any) -> None:
    ana = make_user(database, "ana")
    with pytest.raises(AccessError) as caught:
        database.run(ana, {}, lambda env: env.access.check("res.company", "write"))
    text = str(caught.value)
    assert "change" in text and "res.company" in text and "Settings" in text
    assert "cambiar" in caught.value.render("es_MX")
    assert caught.value.data == {"model": "res.company", "operation": "write"}


def test_an_unknown_model_is_refused_by_ir_model_access_check(database: Any) -> None:
    def look(env: Any) -> None:
        access = env["ir.model.access"]
        assert access.check("res.users") is True
        assert access.check("no.such", "read", False) is False
        with pytest.raises(AccessError):
            access.check("no.such")

    database.run(ADMIN, {}, look)


def test_a_user_without_groups_sees_nothing(database: Any) -> None:
    nobody = make_user(database, "nobody", groups=("base.group_public",))

    def look(env: Any) -> None:
        assert not env.access.allowed("res.users", "read")
        assert env.access.allowed("res.lang", "read")
        assert env.user.sudo().share is True

    database.run(nobody, {}, look)


def test_users_and_companies_of_elsewhere_do_not_exist(database: Any) -> None:
    def prepare(env: Any) -> int:
        other = env["res.company"].sudo().create({"name": "Elsewhere"})
        return other.id

    other = database.run(1, {}, prepare)
    ana = make_user(database, "ana")
    ben = make_user(database, "ben", company_id=other, company_ids=[(6, 0, [other])])

    def look(env: Any) -> None:
        assert env["res.users"].search([("id", "=", ben)]).ids == []
        assert env["res.company"].search([]).ids == [env.company_id]
        with pytest.raises(AccessError):
            env["res.users"].browse([ben]).read(["name"])
        with pytest.raises(AccessError):
            env["res.company"].browse([other]).read(["name"])

    database.run(ana, {}, look)
    with pytest.raises(AccessError):
        database.run(ana, {"allowed_company_ids": [other]}, lambda env: env.company.name)


def test_passwords_and_hashes_never_come_back(database: Any) -> None:
    ana = make_user(database, "ana", password="a long password")

    def look(env: Any) -> None:
        row = env["res.users"].browse([ana]).read(["password", "login"])[0]
        assert not row["password"]
        assert "password_hash" not in env["res.users"].browse([ana]).read([])[0]
        assert "password_hash" not in env["res.users"].fields_get()
        for attempt in (
            lambda: env["res.users"].browse([ana]).read(["password_hash"]),
            lambda: env["res.users"].search([("password_hash", "like", "$argon2id$")]),
            lambda: env["res.users"].read_group([], [], ["password_hash"]),
            lambda: env["res.users"].search([], order="password_hash"),
        ):
            with pytest.raises((AccessError, FieldError)):
                attempt()

    database.run(ADMIN, {}, look)


def test_rights_given_to_an_implied_group_reach_everybody_above(database: Any) -> None:
    def prepare(env: Any) -> tuple[int, int]:
        clerk = env["res.groups"].create({"name": "Clerk"})
        boss = env["res.groups"].create({"name": "Boss", "implied_ids": [(6, 0, [clerk.id])]})
        env["ir.model.access"].create({"name": "clerk", "model": "ir.config_parameter", "group_id": clerk.id, "perm_read": True})
        return clerk.id, boss.id

    clerk, boss = database.run(ADMIN, {}, prepare)
    eva = make_user(database, "eva")
    database.run(eva, {}, lambda env: pytest.raises(AccessError, env["ir.config_parameter"].search, []))
    database.run(ADMIN, {}, lambda env: env["res.users"].browse([eva]).write({"group_ids": [(4, boss)]}))

    def look(env: Any) -> None:
        assert env["ir.config_parameter"].search_count([]) >= 0
        assert not env.access.allowed("ir.config_parameter", "write")

    database.run(eva, {}, look)
    # and taken away again, at once
    database.run(ADMIN, {}, lambda env: env["res.groups"].browse([boss]).write({"implied_ids": [(3, clerk)]}))
    database.run(eva, {}, lambda env: pytest.raises(AccessError, env["ir.config_parameter"].search, []))


def test_lines_with_domains_add_up(database: Any) -> None:
    def prepare(env: Any) -> int:
        group = env["res.groups"].create({"name": "Readers of two keys"})
        for key in ("one", "two"):
            env["ir.model.access"].create(
                {
                    "name": key,
                    "model": "ir.config_parameter",
                    "group_id": group.id,
                    "perm_read": True,
                    "domain": f"[('key', '=', 'test.{key}')]",
                }
            )
        env["ir.model.access"].create(
            {
                "name": "w",
                "model": "ir.config_parameter",
                "group_id": group.id,
                "perm_write": True,
                "domain": "[('key', '=', 'test.one')]",
            }
        )
        for key in ("one", "two", "three"):
            env["ir.config_parameter"].set_param(f"test.{key}", key)
        return group.id

    group = database.run(ADMIN, {}, prepare)
    eva = make_user(database, "eva")
    database.run(ADMIN, {}, lambda env: env["res.users"].browse([eva]).write({"group_ids": [(4, group)]}))

    def look(env: Any) -> None:
        seen = env["ir.config_parameter"].search([("key", "like", "test.")])
        assert sorted(seen.mapped("key")) == ["test.one", "test.two"]
        one = seen.filtered(lambda row: row.key == "test.one")
        two = seen - one
        one.check_outside("write")
        with pytest.raises(AccessError):
            two.check_outside("write")
        with pytest.raises(AccessError):
            env["ir.config_parameter"].check_outside("unlink")

    database.run(eva, {}, look)


def test_a_write_may_not_move_a_record_out_of_reach(database: Any) -> None:
    eva = make_user(database, "eva")

    def give_away(env: Any) -> None:
        mine = env["ir.filters"].create({"name": "Mine", "model_id": "res.users"})
        assert mine.user_id == env.uid
        mine.write({"user_id": ADMIN})

    with pytest.raises(AccessError):
        database.run(eva, {}, give_away)


def test_a_write_brings_no_record_within_reach(database: Any, count_statements: Any) -> None:
    """The rule is asked about the record as it was, too: else whoever may write could take what is somebody else's."""
    ana = make_user(database, "ana")
    filters = {"name": "Theirs", "model_id": "res.users", "user_id": ADMIN}
    theirs, secret, mine = database.run(
        ADMIN,
        {},
        lambda env: (
            env["ir.filters"].create(filters).id,
            env["ir.attachment"].create({"name": "s", "datas": b"x", "res_model": "ir.config_parameter", "res_id": 1}).id,
            env["ir.filters"].create({**filters, "name": "Mine", "user_id": ana}).id,
        ),
    )
    for model, id, vals in (
        ("ir.filters", theirs, {"user_id": ana}),
        ("ir.attachment", secret, {"res_model": "res.users", "res_id": ana}),
        ("ir.attachment", secret, {"res_model": False, "res_id": 0}),
    ):
        for method, args in (
            ("write", [[id], vals]),
            ("write_multi", [[id], [vals]]),
            ("web_save", [[id], vals, {}]),
        ):
            with pytest.raises(AccessError):
                dispatch(database, ana, model, method, args)
        answer = dispatch(database, ana, model, "load", [[".id", *vals], [[str(id), *map(str, vals.values())]]])
        assert answer["ids"] is False
    before = database.run(
        1, {}, lambda env: (env["ir.filters"].browse([theirs]).user_id, env["ir.attachment"].browse([secret]).res_id)
    )
    assert before == (ADMIN, 1)
    with count_statements(database) as plain:
        assert dispatch(database, ana, "ir.filters", "write", [[mine], {"name": "Still mine"}])
    with count_statements(database) as deciding:
        assert dispatch(database, ana, "ir.filters", "write", [[mine], {"user_id": ana, "name": "Mine"}])
    assert len(deciding) <= len(plain) + 1, "only a field that decides costs the question before"


def test_a_domain_that_runs_code_is_refused(database: Any) -> None:
    def attempt(env: Any) -> None:
        env["ir.model.access"].create(
            {"name": "bad", "model": "res.users", "perm_read": True, "domain": "__import__('os').getcwd()"}
        )

    with pytest.raises(ValidationError):
        database.run(ADMIN, {}, attempt)


def test_groups_may_not_imply_each_other_in_a_circle(database: Any) -> None:
    def attempt(env: Any) -> None:
        one = env["res.groups"].create({"name": "One"})
        two = env["res.groups"].create({"name": "Two", "implied_ids": [(6, 0, [one.id])]})
        one.write({"implied_ids": [(6, 0, [two.id])]})

    with pytest.raises(ValidationError):
        database.run(ADMIN, {}, attempt)


def test_loading_access_twice_changes_nothing_and_lost_lines_go(database: Any) -> None:
    kernel = SimpleNamespace(name="kernel", package="server")

    def twice(env: Any) -> None:
        before = env["ir.model.access"].search([("addon", "=", "kernel")], order="id")
        stamps = before.mapped("write_date")
        own = env["ir.model.access"].create({"name": "own", "model": "res.lang", "perm_write": True})
        lost = env["ir.model.access"].create({"name": "lost", "model": "res.lang", "perm_write": True, "addon": "kernel"})
        count = load_access(env, kernel)
        after = env["ir.model.access"].search([("addon", "=", "kernel")], order="id")
        assert len(after) == count == len(before)
        assert after.ids == before.ids and after.mapped("write_date") == stamps
        assert own.exists() and not lost.exists()
        assert env.ref("kernel.company_user")._name == "ir.model.access"

    database.run(1, {}, twice)


def test_asking_for_rights_costs_no_query_after_the_first_time(database: Any, count_statements: Any) -> None:
    ana = make_user(database, "ana")
    database.run(ana, {}, lambda env: (env["res.users"].search([]), env.access.rule("res.users", "read")))

    def ask(env: Any) -> None:
        with count_statements(env) as seen:
            assert env.access.allowed("res.users", "read")
            assert env.access.rule("res.users", "read") == [("company_ids", "in", [env.company_id])]
            assert env.has_group("base.group_user") and not env.has_group("base.group_system") and not env.has_group("no.such")
        assert len(seen) == 0

    database.run(ana, {}, ask)


def test_has_group_in_both_forms(database: Any) -> None:
    ana = make_user(database, "ana")

    def ask(env: Any) -> None:
        users = env["res.users"]
        assert users.has_group("base.group_user") is True
        assert users.has_group([ana], "base.group_user") is True
        assert users.has_group([ana], "base.group_system") is False
        assert users.has_group("no.such_group") is False
        assert users.context_get() == {"lang": "en_US", "tz": "UTC", "uid": ana}

    database.run(ana, {}, ask)


def test_nobody_archives_himself_and_the_system_stays(database: Any) -> None:
    from server import UserError

    for uid, active in ((ADMIN, False), (1, True)):
        with pytest.raises(UserError):
            database.run(ADMIN, {}, lambda env, uid=uid, active=active: env["res.users"].browse([uid]).write({"active": active}))
    assert 1 not in database.run(ADMIN, {}, lambda env: env["res.users"].search([]).ids)
    with pytest.raises(UserError):
        database.run(ADMIN, {}, lambda env: env["res.users"].browse([1]).unlink())


class Wizard(TransientModel, name="test.wizard"):
    """A wizard of these tests."""

    name = Char("Name")


def test_a_wizard_is_seen_by_whoever_opened_it_and_swept_after_a_day(database: Any) -> None:
    from server.addon import lifecycle
    from server.addon.discovery import Discovery, discover
    from server.database import Database
    from server.jobs.housekeeping import sweep_transient

    wizard = addon("test_wizard", [Wizard], depends=())
    opened = Database(database.url, extra_addons=[wizard])
    try:
        lifecycle.install(
            opened, ["test_wizard"], companies=lifecycle.ALL, discovery=Discovery({**discover().addons, wizard.name: wizard}, {})
        )
        users = [make_user(opened, login) for login in ("ana", "eva")]

        def give_rights(env: Any) -> None:
            env["ir.model.access"].create(
                {
                    "name": "w",
                    "model": "test.wizard",
                    **{f"perm_{operation}": True for operation in ("read", "write", "create", "unlink")},
                }
            )

        opened.run(ADMIN, {}, give_rights)
        for login, uid in zip(("ana", "eva"), users, strict=True):
            opened.run(uid, {}, lambda env, login=login: env["test.wizard"].create({"name": login}))

        def look(env: Any) -> None:
            assert env["test.wizard"].search([]).mapped("name") == ["ana"]
            theirs = env["test.wizard"].sudo().search([("name", "=", "eva")]).sudo(False)
            with pytest.raises(AccessError):
                theirs.check_outside("write")

        opened.run(users[0], {}, look)

        def a_day_later(env: Any) -> None:
            table = env["test.wizard"].table
            env.execute(table.update().where(table.c.name == "ana").values(create_date=dt.datetime(2020, 1, 1)))
            sweep_transient(env, {})
            assert env["test.wizard"].search([]).mapped("name") == ["eva"]

        opened.run(1, {}, a_day_later)
    finally:
        opened.engine.dispose()
