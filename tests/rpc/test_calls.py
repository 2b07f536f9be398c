"""The doors over a real database: section 5 to 8 of the external API on the kernel's own models, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import xmlrpc.client

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.app import create_app
from server.config import Config
from server.security import credentials

PASSWORD = "correct horse battery"


class Door:
    """A client as scripts have it, over both wire formats; `Fault` is what either answers for a refusal."""

    class Fault(Exception):
        def __init__(self, error):
            super().__init__(error["data"]["message"])
            self.name = error["data"]["name"]
            self.message = error["data"]["message"]
            self.context = error["data"]["context"]

    def __init__(self, client, uid=2, password=PASSWORD):
        self.client, self.uid, self.password = client, uid, password

    def __call__(self, model, method, *args, **kwargs):
        params = {
            "service": "object",
            "method": "execute_kw",
            "args": ["colca", self.uid, self.password, model, method, list(args), kwargs],
        }
        response = self.client.post("/jsonrpc", data=json.dumps({"id": 1, "params": params}))
        assert response.status_code == 200
        answer = response.get_json()
        if "error" in answer:
            raise self.Fault(answer["error"])
        return answer["result"]

    def xml(self, model, method, *args, **kwargs):
        body = xmlrpc.client.dumps(
            ("colca", self.uid, self.password, model, method, list(args), kwargs), "execute_kw", allow_none=True
        )
        response = self.client.post("/xmlrpc/2/object", data=body)
        assert response.status_code == 200
        return xmlrpc.client.loads(response.data)[0][0]


@pytest.fixture
def door(database, tmp_path):
    database.run(1, {}, lambda env: env["res.users"].browse([2]).write({"password": PASSWORD}))
    credentials.memory_of(database).clear()
    app = create_app(Config(data_dir=tmp_path), database=database)
    return Door(app.test_client())


def test_login_and_a_wrong_password(door):
    def common(method, *args):
        response = door.client.post("/xmlrpc/2/common", data=xmlrpc.client.dumps(args, method))
        return xmlrpc.client.loads(response.data)[0][0]

    assert common("authenticate", "colca", "admin", PASSWORD, {}) == 2
    assert common("login", "colca", "admin", "wrong") is False
    assert common("login", "colca", "nobody", PASSWORD) is False
    with pytest.raises(Door.Fault) as caught:
        Door(door.client, 2, "wrong")("res.users", "search", [])
    assert caught.value.name == "odoo.exceptions.AccessDenied"


def test_create_read_write_unlink(door):
    made = door("res.groups", "create", {"name": "Drivers"})
    assert type(made) is int
    assert door("res.groups", "create", [{"name": "Cooks"}]) != [made]
    assert door("res.groups", "read", [made], ["name"]) == [{"id": made, "name": "Drivers"}]
    assert door.xml("res.groups", "read", made, ["name"]) == [{"id": made, "name": "Drivers"}]
    assert door("res.groups", "write", made, {"name": "Pilots"}) is True
    assert door("res.groups", "search_read", [["name", "=", "Pilots"]], ["name"]) == [{"id": made, "name": "Pilots"}]
    assert door("res.groups", "search_count", [["name", "=", "Pilots"]]) == 1
    copied = door("res.groups", "copy", made)
    assert type(copied) is int
    assert type(door("res.groups", "copy", [made])) is list
    assert door("res.groups", "unlink", [made, copied]) is True
    assert door("res.groups", "search", [["id", "in", [made, copied]]]) == []
    assert door("res.groups", "exists", [made]) == []


def test_the_errors_of_the_contract(door):
    def refused(name, *call, **kwargs):
        with pytest.raises(Door.Fault) as caught:
            door(*call, **kwargs)
        assert caught.value.name == name
        assert "incident" not in caught.value.context
        return caught.value.message

    assert refused("odoo.exceptions.UserError", "crm.lead", "search", []) == "Object crm.lead doesn't exist"
    assert "cannot be called remotely" in refused("odoo.exceptions.AccessError", "res.users", "_compute_display_name", [2])
    assert "cannot be called remotely" in refused("odoo.exceptions.AccessError", "res.users", "sudo", [2])
    assert "does not exist" in refused("builtins.AttributeError", "res.users", "fly", [2])
    assert "colour" in refused("builtins.ValueError", "res.users", "read", [2], ["colour"])
    assert "colour" in refused("builtins.ValueError", "res.users", "search", [["colour", "=", 1]])
    assert "colour" in refused("builtins.ValueError", "res.groups", "create", {"name": "x", "colour": 1})
    assert "===" in refused("builtins.ValueError", "res.users", "search", [["login", "===", 1]])
    assert "limitt" in refused("builtins.TypeError", "res.users", "search", [], limitt=1)
    missing = refused("odoo.exceptions.MissingError", "res.groups", "write", [999_999], {"name": "x"})
    assert "Record does not exist or has been deleted." in missing and "(Record: res.groups(999999,), User: 2)" in missing
    assert refused("odoo.exceptions.ValidationError", "res.groups", "create", {})


def test_a_refusal_saves_nothing(door):
    before = door("res.groups", "search_count", [])
    with pytest.raises(Door.Fault):
        door("res.groups", "create", [{"name": "A good one"}, {"name": False}])
    assert door("res.groups", "search_count", []) == before


def test_fields_get_has_no_nothing_in_it(door):
    described = door("res.users", "fields_get")
    assert described["login"]["type"] == "char"
    assert not [1 for field in described.values() for value in field.values() if value is None]
    assert door.xml("res.users", "fields_get", [], ["type"])["login"] == {"type": "char"}


def test_passwords_never_come_back(door):
    row = door("res.users", "read", [2])[0]
    assert not row.get("password")
    assert not [key for key in row if "hash" in key]


def test_a_changed_password_holds_at_once(door):
    assert door("res.users", "search_count", [])
    door("res.users", "write", [2], {"password": "another long one"})
    with pytest.raises(Door.Fault):
        door("res.users", "search_count", [])
    assert Door(door.client, 2, "another long one")("res.users", "search_count", [])


def test_start_page_and_health(door):
    page = door.client.get("/").get_data(as_text=True)
    assert "Companies" in page and "colca" in page and "Incident" not in page
    assert door.client.get("/healthz").data == b"ok\n"


# Anything at all, through the whole house: a clear fault or an answer, never an incident, nothing saved by a refusal.

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=10
)
names = st.sampled_from(
    [
        "name",
        "login",
        "id",
        "company_id",
        "company_ids",
        "group_ids",
        "company_id.name",
        "group_ids.name",
        "active",
        "nope",
        "write_date",
        "display_name",
        "image",
        "",
    ]
)
operators = st.sampled_from(
    [
        "=",
        "!=",
        "<>",
        ">",
        "<=",
        "in",
        "not in",
        "like",
        "ilike",
        "not ilike",
        "=like",
        "=ilike",
        "=?",
        "child_of",
        "parent_of",
        "any",
        "not any",
        "~",
        "",
    ]
)
terms = st.tuples(names, operators, scalars | st.lists(scalars, max_size=3)).map(list)
domains = st.lists(terms | st.sampled_from(["&", "|", "!"]) | anything, max_size=6) | anything
vals = st.dictionaries(names, anything, max_size=3)
fuzzing = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def survives(door, model, method, *args, **kwargs):
    try:
        door(model, method, *args, **kwargs)
    except Door.Fault as fault:
        assert "incident" not in fault.context, (fault.message, model, method, args)
        assert fault.message


@given(
    domain=domains, order=anything | st.sampled_from(["name desc", "login, id", "company_id"]), limit=anything, offset=anything
)
@fuzzing
def test_any_domain(door, domain, order, limit, offset):
    survives(door, "res.users", "search", domain, order=order, limit=limit, offset=offset)
    survives(door, "res.users", "search_read", domain, ["login"], limit=5)


@given(ids=anything | st.just([2]), fields=anything | st.lists(names, max_size=3))
@fuzzing
def test_any_read(door, ids, fields):
    survives(door, "res.users", "read", ids, fields)


@given(values=vals | anything)
@fuzzing
def test_any_values(door, values):
    count = door("res.lang", "search_count", [], context={"active_test": False})
    try:
        door("res.lang", "create", values)
    except Door.Fault as fault:
        assert "incident" not in fault.context, fault.message
        assert door("res.lang", "search_count", [], context={"active_test": False}) == count
    survives(door, "res.groups", "write", [1], values)


@given(
    context=st.dictionaries(
        st.sampled_from(["lang", "tz", "allowed_company_ids", "active_test", "uid", "default_name", "bin_size"]),
        anything,
        max_size=3,
    )
)
@fuzzing
def test_any_context(door, context):
    survives(door, "res.users", "search_read", [], ["login"], context=context)
    survives(door, "res.users", "default_get", ["name", "company_id"], context=context)


@given(groupby=anything | st.lists(names, max_size=2), fields=anything | st.lists(names, max_size=2))
@fuzzing
def test_any_grouping(door, groupby, fields):
    survives(door, "res.users", "read_group", [], fields, groupby)
