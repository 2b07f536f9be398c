"""x2many commands in create and write, nested, against plain expectations and against a model of them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server import ValidationError

FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def fresh(env: Any) -> None:
    """From here on the database answers."""
    env.flush()
    env.transaction.clear()


def test_commands_of_one2many(shop_env: Any) -> None:
    items = shop_env["shop.item"].create([{"name": n} for n in "abcd"])
    a, b, c, d = items
    thing = shop_env["shop.thing"].create({"item_ids": [(4, a.id), (0, 0, {"name": "new"}), [4, b.id, 0], {"name": "dict"}]})
    assert sorted(thing.item_ids.mapped("name")) == ["a", "b", "dict", "new"]
    thing.write({"item_ids": [(1, a.id, {"name": "A"}), (3, b.id), (4, c.id)]})
    assert sorted(thing.item_ids.mapped("name")) == ["A", "c", "dict", "new"] and b.exists() and b.thing_id is None
    thing.write({"item_ids": [(6, 0, [c.id, d.id])]})
    assert thing.item_ids == c | d and a.exists() and not a.thing
    thing.write({"item_ids": [(2, c.id)]})
    assert thing.item_ids == d and not c.exists()
    thing.item_ids = a | b
    assert thing.item_ids == a | b and not d.thing
    thing.write({"item_ids": [a.id]})
    assert thing.item_ids == a
    thing.write({"item_ids": [(5, 0, 0)]})
    assert not thing.item_ids
    fresh(shop_env)
    assert not thing.item_ids and (a | b | d).mapped("thing_id") == thing.browse()


def test_commands_of_many2many(shop_env: Any) -> None:
    tags = shop_env["shop.tag"].create([{"name": n} for n in "abc"])
    a, b, c = tags
    thing = shop_env["shop.thing"].create({"tag_ids": [(6, 0, [a.id, b.id]), (0, 0, {"name": "new"})]})
    new = thing.tag_ids - tags
    assert new.name == "new"
    thing.write({"tag_ids": [(3, a.id), (4, c.id), (4, c.id), (1, b.id, {"name": "B"})]})
    assert thing.tag_ids == b | c | new and b.name == "B" and a.exists()
    thing.write({"tag_ids": [(2, new.id)]})
    assert thing.tag_ids == b | c and not new.exists()
    thing.write({"tag_ids": [a.id, b.id]})
    assert thing.tag_ids == a | b
    thing.tag_ids -= a
    assert thing.tag_ids == b
    thing.write({"tag_ids": []})
    assert thing.tag_ids == b  # no command
    thing.write({"tag_ids": False})
    assert not thing.tag_ids
    thing.tag_ids = b
    thing.tag_ids = b.browse()
    fresh(shop_env)
    assert not thing.tag_ids and (a | b | c).exists() == a | b | c


def test_an_archived_link_is_neither_lost_nor_doubled(shop_env: Any) -> None:
    a, b = shop_env["shop.tag"].create([{"name": "a"}, {"name": "b"}])
    thing = shop_env["shop.thing"].create({"tag_ids": [(6, 0, [a.id, b.id])]})
    everything = thing.with_context(active_test=False)
    assert everything.tag_ids == a | b
    a.active = False
    assert thing.tag_ids == b and everything.tag_ids == a | b
    thing.write({"tag_ids": [(4, a.id)]})
    thing.write({"tag_ids": [(6, 0, [b.id])]})
    assert everything.tag_ids == a | b  # who sets what he sees does not touch what he does not see
    thing.write({"tag_ids": [(3, a.id)]})
    assert everything.tag_ids == b and thing.tag_ids == b
    fresh(shop_env)
    assert everything.tag_ids == b


def test_both_sides_of_a_many2many_agree(shop_env: Any) -> None:
    partner = shop_env["shop.partner"].create({"name": "p"})
    tags = shop_env["shop.tag"].create([{"name": "a"}, {"name": "b"}])
    order = shop_env["shop.order"].create({"name": "o", "partner_id": partner.id, "tag_ids": [tags[0].id]})
    assert tags[0].order_ids == order and not tags[1].order_ids
    tags[1].write({"order_ids": [(4, order.id)]})
    assert order.tag_ids == tags
    order.tag_ids = tags[1]
    assert not tags[0].order_ids and tags[1].order_ids == order


def test_nested_to_any_depth(shop_env: Any) -> None:
    partner = shop_env["shop.partner"].create(
        {
            "name": "p",
            "order_ids": [
                (
                    0,
                    "virtual_1",
                    {"name": "o1", "line_ids": [(0, 0, {"qty": 2, "price": 3, "sub_ids": [(0, 0, {"name": "part"})]})]},
                ),
                (0, False, {"name": "o2", "tag_ids": [(0, 0, {"name": "deep"})]}),
            ],
        }
    )
    assert partner.order_ids.mapped("line_ids.sub_ids.name") == ["part"]
    assert partner.order_ids.mapped("tag_ids.name") == ["deep"] and partner.order_total == 6
    line = partner.order_ids.line_ids
    part = line.sub_ids
    partner.write(
        {
            "order_ids": [
                (
                    1,
                    line.order_id,
                    {"line_ids": [(1, line.id, {"qty": 5, "sub_ids": [(1, part.id, {"name": "x"}), (0, 0, {"name": "y"})]})]},
                )
            ]
        }
    )
    assert line.sub_ids.mapped("name") == ["x", "y"] and partner.order_total == 15


def test_a_line_of_somebody_else_is_refused(shop_env: Any) -> None:
    one, two = shop_env["shop.thing"].create([{"item_ids": [(0, 0, {"name": "a"})]}, {"item_ids": [(0, 0, {"name": "b"})]}])
    with pytest.raises(ValidationError, match="no line of"):
        one.write({"item_ids": [(1, two.item_ids.id, {"name": "stolen"})]})
    fresh(shop_env)
    assert two.item_ids.name == "b"


def test_lines_that_need_their_parent_are_deleted_when_taken_off(shop_env: Any) -> None:
    partner = shop_env["shop.partner"].create({"name": "p"})
    order = shop_env["shop.order"].create(
        {"name": "o", "partner_id": partner.id, "line_ids": [(0, 0, {"qty": n}) for n in (1, 2, 3)]}
    )
    one, two, three = order.line_ids
    order.write({"line_ids": [(3, one.id)]})
    assert not one.exists() and order.line_ids == two | three
    order.write({"line_ids": [(6, 0, [three.id])]})
    assert not two.exists() and order.line_ids == three
    assert order.big_line_ids == three.browse()
    three.qty = 100
    assert order.big_line_ids == three
    three.qty = 1
    assert not order.big_line_ids


COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just(0)), st.tuples(st.just(1), st.integers(0, 4)), st.tuples(st.just(2), st.integers(0, 4)),
        st.tuples(st.just(3), st.integers(0, 4)), st.tuples(st.just(4), st.integers(0, 4)), st.tuples(st.just(5)),
        st.tuples(st.just(6), st.lists(st.integers(0, 4), max_size=3)),
    ), max_size=5,
)  # fmt: skip


def play(commands: list[Any], linked: list[Any], alive: set[Any], counter: Any) -> tuple[list[Any], set[Any], list[Any]]:
    """What the commands mean, in plain Python: (names linked, names alive, what to send, with names for ids)."""
    sent: list[Any] = []
    for command in commands:
        code = command[0]
        if code == 0:
            name = f"new {next(counter)}"
            sent.append((0, 0, {"name": name}))
            linked = [*linked, name]
            alive = alive | {name}
        elif code == 5:
            sent.append((5,))
            linked = []
        elif code == 6:
            names = [n for i in dict.fromkeys(command[1]) if (n := f"p{i}") in alive]
            sent.append((6, 0, names))
            linked = names
        elif (target := f"p{command[1]}") in alive and (code not in (1, 3) or target in linked):
            sent.append((1, target, {"number": 7}) if code == 1 else (code, target))
            if code == 2:
                alive = alive - {target}
            if code in (2, 3):
                linked = [n for n in linked if n != target]
            elif code == 4 and target not in linked:
                linked = [*linked, target]
    return linked, alive, sent


@pytest.mark.parametrize("name", ["item_ids", "tag_ids"])
@FAST
@given(first=COMMANDS, second=COMMANDS, third=COMMANDS, warm=st.booleans())
def test_random_commands_do_what_they_mean(shop_env: Any, name: str, first: Any, second: Any, third: Any, warm: bool) -> None:
    many = name == "tag_ids"
    counter = itertools.count()
    model = shop_env["shop.tag" if many else "shop.item"]
    model.search([]).unlink()
    pool = model.create([{"name": f"p{n}"} for n in range(5)])
    ids = {one.name: one.id for one in pool}
    if many:
        first, second, third = ([c for c in part if c[0] != 1] for part in (first, second, third))
    linked: list[Any] = []
    alive: set[Any] = set(ids)
    thing = None
    for commands in (first, second, third):
        linked, alive, sent = play(commands, linked, alive, counter)
        wire = [
            (6, 0, [ids[n] for n in c[2]]) if c[0] == 6 else (c[0], ids[c[1]], *c[2:]) if c[0] in (1, 2, 3, 4) else c
            for c in sent
        ]
        if thing is None:
            thing = shop_env["shop.thing"].create({name: wire})
        else:
            thing.write({name: wire})
        if not warm:
            fresh(shop_env)
        assert sorted(thing[name].mapped("name")) == sorted(linked)
    assert thing is not None
    fresh(shop_env)
    assert sorted(thing[name].mapped("name")) == sorted(linked)
    assert set(model.search([]).mapped("name")) == alive
