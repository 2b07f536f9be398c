"""Fixtures that several test files of the addons share; each under a name of its own, so that none shadows the platform's."""

from tests.addons.stock_fixtures import goods, stock_db, stock_env, stock_shared

__all__ = ["goods", "stock_db", "stock_env", "stock_shared"]
