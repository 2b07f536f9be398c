"""A server as it runs in production, with the demo business, on each database: what real clients of the field talk to."""

from __future__ import annotations

import sys
import uuid
import xmlrpc.client
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@dataclass
class Place:
    """Where clients go."""

    url: str
    port: int
    db: str = "colca"
    login: str = "admin"
    password: str = "admin"

    @cached_property
    def key(self) -> str:
        """An API key of the administrator, made as a client makes one."""
        with xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/object") as proxy:
            who = (self.db, 2, self.password, "res.users.apikeys.description")
            wizard = proxy.execute_kw(*who, "create", [{"name": "clients", "duration": "1"}])
            shown: Any = proxy.execute_kw(*who, "make_key", [[wizard]])
        return str(shown["context"]["default_key"])


@pytest.fixture(scope="module")
def place(databases: Any, database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A running server with a demo business of its own; its ledger is checked at the end."""
    from server.testing.build import build_demo, check_ledger
    from server.testing.live import live_server

    url = databases.create(database_kind, "demo", build_demo)
    with live_server(url, tmp_path_factory.mktemp("clients"), COLCA_WORKERS="1") as server:
        yield Place(server.url, server.port)
    from server.database import Database

    opened = Database(url)
    check_ledger(opened)
    opened.engine.dispose()
    databases.drop(url)


@pytest.fixture
def tag() -> str:
    """A word that only this test uses in its records."""
    return uuid.uuid4().hex[:8]
