"""Journal entries: invoices, credit notes, receipts and plain entries. This file: fields, creation, changes of drafts, deletion.

Posting and its way back are in `move_post.py`, reversal in `move_reverse.py`, the completion of values in `invoice_values.py`. A
draft already carries all its lines, balanced: the product lines people enter, and the tax and payment term lines made from them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from addons.account.exceptions import NumberedEntry, PostedEntry
from addons.account.models.invoice_values import complete_moves
from addons.account.models.kinds import INVOICE_LINE_TYPES, MOVE_STATES, MOVE_TYPES, PAYMENT_STATES
from addons.account.models.refresh import refresh
from addons.account.models.values import as_rows, cleaned
from addons.account.rules.entry import INVOICE_TYPES, REFUND_TYPES, SALE_TYPES, sign_of
from server import Boolean, Char, Date, Html, Json, Many2many, Many2one, Monetary, One2many, Selection, _, action, depends
from server.models.mail_message import MailThread

#: What makes the accounting of an entry; fixed once it is posted.
ACCOUNTING_FIELDS = frozenset(
    "name move_type journal_id company_id currency_id date invoice_date invoice_date_due partner_id invoice_payment_term_id "
    "fiscal_position_id line_ids invoice_line_ids amount_untaxed amount_tax amount_total amount_residual state "
    "payment_state amount_untaxed_signed amount_tax_signed amount_total_signed amount_residual_signed reversed_entry_id "
    "commercial_partner_id".split()
)
#: What follows from the lines and from payments; nobody's to write.
KEPT_FIELDS = frozenset(
    "amount_untaxed amount_tax amount_total amount_residual amount_untaxed_signed amount_tax_signed amount_total_signed "
    "amount_residual_signed payment_state commercial_partner_id".split()
)
#: A change of these makes the lines of a draft anew.
SHAPING_FIELDS = frozenset(
    "move_type journal_id currency_id date invoice_date partner_id invoice_payment_term_id invoice_date_due line_ids "
    "invoice_line_ids".split()
)


class AccountMove(MailThread, name="account.move"):
    """A journal entry; with a type other than `entry`, an invoice, credit note or receipt."""

    model_label = _("Journal entry")
    order = "date desc, name desc, id desc"
    history = True
    unique = [("journal_id", "name")]
    indexes = [("company_id", "state", "date"), ("commercial_partner_id", "payment_state"), ("reversed_entry_id",)]
    name_search_fields = ("name", "ref", "payment_reference")

    name = Char(_("Number"), copy=False, tracking=True, readonly=True)
    move_type = Selection(MOVE_TYPES, _("Type"), required=True, default="entry", tracking=True, index=True)
    state = Selection(MOVE_STATES, _("Status"), required=True, default="draft", copy=False, readonly=True, tracking=True)
    company_id = Many2one("res.company", _("Company"), required=True)
    company_currency_id = Many2one("res.currency", _("Company currency"), related="company_id.currency_id")
    journal_id = Many2one("account.journal", _("Journal"), required=True, tracking=True)
    currency_id = Many2one("res.currency", _("Currency"), required=True, tracking=True)
    date = Date(_("Accounting date"), required=True, copy=False, tracking=True)
    ref = Char(_("Reference"), copy=False, tracking=True)

    partner_id = Many2one("res.partner", _("Partner"), tracking=True, index=True)
    commercial_partner_id = Many2one("res.partner", _("Commercial entity"), readonly=True)
    partner_shipping_id = Many2one("res.partner", _("Delivery address"))
    partner_bank_id = Many2one("res.partner.bank", _("Recipient bank account"))
    bank_partner_id = Many2one("res.partner", _("Bank account of"), compute="_compute_bank_partner")
    invoice_date = Date(_("Invoice date"), copy=False, tracking=True)
    invoice_date_due = Date(_("Due date"), copy=False, tracking=True)
    payment_reference = Char(_("Payment reference"), copy=False, tracking=True)
    invoice_origin = Char(_("Origin"), readonly=False, help=_("The document the invoice was made from."))
    invoice_payment_term_id = Many2one("account.payment.term", _("Payment terms"), tracking=True)
    fiscal_position_id = Many2one("account.fiscal.position", _("Fiscal position"))
    invoice_user_id = Many2one("res.users", _("Salesperson"), copy=False, tracking=True)
    narration = Html(_("Terms and notes"))

    line_ids = One2many("account.move.line", "move_id", _("Journal items"), copy=True)
    invoice_line_ids = One2many(
        "account.move.line", "move_id", _("Invoice lines"), domain=[("display_type", "in", INVOICE_LINE_TYPES)], copy=False
    )

    amount_untaxed = Monetary(_("Untaxed amount"), readonly=True, copy=False, tracking=True)
    amount_tax = Monetary(_("Tax"), readonly=True, copy=False)
    amount_total = Monetary(_("Total"), readonly=True, copy=False)
    amount_residual = Monetary(_("Amount due"), readonly=True, copy=False)
    amount_untaxed_signed = Monetary(_("Untaxed amount, signed"), currency_field="company_currency_id", readonly=True, copy=False)
    amount_tax_signed = Monetary(_("Tax, signed"), currency_field="company_currency_id", readonly=True, copy=False)
    amount_total_signed = Monetary(_("Total, signed"), currency_field="company_currency_id", readonly=True, copy=False)
    amount_residual_signed = Monetary(_("Amount due, signed"), currency_field="company_currency_id", readonly=True, copy=False)
    payment_state = Selection(PAYMENT_STATES, _("Payment status"), default="not_paid", copy=False, readonly=True, tracking=True)
    tax_totals = Json(_("Totals by tax"), compute="_compute_tax_totals")
    invoice_has_outstanding = Boolean(_("Open credits exist"), compute="_compute_has_outstanding")

    reversed_entry_id = Many2one("account.move", _("Reversal of"), copy=False, readonly=True)
    reversal_move_ids = One2many("account.move", "reversed_entry_id", _("Reversals"))
    payment_ids = One2many("account.payment", "move_id", _("Payments"))
    matched_payment_ids = Many2many(
        "account.payment",
        _("Matched payments"),
        relation="account_move_account_payment_rel",
        column1="invoice_id",
        column2="payment_id",
        copy=False,
    )
    always_tax_exigible = Boolean(_("Tax due at once"), default=True)
    to_check = Boolean(_("To check"), copy=False)

    # -- what an entry is -------------------------------------------------------------------------------------------
    @property
    def is_invoice(self) -> bool:
        """True for invoices, credit notes and receipts of both directions (one record)."""
        return self.move_type in INVOICE_TYPES

    @property
    def is_sale_document(self) -> bool:
        """True for documents to customers (one record)."""
        return self.move_type in SALE_TYPES

    @property
    def is_refund(self) -> bool:
        """True for credit notes (one record)."""
        return self.move_type in REFUND_TYPES

    @property
    def direction_sign(self) -> int:
        """-1 when the document earns, +1 when it costs (one record)."""
        return sign_of(self.move_type)

    # -- computed ---------------------------------------------------------------------------------------------------
    @depends("name", "move_type", "state", "ref")
    def _compute_display_name(self) -> None:
        labels = dict(MOVE_TYPES)
        lang = self.env.lang
        for move in self:
            if move.name:
                name = move.name
            else:
                name = _("Draft %(kind)s", kind=labels[move.move_type or "entry"]).render(lang)
                name = f"{name} (* {move.id})"
            move.display_name = f"{name} ({move.ref})" if move.ref else name

    @depends("move_type", "company_id.partner_id", "commercial_partner_id")
    def _compute_bank_partner(self) -> None:
        for move in self:
            move.bank_partner_id = (
                move.company.partner_id
                if move.move_type in ("out_invoice", "in_refund", "out_receipt")
                else move.commercial_partner_id
            )

    @depends("amount_untaxed", "amount_tax", "amount_total", "line_ids.tax_line_id", "line_ids.amount_currency")
    def _compute_tax_totals(self) -> None:
        for move in self:
            sign = move.direction_sign
            groups: dict[int, dict[str, Any]] = {}
            for line in move.line_ids:
                if line.display_type != "tax":
                    continue
                tax = line.tax_line
                group = tax.tax_group
                row = groups.setdefault(
                    group.id or -tax.id,
                    {
                        "id": group.id or False,
                        "group_name": group.name or tax.name,
                        "base_amount": Decimal(0),
                        "tax_amount": Decimal(0),
                    },
                )
                row["base_amount"] += sign * line.tax_base_amount
                row["tax_amount"] += sign * line.amount_currency
            move.tax_totals = {
                "currency_id": move.currency_id,
                "amount_untaxed": float(move.amount_untaxed),
                "amount_tax": float(move.amount_tax),
                "amount_total": float(move.amount_total),
                "groups": [
                    {**row, "base_amount": float(row["base_amount"]), "tax_amount": float(row["tax_amount"])}
                    for row in groups.values()
                ],
            }

    def _compute_has_outstanding(self) -> None:
        partners = self.mapped("commercial_partner_id")
        open_items = (
            self.env["account.move.line"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", partners.ids),
                    ("parent_state", "=", "posted"),
                    ("reconciled", "=", False),
                    ("account_id.reconcile", "=", True),
                    ("display_type", "!=", "payment_term"),
                ]
            )
        )
        owed = {(line.partner_id, line.balance > 0) for line in open_items if line.amount_residual}
        for move in self:
            earns = move.direction_sign < 0
            move.invoice_has_outstanding = bool(
                move.state == "posted" and move.amount_residual and (move.commercial_partner_id, not earns) in owed
            )

    # -- creating ---------------------------------------------------------------------------------------------------
    def default_get(self, fields: list[str] | None = None, fields_list: list[str] | None = None) -> dict[str, Any]:
        """The values a new document starts with; `default_move_type` in the context chooses the journal."""
        values: dict[str, Any] = super().default_get(fields, fields_list)
        wanted = fields or fields_list or list(self._fields)
        prepared = complete_moves(self, [self._context_defaults()])[0].vals
        for name in ("move_type", "journal_id", "currency_id", "date", "invoice_user_id"):
            if name in wanted and prepared.get(name) and name not in values:
                values[name] = self._fields[name].wire(prepared[name])
        return values

    def create(self, vals_list: Any) -> Any:
        """Create drafts with all their lines.

        Invoices take `invoice_line_ids` commands; product, account, taxes, name, price and unit are completed from the product,
        the partner and the fiscal position where they are not given. Tax and payment term lines are made. Plain entries take
        `line_ids` with debit and credit. A constant number of statements for any number of documents and lines.

        :raises MissingAccount: when no journal or account can be found.
        """
        drafts = complete_moves(self, as_rows(vals_list))
        moves = self._insert([draft.vals for draft in drafts])
        lines = []
        for move_id, draft in zip(moves.ids, drafts, strict=True):
            for line in draft.lines:
                line["move_id"] = move_id
                lines.append(line)
        if lines:
            self.env["account.move.line"]._insert(lines)
        return moves

    def _insert(self, rows: list[dict[str, Any]]) -> Any:
        """Create without completion: for entries whose values are ready."""
        return super().create(rows)

    def create_invoices_from(self, values_list: list[dict[str, Any]]) -> Any:
        """Draft invoices for other addons: as `create`, in superuser mode, whatever the rights of the caller."""
        return self.sudo().create(values_list).with_env(self.env)

    # -- changing ---------------------------------------------------------------------------------------------------
    def write(self, vals: dict[str, Any]) -> Any:
        """Drafts change freely and their lines follow; of posted entries only texts, references and salesperson change."""
        vals = dict(vals)
        fixed = ACCOUNTING_FIELDS & set(vals)
        if fixed:
            self._refuse_posted(fixed, vals)
        vals = {name: value for name, value in vals.items() if name not in KEPT_FIELDS}
        line_commands = {name: vals.pop(name) for name in ("invoice_line_ids", "line_ids") if name in vals}
        if vals.get("partner_id"):
            partner = self.env["res.partner"].sudo().browse(vals["partner_id"])
            vals["commercial_partner_id"] = partner.commercial_partner_id or partner.id
        elif "partner_id" in vals:
            vals["commercial_partner_id"] = None
        if vals.get("invoice_date") and "date" not in vals:
            vals["date"] = vals["invoice_date"]
        result = self._update(vals) if vals else True
        for name, commands in line_commands.items():
            self._apply_line_commands(name, commands)
        if line_commands or SHAPING_FIELDS & set(vals):
            refresh(self, redue="invoice_date_due" not in vals)
        return result

    def _update(self, vals: dict[str, Any]) -> Any:
        """Write without the checks of `write`: for accounting's own steps."""
        return super().write(vals)

    def _apply_line_commands(self, name: str, commands: Any) -> None:
        lines = self.env["account.move.line"]
        new: list[dict[str, Any]] = []
        named = [command for command in commands or () if not isinstance(command, dict)]
        kept = [id for command in named if command[0] == 6 for id in command[2] or ()]
        self._refuse_foreign_lines([int(command[1]) for command in named if command[0] in (1, 2, 3, 4)] + kept)
        for command in commands or ():
            code = 0 if isinstance(command, dict) else command[0]
            if code == 0:
                given = command if isinstance(command, dict) else command[2]
                new += [{**given, "move_id": move.id} for move in self]
            elif code == 1:
                lines.browse(int(command[1]))._edit(command[2])
            elif code in (2, 3):
                lines.browse(int(command[1]))._discard()
            elif code == 5:
                self.mapped(name)._discard()
            elif code == 6:
                keep = set(command[2] or ())
                (self.mapped(name).filtered(lambda line, keep=keep: line.id not in keep))._discard()
        if new:
            lines._add(new)

    def _refuse_foreign_lines(self, ids: list[int]) -> None:
        """Lines stay in their entry: a command names only the lines of these."""
        for line in self.env["account.move.line"].browse(ids):
            if line.move_id not in self.ids:
                raise PostedEntry(
                    _(
                        "Journal item %(id)s belongs to another entry and stays there. Add a line to %(entry)s instead.",
                        id=line.id,
                        entry=self[:1].display_name,
                    )
                )

    def _refuse_posted(self, names: Any, vals: dict[str, Any]) -> None:
        """Refuse a change of accounting fields on entries that are not drafts."""
        for move in self:
            if move.state == "draft":
                if "state" in names and vals["state"] != "draft":
                    raise PostedEntry(
                        _(
                            "The status of %(entry)s cannot be written. Use Post, Cancel or Reset to draft.",
                            entry=move.display_name,
                        )
                    )
                if "name" in names and move.name and vals["name"] != move.name:
                    raise PostedEntry(
                        _(
                            "%(entry)s already has its number. Numbers are given by the journal and cannot be changed.",
                            entry=move.display_name,
                        )
                    )
                continue
            for name in names:
                if name in ("line_ids", "invoice_line_ids") or getattr(move, name) != vals[name]:
                    raise PostedEntry(
                        _(
                            "%(entry)s is not a draft: its %(field)s cannot be changed. Reset it to draft first, or reverse it "
                            "with a credit note.",
                            entry=move.display_name,
                            field=self._fields[name].string,
                        )
                    )

    # -- deleting ---------------------------------------------------------------------------------------------------
    def unlink(self) -> Any:
        """Delete drafts that never had a number.

        :raises PostedEntry: for a posted entry.  :raises NumberedEntry: when the number would be missing.
        """
        for move in self:
            if move.state == "posted":
                raise PostedEntry(
                    _(
                        "%(entry)s is posted and cannot be deleted. Reverse it with a credit note, or reset it to draft and "
                        "cancel it.",
                        entry=move.display_name,
                    )
                )
            if move.name:
                raise NumberedEntry(
                    _(
                        "%(entry)s has a number and cannot be deleted: the journal's numbers would have a gap. Cancel it "
                        "instead.",
                        entry=move.display_name,
                    )
                )
        self.env.hooks.account_move_deleting(env=self.env, moves=self)
        self.mapped("line_ids")._remove()
        return super().unlink()

    def copy(self, default: Any = None) -> Any:
        """Duplicates are drafts of today with the same lines as people entered them."""
        rows = [move._copy_values(default) for move in self]
        return self.create(rows)

    def _copy_values(self, default: Any = None) -> dict[str, Any]:
        """The values of a duplicate of this entry; addons that add columns to lines extend `account.move.line._copy_values`."""
        self.ensure_one()
        given = cleaned(self, default or {})
        kept = (
            "move_type journal_id company_id currency_id partner_id partner_shipping_id partner_bank_id invoice_origin "
            "invoice_payment_term_id "
            "fiscal_position_id narration"
        ).split()
        values = {name: getattr(self, name) for name in kept}
        lines = self.line_ids
        if values["move_type"] in INVOICE_TYPES:
            lines = lines.filtered(lambda line: line.display_type in INVOICE_LINE_TYPES)
            values["invoice_line_ids"] = [(0, 0, line._copy_values()) for line in lines]
        else:
            values["line_ids"] = [(0, 0, line._copy_values()) for line in lines]
        return {**values, **given}

    # -- screens ----------------------------------------------------------------------------------------------------
    @action
    def action_reverse(self) -> dict[str, Any]:
        """Open the reversal wizard."""
        return self._wizard(_("Credit note"), "account.move.reversal")

    @action
    def action_register_payment(self) -> dict[str, Any]:
        """Open the payment wizard."""
        return self._wizard(_("Register payment"), "account.payment.register")

    def _wizard(self, name: Any, model: str) -> dict[str, Any]:
        return {
            "type": "ir.actions.act_window",
            "name": name.render(self.env.lang),
            "res_model": model,
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"active_model": "account.move", "active_ids": self.ids, "active_id": self.ids[0] if self.ids else False},
        }
