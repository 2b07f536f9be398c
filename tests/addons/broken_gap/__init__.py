"""Needs an addon that does not exist."""

from server import Addon

addon = Addon("broken_gap", depends=["nowhere_to_be_found"])
