// The service worker: keeps the page itself, so that it opens while the recorder is unreachable. It never answers for
// the API: figures come from the recorder or not at all.
const { assets, files } = JSON.parse('{shell}');
const CACHE = `tictally ${assets}`;
const OURS = /^tictally /;
const PAGE = new URL("./", self.registration.scope).href;
const ASSETS = new URL(assets, PAGE).href;
// A proxy answers so in place of a recorder that it cannot reach.
const UNREACHED = [502, 503, 504];

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(dropOthers()));
self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (method !== "GET") return;
  if (mode === "navigate" && url.split("#")[0] === PAGE) event.respondWith(page(event.request));
  else if (url.startsWith(ASSETS)) event.respondWith(kept(event.request));
});

async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll([new Request(PAGE, { cache: "reload" }), ...files.map((each) => ASSETS + each)]);
  await self.skipWaiting();
}

async function dropOthers() {
  const names = await caches.keys();
  const ours = names.filter((name) => OURS.test(name) && name !== CACHE);
  await Promise.all(ours.map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** The page of the recorder, and the kept one where that cannot be reached. */
async function page(request) {
  const own = async () => (await caches.open(CACHE)).match(PAGE);
  try {
    const answer = await fetch(request);
    return UNREACHED.includes(answer.status) ? (await own()) ?? answer : answer;
  } catch (error) {
    const found = await own();
    if (found) return found;
    throw error;
  }
}

/** A file of this version; its address changes with its content. */
async function kept(request) {
  return (await (await caches.open(CACHE)).match(request)) ?? fetch(request);
}
