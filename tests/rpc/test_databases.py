"""Several databases on one server: made, copied, saved, brought back, renamed and dropped through the doors of the clients."""

from __future__ import annotations

import base64
import io
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import xmlrpc.client
import zipfile

import pytest

from server.testing.live import live_server

MASTER = "a very long master password"


class Served:
    """A live server with a master password; `db` and `call` go over XML-RPC."""

    def __init__(self, server):
        self.server = server

    def db(self, method, *args):
        with xmlrpc.client.ServerProxy(f"{self.server.url}/xmlrpc/2/db", allow_none=True) as proxy:
            return getattr(proxy, method)(*args)

    def call(self, database, model, method, *args, uid=2, password="admin", **kwargs):
        with xmlrpc.client.ServerProxy(f"{self.server.url}/xmlrpc/2/object", allow_none=True) as proxy:
            return proxy.execute_kw(database, uid, password, model, method, list(args), kwargs)

    def login(self, database, login="admin", password="admin"):
        with xmlrpc.client.ServerProxy(f"{self.server.url}/xmlrpc/2/common", allow_none=True) as proxy:
            return proxy.authenticate(database, login, password, {})

    def form(self, action, file=None, **fields):
        """POST a form of `/web/database/`; answers status, headers and body."""
        boundary = uuid.uuid4().hex
        body = b""
        for name, value in fields.items():
            body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        if file is not None:
            body += f'--{boundary}\r\nContent-Disposition: form-data; name="backup_file"; filename="x.zip"\r\n'.encode()
            body += b"Content-Type: application/zip\r\n\r\n" + file + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        if file is None:
            body, headers = urllib.parse.urlencode(fields).encode(), {}
        request = urllib.request.Request(f"{self.server.url}/web/database/{action}", body, headers)
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(request) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


@pytest.fixture(scope="module")
def served(databases, database_kind, tmp_path_factory):
    from server.testing.build import build_demo

    url = databases.create(database_kind, "demo", build_demo)
    data = tmp_path_factory.mktemp("data")
    with live_server(url, data, COLCA_MASTER_PASSWORD=MASTER, COLCA_WORKERS="2", COLCA_MAX_BODY="2MB") as server:
        served = Served(server)
        yield served
        for name in served.db("list"):
            if name != "colca":
                served.db("drop", MASTER, name)
    databases.drop(url)


@pytest.fixture
def name():
    return f"t_{uuid.uuid4().hex[:10]}"


def test_a_database_of_ones_own(served, name):
    assert served.db("create_database", MASTER, name, False, "es_MX", "s3cret-words", "ana", "mx", "+52 55 1234 5678") is True
    assert served.db("db_exist", name) is True
    assert served.db("list") == sorted({"colca", name} | set(served.db("list")))
    uid = served.login(name, "ana", "s3cret-words")
    assert uid and served.login(name) is False

    def call(*args, **kwargs):
        return served.call(name, *args, uid=uid, password="s3cret-words", **kwargs)

    [company] = call("res.company", "search_read", [], fields=["country_id", "currency_id", "chart_template", "phone", "lang"])
    assert company["country_id"][1] and company["chart_template"] == "mx" and company["currency_id"][1] == "MXN"
    assert company["phone"] == "+52 55 1234 5678"
    assert call("res.users", "context_get")["lang"] == "es_MX"
    # a normal business: it sells at once
    product = call("product.product", "create", {"name": "Caja", "list_price": 100})
    partner = call("res.partner", "create", {"name": "Cliente"})
    order = call("sale.order", "create", {"partner_id": partner, "order_line": [(0, 0, {"product_id": product})]})
    assert call("sale.order", "action_confirm", [order]) is True
    # a session and a key are of one database
    import requests

    with requests.Session() as browser:
        params = {"db": name, "login": "ana", "password": "s3cret-words"}
        opened = browser.post(f"{served.server.url}/web/session/authenticate", json={"params": params}).json()["result"]
        assert (opened["db"], opened["uid"]) == (name, uid)
        asked = {"params": {"model": "res.partner", "method": "search_count", "args": [[["id", "=", partner]]], "kwargs": {}}}
        assert browser.post(f"{served.server.url}/web/dataset/call_kw", json=asked).json()["result"] == 1
    key = call(
        "res.users.apikeys.description",
        "make_key",
        [call("res.users.apikeys.description", "create", {"name": "k", "duration": "1"})],
    )
    for database, status in ((name, 200), ("colca", 401), ("nowhere", 404), (None, 401)):
        headers = {"Authorization": f"Bearer {key['context']['default_key']}"}
        if database:
            headers["X-Odoo-Database"] = database
        asked = requests.post(f"{served.server.url}/json/2/res.partner/search_count", json={"domain": []}, headers=headers)
        assert asked.status_code == status, (database, asked.text)
    # its jobs are done by the same server
    [cron] = call("ir.cron", "search", [("job", "=", "kernel.sweep_transient")])
    call("ir.cron", "method_direct_trigger", [cron])
    deadline = time.monotonic() + 60
    while call("ir.outbox", "search_count", [("job", "=", "kernel.sweep_transient"), ("state", "!=", "done")]):
        assert time.monotonic() < deadline, "nobody does the jobs of the new database"
        time.sleep(0.2)
    # and the databases know nothing of each other
    with pytest.raises(xmlrpc.client.Fault) as refused:
        served.call("colca", "res.partner", "search", [], uid=uid, password="s3cret-words")
    assert refused.value.faultCode == 3
    with pytest.raises(xmlrpc.client.Fault, match="already a database"):
        served.db("create_database", MASTER, name, False, "en_US")
    assert served.db("drop", MASTER, name) is True
    assert served.db("drop", MASTER, name) is False
    assert served.db("db_exist", name) is False
    for _turn in range(6):  # in whichever process
        with pytest.raises(xmlrpc.client.Fault, match=f'database "{name}" does not exist'):
            served.call(name, "res.partner", "search", [], uid=uid, password="s3cret-words")


def _content(served, database):
    """What a copy must have in common with its original, as its users see it."""
    found = {}
    for model, fields in (
        ("res.partner", ["name", "parent_id", "create_date", "active"]),
        ("sale.order", ["name", "amount_total", "state", "date_order"]),
        ("account.move.line", ["debit", "credit", "date", "account_id"]),
        ("stock.quant", ["quantity", "product_id", "location_id"]),
        ("ir.sequence", ["code", "number_next"]),
        ("product.product", ["name", "list_price", "standard_price"]),
    ):
        found[model] = served.call(database, model, "search_read", [], fields=fields, order="id", context={"active_test": False})
    return found


def test_copies_and_archives_hold_everything(served, name):
    """Duplicate, dump and restore give the same business; what happens in one does not reach the other."""
    text = base64.b64encode(b"a contract").decode()
    file = served.call("colca", "ir.attachment", "create", {"name": "contract.txt", "datas": text})
    gone = served.call("colca", "res.partner", "create", {"name": "Nobody"})
    served.call("colca", "res.partner", "unlink", [gone])
    before = _content(served, "colca")
    copy, back, bare = f"{name}_copy", f"{name}_back", f"{name}_bare"
    assert served.db("duplicate_database", MASTER, "colca", copy) is True
    data = served.db("dump", MASTER, "colca", "zip")
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(data))) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert archive.testzip() is None and any(entry.startswith("filestore/") for entry in archive.namelist())
    assert manifest["addons"]["sales"] and manifest["database"] == "colca"
    status, _headers, _body = served.form("restore", base64.b64decode(data), master_pwd=MASTER, name=back, copy="true")
    assert status == 303
    assert _content(served, "colca") == before
    uuids = set()
    for database in ("colca", copy, back):
        assert _content(served, database) == before
        assert served.call(database, "ir.attachment", "read", [file], ["datas"])[0]["datas"] == text
        uuids.add(served.call(database, "ir.config_parameter", "get_param", "database.uuid"))
        # an id is never given twice, whether its row is there or not
        assert served.call(database, "res.partner", "create", {"name": "Somebody"}) == gone + 1
    assert len(uuids) == 3
    # numbers go on, constraints hold
    numbers = []
    for database in (copy, back):
        partner = served.call(database, "res.partner", "search", [], limit=1)[0]
        numbers.append(
            served.call(
                database, "sale.order", "read", [served.call(database, "sale.order", "create", {"partner_id": partner})], ["name"]
            )[0]["name"]
        )
        with pytest.raises(xmlrpc.client.Fault):
            served.call(database, "res.users", "create", {"name": "Twice", "login": "admin"})
    assert numbers[0] == numbers[1] and numbers[0] not in {row["name"] for row in before["sale.order"]}
    # without contents
    bare_data = served.db("dump", MASTER, "colca", "dump")
    assert len(bare_data) <= len(data)
    assert served.db("restore", MASTER, bare, bare_data, True) is True
    assert len(_content(served, bare)["sale.order"]) == len(before["sale.order"])
    # dropping a copy leaves the original's contents alone
    assert served.db("drop", MASTER, copy) is True
    assert served.call("colca", "ir.attachment", "read", [file], ["datas"])[0]["datas"] == text
    assert served.db("rename", MASTER, back, copy) is True
    assert served.db("db_exist", back) is False
    assert served.call(copy, "ir.attachment", "read", [file], ["datas"])[0]["datas"] == text
    with pytest.raises(xmlrpc.client.Fault, match="does not exist"):
        served.login(back)
    assert served.db("migrate_databases", MASTER, [copy, bare]) is True


def test_a_neutral_copy_talks_to_nobody(served, name):
    hook = served.call(
        "colca", "webhook.subscription", "create",
        {"name": "Shop", "url": "https://shop.example.com/hook", "line_ids": [(0, 0, {"model": "res.partner"})]},
    )  # fmt: skip
    assert served.db("duplicate_database", MASTER, "colca", name, True) is True
    crons = served.call(name, "ir.cron", "search_read", [], fields=["job", "active"], context={"active_test": False})
    assert crons and all(row["active"] == row["job"].startswith("kernel.sweep") for row in crons)
    assert (
        served.call(name, "ir.outbox", "search_count", [("state", "in", ["pending", "running"]), ("job", "=", "mail.send")]) == 0
    )
    assert served.call(name, "ir.config_parameter", "get_param", "database.neutralized") == "1"
    assert served.call("colca", "ir.config_parameter", "get_param", "database.neutralized") is False
    assert served.call(name, "webhook.subscription", "search", [["id", "=", hook]]) == []
    assert served.call("colca", "webhook.subscription", "search", [["id", "=", hook]]) == [hook]
    served.call("colca", "webhook.subscription", "unlink", [hook])


@pytest.mark.sqlite
def test_odoorpc(served, name, tmp_path):
    """The database calls of OdooRPC, and its list of reports, unchanged."""
    import odoorpc

    odoo = odoorpc.ODOO("127.0.0.1", port=served.server.port, timeout=120)
    odoo.db.create(MASTER, name, demo=False, lang="es_PE", admin_password="s3cret-words")
    assert name in odoo.db.list()
    odoo.db.duplicate(MASTER, name, f"{name}2")
    archive = odoo.db.dump(MASTER, f"{name}2")
    odoo.db.drop(MASTER, f"{name}2")
    odoo.db.restore(MASTER, f"{name}3", archive)
    odoo.db.change_password(MASTER, MASTER)
    with pytest.raises(odoorpc.error.RPCError, match="Access"):
        odoo.db.drop("wrong", name)
    odoo.login(f"{name}3", "admin", "s3cret-words")
    assert odoo.env.user.login == "admin" and odoo.env.lang == "es_PE"
    found = odoo.report.list()
    assert {"account.move", "sale.order", "stock.picking"} <= set(found)
    assert "sale.report_saleorder" in {row["report_name"] for row in found["sale.order"]}


def test_what_is_refused(served, name):
    for bad in ("", "../up", "a b", "x" * 64, "_x", "a/b", False, 'a"b'):
        with pytest.raises(xmlrpc.client.Fault, match="cannot be called"):
            served.db("create_database", MASTER, bad, False, "en_US")
    for args in (("drop", "colca"), ("rename", "colca", name)):
        with pytest.raises(xmlrpc.client.Fault, match="COLCA_DATABASE_URL"):
            served.db(args[0], MASTER, *args[1:])
    for args in (("duplicate_database", name, "copy"), ("dump", name), ("rename", name, "other"), ("migrate_databases", [name])):
        with pytest.raises(xmlrpc.client.Fault, match="does not exist"):
            served.db(args[0], MASTER, *args[1:])
    with pytest.raises(xmlrpc.client.Fault, match="ISO code"):
        served.db("create_database", MASTER, name, False, "en_US", "secret", "admin", "QQ")
    with pytest.raises(xmlrpc.client.Fault, match="no language"):
        served.db("create_database", MASTER, name, False, "xx_XX", "secret")
    for content in (b"no zip at all", b"PK\x05\x06" + b"\0" * 18):
        with pytest.raises(xmlrpc.client.Fault, match="not an archive"):
            served.db("restore", MASTER, name, base64.b64encode(content).decode())
    with pytest.raises(xmlrpc.client.Fault) as unknown:
        served.db("monodb")
    assert unknown.value.faultCode == 1
    assert served.db("db_exist", name) is False and served.db("list") == sorted(served.db("list"))
    assert ["mx", "Mexico"] in served.db("list_countries", MASTER)
    with pytest.raises(xmlrpc.client.Fault, match="no archive format"):
        served.db("dump", MASTER, "colca", "tar")


@pytest.mark.sqlite
def test_forms_make_and_drop(served, name):
    status, headers, _body = served.form(
        "create", master_pwd=MASTER, name=name, lang="es_PE", login="eva", password="s3cret-words", country_code="pe"
    )
    assert status == 303 and headers["Location"].endswith("/web")
    assert served.login(name, "eva", "s3cret-words")
    status, headers, body = served.form("backup", master_pwd=MASTER, name=name, backup_format="zip")
    assert status == 200 and headers["Content-Disposition"].startswith("attachment") and name in headers["Content-Disposition"]
    assert zipfile.ZipFile(io.BytesIO(body)).testzip() is None
    assert served.form("duplicate", master_pwd=MASTER, name=name, new_name=f"{name}2", neutralize_database="true")[0] == 303
    assert (
        served.call(
            f"{name}2",
            "res.company",
            "search_count",
            [],
            uid=served.login(f"{name}2", "eva", "s3cret-words"),
            password="s3cret-words",
        )
        == 1
    )
    assert served.form("drop", master_pwd=MASTER, name=f"{name}2")[0] == 303
    status, _headers, body = served.form("drop", master_pwd=MASTER, name=f"{name}2")
    assert status == 422 and b"does not exist" in body
    # an archive larger than COLCA_MAX_BODY goes in by the form, once the password is proven
    large = io.BytesIO(body := served.form("backup", master_pwd=MASTER, name=name)[2])
    with zipfile.ZipFile(large, "a") as archive:
        archive.writestr("padding", b"\0" * 3_000_000, zipfile.ZIP_STORED)
    assert served.form("restore", large.getvalue(), master_pwd=MASTER, name=f"{name}3")[0] == 303
    assert served.login(f"{name}3", "eva", "s3cret-words")
    status, _headers, body = served.form("create", master_pwd=MASTER, name="a b", login="x", password="y", lang="en_US")
    assert status == 422 and b"cannot be called" in body


def test_the_master_password(served, name, tmp_path):
    """Wrong ones are refused and slowed; a new one counts at once, in every process, and is kept as a hash."""
    from server.config import Config
    from server.databases import master
    from server.errors import AccessDenied

    assert served.form("drop", master_pwd="wrong", name="colca")[0] == 403
    with pytest.raises(xmlrpc.client.Fault) as refused:
        served.db("drop", "wrong", name)
    assert refused.value.faultCode == 3
    config = Config(data_dir=tmp_path, master_password=MASTER)
    master.check(config, MASTER, "1.2.3.4")
    for _turn in range(3):
        with pytest.raises(AccessDenied, match="Denied"):
            master.check(config, "guess", "1.2.3.4")
    with pytest.raises(AccessDenied, match="Wait"):
        master.check(config, MASTER, "1.2.3.4")
    master.check(config, MASTER, "1.2.3.5")
    for strange in (None, False, 7, "", "x" * 5000, "\udcff"):
        with pytest.raises(AccessDenied):
            master.check(config, strange, f"s{strange!r:.9}")
    with pytest.raises(AccessDenied):
        master.check(Config(data_dir=tmp_path), "", "1.2.3.6")
    new = "another very long password"
    assert served.db("change_admin_password", MASTER, new) is True
    try:
        kept = (served.server.log.parent / "master_password").read_text()
        assert new not in kept and kept.startswith("$argon2id$")
        assert served.db("list_countries", new)
        assert served.form("change_password", master_pwd=new, master_pwd_new="short")[0] == 422
    finally:
        assert served.form("change_password", master_pwd=new, master_pwd_new=MASTER)[0] == 303


@pytest.mark.sqlite
def test_management_is_off_until_a_password_is_set(database_url, tmp_path):
    from server.app import create_app
    from server.config import Config
    from server.database import Database

    database = Database(database_url)
    client = create_app(Config(data_dir=tmp_path, database_url=database_url, list_databases=False), database).test_client()

    def db(method, *args):
        answer = client.post("/jsonrpc", json={"params": {"service": "db", "method": method, "args": args}}).get_json()
        return answer.get("result", answer.get("error", {}).get("data", {}).get("name"))

    for method, args in (
        ("create_database", ["", "x", False, "en_US"]), ("drop", ["", "colca"]), ("dump", ["", "colca"]), ("list", []),
        ("restore", ["", "x", ""]), ("rename", ["", "colca", "x"]), ("duplicate_database", ["", "colca", "x"]),
        ("change_admin_password", ["", "long enough words"]), ("migrate_databases", ["", ["colca"]]), ("list_countries", [""]),
    ):  # fmt: skip
        assert db(method, *args) == "odoo.exceptions.AccessDenied", method
    assert db("db_exist", "colca") is True and db("db_exist", "x") is False
    assert client.post("/web/database/restore", data={"master_pwd": "", "name": "x"}).status_code == 403
    database.engine.dispose()
