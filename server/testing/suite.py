"""`AddonSuite`: the tests every addon gets for naming itself.

    from server.testing import AddonSuite

    class TestLoyalty(AddonSuite):
        addon = "acme_loyalty"

The static tests read the addon's files; the others work on a database in which just this addon and what it needs is installed, on
SQLite and on PostgreSQL. What they demand is what a partner's addon is judged by; `docs/addons/testing.md` has the list.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from server.testing.databases import Databases

if TYPE_CHECKING:
    from server.addon.manifest import Addon
    from server.database import Database
    from server.model.environment import Environment

#: Folders of an addon that hold files the manifest must name.
DATA_ROOMS = ("data", "demo")
PLACE = re.compile(r"%\((\w+)\)")


class Subject:
    """The addon under test: manifest, folder, and what its files say."""

    def __init__(self, name: str) -> None:
        from server.addon.discovery import discover

        discovery = discover()
        if name not in discovery.addons:
            reason = discovery.failed.get(name, "no entry point of the group colca.addons has this name")
            pytest.fail(f"The addon {name} cannot be found: {reason}", pytrace=False)
        self.name = name
        self.addons = discovery.addons
        self.manifest: Addon = discovery.addons[name]
        self.package: str = self.manifest.package or name
        self.folder: Path = self.manifest.path

    @cached_property
    def sources(self) -> dict[Path, ast.Module]:
        """Python files of the addon without its tests, parsed."""
        found = {}
        for path in sorted(self.folder.rglob("*.py")):
            if not {"tests", "__pycache__"} & set(path.relative_to(self.folder).parts):
                found[path] = ast.parse(path.read_text(encoding="utf-8"), str(path))
        return found

    def imported(self) -> Iterator[tuple[Path, int, str]]:
        """(file, line, module) of every import, relative ones resolved."""
        for path, tree in self.sources.items():
            package = [self.package, *path.relative_to(self.folder).parent.parts]
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    for alias in node.names:
                        yield path, node.lineno, alias.name
                elif isinstance(node, ast.ImportFrom):
                    if not node.level:
                        yield path, node.lineno, node.module or ""
                    else:
                        base = package[: len(package) - node.level + 1]
                        yield path, node.lineno, ".".join([*base, *((node.module or "").split(".") if node.module else [])])

    @cached_property
    def needs(self) -> set[str]:
        """The addon, the kernel and all it depends on, however far."""
        found: set[str] = {"kernel"}
        todo = [self.name]
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo.extend(self.addons[name].needs if name in self.addons else ())
        return found


class AddonSuite:
    """Subclass it and name the addon; pytest finds the tests. Override a class attribute, never a test, when something does not
    apply.
    """

    #: technical name of the addon
    addon: ClassVar[str] = ""
    #: languages every text must be translated to
    languages: ClassVar[tuple[str, ...]] = ("es",)
    #: public methods (`model.method`) that cannot be called without preparation; say why where you name one
    uncallable: ClassVar[frozenset[str]] = frozenset()
    #: columns of other addons' tables that stay after a purge on purpose
    keeps: ClassVar[frozenset[str]] = frozenset()

    # -- fixtures -------------------------------------------------------------------------------------------------

    @pytest.fixture
    def subject(self) -> Subject:
        """Manifest and files of the addon."""
        return _subject(type(self).addon)

    @pytest.fixture(scope="class")
    @classmethod
    def installed_url(cls, databases: Databases, database_kind: str) -> Iterator[str]:
        """Address of a database with just this addon and what it needs, enabled for the only company."""
        from server.testing.build import build_addon

        name = _subject(cls.addon).name
        url = databases.create(database_kind, f"addon_{name}", lambda address: build_addon(address, name))
        yield url
        databases.drop(url)

    @pytest.fixture(scope="class")
    @classmethod
    def installed(cls, installed_url: str) -> Iterator[Database]:
        """That database, opened."""
        from server.database import Database

        database = Database(installed_url)
        yield database
        database.engine.dispose()

    @pytest.fixture
    def alone(self, installed: Database) -> Iterator[Environment]:
        """The system user's environment there; rolled back at the end."""
        from server.testing.build import rolled_back

        with rolled_back(installed, "__system__") as env:
            yield env

    # -- files ----------------------------------------------------------------------------------------------------

    def test_has_a_readme(self, subject: Subject) -> None:
        """One page says what the addon adds and why."""
        readme = subject.folder / "README.md"
        assert readme.is_file(), f"{subject.name} has no README.md: write one page about what it adds and why."
        assert len(readme.read_text(encoding="utf-8").split()) >= 30, "The README says next to nothing."

    def test_manifest_holds_nothing_else(self, subject: Subject) -> None:
        """`__init__.py` is the manifest: importing an addon's package must stay cheap and have no effects."""
        tree = subject.sources[subject.folder / "__init__.py"]
        other = [
            node.lineno
            for node in tree.body
            if not isinstance(node, (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign))
            and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ]
        assert not other, f"__init__.py does more than declaring the manifest, in lines {other}."
        assert subject.manifest.summary, "The manifest has no summary."

    def test_data_files_are_named(self, subject: Subject) -> None:
        """Every file of `data/` and `demo/` is named in the manifest, and every named file exists."""
        named = {*subject.manifest.data, *subject.manifest.demo}
        missing = sorted(name for name in named if not (subject.folder / name).is_file())
        assert not missing, f"The manifest names files that do not exist: {missing}."
        present = {
            path.relative_to(subject.folder).as_posix()
            for room in DATA_ROOMS
            for path in (subject.folder / room).rglob("*")
            if path.suffix in (".csv", ".yaml", ".yml")
        }
        unused = sorted(present - named)
        assert not unused, f"The manifest does not name these files, so nobody loads them: {unused}."

    def test_depends_are_complete(self, subject: Subject) -> None:
        """Nothing is imported from an addon that the manifest does not name."""
        allowed = {subject.name, *subject.manifest.needs}
        owners = {addon.package: name for name, addon in subject.addons.items() if addon.package and name != "kernel"}
        wrong = []
        for path, line, module in subject.imported():
            for package, name in owners.items():
                if (module == package or module.startswith(f"{package}.")) and name not in allowed:
                    wrong.append(f"{path.relative_to(subject.folder)}:{line} imports {module}: add {name} to depends.")
        assert not wrong, "\n".join(wrong)

    def test_every_model_has_access_lines(self, subject: Subject) -> None:
        """A model without a line in `security/access.csv` is closed to everybody."""
        from server.model.definition import definitions_of

        _import_models(subject)
        models = {definition.model_name for definition in definitions_of(f"{subject.package}.models") if definition.is_base}
        lines = list(_access_lines(subject.folder))
        open_models = {line["model"] for line in lines}
        closed = sorted(models - open_models)
        assert not closed, f"Models without a line in security/access.csv: {closed}."
        unreadable = [
            line["id"] for line in lines if set(line.get("operations") or "") - set("rwcd") or not line.get("operations")
        ]
        assert not unreadable, f"Lines of access.csv whose operations are not letters of rwcd: {unreadable}."

    def test_translations_are_complete(self, subject: Subject) -> None:
        """Every text marked with `_()` is translated, with the same places in it."""
        from server.i18n import messages_of, read_po

        texts = messages_of(subject.folder)
        problems: list[str] = []
        for lang in type(self).languages:
            path = subject.folder / "locale" / lang / "LC_MESSAGES" / f"{subject.name}.po"
            if not path.is_file():
                if texts:
                    problems.append(
                        f"There is no {path.relative_to(subject.folder)}; `colca addon i18n extract {subject.name}` makes it."
                    )
                continue
            known = read_po(path)
            problems += [
                f"{lang}: {text!r} ({places[0][0]}:{places[0][1]})" for text, places in texts.items() if text not in known
            ]
        for path in sorted((subject.folder / "locale").glob(f"*/LC_MESSAGES/{subject.name}.po")):
            for msgid, msgstr in read_po(path).items():
                if set(PLACE.findall(msgid)) != set(PLACE.findall(msgstr)):
                    problems.append(f"{path.parent.parent.name}: the places of {msgid!r} are not those of {msgstr!r}.")
        assert not problems, f"{len(problems)} texts are not translated:\n" + "\n".join(problems)

    def test_hooks_are_documented_and_tested(self, subject: Subject, request: pytest.FixtureRequest) -> None:
        """Each hook says when it is called and what its arguments are, and some test names it."""
        from server.hooks import HookRegistry

        registry = HookRegistry([addon for addon in subject.addons.values() if addon.name == subject.name])
        tests = _test_texts(request)
        problems = []
        for spec in registry.specs.values():
            if spec.addon != subject.name:
                continue
            if len(spec.doc.split()) < 15:
                problems.append(
                    f"{spec.name}: the docstring must say when it is called, what may be raised, what two implementations mean."
                )
            unexplained = [name for name in spec.arguments if name != "env" and name not in spec.doc]
            if unexplained:
                problems.append(f"{spec.name}: the docstring does not explain {', '.join(unexplained)}.")
            if not re.search(rf"\b{spec.name}\b", tests):
                problems.append(f"{spec.name}: no test names it.")
        assert not problems, "\n".join(problems)

    # -- composed -------------------------------------------------------------------------------------------------

    def test_definitions_are_described(self, subject: Subject, installed: Database) -> None:
        """Models have a sentence that says what a record is, and labels of fields can be translated."""
        from server.text import Text

        problems = []
        registry = installed.registry
        for model, parts in registry.definitions.items():
            if parts[0][0] == subject.name and not (parts[0][1].__doc__ or "").strip():
                problems.append(f"{model}: the definition has no docstring.")
            for field in registry.fields[model].values():
                if field.addon == subject.name and field.string is not None and not isinstance(field.string, Text):
                    problems.append(f"{model}.{field.name}: the label {field.string!r} is not marked with _().")
        assert not problems, "\n".join(problems)

    def test_relations_point_back(self, subject: Subject, installed: Database) -> None:
        """A one2many names a many2one of the other model that points back."""
        from server.model.relational import One2many

        problems = []
        models = installed.registry.for_enabled(frozenset(subject.needs))
        for name, cls in models.classes.items():
            for field in cls._fields.values():
                if field.addon != subject.name or field.model_name != name:
                    continue
                if field.comodel and field.comodel not in models.classes:
                    problems.append(
                        f"{name}.{field.name} points to {field.comodel}, which is not among the addons it depends on."
                    )
                elif isinstance(field, One2many) and not field.computed:
                    inverse = models.classes[field.comodel]._fields.get(field.inverse_name)
                    if inverse is None:
                        problems.append(f"{name}.{field.name}: {field.comodel} has no field {field.inverse_name}.")
                    elif inverse.type == "many2one" and inverse.comodel != name and not _inherits(models, name, inverse.comodel):
                        problems.append(f"{name}.{field.name}: {field.comodel}.{field.inverse_name} points to {inverse.comodel}.")
        assert not problems, "\n".join(problems)

    def test_views_fit_the_models(self, subject: Subject, alone: Environment) -> None:
        """Views, extensions, actions and menus name what exists, and groups that exist."""
        from server.views.compose import views_of

        composed = views_of(alone.database.registry.for_enabled(frozenset(subject.needs)))
        problems = [str(problem) for problem in composed.problems if problem.addon == subject.name]
        for group, where in _groups_in(composed, subject.name):
            if alone.ref(group, raise_if_missing=False) is None:
                problems.append(f"{where}: there is no group {group}.")
        assert not problems, "\n".join(problems)

    def test_views_are_served(self, subject: Subject, alone: Environment) -> None:
        """`get_views` answers for every model of the addon."""
        from server.views.service import get_views, load_menus

        for model, parts in alone.database.registry.definitions.items():
            if parts[0][0] == subject.name:
                answer = get_views(alone[model], [(False, "list"), (False, "form"), (False, "search")])
                assert set(answer["views"]) == {"list", "form", "search"}
        load_menus(alone)

    def test_records_can_be_read(self, subject: Subject, alone: Environment) -> None:
        """Every field of every model can be read, on what records there are, and described."""
        for model, parts in alone.database.registry.definitions.items():
            if parts[0][0] == subject.name:
                records = alone[model].with_context(active_test=False).search([], limit=5)
                assert len(records.read()) == len(records)
                assert "id" in alone[model].fields_get()

    def test_actions_answer(self, subject: Subject, installed: Database) -> None:
        """A public method without arguments answers on no record and on one, with a value or a refusal in words."""
        from server.testing.sampling import call_actions

        problems = call_actions(installed, subject.name, type(self).uncallable)
        assert not problems, "\n".join(problems)

    # -- life -----------------------------------------------------------------------------------------------------

    def test_install_disable_purge(self, subject: Subject, database: Database) -> None:
        """Install, disable, uninstall, purge and install again: nothing is left behind, nothing foreign is touched."""
        import sqlalchemy as sa

        from server.addon import lifecycle
        from server.addon.purge import purge
        from server.testing.build import reading

        needed = [name for name in subject.manifest.needs if name != "kernel"]
        if needed:
            lifecycle.install(database, needed, companies=lifecycle.ALL)
        triggered = subject.name in lifecycle_installed(database)
        before = _schema(database)
        if not triggered:
            assert lifecycle.install(database, [subject.name], companies=lifecycle.ALL)
        assert not lifecycle.install(database, [subject.name], companies=lifecycle.ALL), (
            "A second installation is not without effect."
        )
        with reading(database) as connection:
            counts = {
                table: connection.execute(sa.text(f'select count(*) from "{table}"')).scalar()
                for table in before
                if table in before
            }
        lifecycle.disable(database, [subject.name])
        lifecycle.enable(database, [subject.name])
        lifecycle.uninstall(database, [subject.name])
        planned = purge(database, subject.name, dry_run=True)
        assert planned is not None
        purge(database, subject.name)
        after = _schema(database)
        if not triggered:
            left = {
                table: sorted(columns - before.get(table, set()))
                for table, columns in after.items()
                if columns - before.get(table, set()) - type(self).keeps
            }
            assert not left, f"Purge left behind: {left}"
        lost = {
            table: sorted(columns - after.get(table, set()))
            for table, columns in before.items()
            if columns - after.get(table, set())
        }
        if not triggered:
            assert not lost, f"Purge took away what belongs to others: {lost}"
        with reading(database) as connection:
            for table in counts:
                if table in after and not table.startswith("ir_"):
                    assert connection.execute(sa.text(f'select count(*) from "{table}"')).scalar() is not None
        lifecycle.install(database, [subject.name], companies=lifecycle.ALL)
        assert subject.name in lifecycle_installed(database)


_subjects: dict[str, Subject] = {}


def _subject(name: str) -> Subject:
    if not name:
        pytest.fail('Name the addon: `addon = "…"` in the subclass of AddonSuite.', pytrace=False)
    if name not in _subjects:
        _subjects[name] = Subject(name)
    return _subjects[name]


def lifecycle_installed(database: Database) -> dict[str, str]:
    """Name → version of what is installed in `database`."""
    from server.addon import state
    from server.testing.build import reading

    with reading(database) as connection:
        return dict(state.installed(connection))


def _schema(database: Database) -> dict[str, set[str]]:
    """Table → names of its columns."""
    import sqlalchemy as sa

    from server.testing.build import reading

    with reading(database) as connection:
        columns = sa.inspect(connection).get_multi_columns()
    return {name: {column["name"] for column in found} for (_schema_name, name), found in columns.items()}


def _import_models(subject: Subject) -> None:
    import importlib
    import importlib.util

    if importlib.util.find_spec(f"{subject.package}.models") is not None:
        importlib.import_module(f"{subject.package}.models")


def _access_lines(folder: Path) -> Iterator[dict[str, str]]:
    path = folder / "security" / "access.csv"
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def _inherits(models: Any, name: str, ancestor: str) -> bool:
    """Whether records of `name` delegate to `ancestor`."""
    return ancestor in models.classes[name]._inherits


def _groups_in(composed: Any, addon: str) -> Iterator[tuple[str, str]]:
    def of(elements: Any, view: str) -> Iterator[tuple[str, str]]:
        for element in elements:
            if element.addon == addon:
                for group in element.attributes.get("groups", ()):
                    yield group, f"{view}, {element.key}"
            for _name, part in element.parts():
                yield from of(part, view)

    for view in composed.views.values():
        yield from of(view.roots.values(), view.name)
    for declared in (*composed.menus.values(), *composed.actions.values()):
        if declared.addon == addon:
            for group in declared.groups:
                yield group, declared.name


def _test_texts(request: pytest.FixtureRequest) -> str:
    """The text of all test files near the test that asks, and of the project's `tests/`."""
    folders = {request.path.parent, request.config.rootpath / "tests"}
    return "\n".join(
        path.read_text(encoding="utf-8") for folder in folders if folder.is_dir() for path in sorted(folder.rglob("test_*.py"))
    )
