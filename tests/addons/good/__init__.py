"""The good addon that the broken ones try to extend."""

from server import Addon

addon = Addon("good", fixed_version="1.0", data=["data/good.thing.csv"])
