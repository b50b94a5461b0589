// Lists: a row opens in the drawer under its own address, rows are selected for bulk actions, columns are chosen, J and K move.

const rowsOf = (table) => [...table.querySelectorAll("tbody tr[data-row-url]")];
const isTyping = (element) => element.matches?.("input, textarea, select, [contenteditable]");

// --- drawer with an address -----------------------------------------------------------------------------------------
const drawer = () => document.getElementById("drawer");
let opened = null; // the row, so that the focus can go back to it

function mark(row) {
  for (const other of document.querySelectorAll("tr.is-open")) other.classList.remove("is-open");
  row?.classList.add("is-open");
  opened = row;
}

async function openRow(row, { push = true } = {}) {
  const panel = drawer();
  const url = row.dataset.rowUrl;
  if (!panel || !window.htmx) {
    location.assign(url);
    return;
  }
  mark(row);
  if (push) {
    // The list's own entry must not be one of htmx, or "back" would load the whole page again.
    if (!history.state?.drawer) history.replaceState({ list: true }, "", location.href);
    history[history.state?.drawer ? "replaceState" : "pushState"]({ drawer: url }, "", url);
  }
  panel.setAttribute("aria-busy", "true");
  if (!panel.open) innerWidth < 1100 ? panel.showModal() : panel.show();
  await window.htmx.ajax("GET", url, { target: "#drawer-body", swap: "innerHTML" });
  panel.removeAttribute("aria-busy");
  panel.scrollTop = 0;
  (panel.querySelector("[data-drawer-title]") ?? panel).focus();
}

function closeDrawer() {
  const panel = drawer();
  if (!panel?.open) return;
  const dirty = panel.querySelector("form[data-guard].is-dirty");
  if (dirty && !confirm(dirty.dataset.guard)) return;
  dirty?.classList.remove("is-dirty");
  if (history.state?.drawer) history.back();
  else hideDrawer();
}

function hideDrawer() {
  const row = opened;
  drawer()?.close();
  mark(null);
  row?.querySelector("a[href]")?.focus();
}

addEventListener("popstate", (event) => {
  const url = event.state?.drawer;
  const row = url && document.querySelector(`tr[data-row-url="${CSS.escape(url)}"]`);
  if (row) openRow(row, { push: false });
  else if (url) location.reload();
  else if (drawer()?.open) hideDrawer();
});

// --- selection ---------------------------------------------------------------------------------------------------------
let lastPicked = null;

function countSelection(frame) {
  const boxes = [...frame.querySelectorAll("input[data-select]")];
  const chosen = boxes.filter((box) => box.checked).length;
  for (const all of frame.querySelectorAll("input[data-select-all]")) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  const bar = frame.querySelector("[data-bulk]");
  if (bar) {
    bar.hidden = chosen === 0;
    bar.querySelector("[data-bulk-count]").textContent = chosen.toLocaleString(document.documentElement.lang);
  }
}

function pick(box, range) {
  const frame = box.closest("[data-table]");
  if (range && lastPicked?.isConnected) {
    const boxes = [...frame.querySelectorAll("input[data-select]")];
    const [from, to] = [boxes.indexOf(lastPicked), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
  }
  lastPicked = box;
  countSelection(frame);
}

// --- columns: one constructed style sheet for each table, so that swapped rows obey too -------------------------------------
const sheets = new Map();

function hiddenColumns(id) {
  try {
    return new Set(JSON.parse(localStorage.getItem(`columns:${id}`) ?? "[]"));
  } catch {
    return new Set();
  }
}

function applyColumns(id) {
  const hidden = hiddenColumns(id);
  if (!sheets.has(id)) {
    sheets.set(id, new CSSStyleSheet());
    document.adoptedStyleSheets.push(sheets.get(id));
  }
  const name = CSS.escape(id);
  sheets.get(id).replaceSync([...hidden].map((column) => `#${name} [data-column="${CSS.escape(column)}"]{display:none}`).join(""));
  for (const box of document.querySelectorAll(`[data-columns-of="${name}"] input[data-column-toggle]`)) {
    box.checked = !hidden.has(box.dataset.columnToggle);
  }
}

function toggleColumn(box) {
  const id = box.closest("[data-columns-of]").dataset.columnsOf;
  const hidden = hiddenColumns(id);
  if (box.checked) hidden.delete(box.dataset.columnToggle);
  else hidden.add(box.dataset.columnToggle);
  try {
    localStorage.setItem(`columns:${id}`, JSON.stringify([...hidden]));
  } catch (error) {
    console.info("columns not remembered:", error.name);
  }
  applyColumns(id);
}

function setUp() {
  for (const menu of document.querySelectorAll("[data-columns-of]")) applyColumns(menu.dataset.columnsOf);
  for (const frame of document.querySelectorAll("[data-table]")) countSelection(frame);
}

// --- keys ------------------------------------------------------------------------------------------------------------------
function step(by) {
  const table = document.querySelector("table[data-rows]");
  if (!table) return;
  const rows = rowsOf(table);
  const now = rows.indexOf(opened?.isConnected ? opened : document.activeElement.closest("tr"));
  const row = rows[Math.min(Math.max(now + by, 0), rows.length - 1)];
  if (!row) return;
  if (drawer()?.open) openRow(row);
  else row.querySelector("a[href]")?.focus();
  row.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && drawer()?.open && !document.querySelector(":popover-open, dialog:modal:not(#drawer)")) {
    event.preventDefault();
    closeDrawer();
  }
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j") step(1);
  if (event.key === "k") step(-1);
});

document.addEventListener("click", (event) => {
  const target = event.target;
  if (target.matches?.("input[data-select]")) {
    pick(target, event.shiftKey);
    return;
  }
  if (target.closest?.("[data-drawer-close]") || target === drawer()) {
    closeDrawer();
    return;
  }
  const row = target.closest?.("tr[data-row-url]");
  if (!row || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = target.closest("a, button, input, label, select, summary");
  // Another link in the row goes where it says; only the row's own one opens the drawer.
  if (link && link.getAttribute("href") !== row.dataset.rowUrl) return;
  if (!getSelection().isCollapsed) return;
  event.preventDefault();
  openRow(row);
});

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches?.("input[data-select-all]")) {
    const frame = box.closest("[data-table]");
    for (const other of frame.querySelectorAll("input[data-select]")) other.checked = box.checked;
    countSelection(frame);
  }
  if (box.matches?.("input[data-column-toggle]")) toggleColumn(box);
});

document.addEventListener("htmx:afterSettle", setUp);
setUp();
