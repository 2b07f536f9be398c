"""Models and fields that people make through the door: live at once, on both databases, in every process, and gone when deleted."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from server.addon import lifecycle, purge
from server.database import Database
from server.errors import AccessError, FieldError, UserError, ValidationError
from server.testing.calls import Client


@pytest.fixture
def call(database):
    return Client(database)


def make(call, name="x_thing", **kw):
    return call("ir.model", "create", {"name": "Thing", "model": name, "state": "manual", **kw})


def field(call, model, name, ttype, **kw):
    return call("ir.model.fields", "create", {"model_id": model, "name": name, "ttype": ttype, "state": "manual", **kw})


def columns(database, table):
    with database.engine.connect() as connection:
        inspector = sa.inspect(connection)
        return {column["name"] for column in inspector.get_columns(table)} if inspector.has_table(table) else None


@pytest.mark.feature("I3")
def test_the_official_example(call):
    model = call("ir.model", "create", {"name": "Custom Model", "model": "x_custom", "state": "manual"})
    fields = call("x_custom", "fields_get", [], ["string", "help", "type"])
    assert {"id", "display_name", "create_uid", "create_date", "write_uid", "write_date"} <= set(fields)
    made = call(
        "ir.model.fields", "create", {"model_id": model, "name": "x_name", "ttype": "char", "state": "manual", "required": True}
    )
    assert isinstance(made, int)
    record = call("x_custom", "create", {"x_name": "test record"})
    (row,) = call("x_custom", "read", [record])
    assert row["x_name"] == row["display_name"] == "test record"
    assert row["create_uid"][0] == call.uid and row["id"] == record
    assert call("x_custom", "read", [record], ["__last_update"])[0]["__last_update"] == row["write_date"]
    with pytest.raises(ValidationError, match="x_name"):
        call("x_custom", "create", {})
    assert [list(pair) for pair in call("x_custom", "name_search", "test")] == [[record, "test record"]]


VALUES = {
    "char": ("a", {"size": 20}), "text": ("two\nlines", {}), "html": ("<p>x</p>", {}), "integer": (7, {}), "float": (1.25, {}),
    "boolean": (True, {}), "date": ("2026-03-31", {}), "datetime": ("2026-03-31 18:30:00", {}), "binary": ("aGVsbG8=", {}),
    "json": ({"a": [1, 2]}, {}), "selection": ("b", {"selection_ids": [(0, 0, {"value": "a", "name": "A"}), (0, 0, {"value": "b", "name": "B"})]}),
    "monetary": (12.5, {"currency_field": "x_currency_id"}),
}  # fmt: skip


def test_every_type_holds_its_value(call, database):
    model = make(call)
    for kind, (_value, more) in VALUES.items():
        field(call, model, f"x_{kind}", kind, **more)
    field(call, model, "x_user_id", "many2one", relation="res.users", on_delete="restrict", required=False)
    field(call, model, "x_group_ids", "many2many", relation="res.groups")
    field(call, model, "x_about", "reference")
    field(call, model, "x_parent_id", "many2one", relation="x_thing", index=True)
    field(call, model, "x_child_ids", "one2many", relation="x_thing", relation_field="x_parent_id")
    field(call, model, "x_login", "char", related="x_user_id.login")
    vals = {f"x_{kind}": value for kind, (value, _more) in VALUES.items()}
    groups = call("res.groups", "search", [], limit=2)
    first, second = call(
        "x_thing",
        "create",
        [
            {**vals, "x_name": "one", "x_user_id": call.uid, "x_group_ids": [(6, 0, groups)], "x_about": f"res.users,{call.uid}"},
            {"x_name": "two"},
        ],
    )
    call("x_thing", "write", [first], {"x_child_ids": [(4, second)]})
    # another process
    other = Database(database.url)
    try:
        again = Client(other)
        (row,) = again("x_thing", "read", [first])
        assert {name: row[name] for name in vals} == vals
        assert row["x_user_id"][0] == call.uid and sorted(row["x_group_ids"]) == sorted(groups)
        assert row["x_about"] == f"res.users,{call.uid}" and row["x_child_ids"] == [second] and row["x_login"] == "admin"
        for name, value in vals.items():
            if name not in ("x_binary", "x_json", "x_html"):
                assert again("x_thing", "search", [[name, "=", value]]) == [first], name
        assert again("x_thing", "search", [["x_parent_id.x_user_id.login", "=", "admin"]]) == [second]
        described = again("x_thing", "fields_get")
        assert all(described[name]["manual"] for name in described if name.startswith("x_")) and not described["id"]["manual"]
        assert described["x_selection"]["selection"] == [["a", "A"], ["b", "B"]]
    finally:
        other.engine.dispose()
    with pytest.raises(FieldError):
        call("x_thing", "write", [first], {"x_selection": "c"})


def test_a_field_on_a_model_of_an_addon_and_away_again(call, database):
    (users,) = call("ir.model", "search", [["model", "=", "res.users"]])
    made = field(call, users, "x_badge", "char", field_description="Badge", help="Of the door", tracking=True)
    call("res.users", "write", [call.uid], {"x_badge": "007"})
    assert call("res.users", "search_read", [["x_badge", "=", "007"]], ["x_badge"]) == [{"id": call.uid, "x_badge": "007"}]
    assert call("res.users", "fields_get", ["x_badge"], ["string", "help"])["x_badge"] == {
        "string": "Badge",
        "help": "Of the door",
    }
    (history,) = call("ir.history", "search_read", [["model", "=", "res.users"], ["res_id", "=", call.uid]], ["changes"], limit=1)
    assert history["changes"] == {"x_badge": [None, "007"]}
    call("ir.model.fields", "write", [made], {"field_description": "Badge number", "required": False})
    assert call("res.users", "fields_get", ["x_badge"], ["string"])["x_badge"]["string"] == "Badge number"
    call("ir.model.fields", "write", [made], {"name": "x_number", "index": True})
    assert call("res.users", "read", [call.uid], ["x_number"])[0]["x_number"] == "007"
    assert call("ir.model.fields", "unlink", [made]) is True
    assert "x_number" not in columns(database, "res_users") and "x_badge" not in columns(database, "res_users")
    with pytest.raises(FieldError, match="x_number"):
        call("res.users", "read", [call.uid], ["x_number"])


def test_links_are_renamed_and_made_again(call):
    (users,) = call("ir.model", "search", [["model", "=", "res.users"]])
    model = make(call)
    link = field(call, model, "x_who_id", "many2one", relation="res.users")
    field(call, users, "x_thing_ids", "one2many", relation="x_thing", relation_field="x_who_id")
    call("ir.model.fields", "write", [link], {"name": "x_owner_id"})
    field(call, model, "x_who_id", "many2one", relation="res.users")
    record = call("x_thing", "create", {"x_name": "a", "x_owner_id": call.uid})
    assert call("res.users", "read", [call.uid], ["x_thing_ids"])[0]["x_thing_ids"] == [record]
    with pytest.raises(ValidationError, match="x_thing_ids"):
        call("ir.model.fields", "unlink", [link])
    with pytest.raises(ValidationError, match="x_thing_ids"):
        call("ir.model", "unlink", [model])
    assert call("x_thing", "read", [record], ["x_owner_id"])[0]["x_owner_id"][0] == call.uid


def test_a_deleted_model_leaves_nothing(call, database):
    before = database.run(1, {}, lambda env: env["ir.model.access"].search_count([]), readonly=True)
    model = make(call, is_mail_thread=True)
    field(call, model, "x_group_ids", "many2many", relation="res.groups")
    record = call("x_thing", "create", {"x_name": "a"})
    call("x_thing", "message_post", [record], body="hello")
    call("ir.model.data", "create", {"module": "me", "name": "a", "model": "x_thing", "res_id": record})
    assert call("ir.model", "read", [model], ["access_ids"])[0]["access_ids"]
    assert call("ir.model", "unlink", [model]) is True
    assert columns(database, "x_thing") is None
    with database.engine.connect() as connection:
        assert not [name for name in sa.inspect(connection).get_table_names() if "x_thing" in name]
    assert call("ir.model.data", "search_count", [["module", "=", "me"]]) == 0
    assert call("mail.message", "search_count", [["model", "=", "x_thing"]]) == 0
    assert call("ir.model.fields", "search_count", [["model", "=", "x_thing"]]) == 0
    assert database.run(1, {}, lambda env: env["ir.model.access"].search_count([]), readonly=True) == before
    with pytest.raises(UserError, match="Object x_thing doesn't exist"):
        call("x_thing", "search", [])
    assert make(call) != model
    assert call("x_thing", "search", []) == []


@pytest.mark.parametrize(
    ("vals", "error", "text"),
    [
        ({"model": "custom"}, ValidationError, "x_"),
        ({"model": "x_Thing"}, ValidationError, "small letters"),
        ({"model": "x_thing; drop table res_users"}, ValidationError, "small letters"),
        ({"model": "x_" + "a" * 60}, ValidationError, "too long"),
        ({"model": "x_a", "state": "base"}, UserError, "manual"),
        ({"model": "x_a", "field_id": [(0, 0, {"name": "name", "ttype": "char"})]}, ValidationError, "x_"),
    ],
)
def test_models_that_cannot_be(call, vals, error, text):
    with pytest.raises(error, match=text):
        make(call, **vals)
    assert call("ir.model", "search_count", [["state", "=", "manual"]]) == 0


@pytest.mark.parametrize(
    ("vals", "text"),
    [
        ({"name": "badge"}, "x_"),
        ({"name": 'x_b"; --'}, "small letters"),
        ({"ttype": "money"}, "money"),
        ({"ttype": "many2one"}, "relation"),
        ({"ttype": "many2one", "relation": "no.model"}, "no.model"),
        ({"ttype": "one2many", "relation": "res.groups", "relation_field": "name"}, "name"),
        ({"ttype": "selection"}, "choices"),
        ({"ttype": "selection", "selection": "__import__('os')"}, "pairs"),
        ({"related": "company_id.nothing"}, "nothing"),
        ({"related": "company_id.sequence"}, "integer"),
        ({"compute": "for r in self: r['x_a'] = 1"}, "not computed by code"),
        ({"name": "x_" + "a" * 80}, "too long"),
        ({"name": "x_id", "ttype": "many2one", "relation": "res.groups", "required": True, "on_delete": "set null"}, "restrict"),
    ],
)
def test_fields_that_cannot_be(call, database, vals, text):
    (users,) = call("ir.model", "search", [["model", "=", "res.users"]])
    before = columns(database, "res_users")
    with pytest.raises(UserError, match=text):
        field(call, users, **{"name": "x_a", "ttype": "char", **vals})
    assert columns(database, "res_users") == before
    assert call("ir.model.fields", "search_count", [["state", "=", "manual"]]) == 0


def test_no_related_field_shows_what_is_for_nobody(call):
    """Hashes and secrets have no right that could be given; a field of one's own is no way around that."""
    for model, path in (
        ("res.device", "user_id.password_hash"),
        ("res.users.apikeys", "parent_id.key_hash"),
        ("webhook.line", "subscription_id.signing_secret"),
    ):
        (found,) = call("ir.model", "search", [["model", "=", model]])
        with pytest.raises(UserError, match="nobody outside"):
            field(call, found, "x_secret", "char", related=path)


def test_what_addons_declare_stays(call):
    (users,) = call("ir.model", "search", [["model", "=", "res.users"]])
    (login,) = call("ir.model.fields", "search", [["model", "=", "res.users"], ["name", "=", "login"]])
    for model, id, vals in (("ir.model", users, {"name": "People"}), ("ir.model.fields", login, {"field_description": "Name"})):
        with pytest.raises(UserError, match="declared in code"):
            call(model, "write", [id], vals)
        with pytest.raises(UserError, match="declared in code"):
            call(model, "unlink", [id])
    field_id = field(call, users, "x_a", "char")
    with pytest.raises(UserError, match="ttype"):
        call("ir.model.fields", "write", [field_id], {"ttype": "integer"})
    with pytest.raises(ValidationError, match="already has"):
        field(call, users, "x_a", "char")
    with pytest.raises(ValidationError, match="already"):
        make(call, "x_b") and make(call, "x_b")


def test_only_administrators_make_and_see_them(call):
    call("res.users", "create", {"name": "Clerk", "login": "clerk", "password": "a long enough one"})
    clerk = call.as_user("clerk")
    for attempt in (
        lambda: make(clerk),
        lambda: field(clerk, 1, "x_a", "char"),
    ):
        with pytest.raises(AccessError):
            attempt()
    model = make(call)
    with pytest.raises(AccessError):
        clerk("x_thing", "search", [])
    call("ir.model.access", "create", {"name": "all", "model_id": model, "perm_read": True})
    assert clerk("x_thing", "search", []) == []
    with pytest.raises(AccessError):
        clerk("x_thing", "create", {"x_name": "a"})
    (group,) = call("ir.model.data", "search_read", [["module", "=", "base"], ["name", "=", "group_system"]], ["res_id"])
    field(call, model, "x_secret", "char", groups=[(6, 0, [group["res_id"]])])
    call("x_thing", "create", {"x_name": "a", "x_secret": "b"})
    assert "x_secret" not in clerk("x_thing", "fields_get") and "x_secret" in call("x_thing", "fields_get")


def test_choices_come_and_go(call):
    model = make(call)
    made = field(call, model, "x_kind", "selection", selection="[('a', 'A'), ('b', 'B')]")
    one, two = call("x_thing", "create", [{"x_name": "1", "x_kind": "a"}, {"x_name": "2", "x_kind": "b"}])
    choices = call("ir.model.fields", "read", [made], ["selection_ids"])[0]["selection_ids"]
    call("ir.model.fields.selection", "create", {"field_id": made, "value": "c", "name": "C", "sequence": 9})
    call("x_thing", "write", [two], {"x_kind": "c"})
    call("ir.model.fields.selection", "write", [choices[0]], {"value": "aa", "name": "Alpha"})
    assert call("x_thing", "read", [one], ["x_kind"])[0]["x_kind"] == "aa"
    call("ir.model.fields.selection", "unlink", [choices[0]])
    assert call("x_thing", "read", [one], ["x_kind"])[0]["x_kind"] is False
    assert call("x_thing", "fields_get", ["x_kind"], ["selection"])["x_kind"]["selection"] == [["b", "B"], ["c", "C"]]
    (base,) = call("ir.model.fields.selection", "search", [["field_id.model", "=", "ir.sequence"]], limit=1)
    with pytest.raises(UserError, match="declared in code"):
        call("ir.model.fields.selection", "unlink", [base])


def test_within_one_transaction_and_undone(database):
    with pytest.raises(ZeroDivisionError), database.transaction(2) as env:
        model = env["ir.model"].create({"name": "Thing", "model": "x_thing", "state": "manual"})
        env["ir.model.fields"].create({"model_id": model.id, "name": "x_size", "ttype": "float", "state": "manual"})
        made = env["x_thing"].create([{"x_name": "a", "x_size": 2}, {"x_name": "b", "x_size": 3}])
        assert env["x_thing"].search([("x_size", ">", 2)]) == made[1]
        raise ZeroDivisionError
    assert columns(database, "x_thing") is None
    with pytest.raises(UserError, match="doesn't exist"):
        Client(database)("x_thing", "search", [])


def test_undone_with_a_part_of_the_transaction(database):
    from server.model.savepoint import savepoint

    with database.transaction(2) as env:
        with pytest.raises(ZeroDivisionError), savepoint(env):
            env["ir.model"].create({"name": "Thing", "model": "x_thing", "state": "manual"})
            raise ZeroDivisionError
        assert "x_thing" not in env
        env["ir.model"].create({"name": "Thing", "model": "x_thing", "state": "manual"})
        assert env["x_thing"].create({"x_name": "a"}).display_name == "a"
    assert columns(database, "x_thing") >= {"id", "x_name"}


@pytest.mark.slow
def test_many_at_once_make_all_of_them(database, call):
    """Three processes add fields and models at the same time: none is lost, none is made twice."""
    (users,) = call("ir.model", "search", [["model", "=", "res.users"]])
    errors = []

    def work(number):
        own = Database(database.url)
        try:
            mine = Client(own)
            for turn in range(2):
                field(mine, users, f"x_f{number}_{turn}", "char")
                make(mine, f"x_m{number}_{turn}")
                mine(f"x_m{number}_{turn}", "create", {"x_name": "a"})
        except Exception as error:
            errors.append(error)
        finally:
            own.engine.dispose()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    names = {f"x_f{number}_{turn}" for number in range(3) for turn in range(2)}
    assert names <= columns(database, "res_users") and names <= set(call("res.users", "fields_get"))
    for number in range(3):
        assert call(f"x_m{number}_1", "search_count", []) == 1


def test_a_process_that_still_knows_a_field_goes_on_without_it(database, call):
    (users,) = call("ir.model", "search", [["model", "=", "res.users"]])
    made = field(call, users, "x_a", "char")
    other = Database(database.url)
    try:
        reader = Client(other)
        assert "x_a" in reader("res.users", "read", [call.uid])[0]
        call("ir.model.fields", "unlink", [made])
        assert "x_a" not in reader("res.users", "read", [call.uid])[0]
    finally:
        other.engine.dispose()


def test_they_outlive_addons(database, call, enable):
    """A custom field of an addon's model sleeps while the addon is uninstalled and wakes with its values; a purge takes it along."""
    enable("base")
    (countries,) = call("ir.model", "search", [["model", "=", "res.country"]])
    model = make(call)
    field(call, countries, "x_note", "char")
    field(call, model, "x_country_id", "many2one", relation="res.country")
    field(call, model, "x_country_ids", "many2many", relation="res.country")
    (mexico,) = call("res.country", "search", [["code", "=", "MX"]])
    call("res.country", "write", [mexico], {"x_note": "north"})
    record = call("x_thing", "create", {"x_name": "a", "x_country_id": mexico, "x_country_ids": [(6, 0, [mexico])]})
    lifecycle.upgrade(database)
    assert call("res.country", "read", [mexico], ["x_note"])[0]["x_note"] == "north"
    lifecycle.disable(database, ["base"])
    assert "x_country_id" not in call("x_thing", "fields_get")
    lifecycle.uninstall(database, ["base"])
    assert "x_country_id" not in call("x_thing", "fields_get")
    assert call("x_thing", "read", [record], ["x_name"])[0]["x_name"] == "a"
    enable("base")
    assert call("x_thing", "read", [record], ["x_country_id"])[0]["x_country_id"][0] == mexico
    assert call("res.country", "read", [mexico], ["x_note"])[0]["x_note"] == "north"
    lifecycle.uninstall(database, ["base"])
    counted = purge.purge(database, "base", dry_run=True)
    assert counted.columns["x_thing", "x_country_id"] == 1
    purge.purge(database, "base")
    assert "x_country_id" not in columns(database, "x_thing")
    assert call("x_thing", "read", [record], ["x_name"])[0]["x_name"] == "a"
    assert call("ir.model.fields", "search_count", [["name", "in", ["x_note", "x_country_id", "x_country_ids"]]]) == 0
    enable("base")
    assert "x_note" not in call("res.country", "fields_get")


def test_the_page_of_the_documentation(rpc):
    """The samples of the page, in order, as it shows them."""
    from tests.docs.samples import code_blocks
    from tests.docs.test_docs import DOCS

    scope = {"call": rpc}
    blocks = code_blocks(DOCS / "integrate" / "models.md")
    assert len(blocks) >= 5
    for block in blocks:
        exec(compile(block, "models.md", "exec"), scope)


def test_a_model_and_its_records_in_one_batch(call, database):
    """All or nothing: what a refused call leaves of the model before it is nothing."""
    steps = [
        {"method": "ir.model.create", "params": {"vals_list": {"name": "Thing", "model": "x_thing", "state": "manual"}}},
        {"method": "x_thing.create", "params": {"vals_list": {"x_name": "a"}}},
        {"method": "x_thing.search_read", "params": {"domain": [], "fields": ["x_name"]}},
    ]
    with pytest.raises(FieldError, match="x_nothing"):
        call("ir.api.batch", "execute", [*steps, {"method": "x_thing.create", "params": {"vals_list": {"x_nothing": 1}}}])
    assert columns(database, "x_thing") is None
    *_first, rows = call("ir.api.batch", "execute", steps)
    assert [row["x_name"] for row in rows] == ["a"]
    assert call("x_thing", "search_count", []) == 1
