"""A repeated `search_read` keeps its statement, and never its answer or somebody else's rights."""

from __future__ import annotations

import pytest

from server.errors import AccessError, FieldError

DOMAIN = [["name", "ilike", "repeat"], ["active", "in", [True, False]]]


def kept(env):
    return env.models.plans.get("searches", {})


def ask(env, domain=DOMAIN, **more):
    return [row["name"] for row in env["res.groups"].search_read(domain, ["name"], **more)]


@pytest.fixture
def users(database):
    """Ids of an administrator and of a user with nothing but the group of internal users."""

    def make(env):
        env["res.lang"].search([])
        user = env["res.users"].create(
            {
                "name": "Plain",
                "login": "plain@example.com",
                "password": "a long password",
                "group_ids": [(6, 0, [env.ref("base.group_user").id])],
            }
        )
        return 2, user.id

    return database.run(1, {}, make)


def test_the_answer_follows_the_data(database, users):
    def work(env):
        model = env["res.company"]
        domain = [["name", "like", "Twice %"]]
        first = [r["name"] for r in model.search_read(domain, ["name"])]
        count = len(kept(env))
        model.create({"name": "Twice told"})
        env.flush()
        second = [r["name"] for r in model.with_context(allowed_company_ids=None).search_read(domain, ["name"])]
        return first, second, count

    first, second, count = database.run(1, {}, work)
    assert first == [] and second == ["Twice told"]
    assert count == 1


def test_order_page_and_language_are_part_of_the_question(database):
    def work(env):
        model = env["res.country.state"] if "res.country.state" in env else env["res.groups"]
        names = [r["name"] for r in model.search_read([], ["name"], order="name")]
        assert [r["name"] for r in model.search_read([], ["name"], order="name desc")] == names[::-1]
        assert [r["name"] for r in model.search_read([], ["name"], order="name", limit=2)] == names[:2]
        assert [r["name"] for r in model.search_read([], ["name"], order="name", limit=2, offset=1)] == names[1:3]
        assert [r["name"] for r in model.search_read([], ["name"], order="name")] == names

    database.run(1, {}, work, readonly=True)


def test_rights_are_asked_each_time(database, users):
    admin, plain = users

    def read(env):
        return env["ir.config_parameter"].search_read([], ["key"])

    database.run(admin, {}, read, readonly=True)
    with pytest.raises(AccessError):
        database.run(plain, {}, read, readonly=True)
    database.run(admin, {}, read, readonly=True)


def test_a_hidden_field_stays_hidden_in_the_domain(database, users):
    admin, plain = users
    domain = [["password_hash", "like", "argon"]]

    def read(env):
        return env["res.users"].sudo(env.uid == admin).search_read(domain, ["name"])

    assert database.run(admin, {}, read, readonly=True)
    with pytest.raises(FieldError):
        database.run(plain, {}, read, readonly=True)


def test_the_wall_is_part_of_the_question(database):
    def work(env):
        one = env.company
        two = env["res.company"].create({"name": "Second"})
        model = env["ir.sequence"]
        model.create({"name": "Repeat 1", "company_id": one.id})
        model.with_company(two).create({"name": "Repeat 2", "company_id": two.id})
        seen = {}
        for ids in ([one.id], [two.id], [one.id, two.id], [one.id]):
            rows = model.with_context(allowed_company_ids=ids).search_read([["name", "like", "Repeat"]], ["name"], order="name")
            seen[tuple(ids)] = [r["name"] for r in rows]
        return [seen[(one.id,)], seen[(two.id,)], seen[(one.id, two.id)]]

    assert database.run(1, {}, work) == [["Repeat 1"], ["Repeat 2"], ["Repeat 1", "Repeat 2"]]


def test_odd_questions_are_not_kept(database):
    def work(env):
        before = len(kept(env))
        for domain in (
            [["display_name", "ilike", "a"]],
            [["company_id.name", "=", "a"]],
            [["company_id", "ilike", "a"]],
            [["id", "in", list(range(900))]],
        ):
            env["res.users"].search_read(domain, ["login"])
        with pytest.raises(FieldError):
            env["res.users"].search_read([], ["login"], limit=[1])
        return len(kept(env)) - before

    assert database.run(1, {}, work, readonly=True) == 0
