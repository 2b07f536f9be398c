"""A part of a transaction that can fail alone: savepoint in the database, and the transaction's memory put back with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.model.environment import Environment


@contextmanager
def savepoint(env: Environment) -> Iterator[None]:
    """What is done inside is flushed at the end, or undone when it raises; what was done before stays either way."""
    env.flush()
    txn = env.transaction
    tracked = {key: dict(old) for key, old in txn.tracked.items()}
    history, after = list(txn.history_rows), list(txn.after_commit)
    locked, reference, registry = set(txn.locked), txn.reference_touched, txn.registry_touched
    computing, together = set(txn.computing), txn.together
    models, automations = txn.registry, txn.automations
    notes = txn.capture.copied() if txn.capture is not None else None
    with txn.connection.begin_nested():
        try:
            yield
            env.flush()
        except BaseException:
            txn.dirty.clear()
            txn.pending.clear()
            txn.clear()
            txn.tracked, txn.history_rows, txn.after_commit = tracked, history, after
            txn.locked, txn.reference_touched, txn.registry_touched = locked, reference, registry
            txn.computing, txn.together = computing, together
            txn.registry, txn.automations, txn.capture = models, automations, notes
            txn.security = {}
            raise
