"""Databases with the small shop of `record_models`, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.kernel import record_models


@pytest.fixture
def shop(databases: Any, database_kind: str) -> Iterator[Any]:
    """A `Database` of the test's own with the shop installed."""
    url = databases.create(database_kind, "shop", record_models.build_shop)
    opened = record_models.opened(url)
    record_models.Hooks.heard.clear()
    yield opened
    opened.engine.dispose()
    databases.drop(url)


@pytest.fixture(scope="session")
def shared_shop(databases: Any, database_kind: str) -> Iterator[Any]:
    """The same for all tests that roll back what they do."""
    url = databases.create(database_kind, "shop", record_models.build_shop)
    opened = record_models.opened(url)
    yield opened
    opened.engine.dispose()
    databases.drop(url)


@pytest.fixture
def shop_env(shared_shop: Any) -> Iterator[Any]:
    """The system user's environment in the first company; everything is rolled back at the end."""
    from server.testing.build import rolled_back

    record_models.Hooks.heard.clear()
    with rolled_back(shared_shop, "__nobody__") as env:
        yield env
