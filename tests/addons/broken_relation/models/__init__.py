from good.models.thing import GoodThing
from server import Many2one, _


class RelationThing(GoodThing):
    where_id = Many2one("nowhere.model", _("Where"))
