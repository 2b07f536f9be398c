"""Server actions, automations and schedules as programs make them: what is safe is done, code is never run."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from server.errors import AccessError, UserError, ValidationError
from server.jobs.worker import run_pending
from server.testing.calls import Client


@pytest.fixture
def call(database, enable):
    enable("base")
    return Client(database)


def model(call, name):
    return call("ir.model", "search", [["model", "=", name]])[0]


def field(call, name, of="res.partner"):
    return call("ir.model.fields", "search", [["model", "=", of], ["name", "=", name]])[0]


def test_actions_write_create_and_follow_each_other(call):
    partners, tags = model(call, "res.partner"), model(call, "res.partner.category")
    ana, ben = call("res.partner", "create", [{"name": "Ana"}, {"name": "Ben"}])
    tag = call("res.partner.category", "create", {"name": "Good"})
    write = call(
        "ir.actions.server",
        "create",
        {"name": "Set city", "model_id": partners, "state": "object_write", "update_path": "city", "value": "Lima"},
    )
    add = call(
        "ir.actions.server",
        "create",
        {
            "name": "Tag",
            "model_id": partners,
            "state": "object_write",
            "update_field_id": field(call, "category_id"),
            "value": str(tag),
            "sequence": 9,
        },
    )
    lines = call(
        "ir.actions.server",
        "create",
        {
            "name": "Older form", "model_id": partners, "state": "object_write", "sequence": 1,
            "fields_lines": [(0, 0, {"col1": field(call, "is_company"), "value": "True"}), (0, 0, {"col1": field(call, "city"), "value": "Cusco"})],
        },
    )  # fmt: skip
    create = call(
        "ir.actions.server",
        "create",
        {
            "name": "New tag",
            "model_id": partners,
            "state": "object_create",
            "crud_model_id": tags,
            "value": "Made",
            "link_field_id": field(call, "category_id"),
        },
    )
    everything = call(
        "ir.actions.server",
        "create",
        {"name": "All", "model_id": partners, "state": "multi", "child_ids": [(6, 0, [write, add, lines, create])]},
    )
    context = {"active_model": "res.partner", "active_ids": [ana, ben]}
    assert call("ir.actions.server", "run", [everything], context=context) is False
    made = call("res.partner.category", "search", [["name", "=", "Made"]])
    for row in call("res.partner", "read", [ana, ben], ["city", "is_company", "category_id"]):
        assert row["city"] == "Lima" and row["is_company"] is True
        assert tag in row["category_id"] and set(made) & set(row["category_id"])
    assert len(made) == 2
    with pytest.raises(ValidationError, match="run itself"):
        call("ir.actions.server", "write", [everything], {"child_ids": [(4, everything)]})
    call("res.users", "create", {"name": "Clerk", "login": "clerk", "password": "a long enough one"})
    with pytest.raises(AccessError):
        call.as_user("clerk")("ir.actions.server", "run", [write], context=context)


def test_code_is_kept_and_never_run(call):
    partners = model(call, "res.partner")
    action = call(
        "ir.actions.server", "create", {"name": "Code", "model_id": partners, "state": "code", "code": "raise SystemExit"}
    )
    assert call("ir.actions.server", "read", [action], ["code"])[0]["code"] == "raise SystemExit"
    with pytest.raises(UserError, match="not run"):
        call("ir.actions.server", "run", [action], context={"active_model": "res.partner", "active_ids": [1]})
    for values in ({"state": "code", "code": "1"}, {"action_server_ids": [(6, 0, [action])]}):
        with pytest.raises(UserError, match="not run"):
            call("base.automation", "create", {"name": "A", "model_id": partners, "trigger": "on_create", **values})
    with pytest.raises(ValidationError, match="does not run code"):
        call(
            "ir.cron",
            "create",
            {"name": "C", "model_id": partners, "state": "code", "code": "model.x()", "interval_type": "hours"},
        )


def test_automations_follow_what_happens(call):
    partners = model(call, "res.partner")

    def automation(trigger, value, **kw):
        return call(
            "base.automation",
            "create",
            {
                "name": trigger, "model_id": partners, "trigger": trigger,
                "action_server_ids": [(0, 0, {"name": "do", "model_id": partners, "state": "object_write", "update_path": "ref", "value": value})], **kw,
            },
        )  # fmt: skip

    made = automation("on_create", "new", filter_domain="[('is_company', '=', True)]")
    ana, acme = call("res.partner", "create", [{"name": "Ana"}, {"name": "Acme", "is_company": True}])
    assert [row["ref"] for row in call("res.partner", "read", [ana, acme], ["ref"])] == [False, "new"]
    automation("on_write", "moved", trigger_field_ids=[(6, 0, [field(call, "city")])])
    call("res.partner", "write", [ana], {"phone": "1"})
    assert call("res.partner", "read", [ana], ["ref"])[0]["ref"] is False
    call("res.partner", "write", [ana], {"city": "Lima"})
    assert call("res.partner", "read", [ana], ["ref"])[0]["ref"] == "moved"
    call("base.automation", "write", [made], {"active": False})
    other = call("res.partner", "create", {"name": "Other", "is_company": True})
    assert call("res.partner", "read", [other], ["ref"])[0]["ref"] is False
    tags = model(call, "res.partner.category")
    call(
        "base.automation",
        "create",
        {
            "name": "gone", "model_id": partners, "trigger": "on_unlink",
            "action_server_ids": [(0, 0, {"name": "do", "model_id": partners, "state": "object_create", "crud_model_id": tags, "value": "Gone"})],
        },
    )  # fmt: skip
    call("res.partner", "unlink", [other])
    assert call("res.partner.category", "search_count", [["name", "=", "Gone"]]) == 1
    with pytest.raises(ValidationError, match="filter"):
        automation("on_create", "x", filter_domain="[('nothing', '=', 1)]")
    with pytest.raises(ValidationError, match="ir.model"):
        call("base.automation", "create", {"name": "x", "model_id": model(call, "ir.model"), "trigger": "on_create"})


def test_an_old_trigger_node_is_called(call, database, monkeypatch):
    """Some programs make an automation with its action in one mapping, and wait to be called."""
    heard = []

    class Hear(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    from server.events import courier, posting

    monkeypatch.setattr(courier, "networks", lambda: posting.parse_networks("127.0.0.0/8"))
    server = HTTPServer(("127.0.0.1", 0), Hear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/hook"
        values = {
            "name": "n8n",
            "model_id": model(call, "res.partner"),
            "trigger": "on_create_or_write",
            "state": "webhook",
            "webhook_url": url,
        }
        made = call("base.automation", "create", values)
        (row,) = call("base.automation", "read", [made], ["state", "webhook_url", "action_server_ids"])
        assert row["state"] == "webhook" and row["webhook_url"] == url and len(row["action_server_ids"]) == 1
        call("ir.actions.server", "write", row["action_server_ids"], {"webhook_field_ids": [(6, 0, [field(call, "name")])]})
        partner = call("res.partner", "create", {"name": "Ana"})
        assert not heard, "nothing leaves before the commit and the worker"
        run_pending(database)
        (body,) = [one for one in heard if one["_id"] == partner]
        assert body["name"] == "Ana" and body["_model"] == "res.partner"
    finally:
        server.shutdown()
        server.server_close()


def test_a_call_of_an_address_sends_no_secrets(call):
    vals = {"name": "x", "model_id": model(call, "res.users"), "state": "webhook", "webhook_url": "https://example.org/"}
    hidden = [(4, field(call, "password_hash", "res.users"))]
    with pytest.raises(ValidationError, match="password_hash"):
        call("ir.actions.server", "create", {**vals, "webhook_field_ids": hidden})
    made = call("ir.actions.server", "create", {**vals, "webhook_field_ids": [(4, field(call, "login", "res.users"))]})
    with pytest.raises(ValidationError, match="password_hash"):
        call("ir.actions.server", "write", [made], {"webhook_field_ids": hidden})


def test_a_schedule_of_a_server_action(call, database):
    tags = model(call, "res.partner.category")
    action = call("ir.actions.server", "create", {"name": "T", "model_id": tags, "state": "object_create", "value": "Daily"})
    cron = call(
        "ir.cron",
        "create",
        {"name": "Daily", "ir_actions_server_id": action, "interval_type": "days", "nextcall": "2099-01-01 00:00:00"},
    )
    assert call("ir.cron", "read", [cron], ["state", "job"])[0] == {"id": cron, "state": "action", "job": "kernel.server_action"}
    assert call("ir.cron", "method_direct_trigger", [cron]) is True
    run_pending(database)
    assert call("res.partner.category", "search_count", [["name", "=", "Daily"]]) == 1


def test_the_log(call):
    line = call(
        "ir.logging",
        "create",
        {"name": "me", "type": "client", "level": "INFO", "message": "hello", "path": "a.py", "func": "f", "line": "7"},
    )
    assert call("ir.logging", "search_read", [["level", "=", "INFO"]], ["message", "dbname"])[0]["id"] == line
