"""Posting what waits for one webhook: in order, one at a time, each result written down at once.

What is promised: every delivery is posted at least once until the receiver takes it (2xx) or it is given up after about three
days; of two deliveries about one record the earlier is taken (or given up) before the later is tried. While the receiver as a
whole is away, one delivery probes for all of them. No transaction is open while we wait for somebody else.
"""

from __future__ import annotations

import datetime as dt
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.events import deliveries, signing
from server.events.posting import Answer, post
from server.jobs import Outside, job, outbox
from server.text import _

if TYPE_CHECKING:
    from server.database import Database
    from server.model.environment import Environment

#: Seconds before the second try, the third and so on; about three days altogether.
DELAYS = (10, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)

#: A receiver that is away for so long gets no more of what is older.
PATIENCE = dt.timedelta(days=3)

#: After so long without success the webhook's user and the administrators are told.
TELL_AFTER = dt.timedelta(hours=24)

#: Deliveries looked at together, and seconds for which one job posts before others get their turn.
WINDOW, BUDGET = 200, 20.0

#: Seconds for which a worker holds a subscription without a sign of life. Longer than one POST can take.
HOLD = 60

#: Seconds after which a job looks again whether another worker has let the subscription go.
AGAIN = 3


@job(deliveries.JOB, attempts=20, lease=120)
def deliver(env: Environment, payload: dict[str, Any]) -> Outside:
    """Post what waits for a subscription, as the worker may. Payload: `subscription`."""
    id = int(payload["subscription"])
    table = env["ir.outbox"].table
    # This job does all that waits; whoever wakes it from now on is committed with a delivery it will see.
    env.run(table.delete().where(table.c.label == f"{deliveries.JOB}:{id}", table.c.state == "pending"))
    courier = Courier(env.database, id)

    def then(env: Environment, next_at: dt.datetime | None) -> None:
        if next_at is not None:
            deliveries.wake(env, [id], run_at=next_at)

    return Outside(courier.work, then)


@dataclass
class Waiting:
    """A delivery that waits, without its payload."""

    id: int
    uuid: str
    event: str
    attempts: int
    next_try: dt.datetime
    records: frozenset[Any]


@dataclass
class Receiver:
    """What the courier must know of a subscription."""

    id: int
    url: str
    secrets: list[str]
    failures: int
    failing_since: dt.datetime | None
    paused_until: dt.datetime | None
    active: bool


@dataclass
class Courier:
    """Posts for one subscription while it holds it."""

    database: Database
    subscription: int
    token: str = field(default_factory=lambda: secrets.token_hex(12))

    def work(self) -> dt.datetime | None:
        """Post what is due; the moment at which there is more to do, None for never."""
        receiver = self._run(self._take)
        if receiver is None:
            return outbox.clock() + dt.timedelta(seconds=AGAIN)
        try:
            return self._deliver(receiver)
        finally:
            self._run(self._release)

    def _deliver(self, receiver: Receiver) -> dt.datetime | None:
        started = outbox.clock()
        while True:
            now = outbox.clock()
            if not receiver.active:
                return None
            if receiver.paused_until is not None and receiver.paused_until > now:
                return receiver.paused_until
            waiting: list[Waiting] = self._run(self._waiting)
            later: list[dt.datetime] = []
            held: set[Any] = set()
            sent = 0
            for each in waiting:
                if each.next_try > now or not held.isdisjoint(each.records):
                    if held.isdisjoint(each.records):
                        later.append(each.next_try)
                    held |= each.records
                    continue
                if outbox.clock() - started > dt.timedelta(seconds=BUDGET):
                    return now
                answer = self._post(receiver, each)
                if answer is None:
                    continue
                next_try = self._run(partial(self._note, receiver=receiver, each=each, answer=answer))
                if not receiver.active or answer.away:
                    return receiver.paused_until if receiver.active else None
                if next_try is not None:
                    held |= each.records
                    later.append(next_try)
                sent += answer.good
            if not sent or len(waiting) < WINDOW:
                return min(later, default=None)

    def _post(self, receiver: Receiver, each: Waiting) -> Answer | None:
        """POST one delivery; None when it is not waiting any more."""
        payload = self._run(lambda env: self._payload(env, each.id))
        if payload is None:
            return None
        # the number orders deliveries; it exists only once the row does
        body = b'{"sequence":%d,' % each.id + payload.encode()[1:]
        timestamp = int(outbox.clock().replace(tzinfo=dt.UTC).timestamp())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Colca-Webhooks/1",
            "Colca-Event": each.event,
            "Colca-Attempt": str(each.attempts + 1),
            **signing.headers(receiver.secrets, each.uuid, timestamp, body),
        }
        return post(receiver.url, body, headers, networks())

    # -- each in a transaction of its own --------------------------------------------------------------------------------
    def _run(self, function: Callable[[Environment], Any]) -> Any:
        return self.database.run(outbox.SYSTEM_UID, {}, function)

    def _take(self, env: Environment) -> Receiver | None:
        """Hold the subscription for this worker; None when another does."""
        table = env["webhook.subscription"].table
        now = outbox.clock()
        row = env.run(
            table.update()
            .where(table.c.id == self.subscription, sa.or_(table.c.busy_until.is_(None), table.c.busy_until <= now))
            .values(busy_until=now + dt.timedelta(seconds=HOLD), busy_token=self.token)
            .returning(table)
        ).first()
        if row is None:
            gone = env.run(sa.select(table.c.id).where(table.c.id == self.subscription)).first() is None
            return Receiver(self.subscription, "", [], 0, None, None, False) if gone else None
        keys = [row.signing_secret]
        if row.previous_secret and row.previous_until and row.previous_until > now:
            keys.append(row.previous_secret)
        return Receiver(row.id, row.url, keys, row.failures or 0, row.failing_since, row.paused_until, bool(row.active))

    def _release(self, env: Environment) -> None:
        table = env["webhook.subscription"].table
        env.run(
            table.update()
            .where(table.c.id == self.subscription, table.c.busy_token == self.token)
            .values(busy_until=None, busy_token=None)
        )

    def _waiting(self, env: Environment) -> list[Waiting]:
        table = env["webhook.delivery"].table
        columns = (table.c.id, table.c.uuid, table.c.model, table.c.event, table.c.attempts, table.c.next_try, table.c.record_ids)
        rows = env.run(
            sa.select(*columns)
            .where(table.c.subscription_id == self.subscription, table.c.state == "pending")
            .order_by(table.c.id)
            .limit(WINDOW)
        )
        return [
            Waiting(
                r.id,
                r.uuid,
                f"{r.model}.{r.event}" if r.model else r.event,
                r.attempts or 0,
                r.next_try,
                frozenset((r.model, i) for i in r.record_ids or ()),
            )
            for r in rows
        ]

    def _payload(self, env: Environment, id: int) -> str | None:
        table = env["webhook.delivery"].table
        found: str | None = env.run(sa.select(table.c.payload).where(table.c.id == id, table.c.state == "pending")).scalar()
        return found

    def _note(self, env: Environment, receiver: Receiver, each: Waiting, answer: Answer) -> dt.datetime | None:
        """Write a result down, with the delivery and with the subscription; when it is tried again, if it is."""
        now = outbox.clock()
        attempts = each.attempts + 1
        values: dict[str, Any] = {
            "attempts": attempts,
            "last_try": now,
            "status": answer.status or None,
            "milliseconds": answer.milliseconds,
            "response": answer.excerpt or None,
            "error": answer.error or None,
            "write_date": now,
        }
        standing: dict[str, Any] = {"last_status": answer.status or None, "last_error": answer.error or None}
        next_try = None
        if answer.good:
            values.update(state="sent", sent_at=now)
            standing.update(failures=0, failing_since=None, paused_until=None, told=False, last_success=now)
        else:
            receiver.failures += 1
            tries = max(receiver.failures, attempts) if answer.away else attempts
            next_try = now + dt.timedelta(seconds=delay(tries, answer.retry_after))
            standing.update(failures=receiver.failures, failing_since=receiver.failing_since or now)
            if attempts > len(DELAYS) or answer.status == 410:
                values.update(state="failed")
                next_try = None
            else:
                values.update(next_try=next_try)
            if answer.away:
                # when this one is given up the next one probes, no sooner
                receiver.paused_until = next_try or now + dt.timedelta(seconds=DELAYS[-1])
                standing.update(paused_until=receiver.paused_until)
        receiver.failing_since = standing.get("failing_since")
        receiver.failures = standing["failures"]
        delivery, subscription = env["webhook.delivery"].table, env["webhook.subscription"].table
        env.run(delivery.update().where(delivery.c.id == each.id, delivery.c.state == "pending").values(**values))
        standing["busy_until"] = now + dt.timedelta(seconds=HOLD)
        env.run(subscription.update().where(subscription.c.id == receiver.id).values(**standing))
        if answer.status == 410:
            self._gone(env, receiver)
        elif not answer.good:
            self._tell(env, receiver, answer, now)
        return next_try

    def _gone(self, env: Environment, receiver: Receiver) -> None:
        """The receiver wants no more: switch the subscription off."""
        receiver.active = False
        self._give_up(env, "HTTP 410", None)
        record = env["webhook.subscription"].browse([receiver.id])
        record.write({"active": False})
        record.tell(_("The receiver answered that it is gone for good (410). The webhook was switched off."))

    def _tell(self, env: Environment, receiver: Receiver, answer: Answer, now: dt.datetime) -> None:
        """Tell people of a receiver that fails for long, and give up what is too old for one that is away."""
        since = receiver.failing_since
        if since is None:
            return
        if answer.away and now - since > PATIENCE:
            self._give_up(env, answer.error, now - PATIENCE)
        table = env["webhook.subscription"].table
        if now - since > TELL_AFTER:
            first = env.run(
                table.update().where(table.c.id == receiver.id, sa.not_(sa.func.coalesce(table.c.told, False))).values(told=True)
            ).rowcount
            if first:
                env["webhook.subscription"].browse([receiver.id]).tell(
                    _(
                        "No delivery was taken since %(since)s (UTC). Last error: %(error)s. Check the receiver; what waits is "
                        "sent again by itself.",
                        since=since.isoformat(" ", "seconds"),
                        error=answer.error,
                    )
                )

    def _give_up(self, env: Environment, error: str, before: dt.datetime | None) -> None:
        table = env["webhook.delivery"].table
        clauses = [table.c.subscription_id == self.subscription, table.c.state == "pending"]
        if before is not None:
            clauses.append(table.c.waiting_since < before)
        env.run(table.update().where(*clauses).values(state="failed", error=error))


def delay(tries: int, asked: int | None = None) -> float:
    """Seconds until the next try after the n-th failure, up to a fifth more by chance so that not all come at once; at least what
    the receiver asked for, at most a day.
    """
    planned = DELAYS[min(max(tries, 1), len(DELAYS)) - 1] * random.uniform(1.0, 1.2)
    return min(max(planned, asked or 0), DELAYS[-1] * 1.2)


def networks() -> Any:
    """Networks beside the public internet that the operator lets webhooks reach."""
    from server.events.posting import parse_networks
    from server.models.filestore import settings

    return parse_networks(settings().webhook_networks)
