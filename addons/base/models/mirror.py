"""Companies and users have a contact: their names and addresses are kept the same on both sides.

A company keeps its own columns because every document reads them (company rows stay in the process, contacts do not); this
module copies what is written on one side to the other, and only where it differs, so that the copying ends.
"""

from __future__ import annotations

from typing import Any

from server import _

LANGUAGES = [
    ("en_US", _("English")),
    ("es", _("Spanish")),
    ("es_MX", _("Spanish (Mexico)")),
    ("es_PE", _("Spanish (Peru)")),
]
#: Fields that a company or a user shares with its contact, under the same names.
COMPANY_FIELDS = frozenset("name email phone website street street2 city zip state_id country_id vat company_registry".split())
USER_FIELDS = frozenset("name email lang tz".split())


def known_language(code: str | None) -> str:
    """`code` when contacts can be written to in it, English otherwise."""
    return code if code in dict(LANGUAGES) else "en_US"


def to_partner(owners: Any, fields: frozenset[str], vals: dict[str, Any]) -> None:
    """Copy what was written on companies or users to their contacts."""
    touched = fields & vals.keys()
    if touched:
        for owner in owners:
            if owner.partner_id:
                _copy(owner, owner.sudo().partner, touched)


def spread(partners: Any, model: str, fields: frozenset[str], vals: dict[str, Any]) -> None:
    """Copy what was written on contacts to the companies or users they stand for; who stands for whom is kept in the process."""
    touched = fields & vals.keys()
    if touched and partners:
        owners = partners.env[model].sudo().with_context(active_test=False)
        known = partners.env.process_cache(("contacts of", model), lambda: _by_contact(owners))
        for owner in owners.browse([id for partner in partners.ids for id in known.get(partner, ())]):
            _copy(owner.partner, owner, touched)


def _by_contact(owners: Any) -> dict[int, list[int]]:
    """{contact: the companies or users that have it}; one query."""
    table = owners.table
    found: dict[int, list[int]] = {}
    for id, partner in owners.env.execute(owners.query([("partner_id", "!=", False)], table.c.id, table.c.partner_id)):
        found.setdefault(partner, []).append(id)
    return found


def _copy(source: Any, target: Any, names: frozenset[str]) -> None:
    vals = {name: getattr(source, name) or None for name in names}
    if "lang" in vals:
        vals["lang"] = known_language(vals["lang"])
    changed = {name: value for name, value in vals.items() if (getattr(target, name) or None) != value}
    if changed:
        target.write(changed)
