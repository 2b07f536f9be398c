"""Groups: bundles of rights. Being in a group means being in every group it implies."""

from __future__ import annotations

from typing import Any

from server import Char, Many2many, Model, One2many, Text, ValidationError, _, constrains, depends


class ResGroups(Model, name="res.groups"):
    """A bundle of rights that users are given."""

    model_label = _("Group")
    order = "category, name, id"
    reference = True
    history = True

    name = Char(_("Name"), required=True, translate=True)
    category = Char(_("Category"), translate=True)
    comment = Text(_("Description"), translate=True)
    implied_ids = Many2many(
        "res.groups",
        _("Implied groups"),
        relation="res_groups_implied_rel",
        column1="group_id",
        column2="implied_id",
        tracking=True,
    )
    users = Many2many(
        "res.users",
        _("Users"),
        relation="res_groups_users_rel",
        column1="group_id",
        column2="user_id",
        aliases=("user_ids",),
        copy=False,
    )
    access_ids = One2many("ir.model.access", "group_id", _("Access lines"))
    full_name = Char(_("Full name"), compute="_compute_full_name", search="_search_full_name")

    @depends("name", "category")
    def _compute_full_name(self) -> None:
        for group in self:
            group.full_name = f"{group.category} / {group.name}" if group.category else group.name

    def _search_full_name(self, operator: str, value: Any) -> list[Any]:
        """By category and name when both are told, parted by a slash; else by either."""
        glue = "&" if operator == "!=" or operator.startswith("not ") else "|"
        if isinstance(value, str) and " / " in value:
            category, _slash, name = value.partition(" / ")
            return ["|" if glue == "&" else "&", ("category", operator, category), ("name", operator, name)]
        return [glue, ("category", operator, value), ("name", operator, value)]

    @constrains("implied_ids")
    def _check_implied_loop(self) -> None:
        """Groups may not imply each other in a circle: nobody could say what a membership means."""
        for group in self:
            seen: set[int] = set()
            waiting = list(group.implied_ids.ids)
            while waiting:
                one = waiting.pop()
                if one == group.id:
                    raise ValidationError(
                        _(
                            "The group %(name)s would imply itself through another group. Take it out of one of the implied "
                            "groups.",
                            name=group.name,
                        )
                    )
                if one not in seen:
                    seen.add(one)
                    waiting.extend(self.browse([one]).implied_ids.ids)
