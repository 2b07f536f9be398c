"""A small model with one column."""

from server import Char, Integer, Model, _


class GoodThing(Model, name="good.thing"):
    """A thing."""

    name = Char(_("Name"), required=True)
    points = Integer(_("Points"))
