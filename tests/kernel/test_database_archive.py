"""Archives: what was saved on one kind of database comes back on the other, row for row; what is damaged is refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import orjson
import pytest

from server.config import Config
from server.database import Database
from server.databases.directory import Directory
from server.databases.manager import Manager
from server.databases.places import place_of
from server.errors import UserError
from server.jobs.others import run_pending_others
from server.testing.build import build_demo


@pytest.fixture
def managers(databases, database_kind, tmp_path, monkeypatch):
    """Managers over a demo business of each kind; `database_kind` is the one whose data are saved."""
    monkeypatch.setenv("COLCA_DATA_DIR", str(tmp_path))
    other = "sqlite" if database_kind == "postgresql" else "postgresql"
    databases.admin()
    made, urls = [], []
    for kind, template in ((database_kind, build_demo), (other, None)):
        url = databases.create(kind, "demo", template) if template else databases.create(kind)
        config = Config(data_dir=tmp_path / kind, database_url=url)
        config.data_dir.mkdir()
        database = Database(url)
        made.append(Manager(config, Directory(config, database)))
        urls.append(url)
    yield made
    for manager, url in zip(made, urls, strict=True):
        manager.directory.close_all()
        for name in manager.directory.others():
            manager.directory.place.drop(name)
        manager.directory.default.engine.dispose()
        databases.drop(url)


def _saved(manager, name):
    file = io.BytesIO()
    manager.dump(name, file)
    file.seek(0)
    return file


def _rows(file):
    """Table → rows of an archive, without what tells two databases apart."""
    with zipfile.ZipFile(file) as archive:
        found = {entry: archive.read(entry) for entry in archive.namelist() if entry.startswith("data/")}
        tables = {
            table["name"]: [column["name"] for column in table["columns"]]
            for table in orjson.loads(archive.read("manifest.json"))["tables"]
        }
    rows = {}
    for entry, data in found.items():
        name = Path(entry).stem
        rows[name] = sorted(
            orjson.dumps(dict(zip(tables[name], orjson.loads(line), strict=True)), option=orjson.OPT_SORT_KEYS)
            for line in data.splitlines()
            if b"database.uuid" not in line and b"ir.config_parameter" not in line  # a copy beside its original gets another uuid
        )
    return rows


def _own_model(env):
    """A model and fields that somebody made by the API, and a record."""
    model = env["ir.model"].create({"name": "Boat", "model": "x_boat", "state": "manual"})
    for name, more in (
        ("x_name", {"ttype": "char"}),
        ("x_price", {"ttype": "monetary"}),
        ("x_owner_id", {"ttype": "many2one", "relation": "res.partner"}),
    ):
        kind = {"ttype": "float"} if more["ttype"] == "monetary" else more
        if not env["ir.model.fields"].search([("model", "=", "x_boat"), ("name", "=", name)]):
            env["ir.model.fields"].create(
                {"model_id": model.id, "name": name, "field_description": name, "state": "manual", **kind}
            )
    return


def test_there_and_back(managers):
    """From one kind to the other and back: every row of every table, data of uninstalled addons included."""
    from server.addon import lifecycle

    here, there = managers
    database = here.directory.default
    code = "sale.order"
    database.run(1, {}, lambda env: env["ir.sequence"].next_by_code(code))
    database.run(2, {}, _own_model)
    boat = {"x_name": "Ñandú", "x_price": 12.5, "x_owner_id": 1}
    database.run(2, {}, lambda env: env["x_boat"].create(boat).id)
    own = database.run(2, {}, lambda env: env["x_boat"].search_read([], list(boat)))
    lifecycle.uninstall(database, ["sales_stock", "sales"])
    first = _saved(here, "colca")
    there.restore("away", first)
    second = _saved(there, "away")
    here.restore("home", second)
    third = _saved(here, "home")
    before = _rows(first)
    assert sum(map(len, before.values())) > 1000 and before["sale_order"]
    before.pop("ir_signal")
    for name, rows in before.items():
        assert _rows(second)[name] == rows, name
        assert _rows(third)[name] == rows, name
    for manager, name in ((there, "away"), (here, "home")):
        values = manager.directory.find(name).run(
            2, {}, lambda env: env["x_boat"].search_read([], ["x_name", "x_price", "x_owner_id"])
        )
        assert values == own
    # the data are of use: the addon comes back and finds its own
    home = here.directory.find("home")
    lifecycle.install(home, ["sales", "sales_stock"], companies=lifecycle.ALL)
    count = len(before["sale_order"])
    assert home.run(1, {}, lambda env: env["sale.order"].search_count([]), su=True) == count


def test_what_is_damaged_is_refused(managers):
    here, _there = managers
    whole = _saved(here, "colca")

    def changed(change):
        target = io.BytesIO()
        with zipfile.ZipFile(whole) as source, zipfile.ZipFile(target, "w") as copy:
            for entry in source.namelist():
                content = change(entry, source.read(entry))
                if content is not None:
                    copy.writestr(entry, content)
        target.seek(0)
        return target

    def manifest(**values):
        return lambda entry, data: orjson.dumps(orjson.loads(data) | values) if entry == "manifest.json" else data

    partner = "data/res_partner.jsonl"
    for change, reason in (
        (lambda entry, data: None if entry == "manifest.json" else data, "not an archive"),
        (lambda entry, data: None if entry == partner else data, "damaged"),
        (lambda entry, data: data[: data.index(b"\n") + 1] if entry == partner else data, "rows instead of"),
        (lambda entry, data: b"{]\n" + data if entry == partner else data, "damaged"),
        (manifest(format=99), "later version"),
        (manifest(addons={"kernel": "0.1", "nowhere": "1.0"}), "nowhere 1.0|needs nowhere"),
        (manifest(addons={"kernel": "999.0"}), "needs kernel 999.0"),
        (manifest(tables=[{"name": 'x"; drop table', "columns": [], "key": [], "counted": False}]), "no name of a table"),
    ):
        with pytest.raises(UserError, match=reason):
            here.restore("bad", changed(change))
        assert here.directory.others() == []
    assert not list((here.config.data_dir / "databases").glob(".new*"))


@pytest.mark.sqlite
def test_what_was_put_in_the_place_of_another_is_another(managers):
    """A database that was dropped and made again under its name, or dropped by another process, is not taken for the old one."""
    here, _there = managers
    here.duplicate("colca", "one")
    first = here.directory.find("one")
    assert here.directory.find("one") is first
    elsewhere = place_of(here.config)
    elsewhere.drop("one")
    with pytest.raises(UserError, match="does not exist"):
        here.directory.find("one")
    here.duplicate("colca", "one")
    assert here.directory.find("one") is not first


@pytest.mark.postgresql
def test_a_pool_never_ends_up_in_another_database(managers):
    here, _there = managers
    here.duplicate("colca", "one")
    first = here.directory.find("one")
    assert first.run(1, {}, lambda env: env["res.company"].search_count([]), readonly=True)
    place_of(here.config).drop("one")  # as another process would
    with pytest.raises(UserError, match="does not exist"):
        for _turn in range(3):  # the first meets a connection that was cut
            here.directory.find("one").run(1, {}, lambda env: env["res.company"].search_count([]), readonly=True)
    here.duplicate("colca", "one")
    with pytest.raises(UserError, match="does not exist"):
        first.run(1, {}, lambda env: env["res.company"].search_count([]), readonly=True)
    assert here.directory.find("one") is not first


@pytest.mark.sqlite
def test_databases_unused_for_long_are_closed(managers, monkeypatch):
    from server.databases import directory

    here, _there = managers
    for name in ("one", "two"):
        here.duplicate("colca", name)
    first = here.directory.find("one")
    monkeypatch.setattr(directory, "MOST", 1)
    here.directory.find("two")
    monkeypatch.setattr(directory, "MOST", 25)
    again = here.directory.find("one")
    assert again is not first
    monkeypatch.setattr(directory, "IDLE", -1.0)
    here.directory.close("two")
    here.directory.find("two")
    assert here.directory.find("one") is not again


def test_of_two_who_make_the_same_one_wins(managers):
    """Two calls for the same new name at the same time, as two processes make them: one database, one refusal in words."""
    from concurrent.futures import ThreadPoolExecutor

    here, _there = managers
    rival = Manager(here.config, Directory(here.config, here.directory.default))

    def make(manager):
        try:
            manager.duplicate("colca", "same")
        except UserError as error:
            return str(error)
        return "made"

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(make, (here, rival)))
    assert found[1] == "made" and "already a database" in found[0]
    assert here.directory.others() == ["same"]
    assert here.directory.find("same").run(1, {}, lambda env: env["res.company"].search_count([]), readonly=True)
    assert not list(here.config.data_dir.glob("databases/.*"))


def test_a_database_that_goes_away_meanwhile_does_not_come_back(managers, monkeypatch, caplog):
    """Whoever has just read the list, or holds a connection pool, finds nothing; on SQLite it must not make an empty file."""
    here = managers[0]
    here.duplicate("colca", "leaving")
    database = here.directory.find("leaving")
    database.run(1, {}, lambda env: None)
    assert run_pending_others(here.directory)  # the schedules of the demo
    here.drop("leaving")
    database.engine.dispose()
    monkeypatch.setattr(here.directory, "others", lambda: ["leaving"])
    run_pending_others(here.directory)
    with pytest.raises(Exception):  # noqa: B017 - each driver has a class of its own
        database.run(1, {}, lambda env: None)
    monkeypatch.undo()
    assert here.directory.names() == ["colca"] and not here.directory.exists("leaving")
    assert "cannot be done" not in caplog.text
