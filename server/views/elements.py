"""The building blocks of views: fields, buttons, groups, pages. Plain typed objects with a name, so that any addon can find and
extend them.

An element knows nothing of rendering, of the database or of the company; it is data. What it names (fields, methods, actions) is
checked when the views of an enabled set are composed (`server.views.compose`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

from server.text import Text

#: When something holds: always (True), never (False), or for records that match a domain ([("state", "=", "draft")]).
Condition = bool | Sequence[Any]
Label = Text | str


class Element:
    """A named part of a view.

    `name` is what it stands for (a field, a method), `key` is how extensions find it: the name, unless given. `attributes` hold
    only what was given.
    """

    tag: ClassVar[str] = ""
    #: attributes that `extend(…).set(…)` may change, beside those every element has
    settable: ClassVar[frozenset[str]] = frozenset()
    common: ClassVar[frozenset[str]] = frozenset({"label", "invisible", "groups", "help"})
    #: True when elements can be put inside
    container: ClassVar[bool] = False

    def __init__(self, name: str, *children: Element, key: str | None = None, **attributes: Any) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"{type(self).__name__}: the first argument is the name, a text that is not empty; it is {name!r}.")
        for child in children:
            if not isinstance(child, Element):
                raise TypeError(f"{type(self).__name__} {name!r}: {child!r} is not an element of a view.")
        self.name = name
        self.key = key or name
        self.attributes: dict[str, Any] = {
            label: value for label, value in attributes.items() if value is not None and value != ()
        }
        self.children: list[Element] = list(children)
        #: addon that put the element there, set when the views are composed
        self.addon = ""

    def parts(self) -> Iterator[tuple[str, list[Element]]]:
        """The lists of elements below this one, with their names; the plain children are named ``children``."""
        if self.container:
            yield "children", self.children

    def copied(self) -> Self:
        """An independent copy, so that extensions never touch what an addon declared."""
        twin = object.__new__(type(self))
        twin.name, twin.key, twin.addon = self.name, self.key, self.addon
        twin.attributes = dict(self.attributes)
        twin.children = [child.copied() for child in self.children]
        return twin

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key}>"


class Field(Element):
    """A field of the model.

    :param columns: for a one2many or many2many: the columns of the list shown in the form; anchors are written
        `order_line/price_unit`.
    :param form: likewise the elements of the form of one line; anchors `order_line/form/price_unit`.
    :param editable: where new lines of `columns` are typed in: "bottom" (default), "top", or False for a dialog.
    :param widget: how it is shown (statusbar, badge, percentage, image, tags, progress …); the renderer ignores what it does not
        know.
    :param domain: restricts what can be chosen in a relation.
    :param optional: in a list: "show" or "hide", a column the user can switch.
    :param sum: in a list: label of the total at the foot.
    """

    tag = "field"
    settable = frozenset(
        {
            "readonly",
            "required",
            "widget",
            "placeholder",
            "domain",
            "context",
            "optional",
            "sum",
            "nolabel",
            "editable",
            "options",
        }
    )

    def __init__(
        self,
        name: str,
        *,
        key: str | None = None,
        label: Label | None = None,
        readonly: Condition | None = None,
        required: Condition | None = None,
        invisible: Condition | None = None,
        widget: str | None = None,
        placeholder: Label | None = None,
        help: Label | None = None,
        domain: Sequence[Any] | None = None,
        context: Mapping[str, Any] | None = None,
        groups: Sequence[str] | str = (),
        optional: str | None = None,
        sum: Label | None = None,
        nolabel: bool | None = None,
        columns: Sequence[Element] | None = None,
        form: Sequence[Element] | None = None,
        editable: str | bool | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            name,
            key=key,
            label=label,
            readonly=readonly,
            required=required,
            invisible=invisible,
            widget=widget,
            placeholder=placeholder,
            help=help,
            domain=domain,
            context=context,
            groups=_groups(groups),
            optional=optional,
            sum=sum,
            nolabel=nolabel,
            editable=editable,
            options=options,
        )
        self.columns: list[Element] | None = list(columns) if columns is not None else None
        self.form: list[Element] | None = list(form) if form is not None else None

    def parts(self) -> Iterator[tuple[str, list[Element]]]:
        if self.columns is not None:
            yield "columns", self.columns
        if self.form is not None:
            yield "form", self.form

    def copied(self) -> Self:
        twin = super().copied()
        twin.columns = [element.copied() for element in self.columns] if self.columns is not None else None
        twin.form = [element.copied() for element in self.form] if self.form is not None else None
        return twin


class Button(Element):
    """Calls a public method of the model, or opens an action: a name with a dot (`sales.action_orders`) is an action.

    :param primary: the next step a user most likely wants.
    :param confirm: question asked before.
    :param count: name of a field shown on the button (smart buttons).
    """

    tag = "button"
    settable = frozenset({"primary", "confirm", "icon", "context", "count", "readonly"})

    def __init__(
        self,
        name: str,
        label: Label | None = None,
        *,
        key: str | None = None,
        primary: bool | None = None,
        invisible: Condition | None = None,
        confirm: Label | None = None,
        icon: str | None = None,
        count: str | None = None,
        context: Mapping[str, Any] | None = None,
        groups: Sequence[str] | str = (),
        help: Label | None = None,
    ) -> None:
        super().__init__(
            name,
            key=key,
            label=label,
            primary=primary,
            invisible=invisible,
            confirm=confirm,
            icon=icon,
            count=count,
            context=context,
            groups=_groups(groups),
            help=help,
        )


class _Container(Element):
    container = True

    def __init__(
        self,
        name: str,
        *children: Element,
        label: Label | None = None,
        invisible: Condition | None = None,
        groups: Sequence[str] | str = (),
        help: Label | None = None,
        **attributes: Any,
    ) -> None:
        super().__init__(name, *children, label=label, invisible=invisible, groups=_groups(groups), help=help, **attributes)


class Header(_Container):
    """The bar on top of a form: buttons and the status."""

    tag = "header"

    def __init__(self, *children: Element | str, invisible: Condition | None = None, groups: Sequence[str] | str = ()) -> None:
        # a name may be given like for every other element, but there is one header, so it is called that
        name = "header"
        if children and isinstance(children[0], str):
            name, children = children[0], children[1:]
        super().__init__(name, *children, invisible=invisible, groups=groups)  # type: ignore[arg-type]


class Group(_Container):
    """Fields side by side under a heading.

    :param columns: how many columns of fields (default 2).
    """

    tag = "group"
    settable = frozenset({"columns"})

    def __init__(
        self,
        name: str,
        *children: Element,
        label: Label | None = None,
        columns: int | None = None,
        invisible: Condition | None = None,
        groups: Sequence[str] | str = (),
        help: Label | None = None,
    ) -> None:
        super().__init__(name, *children, label=label, invisible=invisible, groups=groups, help=help, columns=columns)


class Notebook(_Container):
    """A row of pages, one open at a time; holds only pages."""

    tag = "notebook"

    def __init__(
        self, first: str | Page, *pages: Page, invisible: Condition | None = None, groups: Sequence[str] | str = ()
    ) -> None:
        # most forms have one notebook; it may go without a name
        name = first if isinstance(first, str) else "notebook"
        all_pages = pages if isinstance(first, str) else (first, *pages)
        super().__init__(name, *all_pages, invisible=invisible, groups=groups)


class Page(_Container):
    """A page of a notebook: `Page("lines", _("Order lines"), …)`."""

    tag = "page"

    def __init__(
        self,
        name: str,
        label: Label,
        *children: Element,
        invisible: Condition | None = None,
        groups: Sequence[str] | str = (),
        help: Label | None = None,
    ) -> None:
        super().__init__(name, *children, label=label, invisible=invisible, groups=groups, help=help)


class Separator(Element):
    """A heading between fields."""

    tag = "separator"

    def __init__(self, name: str, label: Label | None = None, *, invisible: Condition | None = None) -> None:
        super().__init__(name, label=label, invisible=invisible)


class Note(Element):
    """A sentence of help or warning in the form, plain text.

    :param kind: "info" (default), "warning" or "danger".
    """

    tag = "note"
    settable = frozenset({"kind"})

    def __init__(
        self, name: str, label: Label, *, kind: str = "info", invisible: Condition | None = None, groups: Sequence[str] | str = ()
    ) -> None:
        super().__init__(name, label=label, kind=kind, invisible=invisible, groups=_groups(groups))


class History(Element):
    """The messages and tracked changes of the record, with a place to write a note."""

    tag = "history"

    def __init__(self, name: str = "history") -> None:
        super().__init__(name)


class Filter(Element):
    """A ready-made condition of a search view. In the domain, `user.id`, `company.id` and `today` may stand as texts for values.

    :param default: switched on when a list is opened.
    """

    tag = "filter"
    settable = frozenset({"domain", "default", "context"})

    def __init__(
        self,
        name: str,
        label: Label,
        domain: Sequence[Any] = (),
        *,
        default: bool | None = None,
        context: Mapping[str, Any] | None = None,
        groups: Sequence[str] | str = (),
        help: Label | None = None,
    ) -> None:
        super().__init__(name, label=label, default=default, context=context, groups=_groups(groups), help=help)
        self.attributes["domain"] = list(domain)


class GroupBy(Element):
    """A ready-made grouping: `GroupBy("month", _("Month"), "date_order:month")`; the field is the name unless given."""

    tag = "group_by"
    settable = frozenset({"field", "default"})

    def __init__(
        self, name: str, label: Label, field: str | None = None, *, default: bool | None = None, groups: Sequence[str] | str = ()
    ) -> None:
        super().__init__(name, label=label, field=field or name, default=default, groups=_groups(groups))


class Root(_Container):
    """The top of a part of a view (`fields`, `body`, `filters`, `group_bys`, `buttons`); made by the views themselves."""

    tag = "root"


def _groups(groups: Sequence[str] | str) -> tuple[str, ...]:
    return tuple(part.strip() for part in groups.split(",")) if isinstance(groups, str) else tuple(groups)
