"""The life of addons on a database with data: install, second run, enable, disable, uninstall, purge; failures leave nothing
behind.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa

from server import Char, Integer, Many2one, Model, SetupError, UserError, hookimpl
from server.addon import lifecycle, state
from server.addon.catalog import read
from server.addon.discovery import Discovery, discover
from server.addon.listing import client_version, entries
from server.addon.purge import purge
from server.database import Database
from server.models.company import ResCompany
from tests.kernel.addon_helpers import addon, entry_points, package

heard: list[tuple[str, str, int, frozenset[str]]] = []


class Level(Model, name="loyalty.level"):
    """A step a customer reaches."""

    name = Char("Level", required=True)
    points = Integer("Points")
    company_id = Many2one("res.company", "Company", required=True)
    checks = {"positive": "points >= 0"}


class LoyalCompany(ResCompany):
    """What loyalty adds to a company."""

    loyalty_level_id = Many2one("loyalty.level", "Level", ondelete="set null")
    loyalty_points = Integer("Points", required=True, server_default="7", index=True)

    def loyal_name(self):
        return f"loyal {self.name}"


class Gift(Model, name="loyalty.gift"):
    """What a level gives."""

    name = Char("Gift", required=True)
    level_id = Many2one("loyalty.level", "Level", required=True)


class LoyaltyHooks:
    class Impls:
        @hookimpl
        def addon_enabled(self, env, company, addon):
            heard.append(("enabled", addon, company.id, env.models.enabled))
            if addon == "loyalty" and not env["loyalty.level"].search_count([]):
                env["loyalty.level"].create({"name": f"First of {company.name}"})

        @hookimpl
        def addon_disabling(self, env, company, addon):
            heard.append(("disabling", addon, company.id, env.models.enabled))
            if addon == "loyalty" and env["loyalty.level"].search_count([("points", ">", 1000)]):
                raise UserError("There are rich customers. Let them spend first.")


def found(*more, **kw) -> Discovery:
    """The addons of these tests: `loyalty`, `gifts` on top of it, `stamps` beside it and glue between the two."""
    made = [
        addon("loyalty", [Level, LoyalCompany], hooks=LoyaltyHooks, **kw),
        addon("gifts", [Gift], depends=["loyalty>=1.0,<3"]),
        addon("stamps"),
        addon("loyalty_stamps", depends=["loyalty", "stamps"], auto_install=True),
        *more,
    ]
    return discover({one.name: one for one in made}.values(), entry_points=[])


@pytest.fixture
def database(database_url):
    heard.clear()
    opened = Database(database_url, extra_addons=list(found().addons.values())[1:])
    opened.run(1, {}, lambda env: env["res.company"].create({"name": "Second company"}))
    yield opened
    opened.engine.dispose()


def tables(database) -> set[str]:
    with database.engine.connect() as conn:
        return set(read(conn))


def columns(database, table) -> set[str]:
    with database.engine.connect() as conn:
        return set(read(conn)[table].columns)


def versions(database) -> dict[str, str]:
    with database.engine.connect() as conn:
        return state.installed(conn)


def test_install_on_a_database_with_data_and_a_second_run(database):
    outcome = lifecycle.install(database, ["gifts"], discovery=found())
    assert outcome.installed == ["loyalty", "gifts"] and outcome.enabled == []
    assert {"loyalty_level", "loyalty_gift"} <= tables(database)
    rows = database.run(1, {}, lambda env: env.execute(sa.text("select loyalty_points, loyalty_level_id from res_company")).all())
    assert [tuple(row) for row in rows] == [(7, None), (7, None)]
    with database.engine.connect() as conn:
        before = state.signals(conn)
    again = lifecycle.install(database, ["gifts"], discovery=found())
    assert not again
    with database.engine.connect() as conn:
        assert state.signals(conn) == before


def test_an_installed_addon_shows_only_where_it_is_enabled(database):
    lifecycle.install(database, ["loyalty"], discovery=found())

    def look(env):
        return (
            "loyalty.level" in env,
            "loyalty_points" in type(env["res.company"])._fields,
            hasattr(env["res.company"], "loyal_name"),
        )

    assert database.run(1, {"allowed_company_ids": [1]}, look) == (False, False, False)
    outcome = lifecycle.enable(database, ["loyalty"], [1], discovery=found())
    assert outcome.enabled == [(1, "loyalty")]
    assert database.run(1, {"allowed_company_ids": [1]}, look) == (True, True, True)
    assert database.run(1, {"allowed_company_ids": [2]}, look) == (False, False, False)
    assert not lifecycle.enable(database, ["loyalty"], [1], discovery=found())


def test_enabling_brings_needs_first_and_glue_after_and_each_is_heard_in_the_company(database):
    lifecycle.install(database, ["gifts", "stamps"], discovery=found())
    assert "loyalty_stamps" in versions(database)
    heard.clear()
    lifecycle.enable(database, ["gifts"], [2], discovery=found())
    assert [(what, name, company) for what, name, company, _on in heard] == [("enabled", "loyalty", 2), ("enabled", "gifts", 2)]
    assert heard[0][3] == {"kernel", "loyalty"}
    heard.clear()
    lifecycle.enable(database, ["stamps"], discovery=found())
    assert [(name, company) for _what, name, company, _on in heard] == [("loyalty_stamps", 2)] or {
        (name, company) for _what, name, company, _on in heard
    } == {("stamps", 2), ("loyalty_stamps", 2)}
    names = database.run(1, {"allowed_company_ids": [2]}, lambda env: env["loyalty.level"].search([]).mapped("name"))
    assert names == ["First of Second company"]


def test_glue_that_comes_later_works_where_all_it_joins_is_there(database):
    lifecycle.install(database, ["loyalty"], companies=lifecycle.ALL, discovery=found())
    lifecycle.install(database, ["stamps"], companies=[2], discovery=found())
    lifecycle.uninstall(database, ["loyalty_stamps"], discovery=found())
    outcome = lifecycle.install(database, ["loyalty_stamps"], discovery=found())
    assert (outcome.installed, outcome.enabled) == (["loyalty_stamps"], [(2, "loyalty_stamps")])


def test_disabling_hides_and_keeps_and_may_be_refused(database):
    lifecycle.install(database, ["gifts", "stamps"], companies=lifecycle.ALL, discovery=found())
    with pytest.raises(SetupError, match="gifts needs it. Disable gifts first"):
        lifecycle.disable(database, ["loyalty"], [1], discovery=found())
    lifecycle.disable(database, ["gifts"], [1], discovery=found())
    heard.clear()
    outcome = lifecycle.disable(database, ["loyalty"], [1], discovery=found())
    assert outcome.disabled == [(1, "loyalty_stamps"), (1, "loyalty")]
    assert [(what, name) for what, name, _company, _on in heard] == [("disabling", "loyalty_stamps"), ("disabling", "loyalty")]
    assert not lifecycle.disable(database, ["loyalty"], [1], discovery=found())
    database.run(1, {"allowed_company_ids": [2]}, lambda env: env["loyalty.level"].search([]).write({"points": 5000}))
    lifecycle.disable(database, ["gifts"], [2], discovery=found())
    with pytest.raises(SetupError, match="Let them spend first"):
        lifecycle.disable(database, ["loyalty"], [2], discovery=found())
    heard.clear()
    lifecycle.enable(database, ["loyalty"], [1], discovery=found())
    assert database.run(1, {"allowed_company_ids": [1]}, lambda env: env["loyalty.level"].search_count([])) == 1


def test_uninstall_keeps_the_data_and_install_brings_it_back(database):
    lifecycle.install(database, ["gifts", "stamps"], companies=lifecycle.ALL, discovery=found())
    with pytest.raises(SetupError, match="gifts needs it. Uninstall gifts first"):
        lifecycle.uninstall(database, ["loyalty"], discovery=found())
    outcome = lifecycle.uninstall(database, ["gifts", "loyalty"], discovery=found())
    assert outcome.uninstalled == ["gifts", "loyalty", "loyalty_stamps"]
    assert set(versions(database)) == {"kernel", "stamps"}
    assert {"loyalty_level", "loyalty_gift"} <= tables(database)
    assert not lifecycle.uninstall(database, ["loyalty"], discovery=found())
    # the rest goes on working on the tables that still have the columns
    database.run(1, {}, lambda env: env["res.company"].create({"name": "Third"}))
    lifecycle.install(database, ["loyalty"], companies=[1], discovery=found())
    names = database.run(1, {"allowed_company_ids": [1]}, lambda env: env["loyalty.level"].search([]).mapped("name"))
    assert names == ["First of My Company"]


def test_purge_counts_first_and_then_drops_exactly_what_is_owned(database):
    before, company = tables(database), columns(database, "res_company")
    lifecycle.install(database, ["gifts", "stamps"], companies=lifecycle.ALL, discovery=found())
    database.run(1, {}, lambda env: env["res.company"].search([], limit=1).write({"loyalty_points": 9}))
    with pytest.raises(SetupError, match="gifts, loyalty_stamps depends on it"):
        purge(database, "loyalty", discovery=found())
    lifecycle.uninstall(database, ["gifts", "loyalty_stamps"], discovery=found())
    with pytest.raises(SetupError, match="Purge gifts first"):
        purge(database, "loyalty", discovery=found())
    purge(database, "gifts", discovery=found())
    dry = purge(database, "loyalty", dry_run=True, discovery=found())
    assert dry.tables == {"loyalty_level": 2}
    assert dry.columns == {("res_company", "loyalty_level_id"): 0, ("res_company", "loyalty_points"): 2}
    assert "loyalty_level" in tables(database)
    done = purge(database, "loyalty", discovery=found())
    assert done.tables == dry.tables and not done.kept
    assert tables(database) == before and columns(database, "res_company") == company
    assert set(versions(database)) == {"kernel", "stamps"}
    companies = database.run(1, {}, lambda env: env["res.company"].search([]).mapped("name"))
    assert sorted(companies) == ["My Company", "Second company"]
    assert not purge(database, "loyalty", discovery=found())
    lifecycle.install(database, ["loyalty"], companies=[1], discovery=found())
    assert "loyalty_level" in tables(database)


def test_purge_works_when_the_package_is_gone(database):
    before, company = tables(database), columns(database, "res_company")
    lifecycle.install(database, ["loyalty"], companies=lifecycle.ALL, discovery=found())
    gone = discover(entry_points=[])
    with pytest.raises(SetupError, match="--missing"):
        purge(database, "loyalty", discovery=gone)
    purge(database, "loyalty", missing=True, discovery=gone)
    assert tables(database) == before and columns(database, "res_company") == company
    with pytest.raises(SetupError, match="nothing in this database"):
        purge(database, "loyalty", missing=True, discovery=gone)


def test_the_kernel_cannot_go(database):
    with pytest.raises(SetupError, match="kernel cannot be uninstalled"):
        lifecycle.uninstall(database, ["kernel"], discovery=found())
    with pytest.raises(SetupError):
        purge(database, "kernel", discovery=found())


def test_a_refusal_while_enabling_rolls_the_whole_install_back(database):
    class Refusing:
        class Impls:
            @hookimpl
            def addon_enabled(self, env, company, addon):
                if addon == "picky":
                    raise UserError("This company has no tax number. Enter it first.")

    picky = addon("picky", depends=["loyalty"], hooks=Refusing)
    before = tables(database)
    with pytest.raises(SetupError, match="picky cannot be enabled for My Company: This company has no tax number"):
        lifecycle.install(database, ["picky"], companies=lifecycle.ALL, discovery=found(picky))
    assert tables(database) == before
    assert set(versions(database)) == {"kernel"}
    assert database.run(1, {}, lambda env: env["res.company"].search_count([])) == 2


def test_unknown_names_are_refused(database):
    for call in (lifecycle.install, lifecycle.enable, lifecycle.disable, lifecycle.uninstall):
        with pytest.raises(SetupError, match="nowhere is not available"):
            call(database, ["nowhere"], discovery=found())
    with pytest.raises(SetupError, match="colca addon install loyalty"):
        lifecycle.enable(database, ["loyalty"], discovery=found())
    lifecycle.install(database, ["loyalty"], discovery=found())
    with pytest.raises(SetupError, match="no company with the id 99"):
        lifecycle.enable(database, ["loyalty"], [99], discovery=found())


def test_an_empty_database_says_so(blank_url):
    opened = Database(blank_url)
    with opened.engine.connect() as conn:
        assert (state.installed(conn), state.enabled(conn), state.signals(conn)) == ({}, {}, (0, 0))
    with pytest.raises(SetupError, match="colca init"):
        lifecycle.enable(opened, ["base"])
    opened.engine.dispose()


def test_the_first_rows_have_the_promised_ids(database):
    def look(env):
        return [env.ref(xmlid).id for xmlid in ("base.main_company", "base.user_root", "base.user_admin")]

    assert database.run(1, {}, look) == [1, 1, 2]


def test_another_process_takes_the_new_registry_before_its_next_call(database):
    other = Database(database.url, extra_addons=database.extra_addons)
    assert other.run(1, {"allowed_company_ids": [1]}, lambda env: "loyalty.level" in env) is False
    lifecycle.install(database, ["loyalty"], companies=[1])
    assert other.run(1, {"allowed_company_ids": [1]}, lambda env: env["loyalty.level"].search_count([])) == 1
    lifecycle.uninstall(database, ["loyalty"])
    assert other.run(1, {"allowed_company_ids": [1]}, lambda env: "loyalty.level" in env) is False
    other.engine.dispose()


def test_a_process_of_its_own_sees_it_too(database):
    """A second interpreter waits at a prompt; between two calls the first one installs an addon."""
    program = (
        "import sys\n"
        "from server.database import Database\n"
        "from tests.kernel.test_addon_lifecycle import found\n"
        "db = Database(sys.argv[1], extra_addons=list(found().addons.values())[1:])\n"
        "for line in sys.stdin:\n"
        "    print(db.run(1, {'allowed_company_ids': [1]}, lambda env: 'loyalty.level' in env), flush=True)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, database.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        answers = []
        for step in (
            lambda: None,
            lambda: lifecycle.install(database, ["loyalty"], companies=[1]),
            lambda: lifecycle.disable(database, ["loyalty"]),
        ):
            step()
            child.stdin.write("look\n")
            child.stdin.flush()
            answers.append(child.stdout.readline().strip())
        assert answers == ["False", "True", "False"]
    finally:
        child.communicate(timeout=20)


BROKEN = {
    "broken_owner": "good.thing.points already belongs to addon good",
    "broken_required": "must be nullable or have server_default",
    "broken_unknown": "extends the unknown model nowhere.model",
    "broken_relation": "unknown model nowhere.model",
    "broken_models": "models of no use",
    "broken_hook": "thing_becoming_better",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_addon_is_refused_in_words_and_changes_nothing(database, name):
    discovery = discover(entry_points=entry_points("good", name))
    lifecycle.install(database, ["good"], companies=[1], discovery=discovery)
    before = tables(database)
    with pytest.raises(SetupError, match=BROKEN[name]) as caught:
        lifecycle.install(database, [name], discovery=discovery)
    assert name in str(caught.value)
    assert tables(database) == before and name not in versions(database)


def test_the_server_runs_on_without_a_broken_addon_and_those_that_need_it(database):
    lifecycle.install(database, ["gifts", "stamps"], companies=lifecycle.ALL, discovery=found())

    class Wrong(ResCompany):
        name = Char("Mine", required=True)

    broken = found(addon("loyalty", [Level, LoyalCompany, Wrong]))
    registry, failed = lifecycle.build(broken, versions(database))
    assert set(failed) == {"loyalty", "gifts", "loyalty_stamps"}
    assert "res.company.name already belongs to addon kernel" in str(failed["loyalty"])
    assert "needs loyalty, which is broken" in str(failed["gifts"])
    assert [one.name for one in registry.addons] == ["kernel", "stamps"]
    with database.engine.connect() as conn:
        shown = {entry.name: entry for entry in entries(conn, broken, failed)}
    assert shown["loyalty"].status == "failed" and shown["stamps"].status == "installed" and shown["stamps"].companies == [1, 2]
    # the whole server does the same when it starts on this machine
    crippled = Database(database.url, extra_addons=[one for one in broken.addons.values() if one.name != "kernel"])
    assert (
        crippled.run(1, {"allowed_company_ids": [1]}, lambda env: env["res.company"].create({"name": "Still works"}).name)
        == "Still works"
    )
    assert set(crippled.failed) == {"loyalty", "gifts", "loyalty_stamps"}
    crippled.engine.dispose()


def test_a_package_that_disappears_leaves_a_working_server(database):
    lifecycle.install(database, ["loyalty"], companies=lifecycle.ALL, discovery=found())
    poor = Database(database.url)
    assert poor.run(1, {"allowed_company_ids": [1]}, lambda env: "loyalty.level" in env) is False
    assert "purge --missing loyalty" in str(poor.failed["loyalty"])
    poor.run(1, {}, lambda env: env["res.company"].create({"name": "Fourth"}))
    poor.engine.dispose()


def test_a_new_company_gets_its_addons(database):
    lifecycle.install(database, ["gifts"], companies=[1], discovery=found())
    new = database.run(1, {}, lambda env: env["res.company"].create({"name": "New"}).id)
    with database.engine.connect() as conn:
        template = state.enabled(conn)[1]
    lifecycle.enable_for(database, new, template)
    with database.engine.connect() as conn:
        assert state.enabled(conn)[new] == {"kernel", "loyalty", "gifts"}


def test_the_rows_clients_probe(database):
    lifecycle.install(database, ["loyalty"], discovery=found())

    def look(env):
        rows = env["ir.module.module"].search([("name", "in", ["loyalty", "gifts"])], order="name")
        return [(row.name, row.state, row.latest_version, row.installed_version) for row in rows]

    assert database.run(1, {}, look) == [
        ("gifts", "uninstalled", None, "19.0.1.0"),
        ("loyalty", "installed", "19.0.1.0", "19.0.1.0"),
    ]
    assert client_version("1.3.2.dev1") == "19.0.1.3.2"
    assert client_version("2") == "19.0.2.0"


def test_migrations_run_once_in_order_around_the_sync(database, tmp_path):
    name = package(
        tmp_path,
        {
            "migrations/1.5_pre.py": "def migrate(op, conn):\n    op.execute(\"update loyalty_level set name = name || ' pre'\")\n",
            "migrations/2.0_post.py": "def migrate(op, env):\n    for level in env['loyalty.level'].search([]):\n        level.name += ' post'\n",
            "migrations/9.0_post.py": "def migrate(op, env):\n    raise ValueError('not yet')\n",
            "migrations/1.0_pre.py": "def migrate(op, conn):\n    raise ValueError('long past')\n",
        },
    )
    lifecycle.install(database, ["loyalty"], companies=[1], discovery=found(package=name))

    class Stars(Level):
        stars = Integer("Stars", required=True, default=3)

    newer = found(addon("loyalty", [Level, LoyalCompany, Stars], version="2.0", package=name, hooks=LoyaltyHooks))
    assert "loyalty" in lifecycle.build(newer, versions(database))[1]
    planned = lifecycle.upgrade(database, ["loyalty"], only_plan=True, discovery=newer)
    assert planned.upgraded == [("loyalty", "1.0", "2.0")]
    text = "\n".join(planned.statements)
    assert "-- loyalty: 1.5_pre.py" in text and "ADD COLUMN stars" in text and "-- loyalty: 2.0_post.py" in text
    assert versions(database)["loyalty"] == "1.0" and "stars" not in columns(database, "loyalty_level")

    outcome = lifecycle.upgrade(database, ["loyalty"], discovery=newer)
    assert outcome.upgraded == [("loyalty", "1.0", "2.0")]
    after = Database(database.url, extra_addons=[one for one in newer.addons.values() if one.name != "kernel"])
    rows = after.run(
        1, {"allowed_company_ids": [1]}, lambda env: [(one.name, one.stars) for one in env["loyalty.level"].search([])]
    )
    assert rows == [("First of My Company pre post", 3)]
    assert not lifecycle.upgrade(database, ["loyalty"], discovery=newer)
    after.engine.dispose()
    with pytest.raises(SetupError, match="the package is older"):
        lifecycle.upgrade(database, ["loyalty"], discovery=found(package=name))


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            "def migrate(op, conn):\n    op.execute('update loyalty_level set points = 5')\n    raise ValueError('half way')\n",
            "half way",
        ),
        ("def migrate(cr):\n    pass\n", "must define"),
        ("import nothing_of_the_kind\n", "nothing_of_the_kind"),
    ],
)
def test_a_failed_migration_changes_nothing(database, tmp_path, script, words):
    name = package(tmp_path, {"migrations/2.0_pre.py": script})
    lifecycle.install(database, ["loyalty"], companies=[1], discovery=found(package=name))
    with pytest.raises(SetupError, match=words) as caught:
        lifecycle.upgrade(
            database, discovery=found(addon("loyalty", [Level, LoyalCompany], version="2.0", package=name, hooks=LoyaltyHooks))
        )
    assert "2.0_pre.py" in str(caught.value)
    assert versions(database)["loyalty"] == "1.0"
    assert database.run(1, {"allowed_company_ids": [1]}, lambda env: env["loyalty.level"].search([]).mapped("points")) == [0]


def test_a_column_left_behind_by_the_new_version_does_not_hinder(database):
    class Strict(Model, name="loyalty.card"):
        """A card."""

        name = Char("Card", required=True)
        colour = Char("Colour", required=True)

    class Relaxed(Model, name="loyalty.card"):
        """A card, a version later."""

        name = Char("Card", required=True)

    def cards(definition, version):
        return discover([addon("cards", [definition], version=version)], entry_points=[])

    lifecycle.install(database, ["cards"], companies=[1], discovery=cards(Strict, "1.0"))
    old = Database(database.url, extra_addons=[cards(Strict, "1.0").addons["cards"]])
    old.run(1, {"allowed_company_ids": [1]}, lambda env: env["loyalty.card"].create({"name": "One", "colour": "red"}).id)
    outcome = lifecycle.upgrade(database, ["cards"], discovery=cards(Relaxed, "2.0"))
    assert "drop not null loyalty_card.colour" in [str(operation) for operation in outcome.plan.operations]
    new = Database(database.url, extra_addons=[cards(Relaxed, "2.0").addons["cards"]])
    new.run(1, {"allowed_company_ids": [1]}, lambda env: env["loyalty.card"].create({"name": "Two"}).id)
    rows = new.run(1, {}, lambda env: env.execute(sa.text("select name, colour from loyalty_card order by id")).all())
    assert [tuple(row) for row in rows] == [("One", "red"), ("Two", None)]
    purge(database, "cards", discovery=cards(Relaxed, "2.0"))
    assert "loyalty_card" not in tables(database)
    old.engine.dispose()
    new.engine.dispose()


def test_two_operations_at_once_wait_for_each_other(database):
    """The second sees the result of the first, and has nothing left to do."""
    from concurrent.futures import ThreadPoolExecutor

    other = Database(database.url)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(lifecycle.install, one, ["loyalty"], discovery=found()) for one in (database, other)]
        done = sorted(bool(run.result(60)) for run in runs)
    assert done == [False, True]
    other.engine.dispose()


def test_a_settled_database_is_looked_at_with_a_handful_of_queries(database, count_statements):
    """However many tables there are: every lifecycle command begins with it."""
    from server.addon import schema

    registry = database.registry
    with database.engine.connect() as conn, count_statements(conn) as seen:
        assert not schema.plan(conn, registry.metadata)
    assert len(seen) <= 6, seen.report()
