// Nobody is signed in on this page, so nothing of anybody stays in this browser: the kept pages go.
navigator.serviceWorker?.controller?.postMessage("forget"); // what it is keeping at this moment too
if ("caches" in window) {
  for (const name of await caches.keys()) if (name.startsWith("painel:")) await caches.delete(name);
}
