"""API keys through the doors: made once, used in place of the password, limited to what they are for, ended at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from server import AccessDenied, AccessError, UserError, ValidationError, aside
from server.config import Config
from server.database import Database
from server.rpc.services import Server, ServiceCall
from server.security import credentials, keys, passwords

ADMIN = 2
PASSWORD = "a long password"
DESCRIPTION = "res.users.apikeys.description"


class Door:
    """`common` and `object` as one user of the database sees them."""

    def __init__(self, database: Any, tmp_path: Any) -> None:
        self.server = Server(Config(data_dir=tmp_path), database)
        self.uid = 0
        self.password = PASSWORD
        self.address = "192.0.2.7"

    def service(self, service: str, method: str, *args: Any) -> Any:
        return ServiceCall(self.server, service, method, list(args), self.address).run()

    def __call__(self, model: str, method: str, *args: Any, password: str | None = None, **kwargs: Any) -> Any:
        given = self.password if password is None else password
        return self.service("object", "execute_kw", "colca", self.uid, given, model, method, list(args), kwargs)

    def login(self, login: str, password: str) -> Any:
        return self.service("common", "login", "colca", login, password)

    def key(self, **values: Any) -> str:
        """A new key of the user, made by password as a person would."""
        made = self(DESCRIPTION, "create", {"name": "Shop", "duration": "30", **values})
        action = self(DESCRIPTION, "make_key", [made])
        assert action["res_model"] == "res.users.apikeys.show", action
        return action["context"]["default_key"]


@pytest.fixture
def door(database: Any, tmp_path: Any) -> Door:
    """Ana, an internal user who may also change partners of the system, with a password."""
    found = Door(database, tmp_path)

    def make(env: Any) -> int:
        return env["res.users"].create({"login": "ana", "name": "Ana", "password": PASSWORD}).id

    found.uid = database.run(ADMIN, {}, make)
    return found


@pytest.fixture
def admin(door: Door) -> Door:
    """The administrator, with a password of his own."""
    database = door.server.database
    database.run(1, {}, lambda env: env["res.users"].browse([ADMIN]).write({"password": PASSWORD}))
    found = Door(database, door.server.config.data_dir)
    found.uid = ADMIN
    return found


def test_a_key_is_shown_once_and_is_good_wherever_the_password_is(door: Door) -> None:
    key = door.key()
    assert len(key) >= 40 and int(key, 16)
    assert door.login("ana", key) == door.uid
    assert door.service("common", "authenticate", "colca", "ana", key, {}) == door.uid
    assert door.service("object", "execute", "colca", door.uid, key, "res.users", "context_get")["uid"] == door.uid
    assert door("res.users", "context_get", password=key)["uid"] == door.uid
    assert door.service("object", "execute_kw", "colca", str(door.uid), key, "res.users", "context_get")["uid"] == door.uid
    assert door.login("admin", key) is False, "it is Ana's"
    with pytest.raises(AccessDenied):
        door.service("object", "execute_kw", "colca", ADMIN, key, "res.users", "context_get")
    with pytest.raises(AccessDenied):
        door("res.users", "context_get", password=key[:-1] + ("0" if key[-1] != "0" else "1"))


def test_the_list_shows_everything_but_the_key(door: Door) -> None:
    key = door.key(name="Web shop")
    [row] = door("res.users.apikeys", "search_read", [])
    assert row["name"] == "Web shop" and row["user_id"] == [door.uid, "Ana"] and row["scope"] is False
    assert row["prefix"] == key[:8] and "key_hash" not in row
    assert key not in str(row) and keys.digest_of(key) not in str(row)
    days = dt.datetime.fromisoformat(row["expiration_date"]) - dt.datetime.fromisoformat(row["create_date"])
    assert days == dt.timedelta(days=30)
    with pytest.raises((AccessError, ValueError)):
        door("res.users.apikeys", "read", [row["id"]], ["key_hash"])
    with pytest.raises((AccessError, ValueError)):
        door("res.users.apikeys", "search", [["key_hash", "=", keys.digest_of(key)]])
    with pytest.raises(AccessError):
        door("res.users.apikeys", "create", {"name": "x", "user_id": door.uid, "prefix": "0", "key_hash": "0"})
    with pytest.raises(AccessError):
        door("res.users.apikeys", "write", [row["id"]], {"expiration_date": False})


def test_a_remembered_key_costs_no_statement_and_no_hash(
    door: Door, count_statements: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, database = door.key(), door.server.database
    door("res.users", "context_get", password=key)

    def never(*args: Any) -> bool:
        raise AssertionError("a slow hash")

    monkeypatch.setattr(passwords, "verify_password", never)
    monkeypatch.setattr(credentials, "verify_password", never)
    aside.flush_all()
    with count_statements(database) as seen:
        door("res.users", "context_get", password=key)
    assert all("ir_signal" in one or one.startswith("BEGIN") for one in seen.seen), seen.report()


@pytest.mark.parametrize("how", ["remove", "revoke", "expire", "archive", "delete_user"])
def test_an_ended_key_is_refused_at_once_in_every_process(door: Door, admin: Door, how: str) -> None:
    key = door.key()
    other = Database(door.server.database.url)
    try:
        there = Door(other, door.server.config.data_dir)
        there.uid = door.uid
        for one in (door, there):
            assert one("res.users", "context_get", password=key)["uid"] == door.uid
        [key_id] = door("res.users.apikeys", "search", [])
        if how == "remove":
            door("res.users.apikeys", "remove", [key_id])
        elif how == "revoke":
            door("res.users.apikeys", "revoke", key)
        elif how == "expire":
            past = {"expiration_date": "2020-01-01 00:00:00"}
            door.server.database.run(1, {}, lambda env: env["res.users.apikeys"].browse([key_id]).write(past))
        elif how == "archive":
            admin("res.users", "write", [door.uid], {"active": False})
        else:
            admin("res.users", "unlink", [door.uid])
        for one in (there, door):
            with pytest.raises(AccessDenied):
                one("res.users", "context_get", password=key)
            assert one.login("ana", key) is False
    finally:
        other.engine.dispose()


class TestScope:
    @pytest.fixture
    def scoped(self, admin: Door) -> tuple[Door, str]:
        """The administrator, and a key of his that is for groups only."""
        return admin, admin.key(allowed_models=["res.groups"])

    def test_a_reading_key_calls_only_what_reads(self, door: Door) -> None:
        key = door.key(readonly=True)
        assert door("res.users", "search_count", [], password=key)
        assert door("res.users", "fields_get", ["name"], password=key)
        assert door("res.users", "context_get", password=key)
        for method, args in (
            ("create", [{"login": "x", "name": "X"}]),
            ("write", [[door.uid], {"name": "B"}]),
            ("unlink", [[door.uid]]),
            ("change_password", [PASSWORD, "another password"]),
        ):
            with pytest.raises(AccessError, match="may only read"):
                door("res.users", method, *args, password=key)

    def test_a_key_for_some_models_and_operations(self, admin: Door) -> None:
        key = admin.key(allowed_models={"res.lang": ["read", "write"], "res.company": ["read"]})
        [lang] = admin("res.lang", "search", [["code", "=", "es_MX"]], password=key)
        assert admin("res.lang", "write", [lang], {"name": "Español (MX)"}, password=key) is True
        with pytest.raises(AccessError, match="not for the model res.users"):
            admin("res.users", "search", [], password=key)
        with pytest.raises(AccessError, match="may only read, change"):
            admin("res.lang", "unlink", [lang], password=key)
        with pytest.raises(AccessError, match="may only read"):
            admin("res.company", "write", [1], {"name": "Mine"}, password=key)
        whole = admin.key(allowed_models=["res.lang"])
        assert admin("res.lang", "name_search", "Esp", password=whole)

    def test_a_scope_that_says_nothing_is_refused(self, door: Door) -> None:
        for wrong in (5, {"res.lang": ["fly"]}, {"res.lang": []}, [["res.lang"]], {"res.lang": 5}):
            made = door(DESCRIPTION, "create", {"name": "Shop", "allowed_models": wrong})
            with pytest.raises(ValidationError, match="list of model names"):
                door(DESCRIPTION, "make_key", [made])

    def test_a_key_for_some_networks(self, door: Door) -> None:
        key = door.key(networks="192.0.2.0/24, 2001:db8::/32")
        for address in ("192.0.2.7", "::ffff:192.0.2.9", "2001:db8::5"):
            door.address = address
            assert door("res.users", "context_get", password=key)
        for address in ("198.51.100.1", "2001:db9::1", "nonsense"):
            door.address = address
            with pytest.raises(AccessDenied, match="may not be used from"):
                door("res.users", "context_get", password=key)
        with pytest.raises(ValidationError, match="neither an IP address"):
            door.key(networks="192.0.2.0/99")

    def test_a_key_for_some_companies(self, admin: Door) -> None:
        database = admin.server.database
        other = database.run(1, {}, lambda env: env["res.company"].create({"name": "Other"}).id)
        admin("res.users", "write", [ADMIN], {"company_ids": [[4, other]]})
        key = admin.key(company_ids=[[6, 0, [other]]])
        param = {"key": "x.y", "value": "1", "company_id": other}
        made = admin("ir.config_parameter", "create", param, password=key)
        assert admin("res.company", "search", [["id", "in", [1, other]]])
        seen = admin(
            "ir.config_parameter", "search", [["id", "=", made]], password=key, context={"allowed_company_ids": [1, other]}
        )
        assert seen == [made]
        with pytest.raises(AccessError, match="not for these companies"):
            admin("ir.config_parameter", "search", [], password=key, context={"allowed_company_ids": [1]})
        with pytest.raises(AccessError):
            admin("ir.config_parameter", "search", [], password=key, context={"allowed_company_ids": [999]})

    def test_a_key_for_one_company_opens_no_other_by_a_user(self, admin: Door) -> None:
        other = admin("res.company", "create", {"name": "Other"})
        admin("res.users", "write", [ADMIN], {"company_ids": [[4, other]]})
        key = admin.key(company_ids=[[6, 0, [other]]])
        here = {"name": "Eve", "password": PASSWORD, "company_id": other, "company_ids": [[6, 0, [other]]]}
        eve = admin("res.users", "create", {"login": "eve", **here}, password=key)
        assert admin("res.users", "write", [eve], {"password": PASSWORD + "!"}, password=key)
        everywhere = admin("res.users", "create", {"login": "all", **here, "company_ids": [[6, 0, [1, other]]]})
        for method, args in (
            ("create", [{"login": "x", **here, "company_ids": [[6, 0, [1, other]]]}]),
            ("create", [{"login": "x", "name": "x", "company_id": 1, "company_ids": [[6, 0, [1]]]}]),
            ("write", [[eve], {"company_ids": [[4, 1]]}]),
            ("write", [[everywhere], {"password": PASSWORD + "!"}]),
            ("write", [[everywhere], {"groups_id": [[5]]}]),
        ):
            with pytest.raises(AccessError, match="for some companies only"):
                admin("res.users", method, *args, password=key)
        with pytest.raises(AccessError, match="for some companies only"):
            admin("res.company", "write", [1], {"user_ids": [[4, eve]]}, password=key)
        assert admin("res.users", "read", [eve], ["company_ids"])[0]["company_ids"] == [other]
        assert admin("res.users", "write", [everywhere], {"lang": "es_MX"}, password=key), "what opens nothing is written"

    #: method, arguments, keyword arguments: each leads from groups to users
    DETOURS: tuple[Any, ...] = (
        ("read", [[1], ["name", "users.login"]], {}),
        ("search_read", [[], ["users/login"]], {}),
        ("search_read", [[["users.login", "=", "admin"]]], {}),
        ("search_count", [["|", ["name", "=", "x"], ["users", "any", [["login", "=", "admin"]]]]], {}),
        ("search", [[]], {"order": "name desc, users.login"}),
        ("web_read", [[1], {"users": {"fields": {"login": {}}}}], {}),
        ("web_search_read", [[], {"implied_ids": {"fields": {"users": {"fields": {"login": {}}}}}}], {}),
        ("read_group", [[], ["name"], ["users.login"]], {}),
        ("create", [{"name": "x", "users": [[0, 0, {"login": "x", "name": "x"}]]}], {}),
        ("create", [[{"name": "y", "implied_ids": [[0, 0, {"name": "z", "users": [[1, 2, {"name": "x"}]]}]]}]], {}),
        ("write", [[1], {"user_ids": [[1, 2, {"name": "x"}]]}], {}),
        ("write", [[1], {"users": [[2, 2]]}], {}),
        ("load", [["name", "users/login"], [["x", "y"]]], {}),
        ("export_data", [[1], ["name", "users/login"]], {}),
        ("onchange", [[1], {}, [], {"users": {"fields": {"login": {}}}}], {}),
        ("onchange", [[], {"name": "x", "users": [[0, "a", {"login": "x"}]]}, ["users"], {"name": {}}], {}),
        ("name_search", [], {"args": [["users.login", "=", "admin"]]}),
        ("create", [{"name": "x"}], {"context": {"default_users": [[0, 0, {"login": "x", "name": "x"}]]}}),
        ("name_create", ["x"], {"context": {"default_user_ids": [[1, 2, {"name": "x"}]]}}),
        ("web_save", [[], {"name": "x"}, {"name": {}}], {"context": {"default_users": [[2, 2]]}}),
        ("load", [["name"], [["x"]]], {"context": {"default_users": [[0, 0, {"login": "x", "name": "x"}]]}}),
        # a default of what is made on the way
        (
            "create",
            [{"name": "x", "implied_ids": [[0, 0, {"name": "y"}]]}],
            {"context": {"default_users": [[0, 0, {"login": "x", "name": "x"}]]}},
        ),
    )

    def test_no_detour_leads_to_other_models(self, scoped: tuple[Door, str]) -> None:
        admin, key = scoped
        for method, args, kwargs in self.DETOURS:
            with pytest.raises(AccessError, match="cannot reach res.users through res.groups"):
                admin("res.groups", method, *args, password=key, **kwargs)

    def test_what_a_scope_does_not_stand_in_the_way_of(self, scoped: tuple[Door, str]) -> None:
        admin, key = scoped
        [row] = admin("res.groups", "read", [1], ["name", "users", "create_uid"], password=key)
        assert row["name"] and isinstance(row["users"], list)
        groups = {"implied_ids": {"fields": {"name": {}}}}
        assert admin("res.groups", "web_search_read", [["users", "in", [2]]], groups, password=key)["length"]
        made = admin("res.groups", "create", {"name": "x", "users": [[6, 0, [2]]]}, password=key)
        assert admin("res.groups", "search", [["users", "ilike", "admin"], ["id", "=", made]], password=key) == [made]
        both = admin.key(allowed_models={"res.groups": ["read"], "res.users": ["read"]})
        assert admin("res.groups", "search", [["users.login", "=", "admin"]], password=both)
        with pytest.raises(AccessError, match="may only read"):
            admin("res.groups", "write", [made], {"name": "y"}, password=both)

    def test_a_narrowed_scope_holds_from_the_next_call(self, door: Door) -> None:
        key = door.key()
        assert door("res.users", "search", [], password=key)
        [key_id] = door("res.users.apikeys", "search", [])
        only = {"allowed_models": {"res.lang": ["read"]}}
        door.server.database.run(1, {}, lambda env: env["res.users.apikeys"].browse([key_id]).write(only))
        with pytest.raises(AccessError, match="not for the model"):
            door("res.users", "search", [], password=key)


class TestLife:
    """Keys that programs make, renew and end by themselves."""

    def test_a_generated_key_has_the_limits_of_the_one_it_came_from(self, door: Door) -> None:
        key = door.key(readonly=True, allowed_models=["res.users"], networks="192.0.2.0/24", rate_limit=600)
        made = door("res.users.apikeys", "generate", key, "rpc", "second", "2090-01-01 00:00:00", password=key)
        assert keys.is_key(made) and made != key
        assert door("res.users", "search", [], password=made)
        with pytest.raises(AccessError, match="may only read"):
            door("res.users", "write", [door.uid], {"name": "B"}, password=made)
        with pytest.raises(AccessError, match="not for the model"):
            door("res.lang", "search", [], password=made)
        fields = ["name", "scope", "networks", "rate_limit", "expiration_date", "parent_id"]
        rows = door("res.users.apikeys", "search_read", [], fields)
        assert rows[0]["parent_id"][0] == rows[1]["id"] and rows[1]["parent_id"] is False
        assert rows[0]["name"] == "second" and rows[0]["scope"] == "rpc"
        assert rows[0]["expiration_date"] == "2090-01-01 00:00:00"
        assert rows[0]["networks"] == rows[1]["networks"] and rows[0]["rate_limit"] == 600
        assert door("res.users", "search", [], password=key), "the first lives on"

    def test_what_generate_and_revoke_refuse(self, door: Door, admin: Door) -> None:
        key, foreign = door.key(), admin.key()
        for wrong in (keys.make_key(), foreign, PASSWORD, "", "x" * 48):
            for method, args in (("generate", [wrong, "rpc", "n", None]), ("revoke", [wrong]), ("rotate", [wrong])):
                with pytest.raises((AccessDenied, TypeError)) as refused:
                    door("res.users.apikeys", method, *args)
                assert wrong == "" or isinstance(refused.value, AccessDenied)
        for scope, date in (("everything", None), (None, "2001-01-01 00:00:00")):
            with pytest.raises(UserError):
                door("res.users.apikeys", "generate", key, scope, "n", date)
        assert door("res.users.apikeys", "revoke", key) is True
        with pytest.raises(AccessDenied):
            door("res.users.apikeys", "revoke", key)

    def test_ten_keys_are_the_limit_and_dead_ones_do_not_count(self, door: Door) -> None:
        key = door.key()
        for number in range(9):
            door("res.users.apikeys", "generate", key, None, f"n{number}", None)
        with pytest.raises(UserError, match="10 API keys"):
            door("res.users.apikeys", "generate", key, None, "one too many", None)
        with pytest.raises(UserError, match="10 API keys"):
            door.key()
        assert door("res.users.apikeys", "rotate", key, 1)["key"], "the old one ends: it is replaced"
        newest = door("res.users.apikeys", "search", [], limit=2)
        past = {"expiration_date": "2020-01-01 00:00:00"}
        door.server.database.run(1, {}, lambda env: env["res.users.apikeys"].browse(newest).write(past))
        assert door.key()

    def test_a_key_is_rotated_with_an_overlap(self, door: Door) -> None:
        key = door.key(readonly=True, name="Shop")
        before = door("res.users.apikeys", "search_read", [], ["expiration_date"])[0]["expiration_date"]
        answer = door("res.users.apikeys", "rotate", key, 48, password=key)
        assert answer["old_expiration_date"] < before <= answer["expiration_date"], "the same span again, from today"
        for one in (key, answer["key"]):
            assert door("res.users", "search", [], password=one), "both work meanwhile"
        with pytest.raises(AccessError, match="may only read"):
            door("res.users", "write", [door.uid], {"name": "B"}, password=answer["key"])
        last = door("res.users.apikeys", "rotate", answer["key"], 0)
        with pytest.raises(AccessDenied):
            door("res.users", "search", [], password=answer["key"])
        assert door("res.users", "search", [], password=last["key"])

    def test_durations(self, door: Door) -> None:
        with pytest.raises(UserError, match="expiration date"):
            door.key(duration="-1")
        door.key(duration="-1", expiration_date="2091-05-06 07:08:09")
        door.key(duration="0")
        rows = door("res.users.apikeys", "search_read", [], ["expiration_date"])
        assert [row["expiration_date"] for row in rows] == [False, "2091-05-06 07:08:09"]
        database = door.server.database
        database.run(1, {}, lambda env: env.settings.set("api.key_max_days", 90))
        with pytest.raises(UserError, match="at most 90 days"):
            door.key(duration="0")
        with pytest.raises(UserError, match="at most 90 days"):
            door.key(duration="180")
        assert door.key(duration="90")


class TestIdentity:
    """A stolen key must not beget keys: the password is asked for."""

    def ask(self, door: Door, key: str) -> int:
        made = door(DESCRIPTION, "create", {"name": "Second", "duration": "7"}, password=key)
        action = door(DESCRIPTION, "make_key", [made], password=key)
        assert action["res_model"] == "res.users.identitycheck" and "default_key" not in str(action)
        return action["res_id"]

    def test_the_password_in_the_context(self, door: Door) -> None:
        key = door.key()
        check = self.ask(door, key)
        with pytest.raises(AccessDenied):
            door("res.users.identitycheck", "run_check", [check], password=key)
        for wrong in ("wrong", key):
            with pytest.raises(AccessDenied):
                door("res.users.identitycheck", "run_check", [check], password=key, context={"password": wrong})
        done = door("res.users.identitycheck", "run_check", [check], password=key, context={"password": PASSWORD})
        assert done["res_model"] == "res.users.apikeys.show"
        assert door.login("ana", done["context"]["default_key"]) == door.uid
        with pytest.raises(UserError, match="nothing left to do"):
            door("res.users.identitycheck", "run_check", [check], password=key, context={"password": PASSWORD})

    def test_the_password_written_first(self, door: Door) -> None:
        key = door.key()
        check = self.ask(door, key)
        with pytest.raises(AccessDenied):
            door("res.users.identitycheck", "write", [check], {"password": "wrong"}, password=key)
        assert door("res.users.identitycheck", "write", [check], {"password": PASSWORD}, password=key) is True
        assert door("res.users.identitycheck", "read", [check], ["password"], password=key)[0]["password"] is False
        done = door("res.users.identitycheck", "run_check", [check], password=key)
        assert keys.is_key(done["context"]["default_key"])

    def test_guessing_here_is_slowed_too(self, door: Door) -> None:
        key = door.key()
        check = self.ask(door, key)
        for _try in range(5):
            with pytest.raises(AccessDenied):
                door("res.users.identitycheck", "run_check", [check], password=key, context={"password": "wrong"})
        with pytest.raises(credentials.TooManyAttempts):
            door("res.users.identitycheck", "run_check", [check], password=key, context={"password": PASSWORD})

    def test_nobody_runs_the_check_of_another(self, door: Door, admin: Door) -> None:
        check = self.ask(door, door.key())
        with pytest.raises(AccessError):
            admin("res.users.identitycheck", "run_check", [check])

    def test_an_administrator_makes_keys_for_a_program(self, door: Door, admin: Door) -> None:
        program = admin("res.users", "create", {"login": "shop", "name": "Shop"})
        key = admin.key(name="Shop", user_id=program)
        assert admin.login("shop", key) == program, "a user without a password works by key"
        assert admin.login("shop", "") is False
        own = admin("res.users.apikeys", "search_read", [["user_id", "=", program]], ["create_uid", "user_id"])
        assert own[0]["create_uid"][0] == ADMIN, "who made it is known"
        assert not door("res.users.apikeys", "search", [["user_id", "=", program]]), "nobody else sees it"
        with pytest.raises(AccessError, match="Only administrators"):
            door.key(user_id=program)
        with pytest.raises(UserError, match="cannot log in"):
            admin.key(user_id=1)
        admin("res.users", "write", [program], {"active": False})
        with pytest.raises(UserError, match="cannot log in"):
            admin.key(user_id=program)

    def test_a_default_of_ones_own_proves_nothing(self, door: Door) -> None:
        """A key may set defaults as its user may, but none of fields that are for the code alone."""
        key = door.key(duration="1")
        made = door(DESCRIPTION, "create", {"name": "more"}, password=key)
        request = {"model": DESCRIPTION, "id": made}
        for name, value in (("proven_at", "2099-01-01 00:00:00"), ("request", request)):
            with pytest.raises(AccessError, match=name):
                door("ir.default", "set", "res.users.identitycheck", name, value, True, password=key)
        check = door("res.users.identitycheck", "create", {}, password=key)
        with pytest.raises(AccessDenied):
            door("res.users.identitycheck", "run_check", [check], password=key)

    def test_the_present_password_cannot_be_tried_out_by_key(self, door: Door) -> None:
        key = door.key()
        with pytest.raises(credentials.TooManyAttempts):
            for number in range(50):
                with pytest.raises(AccessDenied) as refused:
                    door("res.users", "change_password", f"wrong {number}", "another long one", password=key)
                if isinstance(refused.value, credentials.TooManyAttempts):
                    raise refused.value


class TestGuessing:
    """How long a refusal takes says nothing, and guessing gets slower. Counted in slow hashes and tries, not by the clock."""

    @pytest.fixture
    def hashes(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        done: list[str] = []
        slow = passwords.verify_password

        def counting(stored: str | None, password: str) -> bool:
            done.append(password)
            return slow(stored, password)

        monkeypatch.setattr(credentials, "verify_password", counting)
        return done

    @pytest.mark.parametrize("given", ["wrong", "0" * 48])
    def test_an_unknown_login_costs_what_a_wrong_password_costs(self, door: Door, hashes: list[str], given: str) -> None:
        costs = []
        for login in ("ana", "nobody-of-this-name"):
            before = len(hashes)
            assert door.login(login, given) is False
            costs.append(len(hashes) - before)
        for uid in (door.uid, 99_999):
            before = len(hashes)
            with pytest.raises(AccessDenied):
                door.service("object", "execute_kw", "colca", uid, given, "res.users", "context_get")
            costs.append(len(hashes) - before)
        assert costs == [1, 1, 1, 1]

    def test_a_right_key_for_another_login_costs_the_same(self, door: Door, hashes: list[str]) -> None:
        key = door.key()
        del hashes[:]
        assert door.login("admin", key) is False and door.login("nobody", key) is False
        assert len(hashes) == 2

    def test_wrong_keys_are_slowed_per_address(self, door: Door) -> None:
        database, key = door.server.database, door.key()
        for _try in range(20):
            assert credentials.prove_key(database, keys.make_key(), "203.0.113.9") is None
        with pytest.raises(credentials.TooManyAttempts):
            credentials.prove_key(database, keys.make_key(), "203.0.113.9")
        assert credentials.prove_key(database, key, "192.0.2.7") is not None, "others go on"
        for _try in range(30):
            assert credentials.prove_key(database, "not a key at all", "192.0.2.8") is None
        assert credentials.prove_key(database, keys.make_key(), "192.0.2.8") is None, "what can be no key guesses none"
