"""What the documents of every addon share: the letterhead of a company, parties from contacts, formats of a record."""

from __future__ import annotations

from typing import Any

from server.documents import Formats, Letterhead, Party
from server.documents.formats import LETTER


def letterhead(company: Any) -> Letterhead:
    """The head of a company's documents; its own data may be read by whoever prints for it."""
    company = company.sudo()
    lines = [*company.partner.address_lines(), tax_id(company)]
    lines.append("  ·  ".join(part for part in (company.phone, company.email, company.website) if part))
    return Letterhead(company.name or "", [line for line in lines if line], company.logo or None)


def on_letter(company: Any) -> bool:
    """Whether the company's country prints on US Letter."""
    return (company.sudo().country.code or "") in LETTER


def tax_id(record: Any) -> str:
    """The tax number of a company or contact, under the name it has in its country (RFC, RUC); empty for none."""
    if not record.vat:
        return ""
    return f"{record.country.vat_label or 'VAT'}: {record.vat}"


def party(label: Any, partner: Any, *, tax: bool = True, ways: bool = False) -> Party:
    """A contact on a document.

    :param tax: with the tax number of the company it belongs to. :param ways: with telephone and e-mail.
    """
    lang = partner.env.lang
    commercial = partner.commercial_partner or partner
    name = partner.name or commercial.name or partner.display_name or ""
    lines = []
    if commercial.id != partner.id and commercial.name and commercial.name != name:
        lines.append(commercial.name)
    lines += partner.address_lines()
    if tax and tax_id(commercial):
        lines.append(tax_id(commercial))
    if ways:
        lines += [part for part in (partner.phone or partner.mobile, partner.email) if part]
    return Party(label.render(lang) if hasattr(label, "render") else str(label), name, lines)


def formats(record: Any, currency: Any = None) -> Formats:
    """Formats in the language of the record's environment and the time zone of its company."""
    env = record.env
    company = record.company.sudo() if record.company_id else env.company.sudo()
    code = currency.name if currency else ""
    return Formats(env.lang or "en_US", code, currency.decimal_places if currency else 2, company.tz or "UTC")


def partner_lang(record: Any) -> str | None:
    """The language of the record's partner."""
    return record.partner.sudo().lang or None if record.partner_id else None


def texts(record: Any) -> Any:
    """`say(text)`: a text in the language of the document."""
    lang = record.env.lang
    return lambda text: text.render(lang)
