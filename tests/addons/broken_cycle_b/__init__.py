"""The other half of the circle."""

from server import Addon

addon = Addon("broken_cycle_b", depends=["broken_cycle_a"])
