"""The change feed: which records were created, changed and deleted, in order, for programs that ask instead of being told.

A model is on the feed when a row of `ir.change.feed` names it; `ir.change.feed.poll` is what programs call. `server.events.feed`
writes and reads the rows.
"""

from __future__ import annotations

from typing import Any

from server import (
    Boolean,
    Char,
    Datetime,
    Integer,
    Json,
    Many2one,
    Model,
    Selection,
    UserError,
    ValidationError,
    _,
    action,
    constrains,
)
from server.events.watch import UNWATCHABLE, changed


class IrChangeFeed(Model, name="ir.change.feed"):
    """A model whose changes are kept for the feed."""

    model_label = _("Model of the change feed")
    order = "model"
    rec_name = "model"
    history = True
    unique = [("model",)]

    model = Char(_("Model"), required=True, tracking=True, help=_("Technical name, such as sale.order."))
    active = Boolean(_("Active"), default=True, required=True, tracking=True)

    @constrains("model")
    def _check_model(self) -> None:
        for row in self:
            cls = self.env.models.find(row.model)
            if cls is None or cls._transient or row.model in UNWATCHABLE or cls._name != row.model:
                raise ValidationError(
                    _("The change feed cannot have the model %(model)s. Name a model of this company.", model=row.model)
                )

    def create(self, vals_list: Any) -> Any:
        """Put models on the feed, from now on."""
        made = super().create(vals_list)
        made._begin()
        return made

    def write(self, vals: dict[str, Any]) -> Any:
        """Take models off the feed, put them on again. What happened in between is not known: programs are told to begin anew."""
        if "model" in vals and any(row.model != vals["model"] for row in self):
            raise UserError(_("A model of the change feed is not renamed. Archive the row and add another."))
        done = super().write(vals)
        if "active" in vals:
            self._begin()
        return done

    def unlink(self) -> Any:
        """Take models off the feed."""
        done = super().unlink()
        changed(self.env)
        return done

    def _begin(self) -> None:
        from server.events import feed

        feed.begin(self.env, [row.model for row in self if row.active])
        changed(self.env)

    @action(model=True, readonly=True)
    def poll(self, models: Any = None, cursor: str | None = None, limit: int | None = None, domain: Any = None) -> dict[str, Any]:
        """What happened after `cursor` to the records of `models` that the caller may read; see `docs/integrate/webhooks.md`.

        `{"changes": [{"seq", "model", "id", "op", "at", "fields", "user_id"}], "cursor": text, "more": bool}`. Without a cursor:
        no changes, and the cursor of now. `"0"` is the beginning of what is kept. `deleted` means gone for this caller: deleted,
        moved to another company, no longer readable, or outside of `domain`.

        :param models: one model or a list; default: all on the feed that the caller may read.
        :param limit: most changes in the answer, 1 to 10,000; default 1,000.
        :param domain: only with one model.
        :raises UserError: a model that is not on the feed, or a cursor that cannot be continued (`resync` in the data).
        """
        from server.events import feed

        return feed.poll(self.env, models, cursor, limit, domain)


class IrChange(Model, name="ir.change"):
    """A change of one record in one transaction, as the feed tells it."""

    model_label = _("Change")
    order = "id desc"
    rec_name = "model"
    indexes = [("seq",), ("at",)]

    seq = Integer(_("Number"), readonly=True, help=_("Place in the feed; given when it is first asked for."))
    model = Char(_("Model"), required=True, readonly=True)
    res_id = Integer(_("Record"), required=True, readonly=True)
    op = Selection(
        [("created", _("Created")), ("changed", _("Changed")), ("deleted", _("Deleted")), ("begin", _("On the feed from here"))],
        _("What"),
        required=True,
        readonly=True,
    )
    at = Datetime(_("Moment"), required=True, readonly=True, default=lambda env: env.now())
    fields = Json(_("Fields"), readonly=True)
    company_id = Many2one("res.company", _("Company"), readonly=True, foreign_key=False, default=lambda env: None)
    user_id = Many2one("res.users", _("User"), readonly=True, foreign_key=False)

    def write(self, vals: dict[str, Any]) -> Any:
        """Refused: the feed is only ever added to."""
        raise UserError(_("The change feed cannot be changed: programs rely on what it said."))

    def unlink(self) -> Any:
        """Refused: old rows are deleted by the schedule."""
        raise UserError(_("Rows of the change feed are deleted by themselves, after the days of the setting feed.keep_days."))
