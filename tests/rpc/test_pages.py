"""The start page: what a person sees who opens the address of the server."""

from __future__ import annotations

import pytest

from server.app import create_app
from server.config import Config
from server.serve import ready_text


@pytest.fixture
def page(db, tmp_path):
    """The start page of the demo business in a language."""

    def get(accept: str = "en", **settings: object) -> str:
        client = create_app(Config(data_dir=tmp_path, **settings), database=db).test_client()  # type: ignore[arg-type]
        return client.get("/", headers={"Accept-Language": accept}).get_data(as_text=True)

    return get


def test_it_tells_companies_addons_and_doors(page):
    text = page()
    for expected in ("Distribuidora Sierra Madre", "Peru · PEN", "sales_stock", "all companies", "/xmlrpc/2/object", "Version"):
        assert expected in text
    assert "Incident" not in text and "None yet" not in text


def test_it_speaks_the_languages_of_its_readers(page):
    for accept in ("es-MX,es;q=0.9,en;q=0.8", "es-419", "es"):
        text = page(accept)
        assert "Módulos instalados" in text and "México · MXN" in text and "Entregas de los pedidos de venta" in text
    assert "Installed addons" in page("de")


def test_demo_log_ins_are_told_and_real_ones_are_not(page):
    assert "<code>ventas.pe</code>" in page() and "__system__" not in page()
    assert "ventas.pe" not in page(production=True)


def test_what_a_company_does_not_use(page, db):
    from server.addon import lifecycle

    peru = db.run(1, {}, lambda env: env.ref("base.company_pe").id)
    lifecycle.disable(db, ["sales_stock"], [peru])
    text = page()
    assert text.count('<span class="pill">Distribuidora Sierra Madre, S.A. de C.V.</span>') == 1


def test_the_line_of_serve_names_address_and_log_ins(db, tmp_path):
    told = ready_text(create_app(Config(data_dir=tmp_path, port=8123), database=db))
    assert "http://localhost:8123/" in told and "2 companies" in told and "admin / admin" in told and "almacen.mx" in told


def test_a_proxy_tells_the_address_only_when_it_is_announced(db, tmp_path):
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "erp.example.com", "X-Forwarded-For": "203.0.113.9"}
    for proxies, expected in ((0, "http://localhost/jsonrpc"), (1, "https://erp.example.com/jsonrpc")):
        client = create_app(Config(data_dir=tmp_path, proxies=proxies), database=db).test_client()
        assert expected in client.get("/", headers=headers).get_data(as_text=True)
