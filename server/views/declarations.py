"""What an addon writes in its `views/`: views, actions, menus and extensions, as statements at module level.

Making one of these objects declares it: it is remembered under the name of the module that made it, and collected when the
addon's views are needed (`declarations_of`). Nothing else happens then; composing and checking come later, once per set of
enabled addons.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from server.views.elements import Condition, Element, Label, Root

#: module name → what it declared, in order
_declared: dict[str, list[Declaration]] = {}


class Declaration:
    """Anything declared at module level of an addon's `views/`."""

    def __init__(self) -> None:
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_globals.get("__name__") == __name__:
            frame = frame.f_back
        self.module = str(frame.f_globals.get("__name__", ""))
        self.line = frame.f_lineno
        #: addon that declared it, set when it is composed
        self.addon = ""
        # the kernel makes views too, for models that have none; those belong to nobody
        if not self.module.startswith("server.views."):
            _declared.setdefault(self.module, []).append(self)


class View(Declaration):
    """Common part of the three kinds of views.

    :param name: unique over all addons, `model.kind` for the ordinary one: `sale.order.form`.
    :param priority: of several views of a model and kind the lowest is used by default.
    """

    kind: ClassVar[str] = ""

    def __init__(self, name: str, model: str, label: Label | None, priority: int, attributes: Mapping[str, Any]) -> None:
        super().__init__()
        self.name = name
        self.model = model
        self.label = label
        self.priority = priority
        self.attributes = {key: value for key, value in attributes.items() if value is not None}
        self.roots: dict[str, Root] = {}

    def copied(self) -> Self:
        """An independent copy of the view with all elements."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.attributes = dict(self.attributes)
        twin.roots = {key: root.copied() for key, root in self.roots.items()}
        return twin

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class ListView(View):
    """Records as rows.

    :param fields: the columns.
    :param buttons: for the selected records.
    :param order: order of rows when the user has chosen none (default: the model's).
    :param editable: "top" or "bottom": rows are edited in place.
    :param decorations: colour of rows by condition: muted, info, success, warning, danger, bold.
    """

    kind = "list"

    def __init__(
        self,
        name: str,
        *,
        model: str,
        fields: Sequence[Element],
        buttons: Sequence[Element] = (),
        label: Label | None = None,
        order: str | None = None,
        editable: str | None = None,
        decorations: Mapping[str, Condition] | None = None,
        create: bool | None = None,
        edit: bool | None = None,
        delete: bool | None = None,
        priority: int = 16,
    ) -> None:
        super().__init__(
            name,
            model,
            label,
            priority,
            {"order": order, "editable": editable, "decorations": decorations, "create": create, "edit": edit, "delete": delete},
        )
        self.roots = {"fields": Root("fields", *fields), "buttons": Root("buttons", *buttons)}


class FormView(View):
    """One record.

    :param body: header, groups, notebooks, fields …, from top to bottom.
    """

    kind = "form"

    def __init__(
        self,
        name: str,
        *body: Element,
        model: str,
        label: Label | None = None,
        create: bool | None = None,
        edit: bool | None = None,
        delete: bool | None = None,
        priority: int = 16,
        **more: Sequence[Element],
    ) -> None:
        super().__init__(name, model, label, priority, {"create": create, "edit": edit, "delete": delete})
        elements = [*body, *more.pop("body", ())]
        if more:
            raise TypeError(f"FormView {name!r} has no argument {', '.join(more)}.")
        self.roots = {"body": Root("body", *elements)}


class SearchView(View):
    """How records are searched: fields that typed words look into, ready-made filters, ready-made groupings."""

    kind = "search"

    def __init__(
        self,
        name: str,
        *,
        model: str,
        fields: Sequence[Element] = (),
        filters: Sequence[Element] = (),
        group_bys: Sequence[Element] = (),
        label: Label | None = None,
        priority: int = 16,
    ) -> None:
        super().__init__(name, model, label, priority, {})
        self.roots = {
            "fields": Root("fields", *fields),
            "filters": Root("filters", *filters),
            "group_bys": Root("group_bys", *group_bys),
        }


class Action(Declaration):
    """A window: records of a model, shown by its views.

    :param name: `addon.action_something`.
    :param views: kinds in the order of use, or pairs (view name, kind).
    :param search: names of filters that are on at the start.
    :param target: "current" or "new" (a dialog).
    """

    def __init__(
        self,
        name: str,
        label: Label,
        *,
        model: str,
        views: Sequence[str | tuple[str, str]] = ("list", "form"),
        domain: Sequence[Any] = (),
        context: Mapping[str, Any] | None = None,
        search: Sequence[str] = (),
        target: str = "current",
        help: Label | None = None,
        groups: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.name = name
        self.label = label
        self.model = model
        self.views: list[tuple[str | None, str]] = [
            (None, view) if isinstance(view, str) else (view[0], view[1]) for view in views
        ]
        self.domain = list(domain)
        self.context = dict(context or {})
        self.search = list(search)
        self.target = target
        self.help = help
        self.groups = tuple(groups)

    def __repr__(self) -> str:
        return f"<Action {self.name}>"


class Menu(Declaration):
    """An entry of the menu.

    :param name: `addon.menu_something`.
    :param parent: name of the menu above; none = a root entry (an application).
    :param action: name of the action it opens; none for a menu that only holds others.
    :param sequence: position among its siblings, lowest first.
    :param groups: who sees it (external ids); empty = everybody who may read the action's model.
    """

    def __init__(
        self,
        name: str,
        label: Label,
        parent: str | Menu | None = None,
        action: str | Action | None = None,
        *,
        sequence: int = 10,
        groups: Sequence[str] | str = (),
        icon: str | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.label = label
        self.parent = parent.name if isinstance(parent, Menu) else parent
        self.action = action.name if isinstance(action, Action) else action
        self.sequence = sequence
        self.groups = tuple(part.strip() for part in groups.split(",")) if isinstance(groups, str) else tuple(groups)
        self.icon = icon

    def __repr__(self) -> str:
        return f"<Menu {self.name}>"


@dataclass(frozen=True)
class Operation:
    """One step of an extension: where, what."""

    what: str
    anchor: str
    elements: tuple[Element, ...] = ()
    attributes: tuple[tuple[str, Any], ...] = ()


class Extension(Declaration):
    """Changes to a view of any addon; made with `extend`. Four operations, each finding its place by the name of an element.

    An anchor inside the list of a field is written `order_line/price_unit`, inside its form `order_line/form/price_unit`.
    """

    def __init__(self, view: str) -> None:
        super().__init__()
        self.view = view
        self.operations: list[Operation] = []

    def before(self, anchor: str, *elements: Element) -> Self:
        """Put `elements` before the element `anchor`."""
        self.operations.append(Operation("before", anchor, elements))
        return self

    def after(self, anchor: str, *elements: Element) -> Self:
        """Put `elements` after the element `anchor`."""
        self.operations.append(Operation("after", anchor, elements))
        return self

    def inside(self, anchor: str, *elements: Element) -> Self:
        """Put `elements` at the end of the group, page, header or line list `anchor`, or of a part of the view (`fields`, `body`,
        `filters` …).
        """
        self.operations.append(Operation("inside", anchor, elements))
        return self

    def set(self, anchor: str, **attributes: Any) -> Self:
        """Change attributes of the element `anchor`; None takes one away."""
        self.operations.append(Operation("set", anchor, attributes=tuple(attributes.items())))
        return self

    def __repr__(self) -> str:
        return f"<Extension of {self.view} in {self.module}:{self.line}>"


def extend(view: str) -> Extension:
    """Extend the view named `view`: `extend("sale.order.form").after("partner_id", Field("loyalty_points"))`."""
    return Extension(view)


def declarations_of(package: str) -> Iterator[Declaration]:
    """What the Python package `package` (of an addon) declares in `package.views` and all modules below, in the order of module
    names.

    :raises Exception: whatever importing these modules raises.
    """
    base = f"{package}.views"
    spec = importlib.util.find_spec(base)
    if spec is None:
        return
    names = [base]
    if spec.submodule_search_locations:
        names += sorted(module.name for module in pkgutil.walk_packages(spec.submodule_search_locations, f"{base}."))
    for name in names:
        if name not in sys.modules:
            # left over from an import that failed half way
            _declared.pop(name, None)
            importlib.import_module(name)
    for name in names:
        yield from _declared.get(name, ())
