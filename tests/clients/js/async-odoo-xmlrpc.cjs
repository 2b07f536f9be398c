// async-odoo-xmlrpc: promises over /xmlrpc/2.
"use strict";
const assert = require("node:assert");
const Odoo = require("async-odoo-xmlrpc");
const { crud, firstSale, run } = require("./walk.cjs");

run(async ({ url, db, login, password, tag }) => {
  const odoo = new Odoo({ url, port: new URL(url).port, db, username: login, password });
  assert.strictEqual(await odoo.connect(), 2);
  // it can send positional arguments only: a context goes after the last one, as old clients do
  const execute = (model, method, args, kwargs) => odoo.execute_kw(model, method, kwargs ? [...args, kwargs.context] : args);
  await crud(execute, tag);
  return firstSale(execute, tag);
});
