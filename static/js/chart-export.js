// What a chart shows, as a file: its figures as CSV from the table twin, its picture as SVG or PNG with the colours of the page.

const SVG = "http://www.w3.org/2000/svg";
// What style sheets give a drawing; a file of its own has none, so every part takes its own along.
const LOOKS = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "vector-effect", "opacity",
  "display", "font-size", "font-weight", "text-anchor", "paint-order",
];
const COLOURS = new Set(["fill", "stroke"]);
const ENLARGED = 2; // a PNG for a slide or a dense screen

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// --- CSV --------------------------------------------------------------------------------------------------------------------
/** A written figure as a spreadsheet reads it: without currency and grouping. */
function plain(text, decimal) {
  if (!/\d/.test(text)) return "";
  const grouping = decimal === "," ? /\./g : /,/g;
  return text.replace("−", "-").replace(/[^\d.,%-]/g, "").replace(grouping, "");
}

function quoted(text, between) {
  const harmless = /^[=+\-@\t]/.test(text) && !/^-?[\d.,]+%?$/.test(text) ? `'${text}` : text;
  return /["\n]/.test(harmless) || harmless.includes(between) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function csv(table) {
  const [decimal, between] = document.documentElement.lang.startsWith("pt") ? [",", ";"] : [".", ","];
  const rows = [...table.rows].map((row) =>
    [...row.cells].map((cell) => {
      const text = cell.textContent.trim();
      return quoted(cell.tagName === "TD" && !cell.hasAttribute("data-note") ? plain(text, decimal) : text, between);
    }),
  );
  const lines = rows.map((cells) => cells.join(between));
  return new Blob(["\ufeff", lines.join("\r\n"), "\r\n"], { type: "text/csv;charset=utf-8" });
}

// --- picture ----------------------------------------------------------------------------------------------------------------
const canvas = document.createElement("canvas");
const seen = new Map();

/** A colour as every program reads it: the page's own may be in spaces that only browsers know. */
function rgba(colour) {
  if (!colour || colour === "none") return colour;
  if (!seen.has(colour)) {
    canvas.width = canvas.height = 1;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    seen.set(colour, `rgba(${r},${g},${b},${Math.round((a / 255) * 1000) / 1000})`);
  }
  return seen.get(colour);
}

function element(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

/** A copy of the drawing that needs no style sheet. Strokes that keep their width are `scale` times as wide, for a picture that is enlarged. */
function standalone(svg, scale) {
  const copy = svg.cloneNode(true);
  const [from, to] = [svg, copy].map((root) => [root, ...root.querySelectorAll("*")]);
  from.forEach((part, index) => {
    const style = getComputedStyle(part);
    for (const look of LOOKS) {
      const value = style.getPropertyValue(look);
      if (value && value !== "normal") to[index].setAttribute(look, COLOURS.has(look) ? rgba(value) : value);
    }
    if (style.vectorEffect === "non-scaling-stroke") to[index].setAttribute("stroke-width", parseFloat(style.strokeWidth) * scale);
    to[index].removeAttribute("class");
  });
  for (const layer of copy.querySelectorAll("svg")) for (const side of ["width", "height"]) layer.setAttribute(side, "100%");
  for (const part of copy.querySelectorAll("a")) part.replaceWith(...part.childNodes);
  return copy;
}

function legend(frame, left, colour) {
  const items = [...frame.querySelectorAll(".legend .legend-item")].filter((item) => item.offsetParent);
  const start = items[0]?.getBoundingClientRect().left ?? 0;
  return items.flatMap((item) => {
    const x = left + item.getBoundingClientRect().left - start;
    const key = getComputedStyle(item.querySelector(".key"));
    const fill = rgba(key.borderTopWidth === "0px" ? key.backgroundColor : key.borderTopColor);
    return [element("rect", { x, y: 44, width: 10, height: 10, rx: 2, fill }), element("text", { x: x + 16, y: 53, "font-size": 12, fill: colour }, item.textContent.trim())];
  });
}

function picture(frame, scale) {
  const svg = frame.querySelector("svg[data-chart]");
  const box = svg.getBoundingClientRect();
  const style = getComputedStyle(svg);
  const page = getComputedStyle(frame);
  const [left, right, top, bottom] = ["Left", "Right", "Top", "Bottom"].map((side) => parseFloat(style[`padding${side}`]));
  const head = 68;
  const size = { width: Math.round(box.width) + 32, height: Math.round(box.height) + head + 16 };
  const outer = element("svg", { xmlns: SVG, ...size, viewBox: `0 0 ${size.width} ${size.height}`, "font-family": page.fontFamily });
  outer.append(element("rect", { width: "100%", height: "100%", fill: rgba(page.backgroundColor) }));
  outer.append(element("text", { x: 20, y: 28, "font-size": 14, "font-weight": 600, fill: rgba(page.color) }, frame.querySelector("h2").textContent.trim()));
  outer.append(...legend(frame, 20, rgba(page.color)));
  const plot = element("svg", {
    x: left + 16, y: top + head, width: box.width - left - right, height: box.height - top - bottom, overflow: "visible", "font-size": 12,
  });
  plot.append(...standalone(svg, scale).childNodes);
  outer.append(plot);
  return { text: new XMLSerializer().serializeToString(outer), ...size };
}

function png({ text, width, height }) {
  const image = new Image();
  return new Promise((resolve, reject) => {
    image.onerror = reject;
    image.onload = () => {
      const sheet = document.createElement("canvas");
      [sheet.width, sheet.height] = [width * ENLARGED, height * ENLARGED];
      sheet.getContext("2d").drawImage(image, 0, 0, width * ENLARGED, height * ENLARGED);
      sheet.toBlob(resolve, "image/png");
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-chart-export]");
  const frame = button?.closest("[data-chart-frame]");
  if (!frame) return;
  button.closest("[popover]")?.hidePopover();
  const kind = button.dataset.chartExport;
  const title = frame.querySelector("h2").textContent.trim().toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
  const name = `${title.replace(/[^\w]+/g, "-").replace(/^-|-$/g, "").slice(0, 60)}.${kind}`;
  if (kind === "csv") save(csv(frame.querySelector("table[data-twin]")), name);
  else if (kind === "svg") save(new Blob([picture(frame, 1).text], { type: "image/svg+xml" }), name);
  else save(await png(picture(frame, ENLARGED)), name);
});
