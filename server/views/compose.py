"""Composing the views of a set of enabled addons: declarations in dependency order, extensions applied, everything checked
against the models.

The result is kept with the model set, so it is made once per set and process. What does not fit is left out of the views and
written into one list of problems; nothing here raises because of a mistake in an addon.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from server.views.declarations import Action, Declaration, Extension, Menu, Operation, View, declarations_of
from server.views.elements import Button, Element, Field, Filter, GroupBy, Notebook, Page

if TYPE_CHECKING:
    from server.model.modelset import ModelSet

#: Granularities a date can be grouped by.
GRANULARITIES = ("day", "week", "month", "quarter", "year", "hour")


@dataclass(frozen=True)
class Problem:
    """One thing that does not fit: who wrote it, where, and what is wrong."""

    addon: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.addon}: {self.where}: {self.text}"


@dataclass
class ViewSet:
    """The views, actions and menus of one set of enabled addons."""

    views: dict[str, View] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    menus: dict[str, Menu] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def default(self, model: str, kind: str) -> View | None:
        """The view used for `model` when none is named: lowest priority, first declared."""
        found = [view for view in self.views.values() if view.model == model and view.kind == kind]
        return min(found, key=lambda view: view.priority) if found else None

    def report(self) -> str:
        """All problems, a line each; empty when everything fits."""
        return "\n".join(str(problem) for problem in self.problems)


def views_of(models: ModelSet) -> ViewSet:
    """The composed views of a model set; made on first use and kept with it."""
    found = models.plans.get("views")
    if found is None:
        declared: list[tuple[str, list[Declaration]]] = []
        problems: list[Problem] = []
        for addon in models.registry.addons:
            if addon.name not in models.enabled:
                continue
            explicit = getattr(addon, "views", None)
            try:
                listed = list(explicit) if explicit is not None else list(declarations_of(addon.package or ""))
            except Exception as error:  # an addon's views may do anything wrong; the others go on
                problems.append(Problem(addon.name, "views", f"cannot be imported: {type(error).__name__}: {error}"))
                listed = []
            declared.append((addon.name, listed))
        found = compose(declared, models.classes)
        found.problems[:0] = problems
        models.plans["views"] = found
    composed: ViewSet = found
    return composed


def compose(declared: Sequence[tuple[str, Sequence[Declaration]]], classes: Mapping[str, Any]) -> ViewSet:
    """Compose and check.

    :param declared: pairs of addon name and what it declared, in dependency order.
    :param classes: model name → model class (with `_fields`, `_aliases` and `public_methods()`).
    """
    result = ViewSet()
    extensions: list[tuple[str, Extension]] = []
    for addon, declarations in declared:
        for declaration in declarations:
            if isinstance(declaration, Extension):
                extensions.append((addon, declaration))
            else:
                _take(result, addon, declaration)
    for addon, extension in extensions:
        view = result.views.get(extension.view)
        if view is None:
            hint = _similar(extension.view, result.views)
            result.problems.append(Problem(addon, f"extension of {extension.view}", f"there is no such view.{hint}"))
            continue
        for operation in extension.operations:
            error = _apply(view, operation, addon)
            if error:
                result.problems.append(Problem(addon, f"extension of {view.name}", error))
    _Checker(result, classes).check()
    return result


def _take(result: ViewSet, addon: str, declaration: Declaration) -> None:
    shelf: dict[str, Any]
    taken: Any
    if isinstance(declaration, View):
        shelf, taken = result.views, declaration.copied()
        for root in taken.roots.values():
            _mark([root], addon)
    elif isinstance(declaration, Action):
        shelf, taken = result.actions, declaration
    elif isinstance(declaration, Menu):
        shelf, taken = result.menus, declaration
    else:
        result.problems.append(Problem(addon, repr(declaration), "is neither view, action, menu nor extension."))
        return
    other = shelf.get(taken.name)
    if other is not None:
        text = f"{type(taken).__name__} {taken.name} is already declared by {other.addon}. Extend it, or take another name."
        result.problems.append(Problem(addon, taken.name, text))
        return
    taken.addon = addon
    shelf[taken.name] = taken


def _mark(elements: Iterable[Element], addon: str) -> None:
    for element in elements:
        element.addon = addon
        for _name, part in element.parts():
            _mark(part, addon)


# Extensions
# --------------------------------------------------------------------------------------------------------------------------


def _apply(view: View, operation: Operation, addon: str) -> str | None:
    """Carry out one operation; the text of what is wrong, or None."""
    found = _find(view, operation.anchor)
    if found is None:
        hint = _similar(operation.anchor, (key for root in view.roots.values() for key in _keys(root.children)))
        return f"{operation.what}({operation.anchor!r}): there is no element of that name.{hint}"
    siblings, element = found
    if operation.what == "set":
        return _set(element, operation)
    new = [given.copied() for given in operation.elements]
    _mark(new, addon)
    if operation.what == "inside":
        if isinstance(element, Field):
            if element.columns is None:
                return f"inside({operation.anchor!r}): the field shows no list to put columns in."
            siblings = element.columns
        elif element.container:
            siblings = element.children
        else:
            return f"inside({operation.anchor!r}): a {element.tag} holds no elements."
        if isinstance(element, Notebook) and not all(isinstance(given, Page) for given in new):
            return f"inside({operation.anchor!r}): a notebook holds pages only."
        siblings.extend(new)
        return None
    if siblings is None:
        return f"{operation.what}({operation.anchor!r}): that is the whole {operation.anchor} of the view; use inside()."
    if any(isinstance(given, Page) != isinstance(element, Page) for given in new):
        return f"{operation.what}({operation.anchor!r}): a page can stand only beside pages."
    at = siblings.index(element) + (1 if operation.what == "after" else 0)
    siblings[at:at] = new
    return None


def _set(element: Element, operation: Operation) -> str | None:
    allowed = element.settable | element.common
    unknown = [name for name, _value in operation.attributes if name not in allowed]
    if unknown:
        return f"set({operation.anchor!r}): a {element.tag} has no {', '.join(unknown)}; it has {', '.join(sorted(allowed))}."
    for name, value in operation.attributes:
        if value is None:
            element.attributes.pop(name, None)
        else:
            element.attributes[name] = tuple(value.split(",")) if name == "groups" and isinstance(value, str) else value
    return None


def _find(view: View, anchor: str) -> tuple[list[Element] | None, Element] | None:
    """The element an anchor names and the list it stands in (None for a root)."""
    first, *rest = anchor.split("/")
    roots = list(view.roots.values())
    if rest and first in view.roots:  # "group_bys/partner_id": where a name stands in two parts
        roots = [view.roots[first]]
        first, *rest = rest
    place: tuple[list[Element] | None, Element] | None = None
    for root in roots:
        place = _search(root.children, first)
        if place is not None:
            break
    if place is None:
        root = view.roots.get(first)  # type: ignore[assignment]
        return (None, root) if root is not None and not rest else None
    while rest:
        element = place[1]
        if not isinstance(element, Field):
            return None
        part = element.columns
        if rest[0] == "form" and len(rest) > 1 and element.form is not None:
            part = element.form
            rest = rest[1:]
        inner = _search(part or [], rest[0])
        if inner is None:
            return None
        place, rest = inner, rest[1:]
    return place


def _search(elements: list[Element], key: str) -> tuple[list[Element], Element] | None:
    for element in elements:
        if element.key == key:
            return elements, element
    for element in elements:
        found = _search(element.children, key)
        if found is not None:
            return found
    return None


def _keys(elements: Iterable[Element]) -> Iterable[str]:
    for element in elements:
        yield element.key
        yield from _keys(element.children)


def _similar(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]}?" if close else ""


# Checks
# ------------------------------------------------------------------------------------------------------------------------------


class _Checker:
    """Checks every view, action and menu against the models; removes elements that name nothing."""

    def __init__(self, result: ViewSet, classes: Mapping[str, Any]) -> None:
        self.result = result
        self.classes = classes

    def check(self) -> None:
        for view in list(self.result.views.values()):
            cls = self.classes.get(view.model)
            if cls is None:
                self.problem(view.addon, view.name, f"there is no model {view.model}.")
                del self.result.views[view.name]
                continue
            # in a search view a field and a grouping of one name are natural; each part has names of its own
            for root in view.roots.values():
                self.elements(view, root.children, view.model, set())
            for condition in dict(view.attributes.get("decorations") or {}).values():
                self.condition(view.addon, view.name, condition, view.model)
        for action in list(self.result.actions.values()):
            self.action(action)
        for menu in list(self.result.menus.values()):
            self.menu(menu)

    def problem(self, addon: str, where: str, text: str) -> None:
        self.result.problems.append(Problem(addon, where, text))

    def elements(self, view: View, elements: list[Element], model: str, seen: set[str]) -> None:
        for element in list(elements):
            error = self.element(view, element, model)
            if error is None and element.key in seen:
                error = f"there are two elements of the name {element.key}; give the second one key=…"
            if error is not None:
                self.problem(element.addon or view.addon, view.name, error)
                elements.remove(element)
                continue
            seen.add(element.key)
            for attribute in ("invisible", "readonly", "required"):
                condition = element.attributes.get(attribute)
                if condition is not None and not isinstance(condition, bool):
                    self.condition(element.addon or view.addon, f"{view.name}, {element.key}, {attribute}", condition, model)
            self.elements(view, element.children, model, seen)
            if isinstance(element, Field):
                comodel = self.field(model, element.name).comodel
                for part in (element.columns, element.form):
                    if part is not None:
                        self.elements(view, part, comodel, set())

    def element(self, view: View, element: Element, model: str) -> str | None:
        """What is wrong with one element by itself."""
        cls = self.classes[model]
        if isinstance(element, Field):
            found = self.field(model, element.name)
            if found is None:
                return f"{model} has no field {element.name}.{_similar(element.name, cls._fields)}"
            if (element.columns is not None or element.form is not None) and not found.comodel:
                return f"the field {element.name} of {model} is no relation; it can have neither columns nor form."
        elif isinstance(element, Button):
            if "." in element.name:
                if element.name not in self.result.actions:
                    return f"there is no action {element.name}.{_similar(element.name, self.result.actions)}"
            elif element.name not in cls.public_methods():
                return f"{model} has no public method {element.name}.{_similar(element.name, cls.public_methods())}"
            count = element.attributes.get("count")
            if count is not None and self.field(model, count) is None:
                return f"the button {element.key} counts {count}, which {model} does not have."
        elif isinstance(element, Filter):
            self.condition(element.addon or view.addon, f"{view.name}, {element.key}", element.attributes["domain"], model)
        elif isinstance(element, GroupBy):
            name, _colon, granularity = str(element.attributes["field"]).partition(":")
            error = self.path(model, name)
            if error:
                return error
            if granularity and granularity not in GRANULARITIES:
                return f"{name} cannot be grouped by {granularity}; there are {', '.join(GRANULARITIES)}."
        return None

    def condition(self, addon: str, where: str, condition: Any, model: str) -> None:
        """Check that a domain names existing fields."""
        if isinstance(condition, bool):
            return
        if not isinstance(condition, (list, tuple)):
            self.problem(addon, where, f"{condition!r} is no condition; write True, False or a domain.")
            return
        for leaf in condition:
            if isinstance(leaf, str):
                if leaf not in ("&", "|", "!"):
                    self.problem(addon, where, f"{leaf!r} is no operator of a domain.")
            elif not isinstance(leaf, (list, tuple)) or len(leaf) != 3 or not isinstance(leaf[0], str):
                self.problem(addon, where, f"{leaf!r} is no condition of a domain (field, operator, value).")
            else:
                error = self.path(model, leaf[0])
                if error:
                    self.problem(addon, where, error)

    def path(self, model: str, path: str) -> str | None:
        """What is wrong with a dotted path of fields, or None."""
        for name in path.split("."):
            if not model:
                return f"{path}: there is nothing behind {name}."
            found = self.field(model, name)
            if found is None:
                return f"{model} has no field {name}.{_similar(name, self.classes[model]._fields)}"
            model = found.comodel
        return None

    def field(self, model: str, name: str) -> Any:
        cls = self.classes.get(model)
        if cls is None:
            return None
        return cls._fields.get(cls._aliases.get(name, name))

    def action(self, action: Action) -> None:
        if action.model not in self.classes:
            self.problem(action.addon, action.name, f"there is no model {action.model}.")
            del self.result.actions[action.name]
            return
        self.condition(action.addon, action.name, action.domain, action.model)
        for name, kind in action.views:
            if name is not None and (name not in self.result.views or self.result.views[name].kind != kind):
                self.problem(action.addon, action.name, f"there is no {kind} view {name}.")
        search = self.result.default(action.model, "search")
        for name in action.search:
            if search is None or not any(_search(root.children, name) for root in search.roots.values()):
                self.problem(action.addon, action.name, f"the search view of {action.model} has no filter {name}.")

    def menu(self, menu: Menu) -> None:
        if menu.parent is not None and menu.parent not in self.result.menus:
            self.problem(menu.addon, menu.name, f"there is no menu {menu.parent}.{_similar(menu.parent, self.result.menus)}")
            del self.result.menus[menu.name]
        elif menu.action is not None and menu.action not in self.result.actions:
            self.problem(menu.addon, menu.name, f"there is no action {menu.action}.{_similar(menu.action, self.result.actions)}")
            del self.result.menus[menu.name]
