// Arranging a board: tiles are moved and resized by pointer and by keys. The page shows the change at once, a small post saves it; what cannot
// be saved makes the board read itself again. Everything listens on the document, so that a board which htmx brings needs no set-up.

const WIDTHS = [3, 4, 6, 12];
const HEIGHTS = [1, 2, 3, 4];
const GAP = 16;
const EDGE = 70; // px from the edge of the window where dragging scrolls
const words = () => document.getElementById("tile-keys").dataset;

let drag = null; // { tile, id, order } while a tile follows the pointer
let sizing = null; // { tile, id, width, height } while a corner does
let saving = null; // timer of the next save by keys

const part = () => document.querySelector("[data-arranging]");
const grid = () => part().querySelector(".board");
const tiles = () => [...grid().children];
const tileOf = (target) => target.closest?.("[data-tile]");
const ids = () => tiles().map((tile) => tile.dataset.tile);

// --- saving -----------------------------------------------------------------------------------------------------------------
/** Post without being answered with the board: it shows already what is saved. */
async function post(url, values) {
  const headers = { "HX-Request": "true", ...JSON.parse(document.body.getAttribute("hx-headers") ?? "{}") };
  try {
    const answer = await fetch(url, { method: "POST", headers, body: new URLSearchParams({ ...values, quiet: "1" }) });
    if (!answer.ok) throw new Error(String(answer.status));
  } catch {
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: document.body.dataset.textFailed, tone: "bad" } }));
    window.htmx.trigger(document.body, "board-changed");
  }
}

const saveOrder = () => post(part().dataset.orderUrl, { ids: ids().join(",") });
const saveSize = (tile) => post(tile.dataset.url, { do: "size", width: tile.dataset.width, height: tile.dataset.height });

/** Keys come in rows: what they did is saved when they rest. */
function saveSoon(save) {
  clearTimeout(saving?.timer);
  if (saving && saving.save !== save) saving.run();
  const run = () => {
    saving = null;
    save();
  };
  saving = { save, run, timer: setTimeout(run, 400) };
}

addEventListener("pagehide", () => saving?.run());

// --- what it looks like ---------------------------------------------------------------------------------------------------------
function announce(text) {
  document.dispatchEvent(new CustomEvent("announce", { detail: { text } }));
}

function tellPlace(tile) {
  const place = tiles().indexOf(tile) + 1;
  announce(words().moved.replace("NAME", tile.dataset.name).replace("PLACE", place).replace("COUNT", tiles().length));
}

function tellSize(tile) {
  announce(words().sized.replace("NAME", tile.dataset.name).replace("WIDTH", tile.dataset.width).replace("HEIGHT", tile.dataset.height));
}

function resize(tile, width, height) {
  tile.classList.remove(`w${tile.dataset.width}`, `h${tile.dataset.height}`);
  tile.dataset.width = width;
  tile.dataset.height = height;
  tile.classList.add(`w${width}`, `h${height}`);
  for (const button of tile.querySelectorAll("[data-tile-width]")) button.setAttribute("aria-pressed", String(Number(button.dataset.tileWidth) === width));
  for (const button of tile.querySelectorAll("[data-tile-height]")) button.setAttribute("aria-pressed", String(Number(button.dataset.tileHeight) === height));
}

const sizeOf = (tile) => [Number(tile.dataset.width), Number(tile.dataset.height)];
const stepped = (known, value, by) => known[Math.max(0, Math.min(known.length - 1, known.indexOf(value) + by))];

// --- pointer: moving ------------------------------------------------------------------------------------------------------------
function scrollAtEdge(y) {
  if (y < EDGE) scrollBy(0, -12);
  else if (y > innerHeight - EDGE) scrollBy(0, 12);
}

/** Put the dragged tile before or after the one under the pointer. */
function follow(event) {
  scrollAtEdge(event.clientY);
  const under = document.elementsFromPoint(event.clientX, event.clientY).map(tileOf).find((tile) => tile && tile !== drag.tile);
  if (!under || performance.now() - drag.movedAt < 120) return;
  const list = tiles();
  const after = list.indexOf(under) > list.indexOf(drag.tile);
  const box = under.getBoundingClientRect();
  // Only past its middle, or a tile of another size would jump to and fro.
  const sameRow = Math.abs(box.top - drag.tile.getBoundingClientRect().top) < 4;
  const past = sameRow ? (event.clientX - box.left) / box.width : (event.clientY - box.top) / box.height;
  if (after ? past < 0.35 : past > 0.65) return;
  under[after ? "after" : "before"](drag.tile);
  drag.movedAt = performance.now();
}

function drop(keep) {
  const { tile, order } = drag;
  tile.classList.remove("is-moved");
  drag = null;
  if (!keep) {
    const byId = new Map(tiles().map((one) => [one.dataset.tile, one]));
    order.forEach((id) => byId.has(id) && grid().append(byId.get(id)));
  } else if (order.join() !== ids().join()) {
    tellPlace(tile);
    saveOrder();
  }
}

// --- pointer: sizing --------------------------------------------------------------------------------------------------------------
function stretch(event) {
  const box = sizing.tile.getBoundingClientRect();
  const column = (grid().clientWidth + GAP) / 12;
  const wanted = (event.clientX - box.left + GAP) / column;
  const width = WIDTHS.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
  const step = Number.parseFloat(getComputedStyle(grid()).getPropertyValue("--step")) + GAP;
  const height = Math.max(1, Math.min(4, Math.round((event.clientY - box.top) / step)));
  resize(sizing.tile, width, height);
}

function release(keep) {
  const { tile, width, height } = sizing;
  sizing = null;
  if (!keep) resize(tile, width, height);
  else if (sizeOf(tile).join() !== [width, height].join()) {
    tellSize(tile);
    saveSize(tile);
  }
}

document.addEventListener("pointerdown", (event) => {
  const tile = tileOf(event.target);
  if (event.button !== 0 || !tile) return;
  const corner = event.target.closest("[data-tile-corner]");
  const handle = event.target.closest("[data-tile-handle]");
  if (corner) {
    const [width, height] = sizeOf(tile);
    sizing = { tile, id: event.pointerId, width, height };
  } else if (handle) {
    drag = { tile, id: event.pointerId, order: ids(), movedAt: 0 };
    tile.classList.add("is-moved");
    handle.focus({ preventScroll: true });
  } else return;
  event.preventDefault();
});

document.addEventListener("pointermove", (event) => {
  if (drag?.id === event.pointerId) follow(event);
  if (sizing?.id === event.pointerId) stretch(event);
});

for (const [type, keep] of [["pointerup", true], ["pointercancel", false]]) {
  document.addEventListener(type, (event) => {
    if (drag?.id === event.pointerId) drop(keep);
    if (sizing?.id === event.pointerId) release(keep);
  });
}

// --- keys ------------------------------------------------------------------------------------------------------------------------
const MOVES = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -Infinity, End: Infinity };

function moveBy(tile, by) {
  const list = tiles();
  const place = Math.max(0, Math.min(list.length - 1, list.indexOf(tile) + by));
  if (list[place] === tile) return;
  list[place][by > 0 ? "after" : "before"](tile);
  tile.querySelector("[data-tile-handle]").focus();
  tile.scrollIntoView({ block: "nearest" });
  tellPlace(tile);
  saveSoon(saveOrder);
}

const sizeSavers = new WeakMap();
function sizeBy(tile, wider, higher) {
  const [width, height] = sizeOf(tile);
  resize(tile, stepped(WIDTHS, width, wider), stepped(HEIGHTS, height, higher));
  tellSize(tile);
  if (!sizeSavers.has(tile)) sizeSavers.set(tile, () => saveSize(tile));
  saveSoon(sizeSavers.get(tile));
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && (drag || sizing)) {
    if (drag) drop(false);
    else release(false);
    return;
  }
  const handle = event.target.closest?.("[data-tile-handle]");
  if (!handle) return;
  const tile = tileOf(handle);
  if (event.key === "Delete" || event.key === "Backspace") tile.querySelector("[data-tile-remove]").click();
  else if (!(event.key in MOVES) || event.altKey || event.ctrlKey || event.metaKey) return;
  else if (!event.shiftKey) moveBy(tile, MOVES[event.key]);
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") sizeBy(tile, MOVES[event.key], 0);
  else sizeBy(tile, 0, event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0);
  event.preventDefault();
});

// --- the buttons of sizes, and options that go together ------------------------------------------------------------------------------
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-tile-width], [data-tile-height]");
  if (!button) return;
  const tile = tileOf(button);
  const [width, height] = sizeOf(tile);
  resize(tile, Number(button.dataset.tileWidth ?? width), Number(button.dataset.tileHeight ?? height));
  tellSize(tile);
  saveSize(tile);
});

/** Offer only the dimensions by which the chosen number can be split. */
function offer(select) {
  const by = select.form.elements.by;
  for (const option of by.options) {
    const fits = option.dataset.of.split(" ").includes(select.value);
    option.hidden = option.disabled = !fits;
  }
  if (by.selectedOptions[0]?.disabled) by.value = [...by.options].find((option) => !option.disabled).value;
}

document.addEventListener("change", (event) => event.target.matches?.("[data-splits]") && offer(event.target));
document.addEventListener("htmx:afterSettle", (event) => event.target.querySelectorAll?.("[data-splits]").forEach(offer));
document.querySelectorAll("[data-splits]").forEach(offer);
