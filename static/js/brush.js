// Choosing a span of a chart over time: drag across it, or Shift with the arrow keys and Enter. The page then reads itself again for that
// span, so every number and chart on it follows. Which days a point stands for is read from the links of the table twin.
// charts.js tells where somebody points ("chart:point"); this module only remembers from where to where.

let chosen = null; // { svg, from, to, by }: two points { index, x }, and "pointer" or "keys"
let pointed = null; // { svg, index, x }: the last point told

const chartOf = (target) => {
  const svg = target.closest?.("svg[data-chart]");
  return svg?.closest("[data-brush]") ? svg : null;
};
const rowOf = (svg, index) => svg.closest("[data-chart-frame]").querySelector("table[data-twin]")?.tBodies[0].rows[index];
const ends = () => [chosen.from, chosen.to].sort((a, b) => a.index - b.index);

/** The first and last day of a point, as its link has them. */
function daysOf(svg, index) {
  const link = rowOf(svg, index)?.querySelector("a[href]");
  const query = new URLSearchParams(link?.search ?? "");
  return { from: query.get("from"), to: query.get("to") };
}

function clear() {
  chosen?.svg.querySelector(".brush")?.remove();
  chosen = null;
}

function draw() {
  const { svg } = chosen;
  const [first, last] = ends();
  let area = svg.querySelector(".brush");
  if (!area) {
    area = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    area.setAttribute("class", "brush");
    svg.append(area);
  }
  // A bar stands in the middle of its column.
  const half = svg.dataset.chart === "line" ? 0 : 50 / Number(svg.dataset.n);
  const size = { x: `${first.x - half}%`, width: `${last.x - first.x + 2 * half}%`, y: "0", height: "100%" };
  for (const [name, value] of Object.entries(size)) area.setAttribute(name, value);
}

function tell() {
  const frame = chosen.svg.closest("[data-brush-text]");
  const [first, last] = ends().map(({ index }) => rowOf(chosen.svg, index)?.cells[0].textContent.trim() ?? "");
  const text = frame.dataset.brushText.replace("FIRST", first).replace("LAST", last);
  document.dispatchEvent(new CustomEvent("announce", { detail: { text } }));
}

/** Read the page again for the chosen span. */
function go() {
  const [first, last] = ends();
  const { from } = daysOf(chosen.svg, first.index);
  const { to } = daysOf(chosen.svg, last.index);
  if (!from || !to) {
    clear();
    return;
  }
  const url = new URL(location.href);
  for (const name of ["period", "cursor"]) url.searchParams.delete(name);
  url.searchParams.set("from", from);
  url.searchParams.set("to", to);
  location.assign(url);
}

document.addEventListener("chart:point", (event) => {
  pointed = { svg: event.target, ...event.detail };
  if (chosen?.svg !== event.target) return;
  chosen.from ??= event.detail;
  chosen.to = event.detail;
  draw();
  if (chosen.by === "keys") tell();
});

// --- pointer ----------------------------------------------------------------------------------------------------------------
document.addEventListener("pointerdown", (event) => {
  clear();
  const svg = chartOf(event.target);
  if (!svg || event.button !== 0 || pointed?.svg !== svg) return;
  const here = { index: pointed.index, x: pointed.x };
  chosen = { svg, from: here, to: here, by: "pointer" };
});

document.addEventListener("pointerup", () => {
  if (chosen?.by !== "pointer") return;
  if (chosen.from.index === chosen.to.index) {
    clear();
    return;
  }
  // The click that follows would open the bar or point under the pointer.
  const swallow = (click) => {
    click.preventDefault();
    click.stopPropagation();
  };
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }));
  go();
});

for (const type of ["pointercancel", "htmx:beforeSwap"]) document.addEventListener(type, clear);

// Bars are links, and a browser would drag the link away.
document.addEventListener("dragstart", (event) => {
  if (chartOf(event.target)) event.preventDefault();
});

// --- keys, before charts.js moves its cursor ----------------------------------------------------------------------------------
document.addEventListener(
  "keydown",
  (event) => {
    const svg = event.target.matches?.("svg[data-chart]") ? chartOf(event.target) : null;
    if (!svg) return;
    const arrow = event.key === "ArrowLeft" || event.key === "ArrowRight";
    if (arrow && event.shiftKey) {
      const from = pointed?.svg === svg ? { index: pointed.index, x: pointed.x } : null;
      if (chosen?.svg !== svg) chosen = { svg, from, to: from, by: "keys" };
    } else if (event.key === "Enter" && chosen?.by === "keys") {
      event.preventDefault();
      event.stopImmediatePropagation();
      go();
    } else if (event.key !== "Shift") clear();
  },
  { capture: true },
);
