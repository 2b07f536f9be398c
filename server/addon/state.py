"""What this database knows of addons: which are installed, which company enabled which, and the two counters other processes
watch.

Plain SQL on a connection, because all this is needed before a registry exists. On a database without tables everything is empty.
The same tables are ordinary models for everybody else: `server/models/ir_module.py`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

import sqlalchemy as sa

from server.addon.graph import ALWAYS
from server.addon.schema import Owned
from server.db.prepared import Prepared

_metadata = sa.MetaData()
_stamps = ("create_uid", "write_uid", "create_date", "write_date")

#: Table of `ir.module.module`; the columns this module needs.
module_table = sa.Table(
    "ir_module_module",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    *(sa.Column(name, sa.Text) for name in ("name", "shortdesc", "summary", "author", "category", "state")),
    *(sa.Column(name, sa.Text) for name in ("latest_version", "installed_version", "failure")),
    sa.Column("package_version", sa.Text),
    sa.Column("category_id", sa.Integer),
    sa.Column("application", sa.Boolean),
    sa.Column("auto_install", sa.Boolean),
    sa.Column("demo", sa.Boolean),
    sa.Column("owned", sa.Text),
    sa.Column("loaded", sa.Text),
    *(sa.Column(name, sa.DateTime if "date" in name else sa.Integer) for name in _stamps),
)
#: Table of `ir.module.category`.
category_table = sa.Table(
    "ir_module_category",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("sequence", sa.Integer),
)
#: Table of `ir.company.addon`.
company_table = sa.Table(
    "ir_company_addon",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("company_id", sa.Integer),
    sa.Column("addon", sa.Text),
    *(sa.Column(name, sa.DateTime if "date" in name else sa.Integer) for name in _stamps),
)
#: Table of `ir.signal`, one row.
signal_table = sa.Table(
    "ir_signal",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("registry_version", sa.Integer),
    sa.Column("data_version", sa.Integer),
    sa.Column("watching", sa.Integer),
)

#: States in which an addon's tables are there and its code runs.
ACTIVE = ("installed", "to upgrade", "to remove")
#: Engines whose database is known to have the tables: asked once per process, not once per call.
_ready: WeakSet[sa.Engine] = WeakSet()


@dataclass
class ModuleRow:
    """A row of `ir.module.module` as the lifecycle needs it.

    `loaded` maps a data file to the digest of its content; `seen` are the external ids its files ever made; `owned` see
    `server.addon.schema.Owned`; `depends` are names.
    """

    name: str
    state: str = "uninstalled"
    version: str = ""
    owned: Owned = field(default_factory=Owned)
    loaded: dict[str, str] = field(default_factory=dict)
    depends: list[str] = field(default_factory=list)
    demo: bool = False
    seen: set[str] = field(default_factory=set)

    @property
    def active(self) -> bool:
        """Whether it is installed."""
        return self.state in ACTIVE

    @property
    def has_data(self) -> bool:
        """Whether tables or columns of it are in the database."""
        return any(self.owned.get(part) for part in ("tables", "columns"))


def ready(conn: sa.Connection) -> bool:
    """Whether the kernel's tables are in the database."""
    if conn.engine in _ready:
        return True
    if conn.dialect.name == "postgresql":
        found = conn.exec_driver_sql("select to_regclass('ir_signal') is not null").scalar()
    else:
        found = conn.exec_driver_sql("select 1 from sqlite_master where type = 'table' and name = 'ir_signal'").scalar()
    if found:
        _ready.add(conn.engine)
    return bool(found)


def forget(engine: sa.Engine) -> None:
    """Ask again whether the tables are there (after an initialisation was rolled back)."""
    _ready.discard(engine)


def signals(conn: sa.Connection) -> tuple[int, int]:
    """(registry version, data version). The first grows with every change of what is installed or enabled, the second with every
    write to reference data; a process that sees another number than its own builds anew."""
    return counters(conn)[:2]


def counters(conn: sa.Connection) -> tuple[int, int, int]:
    """(registry version, data version, watchers): `signals`, and how many webhooks and change feeds want to hear of changes. In
    one statement, so that where nobody listens no transaction has to ask who does.
    """
    if not ready(conn):
        return (0, 0, 0)
    rows = _signals.run(conn, {})
    return (rows[0][0] or 0, rows[0][1] or 0, rows[0][2] or 0) if rows else (0, 0, 0)


#: Read before every transaction: straight to the driver.
_signals = Prepared(
    sa.select(signal_table.c.registry_version, signal_table.c.data_version, signal_table.c.watching)
    .order_by(signal_table.c.id)
    .limit(1)
)


def set_watching(conn: sa.Connection, number: int) -> None:
    """Write down how many watchers there are; processes see it with the next `bump_data`."""
    if conn.execute(sa.update(signal_table).values(watching=number)).rowcount == 0:
        conn.execute(sa.insert(signal_table).values(registry_version=1, data_version=1, watching=number))


def bump_registry(conn: sa.Connection) -> None:
    """Tell all processes to build a new registry once this transaction is committed."""
    _bump(conn, signal_table.c.registry_version)


def bump_data(conn: sa.Connection) -> None:
    """Tell all processes to forget their cached reference data once this transaction is committed."""
    _bump(conn, signal_table.c.data_version)


def _bump(conn: sa.Connection, column: sa.Column[Any]) -> None:
    changed = conn.execute(sa.update(signal_table).values({column.name: sa.func.coalesce(column, 0) + 1}))
    if changed.rowcount == 0:
        values = {"registry_version": 1, "data_version": 1, "watching": 0}
        conn.execute(sa.insert(signal_table).values(**values))


def installed(conn: sa.Connection) -> dict[str, str]:
    """Name → version of the installed addons, the kernel among them; empty on an empty database."""
    if not ready(conn):
        return {}
    query = sa.select(module_table.c.name, module_table.c.package_version).where(
        module_table.c.state.in_(ACTIVE), module_table.c.package_version.is_not(None)
    )
    return {name: version or "" for name, version in conn.execute(query)}


def enabled(conn: sa.Connection) -> dict[int, frozenset[str]]:
    """Company id → names of the addons it enabled. The kernel is in each set; a company that enabled nothing has no entry (see
    `ALWAYS`).
    """
    if not ready(conn):
        return {}
    found: dict[int, set[str]] = {}
    for company, addon in conn.execute(sa.select(company_table.c.company_id, company_table.c.addon)):
        found.setdefault(company, set(ALWAYS)).add(addon)
    return {company: frozenset(names) for company, names in found.items()}


def modules(conn: sa.Connection) -> dict[str, ModuleRow]:
    """Every addon this database has heard of."""
    if not ready(conn):
        return {}
    table = module_table.c
    result = {}
    for row in conn.execute(sa.select(table.name, table.state, table.package_version, table.owned, table.loaded, table.demo)):
        kept = json.loads(row.loaded or "{}")
        result[row.name] = ModuleRow(
            row.name,
            row.state or "uninstalled",
            row.package_version or "",
            json.loads(row.owned or "{}"),
            kept.get("files", {}),
            kept.get("depends", []),
            bool(row.demo),
            set(kept.get("seen", [])),
        )
    return result


def save(conn: sa.Connection, row: ModuleRow, shown: Mapping[str, Any]) -> None:
    """Write a module row back. `shown` are the values for people (`shortdesc`, `latest_version`, …)."""
    values: dict[str, Any] = {
        **shown,
        **({"category_id": _category(conn, shown["category"])} if shown.get("category") else {}),
        "state": row.state,
        "demo": row.demo,
        "package_version": row.version or None,
        "owned": json.dumps(row.owned, sort_keys=True),
        "loaded": json.dumps({"files": row.loaded, "depends": row.depends, "seen": sorted(row.seen)}, sort_keys=True),
        "write_date": dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0),
        "write_uid": None,
    }
    changed = conn.execute(sa.update(module_table).where(module_table.c.name == row.name).values(values))
    if changed.rowcount == 0:
        conn.execute(sa.insert(module_table).values(name=row.name, create_date=values["write_date"], **values))


def _category(conn: sa.Connection, name: str) -> int:
    """Id of a category by its name; made when it is new."""
    table = category_table
    found = conn.execute(sa.select(table.c.id).where(table.c.name == name)).scalar()
    return int(found or conn.execute(sa.insert(table).values(name=name, sequence=10).returning(table.c.id)).scalar_one())


def remove(conn: sa.Connection, name: str) -> None:
    """Forget a module row (its package is gone and its data are purged)."""
    conn.execute(sa.delete(module_table).where(module_table.c.name == name))


def enable(conn: sa.Connection, company: int, addons: Iterable[str]) -> None:
    """Record that the company has the addons."""
    stamp = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    rows = [
        {"company_id": company, "addon": name, "create_date": stamp, "write_date": stamp} for name in addons if name not in ALWAYS
    ]
    if rows:
        conn.execute(sa.insert(company_table), rows)


def disable(conn: sa.Connection, addons: Iterable[str], company: int | None = None) -> None:
    """Record that the company (all when None) does not have the addons any more."""
    statement = sa.delete(company_table).where(company_table.c.addon.in_(list(addons)))
    if company is not None:
        statement = statement.where(company_table.c.company_id == company)
    conn.execute(statement)
