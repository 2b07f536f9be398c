"""Manifests, discovery and the graph: what is refused, and in which words."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import Addon
from server.addon import graph
from server.addon.discovery import discover
from server.addon.manifest import ManifestError
from server.addon.usable import usable
from tests.kernel.addon_helpers import entry_points


def test_a_manifest_says_where_it_lives_and_whose_version_it_has():
    found = Addon("acme_loyalty", depends=["sales>=1.0,<2", "stock"], auto_install=True)
    assert found.package == __name__
    assert found.needs == found.triggers == ("sales", "stock")
    assert Addon("mine", package="server").version == version("colca")
    assert Addon("theirs", distribution="click").version == version("click")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "Not-A-Name"}, "lower case letters"),
        ({"name": "a", "depends": "sales"}, "must be a list"),
        ({"name": "a", "depends": ["sales >>> 1"]}, "cannot be read"),
        ({"name": "a", "depends": ["sales[extra]"]}, "only be an addon name"),
        ({"name": "a", "data": [1]}, "must be a list of texts"),
        ({"name": "a", "auto_install": "sales"}, "True, False or a list"),
        ({"name": "a", "depends": ["sales"], "auto_install": ["stock"]}, "add it to `depends`"),
    ],
)
def test_a_wrong_manifest_is_refused_with_the_remedy(arguments, words):
    with pytest.raises(ManifestError, match=words) as caught:
        Addon(**arguments)
    assert caught.value.addon == arguments["name"]


def _addons(**needs: list[str]) -> dict[str, Addon]:
    return {name: Addon(name, depends=depends, package="x", fixed_version="1.5") for name, depends in needs.items()}


def test_order_is_dependencies_first_then_names():
    addons = _addons(kernel=[], sales=["product"], base=[], product=["base"], account=["product"], glue=["sales", "account"])
    assert [one.name for one in graph.order(addons)] == ["kernel", "base", "product", "account", "sales", "glue"]


@given(st.lists(st.sets(st.integers(0, 11), max_size=4), min_size=1, max_size=12))
def test_order_holds_for_any_graph_without_circles(edges):
    addons = _addons(
        **{f"a{place:02}": [f"a{other:02}" for other in needs if other < place] for place, needs in enumerate(edges)}
    )
    ordered = [one.name for one in graph.order(addons)]
    assert sorted(ordered) == sorted(addons)
    assert all(ordered.index(need) < ordered.index(name) for name, one in addons.items() for need in one.needs)


def test_a_circle_is_named_in_full():
    addons = _addons(a=["b"], b=["c"], c=["a"], d=["a"], free=[])
    reasons = graph.problems(addons)
    assert "a → b → c → a" in str(reasons["b"])
    assert set(reasons) == {"a", "b", "c", "d"}
    with pytest.raises(ManifestError, match="a → b → c → a"):
        graph.order(addons)


def test_a_gap_and_a_version_out_of_range_are_named():
    reasons = graph.problems(_addons(a=["nowhere"], b=["c>=2"], c=[], d=["a"], e=["c>=1,<2"]))
    assert "needs the addon nowhere" in str(reasons["a"])
    assert "needs c>=2, but version 1.5" in str(reasons["b"])
    assert "nowhere" in str(reasons["d"])
    assert set(reasons) == {"a", "b", "d"}


def test_closure_dependants_and_glue():
    addons = _addons(base=[], stock=["base"], sales=["base"], far=["glue"])
    addons["glue"] = Addon("glue", depends=["sales", "stock"], auto_install=True, package="x")
    addons["more"] = Addon("more", depends=["base", "glue"], auto_install=["glue"], package="x")
    assert graph.closure(["far"], addons) == {"far", "glue", "sales", "stock", "base"}
    assert graph.dependants(["sales"], addons) == {"glue", "far", "more"}
    assert graph.glue({"base", "stock"}, addons) == set()
    assert graph.glue({"base", "stock", "sales"}, addons) == {"glue", "more"}
    with pytest.raises(ManifestError, match="nowhere is not available"):
        graph.closure(["nowhere"], addons)


def test_broken_packages_are_found_and_refused_in_words():
    names = [
        "good", "broken_import", "broken_object", "broken_manifest", "broken_cycle_a", "broken_cycle_b", "broken_gap", "broken_version",
        "broken_needs_broken",
    ]  # fmt: skip
    found = discover(entry_points=entry_points(*names))
    assert "kernel" in found.addons and "good" in found.addons
    assert "a_module_that_does_not_exist" in str(found.failed["broken_import"])
    assert "must be an Addon object" in str(found.failed["broken_object"])
    assert "cannot be read" in str(found.failed["broken_manifest"])
    addons, failed = usable(found, dict.fromkeys([*names, "gone"], ""))
    assert [one.name for one in addons] == ["good"]
    assert "broken_cycle_a → broken_cycle_b → broken_cycle_a" in str(failed["broken_cycle_b"])
    assert "nowhere_to_be_found" in str(failed["broken_gap"])
    assert "good>=99" in str(failed["broken_version"])
    assert "broken_gap, which is broken" in str(failed["broken_needs_broken"])
    assert "purge --missing gone" in str(failed["gone"])


def test_two_packages_of_one_name_are_both_refused():
    points = entry_points("good") * 2
    found = discover(entry_points=points)
    assert "good" not in found.addons and "Two packages" in str(found.failed["good"])
    assert "good" in discover([Addon("good", package="x")], entry_points=points).addons
