// Keeps the last good pages of one person, so that a reload without network shows them, marked with their age. The server says by
// X-Kept-For which pages may be kept and for whom; the pages of anybody else are deleted when it says another name.

const MOST = 60; // pages and parts a company
const PREFIX = "painel:";

let forgotten = 0; // how often pages had to go: one that was still being kept then goes too

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

/** A page and its parts share addresses; a part is asked for by htmx. Behind a "#" the two would still be one to the browser's cache. */
function keyOf(request) {
  const address = new URL(request.url);
  address.hash = "";
  if (request.headers.get("HX-Request")) address.searchParams.append("kept-part", "1");
  return address.href;
}

async function keep(request, answer, owner, since) {
  const person = owner.split(".")[0];
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== `${PREFIX}static` && !name.startsWith(`${PREFIX}${person}.`)) await caches.delete(name);
  }
  const headers = new Headers(answer.headers);
  headers.set("X-Kept-At", new Date().toISOString());
  headers.delete("Vary");
  const cache = await caches.open(PREFIX + owner);
  await cache.put(keyOf(request), new Response(await answer.blob(), { headers }));
  const keys = await cache.keys();
  for (const old of keys.slice(0, Math.max(0, keys.length - MOST))) await cache.delete(old);
  if (forgotten !== since) await cache.delete(keyOf(request));
}

/** Delete every kept page and part whose address begins so. */
async function drop(start) {
  for (const name of await caches.keys()) {
    if (!name.startsWith(PREFIX) || name === `${PREFIX}static`) continue;
    const cache = await caches.open(name);
    for (const key of await cache.keys()) if (key.url.startsWith(start)) await cache.delete(key);
  }
}

/** Nobody is signed in any more (static/js/forget.js). */
self.addEventListener("message", (event) => {
  if (event.data !== "forget") return;
  forgotten += 1;
  event.waitUntil(drop(location.origin));
});

/** The kept answer, the moment written into the page; undefined when there is none. */
async function kept(request) {
  for (const name of await caches.keys()) {
    if (!name.startsWith(PREFIX)) continue;
    const found = await (await caches.open(name)).match(keyOf(request));
    if (!found) continue;
    const text = await found.text();
    const moment = found.headers.get("X-Kept-At");
    return new Response(text.replace("<html ", `<html data-kept-at="${moment}" `), { headers: found.headers });
  }
}

async function page(event) {
  const { request } = event;
  const since = forgotten;
  let answer;
  try {
    answer = await fetch(request);
  } catch (error) {
    const old = await kept(request);
    if (old) return old;
    throw error;
  }
  // A proxy without anybody behind it is as good as no network.
  if ([502, 503, 504].includes(answer.status)) return (await kept(request)) ?? answer;
  const owner = answer.headers.get("X-Kept-For");
  // Who was shut out of a company keeps nothing of it; a record that is gone or closed goes by itself.
  if (owner === "none") {
    forgotten += 1;
    event.waitUntil(drop(request.url.match(/^.*?\/t\/[^/]+\//)[0]));
  } else if ([401, 403, 404].includes(answer.status)) event.waitUntil(drop(request.url));
  if (answer.status === 200 && owner) event.waitUntil(keep(request, answer.clone(), owner, since));
  return answer;
}

async function asset(event) {
  const { request } = event;
  const cache = await caches.open(`${PREFIX}static`);
  try {
    const answer = await fetch(request);
    if (answer.ok) event.waitUntil(cache.put(request, answer.clone()));
    return answer;
  } catch (error) {
    const old = await cache.match(request);
    if (old) return old;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith("/static/")) event.respondWith(asset(event));
  else if (pathname.startsWith("/t/")) event.respondWith(page(event));
});
