"""Whoever replays what was told has what is there: random transactions, some of them undone, against mirrors that know the table only
from webhooks or from the change feed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from server import UserError
from server.jobs import worker
from tests.kernel.test_change_feed import poll, put_on
from tests.kernel.test_webhooks import subscribe
from tests.kernel.webhook_receiver import Receiver

MODELS = ["shop.partner", "shop.order", "shop.line", "shop.tag", "shop.part", "shop.product"]
SCHEMA = json.loads((Path(__file__).parent.parent.parent / "docs" / "integrate" / "webhook.schema.json").read_text())

number = st.integers(0, 7)
step = st.one_of(
    st.tuples(st.just("partner"), st.sampled_from(["Ana", "Bob", "Eve"]), st.integers(0, 40), number),
    st.tuples(st.just("credit"), number, st.integers(0, 40)),
    st.tuples(st.just("parent"), number, number),
    st.tuples(st.just("company"), number, st.booleans()),
    st.tuples(st.just("order"), number, st.lists(st.integers(1, 5), max_size=3)),
    st.tuples(st.just("qty"), number, st.integers(1, 5)),
    st.tuples(st.just("move"), number, number),
    st.tuples(st.just("tag"), number),
    st.tuples(st.just("untag"), number, number),
    st.tuples(st.just("part"), number),
    st.tuples(st.just("cost"), number, st.integers(0, 5)),
    st.tuples(st.just("archive"), st.sampled_from(["shop.partner", "shop.tag", "shop.line"]), number),
    st.tuples(st.just("unlink"), st.sampled_from(MODELS), number),
    st.tuples(st.just("flush")),
)
transactions = st.lists(st.tuples(st.lists(step, min_size=1, max_size=8), st.sampled_from([False, False, False, True])), min_size=1, max_size=6)


class Undo(Exception):
    """A transaction that ends badly."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("COLCA_WEBHOOK_NETWORKS", "127.0.0.0/8")
    made = Receiver()
    yield made
    made.close()


def do(env: Any, steps: list[tuple[Any, ...]]) -> None:
    """The steps of a transaction on whatever records there are."""

    def pick(model: str, place: int) -> Any:
        found = env[model].with_context(active_test=False).search([], order="id desc", limit=8)
        return found[place % len(found)] if found else found

    for kind, *rest in steps:
        if kind == "partner":
            name, credit, parent = rest
            env["shop.partner"].create({"name": name, "credit": credit, "parent_id": pick("shop.partner", parent).id})
        elif kind == "credit":
            pick("shop.partner", rest[0]).write({"credit": rest[1]})
        elif kind == "parent":
            child, parent = pick("shop.partner", rest[0]), pick("shop.partner", rest[1])
            if child.id and parent.id and child.id > parent.id:  # no circles
                child.write({"parent_id": parent.id})
        elif kind == "company":
            pick("shop.partner", rest[0]).write({"company_id": env.company_id if rest[1] else None})
        elif kind == "order":
            customer = pick("shop.partner", rest[0])
            if customer:
                lines = [(0, 0, {"qty": qty, "price": Decimal("1.10")}) for qty in rest[1]]
                env["shop.order"].create(
                    {"name": "S", "partner_id": customer.id, "company_id": env.company_id, "line_ids": lines, "tag_ids": [(0, 0, {"name": "new"})]}
                )
        elif kind == "qty":
            pick("shop.line", rest[0]).write({"qty": rest[1]})
        elif kind == "move":
            line, order = pick("shop.line", rest[0]), pick("shop.order", rest[1])
            if line and order:
                line.write({"order_id": order.id})
        elif kind == "tag":
            order = pick("shop.order", rest[0])
            tags = env["shop.tag"].search([], limit=2)
            order.write({"tag_ids": [(6, 0, tags.ids)]})
        elif kind == "untag":
            tag, order = pick("shop.tag", rest[0]), pick("shop.order", rest[1])
            tag.write({"order_ids": [(3, order.id)] if order and order.id in tag.order_ids.ids else []})
        elif kind == "part":
            env["shop.part"].create({"name": "screw", "line_id": pick("shop.line", rest[0]).id})
        elif kind == "cost":
            product = pick("shop.product", 0) or env["shop.product"].create({"name": "Thing"})
            product.write({"cost": rest[1], "price": rest[0]})
        elif kind == "archive":
            record = pick(rest[0], rest[1])
            record.write({"active": not record.active} if record else {})
        elif kind == "unlink":
            pick(*rest).unlink()
        else:
            env.flush()


def there(database: Any, names: dict[str, list[str]], domain: Any = ()) -> dict[tuple[str, int], dict[str, Any]]:
    """Every record as `read` answers it, with null for nothing."""

    def look(env: Any) -> dict[tuple[str, int], dict[str, Any]]:
        found = {}
        for model, fields in names.items():
            records = env[model].with_context(active_test=False)
            flags = {n for n in fields if records._fields[n].type == "boolean"}
            for row in records.search_read(list(domain), fields, load=None):
                id = row.pop("id")
                found[model, id] = {n: None if v is False and n not in flags else v for n, v in row.items()}
                if "tag_ids" in row:
                    found[model, id]["tag_ids"] = sorted(row["tag_ids"])
        return found

    return database.run(1, {}, look, readonly=True)


def plain(rows: dict[Any, dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    """Rows without what every write stamps on them."""
    return {key: {n: v for n, v in row.items() if n not in ("write_date", "write_uid")} for key, row in rows.items()}


def sent(database: Any) -> dict[str, list[str]]:
    """The fields that mirrors keep: every stored one but files and documents, and the tags of orders."""

    def look(env: Any) -> dict[str, list[str]]:
        chosen = {}
        for model in MODELS:
            fields = env[model]._fields.values()
            chosen[model] = [f.name for f in fields if f.stored and f.type not in ("binary", "json") and f.name not in ("id", "display_name")]
        chosen["shop.order"].append("tag_ids")
        return chosen

    return database.run(1, {}, look, readonly=True)


@pytest.mark.slow
# the database and the mirrors go on from example to example, so there is nothing to shrink
@settings(max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(several=transactions)
def test_mirrors_are_what_is_there(shop: Any, receiver: Receiver, several: list[Any]) -> None:
    state = shop.__dict__.setdefault("mirrors", {})
    if not state:
        names = sent(shop)
        subscribe(shop, receiver.url, *({"model": model, "payload_fields": names[model]} for model in MODELS), name="all")
        rich = {"model": "shop.partner", "domain": [["credit", ">", 10]], "payload_fields": names["shop.partner"]}
        subscribe(shop, receiver.url.replace("/hook", "/rich"), rich, name="rich")
        put_on(shop, *MODELS)
        state.update(names=names, all={}, rich={}, feed=set(), cursor=poll(shop, MODELS)["cursor"])
    for steps, undone in several:
        receiver.requests.clear()

        def work(env: Any, steps: Any = steps, undone: bool = undone) -> None:
            do(env, steps)
            if undone:
                env.finish()
                raise Undo

        try:
            shop.run(1, {}, work)
        except (Undo, UserError, ValueError):
            pass
        worker.run_pending(shop)
        for request in receiver.requests:
            event = request["event"]
            jsonschema.validate(event, SCHEMA)
            mirror = state["rich" if request["path"].startswith("/rich") else "all"]
            for record in event["data"]["records"]:
                key = (event["data"]["model"], record["id"])
                if event["data"]["event"] == "deleted" or record.get("filter") == "left":
                    del mirror[key]
                    continue
                known = mirror.get(key)
                assert (known is None) == (event["data"]["event"] == "created" or record.get("filter") == "entered")
                if known is not None:
                    assert {n: known[n] for n in record["old"]} == record["old"]
                    told = {**known, **record["new"]}
                    assert {n: v for n, v in told.items() if n not in ("write_date", "write_uid")} == {
                        n: v for n, v in record["values"].items() if n not in ("write_date", "write_uid")
                    }
                mirror[key] = record["values"]
        real = there(shop, state["names"])

        assert plain(state["all"]) == plain(real)
        only = {"shop.partner": state["names"]["shop.partner"]}
        assert plain(state["rich"]) == plain(there(shop, only, [("credit", ">", 10)]))

        more = True
        while more:
            answer = poll(shop, MODELS, state["cursor"], limit=5)
            for change in answer["changes"]:
                key = (change["model"], change["id"])
                (state["feed"].discard if change["op"] == "deleted" else state["feed"].add)(key)
            state["cursor"], more = answer["cursor"], answer["more"]
        assert state["feed"] == set(real)
