"""Extends a model whose addon it does not depend on."""

from server import Addon

addon = Addon("broken_unknown")
