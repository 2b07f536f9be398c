// n8n's Odoo node, as it is published (both versions: /jsonrpc and /json/2), in a stand-in for n8n around it: parameters in, HTTP out.
"use strict";
const assert = require("node:assert");
const Module = require("node:module");
const path = require("node:path");
const { one, run } = require("./walk.cjs");

const folder = process.env.COLCA_N8N_NODE;

class NodeError extends Error {
  constructor(_node, cause, options) {
    super(options?.message ?? cause?.message ?? String(cause));
    this.cause = cause;
  }
}
class VersionedNodeType {
  constructor(nodeVersions, description) { Object.assign(this, { nodeVersions, description }); }
}
const WORKFLOW = {
  NodeApiError: NodeError, NodeOperationError: NodeError, VersionedNodeType,
  NodeConnectionTypes: { Main: "main" },
  deepCopy: structuredClone,
  randomInt: (limit) => Math.floor(Math.random() * limit),
};
const UTILITIES = { updateDisplayOptions: (_options, properties) => properties };
const load = Module._load;
Module._load = function (name, ...rest) {
  if (name === "n8n-workflow") return WORKFLOW;
  if (name.endsWith("utils/utilities")) return UTILITIES;
  return load.call(this, name, ...rest);
};

async function http({ method, url, uri, headers = {}, body }) {
  const response = await fetch(url ?? uri, { method, headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${text}`);
  return JSON.parse(text);
}

// What a node sees of n8n while it executes with these parameters.
function frame({ url, db, login, password, key }, parameters, items = [{ json: {} }]) {
  const credentials = { odooApi: { url, db, username: login, password }, odooApiKeyApi: { url, db, apiKey: key } };
  return {
    getInputData: () => items,
    getNode: () => ({ name: "Odoo" }),
    continueOnFail: () => false,
    getCredentials: async (name) => credentials[name],
    getNodeParameter: (name, _item, fallback) => (name in parameters ? parameters[name] : fallback),
    getCurrentNodeParameter: (name) => parameters[name],
    helpers: {
      request: http,
      httpRequest: http,
      httpRequestWithAuthentication: (_name, options) =>
        http({ ...options, headers: { ...options.headers, Authorization: `bearer ${key}` } }),
      returnJsonArray: (data) => (Array.isArray(data) ? data : [data]).map((json) => ({ json })),
      constructExecutionMetaData: (data) => data,
    },
  };
}

async function contacts(execute, tag) {
  const { id } = await execute({ resource: "contact", operation: "create", contactName: `Node ${tag}`, additionalFields: { email: "n@example.com" } });
  assert.ok(Number.isInteger(id));
  const found = await execute({ resource: "contact", operation: "get", contactId: String(id), options: { fieldsList: ["name", "email"] } });
  assert.strictEqual(found.name, `Node ${tag}`);
  await execute({ resource: "contact", operation: "update", contactId: String(id), updateFields: { city: "Puebla" } });
  const filterRequest = { filter: [{ fieldName: "id", operator: "equal", value: String(id) }] }; // it sends every value as a text
  const row = await execute({ resource: "custom", customResource: "res.partner", operation: "getAll", returnAll: false, limit: 5, filterRequest, options: { fieldsList: ["city"] } });
  assert.strictEqual(row.city, "Puebla");
  const line = [[0, 0, { name: "Advice", product_uom_qty: "2", price_unit: "10.5" }]];
  const fields = [{ fieldName: "partner_id", fieldValue: String(id) }, { fieldName: "order_line", fieldValue: line }];
  const order = await execute({ resource: "custom", customResource: "sale.order", operation: "create", fieldsToCreateOrUpdate: { fields } });
  const sold = await execute({ resource: "custom", customResource: "sale.order", operation: "get", customResourceId: String(order.id), options: { fieldsList: ["amount_untaxed", "state"] } });
  assert.deepStrictEqual([sold.amount_untaxed, sold.state], [21, "draft"]);
  await execute({ resource: "custom", customResource: "sale.order", operation: "delete", customResourceId: String(order.id) });
  await execute({ resource: "contact", operation: "delete", contactId: String(id) });
  await assert.rejects(execute({ resource: "opportunity", operation: "getAll", returnAll: true, options: {} }), /crm\.lead/);
}

run(async (place) => {
  const { Odoo } = require(path.join(folder, "Odoo.node.js"));
  const { nodeVersions } = new Odoo();

  const old = nodeVersions[1];
  await contacts(async (parameters) => one((await old.execute.call(frame(place, parameters)))[0])?.json, place.tag);
  assert.ok((await old.methods.loadOptions.getModelFields.call(frame(place, { resource: "contact" }))).length > 40);
  assert.ok((await old.methods.loadOptions.getModels.call(frame(place, {}))).some((model) => model.value === "sale.order"));

  const now = nodeVersions[2];
  for (const authentication of ["odooApi", "odooApiKeyApi"]) {
    const execute = async (parameters, items) =>
      one((await now.execute.call(frame(place, { authentication, filters: {}, options: {}, ...parameters }, items)))[0])?.json;
    const mapped = { "fieldsToSend.mappingMode": "autoMapInputData", resource: "custom", customResource: "res.partner" };
    const { id } = await execute({ ...mapped, operation: "create" }, [{ json: { name: `Node two ${place.tag}` } }]);
    await execute({ ...mapped, operation: "update", recordId: String(id) }, [{ json: { city: "Lima" } }]);
    const filters = { filter: [{ fieldName: "id", operator: "in", value: `${id}` }] };
    const row = await execute({ ...mapped, operation: "getAll", filters, returnAll: false, limit: 3, options: { fieldsList: "city,name" } });
    assert.strictEqual(row.city, "Lima");
    const search = now.methods.listSearch;
    const models = await search.searchModels.call(frame(place, { authentication }), "contact");
    assert.ok(models.results.length > 0);
    const records = await search.searchCustomRecords.call(frame(place, { authentication, customResource: "res.partner" }), `two ${place.tag}`);
    assert.deepStrictEqual(records.results.map((r) => r.value), [id]);
    const todo = { resource: "activity", operation: "create", res_model: "res.partner", res_id: id, "additionalFields.mappingMode": "autoMapInputData" };
    const kinds = await search.searchActivityTypes.call(frame(place, { authentication }));
    const activity = await execute({ ...todo, activity_type_id: kinds.results[0].value }, [{ json: { summary: `Call ${place.tag}` } }]);
    const listed = await search.searchActivities.call(frame(place, { authentication }), `Call ${place.tag}`);
    assert.deepStrictEqual(listed.results.map((r) => r.value), [activity.id]);
    await execute({ ...mapped, operation: "delete", recordId: String(id) });
  }
  return { fine: true };
});
