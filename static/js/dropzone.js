// Upload: the file field covers its zone, so dropping works without this file. Here: the look while dragging, the list of chosen
// files, and a refusal of files that are too large before they travel.

const size = (bytes, lang) =>
  new Intl.NumberFormat(lang, { style: "unit", unit: bytes < 1e6 ? "kilobyte" : "megabyte", maximumFractionDigits: 1 }).format(
    bytes < 1e6 ? bytes / 1e3 : bytes / 1e6,
  );

function row(template, file, lang) {
  const element = template.content.firstElementChild.cloneNode(true);
  element.querySelector("[data-file-name]").textContent = file.name;
  element.querySelector("[data-file-size]").textContent = size(file.size, lang);
  return element;
}

function show(zone) {
  const input = zone.querySelector("input[type=file]");
  const limit = Number(zone.dataset.maxBytes ?? 0);
  const most = Number(zone.dataset.maxFiles ?? 0);
  const whole = Number(zone.dataset.maxTotal ?? 0);
  let total = 0;
  const kept = new DataTransfer();
  const refused = [];
  const left = [];
  for (const file of input.files) {
    if (limit && file.size > limit) refused.push(file);
    else if ((most && kept.files.length === most) || (whole && total + file.size > whole)) left.push(file);
    else {
      kept.items.add(file);
      total += file.size;
    }
  }
  if (refused.length || left.length) input.files = kept.files;
  const list = document.getElementById(zone.dataset.list);
  const template = document.getElementById(`${zone.id}-file`);
  const lang = document.documentElement.lang;
  list?.replaceChildren(...[...input.files].map((file) => row(template, file, lang)));
  const error = zone.parentElement.querySelector("[data-dropzone-error]");
  const said = (text, files) => (files.length ? `${text} ${files.map((file) => file.name).join(", ")}. ` : "");
  error.hidden = refused.length + left.length === 0;
  error.querySelector("span").textContent = (said(zone.dataset.textTooLarge, refused) + said(zone.dataset.textTooMany, left)).trim();
  for (const button of (input.form ?? zone.parentElement).querySelectorAll("[data-needs-file]")) button.disabled = input.files.length === 0;
}

for (const [type, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(type, (event) => event.target.closest?.("[data-dropzone]")?.classList.toggle("over", over));
}

// A file that misses the zone must not replace the page.
for (const type of ["dragover", "drop"]) {
  document.addEventListener(type, (event) => {
    if (!event.target.closest?.("[data-dropzone]")) event.preventDefault();
  });
}

document.addEventListener("change", (event) => {
  const zone = event.target.closest?.("[data-dropzone]");
  if (zone) show(zone);
});
