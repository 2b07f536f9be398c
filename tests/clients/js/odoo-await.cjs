// odoo-await: its own methods for records, then the walk.
"use strict";
const assert = require("node:assert");
const Odoo = require("odoo-await");
const { crud, firstSale, run } = require("./walk.cjs");

run(async ({ url, db, login, password, tag }) => {
  const odoo = new Odoo({ baseUrl: url, db, username: login, password });
  assert.strictEqual(await odoo.connect(), 2);
  const partner = await odoo.create("res.partner", { name: `Await ${tag}`, category_id: { action: "create", value: { name: `Tag ${tag}` } } }, `await_${tag}`);
  assert.strictEqual((await odoo.read("res.partner", [partner], ["name"]))[0].name, `Await ${tag}`);
  assert.strictEqual(await odoo.update("res.partner", partner, { email: "a@example.com" }), true);
  assert.strictEqual((await odoo.searchRead("res.partner", { id: partner }, ["email"]))[0].email, "a@example.com"); // limit 0, order "", context {}
  assert.strictEqual((await odoo.readByExternalId(`await_${tag}`, ["name"])).name, `Await ${tag}`);
  assert.ok((await odoo.getFields("res.partner", ["string", "type"])).name.type === "char");
  assert.strictEqual(await odoo.delete("res.partner", partner), true);
  const execute = (model, method, args, kwargs) => odoo.execute_kw(model, method, kwargs ? [args, kwargs] : [args]);
  await crud(execute, tag);
  return firstSale(execute, tag);
});
