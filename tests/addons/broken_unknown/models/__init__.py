from server import Char, Model, _


class Nowhere(Model):
    model_name = "nowhere.model"

    name = Char(_("Name"))
