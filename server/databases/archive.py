"""Saving a database: one zip file with a manifest, a line of JSON per row, and the contents of the attachments.

The archive is logical: it says tables and values, not bytes of one program, so what was saved on SQLite comes back on PostgreSQL
and the other way round. It is one snapshot, read in a transaction that neither waits for writers nor keeps them waiting.

    manifest.json                 format, series, addons with versions, tables with columns and row counts
    data/<table>.jsonl            a row per line, values in the order of the columns
    filestore/ab/abcdef…          contents by their SHA-1
"""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from server.addon import state, usable
from server.addon.catalog import read
from server.addon.discovery import discover
from server.addon.kernel import KERNEL
from server.databases import portable
from server.models.filestore import root_of

if TYPE_CHECKING:
    from server.database import Database

#: Grows when older programs could not read a new archive.
FORMAT = 1


def dump(database: Database, target: IO[bytes], *, filestore: bool = True) -> dict[str, Any]:
    """Write the archive of `database` as it is now to `target`, a file open for writing; answers its manifest.

    :param filestore: with the contents of the attachments.
    """
    metadata = _metadata(database)
    options: dict[str, Any] = {"colca_begin": "DEFERRED"}
    if database.engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        with database.engine.connect().execution_options(**options) as conn:
            if conn.dialect.name == "postgresql":
                conn.exec_driver_sql("SET TRANSACTION READ ONLY")
            tables = portable.describe(read(conn), metadata)
            counters = _counters(conn)
            for table in tables:
                _write_table(conn, archive, table, counters)
            addons = state.installed(conn)
            uuid = conn.execute(_UUID).scalar() or ""
        if filestore:
            _write_contents(archive, root_of(uuid))
        manifest = {
            "format": FORMAT,
            "program": "colca",
            "version": KERNEL.version,
            "database": database.name,
            "uuid": uuid,
            "saved": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "dialect": database.engine.dialect.name,
            "addons": dict(sorted(addons.items())),
            "filestore": filestore,
            "tables": tables,
        }
        archive.writestr("manifest.json", orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    return manifest


_UUID = sa.text("select value from ir_config_parameter where key = 'database.uuid' and company_id is null")


def _metadata(database: Database) -> sa.MetaData:
    """The tables that code knows: of the installed addons, and of those whose data were kept when they were uninstalled."""
    metadata = database.registry.metadata
    with database.engine.connect().execution_options(colca_begin="DEFERRED") as conn:
        rows = state.modules(conn)
    kept = {name: row.version for name, row in rows.items() if row.has_data}
    discovery = discover(database.extra_addons)
    kept = {name: "" for name in kept if name in discovery.addons}
    if set(kept) - database.registry.names:
        wider = usable.build(discovery, kept, check_versions=False)[0].metadata
        merged = sa.MetaData()
        for table in {**wider.tables, **metadata.tables}.values():
            table.to_metadata(merged)
        for table in wider.tables.values():
            mine = merged.tables[table.name]
            for column in table.columns:
                if column.name not in mine.c:
                    mine.append_column(sa.Column(column.name, column.type))
        return merged
    return metadata


def _counters(conn: sa.Connection) -> dict[int, int]:
    """Counter id → next number, where PostgreSQL keeps it in a sequence and the row only says where that began."""
    if conn.dialect.name != "postgresql":
        return {}
    found = {}
    for name, last, start in conn.execute(_SEQUENCES):
        number = name.removeprefix("ir_sequence_counter_")
        if number.isdigit():
            found[int(number)] = start if last is None else last + 1
    gapless = set(conn.execute(_GAPLESS).scalars())
    return {id: value for id, value in found.items() if id not in gapless}


_SEQUENCES = sa.text("select sequencename, last_value, start_value from pg_sequences where schemaname = current_schema()")
_GAPLESS = sa.text(
    "select d.id from ir_sequence_date_range d join ir_sequence s on s.id = d.sequence_id where s.implementation = 'no_gap'"
)


def _write_table(conn: sa.Connection, archive: zipfile.ZipFile, table: dict[str, Any], counters: dict[int, int]) -> None:
    """Write the rows of a table; notes their number and the highest id that was ever given."""
    held = portable.table_of(table["name"], table["columns"])
    names = [column["name"] for column in table["columns"]]
    query = sa.select(held).order_by(*(held.c[name] for name in table["key"] if name in held.c))
    place = names.index("number_next") if table["name"] == "ir_sequence_date_range" and counters else None
    count = 0
    with archive.open(f"data/{table['name']}.jsonl", "w", force_zip64=True) as stream:
        for rows in conn.execution_options(yield_per=1000).execute(query).partitions():
            lines = bytearray()
            for row in rows:
                values = [portable.encode(value) for value in row]
                if place is not None:
                    values[place] = counters.get(row[names.index("id")], values[place])
                lines += orjson.dumps(values)
                lines += b"\n"
            stream.write(lines)
            count += len(rows)
    table["rows"] = count
    if table["counted"]:
        table["last_id"] = _last_id(conn, held)


def _last_id(conn: sa.Connection, table: sa.Table) -> int:
    """The highest id given so far, also when its row was deleted: ids are not given twice."""
    highest = conn.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
    if conn.dialect.name == "postgresql":
        given = conn.execute(
            sa.text(
                "select last_value from pg_sequences where format('%I.%I', schemaname, sequencename)::regclass = "
                "pg_get_serial_sequence(:table, 'id')::regclass"
            ),
            {"table": f'"{table.name}"'},
        ).scalar()
    else:
        given = conn.execute(sa.text("select seq from sqlite_sequence where name = :table"), {"table": table.name}).scalar()
    return max(int(highest), int(given or 0))


def _write_contents(archive: zipfile.ZipFile, root: Path) -> None:
    """Contents are compressed files mostly: stored as they are."""
    for file in sorted(root.glob("??/*")):
        if not file.name.startswith("."):
            try:
                archive.write(file, f"filestore/{file.parent.name}/{file.name}", zipfile.ZIP_STORED)
            except FileNotFoundError:  # swept meanwhile: nothing needed it
                continue
