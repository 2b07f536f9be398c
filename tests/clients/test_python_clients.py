"""The Python clients of the field, unchanged, against a running server: a CRUD round and the first sale through each, and what each
of them does that no other does.
"""

from __future__ import annotations

import asyncio
import xmlrpc.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import walk

pytestmark = [
    pytest.mark.slow,
    pytest.mark.feature("M5"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]

Opened = Iterator[Callable[..., Any]]


@contextmanager
def plain_xmlrpc(place: Any) -> Opened:
    common = xmlrpc.client.ServerProxy(f"{place.url}/xmlrpc/2/common")
    uid = common.authenticate(place.db, place.login, place.password, {})
    with xmlrpc.client.ServerProxy(f"{place.url}/xmlrpc/2/object") as models:
        yield lambda model, method, *args, **kw: models.execute_kw(place.db, uid, place.password, model, method, list(args), kw)


@contextmanager
def plain_xmlrpc_with_key(place: Any) -> Opened:
    common = xmlrpc.client.ServerProxy(f"{place.url}/xmlrpc/common")
    uid = common.login(place.db, place.login, place.key)
    with xmlrpc.client.ServerProxy(f"{place.url}/xmlrpc/object") as models:
        yield lambda model, method, *args, **kw: models.execute_kw(place.db, uid, place.key, model, method, list(args), kw)


@contextmanager
def odoorpc(place: Any) -> Opened:
    import odoorpc as client

    odoo = client.ODOO("127.0.0.1", port=place.port, timeout=60)
    assert odoo.version == "19.0" and place.db in odoo.db.list()
    odoo.login(place.db, place.login, place.password)
    yield lambda model, method, *args, **kw: odoo.execute_kw(model, method, list(args), kw)


def _odooly(client: Any) -> Callable[..., Any]:
    def execute(model: str, method: str, *args: Any, context: Any = None, **kw: Any) -> Any:
        env = (
            client.env(context={**(client.env.context or {}), **context}) if context else client.env
        )  # its calls carry the context of the environment
        return env.execute(model, method, *args, **kw)

    return execute


@contextmanager
def odooly_session(place: Any) -> Opened:
    import odooly

    yield _odooly(odooly.Client(place.url, place.db, place.login, place.password))


@contextmanager
def odooly_session_without_database(place: Any) -> Opened:
    import odooly

    yield _odooly(odooly.Client(place.url, user=place.login, password=place.password))


@contextmanager
def odooly_jsonrpc(place: Any) -> Opened:
    import odooly

    yield _odooly(odooly.Client(f"{place.url}/jsonrpc", place.db, place.login, place.password))


@contextmanager
def odooly_json2(place: Any) -> Opened:
    import odooly

    yield _odooly(odooly.Client(place.url, place.db, place.login, api_key=place.key))


@contextmanager
def erppeek(place: Any) -> Opened:
    import erppeek as client

    yield client.Client(place.url, place.db, place.login, place.password).execute


@contextmanager
def erppeek_jsonrpc(place: Any) -> Opened:
    import erppeek as client

    yield client.Client(f"{place.url}/jsonrpc", place.db, place.login, place.password).execute


def _odoolib(protocol: str) -> Callable[[Any], Any]:
    @contextmanager
    def opened(place: Any) -> Opened:
        import odoolib

        secret = {"password": place.key} if protocol == "json2" else {"login": place.login, "password": place.password}
        connection = odoolib.get_connection(hostname="127.0.0.1", protocol=protocol, port=place.port, database=place.db, **secret)
        connection.check_login()

        def execute(model: str, method: str, *args: Any, **kw: Any) -> Any:
            value = getattr(connection.get_model(model), method)(*args, **kw)
            return [value] if method == "read" and isinstance(value, dict) else value  # it takes a single row out of its list

        yield execute

    return opened


@contextmanager
def odoo_connect(place: Any) -> Opened:
    import odoo_connect as client

    env = client.connect(place.url, place.db, place.login, password=place.password, infer_parameters=False)
    yield lambda model, method, *args, **kw: env.get_model(model).execute(method, *args, **kw)


@contextmanager
def aio_odoorpc(place: Any) -> Opened:
    import httpx
    from aio_odoorpc import AsyncOdooRPC

    loop = asyncio.new_event_loop()
    session = httpx.AsyncClient(timeout=60)
    who = {"database": place.db, "username_or_uid": place.login, "password": place.password}
    rpc = AsyncOdooRPC(**who, http_client=session, url_jsonrpc_endpoint=f"{place.url}/jsonrpc")
    loop.run_until_complete(rpc.login())

    names = {"read": "fields", "search_read": "fields", "write": "vals"}

    def execute(model: str, method: str, given: Any, *rest: Any, **kw: Any) -> Any:
        # it takes one positional argument: what comes after it goes by name
        kw.update(zip([names.get(method)], rest, strict=False))
        return loop.run_until_complete(rpc.execute_kw(method, given, kw, model_name=model))

    yield execute
    loop.run_until_complete(session.aclose())
    loop.close()


def _odoo_rpc_client(protocol: str) -> Callable[[Any], Any]:
    @contextmanager
    def opened(place: Any) -> Opened:
        from odoo_rpc_client import Client

        client = Client("127.0.0.1", place.db, place.login, place.password, port=place.port, protocol=protocol)
        yield client.execute

    return opened


CLIENTS: dict[str, Any] = {
    "xmlrpc.client": plain_xmlrpc,
    "xmlrpc.client, key, old routes": plain_xmlrpc_with_key,
    "OdooRPC": odoorpc,
    "Odooly, session": odooly_session,
    "Odooly, session, no database": odooly_session_without_database,
    "Odooly, jsonrpc": odooly_jsonrpc,
    "Odooly, json2": odooly_json2,
    "ERPpeek, xmlrpc": erppeek,
    "ERPpeek, jsonrpc": erppeek_jsonrpc,
    "odoo-client-lib, xmlrpc": _odoolib("xmlrpc"),
    "odoo-client-lib, jsonrpc": _odoolib("jsonrpc"),
    "odoo-client-lib, json2": _odoolib("json2"),
    "odoo-connect": odoo_connect,
    "aio-odoorpc": aio_odoorpc,
    "odoo-rpc-client, xml-rpc": _odoo_rpc_client("xml-rpc"),
    "odoo-rpc-client, json-rpc": _odoo_rpc_client("json-rpc"),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_crud_and_first_sale(place, tag, name):
    with CLIENTS[name](place) as execute:
        walk.crud(execute, tag)
        walk.first_sale(execute, tag)


def test_odoorpc_in_its_own_words(place, tag):
    """Records read field by field, relations followed, assignments, references, reports, and the errors it shows."""
    import odoorpc as client

    odoo = client.ODOO("127.0.0.1", port=place.port, timeout=60)
    odoo.login(place.db, place.login, place.password)
    partners = odoo.env["res.partner"]
    partner = partners.browse(
        partners.create({"name": f"Rpc {tag}", "country_id": odoo.env.ref("base.mx").id, "child_ids": [(0, 0, {"name": "Ana"})]})
    )
    assert partner.country_id.code == "MX" and [child.name for child in partner.child_ids] == ["Ana"]
    partner.email = f"{tag}@example.com"
    assert partners.search([("email", "=", f"{tag}@example.com")]) == [partner.id]
    partner.category_id += odoo.env["res.partner.category"].browse(odoo.env["res.partner.category"].create({"name": tag}))
    assert [category.name for category in partner.category_id] == [tag]
    assert odoo.env.user.login == place.login and odoo.env.lang
    assert "sale.order" in odoo.env and "crm.lead" not in odoo.env
    with pytest.raises(client.error.RPCError, match="nope"):
        partners.write([partner.id], {"nope": 1})
    partners.unlink(partner.child_ids.ids + [partner.id])
    assert isinstance(odoo.report.list(), dict)


def test_odooly_in_its_own_words(place, tag):
    """Record lists, dotted reads, external ids, wizards, and its `exists`."""
    import odooly

    env = odooly.Client(place.url, place.db, place.login, place.password).env
    partner = env["res.partner"].create({"name": f"Odooly {tag}", "country_id": env.ref("base.pe").id})
    assert partner.country_id.code == "PE" and partner.read("name country_id")["name"] == f"Odooly {tag}"
    partner._set_external_id(f"odooly.{tag}")
    assert env.ref(f"odooly.{tag}") == partner and partner._external_id == f"odooly.{tag}"
    found = env["res.partner"].search([f"name = Odooly {tag}"])
    assert found == env["res.partner"].browse([partner.id]) and found.mapped("country_id.code") == ["PE"]
    assert env.access("res.partner", "write") and "sale.order" in env.models("sale")
    assert env["ir.module.module"].search_count(["state = installed"]) > 5 and "sales" in env.modules("sales")["installed"]
    copied = partner.copy({"name": f"Copy {tag}"})
    assert copied.name == f"Copy {tag}" and copied.id != partner.id
    (partner + copied).unlink()
    assert not partner.exists()
    with pytest.raises(odooly.ServerError, match="does not exist or has been deleted"):
        partner.write({"name": "x"})


def test_erppeek_in_its_own_words(place, tag):
    """Contexts by position, `perm_read`, `fields_get_keys`, copies of a bare id, searches in words."""
    import erppeek as client

    peek = client.Client(place.url, place.db, place.login, place.password)
    partner = peek.model("res.partner").create({"name": f"Peek {tag}"})
    assert peek.model("res.partner").get([f"name = Peek {tag}"]) == partner
    assert "name" in peek.model("res.partner").keys() and peek.model("res.partner").field("name")["type"] == "char"
    assert partner.perm_read()["create_uid"] and partner.name == f"Peek {tag}"
    assert partner.copy({"name": f"Peek two {tag}"}).name == f"Peek two {tag}"
    assert (
        peek.search("res.partner", [f"name like Peek% {tag}"], 0, 10, "name desc")
        and peek.count("res.partner", [f"name ilike {tag}"]) == 2
    )
    assert peek.db.list() == [place.db] and "sales" in peek.modules("sales")["installed"]
    with pytest.raises(xmlrpc.client.Fault) as refused:
        peek.execute("res.partner", "write", [10**8], {"name": "x"})
    assert refused.value.faultCode.startswith("warning -- MissingError")


def test_odoo_connect_over_json2(place, tag):
    """A key, documentation for positional arguments, records as its own objects."""
    import odoo_connect as client
    from odoo_connect.explore import explore

    env = client.connect(place.url, place.db, token=place.key, infer_parameters=False)
    assert env.protocol == "json/2"
    partners = explore(env["res.partner"])
    record = partners.create({"name": f"Connect {tag}", "is_company": True})
    assert record.name == f"Connect {tag}"
    assert partners.search([("name", "=", f"Connect {tag}")]).ids == record.ids
    record.unlink()


def test_odoo_rpc_client_in_its_own_words(place, tag):
    """Its record lists read lazily, related records in one go, and the version of the row `base`."""
    from odoo_rpc_client import Client

    client = Client("127.0.0.1", place.db, place.login, place.password, port=place.port, protocol="json-rpc")
    assert str(client.server_version).startswith("19")
    partner = client["res.partner"].create_record({"name": f"Record {tag}", "country_id": client.ref("base.mx").id})
    (found,) = client["res.partner"].search_records([("name", "=", f"Record {tag}")])
    assert found.id == partner.id and found.country_id.code == "MX"
    assert client["ir.module.module"].search_records([("name", "=", "base")])[0].installed_version.startswith("19.0.")
    found.unlink()


def test_odoo_import_export_client(place, tag, tmp_path):
    """A file in batches by several threads, again without doubles, and out again."""
    from odoo_csv_tools.export_threaded import export_data
    from odoo_csv_tools.import_threaded import import_data

    config = tmp_path / "connection.conf"
    config.write_text(
        f"[Connection]\nhostname = 127.0.0.1\ndatabase = {place.db}\nlogin = {place.login}\npassword = {place.password}\n"
        f"protocol = jsonrpc\nport = {place.port}\nuid = 2\n"
    )
    header = ["id", "name", "country_id/id", "category_id/id"]
    data = [[f"import_{tag}.p{n}", f"Imported {tag} {n}", "base.mx", ""] for n in range(40)]
    for _again in range(2):
        _header, refused = import_data(str(config), "res.partner", header=header, data=data, max_connection=3, batch_size=7)
        assert not refused
    head, rows = export_data(
        str(config), "res.partner", [["name", "like", f"Imported {tag}"]], ["id", "name"], max_connection=2, batch_size=11
    )
    assert head == ["id", "name"] and sorted(map(tuple, rows)) == sorted((row[0], row[1]) for row in data)
