"""Half of a circle of dependencies."""

from server import Addon

addon = Addon("broken_cycle_a", depends=["broken_cycle_b"])
