"""The service `db`: which databases there are, and (with the master password first) making, copying, saving and dropping them.

Without COLCA_MASTER_PASSWORD everything that needs the password is AccessDenied.
"""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from server.errors import AccessDenied, UserError
from server.rpc import values
from server.text import _

if TYPE_CHECKING:
    from server.databases.manager import Manager
    from server.rpc.services import ServiceCall


def list_databases(call: ServiceCall, document: Any = False) -> list[str]:
    """The names of the databases. :raises AccessDenied: when listing is switched off."""
    if not call.server.config.list_databases:
        raise AccessDenied(_("Access Denied"))
    return call.server.directory.names()


def db_exist(call: ServiceCall, name: Any) -> bool:
    """Whether there is a database of this name."""
    return call.server.directory.exists(name)


def server_version(call: ServiceCall) -> str:
    """The announced version as one text."""
    return call.server.config.series


def list_lang(call: ServiceCall) -> list[list[str]]:
    """The languages the server speaks, as `[code, name]`."""
    return [["en_US", "English (US)"], ["es", "Español"], ["es_MX", "Español (México)"], ["es_PE", "Español (Perú)"]]


def list_countries(call: ServiceCall, password: Any) -> list[list[str]]:
    """The countries a company can be in, as `[code in lower case, name]`, sorted by name."""
    _manager(call, password)
    return countries()


def create_database(
    call: ServiceCall,
    password: Any,
    name: Any,
    demo: Any = False,
    lang: Any = None,
    user_password: Any = "admin",
    login: Any = "admin",
    country_code: Any = None,
    phone: Any = None,
) -> bool:
    """A new database; true when it is there. See `Manager.create`."""
    _manager(call, password).create(
        name,
        demo=bool(demo),
        lang=_text(lang),
        password=_text(user_password) or "admin",
        login=_text(login) or "admin",
        country=_text(country_code),
        phone=_text(phone),
    )
    return True


def duplicate_database(call: ServiceCall, password: Any, source: Any, name: Any, neutralize: Any = False) -> bool:
    """Copy a database; true when it is there."""
    _manager(call, password).duplicate(source, name, bool(neutralize))
    return True


def drop(call: ServiceCall, password: Any, name: Any) -> bool:
    """Delete a database; false when there was none."""
    return _manager(call, password).drop(name)


def dump(call: ServiceCall, password: Any, name: Any, format: Any = "zip") -> str:
    """The archive of a database in base64. (The form `/web/database/backup` gives it without holding it in memory.)"""
    manager = _manager(call, password)
    with manager.spool() as file:
        manager.dump(name, file, "zip" if values.nothing(format) else format)
        file.seek(0)
        parts = []
        while chunk := file.read(3 * 1024 * 1024):  # a multiple of three: the parts of base64 join without padding
            parts.append(base64.b64encode(chunk).decode())
    return "".join(parts)


def restore(call: ServiceCall, password: Any, name: Any, data: Any, copy: Any = False) -> bool:
    """Make a database from an archive in base64; true when it is there."""
    manager = _manager(call, password)
    if not isinstance(data, str):
        raise UserError(_("The archive to restore is given as text in base64."))
    try:
        content = base64.b64decode(data)
    except (binascii.Error, ValueError) as error:
        raise UserError(_("The archive to restore is given as text in base64.")) from error
    with tempfile.SpooledTemporaryFile() as file:
        file.write(content)
        del content
        file.seek(0)
        manager.restore(name, file, copy=bool(copy))
    return True


def rename(call: ServiceCall, password: Any, old: Any, new: Any) -> bool:
    """Give a database another name; true when it has it."""
    _manager(call, password).rename(old, new)
    return True


def change_admin_password(call: ServiceCall, password: Any, new: Any) -> bool:
    """Change the master password; true when done."""
    from server.databases import master

    _manager(call, password)
    master.change(call.server.config, new)
    return True


def migrate_databases(call: ServiceCall, password: Any, names: Any) -> bool:
    """Upgrade the addons of databases; true when done."""
    _manager(call, password).migrate(names)
    return True


def countries() -> list[list[str]]:
    """The countries of ISO 3166, as `[code in lower case, name]`, sorted by name."""
    from babel import Locale

    found = [
        [code.lower(), name]
        for code, name in Locale("en").territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    ]
    return sorted(found, key=lambda pair: pair[1])


#: Codes that the tables of languages have and ISO 3166 has not.
_NO_COUNTRIES = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ".split())


def _manager(call: ServiceCall, password: Any) -> Manager:
    """The manager, for who shows the master password. :raises AccessDenied: for everybody else."""
    from server.databases import master

    master.check(call.server.config, password, call.address)
    return call.server.manager


def _text(value: Any) -> str | None:
    """A text that was given; clients send false, null and an empty text for nothing."""
    return value if isinstance(value, str) and value else None


#: Method → (function, (least, most) arguments).
METHODS: dict[str, tuple[Callable[..., Any], tuple[int, int]]] = {
    "list": (list_databases, (0, 1)),
    "db_exist": (db_exist, (1, 1)),
    "server_version": (server_version, (0, 0)),
    "list_lang": (list_lang, (0, 0)),
    "list_countries": (list_countries, (1, 1)),
    "create_database": (create_database, (2, 8)),
    "duplicate_database": (duplicate_database, (3, 4)),
    "drop": (drop, (2, 2)),
    "dump": (dump, (2, 3)),
    "restore": (restore, (3, 4)),
    "rename": (rename, (3, 3)),
    "change_admin_password": (change_admin_password, (2, 2)),
    "migrate_databases": (migrate_databases, (2, 2)),
}
