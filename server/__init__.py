"""Colca's kernel: everything an addon author imports, and nothing else. See docs/addons/model-api.md."""

from __future__ import annotations

from server.addon.manifest import Addon
from server.errors import (
    AccessDenied,
    AccessError,
    LockError,
    MissingError,
    RedirectWarning,
    SetupError,
    UserError,
    ValidationError,
)
from server.hooks.markers import hookimpl, hookspec
from server.jobs import job
from server.model.decorators import action, constrains, depends, depends_context, onchange
from server.model.definition import Model, TransientModel
from server.model.fields import Extend
from server.model.relational import Many2many, Many2one, Many2oneReference, One2many, Reference
from server.model.scalars import Binary, Boolean, Char, Date, Datetime, Html, Integer, Json, Monetary, Numeric, Selection, Text
from server.text import _

__all__ = [
    "AccessDenied",
    "AccessError",
    "Addon",
    "Binary",
    "Boolean",
    "Char",
    "Date",
    "Datetime",
    "Extend",
    "Html",
    "Integer",
    "Json",
    "LockError",
    "Many2many",
    "Many2one",
    "Many2oneReference",
    "MissingError",
    "Model",
    "Monetary",
    "Numeric",
    "One2many",
    "RedirectWarning",
    "Reference",
    "Selection",
    "SetupError",
    "Text",
    "TransientModel",
    "UserError",
    "ValidationError",
    "_",
    "action",
    "constrains",
    "depends",
    "depends_context",
    "hookimpl",
    "hookspec",
    "job",
    "onchange",
]
