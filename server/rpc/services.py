"""The services behind `/xmlrpc` and `/jsonrpc`: `common` (who are you), `object` (call a model) and `db` (which databases are
there).

Stateless: every `object` call brings database, user id and password; `server.security.credentials` remembers verified ones for a
short time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from server.config import Config
from server.errors import AccessDenied, UserError
from server.rpc import db_service, values
from server.rpc.dispatcher import Call, StaleProof
from server.rpc.errors import ArgumentError, UnknownMethod
from server.rpc.locating import Origin
from server.text import _

if TYPE_CHECKING:
    from server.databases.directory import Directory
    from server.databases.manager import Manager

#: Where the arguments of the model's method stand in the `args` of the service.
_EXECUTE = Origin(("params", "args"), 5)
_EXECUTE_KW = Origin(("params", "args", 5), 0, ("params", "args", 6))

#: Argument counts of the service methods: (least, most).
_Arity = tuple[int, int]


@dataclass(frozen=True)
class Server:
    """What the doors need to answer: the settings and the databases. `database` is the one of COLCA_DATABASE_NAME."""

    config: Config
    database: Any

    def find(self, name: Any) -> Any:
        """The `server.database.Database` that clients call `name`, opened when it is not yet.

        :raises UserError: there is none.
        """
        if name == self.config.database_name:
            return self.database
        return self.directory.find(name)

    @cached_property
    def directory(self) -> Directory:
        """The databases by name."""
        from server.databases.directory import Directory

        return Directory(self.config, self.database)

    @cached_property
    def manager(self) -> Manager:
        """What makes, copies, saves and drops databases; who calls it has shown the master password."""
        from server.databases.manager import Manager

        return Manager(self.config, self.directory)

    def version(self) -> dict[str, Any]:
        """What `common.version` and `/web/webclient/version_info` tell: exactly these four keys."""
        return {
            "server_version": self.config.series,
            "server_version_info": self.config.version_info,
            "server_serie": self.config.series,
            "protocol_version": 1,
        }


class ServiceCall:
    """One call of a service. `run()` answers the value; `lang` is the language for its texts and errors, once known."""

    __slots__ = ("address", "args", "lang", "method", "server", "service")

    def __init__(self, server: Server, service: Any, method: Any, args: Any, address: str = "") -> None:
        self.server = server
        self.service = service
        self.method = method
        self.args = args
        self.address = address
        self.lang: str | None = None

    def run(self) -> Any:
        """:raises Exception: whatever `server.rpc.errors.describe` turns into a fault."""
        if not isinstance(self.service, str) or self.service not in _SERVICES:
            raise UserError(
                _("There is no service %(service)s; there are common, object and db.", service=values.shown(self.service))
            )
        methods = _SERVICES[self.service]
        if not isinstance(self.method, str) or self.method not in methods:
            raise UnknownMethod(
                _("The service %(service)s has no method %(method)s.", service=self.service, method=values.shown(self.method))
            )
        function, (least, most) = methods[self.method]
        args = [] if values.nothing(self.args) else self.args
        if not isinstance(args, (list, tuple)) or not least <= len(args) <= most:
            count = len(args) if isinstance(args, (list, tuple)) else values.shown(args)
            raise ArgumentError(
                _(
                    "%(service)s.%(method)s takes %(least)s to %(most)s positional arguments; it was given %(count)s.",
                    service=self.service,
                    method=self.method,
                    least=least,
                    most=most if most < 1000 else "∞",
                    count=count,
                )  # fmt: skip
            )
        return function(self, *args)

    # -- common ---------------------------------------------------------------------------------------------------------------
    def version(self) -> dict[str, Any]:
        """The announced version."""
        return self.server.version()

    def about(self, extended: Any = False) -> Any:
        """A sentence about the server; with its version when `extended`."""
        text = "Colca, a modular business platform: https://github.com/colca"
        return [text, self.server.config.series] if extended else text

    def login(self, db: Any, login: Any, password: Any) -> int | bool:
        """The user id, or false when login or password are wrong.

        :raises UserError: unknown database. :raises AccessDenied: too many wrong passwords; the text says how long to wait.
        """
        database = self._database(db)
        if not isinstance(login, str) or not isinstance(password, str) or not login or not password:
            return False
        from server.security import credentials

        return credentials.check(database, login, password, self.address) or False

    def authenticate(self, db: Any, login: Any, password: Any, user_agent_env: Any = None) -> int | bool:
        """As `login`; what the client says of itself is ignored."""
        return self.login(db, login, password)

    # -- object ---------------------------------------------------------------------------------------------------------------
    def execute(self, db: Any, uid: Any, password: Any, model: Any, method: Any, *args: Any) -> Any:
        """Call with positional arguments only."""
        return self._call(db, uid, password, model, method, list(args), None, _EXECUTE)

    def execute_kw(self, db: Any, uid: Any, password: Any, model: Any, method: Any, args: Any = None, kwargs: Any = None) -> Any:
        """Call with positional and keyword arguments; either may be nothing."""
        return self._call(db, uid, password, model, method, args, kwargs, _EXECUTE_KW)

    def _call(self, db: Any, uid: Any, password: Any, model: Any, method: Any, args: Any, kwargs: Any, origin: Origin) -> Any:
        database = self._database(db)
        user = _user_id(uid)
        try:
            return self._call_as(database, user, self._proof(database, user, password), model, method, args, kwargs, origin)
        except StaleProof:
            # The user was changed since the password was remembered: prove it again from the start, once.
            return self._call_as(database, user, self._proof(database, user, password), model, method, args, kwargs, origin)

    def _call_as(
        self, database: Any, user: int, proof: Any, model: Any, method: Any, args: Any, kwargs: Any, origin: Origin
    ) -> Any:
        call = Call(database, user, model, method, args, kwargs, proof)
        call.origin = origin
        try:
            return call.run()
        finally:
            self.lang = call.lang

    def _proof(self, database: Any, user: int, password: Any) -> Any:
        """The proof that `password` is that of the user. :raises AccessDenied: otherwise, without saying what was wrong."""
        from server.security import credentials

        proof = credentials.prove(database, user, password, self.address) if isinstance(password, str) else None
        if proof is None:
            raise AccessDenied(_("Access Denied"))
        return proof

    def _database(self, name: Any) -> Any:
        return self.server.find(name)


def _user_id(uid: Any) -> int:
    """A user id, also as a string of digits. :raises AccessDenied: for anything else."""
    if type(uid) is str and uid.isascii() and uid.isdigit() and len(uid) < 19:
        uid = int(uid)
    if type(uid) is not int or not 0 < uid < 2**63:
        raise AccessDenied(_("Access Denied"))
    return uid


_Method = tuple[Callable[..., Any], _Arity]
_SERVICES: dict[str, dict[str, _Method]] = {
    "common": {
        "version": (ServiceCall.version, (0, 0)),
        "about": (ServiceCall.about, (0, 1)),
        "login": (ServiceCall.login, (3, 3)),
        "authenticate": (ServiceCall.authenticate, (3, 4)),
    },
    "object": {
        "execute": (ServiceCall.execute, (5, 1000)),
        "execute_kw": (ServiceCall.execute_kw, (5, 7)),
    },
    "db": db_service.METHODS,
}
