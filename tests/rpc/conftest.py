"""Doors over a stand-in database, for what HTTP and the codecs do by themselves."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def fake_client(tmp_path, monkeypatch):
    """A Flask test client over `rpc_fakes.Fake`; user 2 has the password `admin`."""
    from rpc_fakes import Fake

    from server.app import create_app
    from server.config import Config
    from server.security import credentials

    def check(database, login, password, address=""):
        return 2 if (login, password) == ("admin", "admin") else None

    def prove(database, uid, password, address=""):
        return SimpleNamespace(holds=lambda env: True, permit=lambda *about: None, permit_reach=lambda *about: None) if (uid, password) == (2, "admin") else None

    monkeypatch.setattr(credentials, "check", check)
    monkeypatch.setattr(credentials, "prove", prove)
    app = create_app(Config(data_dir=tmp_path, max_body=1024 * 1024), database=Fake())
    return app.test_client()


@pytest.fixture(scope="module")
def shop_db(databases, database_kind):
    """A `Database` of the module's own with the small shop of `tests.kernel.record_models`."""
    from tests.kernel import record_models

    url = databases.create(database_kind, "shop", record_models.build_shop)
    opened = record_models.opened(url)
    with opened.transaction(1) as env:
        for model in sorted(name for name in env.models.classes if name.startswith("shop.")):
            env["ir.model.access"].create(
                {"name": model, "model": model, "perm_read": True, "perm_write": True, "perm_create": True, "perm_unlink": True}
            )
    yield opened
    opened.engine.dispose()
    databases.drop(url)


@pytest.fixture(scope="module")
def shop_app(shop_db, tmp_path_factory):
    """The web application over that database."""
    from server.app import create_app
    from server.config import Config

    return create_app(Config(data_dir=tmp_path_factory.mktemp("var")), database=shop_db)


@pytest.fixture(scope="module")
def shop(shop_app, shop_db):
    """`shop(model, method, *args, **kwargs)` over XML-RPC as the administrator; a fault is raised as `xmlrpc.client.Fault`."""
    import xmlrpc.client

    with shop_db.transaction(1) as env:
        admin = env["res.users"].search([("login", "=", "admin")])
        admin.write({"password": "correct horse battery"})
        uid = admin.id
    credentials_of = ("colca", uid, "correct horse battery")
    client = shop_app.test_client()

    def call(model, method, *args, **kwargs):
        body = xmlrpc.client.dumps((*credentials_of, model, method, list(args), kwargs), "execute_kw", allow_none=True)
        return xmlrpc.client.loads(client.post("/xmlrpc/2/object", data=body.encode()).data)[0][0]

    return call
