"""A neutral copy talks to nobody: what it was about to do is cancelled, and what it is told to do stays on this machine."""

from __future__ import annotations

from server.databases.making import neutralize
from server.jobs import outbox
from server.jobs.worker import run_pending


def test_nothing_leaves_a_neutral_copy(database, tmp_path, monkeypatch):
    monkeypatch.setenv("COLCA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLCA_MAIL_URL", "smtp://mail.example.com:2525")
    calls = []
    monkeypatch.setattr("server.events.posting.post", lambda *args, **more: calls.append(args))
    monkeypatch.setattr("server.jobs.mail.deliver_smtp", lambda *args: calls.append(args))

    def plan(env):
        env.enqueue("mail.send", {"to": ["before@example.com"], "subject": "Before", "body": "x"})
        env["ir.cron"].create({"name": "Mine", "job": "kernel.server_action", "payload": {}})

    database.run(2, {}, plan)
    neutralize(database)

    def look(env):
        crons = env["ir.cron"].with_context(active_test=False).search([])
        waiting = env["ir.outbox"].search_count([("state", "in", ["pending", "running"])])
        return {cron.job for cron in crons if cron.active}, {cron.job for cron in crons if not cron.active}, waiting

    active, archived, waiting = database.run(1, {}, look, su=True)
    assert active and all(job.startswith("kernel.sweep") for job in active) and "kernel.server_action" in archived
    assert waiting == 0

    def tell(env):
        env.enqueue("mail.send", {"to": ["after@example.com"], "subject": "After", "body": "x"})
        env.enqueue("kernel.call_address", {"url": "https://example.com/hook", "body": "{}"})

    database.run(2, {}, tell)
    run_pending(database)
    assert calls == []
    mails = [path.read_text() for path in (tmp_path / "mail").glob("*.eml")]
    assert len(mails) == 1 and "after@example.com" in mails[0]
    states = database.run(
        1, {}, lambda env: env["ir.outbox"].search([("job", "in", ["mail.send", "kernel.call_address"])]).mapped("state"), su=True
    )
    assert sorted(states) == ["cancelled", "done", "done"]
    assert outbox.take(database) is None
