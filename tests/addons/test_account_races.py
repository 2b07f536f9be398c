"""Several processes at the same invoices: one wins, the others read why not, and no number is lost or given twice."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def race(database: Any, action: str, shares: list[list[int]], lead: float = 6.0) -> list[list[str]]:
    """What each process got for each of its invoices; all start at the same moment."""
    start = str(time.time() + lead)
    command = [sys.executable, str(Path(__file__).with_name("account_worker.py")), database.url, action, start]
    processes = [
        subprocess.Popen(
            [*command, *map(str, ids)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_environment()
        )
        for ids in shares
    ]
    results = []
    for process in processes:
        out, error = process.communicate(timeout=180)
        assert process.returncode == 0, error
        results.append(json.loads(out.strip().splitlines()[-1]))
    return results


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}


def drafts(count: int) -> Any:
    def make(env: Any) -> list[int]:
        row = {
            "move_type": "out_invoice",
            "partner_id": env.ref("base.customer_mx_01").id,
            "company_id": env.ref("base.main_company").id,
        }
        lines = {"invoice_line_ids": [(0, 0, {"name": "Flete", "price_unit": 100})]}
        return list(env["account.move"].create([{**row, **lines} for _n in range(count)]).ids)

    return make


def test_two_post_the_same_invoice(db: Any) -> None:
    ids = db.run(1, {}, drafts(4))
    first, second = race(db, "post", [ids, ids])
    for mine, theirs in zip(first, second, strict=True):
        numbers = [result for result in (mine, theirs) if result.startswith("INV/")]
        refusals = [result for result in (mine, theirs) if result.startswith("NotADraft")]
        assert (len(numbers), len(refusals)) == (1, 1), (mine, theirs)
        assert "already Posted" in refusals[0]
    names = db.run(1, {}, lambda env: env["account.move"].browse(ids).mapped("name"), readonly=True)
    assert sorted(int(name.rsplit("/", 1)[1]) for name in names) == _following(names)


def test_many_post_their_own_invoices_without_a_gap(db: Any) -> None:
    ids = db.run(1, {}, drafts(12))
    results = race(db, "post", [ids[0:4], ids[4:8], ids[8:12]])
    names = [name for result in results for name in result]
    assert all(name.startswith("INV/") for name in names), names
    assert sorted(int(name.rsplit("/", 1)[1]) for name in names) == _following(names)


def test_two_pay_the_same_invoice(db: Any) -> None:
    ids = db.run(1, {}, drafts(3))
    db.run(1, {}, lambda env: env["account.move"].browse(ids).action_post())
    first, second = race(db, "pay", [ids, ids])
    residuals = db.run(1, {}, lambda env: env["account.move"].browse(ids).mapped("amount_residual"), readonly=True)
    assert residuals == [0, 0, 0], (first, second)
    payments = db.run(1, {}, lambda env: env["account.payment"].search_count([("invoice_ids", "in", ids)]), readonly=True)
    assert payments == 3, (first, second)


def _following(names: list[str]) -> list[int]:
    """The numbers that lie without a gap from the lowest of these on."""
    low = min(int(name.rsplit("/", 1)[1]) for name in names)
    return list(range(low, low + len(names)))
