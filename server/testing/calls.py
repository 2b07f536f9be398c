"""Calling like a program from outside, and counting what a call asks of the database."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from server.database import Database


class Client:
    """Calls public methods through the dispatcher, one transaction per call, as XML-RPC and JSON-RPC do.

    `client("sale.order", "action_confirm", [ids])`; keyword arguments are those of the method. `client.as_user("login")` gives
    another user's client.
    """

    def __init__(self, database: Database, login: str = "admin", company: int | None = None) -> None:
        self.database = database
        self.login = login
        self.company = company
        self.uid = _uid(database, login)

    def __call__(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """The result as the codecs get it: ids for record sets, False for nothing."""
        from server.rpc.dispatcher import dispatch

        if self.company is not None:
            kwargs["context"] = {"allowed_company_ids": [self.company], **(kwargs.get("context") or {})}
        return dispatch(self.database, self.uid, model, method, list(args), kwargs)

    def as_user(self, login: str) -> Client:
        """The same as another user.

        :raises LookupError: there is no such user.
        """
        return Client(self.database, login, self.company)

    def in_company(self, company: int | str) -> Client:
        """The same in another company: its id, or its external id."""
        if isinstance(company, str):
            xmlid = company
            return self.in_company(self.database.run(1, {}, lambda env: int(env.ref(xmlid).id), readonly=True))
        return Client(self.database, self.login, company)


def _uid(database: Database, login: str) -> int:
    users = database.run(1, {}, lambda env: env["res.users"].search([("login", "=", login)]).ids, readonly=True)
    if not users:
        raise LookupError(f"There is no user {login!r} in this database.")
    return int(users[0])


class Statements:
    """Collects the SQL statements that an engine sends: `with Statements(env) as seen: …; len(seen)`.

    :param source: an environment, a `Database` or an engine.
    :param own: only those that this thread sends; an application that is up may have threads of its own.
    """

    def __init__(self, source: Any, own: bool = True) -> None:
        self.thread = threading.get_ident() if own else None
        database = getattr(source, "database", source)
        self.engine = getattr(database, "engine", database)
        self.seen: list[str] = []

    def __enter__(self) -> Statements:
        import sqlalchemy as sa

        sa.event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        import sqlalchemy as sa

        sa.event.remove(self.engine, "before_cursor_execute", self._note)

    def __len__(self) -> int:
        return len(self.seen)

    def report(self) -> str:
        """The statements, numbered, shortened: what a failed assertion should show."""
        return "\n".join(f"{number:3} {' '.join(statement.split())[:200]}" for number, statement in enumerate(self.seen, 1))

    def _note(self, conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if self.thread is None or self.thread == threading.get_ident():
            self.seen.append(statement)
