// The workbench: one line of the queue is on the desk; keys move, decide and open the dialogs. What is decided is decided by the server,
// which answers with the desk of the line to go on with and rings `bench-changed` (which line) and `bench-done` (the dialog may close).

const page = document.querySelector("[data-bench-page]");
const queue = () => document.getElementById("queue");
const desk = () => document.getElementById("desk");
const dialog = document.getElementById("bench-dialog");
const body = document.getElementById("bench-dialog-body");
const lang = document.documentElement.lang;
const wide = matchMedia("(width >= 768px)");
const lines = () => [...document.querySelectorAll(".queue-line")];
const announce = (text) => document.dispatchEvent(new CustomEvent("announce", { detail: { text } }));
const isTyping = (element) => element.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

let current = desk()?.dataset.lineId ?? "";
let place = 0; // where the current line stood in the list, so that the next one is found when it is gone

// --- which line is on the desk --------------------------------------------------------------------------------------------
function mark() {
  const all = lines();
  const now = all.findIndex((line) => line.dataset.line === current);
  if (now >= 0) place = now;
  for (const line of all) line.removeAttribute("aria-current");
  all[now]?.setAttribute("aria-current", "true");
  return all[now];
}

/** Keep the line in the address, so that a reload or a copied link shows it. */
function remember() {
  if (!wide.matches && !page.classList.contains("on-line")) return; // a phone shows the queue, not a line
  const url = new URL(location.href);
  const name = url.searchParams.get("status") && url.searchParams.get("status") !== "open" ? "match" : "line";
  if (current) url.searchParams.set(name, current);
  else url.searchParams.delete(name);
  history.replaceState(history.state, "", url);
}

/** Put a part of the page where it belongs. What fails is told by app.js, and shown on the desk below. */
const fetchInto = (target, url, swap) => window.htmx.ajax("GET", url, { target, swap }).catch(() => undefined);

async function show(line) {
  if (!line) return;
  current = line.dataset.line;
  mark()?.scrollIntoView({ block: "nearest" });
  remember();
  if (desk().getBoundingClientRect().top < 0) scrollTo({ top: 0 });
  const active = document.activeElement;
  if (active === document.body || active.matches(".queue-line") || desk().contains(active)) line.focus({ preventScroll: true });
  await fetchInto("#desk", line.dataset.desk, "outerHTML");
}

function step(by) {
  const all = lines();
  if (!all.length) return;
  const now = all.findIndex((line) => line.dataset.line === current);
  const next = now < 0 ? place : now + by;
  if (next >= all.length) document.querySelector(".queue-pager a[rel=next]")?.click();
  else show(all[Math.max(next, 0)]);
}

// --- dialogs ---------------------------------------------------------------------------------------------------------------
async function open(url) {
  if (!url) return;
  body.replaceChildren();
  // Open before it is filled: what is typed meanwhile must not act on the page behind.
  if (!dialog.open) dialog.showModal();
  await fetchInto("#bench-dialog-body", url, "innerHTML");
  if (!body.firstElementChild) return dialog.close();
  (body.querySelector("[data-autofocus]") ?? body.querySelector("[data-dialog-title]"))?.focus();
  reckon();
}

const withFilters = (path) => {
  const url = new URL(`${page.dataset.url}${path}`, location.origin);
  url.search = location.search;
  return url.pathname + url.search;
};

const OPENS = {
  history: () => open(withFilters("history/")),
  clear: () => open(withFilters("clear/")),
  keys: () => document.getElementById("bench-keys").showModal(),
  together: () => openPicked("edit"),
  apart: () => openPicked("book"),
};

/** A dialog for all selected lines. */
function openPicked(name) {
  const url = withFilters(`line/${[...picked.keys()][0]}/${name}/`);
  return open(`${url}${url.includes("?") ? "&" : "?"}lines=${[...picked.keys()].join(",")}`);
}

function press(name) {
  if (name === "book" && picked.size) return OPENS.apart();
  if (name === "link" && picked.size > 1) return OPENS.together();
  const button = name === "split" ? chosen()?.querySelector("[data-bench=split]") : document.querySelector(`[data-bench="${name}"]`);
  if (!button) return name === "split" ? press("link") : undefined;
  (OPENS[name] ?? (() => open(button.dataset.url)))();
}

// --- several lines at once --------------------------------------------------------------------------------------------------
const picked = new Map(); // line → { cents, currency }, in the order in which they were selected; kept while the queue is read again

function pick(box) {
  const { pick: line, amount, currency } = box.dataset;
  if (box.checked) picked.set(line, { cents: Math.round(Number(amount) * 100), currency });
  else picked.delete(line);
  showPicked();
}

function showPicked() {
  for (const box of document.querySelectorAll("[data-pick]")) box.checked = picked.has(box.dataset.pick);
  const bar = document.querySelector("[data-bench-picked]");
  if (!bar) return;
  bar.hidden = picked.size < 1;
  const all = [...picked.values()];
  const currencies = new Set(all.map((one) => one.currency));
  const sum = all.reduce((total, one) => total + one.cents, 0) / 100;
  bar.querySelector("[data-picked-count]").textContent = picked.size.toLocaleString(lang);
  bar.querySelector("[data-picked-sum]").textContent =
    currencies.size === 1 ? sum.toLocaleString(lang, { style: "currency", currency: all[0].currency }).replace("-", "−") : [...currencies].join(" + ");
  bar.querySelector("[data-bench=together]").disabled = currencies.size > 1 || picked.size < 2;
}

function pickAll() {
  for (const box of document.querySelectorAll("[data-pick]")) if (!box.checked) box.click();
}

function forgetPicked() {
  picked.clear();
  showPicked();
}

function pickCurrent() {
  document.querySelector(`[data-pick="${CSS.escape(current)}"]`)?.click();
}

// --- deciding ------------------------------------------------------------------------------------------------------------------
/** The candidate that keys act on: the only one, or the one that was chosen. Among several nothing is chosen for the person. */
function chosen() {
  const all = [...document.querySelectorAll("#desk .candidates .candidate")];
  return all.find((one) => one.classList.contains("is-chosen")) ?? (all.length === 1 ? all[0] : null);
}

let choice = ""; // the candidate that was chosen, so that it still is when the desk reads itself again

function markChoice() {
  const all = [...document.querySelectorAll("#desk .candidates .candidate")];
  if (all.length > 1) for (const one of all) one.classList.toggle("is-chosen", one.dataset.candidate === choice);
}

function choose(number) {
  const all = [...document.querySelectorAll("#desk .candidates .candidate")];
  const one = all[number - 1];
  if (!one || all.length < 2) return;
  choice = one.dataset.candidate;
  markChoice();
  one.scrollIntoView({ block: "nearest" });
  one.querySelector("[data-bench-confirm]")?.focus();
}

function decide(selector) {
  const one = chosen();
  if (one) return one.querySelector(selector)?.click();
  const several = document.querySelector("#desk .candidates .candidate");
  const text = several ? page.dataset.textChoose : page.dataset.textNothing;
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "info" } }));
}

function undo() {
  const form = document.getElementById("bench-undo");
  if (!form) return;
  form.elements.line.value = current;
  // What is taken back by key has a way back in its toast no more.
  document.querySelector(".toasts > .toast:last-child:has(form)")?.remove();
  form.requestSubmit();
}

const KEYS = {
  j: () => step(1),
  ArrowDown: () => step(1),
  k: () => step(-1),
  ArrowUp: () => step(-1),
  c: () => decide("[data-bench-confirm]"),
  r: () => decide("[data-bench-reject]"),
  s: () => press("split"),
  l: () => press("link"),
  x: pickCurrent,
  n: () => press("book"),
  m: () => press("payer"),
  u: undo,
  a: () => press("clear"),
  h: () => press("history"),
  "?": () => OPENS.keys(),
  1: () => choose(1),
  2: () => choose(2),
  3: () => choose(3),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open], :popover-open")) return;
  const act = KEYS[event.key];
  if (!act || (event.repeat && !["j", "k", "ArrowDown", "ArrowUp"].includes(event.key))) return;
  event.preventDefault();
  act();
});

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("a, button");
  if (!target) return;
  if (target.matches(".filters a[href]")) return forgetLine(target);
  if (target.matches("[data-bench]")) return target.dataset.url ? open(target.dataset.url) : OPENS[target.dataset.bench]?.();
  if (target.matches("[data-picked-clear]")) return forgetPicked();
  if (target.matches("[data-picked-all]")) return pickAll();
  if (target.matches("[data-bench-again]")) return show(document.querySelector(`.queue-line[data-line="${CSS.escape(current)}"]`) ?? lines()[0]);
  if (target.matches("[data-add-item]")) return addItem(target);
  if (target.matches("[data-add-difference]")) return addDifference(target.form);
  if (target.matches("[data-remove-row]")) return removeRow(target);
  if (!target.matches(".queue-line") || !wide.matches || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(target);
});

/** Another filter is another list: the line that was looked at stays behind. */
function forgetLine(link) {
  const url = new URL(link.href);
  for (const name of ["line", "match"]) url.searchParams.delete(name);
  link.href = url;
}

document.addEventListener("submit", (event) => {
  if (event.target.closest(".filters")) for (const field of event.target.querySelectorAll("[name=line], [name=match]")) field.remove();
});

// --- what the server rings ---------------------------------------------------------------------------------------------------------
document.body.addEventListener("bench-done", () => {
  dialog.close();
  forgetPicked();
});

document.body.addEventListener("bench-changed", (event) => {
  current = String(event.detail.line ?? "");
  window.htmx.trigger(queue(), "bench-read");
  remember();
  // "Undo" in a toast swaps nothing by itself.
  if (event.target.closest?.(".toast")) {
    event.target.closest(".toast").remove();
    if (current) window.htmx.ajax("GET", withFilters(`line/${current}/`), { target: "#desk", swap: "outerHTML" });
  }
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "queue") {
    mark()?.scrollIntoView({ block: "nearest" });
    showPicked();
  }
  if (event.target.id === "desk") markChoice();
  if (event.target.id === "desk" && document.activeElement === document.body) {
    const focus = wide.matches ? mark() : document.querySelector("#desk [data-desk-title]");
    focus?.focus({ preventScroll: wide.matches });
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick]")) pick(event.target);
});

/** A line that could not be read must not leave another one on the desk: keys would decide on it. */
for (const type of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(type, (event) => {
    if (event.detail.target?.id !== "desk" || event.detail.requestConfig?.verb !== "get") return;
    desk().replaceChildren(document.getElementById("bench-error").content.cloneNode(true));
  });
}

// --- the editor: rows and what is not explained yet ----------------------------------------------------------------------------------
const write = (cents) => (cents / 100).toLocaleString(lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Cents of an amount in either decimal style; NaN for what is none. */
function read(text) {
  const word = text.replace(/[^\d.,-]/g, "");
  const decimal = /^(.*)[.,](\d{1,2})$/.exec(word);
  const [whole, rest] = decimal ? [decimal[1], decimal[2].padEnd(2, "0")] : [word, "00"];
  const digits = whole.replace(/[^\d]/g, "");
  if (!digits && !decimal) return NaN;
  return (word.startsWith("-") ? -1 : 1) * (Number(digits || 0) * 100 + Number(rest));
}

const editor = () => body?.querySelector("[data-bench-editor]");

function reckon() {
  const form = editor();
  if (!form) return;
  let rest = Math.abs(Math.round(Number(form.dataset.total) * 100));
  const lessening = form.dataset.lessening.split(" ");
  for (const row of form.querySelectorAll("[data-item-rows] [data-row]")) rest -= read(row.querySelector("[name=share]").value) || 0;
  for (const row of form.querySelectorAll("[data-difference-rows] [data-row]")) {
    const [kind, amount] = [row.querySelector("[name=kind]").value, read(row.querySelector("[name=difference]").value) || 0];
    rest -= kind === "rounding" ? amount : lessening.includes(kind) ? -Math.abs(amount) : Math.abs(amount);
  }
  form.querySelector("output").textContent = write(rest);
  form.querySelector("[data-rest-line]").classList.toggle("is-done", rest === 0);
  const none = form.querySelector("[data-no-rows]");
  if (none) none.hidden = form.querySelector("[data-item-rows] [data-row]") !== null;
  form.dataset.missing = rest;
}

function addItem(button) {
  const form = editor();
  const { addItem: id, name, sub, rest } = button.dataset;
  if (form.querySelector(`[name=item][value="${CSS.escape(id)}"]`)) return;
  const row = form.querySelector("[data-item-template]").content.firstElementChild.cloneNode(true);
  row.querySelector("[name=item]").setAttribute("value", id);
  row.querySelector("[data-name]").textContent = name;
  row.querySelector("[data-sub]").textContent = sub;
  const share = row.querySelector("[name=share]");
  const left = Math.abs(Math.round(Number(rest) * 100));
  const missing = Number(form.dataset.missing);
  share.value = write(missing > 0 ? Math.min(left, missing) : left);
  form.querySelector("[data-item-rows]").append(row);
  share.focus();
  share.select();
  reckon();
}

function addDifference(form) {
  const row = form.querySelector("[data-difference-template]").content.firstElementChild.cloneNode(true);
  const rest = Number(form.dataset.missing);
  // What is missing is what a difference is mostly for.
  row.querySelector("[name=kind]").value = rest < 0 ? "discount" : "interest";
  row.querySelector("[name=difference]").value = rest ? write(Math.abs(rest)) : "";
  form.querySelector("[data-difference-rows]").append(row);
  row.querySelector("[name=kind]").focus();
  reckon();
}

function removeRow(button) {
  const rows = button.closest("fieldset");
  button.closest("[data-row]").remove();
  (rows.querySelector("input:not([type=hidden])") ?? editor().querySelector("[name=find]")).focus();
  reckon();
}

body?.addEventListener("input", (event) => {
  if (editor()) reckon();
  const bulk = event.target.closest("[data-bench-clear]");
  if (!bulk) return;
  const left = [...bulk.querySelectorAll("[name=kinds]:checked")].reduce((sum, box) => sum + Number(box.dataset.count), 0);
  bulk.querySelector("[data-bench-total]").textContent = left.toLocaleString(lang);
  bulk.querySelector("[type=submit]").disabled = left === 0;
});

// Enter in a search of the editor takes the first hit, it never settles; when the hits are still under way, the first one that comes.
let takeFirst = false;

function takeHit() {
  const hits = body.querySelector("[data-found]");
  takeFirst = hits !== null && hits.dataset.found !== body.querySelector("[name=find]").value.trim();
  if (!takeFirst) hits?.querySelector("[data-add-item]")?.click();
}

body?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.name !== "find") return;
  event.preventDefault();
  takeHit();
});

body?.addEventListener("htmx:afterSettle", (event) => {
  if (takeFirst && event.target.id === "items-found") takeHit();
});

mark();
