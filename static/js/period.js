// Period picker: the two days of a free range limit each other.

function limit(form) {
  const first = form.querySelector("input[name=from]");
  const last = form.querySelector("input[name=to]");
  if (!first || !last) return;
  last.min = first.value;
  first.max = last.value;
}

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-period]");
  if (form) limit(form);
});

document.addEventListener(
  "toggle",
  (event) => {
    const form = event.newState === "open" && event.target.querySelector?.("form[data-period]");
    if (form) limit(form);
  },
  true, // toggle does not bubble
);
