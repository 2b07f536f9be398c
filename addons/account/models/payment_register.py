"""The wizard that registers payments of invoices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from addons.account.exceptions import MissingAccount, NothingToPay
from addons.account.models.payment import default_money_journal
from addons.account.models.values import as_rows, linked_ids
from addons.account.rules.money import ZERO
from server import Boolean, Char, Date, Many2many, Many2one, Model, Monetary, Selection, _, action


class PaymentRegister(Model, name="account.payment.register"):
    """Registers the payment of one or many posted invoices and settles them."""

    model_label = _("Register payment")
    transient = True
    rec_name = "communication"

    move_ids = Many2many("account.move", _("Invoices"), relation="account_payment_register_move_rel")
    journal_id = Many2one("account.journal", _("Journal"), domain=[("type", "in", ("bank", "cash", "credit"))])
    amount = Monetary(_("Amount"))
    payment_date = Date(_("Payment date"), required=True, default=lambda env: env.today())
    currency_id = Many2one("res.currency", _("Currency"))
    company_id = Many2one("res.company", _("Company"))
    payment_type = Selection([("inbound", _("Receive")), ("outbound", _("Send"))], _("Direction"))
    payment_method_line_id = Many2one("account.payment.method.line", _("Payment method"))
    communication = Char(_("Memo"))
    group_payment = Boolean(_("One payment per partner"), default=False)
    payment_difference = Monetary(_("Difference"), compute="_compute_difference")
    payment_difference_handling = Selection(
        [("open", _("Keep open")), ("reconcile", _("Settle in full"))], _("Difference handling"), required=True, default="open"
    )
    writeoff_account_id = Many2one("account.account", _("Difference account"))
    writeoff_label = Char(_("Difference label"))

    def default_get(self, fields: list[str] | None = None, fields_list: list[str] | None = None) -> dict[str, Any]:
        """What is open on the invoices of the context (`active_ids`)."""
        values: dict[str, Any] = super().default_get(fields, fields_list)
        wanted = fields or fields_list or list(self._fields)
        moves = _active_moves(self.env)
        if moves:
            row = self._completed({}, moves)
            for name in (
                "journal_id",
                "amount",
                "currency_id",
                "company_id",
                "payment_type",
                "communication",
                "payment_method_line_id",
            ):
                if name in wanted and not values.get(name) and row.get(name) is not None:
                    values[name] = self._fields[name].wire(row[name])
            if "move_ids" in wanted:
                values["move_ids"] = [[6, 0, moves.ids]]
        return values

    def create(self, vals_list: Any) -> Any:
        """Complete what was not given from the invoices: those of `move_ids`, else of the context."""
        rows = []
        for row in as_rows(vals_list):
            ids = linked_ids(row.get("move_ids"))
            moves = self.env["account.move"].browse(ids) if ids else _active_moves(self.env)
            rows.append({**self._completed(row, moves), "move_ids": [(6, 0, moves.ids)]})
        return super().create(rows)

    def _completed(self, row: dict[str, Any], moves: Any) -> dict[str, Any]:
        open_moves = _payable(moves)
        company = open_moves[0].company
        env = self.env.with_company(company.id).root
        if len(set(open_moves.mapped("company_id").ids)) > 1:
            raise NothingToPay(_("The invoices belong to several companies. Pay those of one company at a time."))
        journal_id = row.get("journal_id") or default_money_journal(env, company)
        journal = env["account.journal"].browse(journal_id)
        currencies = {move.currency_id for move in open_moves}
        currency_id = row.get("currency_id") or (currencies.pop() if len(currencies) == 1 else company.currency_id)
        currency = env["res.currency"].browse(currency_id)
        day = row.get("payment_date") or self.env.today()
        signed = sum((_owed(move, currency, company, day) for move in open_moves), ZERO)
        direction = "inbound" if signed >= 0 else "outbound"
        method = row.get("payment_method_line_id") or next(
            (m.id for m in journal.payment_method_line_ids if m.payment_type == direction), None
        )
        memo = ", ".join(move.payment_reference or move.ref or move.name or "" for move in open_moves[:5])
        return {
            **row,
            "journal_id": journal_id,
            "currency_id": currency_id,
            "company_id": company.id,
            "payment_type": direction,
            "payment_method_line_id": method,
            "amount": row["amount"] if row.get("amount") is not None else abs(signed),
            "communication": row.get("communication") or memo,
            "payment_date": day,
        }

    def _compute_difference(self) -> None:
        for wizard in self:
            moves = wizard.move_ids
            total = (
                sum((_owed(move, wizard.currency, wizard.company, wizard.payment_date) for move in moves), ZERO)
                if moves
                else ZERO
            )
            wizard.payment_difference = abs(total) - wizard.amount

    @action
    def action_create_payments(self) -> Any:
        """Book the payments and settle the invoices; true, or the action that shows several payments.

        Invoices paid in full one by one each get a payment, unless `group_payment` puts those of a partner together. An amount
        that differs from what is open makes one payment over all of them: it settles the oldest first, or everything when the
        difference is booked (`payment_difference_handling` is `reconcile`).

        :raises NothingToPay: when nothing is open any more.
        """
        wizard = self.ensure_one()
        moves = _payable(wizard.move_ids.lock())  # somebody else may be paying them in this moment
        owed = {move.id: _owed(move, wizard.currency, wizard.company, wizard.payment_date) for move in moves}
        total = sum(owed.values(), ZERO)
        whole = wizard.amount == abs(total)
        groups: dict[Any, list[Any]] = {}
        for move in moves:
            side = "customer" if move.is_sale_document else "supplier"
            key: tuple[Any, ...] = (move.commercial_partner_id, side)
            if whole and not wizard.group_payment:
                key = (*key, move.id)
            groups.setdefault(key, []).append(move)
        if not whole and len(groups) > 1:
            raise NothingToPay(
                _(
                    "An amount other than what is open can only be paid for invoices of one partner. Choose one partner, or pay "
                    "in full."
                )
            )
        settle = not whole and wizard.payment_difference_handling == "reconcile"
        if settle and not wizard.writeoff_account_id:
            raise MissingAccount(_("Choose the account on which the difference is booked, or keep the difference open."))
        rows = []
        for key, members in groups.items():
            amount = sum((owed[move.id] for move in members), ZERO)
            row: dict[str, Any] = {
                "payment_type": "inbound" if amount >= 0 else "outbound",
                "partner_type": key[1],
                "partner_id": key[0],
                "amount": abs(amount) if whole else wizard.amount,
                "currency_id": wizard.currency_id,
                "date": wizard.payment_date,
                "journal_id": wizard.journal_id,
                "company_id": wizard.company_id,
                "invoice_ids": [(6, 0, [move.id for move in members])],
                "memo": wizard.communication
                if len(groups) == 1
                else members[0].payment_reference or members[0].ref or members[0].name,
            }
            if len(groups) == 1 and wizard.payment_method_line_id:
                row["payment_method_line_id"] = wizard.payment_method_line_id
            accounts = {line.account_id for move in members for line in _open_terms(move)}
            if len(accounts) == 1:
                row["destination_account_id"] = accounts.pop()
            if settle:
                row["write_off_account_id"] = wizard.writeoff_account_id
                row["write_off_amount"] = abs(amount) - wizard.amount
            rows.append(row)
        payments = self.env["account.payment"].create(rows)
        payments.action_post()
        lines = self.env["account.move.line"].sudo()
        pairs = []
        for payment, members in zip(payments, groups.values(), strict=True):
            counterpart = [line for line in payment.sudo().move.line_ids if line.account.reconcile and not line.reconciled]
            accounts = {line.account_id for line in counterpart}
            terms = [line for move in members for line in _open_terms(move) if line.account_id in accounts]
            if terms and counterpart:
                pairs.append(lines.browse([line.id for line in (*terms, *counterpart)]))
        if pairs:
            lines._match(pairs)
        if len(payments) == 1:
            return True
        return {
            "type": "ir.actions.act_window",
            "name": _("Payments").render(self.env.lang),
            "res_model": "account.payment",
            "view_mode": "list,form",
            "views": [[False, "list"], [False, "form"]],
            "domain": [["id", "in", payments.ids]],
            "context": {"create": False},
        }


def _active_moves(env: Any) -> Any:
    """The entries the wizard was opened on: `active_ids` of invoices, or of their items."""
    ids = env.context.get("active_ids") or ([env.context["active_id"]] if env.context.get("active_id") else [])
    model = env.context.get("active_model")
    if model == "account.move.line":
        return env["account.move.line"].browse(ids).mapped("move_id")
    return env["account.move"].browse(ids if model in ("account.move", None) else [])


def _payable(moves: Any) -> Any:
    """The posted invoices with something open.

    :raises NothingToPay: when there are none.
    """
    for move in moves:
        if move.state != "posted":
            raise NothingToPay(_("%(entry)s is not posted. Post it before registering a payment.", entry=move.display_name))
    found = moves.filtered(lambda move: move.is_invoice and move.payment_state not in ("paid", "reversed", "in_payment"))
    if not found:
        raise NothingToPay(_("There is nothing to pay: the chosen entries are settled, or are not invoices."))
    return found


def _open_terms(move: Any) -> list[Any]:
    return [line for line in move.sudo().line_ids if line.display_type == "payment_term" and not line.reconciled]


def _owed(move: Any, currency: Any, company: Any, day: Any) -> Decimal:
    """What is open on an invoice in `currency`: positive when money comes in."""
    open_amount = -move.direction_sign * move.amount_residual
    return open_amount if move.currency_id == currency.id else move.currency.convert(open_amount, currency, company, day)  # type: ignore[no-any-return]
