"""The outbox, its worker, schedules and mail: what is promised when processes fail, die and compete."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import UserError, ValidationError
from server.errors import SetupError
from server.jobs import JOBS, Outside, job, load_kernel_jobs, mail, outbox, schedule, worker
from server.models.ir_cron import add_months, next_call

ADMIN = 2


@pytest.fixture
def declared() -> Iterator[None]:
    """Jobs declared by a test are gone after it."""
    load_kernel_jobs()
    before = dict(JOBS)
    yield
    JOBS.clear()
    JOBS.update(before)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock to turn: `clock(seconds)` moves it on."""
    offset = [0.0]
    real = outbox.clock
    monkeypatch.setattr(outbox, "clock", lambda: real() + dt.timedelta(seconds=offset[0]))

    def turn(seconds: float) -> None:
        offset[0] += seconds

    return turn


def enqueue(database: Any, name: str, payload: dict[str, Any] | None = None, uid: int = ADMIN, **kw: Any) -> None:
    database.run(uid, {}, lambda env: env.enqueue(name, payload or {}, **kw))


def rows(database: Any, **wanted: Any) -> list[dict[str, Any]]:
    domain = [(key, "=", value) for key, value in wanted.items()]
    fields = ["job", "state", "attempts", "last_error", "key", "label", "company_id", "user_id", "payload"]
    return database.run(1, {}, lambda env: env["ir.outbox"].search_read(domain, fields, order="id"))


def note(env: Any, text: str) -> None:
    """A visible database effect of a job."""
    env["ir.exports"].sudo().create({"name": text})


def notes(database: Any) -> list[str]:
    return database.run(1, {}, lambda env: env["ir.exports"].search([], order="id").mapped("name"))


@pytest.mark.usefixtures("declared")
def test_a_job_runs_after_the_commit_as_its_user_in_its_company(database: Any) -> None:
    @job("test.note")
    def work(env: Any, payload: dict[str, Any]) -> None:
        note(env, f"{payload['text']} {env.uid} {env.company_id} {env.su}")

    company = database.run(ADMIN, {}, lambda env: env["res.company"].create({"name": "Other"}).id)
    database.run(ADMIN, {"allowed_company_ids": [company]}, lambda env: env.enqueue("test.note", {"text": "hello"}))
    assert notes(database) == []
    assert worker.run_pending(database) >= 1
    assert notes(database) == [f"hello {ADMIN} {company} False"]
    assert worker.run_pending(database) == 0


@pytest.mark.usefixtures("declared")
def test_a_rolled_back_transaction_asks_for_nothing(database: Any) -> None:
    @job("test.note")
    def work(env: Any, payload: dict[str, Any]) -> None:
        note(env, "never")

    class Stop(Exception):
        pass

    def fail(env: Any) -> None:
        env.enqueue("test.note", {})
        raise Stop

    with pytest.raises(Stop):
        database.run(ADMIN, {}, fail)
    worker.run_pending(database)
    assert notes(database) == []


def test_an_unknown_job_is_refused_when_it_is_asked_for(database: Any) -> None:
    with pytest.raises(KeyError, match="no.such"):
        enqueue(database, "no.such")


@pytest.mark.usefixtures("declared", "quiet")
def test_the_same_key_waits_once(database: Any) -> None:
    @job("test.note")
    def work(env: Any, payload: dict[str, Any]) -> None:
        note(env, payload["text"])

    for text in ("first", "second"):
        enqueue(database, "test.note", {"text": text}, key="one")
    worker.run_pending(database)
    assert notes(database) == ["first"]
    enqueue(database, "test.note", {"text": "third"}, key="one")
    worker.run_pending(database)
    assert notes(database) == ["first", "third"]


@pytest.mark.usefixtures("declared", "quiet")
def test_the_same_key_never_runs_twice_at_once(database: Any) -> None:
    @job("test.note")
    def work(env: Any, payload: dict[str, Any]) -> None:
        note(env, payload["text"])

    enqueue(database, "test.note", {"text": "running"}, key="one")
    running = outbox.take(database)
    assert running is not None
    enqueue(database, "test.note", {"text": "asked meanwhile"}, key="one")
    assert outbox.take(database) is None, "the second waits for the first"
    assert outbox.perform(database, running)
    assert worker.run_pending(database) == 1
    assert notes(database) == ["running", "asked meanwhile"]


@pytest.mark.usefixtures("declared", "quiet")
def test_a_failing_job_is_tried_again_later_and_given_up_in_the_end(database: Any, clock: Any) -> None:
    tries: list[int] = []

    @job("test.fail", attempts=3)
    def work(env: Any, payload: dict[str, Any]) -> None:
        tries.append(1)
        note(env, "must be rolled back")
        raise ZeroDivisionError("no such luck")

    enqueue(database, "test.fail", key="k")
    worker.run_pending(database)
    (row,) = rows(database)
    assert row["state"] == "pending" and row["attempts"] == 1 and row["key"] == "k"
    assert "ZeroDivisionError: no such luck" in row["last_error"]
    worker.run_pending(database)
    assert len(tries) == 1, "not before its time"
    clock(11)
    worker.run_pending(database)
    assert len(tries) == 2
    clock(11)
    worker.run_pending(database)
    assert len(tries) == 2, "the pause grows"
    clock(10)
    worker.run_pending(database)
    assert len(tries) == 3
    (row,) = rows(database)
    assert row["state"] == "dead" and not row["key"]
    assert notes(database) == []
    database.run(ADMIN, {}, lambda env: env["ir.outbox"].search([]).action_retry())
    worker.run_pending(database)
    assert len(tries) == 4


@pytest.mark.usefixtures("declared")
def test_a_refusal_is_kept_in_words_without_a_traceback(database: Any) -> None:
    @job("test.refuse")
    def work(env: Any, payload: dict[str, Any]) -> None:
        raise UserError("The printer is off.")

    enqueue(database, "test.refuse")
    worker.run_pending(database)
    assert rows(database)[0]["last_error"] == "The printer is off."


@pytest.mark.usefixtures("declared")
def test_work_taken_over_by_another_is_rolled_back_here(database: Any, clock: Any) -> None:
    @job("test.note", lease=60)
    def work(env: Any, payload: dict[str, Any]) -> None:
        note(env, "done")

    enqueue(database, "test.note")
    slow = outbox.take(database)
    assert slow is not None and outbox.take(database) is None
    clock(61)
    quick = outbox.take(database)
    assert quick is not None and quick.id == slow.id and quick.token != slow.token and quick.attempts == 2
    assert outbox.perform(database, quick)
    assert not outbox.perform(database, slow)
    assert notes(database) == ["done"]
    assert rows(database)[0]["state"] == "done"


@pytest.mark.usefixtures("declared")
def test_what_happens_outside_happens_outside_of_any_transaction(database: Any) -> None:
    order: list[str] = []

    @job("test.outside")
    def work(env: Any, payload: dict[str, Any]) -> Outside:
        note(env, "before")
        return Outside(call, then)

    def call() -> str:
        # a transaction that were still open would keep this one waiting on SQLite
        database.run(1, {}, lambda env: note(env, "meanwhile"))
        order.append("call")
        return "answer"

    def then(env: Any, answer: str) -> None:
        order.append("then")
        note(env, answer)

    enqueue(database, "test.outside")
    worker.run_pending(database)
    assert order == ["call", "then"]
    assert notes(database) == ["before", "meanwhile", "answer"]
    assert rows(database)[0]["state"] == "done"


@pytest.mark.usefixtures("declared")
def test_many_workers_do_each_job_once(database: Any) -> None:
    @job("test.note")
    def work(env: Any, payload: dict[str, Any]) -> None:
        note(env, str(payload["n"]))

    def many(env: Any) -> None:
        for n in range(30):
            env.enqueue("test.note", {"n": n})

    database.run(ADMIN, {}, many)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            worker.run_pending(database)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sorted(map(int, notes(database))) == list(range(30))


@pytest.mark.usefixtures("declared", "quiet")
def test_kill_9_in_the_middle_of_a_job_leaves_one_effect(database: Any, clock: Any, tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import os, signal, sys
        from server.database import Database
        from server.jobs import job, outbox

        @job("test.killed", lease=60)
        def work(env, payload):
            env["ir.exports"].sudo().create({"name": "effect"})
            env.flush()
            os.kill(os.getpid(), signal.SIGKILL)

        database = Database(sys.argv[1])
        taken = outbox.take(database)
        assert taken is not None
        outbox.perform(database, taken)
        """
    )

    @job("test.killed", lease=60)
    def work(env: Any, payload: dict[str, Any]) -> None:
        note(env, "effect")

    enqueue(database, "test.killed")
    root = str(Path(__file__).parents[2])
    ended = subprocess.run(
        [sys.executable, "-c", program, database.url], cwd=root, env={**os.environ, "PYTHONPATH": root}, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    assert notes(database) == []
    assert worker.run_pending(database) == 0, "its lease is not over"
    clock(61)
    assert worker.run_pending(database) == 1
    assert notes(database) == ["effect"]
    assert rows(database)[0]["state"] == "done"


@pytest.mark.usefixtures("declared")
def test_run_forever_stops_when_it_is_told_to(database: Any) -> None:
    stop = threading.Event()

    @job("test.stop")
    def work(env: Any, payload: dict[str, Any]) -> None:
        note(env, "worked")
        stop.set()

    enqueue(database, "test.stop")
    thread = threading.Thread(target=worker.run_forever, args=(database, stop), kwargs={"poll": 0.05})
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert notes(database) == ["worked"]


@pytest.mark.usefixtures("declared")
def test_two_functions_cannot_have_one_name() -> None:
    @job("test.name")
    def one(env: Any, payload: dict[str, Any]) -> None: ...

    with pytest.raises(SetupError):

        @job("test.name")
        def other(env: Any, payload: dict[str, Any]) -> None: ...


def test_waiting_jobs_can_be_cancelled_and_finished_ones_not(database: Any) -> None:
    enqueue(database, "kernel.sweep_outbox")

    def cancel(env: Any) -> None:
        row = env["ir.outbox"].search([("job", "=", "kernel.sweep_outbox")])
        row.action_cancel()
        with pytest.raises(UserError):
            row.action_cancel()

    database.run(ADMIN, {}, cancel)
    assert [row["state"] for row in rows(database, job="kernel.sweep_outbox")] == ["cancelled"]


# -- schedules ---------------------------------------------------------------------------------------------------------


def cron(database: Any, **vals: Any) -> int:
    values = {"name": "Test", "job": "test.note", "interval_number": 1, "interval_type": "days", **vals}
    return database.run(ADMIN, {}, lambda env: env["ir.cron"].create(values).id)


@pytest.fixture
def quiet(database: Any) -> None:
    """Without the kernel's own schedules."""
    database.run(ADMIN, {}, lambda env: env["ir.cron"].search([]).write({"active": False}))


@pytest.mark.usefixtures("declared", "quiet")
def test_a_due_schedule_becomes_one_job_whoever_looks(database: Any, clock: Any) -> None:
    @job("test.note")
    def work(env: Any, payload: dict[str, Any]) -> None:
        note(env, f"{payload['text']} {env.uid}")

    id = cron(database, payload={"text": "night"})
    before = database.run(1, {}, lambda env: env["ir.cron"].browse([id]).nextcall)
    threads = [threading.Thread(target=schedule.run_due, args=(database,)) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worker.run_pending(database)
    assert notes(database) == [f"night {ADMIN}"]
    after = database.run(1, {}, lambda env: env["ir.cron"].browse([id]).nextcall)
    assert after == before + dt.timedelta(days=1)
    worker.run_pending(database)
    assert len(notes(database)) == 1
    clock(3 * 86400)
    worker.run_pending(database)
    assert len(notes(database)) == 2, "missed days are not made up for"


@pytest.mark.usefixtures("declared", "quiet")
def test_a_schedule_once_per_company(database: Any) -> None:
    @job("test.note")
    def work(env: Any, payload: dict[str, Any]) -> None:
        note(env, env.company.name)

    database.run(ADMIN, {}, lambda env: env["res.company"].create({"name": "Second"}))
    cron(database, per_company=True)
    worker.run_pending(database)
    assert sorted(notes(database)) == ["My Company", "Second"]


@pytest.mark.usefixtures("declared", "quiet")
def test_a_schedule_can_be_started_by_hand(database: Any) -> None:
    @job("test.note")
    def work(env: Any, payload: dict[str, Any]) -> None:
        note(env, "by hand")

    id = cron(database, nextcall=dt.datetime(2099, 1, 1))
    worker.run_pending(database)
    assert notes(database) == []
    database.run(ADMIN, {}, lambda env: env["ir.cron"].browse([id]).method_direct_trigger())
    worker.run_pending(database)
    assert notes(database) == ["by hand"]


def test_a_schedule_of_an_unknown_job_is_refused(database: Any) -> None:
    with pytest.raises(ValidationError, match="kernel.sweep_outbox"):
        cron(database, job="no.such")


def test_the_kernels_own_schedules_work(database: Any) -> None:
    def old(env: Any) -> None:
        table = env["ir.outbox"].table
        stamp = env.now() - dt.timedelta(days=90)
        for state in ("done", "dead", "pending"):
            env.execute(
                table.insert().values(
                    job="x",
                    state=state,
                    run_at=dt.datetime(2099, 1, 1),
                    attempts=0,
                    done_at=None if state == "pending" else stamp,
                )
            )

    database.run(1, {}, old)
    schedules = database.run(1, {}, lambda env: env["ir.cron"].search_count([("job", "=like", "kernel.%")]))
    assert schedules >= 4
    assert worker.run_pending(database) == schedules
    assert sorted(row["state"] for row in rows(database, job="x")) == ["dead", "pending"]
    assert [row["state"] for row in rows(database) if row["job"].startswith("kernel.")] == ["done"] * schedules


@given(
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)),
    st.integers(1, 40),
    st.sampled_from(["minutes", "hours", "days", "weeks", "months"]),
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1)),
)
def test_the_next_call_is_the_first_of_the_series_after_now(last: dt.datetime, number: int, kind: str, now: dt.datetime) -> None:
    following = next_call(last, number, kind, now)
    assert following > now and following > last
    if kind == "months":
        months = (following.year - last.year) * 12 + following.month - last.month
        assert months % number == 0 and following == add_months(last, months)
        assert months == number or add_months(last, months - number) <= now
    else:
        step = {"minutes": 60, "hours": 3600, "days": 86400, "weeks": 604800}[kind] * number
        distance = (following - last).total_seconds()
        assert distance % step == pytest.approx(0, abs=1e-3) or distance % step == pytest.approx(step, abs=1e-3)
        assert distance == step or following - dt.timedelta(seconds=step) <= now


# -- mail ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLCA_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("COLCA_MAIL_URL", raising=False)
    return tmp_path


def test_mail_is_written_into_a_folder(database: Any, data_dir: Path) -> None:
    def ask(env: Any) -> None:
        env.company.write({"email": "ventas@sierra.mx"})
        attachment = env["ir.attachment"].create({"name": "factura.pdf", "datas": b"%PDF-1.4 x"})
        env.enqueue(
            "mail.send",
            {
                "to": ["María Pérez <maria@cliente.mx>"],
                "cc": "jefe@cliente.mx",
                "subject": "Factura ñ\r\nBcc: evil@example.com",
                "body": "<p>Hola &amp; gracias</p><p>Adiós</p>",
                "attachments": [attachment.id],
                "reply_to": "cobranza@sierra.mx",
            },
        )

    database.run(ADMIN, {}, ask)
    worker.run_pending(database)
    assert [row["state"] for row in rows(database, job="mail.send")] == ["done"], rows(database, job="mail.send")
    (file,) = (data_dir / "mail").glob("*.eml")
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert message["To"] == "María Pérez <maria@cliente.mx>" and message["Cc"] == "jefe@cliente.mx"
    assert message["Subject"] == "Factura ñ Bcc: evil@example.com" and message["Bcc"] is None
    assert "ventas@sierra.mx" in message["From"] and message["Reply-To"] == "cobranza@sierra.mx"
    assert message.get_body(("plain",)).get_content().strip() == "Hola & gracias\n\nAdiós"  # type: ignore[union-attr]
    assert "<p>Hola" in message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "factura.pdf" and attached.get_content_type() == "application/pdf"
    assert attached.get_content() == b"%PDF-1.4 x"


def test_a_mail_sent_again_after_a_crash_replaces_its_own_file(database: Any, data_dir: Path) -> None:
    payload = {"to": ["a@b.mx"], "subject": "S", "body": "B"}
    for _row in range(2):
        enqueue(database, "mail.send", payload)
    for _row in range(2):
        taken = outbox.take(database)
        assert taken is not None
        deliver = database.run(ADMIN, {"job_id": taken.id}, lambda env: mail.send(env, payload))
        deliver.call()  # … and the worker dies before it can say so
        outbox.perform(database, taken)
    assert len(list((data_dir / "mail").glob("*.eml"))) == 2, "two mails asked for are two mails"


@pytest.mark.parametrize("to", [[], ["no address"], ["a@b@c"], ["@b.mx"]])
def test_a_mail_that_cannot_arrive_says_so(database: Any, data_dir: Path, to: list[str]) -> None:
    enqueue(database, "mail.send", {"to": to, "subject": "S"})
    worker.run_pending(database)
    (row,) = rows(database, job="mail.send")
    assert row["state"] == "pending" and row["last_error"] and "Traceback" not in row["last_error"]


def test_mail_goes_to_the_server_of_the_setting(database: Any, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []

    class Server:
        def __init__(self, host: str, port: int, **kw: Any) -> None:
            sent.append((host, port))

        def __enter__(self) -> Server:
            return self

        def __exit__(self, *error: Any) -> None: ...

        def ehlo(self) -> None: ...

        def has_extn(self, name: str) -> bool:
            return True

        def starttls(self, **kw: Any) -> None:
            sent.append("starttls")

        def login(self, user: str, password: str) -> None:
            sent.append((user, password))

        def send_message(self, message: Any, to_addrs: list[str]) -> None:
            sent.append(to_addrs)

    monkeypatch.setattr(mail.smtplib, "SMTP", Server)
    database.run(ADMIN, {}, lambda env: env.settings.set("mail.url", "smtp://ana:s%40fe@mail.sierra.mx:2525"))
    enqueue(database, "mail.send", {"to": ["a@b.mx"], "bcc": ["c@d.mx"], "subject": "S", "body": "B"})
    worker.run_pending(database)
    assert sent == [("mail.sierra.mx", 2525), "starttls", ("ana", "s@fe"), ["a@b.mx", "c@d.mx"]]
    assert not (data_dir / "mail").exists()


def test_mail_goes_into_the_folder_that_the_server_is_configured_with(
    database: Any, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLCA_MAIL_URL", f"folder://{data_dir / 'elsewhere'}")
    enqueue(database, "mail.send", {"to": ["a@b.mx"], "subject": "S", "body": "B"})
    worker.run_pending(database)
    assert len(list((data_dir / "elsewhere").glob("*.eml"))) == 1
    database.run(ADMIN, {}, lambda env: env.settings.set("mail.url", "folder:///etc"))
    enqueue(database, "mail.send", {"to": ["a@b.mx"], "subject": "S", "body": "B"})
    worker.run_pending(database)
    assert "mail.url" in rows(database, job="mail.send")[-1]["last_error"]
