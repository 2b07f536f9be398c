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
        return SimpleNamespace(holds=lambda env: True, permit=lambda model, method: None) if (uid, password) == (2, "admin") else None

    monkeypatch.setattr(credentials, "check", check)
    monkeypatch.setattr(credentials, "prove", prove)
    app = create_app(Config(data_dir=tmp_path, max_body=1024 * 1024), database=Fake())
    return app.test_client()
