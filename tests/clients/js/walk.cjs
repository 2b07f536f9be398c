// What every JavaScript client does, with execute(model, method, args, kwargs): the same rounds as walk.py. Prints one JSON object.
"use strict";
const assert = require("node:assert");

const one = (value) => (Array.isArray(value) ? value[0] : value);

async function crud(execute, tag) {
  const country = one(await execute("res.country", "search", [[["code", "=", "MX"]]]));
  const values = { name: `Ñandú ${tag} & <hijos>`, country_id: country, is_company: true };
  const partner = one(await execute("res.partner", "create", [values]));
  assert.ok(Number.isInteger(partner));
  const row = one(await execute("res.partner", "read", [[partner], ["name", "country_id", "email", "is_company"]]));
  assert.strictEqual(row.name, values.name);
  assert.strictEqual(row.country_id[0], country);
  assert.strictEqual(row.email, false);
  assert.strictEqual(await execute("res.partner", "write", [[partner], { email: `${tag}@example.com` }]), true);
  assert.deepStrictEqual(await execute("res.partner", "search", [[["email", "=", `${tag}@example.com`]]]), [partner]);
  assert.strictEqual(await execute("res.partner", "search_count", [[["id", "=", partner]]]), 1);
  assert.strictEqual(await execute("res.partner", "unlink", [[partner]]), true);
  assert.deepStrictEqual(await execute("res.partner", "search", [[["id", "=", partner]]]), []);
}

async function firstSale(execute, tag) {
  const partner = one(await execute("res.partner", "create", [{ name: `Customer ${tag}`, is_company: true }]));
  const goods = { name: `Chair ${tag}`, type: "consu", is_storable: true, list_price: 120.5, default_code: `C-${tag}` };
  const product = one(await execute("product.product", "create", [goods]));
  const warehouse = one(await execute("stock.warehouse", "search_read", [[["company_id", "=", 1]], ["lot_stock_id"]]));
  const counted = { product_id: product, location_id: warehouse.lot_stock_id[0], inventory_quantity: 8 };
  const quant = one(await execute("stock.quant", "create", [counted]));
  await execute("stock.quant", "action_apply_inventory", [[quant]]);
  const lines = [[0, 0, { product_id: product, product_uom_qty: 3 }]];
  const order = one(await execute("sale.order", "create", [{ partner_id: partner, order_line: lines }]));
  await execute("sale.order", "action_confirm", [[order]]);
  const sold = one(await execute("sale.order", "read", [[order], ["name", "state", "amount_untaxed", "picking_ids"]]));
  assert.strictEqual(sold.state, "sale");
  assert.strictEqual(sold.amount_untaxed, 361.5);
  await execute("stock.picking", "action_assign", [sold.picking_ids]);
  await execute("stock.picking", "button_validate", [sold.picking_ids]);
  const picking = one(await execute("stock.picking", "read", [sold.picking_ids, ["state", "origin"]]));
  assert.deepStrictEqual([picking.state, picking.origin], ["done", sold.name]);
  const asked = { advance_payment_method: "delivered", sale_order_ids: [[6, 0, [order]]] };
  const wizard = one(await execute("sale.advance.payment.inv", "create", [asked]));
  await execute("sale.advance.payment.inv", "create_invoices", [[wizard]]);
  const billed = one(await execute("sale.order", "read", [[order], ["invoice_ids"]]));
  await execute("account.move", "action_post", [billed.invoice_ids]);
  const context = { active_model: "account.move", active_ids: billed.invoice_ids };
  const payment = one(await execute("account.payment.register", "create", [{}], { context }));
  await execute("account.payment.register", "action_create_payments", [[payment]]);
  const fields = ["name", "state", "amount_total", "amount_residual", "payment_state", "invoice_origin"];
  const paid = one(await execute("account.move", "read", [billed.invoice_ids, fields]));
  assert.strictEqual(paid.state, "posted");
  assert.strictEqual(paid.amount_residual, 0);
  assert.strictEqual(paid.invoice_origin, sold.name);
  return paid;
}

const place = {
  url: process.env.COLCA_URL, db: process.env.COLCA_DB, login: process.env.COLCA_LOGIN,
  password: process.env.COLCA_PASSWORD, key: process.env.COLCA_KEY, tag: process.env.COLCA_TAG,
};

function run(work) {
  work(place).then(
    (result) => console.log(JSON.stringify(result)),
    (error) => { console.error(error); process.exitCode = 1; },
  );
}

module.exports = { crud, firstSale, one, place, run };
