"""Declares a column that belongs to the good addon."""

from server import Addon

addon = Addon("broken_owner", depends=["good"])
