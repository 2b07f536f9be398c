"""Contacts, countries, currencies, companies and users on real databases."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from server import AccessError, UserError, ValidationError

D = Decimal


# -- names and search ------------------------------------------------------------------------------------------------


def test_a_contact_is_shown_with_its_company(env: Any) -> None:
    company = env["res.partner"].create({"name": "Ferretera Gómez", "is_company": True})
    person = env["res.partner"].create({"name": "Inés Gómez", "parent_id": company.id})
    depot = env["res.partner"].create({"parent_id": company.id, "type": "delivery", "lang": "en_US"})
    branch = env["res.partner"].create({"name": "Ferretera Gómez Norte", "is_company": True, "parent_id": company.id})
    assert person.display_name == "Ferretera Gómez, Inés Gómez"
    assert depot.display_name == "Ferretera Gómez, Delivery address"
    assert branch.display_name == "Ferretera Gómez Norte"
    depot.lang = "es_MX"
    assert depot.display_name == "Ferretera Gómez, Dirección de entrega"
    company.name = "Ferretera Gómez e Hijos"
    assert person.display_name == "Ferretera Gómez e Hijos, Inés Gómez"
    assert company.child_ids == person | depot | branch


def test_name_search_looks_at_name_reference_mail_and_tax_number(env: Any) -> None:
    partner = env["res.partner"].create(
        {"name": "Papelería Tinta Fresca", "ref": "PTF-77", "email": "hola@tintafresca.example", "vat": "XAXX010101000"}
    )
    for words in ("tinta fresca", "PTF-77", "hola@tinta", "XAXX0101"):
        assert partner.id in [id for id, _name in env["res.partner"].name_search(words)], words
    assert env["res.partner"].name_search("no such contact") == []
    assert env["res.partner"].name_search("tinta fresca", [("is_company", "=", True)]) == []


def test_the_commercial_entity_is_the_company_above(env: Any) -> None:
    group = env["res.partner"].create({"name": "Grupo Sol", "is_company": True})
    branch = env["res.partner"].create({"name": "Sol Sur", "is_company": True, "parent_id": group.id})
    clerk = env["res.partner"].create({"name": "Beto", "parent_id": branch.id})
    desk = env["res.partner"].create({"name": "Mostrador", "parent_id": clerk.id})
    assert (group | branch).mapped("commercial_partner_id") == group | branch
    assert clerk.commercial_partner == branch
    assert desk.commercial_partner == branch
    assert env["res.partner"].search([("commercial_partner_id", "=", branch.id)]) == branch | clerk | desk
    clerk.parent_id = group.id
    assert desk.commercial_partner == group
    branch.is_company = False
    assert branch.commercial_partner == group


def test_a_family_made_in_one_call(env: Any) -> None:
    family = env["res.partner"].create(
        {
            "name": "Hotel Luna",
            "is_company": True,
            "child_ids": [(0, 0, {"name": "Recepción"}), (0, 0, {"type": "invoice", "lang": "es"})],
        }
    )
    assert family.child_ids.mapped("commercial_partner_id") == family
    assert family.commercial_partner == family
    assert set(family.child_ids.mapped("complete_name")) == {"Hotel Luna, Recepción", "Hotel Luna, Dirección de facturación"}


def test_hundreds_of_contacts_cost_as_many_statements_as_one(env: Any, count_statements: Any) -> None:
    env["res.partner"].create({"name": "El primero"})
    env.flush()
    counts = []
    for count in (1, 300):
        with count_statements(env) as seen:
            made = env["res.partner"].create([{"name": f"Contacto {n}", "is_company": True} for n in range(count)])
            env.flush()
        counts.append(len(seen))
        assert made.mapped("commercial_partner_id") == made
    assert counts[0] == counts[1] <= 3, seen.report()
    assert env["res.partner"].search_count([("commercial_partner_id", "in", made.ids)]) == 300


def test_a_contact_cannot_belong_to_itself(env: Any) -> None:
    top = env["res.partner"].create({"name": "A"})
    low = env["res.partner"].create({"name": "B", "parent_id": top.id})
    with pytest.raises(ValidationError, match="cannot be its own parent"):
        top.parent_id = low.id
    with pytest.raises(ValidationError, match="cannot be its own parent"):
        low.parent_id = low.id


def test_a_contact_needs_a_name_unless_it_is_an_address(env: Any) -> None:
    with pytest.raises(ValidationError, match="needs a name"):
        env["res.partner"].create({"email": "x@y.example"})
    parent = env["res.partner"].create({"name": "Con dirección"})
    with pytest.raises(ValidationError, match="needs a name"):
        env["res.partner"].create({"parent_id": parent.id})
    assert env["res.partner"].create({"parent_id": parent.id, "type": "other"})


def test_a_new_contact_takes_its_company_s_address(env: Any) -> None:
    company = env.ref("base.customer_mx_02")
    contact = env["res.partner"].create({"name": "Recién llegado", "parent_id": company.id})
    assert (contact.street, contact.city, contact.state) == (company.street, company.city, company.state)
    assert contact.company == company.company
    elsewhere = env["res.partner"].create({"name": "Foráneo", "parent_id": company.id, "city": "Tepic"})
    assert elsewhere.street is None


def test_the_right_address_for_each_purpose(env: Any) -> None:
    company = env.ref("base.customer_mx_02")
    clerk, depot = env.ref("base.contact_mx_02_purchases"), env.ref("base.address_mx_02_warehouse")
    found = (company | clerk | depot).address_get(["invoice", "delivery"])
    assert found[company.id] == {"invoice": company.id, "delivery": depot.id}
    assert found[clerk.id] == {"invoice": clerk.id, "delivery": depot.id}
    assert found[depot.id]["delivery"] == depot.id


def test_company_type_is_another_word_for_is_company(env: Any) -> None:
    partner = env["res.partner"].create({"name": "Nueva", "company_type": "company"})
    assert partner.is_company
    partner.company_type = "person"
    assert not partner.is_company
    assert partner in env["res.partner"].search([("company_type", "=", "person")])
    assert partner not in env["res.partner"].search([("company_type", "!=", "person")])


# -- tax numbers -----------------------------------------------------------------------------------------------------


def test_tax_numbers_are_checked_in_their_country(env: Any) -> None:
    mexico, peru, spain = env.ref("base.mx").id, env.ref("base.pe").id, env.ref("base.es").id
    make = env["res.partner"].create
    good = make({"name": "Bien", "is_company": True, "country_id": mexico, "vat": "aes-050614-h22"})
    assert good.vat == "AES050614H22"
    with pytest.raises(ValidationError, match=r"RFC AES050614H23 of Mal does not fit"):
        make({"name": "Mal", "is_company": True, "country_id": mexico, "vat": "AES050614H23"})
    with pytest.raises(ValidationError, match="has 5 characters"):
        make({"name": "Corto", "country_id": mexico, "vat": "AES05"})
    with pytest.raises(ValidationError, match=r"RUC 20456188390 of Malo does not fit"):
        make({"name": "Malo", "is_company": True, "country_id": peru, "vat": "20456188390"})
    assert make({"name": "Persona", "country_id": peru, "vat": "40126593"}).vat == "40126593"
    with pytest.raises(ValidationError, match="has 8 characters"):
        make({"name": "Empresa", "is_company": True, "country_id": peru, "vat": "40126593"})
    assert make({"name": "Otra", "country_id": spain, "vat": "whatever"}).vat == "WHATEVER"
    good.write({"vat": False})
    assert good.vat is None
    with pytest.raises(ValidationError, match="RFC"):
        good.write({"vat": "AES050614H2X"})


def test_a_contact_s_tax_number_follows_its_company_s_country(env: Any) -> None:
    company = env["res.partner"].create({"name": "Sur", "is_company": True, "country_id": env.ref("base.pe").id})
    with pytest.raises(ValidationError, match="RUC"):
        env["res.partner"].create({"name": "Sin país", "parent_id": company.id, "city": "Puno", "vat": "20456188390"})


def test_refusals_speak_the_reader_s_language(env: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        env["res.partner"].create({"name": "Mal", "country_id": env.ref("base.mx").id, "vat": "AES050614H23"})
    assert "no concuerda" in caught.value.render("es_MX")
    assert "AES050614H23" in caught.value.render("es_MX")


# -- reference data --------------------------------------------------------------------------------------------------


def test_every_country_and_the_states_of_mexico_and_peru(env: Any) -> None:
    countries = env["res.country"].search([])
    assert len(countries) == 249
    mexico = env.ref("base.mx")
    assert (mexico.code, mexico.phone_code, mexico.currency.name, mexico.vat_label) == ("MX", 52, "MXN", "RFC")
    assert mexico.with_context(lang="es_MX").name == "México"
    assert len(mexico.state_ids) == 32
    assert len(env.ref("base.pe").state_ids) == 25
    assert env.ref("base.state_mx_jal").name == "Jalisco"
    assert env.ref("base.state_pe_04").display_name == "Arequipa"
    assert env["res.country"].with_context(lang="es").search([("name", "=", "Perú")]) == env.ref("base.pe")


def test_only_the_money_in_use_is_active(env: Any) -> None:
    assert set(env["res.currency"].search([]).mapped("name")) == {"EUR", "MXN", "PEN", "USD"}
    yen = env.ref("base.JPY")
    assert (yen.decimal_places, yen.round(D("10.5")), yen.active) == (0, 11, False)
    assert env.ref("base.MXN").format(D("1234.5")) == "$ 1,234.50"
    assert env.ref("base.EUR").format(D("-0.005")) == "-0.01 €"
    assert env.ref("base.MXN").is_zero(D("0.004"))


def test_exchange(company: Any) -> None:
    env = company("mx")
    dollar, peso, sol = env.ref("base.USD"), env.ref("base.MXN"), env.ref("base.PEN")
    day = date(2026, 11, 10)
    assert dollar.convert(D(100), peso, date=day) == D("1813.60")
    assert peso.convert(D("1813.60"), dollar, date=day) == D("100.00")
    assert dollar.convert(D(100), peso, date=date(2026, 7, 15)) == D("1824.75")
    assert dollar.convert(D(10), sol, date=day) == D("34.06")
    assert dollar.convert(D("3.14159"), dollar, round=False) == D("3.14159")
    in_peru = company("pe")
    assert in_peru.ref("base.USD").convert(D(100), in_peru.ref("base.PEN"), date=day) == D("337.90")
    assert dollar.with_context(date="2026-07-15").inverse_rate == D("18.2475")
    assert peso.rate == 1


def test_a_new_rate_counts_at_once(env: Any) -> None:
    dollar, peso = env.ref("base.USD"), env.company.currency
    day = date(2026, 11, 20)
    before = dollar.convert(D(1), peso, date=day, round=False)
    rate = env["res.currency.rate"].create(
        {"currency_id": dollar.id, "name": day, "inverse_company_rate": D("19.5"), "company_id": env.company_id}
    )
    assert rate.rate == D("0.0512820513")
    assert dollar.convert(D(1), peso, date=day, round=False) == D("19.5") != before
    rate.write({"rate": D("0.05")})
    assert rate.inverse_company_rate == 20
    assert dollar.convert(D(1), peso, date=day, round=False) == 20


def test_a_missing_rate_is_refused_and_never_one(env: Any) -> None:
    with pytest.raises(ValidationError, match="no exchange rate of JPY"):
        env.ref("base.JPY").convert(D(1), env.company.currency)


def test_rates_are_remembered(env: Any, count_statements: Any) -> None:
    dollar, peso = env.ref("base.USD"), env.company.currency
    dollar.convert(D(1), peso)
    with count_statements(env) as seen:
        for amount in range(50):
            dollar.convert(D(amount), peso)
    assert len(seen) == 0, seen.report()


# -- companies and users ---------------------------------------------------------------------------------------------


def test_a_company_and_its_contact_are_the_same_on_both_sides(env: Any) -> None:
    company = env["res.company"].create({"name": "Filial Lima", "country_id": env.ref("base.pe").id, "city": "Lima"})
    assert company.currency == env.ref("base.PEN")
    assert (company.partner.name, company.partner.city, company.partner.is_company) == ("Filial Lima", "Lima", True)
    assert company.partner.company_id is None
    company.write({"street": "Av. Larco 1", "vat": "20456188398"})
    assert (company.partner.street, company.partner.vat) == ("Av. Larco 1", "20456188398")
    company.partner.write({"phone": "+51 1 200 3000", "name": "Filial Lima S.A.C."})
    assert (company.phone, company.name) == ("+51 1 200 3000", "Filial Lima S.A.C.")
    known = env["res.partner"].create({"name": "Ya conocida", "is_company": True})
    other = env["res.company"].create({"name": "Filial Cusco", "partner_id": known.id, "city": "Cusco"})
    assert (known.name, known.city, other.partner) == ("Filial Cusco", "Cusco", known)
    assert other.currency == env.company.currency
    with pytest.raises(ValidationError, match="RUC"):
        company.vat = "20456188390"


def test_a_user_and_his_contact_are_the_same_on_both_sides(env: Any) -> None:
    user = env["res.users"].create(
        {"login": "nueva", "name": "Nueva Persona", "email": "nueva@sierramadre.example", "lang": "es_MX"}
    )
    assert (user.partner.name, user.partner.email, user.partner.lang) == ("Nueva Persona", "nueva@sierramadre.example", "es_MX")
    user.name = "Nueva Persona Ruiz"
    assert user.partner.name == "Nueva Persona Ruiz"
    user.partner.email = "otra@sierramadre.example"
    assert user.email == "otra@sierramadre.example"
    assert user.partner.user_ids == user


def test_everybody_who_was_there_before_has_a_contact(env: Any) -> None:
    everyone = env["res.users"].with_context(active_test=False).search([])
    assert not everyone.filtered(lambda each: not each.partner_id)
    assert not env["res.company"].search([]).filtered(lambda each: not each.partner_id or not each.currency_id)
    assert env.ref("base.main_partner") == env.ref("base.main_company").partner


# -- walls and rights ------------------------------------------------------------------------------------------------


def test_a_company_s_contacts_are_invisible_to_the_other(company: Any) -> None:
    mexico, peru = company("mx"), company("pe")
    theirs = peru.ref("base.customer_pe_01")
    alone = mexico["res.partner"].with_context(allowed_company_ids=[mexico.company_id])
    assert not alone.search([("id", "=", theirs.id)])
    assert not alone.name_search("Bodega Santa Rosa")
    assert alone.search_count([("ref", "=like", "CMX%")]) == 20
    shared = alone.create({"name": "De todos"})
    assert peru["res.partner"].search([("id", "=", shared.id)])


def test_internal_users_read_contacts_and_countries_and_change_neither(rpc: Any) -> None:
    clerk = rpc.as_user("almacen.mx")
    (row,) = clerk("res.partner", "search_read", [["ref", "=", "CMX002"]], fields=["name", "vat", "state_id", "category_id"])
    assert row["name"] == "Súper Mi Tierra, S.A. de C.V."
    assert row["state_id"][1] == "Jalisco"
    assert len(row["category_id"]) == 2
    assert clerk("res.country", "search_count", []) == 249
    assert clerk("res.partner", "search", [["ref", "=", "CPE001"]]) == []
    with pytest.raises(AccessError):
        clerk("res.partner", "write", [row["id"]], {"name": "Otro"})
    with pytest.raises(AccessError):
        clerk("res.currency", "create", {"name": "ABC", "symbol": "A"})


def test_a_salesperson_keeps_contacts_through_the_door(rpc: Any) -> None:
    seller = rpc.as_user("ventas.mx")
    id = seller(
        "res.partner",
        "create",
        {
            "name": "Cliente Nuevo",
            "vat": "xaxx-010101-000",
            "country_id": seller("res.country", "search", [["code", "=", "MX"]])[0],
        },
    )
    (row,) = seller(
        "res.partner", "read", [id], ["vat", "display_name", "active", "comment", "commercial_partner_id", "image_128"]
    )
    assert row["vat"] == "XAXX010101000"
    assert row["comment"] is False
    assert row["commercial_partner_id"] == [id, "Cliente Nuevo"]
    assert seller("res.partner", "name_create", "Otro Cliente")[1] == "Otro Cliente"
    with pytest.raises(UserError):
        seller("res.partner", "write", [id], {"parent_id": id})


def test_tags_stand_below_each_other_but_not_in_a_circle(env: Any) -> None:
    top = env["res.partner.category"].create({"name": "Zona"})
    low = env["res.partner.category"].create({"name": "Norte", "parent_id": top.id})
    assert low.display_name == "Zona / Norte"
    with pytest.raises(ValidationError, match="cannot be its own parent"):
        top.parent_id = low.id
    partner = env["res.partner"].create({"name": "Con etiqueta", "category_id": [(4, low.id)]})
    assert low.partner_ids == partner
    assert env["res.partner"].search([("category_id", "child_of", top.id)]) == partner


def test_messages_stay_with_the_contact(rpc: Any) -> None:
    seller = rpc.as_user("ventas.mx")
    (id,) = seller("res.partner", "search", [["ref", "=", "CMX001"]])
    seller("res.partner", "message_post", [id], body="<p>Llamó por la factura.</p>")
    (row,) = seller("res.partner", "read", [id], ["message_ids"])
    assert len(row["message_ids"]) == 1


def test_bank_accounts(env: Any) -> None:
    account = env["res.partner.bank"].create(
        {
            "acc_number": "072580001234567897",
            "partner_id": env.ref("base.customer_mx_01").id,
            "bank_id": env.ref("base.bank_mx_banorte").id,
        }
    )
    assert account.display_name == "072580001234567897 - Banorte"
    assert env.ref("base.customer_mx_01").bank_ids == account


def test_lists_cost_the_same_for_few_and_many(env: Any, count_statements: Any) -> None:
    fields = [
        "name",
        "display_name",
        "state_id",
        "country_id",
        "category_id",
        "parent_id",
        "company_type",
        "commercial_partner_id",
    ]
    env["res.partner"].search_read([], fields, limit=1)
    counts = []
    for limit in (3, 30):
        with count_statements(env) as seen:
            assert len(env["res.partner"].search_read([], fields, limit=limit)) == limit
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 3, seen.report()


def test_a_company_goes_together_with_its_contacts(rpc):
    """What points at a record that is deleted does not hold it when it is deleted by the same call."""
    company = rpc(
        "res.partner", "create", {"name": "All of it", "child_ids": [(0, 0, {"name": "Ana"}), (0, 0, {"name": "Beto"})]}
    )
    (row,) = rpc("res.partner", "read", [company], ["child_ids"])
    with pytest.raises(ValidationError):
        rpc("res.partner", "unlink", [company])
    assert rpc("res.partner", "unlink", [company, *row["child_ids"]]) is True
    assert rpc("res.partner", "search", [["id", "in", [company, *row["child_ids"]]]]) == []
