"""Transfers (pickings): goods that move together from one place to another, promised, then done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

from addons.stock.exceptions import DoneIsDone, NothingToMove, WrongState
from addons.stock.models.picking_type import CODES
from addons.stock.rules.state import OPEN, picking_state
from server import Boolean, Char, Datetime, Html, Many2one, One2many, Selection, ValidationError, _, action, depends
from server.models.mail_message import MailThread

STATES = [
    ("draft", _("Draft")),
    ("waiting", _("Waiting for another operation")),
    ("confirmed", _("Waiting")),
    ("assigned", _("Ready")),
    ("done", _("Done")),
    ("cancel", _("Cancelled")),
]


#: What follows from what is done with a transfer.
KEPT = frozenset({"state", "date_done", "backorder_id", "return_id"})


def refuse_kept(records: Any, kept: frozenset[str], vals_list: Iterable[dict[str, Any]]) -> None:
    """Values that the warehouse keeps by itself cannot be written by a person; superuser code may.

    :raises WrongState: naming the fields.
    """
    if records.env.su:
        return
    given = sorted(
        {
            name
            for vals in vals_list
            for name in kept & vals.keys()
            if not (name == "state" and vals[name] == "draft" and all(record.state == "draft" for record in records))
        }
    )
    if given:
        raise WrongState(
            _(
                "%(fields)s cannot be written: it follows from what is done. Use the buttons of the transfer.",
                fields=", ".join(given),
            )
        )


def each_company(method: Callable[..., Any]) -> Callable[..., Any]:
    """Lock the transfers, then run the action once per company, in that company: its addons decide what follows."""

    @wraps(method)
    def run(self: Any, *args: Any, **kw: Any) -> Any:
        if not self.env.su:
            self.env.access.check(self._name, "write")
            self._check_rule("write")
        groups = self.sudo().lock().grouped("company_id")
        if [company.id for company in groups] in ([], [self.env.company_id]):
            return method(self, *args, **kw)
        results = [method(self.browse(group.ids).with_company(company.id), *args, **kw) for company, group in groups.items()]
        return next((result for result in results if result is not True), True)

    return run


class StockPicking(MailThread, name="stock.picking"):
    """A receipt, a delivery or an internal transfer."""

    model_label = _("Transfer")
    order = "priority desc, scheduled_date asc, id desc"
    history = True
    unique = [("company_id", "name")]
    indexes = [("company_id", "state", "picking_type_id"), ("company_id", "scheduled_date")]

    name = Char(_("Number"), required=True, readonly=True, copy=False, index=True)
    state = Selection(STATES, _("Status"), default="draft", required=True, readonly=True, copy=False, tracking=True)
    origin = Char(_("Source document"), index=True)
    partner_id = Many2one("res.partner", _("Contact"), index=True)
    picking_type_id = Many2one("stock.picking.type", _("Operation type"), required=True, index=True)
    picking_type_code = Selection(CODES, _("Kind"), related="picking_type_id.code")
    location_id = Many2one("stock.location", _("From"), required=True)
    location_dest_id = Many2one("stock.location", _("To"), required=True)
    scheduled_date = Datetime(_("Planned for"), default=lambda env: env.now(), required=True, tracking=True)
    date_deadline = Datetime(_("Deadline"))
    date_done = Datetime(_("Done on"), readonly=True, copy=False)
    move_type = Selection(
        [("direct", _("As soon as possible")), ("one", _("When all is ready"))],
        _("Shipping policy"),
        required=True,
        default="direct",
    )
    move_ids = One2many("stock.move", "picking_id", _("Moves"), copy=True, aliases=("move_lines", "move_ids_without_package"))
    move_line_ids = One2many("stock.move.line", "picking_id", _("Detailed moves"), aliases=("move_line_ids_without_package",))
    group_id = Many2one("procurement.group", _("Procurement group"), copy=False)
    backorder_id = Many2one("stock.picking", _("Backorder of"), readonly=True, copy=False, index=True)
    backorder_ids = One2many("stock.picking", "backorder_id", _("Backorders"))
    return_id = Many2one("stock.picking", _("Return of"), readonly=True, copy=False, index=True)
    return_ids = One2many("stock.picking", "return_id", _("Returns"))
    carrier_id = Many2one("delivery.carrier", _("Carrier"))
    carrier_tracking_ref = Char(_("Tracking number"), copy=False)
    user_id = Many2one("res.users", _("Responsible"), copy=False)
    owner_id = Many2one("res.partner", _("Owner of the goods"))
    company_id = Many2one("res.company", _("Company"), required=True, readonly=True)
    note = Html(_("Notes"))
    priority = Selection([("0", _("Normal")), ("1", _("Urgent"))], _("Priority"), required=True, default="0")
    products_availability = Char(_("Availability"), compute="_compute_availability")
    is_locked = Boolean(_("Locked"), default=True, copy=False)

    @depends("state", "move_ids.state")
    def _compute_availability(self) -> None:
        available, short = _("Available").render(self.env.lang), _("Not available").render(self.env.lang)
        for picking in self:
            if picking.state in ("draft", "done", "cancel"):
                picking.products_availability = None
            else:
                ready = all(move.state in ("assigned", "done", "cancel") for move in picking.move_ids)
                picking.products_availability = available if ready else short

    # -- making ---------------------------------------------------------------------------------------------------
    def create(self, vals: Any) -> Any:
        """Places, company and number come from the operation type when they are not given."""
        vals_list = [vals] if isinstance(vals, dict) else vals
        refuse_kept(self, KEPT, vals_list)
        return super().create(self._complete(vals_list))

    def _complete(self, vals_list: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Values with everything the operation type implies; numbers are taken once per type."""
        env = self.env
        completed: list[dict[str, Any]] = []
        unnumbered: dict[int, list[dict[str, Any]]] = {}
        for given in vals_list:
            values = dict(given)
            kind_id = _id(values.get("picking_type_id"))
            if not kind_id:
                raise ValidationError(_("A transfer needs an operation type. Give picking_type_id."))
            kind = env["stock.picking.type"].browse([kind_id])
            values["picking_type_id"] = kind.id
            values["company_id"] = kind.company_id
            values["location_id"] = _id(values.get("location_id")) or kind.default_location_src_id
            values["location_dest_id"] = _id(values.get("location_dest_id")) or kind.default_location_dest_id
            if not values.get("name") or values["name"] == "/":
                unnumbered.setdefault(kind.id, []).append(values)
            completed.append(values)
        for kind_id, group in unnumbered.items():
            numbers = env["stock.picking.type"].browse([kind_id])._numbers(len(group))
            for values, number in zip(group, numbers, strict=True):
                values["name"] = number
        return completed

    def create_and_reserve(self, values_list: Sequence[dict[str, Any]]) -> Any:
        """Create transfers with their moves, confirmed, and reserved at once where the operation type says so.

        The internal entry for orders: the result is that of `create` and `action_confirm`, in a handful of statements whatever
        the number of lines.

        :param values_list: values of `stock.picking`; `move_ids` is a list of mappings of `stock.move` (`product_id`,
            `product_uom_qty`, and what an addon adds, such as `sale_line_id`).
        :returns: the pickings; a move that could not be served in full is `partially_available` or `confirmed`.
        :raises UserError: from an implementation of `stock_picking_confirming`.
        """
        if not values_list:
            return self.browse([])
        internal = self.sudo()
        env = internal.env
        headers = [{key: value for key, value in values.items() if key != "move_ids"} for values in values_list]
        headers = internal._complete(headers)
        demands = [list(_plain(values.get("move_ids", ()))) for values in values_list]
        moves = env["stock.move"]
        drafts = [
            moves._complete([{**moves._from_picking(header), **move} for move in group])
            for header, group in zip(headers, demands, strict=True)
        ]
        plan = moves._plan_reservation([values for group in drafts for values in group], headers, drafts)
        for header, group in zip(headers, drafts, strict=True):
            header["state"] = picking_state([values["state"] for values in group], header.get("move_type") or "direct")
        pickings = super(StockPicking, internal).create(headers)
        for picking, group in zip(pickings, drafts, strict=True):
            for values in group:
                values["picking_id"] = picking.id
        created = moves._insert([values for group in drafts for values in group])
        env["stock.move.line"]._insert(plan.lines(created))
        env.hooks.stock_picking_confirming(env=self.env, pickings=self.browse(pickings.ids))
        return self.browse(pickings.ids)

    # -- actions --------------------------------------------------------------------------------------------------
    @action
    @each_company
    def action_confirm(self) -> Any:
        """Promise the transfers: draft moves are confirmed, and reserved where the operation type says so.

        :raises NothingToMove: for a transfer without moves.
        """
        pickings = self.sudo()
        empty = pickings.filtered(lambda picking: not picking.move_ids)
        if empty:
            raise NothingToMove(_("Transfer %(name)s has no products. Add what is to be moved.", name=empty[0].name))
        drafts = pickings.filtered(lambda picking: picking.state == "draft")
        if drafts:
            self.env.hooks.stock_picking_confirming(env=self.env, pickings=self.browse(drafts.ids))
            drafts.move_ids.filtered(lambda move: move.state == "draft")._confirm()
        return True

    @action
    @each_company
    def action_assign(self) -> Any:
        """Reserve what is free for the moves that still miss something; drafts are confirmed first.

        :raises NothingToMove: when no move is open.
        """
        pickings = self.sudo()
        drafts = pickings.filtered(lambda picking: picking.state == "draft")
        if drafts:
            self.browse(drafts.ids).action_confirm()
        moves = pickings.move_ids.filtered(lambda move: move.state in OPEN)
        if not moves:
            raise NothingToMove(_("Nothing to check the availability for: every move is done, cancelled or missing."))
        moves._reserve()
        return True

    @action
    @each_company
    def do_unreserve(self) -> Any:
        """Give back everything reserved."""
        self.sudo().move_ids.filtered(lambda move: move.state in ("partially_available", "assigned"))._unreserve()
        return True

    @action
    @each_company
    def action_cancel(self) -> Any:
        """Cancel the transfers and free what they had reserved.

        :raises DoneIsDone: for a transfer that is done.
        """
        pickings = self.sudo()
        done = pickings.filtered(lambda picking: picking.state == "done")
        if done:
            raise DoneIsDone(_("Transfer %(name)s is done and cannot be cancelled. Make a return for it.", name=done[0].name))
        living = pickings.filtered(lambda picking: picking.state != "cancel")
        living.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))._cancel()
        living._write({"state": "cancel"})
        if living:
            self.env.hooks.stock_picking_cancelled(env=self.env, pickings=self.browse(living.ids))
        return True

    @action
    @each_company
    def button_validate(self) -> Any:
        """Do the transfers: goods leave and arrive.

        What is reserved (or written as `quantity`) is moved; when some moves are `picked`, only those. Context keys of the
        external interface: `skip_backorder` with `picking_ids_not_to_backorder` answers the question about the rest beforehand.

        :returns: True, or the window action of `stock.backorder.confirmation` when less than demanded would be done.
        :raises WrongState: for a transfer that is already done or cancelled.
        :raises NothingToMove: when no quantity is reserved or written.
        :raises NotEnoughStock: when more would leave than is there.
        """
        pickings = self.sudo()
        for picking in pickings:
            if picking.state in ("done", "cancel"):
                raise WrongState(
                    _(
                        "Transfer %(name)s is already %(state)s, perhaps by somebody else just now. Reload it.",
                        name=picking.name,
                        state=dict(STATES)[picking.state],
                    )
                )
        drafts = pickings.filtered(lambda picking: picking.state == "draft")
        if drafts:
            self.browse(drafts.ids).action_confirm()
        self.env.hooks.stock_picking_validating(env=self.env, pickings=self.browse(pickings.ids))
        env = pickings.env
        open_moves = pickings.move_ids.filtered(lambda move: move.state in OPEN)
        done = env["stock.move"]._what_is_done(open_moves)
        for picking in pickings:
            if not any(done.get(move.id) for move in picking.move_ids):
                raise NothingToMove(
                    _(
                        "Transfer %(name)s has no quantity reserved or entered. Check the availability, or write what is moved.",
                        name=picking.name,
                    )
                )
        leave, drop = self._about_the_rest(pickings, open_moves, done)
        if leave is None:
            return self._ask_about_the_rest(drop)
        open_moves._do(done, dropped=drop)
        pickings._write({"state": "done", "date_done": env.now()})
        env.hooks.stock_picking_done(env=self.env, pickings=self.browse(pickings.ids))
        return True

    def _about_the_rest(self, pickings: Any, moves: Any, done: dict[int, Any]) -> tuple[Any, set[int]]:
        """What becomes of the quantities not done: (pickings with a backorder, ids of those whose rest is dropped).

        (None, ids) when a person must be asked about these.
        """
        short = moves.filtered(lambda move: done.get(move.id, 0) < move.product_qty).mapped("picking_id")
        context = self.env.context
        dropped = set(_ids(context.get("picking_ids_not_to_backorder")))
        never = {picking.id for picking in short if picking.picking_type.create_backorder == "never"}
        ask = [picking.id for picking in short if picking.picking_type.create_backorder == "ask" and picking.id not in dropped]
        if ask and not context.get("skip_backorder"):
            return None, set(ask)
        drop = (dropped | never) & set(short.ids)
        return short.filtered(lambda picking: picking.id not in drop), drop

    def _ask_about_the_rest(self, ids: set[int]) -> dict[str, Any]:
        return {
            "type": "ir.actions.act_window",
            "name": _("Create a backorder?").render(self.env.lang),
            "res_model": "stock.backorder.confirmation",
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
            "context": {
                **self.env.context,
                "default_pick_ids": sorted(ids),
                "button_validate_picking_ids": self.ids,
            },
        }

    @action
    def action_set_quantities_to_reservation(self) -> Any:
        """Nothing to do: what is reserved is what will be done. Kept for older clients."""
        return True

    @action(readonly=True)
    def action_view_backorders(self) -> dict[str, Any]:
        """A window action with the backorders of these transfers."""
        return {
            "type": "ir.actions.act_window",
            "name": _("Backorders").render(self.env.lang),
            "res_model": "stock.picking",
            "view_mode": "list,form",
            "domain": [["id", "in", self.backorder_ids.ids]],
        }

    def unlink(self) -> Any:
        """Drafts and cancelled transfers may be deleted.

        :raises DoneIsDone: for others.
        """
        for picking in self:
            if picking.state == "done":
                raise DoneIsDone(_("Transfer %(name)s is done and cannot be deleted. Make a return for it.", name=picking.name))
            if picking.state not in ("draft", "cancel"):
                raise WrongState(_("Transfer %(name)s is promised. Cancel it before you delete it.", name=picking.name))
        self.sudo().move_ids.unlink()
        return super().unlink()

    def write(self, vals: dict[str, Any]) -> Any:
        """Places and type are fixed once goods are promised or have moved.

        :raises WrongState: when they are changed then.
        """
        refuse_kept(self, KEPT, [vals])
        fixed = {"location_id", "location_dest_id", "picking_type_id", "company_id"} & set(vals)
        if fixed:
            for picking in self:
                if picking.state != "draft" and any(_id(vals[name]) != picking[name] for name in fixed):
                    raise WrongState(
                        _(
                            "Transfer %(name)s is no draft: its places cannot be changed. Cancel it and make a new one.",
                            name=picking.name,
                        )
                    )
            if "picking_type_id" in fixed:
                kind = self.env["stock.picking.type"].browse([_id(vals["picking_type_id"])])
                vals = {"location_id": kind.default_location_src_id, "location_dest_id": kind.default_location_dest_id, **vals}
        result = super().write(vals)
        if "move_type" in vals:
            self.sudo().filtered(lambda picking: picking.state not in ("draft", "done", "cancel"))._refresh_state()
        passed_on = {name: _id(vals[name]) for name in ("location_id", "location_dest_id") if name in vals}
        if passed_on:
            self.sudo().move_ids.filtered(lambda move: move.state == "draft")._write(passed_on)
        return result

    def _write(self, vals: dict[str, Any]) -> Any:
        """Write as it is; for code that has made sure."""
        return super().write(vals)

    # -- helpers --------------------------------------------------------------------------------------------------
    def _make_backorders(self) -> Any:
        """An empty transfer for the rest of each of these; what an addon added to them is copied."""
        if not self:
            return self.browse([])
        rows = self.copy_data()
        for picking, values in zip(self, rows, strict=True):
            values.pop("move_ids", None)
            values.update(
                backorder_id=picking.id,
                group_id=picking.group_id,
                user_id=picking.user_id,
                return_id=picking.return_id,
                state="confirmed",
            )
        return super().create(self._complete(rows))

    def _return_values(self) -> dict[str, Any]:
        """Further values of a return of this transfer; addons extend it."""
        return {"group_id": self.group_id}

    def _refresh_state(self) -> None:
        """State of the transfers from that of their moves."""
        for picking in self:
            state = picking_state([move.state for move in picking.move_ids], picking.move_type)
            if state != picking.state:
                picking._write({"state": state})


def _plain(moves: Any) -> Iterable[dict[str, Any]]:
    """Mappings out of a list of mappings or of create commands."""
    for move in moves:
        yield move if isinstance(move, dict) else move[2]


def _id(value: Any) -> int | None:
    if not value:
        return None
    if hasattr(value, "_ids"):
        return value.id
    return int(value[0] if isinstance(value, (list, tuple)) else value)


def _ids(value: Any) -> list[int]:
    return [id for id in value if isinstance(id, int) and id > 0] if isinstance(value, (list, tuple)) else []
