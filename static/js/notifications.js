// The bell: its list opens in the drawer, it also hears what arrives while the page is hidden, and it may sound. What it shows comes from
// the server (#bell reads itself again); the server also says what becomes a toast and whether a tone is wanted now.

const bell = () => document.getElementById("bell");
const LIST = "notification-list";

// --- the list in the drawer ----------------------------------------------------------------------------------------------
async function openList(link) {
  const panel = document.getElementById("drawer");
  const side = document.getElementById("side");
  if (side?.matches(":popover-open")) side.hidePopover();
  panel.setAttribute("aria-busy", "true");
  if (!panel.open) innerWidth < 1100 ? panel.showModal() : panel.show();
  await window.htmx.ajax("GET", `${link.pathname}?drawer=1`, { target: "#drawer-body", swap: "innerHTML" });
  panel.removeAttribute("aria-busy");
  panel.scrollTop = 0;
  (panel.querySelector("[data-drawer-title]") ?? panel).focus();
  panel.addEventListener("close", () => closed(panel, link.id), { once: true });
}

/** A list that nobody sees must not read itself again for ever; the focus goes back to the bell. */
function closed(panel, id) {
  panel.querySelector(`#${LIST}`)?.remove();
  if (document.activeElement === document.body) document.getElementById(id)?.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-notifications-open]");
  const panel = document.getElementById("drawer");
  if (!link || !panel || !window.htmx || event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || link.pathname === location.pathname) return;
  // Unsaved work in the drawer: the link leads to the page, and the browser asks.
  if (panel.querySelector("form[data-guard].is-dirty")) return;
  event.preventDefault();
  openList(link);
});

// --- while the page is hidden ----------------------------------------------------------------------------------------------
const { liveKey } = document.body.dataset;
if (liveKey && bell()) {
  // What the stream of this browser says reaches every tab on this channel. A visible tab is rung by live.js.
  new BroadcastChannel(`painel-live:${liveKey}`).addEventListener("message", ({ data }) => {
    if (!document.hidden || data.name !== "notification") return;
    if (String(data.data?.user) === bell()?.dataset.user) window.htmx.trigger(bell(), "live:refresh");
  });
}

// --- the tone ----------------------------------------------------------------------------------------------------------------
let allowed = false; // browsers let a page sound only after somebody touched it
for (const type of ["pointerdown", "keydown"]) {
  document.addEventListener(type, () => (allowed = true), { once: true, capture: true });
}

let audio = null;

/** Two short tones, a fourth apart. */
async function chime() {
  if (!allowed || !window.AudioContext) return;
  audio ??= new AudioContext();
  await audio.resume();
  for (const [start, pitch] of [[0, 659.26], [0.12, 880]]) {
    const [tone, volume, at] = [audio.createOscillator(), audio.createGain(), audio.currentTime + start];
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.12, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.35);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.4);
  }
}

/** Whether this notification has not sounded in another tab of this browser. */
function isFirst(id) {
  try {
    if (Number(localStorage.getItem("chimed") ?? 0) >= id) return false;
    localStorage.setItem("chimed", String(id));
  } catch (error) {
    console.info("not remembered: chimed", error.name);
  }
  return true;
}

document.addEventListener("chime", (event) => {
  if (isFirst(event.detail.id)) chime();
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-chime-try]")) chime();
});
