"""Write the reference data of the addon `base`: ISO 3166 countries, ISO 4217 currencies, states of Mexico and Peru.

Facts only, from open sources: country and currency lists from `pycountry` (ISO), names and symbols from Babel (Unicode CLDR),
calling codes from `phonenumbers` (ITU), decimals and states from the tables below (ISO 4217, SAT catalog c_Estado, INEI).

Run when a source has news, read the difference, commit the CSV files:

    pip install pycountry babel phonenumbers && python scripts/reference_data.py
"""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import phonenumbers
import pycountry
from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_symbol, get_territory_currencies

DATA = Path(__file__).resolve().parent.parent / "addons" / "base" / "data"
EN, ES = Locale("en"), Locale("es")

# ISO 4217 minor units where they are not 2.
MINOR_UNITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
# Codes of ISO 4217 that are no money in circulation: metals, funds, tests, bond units.
NOT_MONEY = set("XAU XAG XPD XPT XXX XTS XBA XBB XBC XBD XDR XSU XUA BOV CHE CHW COU MXV USN UYI UYW CLF XAD".split())
ACTIVE = {"MXN", "PEN", "USD", "EUR"}
SYMBOL_AFTER = {"EUR", "SEK", "NOK", "DKK", "CZK", "PLN", "HUF", "RON", "BGN", "RUB", "UAH", "VND"}
# CLDR knows two currencies for some territories and none for others: the legal tender people are paid in.
CURRENCY_OF = {"PA": "PAB", "CU": "CUP", "ZW": "USD", "BG": "EUR", "HR": "EUR", "GS": "GBP", "HT": "HTG", "BT": "BTN"}
VAT_LABEL = {
    "MX": "RFC", "PE": "RUC", "AR": "CUIT", "BO": "NIT", "BR": "CNPJ", "CL": "RUT", "CO": "NIT", "CR": "Cédula", "CU": "NIT",
    "DO": "RNC", "EC": "RUC", "ES": "NIF", "GT": "NIT", "HN": "RTN", "NI": "RUC", "PA": "RUC", "PY": "RUC", "SV": "NIT",
    "US": "EIN", "UY": "RUT", "VE": "RIF",
    **dict.fromkeys("AT BE BG CY CZ DE DK EE FI FR GB GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(), "VAT"),
}  # fmt: skip

# SAT, Anexo 20, catalog c_Estado: the 32 federal entities.
MX_STATES = {
    "AGU": "Aguascalientes", "BCN": "Baja California", "BCS": "Baja California Sur", "CAM": "Campeche", "CHP": "Chiapas",
    "CHH": "Chihuahua", "CMX": "Ciudad de México", "COA": "Coahuila", "COL": "Colima", "DUR": "Durango", "GUA": "Guanajuato",
    "GRO": "Guerrero", "HID": "Hidalgo", "JAL": "Jalisco", "MEX": "Estado de México", "MIC": "Michoacán", "MOR": "Morelos",
    "NAY": "Nayarit", "NLE": "Nuevo León", "OAX": "Oaxaca", "PUE": "Puebla", "QUE": "Querétaro", "ROO": "Quintana Roo",
    "SLP": "San Luis Potosí", "SIN": "Sinaloa", "SON": "Sonora", "TAB": "Tabasco", "TAM": "Tamaulipas", "TLA": "Tlaxcala",
    "VER": "Veracruz", "YUC": "Yucatán", "ZAC": "Zacatecas",
}  # fmt: skip
# INEI ubigeo: the first two digits of every address code.
PE_STATES = {
    "01": "Amazonas", "02": "Áncash", "03": "Apurímac", "04": "Arequipa", "05": "Ayacucho", "06": "Cajamarca", "07": "Callao",
    "08": "Cusco", "09": "Huancavelica", "10": "Huánuco", "11": "Ica", "12": "Junín", "13": "La Libertad", "14": "Lambayeque",
    "15": "Lima", "16": "Loreto", "17": "Madre de Dios", "18": "Moquegua", "19": "Pasco", "20": "Piura", "21": "Puno",
    "22": "San Martín", "23": "Tacna", "24": "Tumbes", "25": "Ucayali",
}  # fmt: skip


def write(name: str, header: list[str], rows: list[list[object]]) -> None:
    """Write one CSV file of the addon's data folder."""
    with (DATA / name).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def symbol_of(code: str, territories: list[str]) -> str:
    """The sign people use at home: `$` for MXN in Mexico, not the `MX$` that a stranger would write."""
    for territory in sorted(territories, key=lambda each: each != code[:2]):
        try:
            symbol = str(get_currency_symbol(code, Locale.parse(f"und_{territory}")))
        except UnknownLocaleError:
            continue
        # CLDR wraps signs in direction marks, and writes the Cape Verdean one as an invisible space.
        return "".join(each for each in symbol if unicodedata.category(each) != "Cf").strip() or code
    return str(get_currency_symbol(code, EN))


def main() -> None:
    """Write the three files."""
    currency_of: dict[str, str] = {}
    for country in pycountry.countries:
        code = country.alpha_2
        found = CURRENCY_OF.get(code) or next(iter(get_territory_currencies(code)), "")
        if found and pycountry.currencies.get(alpha_3=found) and found not in NOT_MONEY:
            currency_of[code] = found
    territories: dict[str, list[str]] = {}
    for territory, currency in currency_of.items():
        territories.setdefault(currency, []).append(territory)

    rows: list[list[object]] = []
    codes = {each.alpha_3 for each in pycountry.currencies if each.alpha_3 not in NOT_MONEY}
    for code in sorted(codes & set(currency_of.values())):
        decimals = MINOR_UNITS.get(code, 2)
        rounding = "1" if decimals == 0 else f"0.{'0' * (decimals - 1)}1"
        position = "after" if code in SYMBOL_AFTER else "before"
        name = EN.currencies.get(code) or pycountry.currencies.get(alpha_3=code).name
        rows.append(
            [code, code, name, ES.currencies.get(code, name), symbol_of(code, territories.get(code, [])), rounding, position,
             "True" if code in ACTIVE else "False"]
        )  # fmt: skip
    write("res.currency.csv", ["id", "name", "full_name", "full_name@es", "symbol", "rounding", "position", "active"], rows)

    rows = []
    for country in sorted(pycountry.countries, key=lambda each: each.alpha_2):
        code = country.alpha_2
        name = EN.territories[code]
        phone = phonenumbers.country_code_for_region(code) or ""
        rows.append(
            [code.lower(), name, ES.territories.get(code, name), code, country.alpha_3, country.numeric, phone,
             currency_of.get(code, ""), VAT_LABEL.get(code, "")]
        )  # fmt: skip
    header = ["id", "name", "name@es", "code", "code_alpha3", "code_numeric", "phone_code", "currency_id/id", "vat_label"]
    write("res.country.csv", header, rows)

    rows = [[f"state_mx_{code.lower()}", name, code, "mx"] for code, name in MX_STATES.items()]
    rows += [[f"state_pe_{code}", name, code, "pe"] for code, name in PE_STATES.items()]
    write("res.country.state.csv", ["id", "name", "code", "country_id/id"], rows)


if __name__ == "__main__":
    main()
