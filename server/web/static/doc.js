// The page /doc: models, fields and methods of this database, and a place to try calls. No library, nothing from elsewhere.
"use strict";

const page = JSON.parse(document.getElementById("page").textContent);
const texts = page.texts;
const at = (id) => document.getElementById(id);
// The key is kept in this variable and nowhere else.
let key = "";
let index = null;
const known = new Map();

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function headers() {
  const sent = {};
  if (key) sent["Authorization"] = "Bearer " + key;
  const database = at("database").value.trim();
  if (database) sent["X-Odoo-Database"] = database;
  return sent;
}

async function fetchDocument(name) {
  const base = key ? "/doc-bearer/" : "/doc/";
  const response = await fetch(base + name + ".json?lang=" + encodeURIComponent(page.lang), { headers: headers() });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(body.message || String(response.status)), { status: response.status });
  return body;
}

async function open(quiet) {
  at("key-problem").hidden = true;
  known.clear();
  try {
    index = await fetchDocument("index");
  } catch (error) {
    index = null;
    at("main").hidden = true;
    at("intro").hidden = false;
    if (!quiet) {
      at("key-problem").textContent = error.status === 401 ? texts.wrong_key : error.message;
      at("key-problem").hidden = false;
    }
    return;
  }
  for (const model of index.models) {
    model.text = [model.model, model.name].join(" ").toLowerCase();
    model.parts = [
      ...Object.entries(model.fields).map(([name, field]) => [name, (name + " " + field.string).toLowerCase()]),
      ...model.methods.map((name) => [name + "()", name.toLowerCase()]),
    ];
  }
  at("main").hidden = false;
  at("intro").hidden = true;
  list();
  await show();
}

function list() {
  const wanted = at("search").value.trim().toLowerCase();
  const [current] = place();
  const rows = [], later = [];
  for (const model of index.models) {
    let hits = [];
    if (wanted && !model.text.includes(wanted)) {
      hits = model.parts.filter(([, text]) => text.includes(wanted)).map(([name]) => name);
      if (!hits.length) continue;
    }
    const more = hits.length > 4 ? " +" + (hits.length - 4) : "";
    // What is called so itself stands before what only has such fields.
    (hits.length ? later : rows).push(
      make("li", {}, make("a", { href: "#" + model.model, "aria-current": model.model === current ? "true" : null },
        make("strong", {}, model.name), make("code", {}, model.model),
        hits.length ? make("span", { class: "hits mono" }, hits.slice(0, 4).join(", ") + more) : null)));
  }
  rows.push(...later);
  at("models").replaceChildren(...rows);
  at("count").textContent = rows.length ? texts.count.replace("%n", rows.length).replace("%all", index.models.length) : texts.nothing;
}

// #sale.order or #sale.order:action_confirm
function place() {
  const [model, method] = decodeURIComponent(location.hash.slice(1)).split(":");
  return [model || "", method || ""];
}

async function show() {
  if (!index) return;
  const [name, method] = place();
  for (const link of at("models").querySelectorAll("a")) {
    if (link.getAttribute("href") === "#" + name) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  at("main").classList.toggle("chosen", Boolean(name));
  const article = at("model");
  if (!name) {
    article.replaceChildren(make("p", { class: "panel soft empty" }, texts.choose));
    return;
  }
  let model = known.get(name);
  if (!model) {
    try {
      model = await fetchDocument(name);
    } catch (error) {
      article.replaceChildren(make("p", { class: "panel bad pad" }, error.message));
      return;
    }
    known.set(name, model);
  }
  if (place()[0] !== name) return;
  article.replaceChildren(...view(model));
  if (method) {
    const opened = at("method-" + method);
    if (opened) { opened.open = true; opened.scrollIntoView(); }
  } else if (matchMedia("(max-width: 50rem)").matches) {
    window.scrollTo(0, article.offsetTop - 12);
  }
}

function view(model) {
  const only = "?models=" + encodeURIComponent(model.model) + "&lang=" + encodeURIComponent(page.lang);
  return [
    make("button", { class: "plain back", type: "button", onclick: () => { location.hash = ""; } }, "← " + texts.models),
    make("header", {}, make("h2", {}, model.name), make("code", { class: "soft" }, model.model)),
    model.doc ? make("p", {}, model.doc) : null,
    make("p", { class: "tools" }, make("a", { href: "#", onclick: (event) => { event.preventDefault(); save(model.model, "/json/2/openapi.json" + only); } }, texts.openapi)),
    make("h3", {}, texts.methods),
    make("div", { class: "panel methods" }, ...methods(model)),
    make("h3", {}, texts.fields),
    make("div", { class: "panel scroll" }, fields(model)),
  ].filter(Boolean);
}

async function save(name, address) {
  const response = await fetch(address, { headers: headers() });
  if (!response.ok) return;
  const link = make("a", { href: URL.createObjectURL(await response.blob()), download: name + ".openapi.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// What a model does itself stands before what every model can.
function methods(model) {
  const rank = ([, method]) => (method.model === "base" ? 1 : 0);
  const rows = Object.entries(model.methods).sort((a, b) => rank(a) - rank(b));
  return rows.map(([name, method]) => {
    const first = method.summary;
    const marks = method.api.includes("readonly") ? make("span", { class: "pill" }, texts.reads) : make("span");
    const details = make("details", { id: "method-" + name },
      make("summary", {}, make("code", {}, name), make("span", {}, first), marks));
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(method_view(model, name, method, first));
    });
    return details;
  });
}

function method_view(model, name, method, first) {
  const box = make("div", { class: "method" });
  if (method.doc.trim().replace(/\.$/, "") !== first) box.append(make("p", { class: "text soft" }, method.doc));
  const rows = Object.entries(method.parameters).map(([parameter, told]) => make("tr", {},
    make("th", { scope: "row" }, make("code", {}, (told.kind === "VAR_KEYWORD" ? "**" : "") + parameter)),
    make("td", {}, make("code", { class: "soft" }, told.annotation || "")),
    make("td", {}, "default" in told ? make("code", { class: "soft" }, "= " + JSON.stringify(told.default)) : told.kind === "VAR_KEYWORD" ? "" : texts.required),
    make("td", { class: "wide" }, told.doc || "")));
  if (!method.api.includes("model")) {
    rows.unshift(make("tr", {}, make("th", { scope: "row" }, make("code", {}, "ids")), make("td", {}, make("code", { class: "soft" }, "list[int]")),
      make("td", {}, texts.required), make("td", { class: "wide" }, texts.ids)));
  }
  if (rows.length) {
    box.append(make("h4", {}, texts.parameters), make("div", { class: "scroll" }, make("table", { class: "small" }, make("tbody", {}, ...rows))));
  }
  if (method.return.annotation && method.return.annotation !== "Any") {
    box.append(make("h4", {}, texts.answers), make("code", {}, method.return.annotation), " ", method.return.doc || "");
  }
  for (const [error, why] of Object.entries(method.raise)) {
    box.append(make("p", {}, make("code", {}, error), " ", why));
  }
  box.append(...trial(model, name, method));
  return box;
}

function trial(model, name, method) {
  const id = "body-" + name;
  const body = make("textarea", { id, spellcheck: "false", autocapitalize: "off", rows: "6" });
  body.value = JSON.stringify(example(model, name, method), null, 2);
  body.rows = Math.min(14, body.value.split("\n").length + 1);
  const typed = make("input", { type: "checkbox", id: "typed-" + name });
  const button = make("button", { type: "button" }, texts.call);
  const answer = make("div", { "aria-live": "polite" });
  const address = location.origin + "/json/2/" + model.model + "/" + name;
  button.addEventListener("click", () => call(address, body, typed, button, answer));
  const shell = make("button", { type: "button", class: "plain" }, texts.copy);
  shell.addEventListener("click", async () => {
    const quoted = "'" + body.value.replaceAll("'", "'\\''") + "'";
    const lines = ["curl -X POST " + address, "-H 'Authorization: Bearer <key>'".replace("<key>", "$COLCA_KEY").replaceAll("'", '"'),
      "-H 'Content-Type: application/json'"];
    if (typed.checked) lines.push("-H 'Prefer: values=typed'");
    await navigator.clipboard.writeText([...lines, "-d " + quoted].join(" \\\n  "));
    shell.textContent = texts.copied;
    setTimeout(() => { shell.textContent = texts.copy; }, 1500);
  });
  return [
    make("h4", {}, make("label", { for: id }, texts.attempt + " "), make("code", {}, "POST /json/2/" + model.model + "/" + name)),
    body,
    make("div", { class: "run" }, button, shell, make("label", {}, typed, texts.typed)),
    method.api.includes("readonly") ? null : make("p", { class: "soft" }, texts.real),
    answer,
  ].filter(Boolean);
}

function example(model, name, method) {
  const plain = Object.entries(model.fields).filter(([, field]) => ["char", "many2one", "date", "monetary"].includes(field.type)).map(([field]) => field);
  const some = ["display_name", ...plain.filter((field) => field !== "display_name")].slice(0, 4);
  if (name === "search_read") return { domain: [], fields: some, limit: 5 };
  if (name === "search" || name === "search_fetch") return { domain: [], limit: 5 };
  const body = method.api.includes("model") ? {} : { ids: [] };
  if (name === "read") return { ...body, fields: some };
  for (const [parameter, told] of Object.entries(method.parameters)) {
    if ("default" in told || told.kind === "VAR_KEYWORD") continue;
    const kind = told.annotation || "";
    if (parameter === "vals_list") body[parameter] = [{}];
    else if (kind.startsWith("str")) body[parameter] = "";
    else if (kind.startsWith("int")) body[parameter] = 0;
    else if (kind.startsWith("bool")) body[parameter] = false;
    else if (/^(list|Sequence|tuple)/.test(kind)) body[parameter] = [];
    else if (kind.startsWith("dict") || parameter === "vals") body[parameter] = {};
    else body[parameter] = null;
  }
  return body;
}

async function call(address, body, typed, button, answer) {
  const problem = (text) => answer.replaceChildren(make("p", { class: "bad" }, text));
  if (!key) {
    problem(texts.needs_key);
    at("key").focus();
    return;
  }
  try {
    JSON.parse(body.value || "{}");
  } catch (error) {
    problem(texts.no_json + " " + error.message);
    return;
  }
  button.disabled = true;
  const sent = { ...headers(), "Content-Type": "application/json" };
  if (typed.checked) sent["Prefer"] = "values=typed";
  const started = performance.now();
  try {
    const response = await fetch(address, { method: "POST", headers: sent, body: body.value || "{}" });
    const took = Math.round(performance.now() - started);
    let text = await response.text();
    try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* shown as it is */ }
    const cut = text.length > 200000 ? text.slice(0, 200000) + "\n…" : text;
    answer.replaceChildren(
      make("p", {}, make("span", { class: "status " + (response.ok ? "good" : "bad") }, response.status + " " + response.statusText), make("span", { class: "soft" }, " · " + took + " ms")),
      make("pre", { tabindex: "0" }, cut));
  } catch (error) {
    problem(texts.no_answer + " " + error.message);
  } finally {
    button.disabled = false;
  }
}

function fields(model) {
  const rows = Object.entries(model.fields).map(([name, field]) => {
    const words = [];
    if (field.help) words.push(make("div", { class: "soft" }, field.help));
    if (field.selection && field.selection.length) {
      words.push(make("div", { class: "choices" }, field.selection.slice(0, 40).map(([value, label]) => value + " (" + label + ")").join(", ")));
    }
    if (field.name && field.name !== name) words.push(make("div", { class: "soft" }, texts.alias.replace("%s", field.name)));
    const marks = [field.required ? texts.required : "", field.readonly ? texts.readonly : ""].filter(Boolean).join(", ");
    const kind = make("td", {}, make("code", {}, field.type));
    if (field.relation) kind.append(" ", make("a", { href: "#" + field.relation, class: "mono" }, field.relation));
    return make("tr", {}, make("th", { scope: "row" }, make("code", {}, name)), make("td", {}, field.string, ...words), kind, make("td", { class: "soft" }, marks));
  });
  return make("table", { class: "fields" },
    make("thead", {}, make("tr", {}, ...[texts.field, texts.label, texts.type, ""].map((text) => make("th", { scope: "col" }, text)))),
    make("tbody", {}, ...rows));
}

at("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = at("key").value.trim();
  open(false);
});
at("search").addEventListener("input", list);
window.addEventListener("hashchange", show);
// A session of this browser may look without a key.
if (page.session) open(true);
