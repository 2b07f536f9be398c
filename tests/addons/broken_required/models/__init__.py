from good.models.thing import GoodThing
from server import Char, _


class RequiredThing(GoodThing):
    colour = Char(_("Colour"), required=True)
