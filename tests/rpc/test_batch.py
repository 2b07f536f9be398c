"""Several calls in one transaction: answers of earlier calls in later ones, all or nothing, the same as one by one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.errors import AccessError, UserError
from server.rpc.batch import MAX_CALLS
from server.rpc.dispatcher import dispatch
from server.rpc.errors import ArgumentError, describe

BATCH = ("ir.api.batch", "execute")


def batch(db, calls, uid=2, **context):
    return dispatch(db, uid, *BATCH, [calls], {"context": context})


def call(method, params=None, **more):
    return {"method": method, "params": params or {}, **more}


def refusal(db, calls, uid=2):
    with pytest.raises(Exception) as caught:
        batch(db, calls, uid)
    return describe(caught.value)


def test_answers_of_earlier_calls_are_arguments_of_later_ones(db):
    answers = batch(
        db,
        [
            call("res.partner.create", {"vals_list": {"name": "Customer"}}, id="customer"),
            call("product.product.create", {"vals_list": [{"name": "Thing", "list_price": 10}, {"name": "Other"}]}, id="goods"),
            call(
                "sale.order.create",
                {
                    "vals_list": {
                        "partner_id": {"$ref": "customer"},
                        "order_line": [
                            [0, 0, {"product_id": {"$ref": "goods", "path": "/0"}, "product_uom_qty": 3}],
                            [0, 0, {"product_id": {"$ref": "goods", "path": "/1"}}],
                        ],
                    }
                },
                id="order",
            ),
            call("sale.order.action_confirm", {"ids": {"$ref": "order"}}),
            call("sale.order.read", {"ids": [{"$ref": "order"}], "fields": ["state", "partner_id"]}, id="row"),
            call("res.partner.read", [[{"$ref": "row", "path": "/0/partner_id/0"}], ["name", "sale_order_count"]]),
        ],
    )
    assert answers[4][0]["state"] == "sale"
    assert answers[5] == [{"id": answers[0], "name": "Customer", "sale_order_count": 1}]
    assert dispatch(db, 2, "sale.order", "search", [[["partner_id", "=", answers[0]]]]) == [answers[2]]


def test_reads_see_what_was_written_before_also_computed_values(db):
    product = dispatch(db, 2, "product.product", "search", [[["is_storable", "=", True]]], {"limit": 1})[0]
    location = dispatch(db, 2, "stock.warehouse", "search_read", [[], ["lot_stock_id"]], {"limit": 1})[0]["lot_stock_id"][0]
    before, _quant, _applied, after = batch(
        db,
        [
            call("product.product.read", {"ids": [product], "fields": ["qty_available"]}, id="before"),
            call(
                "stock.quant.create",
                {
                    "vals_list": {"product_id": product, "location_id": location, "inventory_quantity": 777},
                    "context": {"inventory_mode": True},
                },
                id="quant",
            ),
            call("stock.quant.action_apply_inventory", {"ids": {"$ref": "quant"}}),
            call("product.product.read", {"ids": [product], "fields": ["qty_available"]}),
        ],
    )
    assert before != after
    assert after == dispatch(db, 2, "product.product", "read", [[product], ["qty_available"]])


def test_all_or_nothing_and_told_which(db):
    count = dispatch(db, 2, "res.partner", "search_count", [[]])
    calls = [
        call("res.partner.create", {"vals_list": [{"name": "One"}]}, id="one"),
        call("res.partner.write", {"ids": {"$ref": "one"}, "vals": {"ref": "1", "country_id": 999_999}}, id="two"),
        call("res.partner.create", {"vals_list": [{"name": "Three"}]}),
    ]
    fault = refusal(db, calls)
    assert fault.message.startswith("Call 2 of the batch, res.partner.write: ")
    assert fault.details["path"] == "args[0][1].params.vals.country_id"
    assert fault.details["batch"] == {
        "index": 1, "id": "two", "method": "res.partner.write",
        "calls": [
            {"id": "one", "method": "res.partner.create", "state": "rolled_back"},
            {"id": "two", "method": "res.partner.write", "state": "failed"},
            {"id": 2, "method": "res.partner.create", "state": "not_run"},
        ],
    }  # fmt: skip
    assert dispatch(db, 2, "res.partner", "search_count", [[]]) == count


@pytest.mark.parametrize(
    ("calls", "path"),
    [
        (None, ["calls"]), ([], ["calls"]), ({}, ["calls"]), ([5], ["calls", 0]), ([{}], ["calls", 0, "method"]),
        ([call("create")], ["calls", 0, "method"]), ([call("ir.api.batch.execute")], ["calls", 0, "method"]),
        ([call("res.partner.search", id=[1])], ["calls", 0, "id"]), ([call("res.partner.search", id=True)], ["calls", 0, "id"]),
        ([call("res.partner.search", id=1), call("res.partner.search", id=1)], ["calls", 1, "id"]),
        ([{"method": "res.partner.search", "params": "x"}], ["calls", 0, "params"]),
        ([{"method": "res.partner.search", "args": []}], ["calls", 0]),
        ([call("res.partner.read", {"ids": {"$ref": "later"}}), call("res.partner.search", id="later")], ["calls", 0, "params", "ids"]),
        ([call("res.partner.search", id="a"), call("res.partner.read", [{"$ref": "a", "path": "0"}])], ["calls", 1, "params", 0, "path"]),
        ([call("res.partner.search")] * (MAX_CALLS + 1), ["calls"]),
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused_before_it_begins(shared_demo, calls, path):
    from server.whereabouts import dotted

    with pytest.raises(ArgumentError) as caught:
        batch(shared_demo, calls)
    if calls is not None and calls != {}:
        assert describe(caught.value).details["path"] == dotted(["args", 0, *path[1:]])


def test_a_reference_to_nothing(shared_demo):
    fault = refusal(
        shared_demo,
        [call("res.partner.search", {"limit": 1}, id="a"), call("res.partner.read", {"ids": [{"$ref": "a", "path": "/5"}]})],
    )
    assert fault.details["path"] == "args[0][1].params.ids[0].path"
    assert fault.details["batch"]["index"] == 1


def test_a_mapping_that_only_looks_like_a_reference(shared_demo):
    answers = batch(shared_demo, [call("res.partner.search_count", {"domain": [["name", "=", {"$value": "x"}]]})])
    assert answers == [0]
    fault = refusal(shared_demo, [call("res.partner.search", {"domain": {"$value": {"$ref": "x"}}})])
    assert fault.details["path"] == "args[0][0].params.domain"


def test_rights_languages_and_companies_are_those_of_each_call(db):
    uid = dispatch(db, 2, "res.users", "search", [[["login", "=", "ventas.mx"]]])[0]
    fault = refusal(
        db, [call("res.partner.create", {"vals_list": {"name": "x"}}), call("res.users.create", {"vals_list": {}})], uid
    )
    assert fault.name == "odoo.exceptions.AccessError"
    with pytest.raises(AccessError):
        batch(db, [call("ir.config_parameter.set_param", ["a", "b"])], uid)
    english, spanish, both = batch(
        db,
        [
            call("res.partner.fields_get", {"allfields": ["name"], "attributes": ["string"]}),
            call("res.partner.fields_get", {"allfields": ["name"], "attributes": ["string"], "context": {"lang": "es_MX"}}),
            call("res.company.search_count", {"domain": [], "context": {"allowed_company_ids": [1]}}),
        ],
        lang="en_US",
    )
    assert english["name"]["string"] != spanish["name"]["string"]
    assert both >= 1
    with pytest.raises(AccessError):
        batch(db, [call("res.partner.search", {"context": {"allowed_company_ids": [999]}})])


def test_a_batch_that_only_reads_opens_a_read_transaction(shared_demo, count_statements):
    with count_statements(shared_demo) as seen:
        batch(shared_demo, [call("res.partner.search_count"), call("res.partner.search", {"limit": 1})])
    assert len(seen) <= 6, seen.report()


def test_different_values_for_many_records_in_as_many_statements_as_for_few(db, count_statements):
    def write(ids):
        rows = [{"ref": f"M{id}", "color": id % 7, "comment": f"<p>{id % 3}</p>"} for id in ids]
        with count_statements(db) as seen:
            assert dispatch(db, 2, "res.partner", "write_multi", [ids, rows]) is True
        return len(seen)

    made = dispatch(db, 2, "res.partner", "create", [[{"name": f"Many {n}"} for n in range(60)]])
    write(made[:5])
    few, many = write(made[5:10]), write(made[10:60])
    assert few == many
    rows = dispatch(db, 2, "res.partner", "read", [made, ["ref", "color"]])
    assert [(r["ref"], r["color"]) for r in rows] == [(f"M{i}", i % 7) for i in made]
    with pytest.raises(UserError) as caught:
        dispatch(db, 2, "res.partner", "write_multi", [made[:3], [{}, {"name": "x"}, {"name": False, "is_company": True}]])
    details = describe(caught.value).details
    assert (details["path"], details["ids"]) == ("args[1][2].name", [made[2]])
    with pytest.raises(ValueError, match="one mapping of values for each") as wrong:
        dispatch(db, 2, "res.partner", "write_multi", [made[:3], [{}, {"nope": 1}]])
    with pytest.raises(ValueError, match="Invalid field 'nope'") as wrong:
        dispatch(db, 2, "res.partner", "write_multi", [made[:2], [{}, {"nope": 1}]])
    assert describe(wrong.value).details["path"] == "args[1][1].nope"


# -- random batches beside the same calls one by one ------------------------------------------------------------------------

NAMES = st.sampled_from(["Ana", "Beto", "Carla", ""])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), NAMES, st.integers(0, 9)),
        st.tuples(st.just("lines"), st.integers(0, 9), st.integers(1, 3)),
        st.tuples(st.just("write"), st.integers(0, 9), NAMES),
        st.tuples(st.just("multi"), st.integers(0, 9), st.integers(0, 9)),
        st.tuples(st.just("confirm"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("unlink"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("read"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("search"), NAMES, st.just(0)),
    ),
    min_size=1,
    max_size=8,
)


def asked(steps, product):
    """The calls that `steps` mean: (method, params), references to the answers of earlier `create`s included."""
    partners, orders = [], []
    for index, (kind, first, second) in enumerate(steps):
        partner = {"$ref": partners[hash(first) % len(partners)]} if partners else 5
        order = {"$ref": orders[hash(first) % len(orders)]} if orders else 1
        if kind == "create":
            partners.append(index)
            yield "res.partner.create", {"vals_list": {"name": first, "color": second, "is_company": True}}
        elif kind == "lines":
            orders.append(index)
            lines = [[0, 0, {"product_id": product, "product_uom_qty": n + 1}] for n in range(second)]
            yield "sale.order.create", {"vals_list": {"partner_id": partner, "order_line": lines}}
        elif kind == "write":
            yield "res.partner.write", {"ids": partner, "vals": {"name": second, "ref": f"R{index}"}}
        elif kind == "multi":
            yield "res.partner.write_multi", {"ids": [partner], "vals_list": [{"color": second}]}
        elif kind == "confirm":
            yield "sale.order.action_confirm", {"ids": order}
        elif kind == "unlink":
            yield "res.partner.unlink", {"ids": partner}
        elif kind == "read":
            yield "sale.order.read", {"ids": order, "fields": ["state", "amount_total", "partner_id"]}
        else:
            yield "res.partner.search_read", {"domain": [["name", "ilike", first]], "fields": ["name", "color", "ref"]}


def one_by_one(db, calls):
    """The answers of the calls, each in a transaction of its own, up to the first refusal; and that refusal."""
    from server.rpc.batch import _resolved

    answers = {}
    for index, (name, params) in enumerate(calls):
        model, _dot, method = name.rpartition(".")
        try:
            answers[index] = dispatch(db, 2, model, method, [], _resolved(params, answers, ()))
        except Exception as error:
            return answers, type(error)
    return answers, None


def everything(db):
    """What there is of partners and orders, without moments."""
    rows = []
    for model, fields in (
        ("res.partner", ["name", "color", "ref"]),
        ("sale.order", ["state", "amount_total", "partner_id", "invoice_status"]),
        ("sale.order.line", ["order_id", "product_id", "product_uom_qty", "price_subtotal", "state"]),
        ("stock.move", ["product_id", "product_uom_qty", "state"]),
    ):
        rows.append(
            dispatch(db, 2, model, "search_read", [[], fields], {"order": "id", "load": None, "context": {"active_test": False}})
        )
    return rows


def level(db):
    """The next ids follow those that are there: what was rolled back has used up some on PostgreSQL."""

    def work(env):
        for table in env.transaction.registry.metadata.sorted_tables:
            if "id" in table.c and env.transaction.dialect == "postgresql":
                last = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1).scalar_subquery()
                env.run(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, "id"), last, False)))

    db.run(1, {}, work)


@pytest.mark.slow
def test_random_batches_do_what_the_calls_do_one_by_one(databases, database_kind):
    import orjson

    from server.database import Database
    from server.rpc.json import dumps
    from server.testing.build import build_demo

    urls = [databases.create(database_kind, "demo", build_demo) for _n in range(2)]
    together, apart = (Database(url) for url in urls)
    product = dispatch(together, 2, "product.product", "search", [[["sale_ok", "=", True]]], {"limit": 1})[0]

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def run(steps):
        calls = list(asked(steps, product))
        before = everything(together)
        expected, refused = one_by_one(apart, calls)
        try:
            answers = batch(together, [{"method": name, "params": params} for name, params in calls])
        except Exception as error:
            assert refused is type(error), (refused, error, calls)
            assert error.batch["index"] == len(expected)
            assert everything(together) == before
            level(together)
            if expected:
                batch(together, [{"method": name, "params": params} for name, params in calls[: len(expected)]])
            level(together)
            level(apart)
        else:
            assert refused is None, (refused, calls)
            assert answers == [orjson.loads(dumps(answer)) for answer in expected.values()]
        assert orjson.loads(dumps(everything(together))) == orjson.loads(dumps(everything(apart)))

    try:
        run()
    finally:
        for database, url in zip((together, apart), urls, strict=True):
            database.engine.dispose()
            databases.drop(url)
