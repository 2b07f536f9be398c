"""ir.translation: the words of translated fields (`translate=True`) in languages other than the source."""

from __future__ import annotations

from server.model.definition import Model
from server.model.scalars import Char, Integer, Text
from server.text import _


class IrTranslation(Model, name="ir.translation"):
    """The value of one translated field of one record in one language; the column itself holds the source text."""

    model_label = _("Translated value")
    rec_name = "value"
    unique = [("model", "field", "res_id", "lang")]

    model = Char(_("Model"), required=True)
    field = Char(_("Field"), required=True)
    res_id = Integer(_("Record"), required=True, index=True)
    lang = Char(_("Language"), required=True)
    value = Text(_("Value"))
