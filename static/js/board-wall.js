// Boards on a screen: one after the other, each for `data-every` seconds. What htmx reads anew keeps its place; the pointer hides when it rests.

const STILL = 3_000; // ms without a move after which pointer and help vanish

let place = 0;
let since = performance.now();
let held = false;
let still = 0;

const wall = () => document.getElementById("wall");
const screens = () => [...document.querySelectorAll("[data-screen]")];
const every = () => Number(wall().dataset.every) * 1_000;

function show(next) {
  const list = screens();
  if (!list.length) return;
  place = ((next % list.length) + list.length) % list.length;
  list.forEach((one, n) => one.classList.toggle("is-shown", n === place));
}

function go(by) {
  since = performance.now();
  show(place + by);
}

function tick() {
  const passed = performance.now() - since;
  const bar = document.querySelector("[data-progress]");
  if (bar) bar.style.transform = `scaleX(${held ? 1 : Math.min(1, passed / every())})`;
  if (!held && screens().length > 1 && passed >= every()) go(1);
  const now = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", timeZone: wall().dataset.zone });
  for (const clock of document.querySelectorAll("[data-clock]")) if (clock.textContent !== now) clock.textContent = now;
}

function awake() {
  document.body.classList.remove("is-still");
  clearTimeout(still);
  still = setTimeout(() => document.body.classList.add("is-still"), STILL);
}

function leave() {
  const exit = document.querySelector("[data-wall-exit]");
  if (document.fullscreenElement) document.exitFullscreen();
  else if (exit) location.assign(exit.href);
}

const KEYS = {
  ArrowRight: () => go(1),
  ArrowLeft: () => go(-1),
  " ": () => (held = !held),
  f: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
  Escape: leave,
};

document.addEventListener("keydown", (event) => {
  const act = event.ctrlKey || event.metaKey || event.altKey ? null : KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  awake();
  act();
});

// Read anew, the part comes with its first screen: before it is painted, the one that was shown is shown again.
document.addEventListener("htmx:afterSwap", () => {
  show(place);
  tick();
});

for (const type of ["pointermove", "pointerdown"]) document.addEventListener(type, awake, { passive: true });
awake();
show(0);
tick();
setInterval(tick, 250);
