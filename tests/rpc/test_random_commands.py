"""Random x2many commands over XML-RPC against a model of them in plain Python: in create and write, nested, on one2many lists whose
lines die with their document or outlive it, and on many2many links.
"""

from __future__ import annotations

import itertools
import xmlrpc.client

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

QUICK = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
NEW = st.sampled_from([0, False, "virtual_7"])


class Model:
    """What the commands should do: children by id, each with a name and the parent it is in."""

    def __init__(self, dies):
        self.dies = dies
        self.parent = {}
        self.names = {}

    def of(self, parent):
        return {i for i, p in self.parent.items() if p == parent}

    def leave(self, child):
        if self.dies:
            del self.parent[child], self.names[child]
        else:
            self.parent[child] = None


def draw_one2many(data, model, parent):
    """Commands that make sense where they stand, and what they do to the model; new children get a name of their own."""
    commands, fresh, orphans = [], [], []
    for n in range(data.draw(st.integers(0, 5))):
        mine, all_ids = sorted(model.of(parent)), sorted(model.parent)
        code = data.draw(st.sampled_from([0, 0, *([1, 2, 3] if mine else []), *([4] if all_ids else []), 5, 6]))
        if code == 0:
            name = f"new {n} {next(COUNT)}"
            commands.append([0, data.draw(NEW), {"name": name}])
            fresh.append(name)
        elif code == 1:
            child = data.draw(st.sampled_from(mine))
            model.names[child] = f"changed {next(COUNT)}"
            commands.append([1, child, {"name": model.names[child]}])
        elif code == 2:
            child = data.draw(st.sampled_from(mine))
            del model.parent[child], model.names[child]
            commands.append(data.draw(st.sampled_from([[2, child], [2, child, 0], [2, child, False]])))
        elif code == 3:
            child = data.draw(st.sampled_from(mine))
            model.leave(child)
            commands.append(data.draw(st.sampled_from([[3, child], [3, child, 0]])))
        elif code == 4:
            child = data.draw(st.sampled_from(all_ids))
            model.parent[child] = parent
            commands.append(data.draw(st.sampled_from([[4, child], [4, child, 0]])))
        else:
            wanted = data.draw(st.sets(st.sampled_from(all_ids), max_size=3)) if code == 6 and all_ids else set()
            for child in mine:
                if child not in wanted:
                    model.leave(child)
            for child in wanted:
                model.parent[child] = parent
            if not model.dies:
                orphans += fresh
            fresh = []
            commands.append([6, 0, sorted(wanted)] if code == 6 else data.draw(st.sampled_from([[5], [5, 0, 0]])))
    return commands, fresh, orphans


COUNT = itertools.count(1)


def settle(shop, model, parent, fresh, orphans):
    """Read everything back; the ids of new children become known to the model."""
    for name, where in [*((n, parent) for n in fresh), *((n, None) for n in orphans)]:
        (child,) = shop("shop.item", "search", [["name", "=", name]])
        model.parent[child], model.names[child] = where, name
    rows = shop("shop.item", "search_read", [], ["name", "thing_id"], load="raw")
    assert {row["id"]: (row["name"], row["thing_id"] or None) for row in rows} == {i: (model.names[i], model.parent[i]) for i in model.parent}
    for known in {p for p in model.parent.values() if p}:
        assert set(shop("shop.thing", "read", [known], ["item_ids"])[0]["item_ids"]) == model.of(known)


@QUICK
@given(data=st.data())
def test_lines_that_outlive_their_document(shop, data):
    shop("shop.item", "unlink", shop("shop.item", "search", []))
    model = Model(dies=False)
    things = []
    for _round in range(data.draw(st.integers(2, 4))):
        old = data.draw(st.sampled_from([None, *things]))
        parent = old or -1
        commands, fresh, orphans = draw_one2many(data, model, parent)
        if old:
            assert shop("shop.thing", "write", [old], {"item_ids": commands}) is True
        else:
            made = shop("shop.thing", "create", {"item_ids": commands})
            things.append(made)
            model.parent = {i: made if p == -1 else p for i, p in model.parent.items()}
            parent = made
        settle(shop, model, parent, fresh, orphans)


@QUICK
@given(data=st.data())
def test_links(shop, data):
    """many2many: records stay, links come and go; deleting one takes it out of every list."""
    shop("shop.tag", "unlink", shop("shop.tag", "search", []))
    tags = {i: f"t{i}" for i in shop("shop.tag", "create", [{"name": "x"}] * 4)}
    for i, name in tags.items():
        shop("shop.tag", "write", i, {"name": name})
    linked = {}
    for _round in range(data.draw(st.integers(2, 4))):
        old = data.draw(st.sampled_from([None, *linked]))
        mine = set(linked.get(old, ()))
        commands, fresh = [], []
        for _n in range(data.draw(st.integers(0, 5))):
            code = data.draw(st.sampled_from([0, 5, 6, *([1, 2, 3, 4, 4] if tags else [])]))
            tag = data.draw(st.sampled_from(sorted(tags))) if tags else 0
            if code == 0:
                name = f"made {next(COUNT)}"
                commands.append([0, data.draw(NEW), {"name": name}])
                fresh.append([name, True])
            elif code == 1:
                tags[tag] = f"renamed {next(COUNT)}"
                commands.append([1, tag, {"name": tags[tag]}])
            elif code == 2:
                del tags[tag]
                mine.discard(tag)
                for other in linked.values():
                    other.discard(tag)
                commands.append([2, tag])
            elif code == 3:
                mine.discard(tag)
                commands.append([3, tag, 0])
            elif code == 4:
                mine.add(tag)
                commands.append(data.draw(st.sampled_from([[4, tag], [4, tag, False]])))
            else:
                mine = data.draw(st.sets(st.sampled_from(sorted(tags)), max_size=3)) if code == 6 and tags else set()
                fresh = [[name, False] for name, _in in fresh]
                commands.append([6, False, sorted(mine)] if code == 6 else [5])
        if old:
            shop("shop.thing", "write", [old], {"tag_ids": commands})
            thing = old
        else:
            thing = shop("shop.thing", "create", {"tag_ids": commands})
        for name, kept in fresh:
            (made,) = shop("shop.tag", "search", [["name", "=", name]])
            tags[made] = name
            if kept:
                mine.add(made)
        linked[thing] = mine
        for row in shop("shop.thing", "read", list(linked), ["tag_ids"]):
            assert set(row["tag_ids"]) == linked[row["id"]]
        assert {row["id"]: row["name"] for row in shop("shop.tag", "search_read", [], ["name"])} == tags


@pytest.fixture(scope="module")
def customer(shop):
    return shop("shop.partner", "create", {"name": "Command"})


@QUICK
@given(data=st.data())
def test_lines_that_die_with_their_document_and_their_own_lines(shop, customer, data):
    """Orders with lines with parts: each level by commands of its own, in one call."""
    quantity = st.integers(1, 9)
    lines = {}  # id -> (qty, {part id: name})

    def parts(count):
        return [[0, 0, {"name": f"p{next(COUNT)}"}] for _n in range(count)]

    first = [(data.draw(quantity), parts(data.draw(st.integers(0, 2)))) for _n in range(data.draw(st.integers(1, 3)))]
    order = shop("shop.order", "create", {"name": "C", "partner_id": customer, "line_ids": [[0, "virtual_1", {"qty": q, "price": 2, "sub_ids": p}] for q, p in first]})
    other = shop("shop.order", "create", {"name": "D", "partner_id": customer, "line_ids": [[0, 0, {"qty": 1, "price": 2}]]})

    def read(id):
        rows = shop("shop.order", "web_read", [id], {"total": {}, "line_ids": {"fields": {"qty": {}, "sub_ids": {"fields": {"name": {}}}}}})[0]
        return rows["total"], {line["id"]: (int(line["qty"]), {p["id"]: p["name"] for p in line["sub_ids"]}) for line in rows["line_ids"]}

    total, lines = read(order)
    assert [(q, sorted(p.values())) for q, p in lines.values()] == [(q, sorted(c[2]["name"] for c in p)) for q, p in first]
    foreign = list(read(other)[1])
    for _round in range(2):
        commands, fresh, gone_parts = [], [], set()
        for _n in range(data.draw(st.integers(0, 4))):
            code = data.draw(st.sampled_from([0, *([1, 1, 2, 3] if lines else []), *([4] if foreign else []), 5]))
            line = data.draw(st.sampled_from(sorted(lines))) if lines else 0
            if code == 0:
                new = parts(data.draw(st.integers(0, 2)))
                fresh.append((data.draw(quantity), sorted(c[2]["name"] for c in new)))
                commands.append([0, 0, {"qty": fresh[-1][0], "price": 2, "sub_ids": new}])
            elif code == 1:
                _qty, held = lines[line]
                change = {"qty": data.draw(quantity)}
                if held and data.draw(st.booleans()):
                    part = data.draw(st.sampled_from(sorted(held)))
                    name = f"p{next(COUNT)}"
                    change["sub_ids"] = data.draw(st.sampled_from([[[3, part]], [[2, part]], [[1, part, {"name": name}]], [[5]]]))
                    if change["sub_ids"][0][0] == 1:
                        held = {**held, part: name}
                    else:
                        held = {} if change["sub_ids"] == [[5]] else {i: n for i, n in held.items() if i != part}
                lines[line] = (change["qty"], held)
                commands.append([1, line, change])
            elif code in (2, 3):
                gone_parts |= set(lines.pop(line)[1])
                commands.append([code, line, 0])
            elif code == 4:
                taken = foreign.pop()
                lines[taken] = (1, {})
                commands.append([4, taken])
            else:
                for _qty, held in lines.values():
                    gone_parts |= set(held)
                lines, fresh = {}, []
                commands.append([5])
        shop("shop.order", "write", [order], {"line_ids": commands})
        total, now = read(order)
        assert {i: now[i] for i in lines} == lines
        assert sorted((q, sorted(p.values())) for i, (q, p) in now.items() if i not in lines) == sorted(fresh)
        assert total == 2 * sum(q for q, _p in now.values())
        assert set(shop("shop.part", "search", [["id", "in", sorted(gone_parts)], ["line_id", "=", False]])) == gone_parts  # parts outlive lines
        lines = now
    shop("shop.order", "unlink", [order, other])
    assert shop("shop.line", "search_count", [["id", "in", list(lines)]]) == 0


def test_wrong_commands_are_refused_whole(shop, customer):
    thing = shop("shop.thing", "create", {"item_ids": [[0, 0, {"name": "kept"}]]})
    (mine,) = shop("shop.thing", "read", [thing], ["item_ids"])[0]["item_ids"]
    elsewhere = shop("shop.item", "create", {"name": "elsewhere"})
    before = shop("shop.thing", "read", [thing], ["item_ids"])
    for wrong in ([[0, 0, {"name": "lost"}], [7, 0, 0]], [[0, 0, {"name": "lost"}], [1, elsewhere, {"name": "x"}]], [[0, 0, {"nothing": 1}]], [[1, "x", {}]], "x",
                  [[6, 0, 5]], [[0, 0, {"name": "lost"}], [4, 10**8]]):  # fmt: skip
        with pytest.raises(xmlrpc.client.Fault):
            shop("shop.thing", "write", [thing], {"item_ids": wrong})
        assert shop("shop.thing", "read", [thing], ["item_ids"]) == before and shop("shop.item", "search_count", [["name", "=", "lost"]]) == 0
    shop("shop.thing", "write", [thing], {"item_ids": [mine, elsewhere]})  # a bare list of ids means exactly these
    assert shop("shop.thing", "read", [thing], ["item_ids"])[0]["item_ids"] == [mine, elsewhere]
