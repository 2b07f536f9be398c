"""Webhooks, what they sent, and the change feed: list, form, search and menus for administrators."""

from __future__ import annotations

from server import _
from server.views import (
    Action,
    Button,
    Field,
    Filter,
    FormView,
    Group,
    GroupBy,
    Header,
    History,
    ListView,
    Menu,
    Notebook,
    Page,
    SearchView,
)

SYSTEM = "base.group_system"

ListView(
    "webhook.subscription.list",
    model="webhook.subscription",
    label=_("Webhooks"),
    fields=[
        Field("name"),
        Field("url"),
        Field("user_id", optional="show"),
        Field("company_id", optional="hide", groups="base.group_multi_company"),
        Field("health"),
        Field("waiting_count"),
        Field("last_success", optional="show"),
    ],
    decorations={"muted": [("active", "=", False)], "danger": [("failing_since", "!=", False)]},
)
FormView(
    "webhook.subscription.form",
    model="webhook.subscription",
    body=[
        Header(
            Button("action_test", _("Send a test"), primary=True),
            Button("action_reveal_secret", _("Show the secret"), invisible=[("secret_shown", "=", True)]),
            Button(
                "action_rotate_secret",
                _("New secret"),
                confirm=_("The old secret signs for another day. Put the new one into the receiver before. Go on?"),
            ),
            Button("action_archive", _("Switch off"), invisible=[("active", "=", False)]),
            Button("action_unarchive", _("Switch on"), invisible=[("active", "=", True)]),
        ),
        Group(
            "main",
            Field("name"),
            Field("url", widget="url"),
            Field("user_id"),
            Field("company_id", groups="base.group_multi_company"),
            Field("active"),
        ),
        Group(
            "standing",
            Field("health"),
            Field("waiting_count"),
            Field("last_success"),
            Field("failing_since", invisible=[("failing_since", "=", False)]),
            Field("last_status"),
            Field("last_error"),
            Field("previous_until", invisible=[("previous_until", "=", False)]),
            label=_("Health"),
        ),
        Notebook(
            "book",
            Page(
                "lines",
                _("What it hears of"),
                Field(
                    "line_ids",
                    columns=[
                        Field("model"),
                        Field("on_create"),
                        Field("on_write"),
                        Field("on_unlink"),
                        Field("methods"),
                        Field("domain"),
                        Field("watched_fields"),
                        Field("payload_fields"),
                    ],
                ),
            ),
            Page(
                "deliveries",
                _("Deliveries"),
                Field(
                    "delivery_ids",
                    columns=[
                        Field("create_date"),
                        Field("model"),
                        Field("event"),
                        Field("state"),
                        Field("attempts"),
                        Field("status"),
                        Field("error"),
                    ],
                ),
            ),
        ),
        History(),
    ],
)
SearchView(
    "webhook.subscription.search",
    model="webhook.subscription",
    fields=[Field("name"), Field("url"), Field("user_id")],
    filters=[
        Filter("failing", _("Failing"), [("failing_since", "!=", False)]),
        Filter("archived", _("Switched off"), [("active", "=", False)]),
    ],
)

ListView(
    "webhook.delivery.list",
    model="webhook.delivery",
    label=_("Deliveries"),
    fields=[
        Field("create_date"),
        Field("subscription_id"),
        Field("model"),
        Field("event"),
        Field("method", optional="hide"),
        Field("state"),
        Field("attempts"),
        Field("status"),
        Field("milliseconds", optional="hide"),
        Field("error", optional="show"),
    ],
    decorations={"danger": [("state", "=", "failed")], "muted": [("state", "=", "sent")]},
    buttons=[Button("action_redeliver", _("Send again"))],
)
FormView(
    "webhook.delivery.form",
    model="webhook.delivery",
    body=[
        Header(Button("action_redeliver", _("Send again"), primary=True)),
        Group(
            "main",
            Field("subscription_id"),
            Field("uuid"),
            Field("model"),
            Field("event"),
            Field("method", invisible=[("method", "=", False)]),
            Field("create_date"),
        ),
        Group(
            "result",
            Field("state"),
            Field("attempts"),
            Field("next_try", invisible=[("state", "!=", "pending")]),
            Field("last_try"),
            Field("status"),
            Field("milliseconds"),
            Field("error"),
            Field("response"),
            label=_("Result"),
        ),
        Notebook("book", Page("sent", _("Payload"), Field("payload"))),
    ],
)
SearchView(
    "webhook.delivery.search",
    model="webhook.delivery",
    fields=[Field("subscription_id"), Field("model"), Field("event"), Field("uuid")],
    filters=[
        Filter("pending", _("Waiting"), [("state", "=", "pending")]),
        Filter("failed", _("Given up"), [("state", "=", "failed")]),
    ],
    group_bys=[GroupBy("subscription_id", _("Webhook")), GroupBy("state", _("Status"))],
)

ListView(
    "ir.change.feed.list",
    model="ir.change.feed",
    label=_("Models of the change feed"),
    fields=[Field("model"), Field("active"), Field("create_date", optional="show")],
    decorations={"muted": [("active", "=", False)]},
)
FormView("ir.change.feed.form", model="ir.change.feed", body=[Group("main", Field("model"), Field("active")), History()])

Action("base.action_webhook", _("Webhooks"), model="webhook.subscription", views=("list", "form"))
Action("base.action_webhook_delivery", _("Deliveries"), model="webhook.delivery", views=("list", "form"))
Action("base.action_change_feed", _("Change feed"), model="ir.change.feed", views=("list", "form"))
Menu("base.menu_settings_root", _("Settings"), sequence=100, groups=SYSTEM)
Menu("base.menu_technical", _("Technical"), parent="base.menu_settings_root", sequence=90, groups=SYSTEM)
Menu("base.menu_webhook", _("Webhooks"), parent="base.menu_technical", action="base.action_webhook", sequence=50, groups=SYSTEM)
Menu(
    "base.menu_webhook_delivery",
    _("Deliveries"),
    parent="base.menu_technical",
    action="base.action_webhook_delivery",
    sequence=51,
    groups=SYSTEM,
)
Menu(
    "base.menu_change_feed",
    _("Change feed"),
    parent="base.menu_technical",
    action="base.action_change_feed",
    sequence=52,
    groups=SYSTEM,
)
