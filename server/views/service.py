"""What the doors answer about views: `get_views`, the menus a user sees, and window actions, as plain data in the reader's
language.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from server.errors import FieldError, MissingError
from server.text import Text, _, render
from server.views.compose import ViewSet, views_of
from server.views.declarations import Action, FormView, ListView, Menu, SearchView, View
from server.views.elements import Element, Field, Group

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.model.records import Records

KINDS = ("list", "form", "search")
#: Older names of the same kinds.
OLDER = {"tree": "list"}
#: Fields not shown in views made for models that declare none.
UNSHOWN = frozenset({"id", "display_name", "create_date", "create_uid", "write_date", "write_uid"})


def get_views(records: Records, views: Sequence[Sequence[Any]], options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The views of a model and the fields they need.

    :param views: pairs (view, kind): the view is False for the default one, or a name or number of a view; kinds are list, form,
        search.
    :param options: accepted as clients send them; `load_filters` adds an empty `filters` to the search view.
    :return: `{"views": {kind: {"arch", "model", "id", "name"}}, "models": {model: {"fields": fields_get}}}`.
    :raises ValueError: an unknown kind, or a view of another model or kind.
    :raises MissingError: no view of that name.
    """
    env = records.env
    composed = views_of(env.models)
    answer: dict[str, Any] = {"views": {}, "models": {}}
    needed = {records._name}
    fields: dict[str, dict[str, Any]] = {}
    for wanted, asked in views:
        kind = OLDER.get(asked, asked)
        if kind not in KINDS:
            raise FieldError(_("There is no kind of view %(kind)r; there are list, form and search.", kind=asked))
        view = _choose(composed, records, wanted, kind)
        arch = _view(env, view, fields, needed)
        entry: dict[str, Any] = {"arch": arch, "model": view.model, "id": number(view.name), "name": view.name}
        if kind == "search" and options and options.get("load_filters"):
            entry["filters"] = []
        answer["views"][asked] = entry
    for model in sorted(needed):
        answer["models"][model] = {"fields": _fields(env, model, fields)}
    return answer


def load_menus(env: Environment) -> list[dict[str, Any]]:
    """The menus the user sees in the current company, as a tree.

    :return: root entries, each `{"name", "label", "icon", "action", "children"}`; `action` is a window action or None. Entries
        without anything to open below them are left out.
    """
    composed = views_of(env.models)
    below: dict[str | None, list[Menu]] = {}
    for menu in composed.menus.values():
        below.setdefault(menu.parent, []).append(menu)

    def tree(parent: str | None) -> list[dict[str, Any]]:
        entries = []
        for menu in sorted(below.get(parent, ()), key=lambda menu: (menu.sequence, menu.name)):
            if not _allowed(env, menu.groups):
                continue
            action = composed.actions.get(menu.action) if menu.action else None
            if action is not None and not _may_open(env, action):
                continue
            children = tree(menu.name)
            if action is None and not children:
                continue
            entries.append(
                {
                    "name": menu.name,
                    "label": render(menu.label, env.lang),
                    "icon": menu.icon or False,
                    "action": _action(env, action) if action is not None else False,
                    "children": children,
                }
            )
        return entries

    return tree(None)


def window_action(env: Environment, name: str, **changes: Any) -> dict[str, Any]:
    """The declared action `name` as a window action for clients, with `changes` (domain, context, res_id, views …) laid over it.

    :raises MissingError: no enabled addon declares it.
    """
    action = views_of(env.models).actions.get(name)
    if action is None:
        raise MissingError(_("There is no action %(name)s in this company. Enable the addon that declares it.", name=name))
    return {**_action(env, action), **changes}


def number(name: str) -> int:
    """A stable number for a named view, action or menu: some clients know views only by number."""
    return zlib.crc32(name.encode()) & 0x7FFFFFFF


def _choose(composed: ViewSet, records: Records, wanted: Any, kind: str) -> View:
    model = records._name
    if wanted in (None, False, "", 0):
        return composed.default(model, kind) or plain_view(records, kind)
    if isinstance(wanted, str):
        view = composed.views.get(wanted)
    else:
        view = next((view for view in composed.views.values() if number(view.name) == wanted), None)
        if view is None and number(f"{model}.{kind}") == wanted:
            view = plain_view(records, kind)
    if view is None:
        raise MissingError(_("There is no view %(name)s in this company.", name=wanted))
    if view.model != model or view.kind != kind:
        raise FieldError(_("The view %(name)s is a %(kind)s of %(model)s.", name=view.name, kind=view.kind, model=view.model))
    return view


def plain_view(records: Records, kind: str) -> View:
    """The view of a model that declares none: name and a few columns, or all fields."""
    cls = type(records)
    model = records._name
    shown = [
        field.name
        for field in cls._fields.values()
        if field.name not in UNSHOWN and field.type not in ("binary", "json") and not (field.computed and not field.stored)
    ]
    title = cls._rec_name if cls._rec_name in cls._fields else "display_name"
    if kind == "search":
        searchable = title if title != "display_name" else next(iter(shown), "id")
        return SearchView(f"{model}.search", model=model, fields=[Field(searchable)])
    if kind == "list":
        columns = [title, *[name for name in shown if name != title and cls._fields[name].type not in ("one2many", "many2many")]]
        return ListView(f"{model}.list", model=model, fields=[Field(name) for name in columns[:8]])
    columns = [title, *[name for name in shown if name != title]] if title != "display_name" else shown
    return FormView(f"{model}.form", Group("fields", *[Field(name) for name in columns]), model=model)


def _fields(env: Environment, model: str, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if model not in known:
        known[model] = env[model].fields_get()
    return known[model]


def _allowed(env: Environment, groups: Iterable[str]) -> bool:
    groups = tuple(groups)
    return not groups or env.su or any(env.has_group(group) for group in groups)


def _may_open(env: Environment, action: Action) -> bool:
    if not _allowed(env, action.groups):
        return False
    return env.su or bool(env[action.model].has_access("read"))


def _action(env: Environment, action: Action) -> dict[str, Any]:
    context = dict(action.context)
    for name in action.search:
        context[f"search_default_{name}"] = 1
    return {
        "type": "ir.actions.act_window",
        "id": number(action.name),
        "xml_id": action.name,
        "name": render(action.label, env.lang),
        "res_model": action.model,
        "view_mode": ",".join(kind for _name, kind in action.views),
        "views": [[number(name) if name else False, kind] for name, kind in action.views],
        "domain": _plain(action.domain, env.lang),
        "context": _plain(context, env.lang),
        "target": action.target,
        "help": render(action.help, env.lang) if action.help else False,
    }


def _view(env: Environment, view: View, fields: dict[str, dict[str, Any]], needed: set[str]) -> dict[str, Any]:
    arch: dict[str, Any] = {"type": view.kind, "model": view.model}
    if view.label:
        arch["label"] = render(view.label, env.lang)
    for name, value in view.attributes.items():
        arch[name] = _plain(value, env.lang)
    for name, root in view.roots.items():
        arch[name] = _elements(env, root.children, view.model, fields, needed)
    return arch


def _elements(
    env: Environment, elements: list[Element], model: str, fields: dict[str, dict[str, Any]], needed: set[str]
) -> list[dict[str, Any]]:
    shown = []
    for element in elements:
        if not _allowed(env, element.attributes.get("groups", ())):
            continue
        if isinstance(element, Field) and not _known(env, element.name, model, fields):
            continue  # hidden from this user by the groups of the field
        entry: dict[str, Any] = {"tag": element.tag, "name": element.name}
        if element.key != element.name:
            entry["key"] = element.key
        for name, value in element.attributes.items():
            if name != "groups":
                entry[name] = _plain(value, env.lang)
        if element.container:
            entry["children"] = _elements(env, element.children, model, fields, needed)
        if isinstance(element, Field):
            cls = env.models.classes[model]
            comodel = cls._fields[cls._aliases.get(element.name, element.name)].comodel
            for part, inner in element.parts():
                needed.add(comodel)
                entry[part] = _elements(env, inner, comodel, fields, needed)
        shown.append(entry)
    return shown


def _known(env: Environment, name: str, model: str, fields: dict[str, dict[str, Any]]) -> bool:
    cls = env.models.classes[model]
    known = _fields(env, model, fields)
    return name in known or cls._aliases.get(name, name) in known


def _plain(value: Any, lang: str | None) -> Any:
    """Mappings and lists of plain values, texts in the language."""
    if isinstance(value, Text):
        return value.render(lang)
    if isinstance(value, Mapping):
        return {key: _plain(item, lang) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, lang) for item in value]
    return value
