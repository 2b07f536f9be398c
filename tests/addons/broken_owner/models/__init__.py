from good.models.thing import GoodThing
from server import Integer, _


class OwnerThing(GoodThing):
    points = Integer(_("My points"))
