// odoo-xmlrpc: callbacks over /xmlrpc/2.
"use strict";
const assert = require("node:assert");
const { promisify } = require("node:util");
const Odoo = require("odoo-xmlrpc");
const { crud, firstSale, run } = require("./walk.cjs");

run(async ({ url, db, login, password, tag }) => {
  const odoo = new Odoo({ url, db, username: login, password });
  assert.strictEqual(await promisify(odoo.connect.bind(odoo))(), 2);
  const call = promisify(odoo.execute_kw.bind(odoo));
  const execute = (model, method, args, kwargs) => call(model, method, kwargs ? [args, kwargs] : [args]);
  await assert.rejects(execute("crm.lead", "search", [[]]), /doesn't exist/);
  // as its examples do: offset and limit by position
  assert.ok((await execute("res.partner", "search", [[["is_company", "=", true]], 0, 5])).length <= 5);
  await crud(execute, tag);
  return firstSale(execute, tag);
});
