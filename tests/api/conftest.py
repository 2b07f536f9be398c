"""`/json/2` and the documents that describe it, over a demo business of each module's own."""

from __future__ import annotations

import pytest


class Json2:
    """A client of `/json/2` over a Flask test client: `door("res.partner", "read", ids=[1])` is the value of the answer."""

    def __init__(self, database, app, key):
        self.database, self.app, self.key = database, app, key
        self.http = app.test_client()

    def post(self, model, method, body=None, *, key=None, headers=None, data=None):
        """The bare response."""
        sent = {"Authorization": f"Bearer {key or self.key}", **(headers or {})}
        kwargs = {"data": data} if data is not None else {"json": {} if body is None else body}
        return self.http.post(f"/json/2/{model}/{method}", headers={k: v for k, v in sent.items() if v is not None}, **kwargs)

    def __call__(self, model, method, _headers=None, **body):
        response = self.post(model, method, body, headers=_headers)
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.get_json()

    def refused(self, status, model, method, _headers=None, **body):
        """The body of a refusal with this status."""
        response = self.post(model, method, body, headers=_headers)
        assert response.status_code == status, (response.status_code, response.get_data(as_text=True))
        return response.get_json()

    def key_of(self, login, **values):
        """A new key of another user; `values` limit it."""
        return api_key(self.http.application, login, **values)

    def get(self, path, key=None, **headers):
        return self.http.get(path, headers={"Authorization": f"Bearer {key or self.key}", **headers})


def api_key(app, login="admin", **values):
    """A new API key of the user, made as a person makes one: with the password."""
    from server.rpc.services import ServiceCall

    def call(service, method, *args):
        return ServiceCall(app.extensions["colca"], service, method, list(args)).run()

    uid = call("common", "login", "colca", login, login)
    model = "res.users.apikeys.description"
    made = call("object", "execute_kw", "colca", uid, login, model, "create", [{"name": "Tests", "duration": "30", **values}])
    return call("object", "execute_kw", "colca", uid, login, model, "make_key", [[made]])["context"]["default_key"]


@pytest.fixture
def fake_client(tmp_path):
    """A client of an application that has no database: for pages that need none."""
    from server.app import create_app
    from server.config import Config

    return create_app(Config(data_dir=tmp_path), database=object()).test_client()


@pytest.fixture(scope="module")
def door(databases, database_kind, tmp_path_factory):
    """`/json/2` over a demo business of this module's own, as the administrator."""
    from server.app import create_app
    from server.config import Config
    from server.database import Database
    from server.testing.build import build_demo

    url = databases.create(database_kind, "demo", build_demo)
    database = Database(url)
    app = create_app(Config(data_dir=tmp_path_factory.mktemp("json2"), max_body=1024 * 1024), database=database)
    yield Json2(database, app, api_key(app))
    database.engine.dispose()
    databases.drop(url)
