"""The kernel's own models: attachments and messages behind the record they belong to, external ids, settings, the catalog of
models.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from server import AccessError, MissingError, UserError, ValidationError
from server.models.filestore import Filestore
from server.models.ir_attachment import guess_mimetype
from server.models.ir_model_reflect import reflect
from server.settings import SETTINGS, Setting

ADMIN = 2


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLCA_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def ana(database: Any) -> int:
    """An employee."""
    return database.run(ADMIN, {}, lambda env: env["res.users"].create({"login": "ana", "name": "Ana"}).id)


# -- attachments -------------------------------------------------------------------------------------------------------


def test_contents_are_kept_once_and_told_by_what_they_are(database: Any, data_dir: Path) -> None:
    def play(env: Any) -> None:
        one = env["ir.attachment"].create({"name": "a.pdf", "datas": b"%PDF-1.7 hello"})
        two = env["ir.attachment"].create({"name": "b.bin", "raw": base64.b64encode(b"%PDF-1.7 hello").decode()})
        assert one.datas == two.datas == b"%PDF-1.7 hello"
        assert one.checksum == two.checksum and len(one.checksum) == 40
        assert one.file_size == 14 and one.mimetype == two.mimetype == "application/pdf"
        row = one.read(["datas", "raw", "file_size"])[0]
        assert base64.b64decode(row["datas"]) == base64.b64decode(row["raw"]) == b"%PDF-1.7 hello"
        assert one.path().read_bytes() == b"%PDF-1.7 hello"
        one.write({"datas": b"new"})
        assert one.datas == b"new" and two.datas == b"%PDF-1.7 hello"

    database.run(ADMIN, {}, play)
    stored = [file for file in (data_dir / "filestore").rglob("*") if file.is_file()]
    assert len(stored) == 2 and all(file.parent.name == file.name[:2] for file in stored)


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "photo.txt", "image/png"),
        (b"PK\x03\x04....", "report.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (b"PK\x03\x04....", None, "application/zip"),
        (b"RIFF....WEBPVP8 ", "x", "image/webp"),
        (b"hola \xc3\xb1", None, "text/plain"),
        (b"\x00\xff\xfe\x01", None, "application/octet-stream"),
        (b"", None, "application/octet-stream"),
    ],
)
def test_the_kind_of_a_file_is_read_from_its_bytes(content: bytes, name: str | None, kind: str) -> None:
    assert guess_mimetype(content, name) == kind


def test_a_file_is_as_readable_as_its_record(database: Any, ana: int) -> None:
    def prepare(env: Any) -> dict[str, int]:
        elsewhere = env["res.company"].create({"name": "Elsewhere"})
        make = env["ir.attachment"].create
        parameter = env["ir.config_parameter"].create({"key": "k", "value": "v"})
        return {
            "user": make({"name": "user", "datas": b"1", "res_model": "res.users", "res_id": ana}).id,
            "secret": make({"name": "secret", "datas": b"2", "res_model": "ir.config_parameter", "res_id": parameter.id}).id,
            "elsewhere": make({"name": "elsewhere", "datas": b"3", "res_model": "res.company", "res_id": elsewhere.id}).id,
            "loose": make({"name": "loose", "datas": b"4"}).id,
            "public": make({"name": "public", "datas": b"5", "public": True}).id,
        }

    ids = database.run(ADMIN, {}, prepare)

    def look(env: Any) -> None:
        attachments = env["ir.attachment"]
        assert sorted(attachments.search([]).mapped("name")) == ["public", "user"]
        assert attachments.search_count([]) == 2
        assert sorted(row["name"] for row in attachments.search_read([], ["name"])) == ["public", "user"]
        assert attachments.browse([ids["user"]]).read(["datas"])
        for name in ("secret", "elsewhere", "loose"):
            with pytest.raises(AccessError):
                attachments.browse([ids[name]]).read(["datas"])
            with pytest.raises(AccessError):
                attachments.browse([ids[name]]).path()
            with pytest.raises(AccessError):
                attachments.browse([ids[name]]).check_outside("read")
        own = attachments.create({"name": "mine", "datas": b"6"})
        assert own in attachments.search([])
        own.check_outside("write")

    database.run(ana, {}, look)
    assert database.run(ADMIN, {}, lambda env: env["ir.attachment"].search_count([])) == 6


def test_attaching_to_a_record_needs_the_right_to_change_it(database: Any, ana: int) -> None:
    def attach(env: Any) -> None:
        env["ir.attachment"].create({"name": "x", "datas": b"1", "res_model": "res.users", "res_id": ana})

    with pytest.raises(AccessError):
        database.run(ana, {}, attach)

    def move(env: Any) -> None:
        loose = env["ir.attachment"].create({"name": "x", "datas": b"1"})
        loose.write({"res_model": "res.users", "res_id": ana})

    with pytest.raises(AccessError):
        database.run(ana, {}, move)
    with pytest.raises(ValidationError):
        database.run(ADMIN, {}, lambda env: env["ir.attachment"].create({"name": "x", "res_model": "no.such", "res_id": 1}))


def test_a_rolled_back_attachment_leaves_only_a_file_for_the_sweep(database: Any, data_dir: Path) -> None:
    class Stop(Exception):
        pass

    def fail(env: Any) -> None:
        env["ir.attachment"].create({"name": "x", "datas": b"lost"})
        env.flush()
        raise Stop

    with pytest.raises(Stop):
        database.run(ADMIN, {}, fail)
    kept = database.run(ADMIN, {}, lambda env: env["ir.attachment"].create({"name": "y", "datas": b"kept"}).path())
    (lost,) = (file for file in (data_dir / "filestore").rglob("*") if file.is_file() and file != kept)
    for file in (lost, kept):
        os.utime(file, (0, 0))

    def sweep(env: Any) -> None:
        from server.jobs.housekeeping import sweep_contents

        sweep_contents(env, {})

    database.run(1, {}, sweep)
    assert kept.exists() and not lost.exists()


def test_a_fresh_file_is_spared_by_the_sweep(tmp_path: Path) -> None:
    store = Filestore(tmp_path)
    checksum = store.write(b"fresh")
    assert list(store.stale(3600)) == []
    os.utime(store.path(checksum), (0, 0))
    (old,) = store.stale(3600)
    store.write(b"fresh")  # somebody attaches the same content again, between the look and the sweep
    assert store.sweep([old], set(), 3600) == 0
    assert store.read(checksum) == b"fresh"


@pytest.mark.parametrize("checksum", ["../../etc/passwd", "", "ab", "A" * 40, "a" * 41])
def test_a_checksum_cannot_lead_elsewhere(tmp_path: Path, checksum: str) -> None:
    with pytest.raises(MissingError):
        Filestore(tmp_path).read(checksum)


# -- messages and history ----------------------------------------------------------------------------------------------


def test_messages_are_as_readable_as_their_record(database: Any, ana: int) -> None:
    def prepare(env: Any) -> None:
        elsewhere = env["res.company"].create({"name": "Elsewhere"})
        env.message(env["res.users"].browse([ana]), "about Ana")
        env.message(elsewhere, "about elsewhere")

    database.run(ADMIN, {}, prepare)

    def look(env: Any) -> None:
        messages = env["mail.message"].search([])
        assert messages.mapped("body") == ["about Ana"]
        assert messages.record_name == "Ana"
        with pytest.raises(AccessError):
            env["mail.message"].create({"model": "ir.config_parameter", "res_id": 1, "body": "sneak"})

    database.run(ana, {}, look)


def test_history_shows_who_changed_what_and_cannot_be_changed(database: Any, ana: int) -> None:
    database.run(ADMIN, {}, lambda env: env["res.users"].browse([ana]).write({"name": "Ana María"}))

    def look(env: Any) -> None:
        rows = env["ir.history"].search([("model", "=", "res.users"), ("res_id", "=", ana)], order="id")
        assert [row.operation for row in rows] == ["create", "write"]
        assert rows[1].changes == {"name": ["Ana", "Ana María"]} and rows[1].user_id == ADMIN
        for attempt in (lambda: rows.write({"changes": {}}), lambda: rows.unlink()):
            with pytest.raises(UserError):
                attempt()
        assert "argon2" not in str(rows.mapped("changes"))

    database.run(ADMIN, {}, look)
    database.run(ana, {}, lambda env: env["ir.history"].search([("model", "=", "res.users"), ("res_id", "=", ana)]).ids and None)

    def parameters(env: Any) -> None:
        assert not env["ir.history"].search([("model", "=", "ir.config_parameter")])

    database.run(ADMIN, {}, lambda env: env["ir.config_parameter"].set_param("a.secret", "1"))
    database.run(ana, {}, parameters)


# -- external ids ------------------------------------------------------------------------------------------------------


def test_external_ids_lead_to_records_and_go_with_them(database: Any, ana: int) -> None:
    def play(env: Any) -> int:
        data = env["ir.model.data"]
        assert data.check_object_reference("base", "main_company") == ["res.company", env.company_id]
        assert data.xmlid_to_res_id("base.user_admin") == ADMIN
        assert data.xmlid_to_res_id("no.such") is False and data.xmlid_to_res_id("nodot") is False
        assert data.xmlid_to_res_model_res_id("base.user_root") == ["res.users", 1]
        assert data.get_object_reference("base", "lang_en")[0] == "res.lang"
        for call in (
            lambda: data.check_object_reference("base", "no_such"),
            lambda: data.get_object_reference("base", "no_such"),
            lambda: data.xmlid_to_res_id("no.such", True),
        ):
            with pytest.raises(ValueError, match="External id not found"):
                call()
        group = env["res.groups"].create({"name": "Short-lived"})
        data.create({"module": "test", "name": "group", "model": "res.groups", "res_id": group.id})
        assert data.search([("complete_name", "=", "test.group")]).display_name == "test.group"
        assert env.ref("test.group") == group
        file = env["ir.attachment"].create({"name": "x", "datas": b"1", "res_model": "res.groups", "res_id": group.id})
        env.message(group, "hello")
        group.unlink()
        assert not data.search([("complete_name", "=", "test.group")])
        assert env.ref("test.group", raise_if_missing=False) is None
        assert not file.exists() and not env["mail.message"].search([("model", "=", "res.groups")])
        return env["ir.config_parameter"].create({"key": "k", "value": "v"}).id

    parameter = database.run(ADMIN, {}, play)

    def hidden(env: Any) -> None:
        env["ir.model.data"].sudo().create({"module": "test", "name": "p", "model": "ir.config_parameter", "res_id": parameter})
        assert env["ir.model.data"].check_object_reference("test", "p") == ["ir.config_parameter", False]
        with pytest.raises(AccessError):
            env["ir.model.data"].check_object_reference("test", "p", True)

    database.run(ana, {}, hidden)


# -- parameters, settings, defaults -------------------------------------------------------------------------------------


def test_parameters_are_the_administrators(database: Any, ana: int) -> None:
    def play(env: Any) -> None:
        parameters = env["ir.config_parameter"]
        assert parameters.get_param("test.none") is False and parameters.get_param("test.none", "x") == "x"
        assert parameters.set_param("test.one", "1") is False
        assert parameters.get_param("test.one") == "1"
        assert parameters.set_param("test.one", 2) == "1"
        assert parameters.get_param("test.one") == "2"
        assert parameters.set_param("test.one", False) == "2"
        assert parameters.get_param("test.one") is False

    database.run(ADMIN, {}, play)
    for call in (
        lambda env: env["ir.config_parameter"].get_param("database.uuid"),
        lambda env: env.settings.set("mail.url", "smtp://evil"),
    ):
        with pytest.raises(AccessError):
            database.run(ana, {}, call)

    def double(env: Any) -> None:
        env["ir.config_parameter"].create([{"key": "twice", "value": "1"}, {"key": "twice", "value": "2"}])

    with pytest.raises(ValidationError):
        database.run(ADMIN, {}, double)


def test_settings_have_types_and_companies(database: Any, count_statements: Any) -> None:
    from decimal import Decimal

    declared = [
        Setting("test.limit", type=Decimal, default=Decimal("10.5"), per_company=True),
        Setting("test.on", type=bool, default=False),
        Setting("test.mode", default="a", choices=("a", "b")),
    ]
    try:
        other = database.run(ADMIN, {}, lambda env: env["res.company"].create({"name": "Other"}).id)

        def play(env: Any) -> None:
            settings = env.settings
            assert settings.get("test.limit") == Decimal("10.5") and settings.get("test.on") is False
            settings.set("test.limit", 7)
            settings.set("test.on", True)
            assert settings.get("test.limit") == Decimal(7) and settings.get("test.on") is True
            for key, value in (("test.limit", 1.5), ("test.on", "yes"), ("test.mode", "c"), ("test.mode", 3)):
                with pytest.raises(UserError):
                    settings.set(key, value)
            with pytest.raises(KeyError, match="test.limit"):
                settings.get("test.no_such")

        database.run(ADMIN, {}, play)
        in_other = {"allowed_company_ids": [other]}
        assert database.run(ADMIN, in_other, lambda env: env.settings.get("test.limit")) == Decimal("10.5")
        assert database.run(ADMIN, in_other, lambda env: env.settings.get("test.on")) is True

        def again(env: Any) -> None:
            env.settings.get("test.on")
            with count_statements(env) as seen:
                assert env.settings.get("test.limit") == Decimal(7)
            assert len(seen) == 0
            env.settings.set("test.limit", None)
            assert env.settings.get("test.limit") == Decimal("10.5")

        database.run(ADMIN, {}, again)
    finally:
        for setting in declared:
            SETTINGS.pop(setting.key)


def test_stored_defaults_of_a_user_win_over_those_for_everybody(database: Any, ana: int) -> None:
    def play(env: Any) -> None:
        defaults = env["ir.default"]
        defaults.set("res.groups", "category", "All")
        assert env["res.groups"].default_get(["category"]) == {"category": "All"}
        defaults.set("res.groups", "category", "Mine", user_id=True)
        assert env["res.groups"].default_get(["category"]) == {"category": "Mine"}
        assert defaults.get("res.groups", "category") == "All" and defaults.get("res.groups", "category", user_id=True) == "Mine"
        with pytest.raises(ValidationError):
            defaults.set("res.groups", "no_such", 1)

    database.run(ADMIN, {}, play)

    def theirs(env: Any) -> None:
        assert env["res.groups"].default_get(["category"]) == {"category": "All"}
        with pytest.raises(AccessError):
            env["ir.default"].search([("user_id", "=", False)]).write({"json_value": "1"})

    with pytest.raises(AccessError):
        database.run(ana, {}, lambda env: env["ir.default"].search([("user_id", "=", False)]).check_outside("write"))
    database.run(
        ana,
        {},
        lambda env: env["res.groups"].default_get(["category"]) == {"category": "All"} or pytest.fail("not the default of all"),
    )


# -- the catalog of models ----------------------------------------------------------------------------------------------


def test_the_catalog_tells_what_the_registry_holds(database: Any, ana: int) -> None:
    def look(env: Any) -> None:
        model = env["ir.model"].search([("model", "=", "res.users")])
        assert model.name == "User" and model.state == "base" and model.modules == "kernel" and not model.transient
        fields = {field.name: field for field in model.field_id}
        assert fields["company_id"].ttype == "many2one" and fields["company_id"].relation == "res.company"
        assert fields["login"].required and fields["login"].store and fields["id"].ttype == "integer"
        choices = env["ir.model.fields"].search([("model", "=", "ir.sequence"), ("name", "=", "implementation")]).selection_ids
        assert [(choice.value, choice.name) for choice in choices] == [("standard", "Standard"), ("no_gap", "Without gaps")]
        assert {"model": "res.users", "display_name": "User"} in env["ir.model"].get_available_models()
        assert "ir.config_parameter" not in {row["model"] for row in env["ir.model"].get_available_models()}
        assert env["ir.model"].search_count([]) == len(env.models.classes)

    database.run(ana, {}, look)


def test_reflecting_again_changes_nothing_and_repairs_what_is_wrong(database: Any, count_statements: Any) -> None:
    def play(env: Any) -> None:
        with count_statements(env) as seen:
            reflect(env)
        assert not [text for text in seen.seen if text.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]
        table = env["ir.model"].table
        env.execute(table.update().where(table.c.model == "res.users").values(name="Wrong"))
        env.execute(table.delete().where(table.c.model == "res.lang"))
        env.execute(table.insert().values(model="lost.model", name="Lost", state="base"))
        env.transaction.clear()
        reflect(env)
        assert env["ir.model"].search([("model", "=", "res.users")]).name == "User"
        assert env["ir.model"].search([("model", "=", "res.lang")]).field_id
        assert not env["ir.model"].search([("model", "=", "lost.model")])

    database.run(1, {}, play)


def test_models_declared_in_code_cannot_be_changed_by_hand(database: Any) -> None:
    for call in (
        lambda env: env["ir.model"].search([("model", "=", "res.users")]).write({"name": "x"}),
        lambda env: env["ir.model"].search([("model", "=", "res.users")]).unlink(),
        lambda env: env["ir.model.fields"].search([("name", "=", "login")]).write({"required": False}),
    ):
        with pytest.raises(UserError):
            database.run(ADMIN, {}, call)


def test_a_time_zone_must_exist(database: Any) -> None:
    with pytest.raises(ValidationError, match="America/Lima"):
        database.run(ADMIN, {}, lambda env: env.company.write({"tz": "Lima"}))
    with pytest.raises(ValidationError):
        database.run(ADMIN, {}, lambda env: env.user.write({"tz": "Marte/Olympus"}))


def test_a_new_company_is_open_to_whoever_made_it(database: Any) -> None:
    company = database.run(ADMIN, {}, lambda env: env["res.company"].create({"name": "New"}).id)
    assert database.run(ADMIN, {"allowed_company_ids": [company]}, lambda env: env.company.name) == "New"


def test_a_user_starts_in_one_of_his_companies(database: Any, ana: int) -> None:
    company = database.run(ADMIN, {}, lambda env: env["res.company"].create({"name": "New"}).id)
    with pytest.raises(ValidationError, match="allowed companies"):
        database.run(ADMIN, {}, lambda env: env["res.users"].browse([ana]).write({"company_id": company}))
    database.run(
        ADMIN, {}, lambda env: env["res.users"].browse([ana]).write({"company_id": company, "company_ids": [(4, company)]})
    )
    assert database.run(ana, {}, lambda env: env.company_id) == company
