// Command palette: Ctrl+K, then type. Pages and actions come from a JSON list in the page, records from the search address.

const dialog = () => document.getElementById("palette");
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const WAIT = 180; // ms after the last key before the server is asked

let timer = 0;
let asked = 0;
let records = [];

function items() {
  const source = document.getElementById("palette-items");
  return source ? JSON.parse(source.textContent) : [];
}

/** All words of the query must begin a word of the label or its keywords. */
function matches(item, query) {
  const words = plain(`${item.label} ${item.keywords ?? ""} ${item.group ?? ""}`).split(/\s+/);
  return plain(query).split(/\s+/).filter(Boolean).every((part) => words.some((word) => word.startsWith(part)));
}

function option(item, index) {
  const element = document.createElement("a");
  element.className = "menu-item";
  element.href = item.url;
  element.id = `palette-option-${index}`;
  element.role = "option";
  element.tabIndex = -1;
  element.setAttribute("aria-selected", "false");
  if (item.method === "post") element.dataset.post = item.url;
  const label = document.createElement("span");
  label.textContent = item.label;
  const hint = document.createElement("span");
  hint.className = "hint";
  hint.textContent = item.hint ?? "";
  element.append(label, hint);
  return element;
}

function draw(query) {
  const list = dialog().querySelector("[role=listbox]");
  const found = [...items().filter((item) => matches(item, query)), ...(query ? records : [])];
  const parts = [];
  let group = null;
  found.forEach((item, index) => {
    if (item.group && item.group !== group) {
      const title = document.createElement("div");
      title.className = "menu-title";
      title.role = "presentation";
      title.textContent = group = item.group;
      parts.push(title);
    }
    parts.push(option(item, index));
  });
  list.replaceChildren(...parts);
  dialog().querySelector("[data-palette-none]").hidden = found.length > 0;
  select(0);
}

const options = () => [...dialog().querySelectorAll("[role=option]")];

function select(index) {
  const all = options();
  all.forEach((element, position) => element.setAttribute("aria-selected", String(position === index)));
  const input = dialog().querySelector("input");
  if (all[index]) {
    input.setAttribute("aria-activedescendant", all[index].id);
    all[index].scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}

/** Ask the server for records; an answer to an older question is thrown away. */
async function search(query) {
  const address = dialog().dataset.search;
  const question = ++asked;
  records = [];
  if (!address || query.trim().length < 2) return;
  const url = new URL(address, location.href);
  url.searchParams.set("q", query);
  try {
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok || question !== asked) return;
    records = (await answer.json()).results ?? [];
  } catch (error) {
    console.info("search failed:", error.name);
    return;
  }
  if (question === asked) draw(query);
}

function open() {
  const palette = dialog();
  if (!palette || palette.open) return;
  palette.showModal();
  const input = palette.querySelector("input");
  input.value = "";
  records = [];
  draw("");
  input.focus();
}

function run(element) {
  if (!element) return;
  dialog().close();
  if (!element.dataset.post) {
    location.assign(element.href);
    return;
  }
  const form = document.createElement("form");
  form.method = "post";
  form.action = element.dataset.post;
  const token = document.createElement("input");
  token.type = "hidden";
  token.name = "csrfmiddlewaretoken";
  token.value = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
  form.append(token);
  document.body.append(form);
  form.submit();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    open();
  } else if (event.key === "/" && !event.target.matches?.("input, textarea, select, [contenteditable]")) {
    const field = document.querySelector("[data-search-field]");
    if (field) {
      event.preventDefault();
      field.focus();
    }
  }
  if (!dialog()?.open || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
  event.preventDefault();
  const all = options();
  const now = all.findIndex((element) => element.getAttribute("aria-selected") === "true");
  if (event.key === "Enter") run(all[now]);
  else select((now + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length);
});

document.addEventListener("input", (event) => {
  if (event.target !== dialog()?.querySelector("input")) return;
  draw(event.target.value);
  clearTimeout(timer);
  timer = setTimeout(() => search(event.target.value), WAIT);
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-palette-open]")) open();
  const chosen = event.target.closest?.("#palette [role=option]");
  if (chosen?.dataset.post) {
    event.preventDefault();
    run(chosen);
  }
});
