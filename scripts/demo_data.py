# ruff: noqa: E501  (tables are read by line)
"""Write the demo data of the addons `base` and `product`: two companies' customers, suppliers and articles, all invented.

The tables below are written by hand; what must be right by calculation (check digits of RFC, RUC and GTIN) is added here. E-mail
addresses use the reserved domain `example` (RFC 2606), so that nothing sent from a demo ever arrives anywhere.

    python scripts/demo_data.py
"""

from __future__ import annotations

import csv
from pathlib import Path

from stdnum.ean import calc_check_digit
from stdnum.mx import rfc
from stdnum.pe import ruc

ROOT = Path(__file__).resolve().parent.parent

# name | RFC without its check digit | street | street2 (colonia) | city | zip | state | phone | mail | tags
CUSTOMERS_MX = """
Abarrotes La Esperanza, S.A. de C.V.|AES050614H2|Av. Hidalgo 412|Centro|Toluca de Lerdo|50000|MEX|+52 722 214 5180|compras@abarroteslaesperanza.example|grocery
Súper Mi Tierra, S.A. de C.V.|SMT981120QK|Calz. Independencia Norte 1875|Independencia|Guadalajara|44340|JAL|+52 33 3619 2044|pedidos@supermitierra.example|supermarket,gold
Comercializadora del Bajío, S. de R.L. de C.V.|CBA110302R4|Blvd. Adolfo López Mateos 2304|Los Gavilanes|León|37270|GUA|+52 477 715 3390|compras@comercializadorabajio.example|wholesale
Tiendas El Ahorro del Norte, S.A. de C.V.|TAN030917LM|Av. Ruiz Cortines 5100|Valle de Infonavit|Monterrey|64350|NLE|+52 81 8351 7722|proveedores@ahorronorte.example|supermarket,gold
Ferretería y Tlapalería San Judas, S.A. de C.V.|FTS890428DB|Calle 5 de Mayo 87|Centro|Puebla|72000|PUE|+52 222 242 6013|ventas@ferreteriasanjudas.example|hardware
Hotelera Costa Maya, S.A. de C.V.|HCM070809TU|Av. Kukulcán km 12.5|Zona Hotelera|Cancún|77500|ROO|+52 998 883 4471|almacen@costamaya.example|hospitality
Restaurantes Doña Chole, S.A. de C.V.|RDC150212V9|Av. Álvaro Obregón 110|Roma Norte|Ciudad de México|06700|CMX|+52 55 5207 8830|cocina@donachole.example|hospitality
Cremería y Abarrotes Don Beto, S.A. de C.V.|CAD120730JX|Calle Morelos 231|Centro|Querétaro|76000|QUE|+52 442 212 6540|donbeto@cremeriadonbeto.example|grocery
Materiales y Herramientas del Pacífico, S.A. de C.V.|MHP060518NE|Blvd. Agua Caliente 10470|Aviación|Tijuana|22014|BCN|+52 664 686 2215|compras@mhpacifico.example|hardware
Autoservicio La Huerta, S.A. de C.V.|AHU990105CF|Calle 60 Nº 388|Centro|Mérida|97000|YUC|+52 999 924 1176|compras@autoserviciolahuerta.example|supermarket
Dulcería y Abarrotes La Michoacana, S.A. de C.V.|DAM041223GP|Av. Madero Oriente 655|Centro|Morelia|58000|MIC|+52 443 312 9087|pedidos@lamichoacana.example|grocery
Distribuciones Tarahumara, S.A. de C.V.|DTA130606SY|Av. Tecnológico 4305|Granjas|Chihuahua|31100|CHH|+52 614 417 5029|almacen@tarahumara.example|wholesale
Comedores Industriales Anáhuac, S.A. de C.V.|CIA100419UA|Vía Gustavo Baz 3990|San Bartolo Naucalpan|Naucalpan de Juárez|53000|MEX|+52 55 5358 6604|insumos@comedoresanahuac.example|hospitality
Minisúper La Parada, S.A. de C.V.|MLP160825TD|Av. Miguel Alemán 1290|Primero de Mayo|Veracruz|91897|VER|+52 229 937 4418|minisuper@laparada.example|grocery
Constructora Cerro de la Silla, S.A. de C.V.|CCS950711B6|Av. Eugenio Garza Sada 3431|Arroyo Seco|Monterrey|64740|NLE|+52 81 8358 2941|obra@cerrodelasilla.example|hardware,gold
Cooperativa de Consumo Huasteca, S.C. de R.L.|CCH080131MC|Calle Juárez 402|Centro|Ciudad Valles|79000|SLP|+52 481 382 0765|cooperativa@huasteca.example|grocery
Limpieza Profesional Anáhuac, S.A. de C.V.|LPA140916K3|Av. Universidad 1810|Oxtopulco|Ciudad de México|04318|CMX|+52 55 5659 3172|insumos@limpiezaanahuac.example|services
María Guadalupe Hernández López|HELG790512TN|Calle Allende 19|Centro|Oaxaca de Juárez|68000|OAX|+52 951 516 8804|lupita.hernandez@correo.example|person
Jorge Luis Ramírez Soto|RASJ850923H8|Av. Patria 1501|Villa Universitaria|Zapopan|45110|JAL|+52 33 3642 1907|jorge.ramirez@correo.example|person
Ana Sofía Castañeda Ruiz|CARA920304JV|Privada de los Pinos 26|Lomas del Valle|San Pedro Garza García|66256|NLE|+52 81 8335 4460|ana.castaneda@correo.example|person
"""
# name | RUC without its check digit | street | street2 (district) | city | zip (ubigeo) | state | phone | mail | tags
CUSTOMERS_PE = """
Bodega Santa Rosa E.I.R.L.|2045871236|Av. Ejército 710|Yanahuara|Arequipa|040126|04|+51 54 252 318|compras@bodegasantarosa.example|grocery
Minimarket El Misti S.A.C.|2060124587|Calle Mercaderes 215|Cercado|Arequipa|040101|04|+51 54 221 764|pedidos@minimarketelmisti.example|grocery,gold
Supermercados Valle Blanco S.A.|2010384726|Av. Aviación 602|Cerro Colorado|Arequipa|040104|04|+51 54 445 190|proveedores@valleblanco.example|supermarket,gold
Comercial Titicaca S.R.L.|2032145690|Jr. Lima 341|Puno|Puno|210101|21|+51 51 351 402|compras@comercialtiticaca.example|wholesale
Ferretería Los Andes S.A.C.|2051239874|Av. De la Cultura 1420|Wanchaq|Cusco|080108|08|+51 84 236 915|ventas@ferreterialosandes.example|hardware
Hotel Plaza Colca S.A.C.|2056781230|Plaza de Armas s/n|Chivay|Chivay|040501|04|+51 54 531 070|almacen@plazacolca.example|hospitality
Restaurante La Nueva Picantería S.A.C.|2060987412|Calle Jerusalén 408|Cercado|Arequipa|040101|04|+51 54 287 653|cocina@nuevapicanteria.example|hospitality
Distribuidora Costa Sur E.I.R.L.|2045012378|Av. Balta 890|Moquegua|Moquegua|180101|18|+51 53 461 228|almacen@costasur.example|wholesale
Inversiones Tacna Centro S.A.C.|2053216549|Av. San Martín 655|Tacna|Tacna|230101|23|+51 52 414 876|compras@tacnacentro.example|supermarket
Constructora Pampa Grande S.A.|2010998745|Av. Javier Prado Este 2810|San Borja|Lima|150130|15|+51 1 346 2207|logistica@pampagrande.example|hardware,gold
Bodegas Unidas del Callao S.A.C.|2051874560|Av. Sáenz Peña 380|Callao|Callao|070101|07|+51 1 429 6115|pedidos@bodegasunidas.example|grocery
Panadería y Pastelería San Blas E.I.R.L.|2056123789|Cuesta San Blas 562|Cusco|Cusco|080101|08|+51 84 247 330|insumos@panaderiasanblas.example|hospitality
Comercializadora Ica Verde S.R.L.|2045678123|Av. Matías Manzanilla 514|Ica|Ica|110101|11|+51 56 218 940|compras@icaverde.example|wholesale
Minera Santa Lucía S.A.|2033698521|Av. Víctor Andrés Belaúnde 147|San Isidro|Lima|150131|15|+51 1 611 4400|compras@minerasantalucia.example|services,gold
Colegio San Francisco de Yura|2016874523|Av. Principal 102|Yura|Arequipa|040128|04|+51 54 495 051|administracion@colegioyura.example|services
Limpieza Total del Sur S.A.C.|2060456321|Av. Dolores 118|José Luis Bustamante y Rivero|Arequipa|040129|04|+51 54 426 873|insumos@limpiezatotal.example|services
Tienda Don Pedrito E.I.R.L.|2056987410|Av. Jesús 1102|Paucarpata|Arequipa|040112|04|+51 54 463 209|donpedrito@tienda.example|grocery
Rosa Elvira Mamani Quispe|1029485710|Calle Puente Grau 230|Cercado|Arequipa|040101|04|+51 959 412 338|rosa.mamani@correo.example|person
Luis Alberto Huamán Condori|1040126593|Jr. Tacna 512|Juliaca|Juliaca|211101|21|+51 951 776 204|luis.huaman@correo.example|person
Carmen Beatriz Salas Velarde|1043018276|Urb. La Estancia B-14|Cayma|Arequipa|040103|04|+51 958 120 447|carmen.salas@correo.example|person
"""
SUPPLIERS_MX = """
Molinos y Granos de Sinaloa, S.A. de C.V.|MGS910325FD|Carr. Internacional km 1423|Parque Industrial|Culiacán|80300|SIN|+52 667 760 1188|ventas@molinossinaloa.example|supplier
Industrias Químicas Azteca, S.A. de C.V.|IQA870619PR|Av. Industria Química 205|Parque Industrial Lerma|Lerma|52000|MEX|+52 728 285 9040|pedidos@iqazteca.example|supplier
Herramientas Forjadas de Monterrey, S.A. de C.V.|HFM790902LT|Av. Los Ángeles 800|Garza Cantú|San Nicolás de los Garza|66480|NLE|+52 81 8376 5520|ventas@forjadasmty.example|supplier
Conservas y Salsas del Valle, S.A. de C.V.|CSV020814A5|Carr. Tehuacán-Puebla km 4|Zona Industrial|Tehuacán|75790|PUE|+52 238 382 4417|ventas@conservasdelvalle.example|supplier
"""
SUPPLIERS_PE = """
Molinos del Sur Andino S.A.|2010025874|Variante de Uchumayo km 5.5|Cerro Colorado|Arequipa|040104|04|+51 54 443 912|ventas@molinossurandino.example|supplier
Productos de Limpieza Pacífico S.A.C.|2043125698|Av. Argentina 3250|Callao|Callao|070101|07|+51 1 465 7020|pedidos@limpiezapacifico.example|supplier
Aceros y Herramientas del Perú S.A.|2010347852|Av. Néstor Gambetta 6429|Ventanilla|Callao|070106|07|+51 1 577 3300|ventas@acerosperu.example|supplier
Agroindustrias Valle de Majes S.A.C.|2045563217|El Pedregal Mz. C Lt. 8|Majes|Arequipa|040520|04|+51 54 586 140|ventas@vallemajes.example|supplier
"""
# parent | id | type | name | function or street | mail or city | phone | state
CONTACTS = """
customer_mx_02|contact_mx_02_purchases|contact|Laura Beltrán Ochoa|Jefa de compras|laura.beltran@supermitierra.example|+52 33 3619 2045|
customer_mx_02|address_mx_02_warehouse|delivery|CEDIS El Salto|Carr. a El Castillo 1502|El Salto|+52 33 3688 1120|JAL
customer_mx_04|contact_mx_04_payables|contact|Ricardo Treviño Garza|Cuentas por pagar|ricardo.trevino@ahorronorte.example|+52 81 8351 7730|
customer_mx_06|contact_mx_06_warehouse|contact|Miguel Ángel Poot Canul|Almacenista|miguel.poot@costamaya.example|+52 998 883 4475|
customer_mx_15|address_mx_15_site|delivery|Obra Cumbres Norte|Av. Paseo de los Leones 7800|Monterrey|+52 81 8358 2950|NLE
supplier_mx_1|contact_mx_s1_sales|contact|Patricia Félix Gastélum|Ejecutiva de ventas|patricia.felix@molinossinaloa.example|+52 667 760 1190|
customer_pe_03|contact_pe_03_purchases|contact|Javier Núñez Paredes|Jefe de compras|javier.nunez@valleblanco.example|+51 54 445 192|
customer_pe_03|address_pe_03_warehouse|delivery|Almacén Río Seco|Parque Industrial Río Seco Mz. F|Arequipa|+51 54 445 195|04
customer_pe_10|contact_pe_10_logistics|contact|Gabriela Ríos Tello|Logística|gabriela.rios@pampagrande.example|+51 1 346 2210|
customer_pe_14|address_pe_14_camp|delivery|Campamento Santa Lucía|Carretera Arequipa-Juliaca km 168|Santa Lucía|+51 1 611 4420|21
supplier_pe_1|contact_pe_s1_sales|contact|Fernando Valdivia Rodríguez|Ejecutivo de cuenta|fernando.valdivia@molinossurandino.example|+51 54 443 915|
"""
# code | name | category | unit | price | cost | weight kg | GTIN without its check digit (empty: sold loose, no GTIN)
PRODUCTS_MX = """
ABA-001|Arroz súper extra 1 kg|food|unit|31.50|23.80|1.02|750190001001
ABA-002|Frijol negro 900 g|food|unit|38.90|29.40|0.92|750190001002
ABA-003|Azúcar estándar 1 kg|food|unit|29.00|23.10|1.01|750190001003
ABA-004|Aceite vegetal 900 ml|food|unit|42.50|33.60|0.87|750190001004
ABA-005|Harina de maíz nixtamalizado 1 kg|food|unit|21.00|16.20|1.02|750190001005
ABA-006|Harina de trigo 1 kg|food|unit|19.50|14.70|1.02|750190001006
ABA-007|Pasta para sopa fideo 200 g|food|unit|9.20|6.30|0.21|750190001007
ABA-008|Sal refinada de mesa 1 kg|food|unit|14.80|9.90|1.02|750190001008
ABA-009|Atún en agua 140 g|food|unit|21.90|15.80|0.19|750190001009
ABA-010|Chiles jalapeños en rajas 220 g|food|unit|19.80|13.90|0.31|750190001010
ABA-011|Salsa cátsup 320 g|food|unit|27.50|19.60|0.36|750190001011
ABA-012|Café soluble 200 g|food|unit|129.00|96.50|0.43|750190001012
ABA-013|Leche entera ultrapasteurizada 1 L|food|unit|27.80|22.90|1.05|750190001013
ABA-014|Galletas marías 170 g|food|unit|17.40|12.10|0.18|750190001014
ABA-015|Maíz palomero a granel|food|kg|34.00|24.50|1.00|
LIM-001|Detergente en polvo multiusos 1 kg|household|unit|43.90|31.70|1.03|750190002001
LIM-002|Cloro blanqueador 950 ml|household|unit|16.90|11.20|1.02|750190002002
LIM-003|Jabón de tocador 150 g|household|unit|17.50|12.30|0.16|750190002003
LIM-004|Limpiador líquido de pisos lavanda 1 L|household|unit|24.90|17.00|1.06|750190002004
LIM-005|Papel higiénico 4 rollos|household|unit|34.50|25.20|0.42|750190002005
LIM-006|Bolsa para basura 70 x 90 cm, 10 piezas|household|unit|32.00|21.80|0.28|750190002006
LIM-007|Escoba de plástico tipo abanico|household|unit|58.00|38.40|0.61|750190002007
LIM-008|Fibra esponja, paquete de 3|household|unit|26.50|16.90|0.05|750190002008
FER-001|Martillo de uña 16 oz mango de madera|hardware|unit|189.00|128.00|0.68|750190003001
FER-002|Desarmador plano 1/4 x 6 pulg|hardware|unit|64.00|41.50|0.12|750190003002
FER-003|Pinzas de electricista 8 pulg|hardware|unit|215.00|149.00|0.34|750190003003
FER-004|Cinta de aislar negra 18 m|hardware|unit|28.50|17.80|0.06|750190003004
FER-005|Foco LED 9 W luz blanca|hardware|unit|39.00|24.60|0.05|750190003005
FER-006|Cable eléctrico THW calibre 12|hardware|m|14.90|10.20|0.04|
FER-007|Candado de latón 40 mm|hardware|unit|118.00|79.00|0.21|750190003007
"""
PRODUCTS_PE = """
ABA-101|Arroz extra 5 kg|food|unit|24.90|19.80|5.05|775190001001
ABA-102|Azúcar rubia 1 kg|food|unit|4.60|3.70|1.01|775190001002
ABA-103|Aceite vegetal 900 ml|food|unit|9.80|7.60|0.87|775190001003
ABA-104|Fideos spaghetti 500 g|food|unit|3.70|2.70|0.51|775190001004
ABA-105|Leche evaporada entera 390 g|food|unit|4.40|3.55|0.43|775190001005
ABA-106|Filete de atún en aceite 150 g|food|unit|6.90|5.10|0.20|775190001006
ABA-107|Quinua blanca 500 g|food|unit|9.50|6.90|0.51|775190001007
ABA-108|Lentejas 500 g|food|unit|5.90|4.20|0.51|775190001008
ABA-109|Avena en hojuelas 380 g|food|unit|4.80|3.45|0.39|775190001009
ABA-110|Café tostado molido 250 g|food|unit|18.50|13.60|0.26|775190001010
ABA-111|Cocoa en polvo 160 g|food|unit|7.20|5.20|0.17|775190001011
ABA-112|Mermelada de fresa 310 g|food|unit|6.50|4.60|0.33|775190001012
ABA-113|Sal de mesa yodada 1 kg|food|unit|2.20|1.45|1.01|775190001013
ABA-114|Galletas de soda, paquete de 6|food|unit|4.20|3.05|0.21|775190001014
ABA-115|Maíz morado a granel|food|kg|6.80|4.70|1.00|
LIM-101|Detergente en polvo 800 g|household|unit|10.90|8.10|0.83|775190002001
LIM-102|Lejía tradicional 1 L|household|unit|4.30|2.85|1.08|775190002002
LIM-103|Jabón de lavar ropa 210 g|household|unit|3.10|2.20|0.22|775190002003
LIM-104|Papel higiénico doble hoja 4 rollos|household|unit|6.90|5.00|0.40|775190002004
LIM-105|Lavavajilla en pasta 850 g|household|unit|9.40|6.80|0.90|775190002005
LIM-106|Bolsas para basura 75 L, 10 unidades|household|unit|8.50|5.70|0.30|775190002006
LIM-107|Escoba de cerdas sintéticas|household|unit|14.90|9.80|0.60|775190002007
LIM-108|Desinfectante de pino 900 ml|household|unit|7.60|5.10|0.95|775190002008
FER-101|Martillo carpintero 16 oz|hardware|unit|32.90|22.50|0.70|775190003001
FER-102|Destornillador estrella 1/4 x 6 pulg|hardware|unit|11.50|7.30|0.12|775190003002
FER-103|Alicate universal 8 pulg|hardware|unit|29.90|20.40|0.35|775190003003
FER-104|Cinta aislante negra 18 m|hardware|unit|4.90|3.05|0.06|775190003004
FER-105|Foco LED 12 W luz blanca|hardware|unit|7.90|5.10|0.06|775190003005
FER-106|Cable eléctrico TW 14 AWG|hardware|m|1.85|1.25|0.03|
FER-107|Candado de bronce 50 mm|hardware|unit|24.50|16.40|0.30|775190003007
"""
SUPPLIER_OF = {"food": 1, "household": 2, "hardware": 3}
UNIT = {"unit": "product_uom_unit", "kg": "product_uom_kgm", "m": "product_uom_meter"}
COMPANY = {"mx": "base.main_company", "pe": "base.company_pe"}


def with_digit(country: str, payload: str) -> str:
    """A tax number with its check digit added."""
    number = payload + (rfc.calc_check_digit(payload) if country == "mx" else ruc.calc_check_digit(payload))
    return str(rfc.validate(number, validate_check_digits=True) if country == "mx" else ruc.validate(number))


def rows_of(table: str) -> list[list[str]]:
    """The cells of a table written above."""
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def write(path: str, header: list[str], rows: list[list[str]]) -> None:
    """Write one CSV file."""
    target = ROOT / "addons" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def partners() -> None:
    """Customers, suppliers, their contacts and addresses."""
    header = ["id", "name", "is_company", "ref", "vat", "street", "street2", "city", "zip", "state_id/id", "country_id/id", "phone", "email", "lang",
              "category_id/id", "company_id/id", "parent_id/id", "type", "function"]  # fmt: skip
    rows: list[list[str]] = []
    for country, tables in (
        ("mx", (("customer", CUSTOMERS_MX), ("supplier", SUPPLIERS_MX))),
        ("pe", (("customer", CUSTOMERS_PE), ("supplier", SUPPLIERS_PE))),
    ):
        for kind, table in tables:
            for number, (name, payload, street, street2, city, zip_code, state, phone, mail, tags) in enumerate(
                rows_of(table), 1
            ):
                width = 2 if kind == "customer" else 1
                rows.append(
                    [f"{kind}_{country}_{number:0{width}}", name, str("person" not in tags), f"{kind[0].upper()}{country.upper()}{number:03}",
                     with_digit(country, payload), street, street2, city, zip_code, f"state_{country}_{state.lower()}", country, phone, mail,
                     f"es_{country.upper()}", ",".join(f"tag_{tag}" for tag in tags.split(",") if tag != "person"), COMPANY[country], "", "contact", ""]
                )  # fmt: skip
    for parent, xmlid, kind, name, what, where, phone, state in rows_of(CONTACTS):
        country = xmlid.split("_")[1]
        row = dict.fromkeys(header, "")
        row.update({"id": xmlid, "name": name, "is_company": "False", "phone": phone, "lang": f"es_{country.upper()}", "company_id/id": COMPANY[country],
                    "parent_id/id": parent, "type": kind})  # fmt: skip
        if kind == "contact":
            row.update({"function": what, "email": where})
        else:
            row.update(
                {"street": what, "city": where, "state_id/id": f"state_{country}_{state.lower()}", "country_id/id": country}
            )
        rows.append([row[name] for name in header])
    write("base/demo/res.partner.csv", header, rows)


def products() -> None:
    """Articles with packagings and suppliers' prices."""
    articles: list[list[str]] = []
    packagings: list[list[str]] = []
    sellers: list[list[str]] = []
    for country, table in (("mx", PRODUCTS_MX), ("pe", PRODUCTS_PE)):
        currency = "base.MXN" if country == "mx" else "base.PEN"
        for number, (code, name, category, unit, price, cost, weight, payload) in enumerate(rows_of(table), 1):
            xmlid = f"demo_{country}_{number:02}"
            barcode = payload + calc_check_digit(payload) if payload else ""
            articles.append(
                [xmlid, code, name, barcode, f"product_category_{category}", UNIT[unit], price, cost, weight, COMPANY[country]]
            )
            if payload and category == "food":
                carton = "1" + payload
                packagings.append([f"{xmlid}_carton", "Caja con 12", xmlid, "12", carton + calc_check_digit(carton)])
            sellers.append(
                [f"{xmlid}_seller", f"base.supplier_{country}_{SUPPLIER_OF[category]}", xmlid, code, cost, "1", "3", currency]
            )
    write("product/demo/product.product.csv",
          ["id", "default_code", "name", "barcode", "categ_id/id", "uom_id/id", "list_price", "standard_price", "weight", "company_id/id"], articles)  # fmt: skip
    write("product/demo/product.packaging.csv", ["id", "name", "product_id/id", "qty", "barcode"], packagings)
    write("product/demo/product.supplierinfo.csv",
          ["id", "partner_id/id", "product_id/id", "product_code", "price", "min_qty", "delay", "currency_id/id"], sellers)  # fmt: skip


if __name__ == "__main__":
    partners()
    products()
