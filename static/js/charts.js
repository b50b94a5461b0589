// Charts: cross-hair, tooltip, arrow keys by point, legend filter, drill. What the tooltip says is read from the table twin,
// so that picture and table cannot differ. All events are delegated: charts that htmx brings need no set-up.

const frameOf = (svg) => svg.closest("[data-chart-frame]");
const twinOf = (svg) => frameOf(svg)?.querySelector("table[data-twin]");
const places = new WeakMap(); // svg → { x: [...], y: [{index: y}, …] }

let tooltip = null;
let active = null; // { svg, index }

/** The drawing area in page pixels: the element without its padding. */
function plotOf(svg) {
  const box = svg.getBoundingClientRect();
  const style = getComputedStyle(svg);
  const [left, right, top, bottom] = ["Left", "Right", "Top", "Bottom"].map((side) => parseFloat(style[`padding${side}`]));
  return { left: box.left + left, top: box.top + top, width: box.width - left - right, height: box.height - top - bottom };
}

/** Positions in per cent of all points, and the height of each series at them, read from the drawn paths. */
function pointsOf(svg) {
  if (places.has(svg)) return places.get(svg);
  const count = Number(svg.dataset.n);
  const bars = svg.dataset.chart !== "line";
  const even = (index) => (bars ? ((index + 0.5) * 100) / count : count === 1 ? 50 : (index * 100) / (count - 1));
  const x = svg.dataset.x ? svg.dataset.x.split(" ").map(Number) : Array.from({ length: count }, (_, index) => even(index));
  const lines = [];
  for (const path of svg.querySelectorAll("path.line[data-series]")) {
    const heights = new Map();
    for (const [, at, y] of path.getAttribute("d").matchAll(/(-?[\d.]+) (-?[\d.]+)/g)) heights.set(Number(at), Number(y));
    lines.push({ path, at: (index) => heights.get(Math.round(x[index] * 1000) / 100) ?? nearest(heights, x[index] * 10) });
  }
  const found = { x, lines };
  places.set(svg, found);
  return found;
}

function nearest(heights, at) {
  for (const [x, y] of heights) if (Math.abs(x - at) < 0.02) return y;
  return null;
}

function nearestIndex(x, share) {
  let low = 0;
  let high = x.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] < share) low = middle;
    else high = middle;
  }
  return share - x[low] < x[high] - share ? low : high;
}

// --- tooltip ------------------------------------------------------------------------------------------------------------
function textElement(css, text) {
  const element = document.createElement("div");
  element.className = css;
  element.textContent = text;
  return element;
}

function tooltipRow(name, value, keyClass) {
  const row = textElement("tooltip-row", "");
  if (keyClass) row.append(textElement(`key ${keyClass}`, ""));
  const figure = document.createElement("b");
  figure.textContent = value;
  row.append(name, figure);
  return row;
}

/** The rows of one position: label, each series that is not switched off, note. */
function describe(svg, index) {
  const table = twinOf(svg);
  const row = table?.tBodies[0].rows[index];
  if (!row) return null;
  const heads = [...table.tHead.rows[0].cells];
  const parts = [textElement("tooltip-title", row.cells[0].textContent.trim())];
  [...row.cells].slice(1).forEach((cell, column) => {
    const head = heads[column + 1];
    const text = cell.textContent.trim();
    if (!text) return;
    if (cell.hasAttribute("data-note")) parts.push(textElement("tooltip-note", text));
    else if (!isOff(svg, column)) parts.push(tooltipRow(head.textContent.trim(), text, head.dataset.key));
  });
  return parts;
}

function show(parts, x, y) {
  tooltip ??= document.body.appendChild(Object.assign(document.createElement("div"), { className: "tooltip", role: "status" }));
  tooltip.replaceChildren(...parts);
  tooltip.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = tooltip;
  const left = x + 14 + width > innerWidth - 8 ? x - width - 14 : x + 14;
  const top = Math.max(8, Math.min(y - height / 2, innerHeight - height - 8));
  tooltip.style.transform = `translate(${Math.max(8, left)}px, ${top}px)`;
}

function hide() {
  if (tooltip) tooltip.hidden = true;
  if (!active) return;
  for (const element of active.svg.querySelectorAll(".is-on")) element.classList.remove("is-on");
  const cursor = active.svg.querySelector(".cursor");
  cursor?.classList.remove("on");
  for (const dot of cursor?.querySelectorAll("circle") ?? []) dot.remove();
  active = null;
}

// --- cursor ----------------------------------------------------------------------------------------------------------------
function drawCursor(svg, index) {
  const { x, lines } = pointsOf(svg);
  const cursor = svg.querySelector(".cursor");
  for (const hit of svg.querySelectorAll(".hit.is-on")) hit.classList.remove("is-on");
  svg.querySelectorAll(".hit")[index]?.classList.add("is-on");
  if (!cursor) return;
  cursor.classList.add("on");
  const hair = cursor.querySelector(".hair");
  hair.setAttribute("x1", `${x[index]}%`);
  hair.setAttribute("x2", `${x[index]}%`);
  for (const dot of cursor.querySelectorAll("circle")) dot.remove();
  for (const { path, at } of lines) {
    const y = at(index);
    if (y === null || path.classList.contains("is-off")) continue;
    const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    dot.setAttribute("class", [...path.classList].find((name) => /^s\d$/.test(name)) ?? "s1");
    for (const [name, value] of [["cx", `${x[index]}%`], ["cy", `${y}%`], ["r", "4.5"]]) dot.setAttribute(name, value);
    cursor.append(dot);
  }
}

function point(svg, index, y = null) {
  const parts = describe(svg, index);
  if (!parts) return;
  if (active && active.svg !== svg) hide();
  active = { svg, index };
  drawCursor(svg, index);
  const plot = plotOf(svg);
  const x = pointsOf(svg).x[index];
  show(parts, plot.left + (x / 100) * plot.width, y ?? plot.top + plot.height / 3);
  svg.dispatchEvent(new CustomEvent("chart:point", { bubbles: true, detail: { index, x } })); // heard by brush.js
}

function pointCell(svg, cell, x, y) {
  const row = twinOf(svg)?.tBodies[0].rows[cell.dataset.row];
  const head = twinOf(svg)?.tHead.rows[0].cells[Number(cell.dataset.column) + 1];
  if (!row) return;
  hide();
  active = { svg, index: Number(cell.dataset.row) * Number(svg.dataset.n) + Number(cell.dataset.column) };
  cell.classList.add("is-on");
  const value = row.cells[Number(cell.dataset.column) + 1].textContent.trim();
  show([textElement("tooltip-title", row.cells[0].textContent.trim()), tooltipRow(head.textContent.trim(), value)], x, y);
}

function follow(event) {
  const svg = event.target.closest?.("svg[data-chart]");
  if (!svg) {
    if (active && document.activeElement !== active.svg) hide();
    return;
  }
  if (svg.dataset.chart === "heat") {
    if (event.target.matches(".cell")) pointCell(svg, event.target, event.clientX, event.clientY);
    return;
  }
  const plot = plotOf(svg);
  const share = ((event.clientX - plot.left) / plot.width) * 100;
  if (Number(svg.dataset.n) > 0) point(svg, nearestIndex(pointsOf(svg).x, share), event.clientY);
}

document.addEventListener("pointermove", follow);
document.addEventListener("pointerdown", follow); // a tap moves nothing

// --- keys and links ---------------------------------------------------------------------------------------------------------
function move(svg, key) {
  const count = Number(svg.dataset.n) * Number(svg.dataset.rows ?? 1);
  const across = Number(svg.dataset.n);
  const now = active?.svg === svg ? active.index : -1;
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: svg.dataset.rows ? across : 1, ArrowUp: svg.dataset.rows ? -across : -1 };
  const wanted = key === "Home" ? 0 : key === "End" ? count - 1 : now < 0 ? (by[key] > 0 ? 0 : count - 1) : now + by[key];
  const index = Math.min(Math.max(wanted, 0), count - 1);
  if (svg.dataset.chart !== "heat") {
    point(svg, index);
    return;
  }
  const cell = svg.querySelectorAll(".cell")[index];
  const box = cell.getBoundingClientRect();
  pointCell(svg, cell, box.right, box.top);
}

function drill(svg, index) {
  const link = twinOf(svg)?.tBodies[0].rows[index]?.querySelector("a[href]");
  if (link) link.click();
}

document.addEventListener("keydown", (event) => {
  const svg = event.target.matches?.("svg[data-chart]") ? event.target : null;
  if (event.key === "Escape") hide();
  if (!svg) return;
  if (["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) {
    event.preventDefault();
    move(svg, event.key);
  }
  if (event.key === "Enter" && active?.svg === svg) drill(svg, active.index);
});

document.addEventListener("focusout", (event) => {
  if (event.target === active?.svg) hide();
});

// --- legend: switch a series off and on; point at a part of a ring -------------------------------------------------------------
const isOff = (svg, series) => frameOf(svg)?.querySelector(`[data-series-toggle="${series}"]`)?.getAttribute("aria-pressed") === "false";

/** The rows that a point leads to are those of the one series that the legend leaves on. */
function crossFilter(frame) {
  const named = [...frame.querySelectorAll("[data-series-toggle][data-filter]")];
  const on = named.filter((one) => one.getAttribute("aria-pressed") !== "false");
  const filter = named.length > 1 && on.length === 1 ? `&${on[0].dataset.filter}` : "";
  for (const link of frame.querySelectorAll("svg a[href], [data-twin] a[href]")) {
    link.dataset.all ??= link.getAttribute("href");
    link.setAttribute("href", link.dataset.all + filter);
  }
}

function switchSeries(toggle, off) {
  const frame = toggle.closest("[data-chart-frame]");
  toggle.setAttribute("aria-pressed", String(!off));
  for (const part of frame.querySelectorAll(`svg [data-series="${toggle.dataset.seriesToggle}"]`)) part.classList.toggle("is-off", off);
  crossFilter(frame);
}

// What is switched off stands in the address (?off=by-day.1,tile-7.0): it outlives the charts that a live update brings, and whoever is given the
// address sees the same.
const nameOf = (toggle) => {
  const frame = toggle.closest("[data-chart-frame]");
  const chart = frame.id || frame.dataset.chartKey;
  return chart ? `${chart}.${toggle.dataset.seriesToggle}` : null;
};
const switchedOff = () => new Set((new URL(location.href).searchParams.get("off") ?? "").split(",").filter(Boolean));

function remember(name, off) {
  const names = switchedOff();
  if (off) names.add(name);
  else names.delete(name);
  const url = new URL(location.href);
  if (names.size) url.searchParams.set("off", [...names].join(","));
  else url.searchParams.delete("off");
  history.replaceState(history.state, "", url);
}

function switchAsRemembered() {
  const names = switchedOff();
  if (!names.size) return;
  for (const toggle of document.querySelectorAll('[data-series-toggle][aria-pressed="true"]')) {
    if (names.has(nameOf(toggle))) switchSeries(toggle, true);
  }
}

switchAsRemembered();
document.addEventListener("htmx:afterSwap", switchAsRemembered);

document.addEventListener("click", (event) => {
  const toggle = event.target.closest?.("[data-series-toggle]");
  if (toggle) {
    const off = toggle.getAttribute("aria-pressed") !== "false";
    switchSeries(toggle, off);
    if (nameOf(toggle)) remember(nameOf(toggle), off);
    return;
  }
  const svg = event.target.closest?.('svg[data-chart="line"]');
  if (svg && active?.svg === svg) drill(svg, active.index);
});

for (const [type, on] of [["pointerover", true], ["pointerout", false]]) {
  document.addEventListener(type, (event) => {
    const part = event.target.closest?.("[data-arc], .arc");
    const frame = part?.closest("[data-chart-frame]");
    const series = part?.dataset.arc ?? part?.dataset.series;
    frame?.querySelector(`.arc[data-series="${series}"]`)?.classList.toggle("is-on", on);
  });
}

/** What a pointer showed is no longer under it; what the keys show moves along. */
function followScroll() {
  if (active && active.svg === document.activeElement && active.svg.dataset.chart !== "heat") point(active.svg, active.index);
  else hide();
}

addEventListener("scroll", followScroll, { passive: true, capture: true });
document.addEventListener("htmx:beforeSwap", hide);
