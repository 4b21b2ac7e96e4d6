/** The live stream of the current state, and the status line that shows when it is not current. */

import { get, liveAddress } from "./api.js";
import { h, put } from "./dom.js";
import { exactSeconds, moment, seconds } from "./format.js";
import { t } from "./i18n.js";
import { reasonText } from "./reasons.js";

const MIN_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;
// A meter sends every few seconds. After this long without an event the connection may be dead.
const IDLE_MS = 45_000;

/** The current state of all sites. Dispatches `state` (detail: the site) and `connection` (detail: {isRestored}). */
export class Live extends EventTarget {
  #source = null;
  #delayMs = MIN_DELAY_MS;
  #timer = 0;
  #idleTimer = 0;
  #isStopped = false;
  /** Site → its latest item of /now. */
  items = new Map();
  /** When the connection was lost; null while it is open. */
  lostAt = null;

  /** Opens the stream and keeps it open. */
  start() {
    this.#open();
    addEventListener("online", () => this.#isStopped || this.#open());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.lostAt && !this.#isStopped) this.#open();
    });
  }

  /** Takes what /now has answered, before the first event of the stream. */
  take(items) {
    items.filter((each) => !this.items.has(each.site)).forEach((each) => this.items.set(each.site, { ...each, receivedAt: Date.now() }));
  }

  #open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const source = new EventSource(liveAddress());
    this.#source = source;
    source.addEventListener("open", () => this.#onOpen());
    source.addEventListener("now", (event) => this.#update(JSON.parse(event.data)));
    // Browsers retry after some failures only, and do not report it: retry here, with exponential back-off.
    source.addEventListener("error", () => this.#onLost());
    this.#watchIdle();
  }

  #update(item) {
    this.#watchIdle();
    this.items.set(item.site, { ...item, receivedAt: Date.now() });
    this.dispatchEvent(new CustomEvent("state", { detail: item.site }));
  }

  #onOpen() {
    this.#delayMs = MIN_DELAY_MS;
    const lostAt = this.lostAt;
    this.lostAt = null;
    this.dispatchEvent(new CustomEvent("connection", { detail: { isRestored: lostAt !== null } }));
  }

  /** Stops asking: the recorder requires a token. `resume` continues. */
  stop() {
    this.#isStopped = true;
    this.lostAt = null;
    this.#source.close();
    clearTimeout(this.#timer);
    clearTimeout(this.#idleTimer);
  }

  /** Opens the stream again after `stop`. */
  resume() {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#open();
  }

  #onLost() {
    if (this.#isStopped) return;
    this.#source.close();
    clearTimeout(this.#idleTimer);
    if (!this.lostAt) get("/now").catch(() => {}); // the stream does not report why; this request does where it is the token
    this.lostAt ??= new Date();
    this.#timer = setTimeout(() => this.#open(), this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_DELAY_MS);
    this.dispatchEvent(new CustomEvent("connection", { detail: { isRestored: false } }));
  }

  #watchIdle() {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(async () => {
      // No change for long: check whether the recorder answers.
      try {
        const answer = await get("/now");
        answer.items.forEach((item) => this.#update(item));
        this.#watchIdle();
      } catch {
        this.#onLost();
      }
    }, IDLE_MS);
  }
}

const place = () => document.getElementById("status");
let shown = "";
const RECENT_S = 43_200;

/** Updates the status line, and marks figures as stale. An unchanged line is not announced again. */
export function showStatus(live, site) {
  const [kind, text, isStale = false] = find(live, site);
  document.documentElement.classList.toggle("stale", isStale);
  if (`${kind}${text}` === shown) return;
  shown = `${kind}${text}`;
  put(place(), text && h("p", { class: kind }, text));
}

function find(live, site) {
  if (live.lostAt) {
    return ["lost", t("status.lost", { at: exactSeconds(live.lostAt) }), true];
  }
  const item = site && live.items.get(site.site);
  if (item?.state === "offline") return ["away", t("status.offline", { edge: item.edges.map((each) => each.edge).join(", "), at: lastHeard(item, site) }), true];
  if (item?.state === "silent") return ["away", t("status.silent", { at: lastHeard(item, site) }), true];
  if (live.problem) return ["away", reasonText(live.problem)];
  return ["fine", ""];
}

/** True where what the meter shows of a day, such as its colour, is of the present one. */
export const isOfToday = (item) => Boolean(item.at) && item.age_s < RECENT_S;

/** When the meter was last heard: the time alone where that is no other day's. */
export function lastHeard(item, site) {
  return item.at && item.age_s < RECENT_S ? seconds(item.at) : moment(item.at ?? site.last);
}
