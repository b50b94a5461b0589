// What every page does: theme, popovers, dialogs, toasts, copying, guarding unsaved work, focus and announcements around htmx.
// Everything listens on the document, so that content which htmx brings later works without being set up.

const root = document.documentElement;

/** Remember a choice in this browser; a browser that keeps nothing loses it at the next page, no more. */
function remember(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch (error) {
    console.info("not remembered:", key, error.name);
  }
}

// --- theme and density -------------------------------------------------------------------------------------------
function markTheme() {
  const chosen = root.dataset.theme || "system";
  for (const button of document.querySelectorAll("[data-theme-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === chosen));
  }
  for (const button of document.querySelectorAll("[data-density-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset.densitySet === (root.dataset.density || "normal")));
  }
}

/** Tell the server too, so that other devices follow. Who is not signed in has no address to tell it to. */
function savePreference(name, value) {
  const { preferences } = document.body.dataset;
  const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  if (preferences) fetch(preferences, { method: "POST", headers, body: new URLSearchParams({ [name]: value }) }).catch(() => {});
}

function setTheme(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  remember("theme", theme === "system" ? null : theme);
  savePreference("theme", theme);
  markTheme();
}

function setDensity(density) {
  if (density === "compact") root.dataset.density = "compact";
  else delete root.dataset.density;
  remember("density", density === "compact" ? density : null);
  markTheme();
}

// --- popovers: native, placed beside their button ----------------------------------------------------------------------
function place(popover) {
  const opener = document.querySelector(`[popovertarget="${popover.id}"]:not([popovertargetaction="hide"])`);
  if (!opener || popover.matches(".side")) return;
  const from = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const below = from.bottom + 6;
  const top = below + height > innerHeight - 8 ? Math.max(8, from.top - height - 6) : below;
  const start = popover.dataset.align === "end" ? from.right - width : from.left;
  popover.style.top = `${top}px`;
  popover.style.left = `${Math.max(8, Math.min(start, innerWidth - width - 8))}px`;
}

document.addEventListener(
  "toggle",
  (event) => {
    const popover = event.target;
    if (!(popover instanceof HTMLElement) || !popover.hasAttribute("popover")) return;
    const open = event.newState === "open";
    for (const opener of document.querySelectorAll(`[popovertarget="${popover.id}"]`)) {
      opener.setAttribute("aria-expanded", String(open));
    }
    if (open) place(popover);
  },
  true, // toggle does not bubble
);

/** Move the focus through the items of an open menu by arrow keys. */
function walkMenu(event) {
  const menu = event.target.closest?.(".popover[data-menu]");
  if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  const items = [...menu.querySelectorAll("a[href], button:not(:disabled), input")];
  const now = items.indexOf(document.activeElement);
  const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: -1 }[event.key];
  items.at(next % items.length)?.focus();
  event.preventDefault();
}

// --- dialogs -----------------------------------------------------------------------------------------------------------
function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

/** A destructive button stays off until the name was typed. */
function matchTyped(input) {
  const button = input.form?.querySelector("[data-match-submit]");
  if (button) button.disabled = input.value.trim() !== input.dataset.mustMatch;
}

// --- toasts and announcements ------------------------------------------------------------------------------------------------
const LASTS = { text: 6000, undo: 10000 };

function announce(text) {
  const announcer = document.getElementById("announcer");
  if (!announcer) return;
  announcer.textContent = "";
  requestAnimationFrame(() => (announcer.textContent = text));
}

/** Leave after a while, but never while somebody points at it or tabs through it; bad news stays. */
function leaveLater(toast) {
  if (toast.classList.contains("bad") || toast.dataset.timed) return;
  toast.dataset.timed = "yes";
  const wait = toast.querySelector("form, a") ? LASTS.undo : LASTS.text;
  const tick = () => {
    if (toast.matches(":hover, :focus-within")) setTimeout(tick, 1000);
    else toast.remove();
  };
  setTimeout(tick, wait);
}

/** Show a message. `undo` is {url, label}: a form that posts there; `link` is {url, label} too. `tone` is good, bad, warn or info. */
function toast({ text, tone = "info", undo = null, link = null }) {
  const template = document.getElementById("toast-template");
  const list = document.querySelector(".toasts");
  if (!template || !list) return;
  const element = template.content.firstElementChild.cloneNode(true);
  element.classList.add(tone);
  for (const icon of element.querySelectorAll("[data-tone]")) if (icon.dataset.tone !== tone) icon.remove();
  element.querySelector(".toast-text").textContent = text;
  const form = element.querySelector("form");
  if (undo) {
    form.setAttribute("hx-post", undo.url);
    form.action = undo.url;
    form.querySelector("button").textContent = undo.label;
  } else form.remove();
  const way = element.querySelector("a");
  if (link) {
    way.href = link.url;
    way.textContent = link.label;
  } else way.remove();
  list.append(element);
  window.htmx?.process(element);
  leaveLater(element);
}

// The way in for the server (HX-Trigger) and for other modules.
document.addEventListener("toast", (event) => toast(event.detail));
document.addEventListener("announce", (event) => announce(event.detail.text));

// --- copying, unsaved work, times ------------------------------------------------------------------------------------------------
async function copy(button) {
  const text = button.dataset.copy || location.href;
  try {
    await navigator.clipboard.writeText(text);
    toast({ text: button.dataset.copied, tone: "good" });
  } catch {
    // Without permission the person can still copy by hand.
    prompt(button.getAttribute("aria-label") || button.textContent.trim(), text);
  }
}

const hasUnsaved = () => document.querySelector("form[data-guard].is-dirty");

addEventListener("beforeunload", (event) => {
  if (hasUnsaved()) event.preventDefault();
});

/** Keep "3 min ago" true while the page stays open. */
function renewTimes() {
  const words = new Intl.RelativeTimeFormat(root.lang, { numeric: "always", style: "short" });
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const minutes = Math.round((Date.now() - Date.parse(time.dateTime)) / 60000);
    if (minutes < 1) continue;
    const [amount, unit] =
      minutes < 60 ? [minutes, "minute"] : minutes < 1440 ? [Math.floor(minutes / 60), "hour"] : [Math.floor(minutes / 1440), "day"];
    time.textContent = words.format(-amount, unit).replaceAll(".", "");
  }
}

// --- one listener for each kind of event --------------------------------------------------------------------------------------------
document.addEventListener("click", (event) => {
  const target = event.target.closest?.(
    "[data-theme-set], [data-density-set], [data-dialog-open], [data-dialog-close], [data-copy], [data-toast-close]",
  );
  if (event.target instanceof HTMLDialogElement && event.target.hasAttribute("data-light-dismiss")) event.target.close();
  if (!target) return;
  const data = target.dataset;
  if (data.themeSet) setTheme(data.themeSet);
  else if (data.densitySet) setDensity(data.densitySet);
  else if (data.dialogOpen) openDialog(data.dialogOpen);
  else if ("dialogClose" in data) target.closest("dialog")?.close();
  else if ("toastClose" in data) target.closest(".toast").remove();
  else if ("copy" in data) copy(target);
});

document.addEventListener("keydown", walkMenu);

document.addEventListener("input", (event) => {
  event.target.closest?.("form[data-guard]")?.classList.add("is-dirty");
  if (event.target.dataset.mustMatch) matchTyped(event.target);
});

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-submit-on-change]")) event.target.form.requestSubmit();
});

document.addEventListener("submit", (event) => {
  event.target.classList.remove("is-dirty");
  const button = event.submitter;
  // After this turn, so that the button's own name and value are still sent.
  if (button && !event.target.matches("[hx-get], [hx-post], [method=dialog]")) {
    setTimeout(() => {
      button.setAttribute("aria-busy", "true");
      button.dataset.sent = "";
    });
  }
});

// --- htmx: keep the focus, tell what changed, explain failures ------------------------------------------------------------------------------
let focusKey = null;
let typed = null; // what was typed while the answer was under way, which does not know of it

const isText = (element) => element.matches("input:not([type=checkbox], [type=radio]), textarea");

document.addEventListener("htmx:beforeSwap", (event) => {
  const field = document.activeElement;
  focusKey = field?.closest("[data-focus-key]")?.dataset.focusKey ?? null;
  const sent = event.detail.requestConfig?.formData?.getAll(field?.name ?? "") ?? [];
  typed = focusKey && isText(field) && !sent.includes(field.value) ? { field, text: field.value, caret: field.selectionEnd } : null;
});

/** Put what was typed meanwhile into the field that took the place of its own; a form that follows each change is told. */
function retype(field) {
  if (!typed || !field || typed.field.isConnected || !isText(field)) return;
  field.value = typed.text;
  if (typed.caret !== null) field.setSelectionRange(typed.caret, typed.caret);
  typed = null;
  if (field.form?.matches("[hx-trigger=change]")) field.dispatchEvent(new Event("change", { bubbles: true }));
}

// Hits of an earlier text must not be chosen by who has typed another one.
document.addEventListener("input", ({ target: field }) => {
  if (!field.matches("input[type=search][hx-target]")) return;
  for (const hit of document.querySelectorAll(`${field.getAttribute("hx-target")} input[type=radio]`)) hit.checked = false;
});

document.addEventListener("htmx:afterSettle", (event) => {
  const successor = focusKey && document.querySelector(`[data-focus-key="${CSS.escape(focusKey)}"]`);
  if (successor && document.activeElement === document.body) successor.focus();
  retype(successor);
  // A record as a page of its own was renamed: its heading stands outside what was swapped.
  const name = event.target.matches?.("[data-record]") && event.target.querySelector("[data-drawer-title]");
  const heading = name && document.querySelector(".page-title h1");
  if (heading && heading.textContent !== name.textContent) {
    document.title = document.title.replace(heading.textContent, name.textContent);
    heading.textContent = name.textContent;
  }
  const told = event.target.querySelector?.("[data-announce]")?.dataset.announce;
  if (told) announce(told);
  for (const element of document.querySelectorAll(".toasts > .toast")) leaveLater(element);
  markTheme();
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) location.reload();
  else if (!event.detail.elt.matches("[data-part]")) toast({ text: document.body.dataset.textFailed, tone: "bad" });
});

document.addEventListener("htmx:sendError", (event) => {
  if (!event.detail.elt.matches("[data-part]")) toast({ text: document.body.dataset.textOffline, tone: "bad" });
});

// A passkey that was cancelled or is not known here; allauth's script tells us, the console is no place for people.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  toast({ text: document.body.dataset.textPasskey, tone: "warn" });
});

// The page came back from the browser's memory: busy buttons would turn for ever.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[data-sent]")) button.removeAttribute("aria-busy");
});

markTheme();
for (const element of document.querySelectorAll(".toasts > .toast")) leaveLater(element);
setInterval(renewTimes, 30_000);

// A row of tabs that is wider than a phone starts where one is.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
