"""Files and printed documents over HTTP and RPC: who gets them, who does not, and what a browser is told of them."""

from __future__ import annotations

import base64
import datetime as dt
import io
import re

import pytest
from PIL import Image

from server.app import create_app
from server.config import Config

CONTENT = b"a contract, line one\n" * 200


def picture(width, height, form="PNG"):
    target = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(target, form)
    return target.getvalue()


def encoded(data):
    return base64.b64encode(data).decode()


class Web:
    """An application over the demo business; keys of the administrator and of somebody who sells only."""

    def __init__(self, db, tmp_path, monkeypatch):
        monkeypatch.setenv("COLCA_DATA_DIR", str(tmp_path))
        self.db = db
        self.app = create_app(Config(data_dir=tmp_path, database_url=db.url), db)
        self.keys = {}

    def key(self, login, **limits):
        """An API key of a user, made once."""
        name = f"{login} {sorted(limits)}"
        if name not in self.keys:

            def make(env):
                uid = env["res.users"].search([("login", "=", login)]).id
                until = env.now() + dt.timedelta(days=30)
                return env["res.users.apikeys"].sudo()._issue(uid, "files", "rpc", str(until), limits)

            self.keys[name] = self.db.run(2, {}, make)
        return self.keys[name]

    def get(self, path, login="admin", **headers):
        if login:
            headers["Authorization"] = f"bEARER {self.key(login)}"
        return self.app.test_client().get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def run(self, work):
        return self.db.run(2, {}, work)


@pytest.fixture
def web(db, tmp_path, monkeypatch):
    return Web(db, tmp_path, monkeypatch)


def test_attachments(web):
    """By key and by cookie, whole and in parts, now and later; nothing for who may not read the record."""
    partner = web.run(lambda env: env["res.partner"].create({"name": "Cliente"}).id)
    secret, public, page = web.run(
        lambda env: (
            env["ir.attachment"]
            .create(
                [
                    {"name": 'con"trato ñ\r\nX: y.txt', "datas": CONTENT, "res_model": "res.partner", "res_id": partner},
                    {"name": "price list.pdf", "datas": b"%PDF-1.4 list", "public": True},
                    {"name": "evil.html", "datas": b"<html><script>alert(1)</script></html>"},
                ]
            )
            .ids
        )
    )
    answer = web.get(f"/web/content/{secret}?download=true")
    assert (answer.status_code, answer.data) == (200, CONTENT)
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment") and "\r" not in disposition and "\n" not in disposition
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and "private" in answer.headers["Cache-Control"]
    assert web.get(f"/web/content/{secret}").headers["Content-Disposition"].startswith("inline")
    # later, and in parts
    etag = answer.headers["ETag"]
    assert web.get(f"/web/content/{secret}", If_None_Match=etag).status_code == 304
    part = web.get(f"/web/content/{secret}", Range="bytes=2-9")
    assert (part.status_code, part.data) == (206, CONTENT[2:10])
    assert web.get(f"/web/content/{secret}", Range="bytes=999999-").status_code == 416
    # a page of somebody's is never a page of ours
    evil = web.get(f"/web/content/{page}")
    assert evil.mimetype == "text/plain" and "sandbox" in evil.headers["Content-Security-Policy"]
    # nobody, somebody with a token, everybody
    assert web.get(f"/web/content/{secret}", None).status_code == 401
    assert web.get("/web/content/999999999", None).status_code == 401
    assert web.get(f"/web/content/{public}", None).data == b"%PDF-1.4 list"
    token = web.run(lambda env: env["ir.attachment"].browse([secret]).generate_access_token()[0])
    assert web.get(f"/web/content/{secret}?access_token={token}", None).data == CONTENT
    for wrong in ("", "x", token[:-1], "ñ"):
        assert web.get(f"/web/content/{secret}?access_token={wrong}", None).status_code == 401
    bad = web.app.test_client().get(f"/web/content/{secret}", headers={"Authorization": "Bearer nonsense"})
    assert bad.status_code == 401 and bad.headers["WWW-Authenticate"] == "Bearer"
    # what another may not read is what is not there
    web.run(
        lambda env: (
            env["ir.attachment"].browse([secret]).write({"res_model": "ir.config_parameter", "res_id": 1, "access_token": False})
        )
    )
    refused, absent = web.get(f"/web/content/{secret}", "ventas.mx"), web.get("/web/content/999999999", "ventas.mx")
    assert refused.status_code == absent.status_code == 404 and refused.json["message"] == absent.json["message"]
    # by cookie
    client = web.app.test_client()
    opened = client.post("/web/session/authenticate", json={"params": {"db": "colca", "login": "admin", "password": "admin"}})
    assert opened.json["result"]["uid"]
    assert client.get(f"/web/content/{page}").status_code == 200
    unknown = web.app.test_client().get(
        "/web/content/1", headers={"X-Odoo-Database": "nowhere", "Authorization": f"Bearer {web.key('admin')}"}
    )
    assert unknown.status_code == 404


def test_pictures_and_fields(web):
    partner = web.run(lambda env: env["res.partner"].create({"name": "Con/foto", "image_1920": picture(600, 300)}).id)
    whole = web.get(f"/web/image/res.partner/{partner}/image_1920")
    assert whole.mimetype == "image/png" and Image.open(io.BytesIO(whole.data)).size == (600, 300)
    small = web.get(f"/web/image/res.partner/{partner}/image_1920/100x100")
    assert Image.open(io.BytesIO(small.data)).size == (100, 50) and small.headers["ETag"] != whole.headers["ETag"]
    assert Image.open(io.BytesIO(web.get(f"/web/image/res.partner/{partner}/image_1920/0x30").data)).size == (60, 30)
    assert Image.open(io.BytesIO(web.get(f"/web/image/res.partner/{partner}/image_1920/9000x9000").data)).size == (600, 300)
    field = web.get(f"/web/content/res.partner/{partner}/image_1920?download=1")
    assert (
        field.data == whole.data and "/" not in re.sub(r"filename\*?=", "", field.headers["Content-Disposition"]).split("''")[-1]
    )
    for path in (
        f"/web/image/res.partner/{partner}/name", f"/web/content/res.partner/{partner}/nothing", "/web/image/nowhere/1/image",
        "/web/image/res.partner/999999999/image_1920", f"/web/content/res.partner/{partner}/display_name",
        "/web/content/res.users/2/password", f"/web/image/res.partner/{partner}/_table",
    ):  # fmt: skip
        assert web.get(path).status_code == 404, path
    assert web.get(f"/web/image/res.partner/{partner}/image_1920", None).status_code == 401
    logo = web.get("/web/binary/company_logo", None)
    assert logo.status_code == 200 and logo.mimetype == "image/png"
    web.run(lambda env: env.company.write({"logo": picture(40, 20)}))
    assert Image.open(io.BytesIO(web.get("/web/binary/company_logo", None).data)).size == (40, 20)
    assert web.get("/web/binary/company_logo?company=999", None).status_code == 200


def _invoice(env, lines=1, **values):
    product = env["product.product"].search([("sale_ok", "=", True)], limit=1)
    partner = env["res.partner"].create({"name": "Cliente de México", "lang": "es_MX"})
    line = {"product_id": product.id, "quantity": 2, "price_unit": 100}
    return env["account.move"].create(
        {"move_type": "out_invoice", "partner_id": partner.id, "invoice_line_ids": [(0, 0, line)] * lines, **values}
    )


def test_documents(web, rpc):
    """A PDF by RPC and by address, in the language of the partner; the same bytes each time; only for who may read the record."""
    invoice = web.run(lambda env: _invoice(env).id)
    made = rpc("ir.actions.report", "render", "account.report_invoice", [invoice])
    pdf = base64.b64decode(made["content"])
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF") and made["mimetype"] == "application/pdf"
    assert made["filename"].endswith(".pdf")
    answer = web.get(f"/report/pdf/account.report_invoice/{invoice}")
    assert answer.mimetype == "application/pdf" and answer.data == pdf
    assert answer.headers["Content-Disposition"].startswith("inline")
    json2 = web.app.test_client().post(
        "/json/2/ir.actions.report/render",
        json={"report_name": "account.report_invoice", "ids": [invoice]},
        headers={"Authorization": f"Bearer {web.key('admin')}"},
    )
    assert json2.json["content"] == made["content"]
    rows = rpc(
        "ir.actions.report",
        "search_read",
        [["report_name", "=", "account.report_invoice"]],
        fields=["name", "model", "report_type"],
    )
    assert [(row["model"], row["report_type"]) for row in rows] == [("account.move", "qweb-pdf")]
    assert web.get(f"/report/pdf/account.report_invoice/{invoice}", None).status_code == 401
    for path in ("account.report_invoice/999999999", "account.report_invoice/x", "account.report_invoice/0", "no.such/1"):
        assert web.get(f"/report/pdf/{path}").status_code in (404, 422), path
    assert web.get(f"/report/pdf/account.report_invoice/{invoice}", "ventas.pe").status_code == 404
    # a key for some models only prints those
    for models, status in (
        (["account.move"], 403), (["ir.actions.report"], 403), ({"ir.actions.report": ["read"], "account.move": ["read"]}, 200),
    ):  # fmt: skip
        web.keys.pop("admin ['allowed_models']", None)
        key = web.key("admin", allowed_models=models)
        answer = web.app.test_client().get(
            f"/report/pdf/account.report_invoice/{invoice}", headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code == status, models
    # a report for some groups only
    web.run(
        lambda env: (
            env["ir.actions.report"]
            .search([("report_name", "=", "account.report_invoice")])
            .write({"group_ids": [(6, 0, [env.ref("base.group_portal").id])]})
        )
    )
    assert web.get(f"/report/pdf/account.report_invoice/{invoice}").status_code == 404


def test_every_report_of_every_record(web, rpc, count_statements):
    """Each report prints every record of its model; how many statements that takes does not grow with their number."""

    def trade(env):
        for _turn in range(6):
            _invoice(env, 3).action_post()
        products = env["product.product"].search([("sale_ok", "=", True), ("type", "=", "consu")], limit=3)
        lines = [(0, 0, {"product_id": product.id, "product_uom_qty": 1}) for product in products]
        for partner in env["res.partner"].create([{"name": f"Client {number}"} for number in range(6)]):
            env["sale.order"].create({"partner_id": partner.id, "order_line": lines}).action_confirm()

    web.run(trade)
    for row in rpc("ir.actions.report", "search_read", [], fields=["report_name", "model"]):
        ids = rpc(row["model"], "search", [["move_type", "!=", "entry"]] if row["model"] == "account.move" else [])
        assert len(ids) >= 4, row
        counts = []
        for some in (ids[:2], ids[:6]):

            def render(env, some=some, row=row):
                with count_statements(env) as seen:
                    content = env["ir.actions.report"].render(row["report_name"], some)["content"]
                return len(seen), base64.b64decode(content)

            count, pdf = web.db.run(2, {}, render, readonly=True)
            counts.append(count)
            assert pdf.count(b"/Type /Page\n") >= len(some) or pdf.count(b"/Type /Page") > len(some)
        assert counts[1] <= counts[0] + 3, (row, counts)


@pytest.mark.sqlite
def test_reports_come_and_go_with_their_addon(db):
    from server.addon import lifecycle

    def names(env):
        return set(env["ir.actions.report"].search([]).mapped("report_name"))

    own = {"name": "Mine", "model": "res.partner", "report_name": "my.own"}
    db.run(2, {}, lambda env: env["ir.actions.report"].create(own).id)
    before = db.run(2, {}, names)
    assert {"sale.report_saleorder", "stock.report_picking", "my.own"} <= before
    assert db.run(2, {"lang": "es_MX"}, lambda env: env.ref("account.action_account_report_invoice").name) == "Factura"
    lifecycle.uninstall(db, ["sales_stock", "sales"])
    assert db.run(2, {}, names) == before - {"sale.report_saleorder"}
    lifecycle.install(db, ["sales"], companies=lifecycle.ALL)
    assert db.run(2, {}, names) == before
