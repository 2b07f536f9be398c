"""Extension points of accounting, and what accounting itself hangs on the kernel."""

from __future__ import annotations

from typing import Any

from server import hookimpl, hookspec


class Specs:
    """Called by account; implemented by any addon that depends on it."""

    @hookspec
    def account_move_posting(self, env: Any, moves: Any) -> None:
        """Before journal entries and invoices are posted. May refuse.

        Called once per posting with the whole set, after the rows are locked and accounting's own checks have passed; the entries
        are still drafts and may have no number yet.

        :param env: the environment of the call.
        :param moves: set of `account.move` about to be posted.
        :raises UserError: to refuse; name the entry, say why and what to do. Nothing of the posting is kept.

        With several implementations, the first refusal wins; return values are ignored. Example: an e-invoice addon raises when
        `moves.filtered(lambda m: m.move_type == "out_invoice" and not m.partner.vat)` is not empty.
        """

    @hookspec
    def account_move_posted(self, env: Any, moves: Any) -> None:
        """After journal entries and invoices were posted, in the same transaction.

        :param env: the environment of the call.
        :param moves: set of `account.move`, now in state `posted`, with numbers.
        :raises UserError: allowed when the follow-up is impossible; the posting is undone with it.

        All implementations run, those of dependencies first. Example: an e-invoice addon puts the stamping into the outbox here.
        """

    @hookspec
    def account_move_drafted(self, env: Any, moves: Any) -> None:
        """After posted or cancelled entries went back to draft, in the same transaction.

        :param env: the environment of the call.
        :param moves: set of `account.move`, now in state `draft`.
        :raises UserError: to refuse: an invoice stamped by the tax authority must not be edited.

        All implementations run. Example: sales counts the invoiced quantities again.
        """

    @hookspec
    def account_move_cancelled(self, env: Any, moves: Any) -> None:
        """After entries were cancelled, in the same transaction.

        :param env: the environment of the call.
        :param moves: set of `account.move`, now in state `cancel`.
        :raises UserError: to refuse: a stamped invoice is cancelled with the authority first.

        All implementations run. Example: sales gives the quantities back to be invoiced.
        """

    @hookspec
    def account_move_deleting(self, env: Any, moves: Any) -> None:
        """Before drafts are deleted. May refuse, or remember what hung on them.

        :param env: the environment of the call.
        :param moves: set of `account.move` about to be deleted, with their lines.
        :raises UserError: to refuse.

        With several implementations, the first refusal wins. Example: sales looks up the order lines whose quantities become
        free.
        """

    @hookspec
    def account_move_paid(self, env: Any, moves: Any) -> None:
        """After the open amount of invoices reached zero, in the same transaction.

        :param env: the environment of the call.
        :param moves: set of `account.move` that are now paid (or reversed in full).
        :raises UserError: undoes the payment.

        All implementations run. Example: a commission addon releases the salesperson's commission.
        """


class Impls:
    """What accounting does on the hooks of others."""

    @hookimpl
    def addon_enabled(self, env: Any, company: Any, addon: Any) -> None:
        """Give a company that starts to keep books its chart of accounts, taxes and journals, chosen by its country."""
        from addons.account.chart import install_chart

        if (addon if isinstance(addon, str) else addon.name) == "account" and not company.sudo().chart_template:
            install_chart(env, company)
