"""A second (third, …) process for the races of accounting: `python account_worker.py URL ACTION STARTS_AT ID …`, prints what came of it as JSON."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from server import UserError
from server.database import Database


def post(env: Any, id: int) -> str:
    """Post one invoice; its number."""
    move = env["account.move"].browse(id)
    move.action_post()
    return str(move.name)


def pay(env: Any, id: int) -> str:
    """Pay one invoice through the wizard; its payment state."""
    move = env["account.move"].browse(id)
    env["account.payment.register"].with_context(active_model="account.move", active_ids=[id]).create({}).action_create_payments()
    return str(move.payment_state)


def main(url: str, action: str, starts_at: str, *ids: str) -> None:
    """Warm up, wait for the common start, do it for every id."""
    database = Database(url)
    call = {"post": post, "pay": pay}[action]
    database.run(1, {}, lambda env: env["account.move"].browse([int(id) for id in ids]).mapped("state"), readonly=True)
    time.sleep(max(0.0, float(starts_at) - time.time()))
    results = []
    for id in ids:
        try:
            results.append(database.run(1, {}, lambda env, id=id: call(env, int(id))))
        except UserError as error:
            results.append(f"{type(error).__name__}: {error}")
    print(json.dumps(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
