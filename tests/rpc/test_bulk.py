"""Thousands of records in one call: created, written, deleted, with as many statements as for ten."""

from __future__ import annotations

import pytest

from server.testing.calls import Client

pytestmark = pytest.mark.feature("M5")

VALUES = {
    "res.partner": lambda n: {"name": f"Many {n}", "email": f"m{n}@example.com"},
    "product.product": lambda n: {"name": f"Many {n}", "default_code": f"MANY{n}"},
    "product.template": lambda n: {"name": f"Many {n}", "list_price": n},
    "res.partner.category": lambda n: {"name": f"Many {n}"},
}
CHANGES = {"res.partner": {"email": "x@example.com", "city": "Lima"}, "res.partner.category": {"color": 3}}


@pytest.mark.parametrize("model", VALUES)
def test_as_many_statements_for_many_records(shared_demo, count_statements, model):
    call = Client(shared_demo)
    counts, told = {}, {}
    for n in (10, 1000):
        for step in ("create", "write", "unlink", "unlink again"):
            shared_demo.data_version = -1  # what the process remembers of rare data is forgotten alike
            with count_statements(shared_demo, own=True) as seen:
                if step == "create":
                    ids = call(model, "create", [VALUES[model](k) for k in range(n)])
                elif step == "write":
                    assert call(model, "write", ids, CHANGES.get(model, {"weight": 2, "description": "x"})) is True
                else:
                    assert call(model, "unlink", ids) is True
            counts[step, n], told[step, n] = len(seen), seen.report()
        assert call(model, "search_count", [["id", "in", ids]], context={"active_test": False}) == 0
    for step in ("create", "write", "unlink", "unlink again"):
        # three more or less: SQLite takes 32,766 values in an INSERT, and another thread may have looked at the counters before
        assert abs(counts[step, 1000] - counts[step, 10]) <= 3, f"{step}\n{told[step, 10]}\n\n{told[step, 1000]}"
