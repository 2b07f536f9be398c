"""What is to be done and what is said about records, as integrations plan, post and follow it."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from server.errors import AccessError, FieldError, ValidationError


def test_activities_are_planned_found_and_done(rpc):
    partner = rpc("res.partner", "create", {"name": "Ana", "email": "ana@example.com"})
    today = rpc.database.run(2, {}, lambda env: env.today(), readonly=True)
    planned = rpc(
        "res.partner", "activity_schedule", [partner], "mail.mail_activity_data_call", summary="Ring her", note="<p>soon</p>"
    )
    assert isinstance(planned, list) and len(planned) == 1
    (row,) = rpc("mail.activity", "read", planned)
    assert row["res_model"] == "res.partner" and row["res_id"] == partner and row["res_name"] == "Ana"
    assert row["res_model_id"][0] == rpc("ir.model", "search", [["model", "=", "res.partner"]])[0]
    assert row["date_deadline"] == str(today + dt.timedelta(days=2)) and row["state"] == "planned"
    assert row["user_id"][0] == rpc.uid and row["activity_type_id"][1] == "Call"
    (model,) = rpc("ir.model", "search", [["model", "=", "res.partner"]])
    (kind,) = rpc("mail.activity.type", "search", [["name", "=", "To-Do"]])
    late = rpc(
        "mail.activity",
        "create",
        {"res_model_id": model, "res_id": partner, "activity_type_id": kind, "date_deadline": str(today - dt.timedelta(days=1))},
    )
    for state, expected in (("overdue", [late]), ("planned", planned), ("today", [])):
        assert rpc("mail.activity", "search", [["res_id", "=", partner], ["state", "=", state]]) == expected
    (seen,) = rpc("res.partner", "read", [partner], ["activity_ids", "activity_state"])
    assert seen["activity_ids"] == [late, *planned] and seen["activity_state"] == "overdue"
    assert rpc("res.partner", "search", [["activity_ids", "=", late]]) == [partner]
    assert partner not in rpc("res.partner", "search", [["activity_ids", "=", False]])

    message = rpc("mail.activity", "action_feedback", planned, feedback="She will <call> back")
    (said,) = rpc("mail.message", "read", [message], ["body", "model", "res_id"])
    assert said["res_id"] == partner and "She will &lt;call&gt; back" in said["body"]
    rpc("mail.activity", "action_done", [late])
    assert rpc("res.partner", "read", [partner], ["activity_ids"])[0]["activity_ids"] == []
    assert rpc("mail.activity", "read", planned, ["state", "feedback", "date_done"])[0] == {
        "id": planned[0], "state": "done", "feedback": "She will <call> back", "date_done": str(today),
    }  # fmt: skip
    with pytest.raises(ValidationError, match="res_model"):
        rpc("mail.activity", "create", {"summary": "of nothing", "res_model": "res.partner"})
    with pytest.raises(FieldError, match="mail.nothing"):
        rpc("res.partner", "activity_schedule", [partner], "mail.nothing")
    rpc("res.partner", "unlink", [partner])
    assert rpc("mail.activity", "search", [["res_id", "=", partner], ["active", "in", [True, False]]]) == []


def test_messages_reach_people_and_carry_files(rpc):
    ana, ben = rpc(
        "res.partner", "create", [{"name": "Ana", "email": "ana@example.com"}, {"name": "Ben", "email": "ben@example.com"}]
    )
    order = rpc("sale.order", "create", {"partner_id": ana})
    file = rpc("ir.attachment", "create", {"name": "a.txt", "datas": "aGVsbG8="})
    assert rpc("sale.order", "message_subscribe", [order], partner_ids=[ben]) is True
    rpc("sale.order", "message_subscribe", [order], [ben])
    assert rpc("mail.followers", "search_count", [["res_model", "=", "sale.order"], ["res_id", "=", order]]) == 1
    (message,) = rpc(
        "sale.order",
        "message_post",
        [order],
        body="<p>Hello</p>",
        subject="Your order",
        message_type="comment",
        subtype_xmlid="mail.mt_comment",
        partner_ids=[ana],
        attachment_ids=[file],
        attachments=[["b.txt", "aGVsbG8="]],
        email_layout_xmlid="mail.mail_notification_light",
    )
    (row,) = rpc("mail.message", "read", [message])
    assert row["partner_ids"] == [ana] and row["message_type"] == "comment" and row["subtype_id"][1] == "Discussion"
    assert len(row["attachment_ids"]) == 2 and file in row["attachment_ids"]
    me = rpc("res.users", "read", [rpc.uid], ["partner_id"])[0]["partner_id"]
    assert list(row["author_id"]) == list(me)
    assert rpc("ir.attachment", "read", [file], ["res_model", "res_id"])[0]["res_id"] == order
    assert message in rpc("sale.order", "read", [order], ["message_ids"])[0]["message_ids"]
    assert rpc("sale.order", "search", [["message_ids", "=", message]]) == [order]
    (mail,) = rpc("ir.outbox", "search_read", [["job", "=", "mail.send"]], ["payload"], limit=1, order="id desc")
    assert sorted(mail["payload"]["to"]) == ["ana@example.com", "ben@example.com"]
    time.sleep(1.01)  # moments are whole seconds: what was changed in the second of a message belongs to it
    (note,) = rpc("sale.order", "message_post", [order], body="for us", subtype_xmlid="mail.mt_note")
    assert rpc("ir.outbox", "search_count", [["job", "=", "mail.send"], ["payload", "!=", False]]) >= 1
    assert rpc("mail.message", "read", [note], ["tracking_value_ids"])[0]["tracking_value_ids"] == []
    rpc("sale.order", "message_unsubscribe", [order], [ben])
    assert rpc("mail.followers", "search_count", [["res_id", "=", order]]) == 0
    for model in ("res.partner", "stock.picking", "account.move"):
        (one,) = rpc(model, "search", [], limit=1)
        (posted,) = rpc(model, "message_post", [one], body="x")
        assert posted in rpc(model, "read", [one], ["message_ids"])[0]["message_ids"]
    with pytest.raises(FieldError, match="mail.nope"):
        rpc("sale.order", "message_post", [order], body="x", subtype_xmlid="mail.nope")


def test_what_was_changed_in_the_same_moment(rpc):
    (partner,) = rpc("res.partner", "create", [{"name": "Ana", "email": "ana@example.com"}])
    order = rpc("sale.order", "create", {"partner_id": partner})
    rpc("sale.order", "action_quotation_send", [order])
    (message,) = rpc(
        "mail.message", "search_read", [["model", "=", "sale.order"], ["res_id", "=", order]], ["tracking_value_ids"], limit=1
    )
    changes = rpc("mail.tracking.value", "read", message["tracking_value_ids"], ["changes"])
    assert ["draft", "sent"] in [change["changes"].get("state") for change in changes]


def test_rights(rpc):
    (partner,) = rpc("res.partner", "search", [["name", "!=", False]], limit=1)
    rpc("res.users", "create", {"name": "Clerk", "login": "clerk.a", "password": "a long enough one"})
    clerk = rpc.as_user("clerk.a")
    (mine,) = clerk("res.partner", "activity_schedule", [partner], "mail.mail_activity_data_todo")
    (others,) = rpc("res.partner", "activity_schedule", [partner], "mail.mail_activity_data_todo")
    clerk("mail.activity", "action_feedback", [mine], "done")
    with pytest.raises(AccessError):
        clerk("mail.activity", "action_feedback", [others], "done")
