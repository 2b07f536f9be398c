"""Categories of articles."""

from __future__ import annotations

from server import Char, Many2one, Model, One2many, _, depends


class ProductCategory(Model, name="product.category"):
    """A class of articles; accounting and stock hang their rules on it."""

    model_label = _("Product category")
    rec_name = "complete_name"
    order = "complete_name, id"
    reference = True
    name_search_fields = ("complete_name",)

    name = Char(_("Category"), required=True, index=True)
    complete_name = Char(_("Full name"), compute="_compute_complete_name", store=True)
    parent_id = Many2one("product.category", _("Parent category"), ondelete="cascade")
    child_id = One2many("product.category", "parent_id", _("Categories below"))

    @depends("name", "parent_id.complete_name")
    def _compute_complete_name(self) -> None:
        for category in self:
            above = category.parent.complete_name if category.parent_id else None
            category.complete_name = f"{above} / {category.name}" if above else category.name

    def line_up(self) -> tuple[int, ...]:
        """Ids from this category up to the root; no query, categories stay in the process. Empty for an empty set."""
        ids: list[int] = []
        category = self
        while category and category.id not in ids:
            ids.append(category.id)
            category = category.parent
        return tuple(ids)
