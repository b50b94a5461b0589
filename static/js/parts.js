// Parts of a page that load after it ([data-part] with hx-get). One that fails is asked for once more by itself; then it says so and
// offers another try. data-part may name what else waits for it, which then shows that it is unknown.

const AGAIN_AFTER = 1500; // ms
const failures = new WeakMap();

function load(part) {
  window.htmx.ajax("GET", part.getAttribute("hx-get"), { source: part, target: part, swap: "innerHTML" });
}

function showFailure(part) {
  part.replaceChildren(document.getElementById("part-failed").content.cloneNode(true));
  if (part.dataset.part) for (const other of document.querySelectorAll(part.dataset.part)) other.textContent = "–";
}

function failed(event) {
  const part = event.detail.elt;
  if (!part.matches?.("[data-part]")) return;
  const times = (failures.get(part) ?? 0) + 1;
  failures.set(part, times);
  if (times === 1) setTimeout(() => load(part), AGAIN_AFTER);
  else showFailure(part);
}

for (const type of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(type, failed);

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-part-again]");
  if (!button) return;
  button.setAttribute("aria-busy", "true");
  load(button.closest("[data-part]"));
});
