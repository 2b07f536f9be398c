"""Data files: what they say, how mistakes are told, and that an upgrade never tramples on what a person changed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from server import (
    Boolean,
    Char,
    Date,
    Integer,
    Json,
    Many2many,
    Many2one,
    Model,
    Monetary,
    Numeric,
    One2many,
    Selection,
    SetupError,
    UserError,
    action,
)
from server.addon import lifecycle
from server.addon.datafiles import DataFileError, Ref, day, read
from server.addon.discovery import discover
from server.database import Database
from tests.kernel.addon_helpers import addon, package


class Colour(Model, name="paint.colour"):
    """A colour."""

    name = Char("Name", required=True, translate=True)
    code = Char("Code")
    active = Boolean("Active", default=True)
    share = Numeric("Share", digits=(16, 4))
    price = Monetary("Price", currency_field="")
    made = Date("Made on")
    number = Integer("Number")
    kind = Selection([("warm", "Warm"), ("cold", "Cold")], "Kind")
    parent_id = Many2one("paint.colour", "Mixed from")
    tag_ids = Many2many("paint.tag", "Tags")
    can_ids = One2many("paint.can", "colour_id", "Cans")
    extra = Json("Extra")
    company_id = Many2one("res.company", "Company", default=lambda env: None)

    @action
    def darken(self, steps=1):
        """Darker by some steps."""
        for colour in self:
            if steps > 100:
                raise UserError("Too dark.")
            colour.number += steps


class Tag(Model, name="paint.tag"):
    """A tag."""

    name = Char("Name", required=True)


class Can(Model, name="paint.can"):
    """A can of a colour."""

    name = Char("Name", required=True)
    colour_id = Many2one("paint.colour", "Colour", required=True, ondelete="cascade")
    litres = Numeric("Litres", digits=(16, 2))


COLOURS = """\
id,name,name@es,code,active,share,number,kind,made,parent_id/id,tag_ids/id,company_id/id
red,Red,Rojo,R,True,0.5,1,warm,2026-01-31,,"bright,paint.loud",
dark_red,Dark red,Rojo oscuro,DR,False,0.25,,warm,today-30,red,,base.main_company
blue,Blue,,B,,0.1000,3,cold,,,,
"""
TAGS = "id,name\nbright,Bright\nloud,Loud\n"
MIXED = """\
# two cans and a colour that needs the one before it
- model: paint.colour
  id: green
  update: never
  values:
    name: Green
    price: 12.50
    tag_ids: [ref:bright]
    extra: {hue: [1, 2]}
    made: 2026-02-01
    can_ids:
      - name: Small
        litres: 0.75
      - name: Large
        litres: "5"
- model: paint.tag
  id: mixed
  values: {name: Mixed}
- model: paint.colour
  id: olive
  values:
    name: Olive
    parent_id: ref:green
    tag_ids: [ref:mixed]
- model: paint.colour
  id: red
  values:
    tag_ids: ["+ref:mixed"]
- {model: paint.colour, call: darken, records: [ref:green, ref:olive], args: {steps: 4}}
"""
FILES = {"data/paint.tag.csv": TAGS, "data/paint.colour.csv": COLOURS, "data/mixed.yaml": MIXED}


class Paint:
    """The addon `paint` with its files in a package of its own, on one database."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.name = package(folder, FILES)
        self.root = folder / self.name

    def found(self, **kw):
        kw.setdefault("data", list(FILES))
        return discover([addon("paint", [Colour, Tag, Can], package=self.name, **kw)], entry_points=[])

    def install(self, **kw):
        self.database.extra_addons = [self.found(**kw).addons["paint"]]
        return lifecycle.install(self.database, ["paint"], companies=[1], discovery=self.found(**kw))

    def upgrade(self, **kw):
        return lifecycle.upgrade(self.database, ["paint"], discovery=self.found(**kw))

    def write(self, file: str, text: str) -> None:
        (self.root / file).parent.mkdir(exist_ok=True)
        (self.root / file).write_text(text)

    def run(self, function, **context):
        return self.database.run(1, {"allowed_company_ids": [1], **context}, function)

    def colour(self, xmlid: str, *names: str, **context):
        return self.run(lambda env: [getattr(env.ref(f"paint.{xmlid}"), name) for name in names], **context)


@pytest.fixture
def paint(database_url, tmp_path):
    opened = Database(database_url)
    yield Paint(opened, tmp_path)
    opened.engine.dispose()


def test_values_of_every_kind(paint):
    outcome = paint.install()
    assert outcome.report.created == 8 and outcome.report.files == 3
    assert paint.colour("red", "name", "share", "number", "kind", "made", "active") == [
        "Red", Decimal("0.5000"), 1, "warm", dt.date(2026, 1, 31), True,
    ]  # fmt: skip
    assert paint.colour("red", "name", lang="es_MX") == ["Rojo"] or paint.colour("red", "name", lang="es") == ["Rojo"]
    assert paint.colour("blue", "name", lang="es") == ["Blue"]
    today = paint.run(lambda env: env.today())
    assert paint.colour("dark_red", "active", "made", "number", "company_id") == [False, today - dt.timedelta(30), 0, 1]
    assert paint.run(lambda env: env.ref("paint.dark_red").parent.name) == "Red"
    assert paint.run(lambda env: sorted(env.ref("paint.red").tag_ids.mapped("name"))) == ["Bright", "Loud", "Mixed"]
    assert paint.colour("green", "price", "extra", "number") == [Decimal("12.5000"), {"hue": [1, 2]}, 4]
    assert paint.run(lambda env: [(can.name, can.litres) for can in env.ref("paint.green").can_ids]) == [
        ("Small", Decimal("0.75")), ("Large", Decimal("5.00")),
    ]  # fmt: skip
    assert paint.colour("olive", "number") == [4]
    assert paint.run(lambda env: env.ref("paint.olive").parent.name) == "Green"


def test_loading_is_set_wise(paint, count_statements):
    """A file of 400 records needs as many statements as one of 4."""
    counts = []
    for number in (4, 400):
        lines = "".join(f"tag{row}_{number},Tag {row}\n" for row in range(number))
        paint.write("data/paint.tag-many.csv", "id,name\n" + lines)
        seen: list[str] = []

        def note(_conn, _cursor, statement, *_rest, seen=seen):
            seen.append(statement)

        event = sa.event
        event.listen(paint.database.engine, "before_cursor_execute", note)
        data = [*FILES, "data/paint.tag-many.csv"]
        (paint.upgrade if counts else paint.install)(data=data)
        event.remove(paint.database.engine, "before_cursor_execute", note)
        counts.append(len([statement for statement in seen if "INSERT INTO paint_tag" in statement]))
    assert counts[1] <= counts[0]


def test_a_second_run_changes_nothing(paint):
    paint.install()
    assert not paint.upgrade()
    # a touched file without changes reads it again, and still writes nothing
    paint.write("data/mixed.yaml", "# a comment\n" + MIXED)
    outcome = paint.upgrade()
    assert (outcome.report.created, outcome.report.updated, outcome.report.kept) == (0, 0, [])
    assert paint.colour("green", "number") == [4]


def test_an_upgrade_brings_new_values_and_records(paint):
    paint.install()
    paint.write(
        "data/paint.colour.csv",
        COLOURS.replace("Blue,", "Deep blue,").replace("Rojo,", "Colorado,") + "pink,Pink,Rosa,P,,,,,,,,\n",
    )
    outcome = paint.upgrade()
    assert (outcome.report.created, outcome.report.updated) == (1, 2)
    assert paint.colour("blue", "name") == ["Deep blue"]
    assert paint.colour("red", "name", lang="es") == ["Colorado"]
    assert paint.colour("pink", "name") == ["Pink"]


def test_what_a_person_changed_is_left_alone_and_reported(paint):
    paint.install()
    paint.run(lambda env: env.ref("paint.blue").write({"name": "Navy"}))
    paint.run(lambda env: env.ref("paint.green").write({"name": "Moss"}))
    paint.run(lambda env: env.ref("paint.red").write({"tag_ids": [(3, env.ref("paint.mixed").id)]}))
    paint.write("data/paint.colour.csv", COLOURS.replace("Blue,", "Deep blue,").replace("0.1000,3,", "0.1000,33,"))
    paint.write("data/mixed.yaml", MIXED.replace("name: Green", "name: Grass"))
    outcome = paint.upgrade()
    assert [str(text) for text in outcome.report.kept] == ["paint.blue, field name: changed by hand, left as it is."]
    assert paint.colour("blue", "name", "number") == ["Navy", 33]
    assert paint.colour("green", "name") == ["Moss"]  # update: never
    assert "Mixed" not in paint.run(lambda env: env.ref("paint.red").tag_ids.mapped("name"))  # taken away, not given again
    assert not paint.upgrade()


def test_what_a_person_deleted_stays_so(paint):
    paint.install()
    paint.run(lambda env: env.ref("paint.blue").unlink())
    paint.write(
        "data/paint.colour.csv",
        COLOURS.replace("Blue,", "Deep blue,").replace("Red,Rojo", "Scarlet,Rojo") + "sky,Sky,,,,,,,,blue,,\n",
    )
    outcome = paint.upgrade()
    assert [str(text) for text in outcome.report.kept] == [
        "paint.blue was deleted and stays so.",
        "paint.sky is left out: it refers to paint.blue, which was deleted.",
    ]
    assert paint.run(lambda env: env.ref("paint.blue", raise_if_missing=False)) is None
    assert paint.colour("red", "name") == ["Scarlet"]


def test_demo_data_are_loaded_on_request_and_never_in_production(paint):
    demo = "- model: paint.tag\n  id: toy\n  values: {name: Toy}\n"
    paint.write("demo/toys.yaml", demo)
    paint.database.run(1, {}, lambda env: env["ir.config_parameter"].set_param("database.production", "1"))
    found = paint.found(demo=["demo/toys.yaml"])
    with pytest.raises(SetupError, match="marked as production"):
        lifecycle.install(paint.database, ["paint"], demo=True, companies=[1], discovery=found)
    paint.database.run(1, {}, lambda env: env["ir.config_parameter"].set_param("database.production", False))
    lifecycle.install(paint.database, ["paint"], demo=True, companies=[1], discovery=found)
    paint.database.extra_addons = [found.addons["paint"]]
    assert paint.run(lambda env: env.ref("paint.toy").name) == "Toy"
    assert paint.run(lambda env: env["ir.module.module"].search([("demo", "=", True)]).mapped("name")) == ["paint"]


MISTAKES = {
    "data/paint.colour.csv": [
        ("name,id\nRed,red\n", "line 1, first column = name"),
        ("id,name,name\nred,Red,Red\n", "line 1, columns = name"),
        ("id,name\nred,Red,more\n", "line 2, cells = 3"),
        ("id,name\n,Red\n", "line 2, id ="),
        ("id,name\nred,Red\nred,Again\n", "line 3, id = paint.red: This external id is in the file twice"),
        ("id,name,nonsense\nred,Red,1\n", "line 2, nonsense = 1: The model paint.colour has no field nonsense"),
        ("id,name,share\nred,Red,\nblue,Blue,many\n", "line 3, share = many: .*a number"),
        ("id,name,kind\nred,Red,hot\n", "line 2, kind = hot: .*'warm', 'cold'"),
        ("id,name,made\nred,Red,31.12.2026\n", "line 2, made = 31.12.2026: .*a date like"),
        ("id,name,parent_id/id\nred,Red,nowhere\n", "line 2, parent_id = ref:paint.nowhere: There is no record"),
        ("id,name,parent_id/id\nred,Red,base.user_root\n", "It is a res.users, a paint.colour is needed"),
        ("id,name,parent_id\nred,Red,5\n", "line 2, parent_id = 5: Write a reference"),
        ("id,name,code@es\nred,Red,R\n", "line 2, code@es = R: .*not translatable"),
        ("id,number\nred,4\n", "line 2, paint.colour = paint.red:"),
    ],
    "data/mixed.yaml": [
        ("model: x\n", "A list of records is expected"),
        ("- model: paint.colour\n  values: {name: Red}\n", "line 1, id = None"),
        ("- model: paint.colour\n  id: x\n  value: {name: Red}\n", "line 1, keys = value"),
        ("- model: paint.colour\n  id: x\n  update: sometimes\n", "line 1, update = sometimes"),
        ("- model: paint.nothing\n  id: x\n  values: {name: Red}\n", "line 1, model = paint.nothing: There is no such model"),
        ("\n- model: paint.colour\n  id: x\n  values: [1]\n", "line 2, values = "),
        ("- model: paint.colour\n  id: x\n  values: {name: [1, 2]}\n", "name = .*A single value is expected"),
        ("- model: paint.colour\n  id: x\n  values: {name: R, tag_ids: [1]}\n", "tag_ids = 1: A reference"),
        ("- {model: paint.colour, id: x\n", "line [12], YAML"),
        (
            "- {model: paint.tag, id: x, values: {name: X}}\n- {model: paint.tag, call: nothing, records: [ref:x]}\n",
            "has no such public method",
        ),
        (
            "- {model: paint.colour, id: x, values: {name: X}}\n- {model: paint.colour, call: darken, records: [ref:x], args: "
            "{steps: 101}}\n",
            "line 2, call = darken: Too dark.",
        ),
    ],
    "data/strange.xml": [("<x/>", "neither .csv nor .yaml")],
}


@pytest.mark.sqlite
@pytest.mark.parametrize(("file", "text", "words"), [(file, *case) for file, cases in MISTAKES.items() for case in cases])
def test_a_mistake_is_told_with_its_place_and_nothing_is_installed(paint, file, text, words):
    paint.write(file, text)
    with pytest.raises(DataFileError, match=words) as caught:
        lifecycle.install(paint.database, ["paint"], companies=[1], discovery=paint.found(data=[file]))
    assert f"paint/{file}" in str(caught.value)
    with paint.database.engine.connect() as conn:
        assert not sa.inspect(conn).has_table("paint_colour")


def test_a_missing_file_is_told(paint):
    with pytest.raises(DataFileError, match="names the data file .*no.csv, which does not exist"):
        lifecycle.install(paint.database, ["paint"], discovery=paint.found(data=["data/no.csv"]))


def test_reading_alone(tmp_path):
    path = tmp_path / "data" / "x.y-more.csv"
    path.parent.mkdir()
    path.write_text('\ufeffid,name,tag_ids/id\nmod.a,"One, two","x,+mod.y"\n\n')
    (item,) = read(path, "mod")
    assert (item.model, item.xmlid, item.line) == ("x.y", "mod.a", 2)
    assert item.values == {"name": "One, two", "tag_ids": [Ref("mod.x"), Ref("mod.y", add=True)]}
    path = tmp_path / "data" / "x.yaml"
    path.write_text("- {model: x.y, id: a, values: {a: 0.1, b: 1_000.50, c: 12, d: '1.5', e: yes, f: ref:other.z}}\n")
    (item,) = read(path, "mod")
    assert item.values == {"a": Decimal("0.1"), "b": Decimal("1000.50"), "c": 12, "d": "1.5", "e": True, "f": Ref("other.z")}
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataFileError, match="not UTF-8"):
        read(path, "mod")


def test_days():
    today = dt.date(2026, 3, 1)
    assert [day(text, today) for text in ("today", "today-1", "today + 31", "tomorrow")] == [
        today, dt.date(2026, 2, 28), dt.date(2026, 4, 1), None,
    ]  # fmt: skip
