"""The rules of a call, without a database: private methods, ids first, old positional contexts, wrong arguments in words."""

from __future__ import annotations

import pytest
from rpc_fakes import Fake

from server.errors import AccessError, UserError
from server.rpc import values
from server.rpc.dispatcher import Call, StaleProof, dispatch
from server.rpc.errors import ArgumentError, UnknownMethod, ValueRefused


def call(method, *args, **kwargs):
    return dispatch(Fake(), 2, "thing", method, args, kwargs)


def test_unknown_model():
    with pytest.raises(UserError, match="Object nothing doesn't exist"):
        dispatch(Fake(), 2, "nothing", "search", [[]])


@pytest.mark.parametrize("name", ["_secret", "__init__", "__class__", "helper", "browse"])
def test_private_methods(name):
    with pytest.raises(AccessError, match=rf"Private methods \(such as 'thing.{name}'\) cannot be called remotely."):
        call(name)


def test_missing_method():
    with pytest.raises(UnknownMethod, match="The method 'thing.nope' does not exist"):
        call("nope")
    with pytest.raises(AttributeError):
        call("env2")


def test_ids_in_every_form():
    for given, ids in (([1, "2"], [1, 2]), (3, [3]), ("4", [4]), (False, []), ("", []), ((5,), [5])):
        assert call("read", given)[0] == ids
    assert call("read", ids=[6])[0] == [6]
    for wrong in ("x", [True], [1.5], [-1], [[1]], {"a": 1}, [2**70], ["1" * 30]):
        with pytest.raises(ValueRefused, match="thing.read takes record ids"):
            call("read", wrong)
    with pytest.raises(ArgumentError, match="its first argument is a list of ids"):
        call("read")


def test_nothing_in_the_forms_of_go_node_and_php():
    assert call("search", "", "", "", "")[:5] == ["search", [], 0, None, None]
    assert call("search", None, False, False, False)[:5] == ["search", [], 0, None, None]
    assert call("search", [["a", "=", 1]], "5", "10", "name")[:5] == ["search", [["a", "=", 1]], 5, 10, "name"]
    assert call("read", [1], [])[1] is None


def test_context():
    assert call("search", [], context={"lang": "es_MX", "x": 1})[5] == {"lang": "es_MX", "x": 1}
    assert call("search", [], context="")[5] == {}
    assert call("search", [], context={"lang": 5, "tz": None, "allowed_company_ids": ["2", 1]})[5] == {
        "allowed_company_ids": [2, 1]
    }
    assert call("search", [], context={"force_company": 3})[5]["allowed_company_ids"] == [3]
    with pytest.raises(ArgumentError, match="context must be a mapping"):
        call("search", [], context=[1])


def test_context_after_the_last_positional_argument():
    assert call("search", [], 0, None, None, None, {"lang": "es"})[5] == {"lang": "es"}
    assert call("search", [], 0, None, None, False)[0] == "search"
    assert call("search", [["a", "=", 1]], 0, 10, None, True) == ["search_count", [["a", "=", 1]], None]
    assert call("search", [["a", "=", 1]], count=True) == ["search_count", [["a", "=", 1]], None]
    assert call("search_count", [], None, {"lang": "es"})[0] == "search_count"
    assert call("read", [1], ["name"], "_classic_read", {"lang": "es"})[3] == {"lang": "es"}
    assert call("write", [1], {"a": 1}, {"lang": "es"}) == [[1], {"a": 1}, {"lang": "es"}]
    assert call("create", {"a": 1}, {"lang": "es"}) == [{"a": 1}, {"lang": "es"}]


def test_old_keywords():
    assert call("name_search", "x", args=[["a", "=", 1]]) == ["x", [["a", "=", 1]], "ilike", 100]


def test_wrong_arguments_name_the_argument_and_the_signature():
    with pytest.raises(ArgumentError, match=r"thing.write\(ids, /?,? ?vals\).*missing a required argument: 'vals'"):
        call("write", [1])
    with pytest.raises(ArgumentError, match="unexpected keyword argument 'colour'"):
        call("search", [], colour="red")
    with pytest.raises(ArgumentError, match="too many positional arguments"):
        call("message_post", [1], "body")
    assert call("message_post", [1], body="b", extra=1) == [[1], "b", {"extra": 1}]


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("search", ["name = 1"]), ("search", [5]), ("search", [{"a": 1}]), ("search", [[], "x"]), ("search", [[], -1]),
        ("search", [[], 0, 2**64]), ("search", [[], 0, 1, 5]), ("write", [[1], "vals"]), ("write", [[1], [1]]), ("create", [5]),
        ("create", [[5]]), ("create", [[[]]]), ("read", [[1], 5]), ("read", [[1], [5]]), ("name_search", [5]),
    ],
)  # fmt: skip
def test_wrong_types_are_refused_in_words(method, args):
    with pytest.raises(ValueRefused, match=f"thing.{method}: "):
        call(method, *args)


def test_arguments_of_actions_are_what_their_annotations_say():
    assert call("typed", "x") == ["x", 1, True, None, None, None]
    assert call("typed", "x", "5", 0, ["a"], {"b": 1}, [object]) == ["x", 5, False, ["a"], {"b": 1}, [object]]
    assert call("typed", "", "", "", "", "", "") == ["", 1, True, None, None, ""]
    assert call("typed", "x", False, False, False, False) == ["x", 1, False, None, None, None]
    for wrong in (
        {"code": 5},
        {"code": None},
        {"code": ["x"]},
        {"count": "five"},
        {"count": True},
        {"count": 1.5},
        {"strict": "yes"},
        {"tags": "a"},
        {"more": [1]},
    ):
        with pytest.raises(ArgumentError, match=f"thing.typed: {next(iter(wrong))} must be "):
            call("typed", **{"code": "x", **wrong})
    with pytest.raises(ValueRefused, match="64 bits"):
        call("typed", "x", 2**64)


def test_huge_and_deep_domains():
    with pytest.raises(ValueRefused, match="3999 terms"):
        call("search", ["|"] * 1999 + [["a", "=", 1]] * 2000)
    deep = []
    for _i in range(100):
        deep += ["|", ["a", "=", 1], "&", ["a", "=", 2]]
    with pytest.raises(ValueRefused, match="nested deeper"):
        call("search", [*deep, ["a", "=", 3]])
    nested = [["a", "=", 1]]
    for _i in range(60):
        nested = [["a", "any", nested]]
    with pytest.raises(ValueRefused, match="nested deeper"):
        call("search", nested)
    wide = ["|"] * 900 + [["a", "=", n] for n in range(901)]
    assert call("search", wide)[1] == wide
    assert len(call("search", [["id", "in", list(range(50_000))]])[1][0][2]) == 50_000


def test_alternating_pairs_side_by_side_are_not_deep():
    flat = ["&"] * 99
    for n in range(100):
        flat += ["|", ["a", "=", n], ["b", "=", n]]
    assert call("search", flat)[1] == flat


def test_readonly_is_known_before_the_transaction():
    assert call("peek", [1]) is True


def test_a_stale_proof_asks_for_a_new_one():
    class Proof:
        def permit(self, model, method):
            """Covers everything."""

        permit_reach = permit

        def holds(self, env):
            from server.errors import AccessDenied

            raise AccessDenied("changed")

    with pytest.raises(StaleProof):
        Call(Fake(), 2, "thing", "search", [[]], None, Proof()).run()


def test_model_and_method_must_be_texts():
    for model, method in ((["thing"], "search"), ("thing", {"x": 1}), (None, "search")):
        with pytest.raises(ArgumentError):
            Call(Fake(), 2, model, method, [], None)


def test_shown_is_short():
    assert len(values.shown("x" * 10_000)) <= 80
    assert values.shown(list(range(1000))) == "a list of 1000"


def test_calls_inside_an_open_transaction_keep_their_own_context(db):
    calls = [
        Call(db, 2, "res.partner", "create", [{"name": "Inside"}], None),
        Call(db, 2, "res.partner", "search_read", [[["name", "=", "Inside"]], ["name", "lang"]], {"context": {"lang": "es_MX"}}),
        Call(db, 2, "res.partner", "search_count", [[["name", "=", "Inside"]]], None),
    ]
    for each in calls:
        each.prepare()
    assert [each.readonly for each in calls] == [False, True, True]
    with db.transaction(2) as env:
        made, rows, count = [each.inside(env) for each in calls]
    assert [row["id"] for row in rows] == [made]
    assert count == 1
    assert calls[1].lang == "es_MX"
