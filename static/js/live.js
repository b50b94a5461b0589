// The live page. One stream a browser tells that something happened, never what: parts of the page ([data-live="sync_complete …"]) are
// then read again through their own address and its access check. While the stream is broken the page asks by itself; the dot says so.

const { live: address, liveKey: key, liveReport: reportTo, livePolling: polling } = document.body.dataset;
const BACK_OFF = { first: 1_000, most: 30_000 };
const POLL = { shown: 10_000, hidden: 60_000 };
const OLD = 60_000; // ms after which a page that becomes visible again is read anew
const REST = { first: 250, least: 60, most: 2_000 }; // ms between two readings of the same part: twice as long as the last one took
const PATIENCE = 5_000; // ms that parts wait for the answer to what the person is just doing
const SILENCE = Number(document.body.dataset.liveHeartbeat || 30_000) * 2.5;

let number = Number(document.body.dataset.liveNumber || 0);
let state = "off";
let heard = false; // whether the stream says what happens, as far as it last told
const waiting = new Set(); // names of events that came while the page was hidden
const readAt = new Map(); // part id → when it was last read
const reading = new Map(); // part id → since when it is being read
const rests = new Map(); // part id → how long it rests from the beginning of one reading to the next
const timers = new Map(); // part id → its next reading
const bells = new Map(); // part id → when the event that it answers was heard, and how old that was

// --- what people see of it ------------------------------------------------------------------------------------------------
function show(next) {
  if (state !== next) document.dispatchEvent(new CustomEvent("live:state", { detail: next }));
  state = next;
  for (const dot of document.querySelectorAll("[data-live-dot]")) {
    dot.dataset.state = next;
    dot.title = dot.dataset[`title${next[0].toUpperCase()}${next.slice(1)}`] ?? "";
  }
  if (next === "live") hideKept();
}

/** Parts of this page that could not be read: they show something older, however well the stream is. */
const behind = () => parts().filter((part) => failures.get(part.id) >= 2);

const showHeard = () => show(heard && behind().length === 0 ? "live" : "late");

const hideKept = () => document.querySelectorAll("[data-kept]").forEach((banner) => (banner.hidden = true));

/** Say of which moment this page is, when it is one that the browser had kept. */
function showKept(moment) {
  for (const banner of document.querySelectorAll("[data-kept]")) {
    banner.hidden = false;
    const time = banner.querySelector("time");
    time.dateTime = moment;
    time.textContent = new Date(moment).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  }
}

// --- reading parts again ---------------------------------------------------------------------------------------------------------
const parts = () => [...document.querySelectorAll("[data-live][id]")];

/** Whether somebody works inside the part: what they type, select or have open must not vanish under their hands. */
function isBusy(part) {
  const active = document.activeElement;
  const typing = part.contains(active) && active.matches("input:not([type=checkbox]), select, textarea");
  return typing || part.querySelector(":popover-open, dialog[open], tbody input:checked") !== null;
}

function read(id) {
  timers.delete(id);
  const part = document.getElementById(id);
  if (!part) return;
  if (isBusy(part)) return readSoon(part, 2_000);
  if (performance.now() - actedAt < PATIENCE) return readSoon(part, REST.first);
  readAt.set(id, performance.now());
  reading.set(id, performance.now());
  window.htmx?.trigger(part, "live:refresh");
}

/** Read the part now, or when it has rested: fifty events in a second are one reading at their start and one at their end. */
function readSoon(part, rest = 0) {
  if (timers.has(part.id)) return;
  const due = Math.max(rest, (readAt.get(part.id) ?? -Infinity) + (rests.get(part.id) ?? REST.first) - performance.now());
  if (due <= 0) read(part.id);
  else timers.set(part.id, setTimeout(read, due, part.id));
}

const readAll = (list = parts()) => list.forEach((part) => readSoon(part));

/** Ring: parts that wait for this event read again, other modules hear `live:<name>` on the body. A hidden page does it when it is seen. */
function ring(name, detail = {}) {
  if (document.hidden) return waiting.add(name);
  document.body.dispatchEvent(new CustomEvent(`live:${name}`, { detail, bubbles: true }));
  for (const part of parts()) {
    if (!part.dataset.live.split(" ").includes(name)) continue;
    if (!bells.has(part.id)) bells.set(part.id, { heard: performance.now(), age: detail.age_ms ?? 0, event: detail.number ?? 0 });
    readSoon(part);
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  const names = [...waiting];
  waiting.clear();
  names.forEach((name) => ring(name));
  readAll(parts().filter((part) => performance.now() - (readAt.get(part.id) ?? 0) > OLD));
});

// What a person does themselves comes back with what it changed, often before its own event: reading again meanwhile would answer into parts
// that were just replaced.
let actedAt = -Infinity;
const isAct = (event) => event.detail.requestConfig?.verb !== "get";
document.addEventListener("htmx:beforeSend", (event) => isAct(event) && (actedAt = performance.now()));
document.addEventListener("htmx:afterRequest", (event) => isAct(event) && (actedAt = -Infinity));

// --- around htmx: ask past every cache, flash what changed, measure, admit failure ----------------------------------------------------
const isPart = (element) => element?.matches?.("[data-live][id]");
const failures = new Map();
let before = new Map();

const numbersOf = (part) =>
  new Map([...part.querySelectorAll(".number-card")].map((card) => [card.querySelector(".number-label")?.textContent.trim(), card]));

document.addEventListener("htmx:configRequest", (event) => {
  if (isPart(event.detail.elt)) event.detail.headers["Cache-Control"] = "no-cache";
});

// A part that costs the server much is asked for less often: it is being read half of the time at most.
document.addEventListener("htmx:afterRequest", ({ detail: { elt: part } }) => {
  if (!isPart(part) || !reading.has(part.id)) return;
  const took = performance.now() - reading.get(part.id);
  reading.delete(part.id);
  rests.set(part.id, Math.min(REST.most, Math.max(REST.least, 2 * took)));
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const part = event.detail.elt;
  const kept = event.detail.xhr.getResponseHeader("X-Kept-At");
  if (kept) {
    // The browser's copy of a part is what stands there already; a record that is opened is shown, and the page says its age.
    if (isPart(part)) event.detail.shouldSwap = false;
    show("off");
    showKept(kept);
    return;
  }
  if (!isPart(part) || event.detail.isError) return;
  if (isBusy(part)) {
    event.detail.shouldSwap = false; // somebody began to work inside while it was being read
    return readSoon(part, 2_000);
  }
  hideKept();
  before = new Map([...numbersOf(part)].map(([label, card]) => [label, card.querySelector(".number-value")?.textContent]));
  if (failures.delete(part.id) && heard) showHeard();
});

document.addEventListener("htmx:afterSettle", (event) => {
  const id = event.detail.requestConfig?.elt?.id;
  const part = id && document.getElementById(id);
  if (!isPart(part)) return;
  for (const [label, card] of numbersOf(part)) {
    const now = card.querySelector(".number-value")?.textContent;
    if (before.has(label) && before.get(label) !== now) card.classList.add("changed");
  }
  report(id);
});

/** A part that could not be read is asked for once more; then the page says that it shows something older, and tries at each heartbeat. */
function failed(event) {
  const part = event.detail.elt;
  if (!isPart(part)) return;
  const times = (failures.get(part.id) ?? 0) + 1;
  failures.set(part.id, times);
  bells.delete(part.id);
  if (times < 2) readSoon(part, 1_500);
  else show(event.type === "htmx:responseError" ? "late" : "off");
}

for (const type of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(type, failed);

/** Tell how long it took from the event to the screen: one in five is enough. */
function report(id) {
  const bell = bells.get(id);
  bells.delete(id);
  if (!bell || !reportTo || Math.random() > 0.2) return;
  const ms = Math.round(bell.age + performance.now() - bell.heard);
  const headers = { "Content-Type": "application/json", ...JSON.parse(document.body.getAttribute("hx-headers") ?? "{}") };
  fetch(reportTo, { method: "POST", headers, body: JSON.stringify({ ms, event: bell.event }), keepalive: true }).catch(() => {});
}

// --- the stream --------------------------------------------------------------------------------------------------------------------
const others = new BroadcastChannel(`painel-live:${key}`);

function got({ name, id, data }) {
  if (id) number = Math.max(number, id);
  // A heartbeat says when the server itself cannot hear the database: events may then be late, so the page asks by itself.
  heard = data.live !== false;
  showHeard();
  if (name === "heartbeat") return readAll(heard || document.hidden || polling === undefined ? behind() : parts());
  if (name === "reload") readAll();
  else if (name === "close") closed = data.reason;
  else ring(name, { ...data, number: id });
}

function parse(block) {
  const found = { name: "", id: 0, data: "" };
  for (const line of block.split("\n")) {
    const [field, value] = [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trimStart()];
    if (field === "event") found.name = value;
    else if (field === "id") found.id = Number(value);
    else if (field === "data") found.data += value;
    else if (field === "retry") returnIn = Number(value);
  }
  return { ...found, data: found.data ? JSON.parse(found.data) : {} };
}

let opened = false;
let closed = ""; // why the server ended the stream, in its words
let returnIn = 0; // ms after which it wants us back
let hangUp = () => {}; // ends the stream, to begin it anew

/** Read the stream until it ends. Throws an Error with `status` when the server refuses. */
async function listen() {
  const ender = new AbortController();
  hangUp = () => ender.abort();
  let watch = setTimeout(() => ender.abort(), SILENCE);
  const headers = { Accept: "text/event-stream", "Last-Event-ID": String(number) };
  try {
    const answer = await fetch(address, { headers, cache: "no-store", signal: ender.signal });
    if (!answer.ok) {
      returnIn = 1_000 * Number(answer.headers.get("Retry-After") ?? 0);
      throw Object.assign(new Error("refused"), { status: answer.status });
    }
    opened = true;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    tell({ name: "heartbeat", id: 0, data: {} });
    for (let text = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(watch);
      watch = setTimeout(() => ender.abort(), SILENCE);
      const blocks = (text + value).split("\n\n");
      text = blocks.pop();
      for (const message of blocks.map(parse)) if (message.name) tell(message);
    }
  } finally {
    clearTimeout(watch);
    ender.abort();
  }
}

/** An event for this tab and the others. */
function tell(message) {
  got(message);
  others.postMessage({ ...message, number });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ask without a stream. What comes back decides whether the page is late or cut off. */
let polledAt = 0;
async function poll() {
  const every = document.hidden ? POLL.hidden : POLL.shown;
  if (polling === undefined || performance.now() - polledAt < every) return;
  polledAt = performance.now();
  try {
    await fetch("/health/live", { cache: "no-store" });
    show("late");
    if (document.hidden) waiting.add("poll");
    else readAll();
  } catch {
    show("off");
  }
}

/** Hold the stream for all tabs of this browser; come back after it breaks, in 1 s, 2 s, … 30 s. */
async function lead() {
  for (let wait = BACK_OFF.first; ; wait = Math.min(2 * wait, BACK_OFF.most)) {
    const began = performance.now();
    closed = "";
    returnIn = 0;
    try {
      await listen();
      if (closed === "revoked" || closed === "expired") return location.reload();
    } catch (error) {
      // Signed out or shut out while one looked: the page itself says so better than a dot.
      if (opened && [401, 403, 404].includes(error.status)) return location.reload();
    }
    if (performance.now() - began > BACK_OFF.most) wait = BACK_OFF.first;
    const until = performance.now() + Math.max(wait * (0.8 + Math.random() * 0.4), returnIn);
    heard = false;
    show(navigator.onLine ? "late" : "off");
    while (performance.now() < until) {
      others.postMessage({ broken: true });
      await poll();
      await pause(Math.min(1_000, Math.max(0, until - performance.now())));
    }
  }
}

/** Follow another tab's stream; it says its number, so that what was missed in between is read. */
others.addEventListener("message", ({ data }) => {
  if (data.hello !== undefined) {
    if (leading) others.postMessage({ name: "heartbeat", id: 0, data: {}, number });
  } else if (data.broken) {
    heard = false;
    if (state === "live") show("late");
    poll();
  } else {
    if (data.number > number && data.id !== data.number) readAll();
    number = Math.max(number, data.number);
    got(data);
  }
});

let leading = false;

function start() {
  leading = true;
  return lead();
}

if (document.documentElement.dataset.keptAt) showKept(document.documentElement.dataset.keptAt);
if (address) {
  show(navigator.onLine ? "late" : "off");
  // Who holds the lock leads; it is given back when the tab is gone. Browsers without locks (plain http on a network) hold a stream a tab.
  if (navigator.locks) {
    navigator.locks.request(`painel-live:${key}`, start);
    others.postMessage({ hello: number });
  } else start();
  // A stream from before may be dead without knowing it, and says nothing until its next heartbeat when it lives.
  addEventListener("online", () => {
    hangUp();
    poll();
  });
  addEventListener("offline", () => show("off"));
}

// --- the last good pages survive without a network (kept by static/js/sw.js) --------------------------------------------------------
if ("serviceWorker" in navigator && address) navigator.serviceWorker.register("/sw.js");
