"""What clients probe and integrations use: every model, field, older spelling, selection key and method of the contract.

One entry per model. A field is `name type`, the type one of c char, t text, h html, i integer, f float, m monetary, b boolean, d date,
dt datetime, s selection, bin binary, m2o, o2m, m2m, json, ref reference, m2r many2one_reference; a relation stands after a colon
(`m2o:res.users`), keys of a selection in brackets (`s[draft sale]`, all of which must be there), aliases after `>`. A word with `()` is a
public method.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TYPES = {
    "c": "char", "t": "text", "h": "html", "i": "integer", "f": "float", "m": "monetary", "b": "boolean", "d": "date", "dt": "datetime",
    "s": "selection", "bin": "binary", "m2o": "many2one", "o2m": "one2many", "m2m": "many2many", "json": "json", "ref": "reference",
    "m2r": "many2one_reference",
}  # fmt: skip

TABLE = """
ir.model
  name c; model c; state s[base manual]; transient b; abstract b; modules c; field_id o2m:ir.model.fields; access_ids *:ir.model.access
  view_ids *:ir.ui.view; get_available_models()
ir.model.fields
  model_id m2o:ir.model; model c; name c; field_description c; ttype s[char text html integer float monetary boolean date datetime
  selection many2one one2many many2many binary reference json]; relation c; relation_field c; required b; readonly b; store b; index b
  translate b; state s[base manual]; size i; selection_ids o2m:ir.model.fields.selection; on_delete s[cascade restrict] ; domain c
  groups m2m:res.groups; help t
ir.model.fields.selection
  field_id m2o:ir.model.fields; value c; name c; sequence i
ir.model.data
  module c; name c; complete_name c; model c; res_id *; noupdate b; check_object_reference(); get_object_reference(); xmlid_to_res_id()
  xmlid_to_res_model_res_id()
ir.module.module
  name c; shortdesc c; summary c; author c; state s[uninstalled installed; to install; to upgrade; to remove; uninstallable]
  latest_version c; installed_version c; application b; category_id m2o:ir.module.category; update_list(); button_install()
  button_upgrade(); button_uninstall(); button_immediate_install(); button_immediate_upgrade(); button_immediate_uninstall()
  button_install_cancel(); button_upgrade_cancel(); button_uninstall_cancel(); button_reset_state()
base.module.upgrade
  upgrade_module()
ir.model.access
  name c; model_id m2o:ir.model; group_id m2o:res.groups; perm_read b; perm_write b; perm_create b; perm_unlink b; active b; check()
res.users
  login c; name c; password c; email c; partner_id m2o:res.partner; company_id m2o:res.company; company_ids m2m:res.company
  group_ids m2m:res.groups > groups_id; lang *; tz *; active b; share b; signature h; login_date dt; context_get(); has_group()
  change_password()
res.groups
  name c; full_name c; implied_ids m2m:res.groups; users m2m:res.users > user_ids; comment t
res.lang
  code c; iso_code c; name c; active b; date_format c; time_format c; decimal_point c; thousands_sep c
ir.config_parameter
  key c; value t; get_param(); set_param()
ir.sequence
  code c; prefix c; padding i; next_by_code()
ir.default
  set(); get()
ir.filters
  name c; model_id *; domain t; context t; user_id m2o:res.users
ir.exports
  name c; resource c; export_fields o2m:ir.exports.line
ir.actions.report
  name c; model c; report_name c; report_type s[qweb-pdf qweb-html]
ir.actions.act_window
  name c; res_model c; view_mode c; domain *; context *
ir.actions.server
  name c; model_id m2o:ir.model; state s[code object_write object_create multi webhook]; code t; child_ids *:ir.actions.server; run()
ir.ui.menu
  name c; parent_id m2o:ir.ui.menu; sequence i; action *; complete_name c
ir.ui.view
  name c; model c; type s[list form search]; arch t > arch_base, arch_db; inherit_id m2o:ir.ui.view
ir.logging
  name c; type s[client server]; level c; message t; path c; func c; line c; dbname c
base.automation
  name c; model_id m2o:ir.model; trigger s[on_create on_write on_unlink on_create_or_write]; filter_domain c; active b
  action_server_ids *:ir.actions.server
res.partner
  name c; complete_name c; ref c; active b; is_company b; company_type s[person company]; type s[contact invoice delivery other]
  parent_id m2o:res.partner; child_ids o2m:res.partner; commercial_partner_id m2o:res.partner; vat c; company_registry c; email c
  phone c; mobile c; website c; street c; street2 c; city c; zip c; state_id m2o:res.country.state; country_id m2o:res.country; lang s
  tz s; user_id m2o:res.users; company_id m2o:res.company; category_id m2m:res.partner.category; title c; function c; comment h; color i
  barcode c; image_1920 bin; image_1024 bin; image_512 bin; image_256 bin; image_128 bin; customer_rank i; supplier_rank i
  credit_limit *; property_payment_term_id m2o:account.payment.term; property_supplier_payment_term_id m2o:account.payment.term
  property_product_pricelist m2o:product.pricelist; property_account_receivable_id m2o:account.account
  property_account_payable_id m2o:account.account; property_account_position_id m2o:account.fiscal.position
  bank_ids o2m:res.partner.bank; sale_order_count i; total_invoiced m; message_ids *:mail.message; activity_ids *:mail.activity
  message_post(); message_subscribe(); activity_schedule()
res.partner.category
  name c; parent_id m2o:res.partner.category; child_ids o2m:res.partner.category; color i; active b; partner_ids m2m:res.partner
res.partner.bank
  acc_number c; partner_id m2o:res.partner; bank_id m2o:res.bank; currency_id m2o:res.currency
res.country
  name c; code c; phone_code i; currency_id m2o:res.currency; state_ids o2m:res.country.state; vat_label c
res.country.state
  name c; code c; country_id m2o:res.country
res.currency
  name c; symbol c; rate f; rounding f; decimal_places i; position s[after before]; active b; rate_ids o2m:res.currency.rate
res.currency.rate
  name d; rate f; inverse_company_rate f; currency_id m2o:res.currency; company_id m2o:res.company
res.company
  name c; partner_id m2o:res.partner; currency_id m2o:res.currency; country_id m2o:res.country; state_id m2o:res.country.state; street c
  city c; zip c; vat c; email c; phone c; website c; logo bin; parent_id m2o:res.company; child_ids o2m:res.company
  user_ids m2m:res.users; company_registry c; chart_template s
product.category
  name c; complete_name c; parent_id m2o:product.category; child_id o2m:product.category
  property_account_income_categ_id m2o:account.account; property_account_expense_categ_id m2o:account.account
  property_cost_method s[standard average]; property_valuation s[manual_periodic real_time]
uom.uom
  name c; relative_factor f; relative_uom_id m2o:uom.uom; category_id m2o; factor f; factor_inv f; uom_type s[bigger reference smaller]
  rounding f; active b
product.template
  name c; active b; type s[consu service combo] > detailed_type; is_storable b; default_code c; barcode c; list_price f
  standard_price f; categ_id m2o:product.category; uom_id m2o:uom.uom > uom_po_id; taxes_id m2m:account.tax
  supplier_taxes_id m2m:account.tax; sale_ok b; purchase_ok b; description *; description_sale t; invoice_policy s[order delivery]
  tracking s[none lot serial]; weight f; volume f; image_1920 bin; image_1024 bin; image_512 bin; image_256 bin; image_128 bin
  product_variant_ids o2m:product.product; product_variant_id m2o:product.product; product_variant_count i
  attribute_line_ids o2m:product.template.attribute.line; seller_ids o2m:product.supplierinfo; qty_available f; virtual_available f
  company_id m2o:res.company; currency_id m2o:res.currency; property_account_income_id m2o:account.account
  property_account_expense_id m2o:account.account; message_ids *:mail.message; activity_ids *:mail.activity
product.product
  name c; active b; type s[consu service combo] > detailed_type; is_storable b; list_price f; standard_price f
  categ_id m2o:product.category; uom_id m2o:uom.uom > uom_po_id; taxes_id m2m:account.tax; supplier_taxes_id m2m:account.tax
  sale_ok b; purchase_ok b; description *; description_sale t; invoice_policy s; tracking s; weight f; volume f
  image_1920 bin; image_1024 bin; image_512 bin; image_256 bin; image_128 bin; attribute_line_ids *; seller_ids *; qty_available f
  virtual_available f; company_id m2o:res.company; currency_id m2o:res.currency; product_tmpl_id m2o:product.template; lst_price f
  default_code c; barcode c; product_template_attribute_value_ids m2m:product.template.attribute.value; free_qty f; incoming_qty f
  outgoing_qty f
product.pricelist
  name c; currency_id m2o:res.currency; active b; item_ids o2m:product.pricelist.item; company_id m2o:res.company
product.pricelist.item
  pricelist_id m2o:product.pricelist; applied_on s[3_global 2_product_category 1_product 0_product_variant]
  product_tmpl_id m2o:product.template; product_id m2o:product.product; categ_id m2o:product.category; min_quantity f
  compute_price s[fixed percentage formula]; fixed_price f; percent_price f; date_start dt; date_end dt
sale.order
  name c; state s[draft sent sale cancel]; partner_id m2o:res.partner; partner_invoice_id m2o:res.partner
  partner_shipping_id m2o:res.partner; client_order_ref c; origin c; reference c; date_order dt; validity_date d; commitment_date dt
  user_id m2o:res.users; team_id m2o:crm.team; company_id m2o:res.company; pricelist_id m2o:product.pricelist
  currency_id m2o:res.currency; payment_term_id m2o:account.payment.term; fiscal_position_id m2o:account.fiscal.position; note h
  order_line o2m:sale.order.line; amount_untaxed m; amount_tax m; amount_total m; invoice_status s[no; to invoice; invoiced; upselling]
  invoice_ids m2m:account.move; invoice_count i; picking_ids o2m:stock.picking; delivery_count i; delivery_status s
  warehouse_id m2o:stock.warehouse; picking_policy s[direct one]; tag_ids m2m:crm.tag; locked b; require_signature b
  medium_id m2o:utm.medium; source_id m2o:utm.source; campaign_id m2o:utm.campaign; message_ids *:mail.message
  activity_ids *:mail.activity; action_confirm(); action_quotation_send(); action_quotation_sent(); action_cancel(); action_draft()
  action_lock(); action_unlock(); action_view_invoice(); action_view_delivery(); action_update_prices(); message_post()
sale.order.line
  order_id m2o:sale.order; sequence i; display_type s[line_section line_note]; product_id m2o:product.product
  product_template_id m2o:product.template; name t; product_uom_qty f; product_uom_id m2o:uom.uom > product_uom; price_unit f
  discount f; tax_ids m2m:account.tax > tax_id; price_subtotal m; price_tax *; price_total m; qty_delivered f; qty_delivered_method s
  qty_invoiced f; qty_to_invoice f; invoice_status s; invoice_lines m2m:account.move.line; move_ids o2m:stock.move; customer_lead f
  state s; company_id m2o:res.company; currency_id m2o:res.currency; salesman_id m2o:res.users; is_downpayment b
sale.advance.payment.inv
  advance_payment_method s[delivered percentage fixed]; sale_order_ids m2m:sale.order; amount f; fixed_amount m
  deduct_down_payments b; create_invoices()
stock.warehouse
  name c; code c; company_id m2o:res.company; partner_id m2o:res.partner; lot_stock_id m2o:stock.location
  view_location_id m2o:stock.location; in_type_id m2o:stock.picking.type; out_type_id m2o:stock.picking.type
  int_type_id m2o:stock.picking.type; reception_steps s; delivery_steps s
stock.location
  name c; complete_name c; usage s[supplier view internal customer inventory production transit]; location_id m2o:stock.location
  child_ids o2m:stock.location; company_id m2o:res.company; barcode c; active b; scrap_location b
stock.picking.type
  name c; code s[incoming outgoing internal]; sequence_code c; warehouse_id m2o:stock.warehouse
  default_location_src_id m2o:stock.location; default_location_dest_id m2o:stock.location
stock.picking
  name c; state s[draft waiting confirmed assigned done cancel]; origin c; partner_id m2o:res.partner
  picking_type_id m2o:stock.picking.type; picking_type_code s[incoming outgoing internal]; location_id m2o:stock.location
  location_dest_id m2o:stock.location; scheduled_date dt; date_deadline dt; date_done dt
  move_ids o2m:stock.move > move_lines, move_ids_without_package
  move_line_ids o2m:stock.move.line > move_line_ids_without_package; sale_id m2o:sale.order; group_id m2o
  backorder_id m2o:stock.picking; backorder_ids o2m:stock.picking; carrier_id m2o; carrier_tracking_ref c; user_id m2o:res.users
  company_id m2o:res.company; note h; priority s[0 1]; products_availability c; message_ids *:mail.message
  activity_ids *:mail.activity; action_confirm(); action_assign(); do_unreserve(); button_validate(); action_cancel()
  action_set_quantities_to_reservation(); message_post()
stock.backorder.confirmation
  pick_ids m2m:stock.picking; process(); process_cancel_backorder()
stock.move
  product_id m2o:product.product; product_uom_qty f; product_uom m2o:uom.uom; quantity f > quantity_done, reserved_availability
  picked b; state s[draft waiting confirmed partially_available assigned done cancel]; picking_id m2o:stock.picking
  location_id m2o:stock.location; location_dest_id m2o:stock.location; move_line_ids o2m:stock.move.line
  sale_line_id m2o:sale.order.line; name *; description_picking *; date dt; reference c; origin c; lot_ids m2m:stock.lot
  company_id m2o:res.company
stock.move.line
  move_id m2o:stock.move; picking_id m2o:stock.picking; product_id m2o:product.product; product_uom_id m2o:uom.uom
  quantity f > qty_done, reserved_uom_qty, product_uom_qty; picked b; location_id m2o:stock.location
  location_dest_id m2o:stock.location; lot_id m2o:stock.lot; lot_name c; package_id m2o; result_package_id m2o
  owner_id m2o:res.partner; state s; date dt
stock.quant
  product_id m2o:product.product; location_id m2o:stock.location; lot_id m2o:stock.lot; package_id m2o; owner_id m2o:res.partner
  quantity f; reserved_quantity f; available_quantity f; inventory_quantity f; inventory_quantity_set b; inventory_diff_quantity f
  inventory_date d; company_id m2o:res.company; in_date dt; action_apply_inventory()
stock.lot = stock.production.lot
  name c; ref c; product_id m2o:product.product; company_id m2o:res.company; product_qty f; expiration_date dt
account.account
  name c; code c
  account_type s[asset_receivable asset_cash asset_current asset_non_current asset_prepayments asset_fixed liability_payable
  liability_credit_card liability_current liability_non_current equity equity_unaffected income income_other expense
  expense_depreciation expense_direct_cost off_balance]; reconcile b; currency_id m2o:res.currency; company_ids m2m:res.company
  company_id m2o:res.company; tax_ids m2m:account.tax; tag_ids m2m; active b; deprecated b
account.journal
  name c; code c; type s[sale purchase cash bank credit general]; company_id m2o:res.company; currency_id m2o:res.currency
  default_account_id m2o:account.account; active b; sequence i
account.tax
  name c; amount f; amount_type s[percent fixed division group]; type_tax_use s[sale purchase none]; price_include b
  price_include_override s; company_id m2o:res.company; tax_group_id m2o; invoice_repartition_line_ids o2m
  refund_repartition_line_ids o2m; active b; country_id m2o:res.country
account.payment.term
  name c; line_ids o2m:account.payment.term.line; note *
account.payment.term.line
  value s[percent fixed]; value_amount f; nb_days i; delay_type s
account.fiscal.position
  name c; country_id m2o:res.country; tax_ids *; account_ids o2m; auto_apply b
account.move
  name c; move_type s[entry out_invoice out_refund in_invoice in_refund out_receipt in_receipt]; state s[draft posted cancel]
  partner_id m2o:res.partner; commercial_partner_id m2o:res.partner; partner_shipping_id m2o:res.partner; invoice_date d
  invoice_date_due d; date d; ref c; payment_reference c; invoice_origin c; journal_id m2o:account.journal; company_id m2o:res.company
  currency_id m2o:res.currency; invoice_line_ids o2m:account.move.line; line_ids o2m:account.move.line; amount_untaxed m; amount_tax m
  amount_total m; amount_residual m; amount_untaxed_signed m; amount_total_signed m
  payment_state s[not_paid in_payment paid partial reversed blocked]; invoice_payment_term_id m2o:account.payment.term
  fiscal_position_id m2o:account.fiscal.position; invoice_user_id m2o:res.users; narration h; reversed_entry_id m2o:account.move
  reversal_move_ids o2m:account.move; bank_partner_id m2o:res.partner; partner_bank_id m2o:res.partner.bank; tax_totals json
  access_url c; message_ids *:mail.message; activity_ids *:mail.activity; action_post(); button_draft(); button_cancel()
  action_reverse(); action_register_payment(); action_invoice_sent(); action_send_and_print(); preview_invoice()
  action_invoice_print(); message_post()
account.move.line
  move_id m2o:account.move; name c; product_id m2o:product.product; quantity f; product_uom_id m2o:uom.uom; price_unit f; discount f
  tax_ids m2m:account.tax; tax_line_id m2o:account.tax; price_subtotal m; price_total m; account_id m2o:account.account
  partner_id m2o:res.partner; debit m; credit m; balance m; amount_currency m; currency_id m2o:res.currency; date d; date_maturity d
  display_type s[product tax payment_term line_section line_note rounding]; sale_line_ids m2m:sale.order.line
  analytic_distribution json; full_reconcile_id m2o; matching_number c; reconciled b; amount_residual m; parent_state s
  move_name c; move_type s; journal_id m2o:account.journal; company_id m2o:res.company; reconcile(); remove_move_reconcile()
account.payment
  name c; payment_type s[inbound outbound]; partner_type s[customer supplier]; partner_id m2o:res.partner; amount m
  currency_id m2o:res.currency; date d; journal_id m2o:account.journal; payment_method_line_id m2o; memo c > ref, communication
  state s[draft in_process paid canceled rejected]; move_id m2o:account.move; reconciled_invoice_ids m2m:account.move
  company_id m2o:res.company; action_post(); action_draft(); action_cancel(); action_validate()
account.payment.register
  journal_id m2o:account.journal; amount m; payment_date d; currency_id m2o:res.currency; payment_method_line_id m2o; communication c
  group_payment b; payment_difference_handling s[open reconcile]; writeoff_account_id m2o:account.account; action_create_payments()
account.move.reversal
  reason c; journal_id m2o:account.journal; date d; refund_moves(); reverse_moves(); modify_moves()
ir.attachment
  name c; datas bin; raw bin; type s[binary url]; url c; mimetype c; file_size i; checksum c; res_model c; res_id m2r; res_field c
  res_name c; public b; access_token c; description t; company_id m2o:res.company
mail.message
  subject c; body h; model c; res_id m2r; date dt; author_id m2o:res.partner; email_from c
  message_type s[email comment notification user_notification]; subtype_id m2o:mail.message.subtype; attachment_ids m2m:ir.attachment
  partner_ids m2m:res.partner; tracking_value_ids *:ir.history; parent_id m2o:mail.message
mail.activity.type
  name c; summary c; sequence i; delay_count i; active b; icon c
mail.activity
  res_model c; res_model_id m2o:ir.model; res_id m2r; res_name c; activity_type_id m2o:mail.activity.type; summary c; note h
  date_deadline d; user_id m2o:res.users; state s[overdue today planned]; action_done(); action_feedback()
ir.cron
  name c; model_id m2o:ir.model; state s; code t; interval_number i; interval_type s[minutes hours days weeks months]; nextcall dt
  lastcall dt; active b; user_id m2o:res.users; method_direct_trigger()
"""

#: Models other products have and this one does not (yet): calling them is "unknown model" and nothing else.
ABSENT = ("crm.lead", "note.note", "calendar.event", "purchase.order", "hr.employee")

#: External ids that programs look up in any database.
EXTERNAL_IDS = {
    "base.main_company": "res.company", "base.main_partner": "res.partner", "base.user_root": "res.users", "base.user_admin": "res.users",
    "base.group_user": "res.groups", "base.group_system": "res.groups", "base.group_portal": "res.groups", "base.group_public": "res.groups",
    "base.group_erp_manager": "res.groups", "base.lang_en": "res.lang", "base.mx": "res.country", "base.pe": "res.country",
    "base.us": "res.country", "base.es": "res.country", "base.MXN": "res.currency", "base.PEN": "res.currency", "base.USD": "res.currency",
    "base.EUR": "res.currency", "base.state_mx_jal": "res.country.state", "base.state_pe_15": "res.country.state",
    "base.partner_root": "res.partner", "base.partner_admin": "res.partner",
}  # fmt: skip


@dataclass
class Entry:
    """A model of the table: `fields` are name → (type or "*", relation or ""), `keys` those of selections."""

    model: str
    alias: str = ""
    fields: dict[str, tuple[str, str]] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    aliases: dict[str, list[str]] = field(default_factory=dict)
    methods: list[str] = field(default_factory=list)


def _entry(head: str, body: str) -> Entry:
    name, _equals, alias = (part.strip() for part in head.partition("="))
    entry = Entry(name, alias)
    for item in re.findall(r"(?:[^;\[]|\[[^\]]*\])+", body):
        item = item.strip()
        if not item:
            continue
        if item.endswith("()"):
            entry.methods.append(item[:-2])
            continue
        declared, _arrow, older = item.partition(">")
        keys = re.search(r"\[([^\]]*)\]", declared)
        field_name, kind = re.sub(r"\[[^\]]*\]", "", declared).split()
        kind, _colon, relation = kind.partition(":")
        entry.fields[field_name] = (kind if kind == "*" else TYPES[kind], relation)
        if keys:
            inside = keys.group(1)
            entry.keys[field_name] = [key.strip() for part in [inside] for key in _keys(part)]
        if older:
            entry.aliases[field_name] = [one.strip() for one in older.split(",")]
    return entry


def _keys(text: str) -> list[str]:
    """Keys parted by white space; where any stands before or after a `;`, by `;` (keys of several words)."""
    found: list[str] = []
    parts = text.split(";")
    for part in parts:
        words = part.split()
        found += [" ".join(words)] if len(parts) > 1 and words[:1] == ["to"] else words
    return found


def entries() -> list[Entry]:
    """The table, parsed."""
    found: list[Entry] = []
    head, body = "", ""
    for line in [*TABLE.splitlines(), "end"]:
        if line and not line.startswith(" "):
            if head:
                found.append(_entry(head, body))
            head, body = line, ""
        elif line:
            text = line.strip()
            # A line that ends within brackets, or whose field goes on in the next one, is continued; otherwise items end with it.
            body += text + (" " if body.count("[") + text.count("[") > body.count("]") + text.count("]") else ";")
    return found
