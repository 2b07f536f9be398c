"""Views as typed Python objects: list, form, search, action and menu, declared by addons and extended by the names of their
elements.
"""

from __future__ import annotations

from server.views.declarations import Action, FormView, ListView, Menu, SearchView, extend
from server.views.elements import (
    Button,
    Field,
    Filter,
    Group,
    GroupBy,
    Header,
    History,
    Note,
    Notebook,
    Page,
    Separator,
)

__all__ = [
    "Action",
    "Button",
    "Field",
    "Filter",
    "FormView",
    "Group",
    "GroupBy",
    "Header",
    "History",
    "ListView",
    "Menu",
    "Note",
    "Notebook",
    "Page",
    "SearchView",
    "Separator",
    "extend",
]
