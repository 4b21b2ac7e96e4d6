/** The stream of what is the case now: it comes again by itself, and says since when it was lost. */

import { get, liveAddress } from "./api.js";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
// The stream tells something every few seconds while a meter speaks; a connection that died in silence tells nothing.
const QUIET_MS = 45_000;

/** What is known of all sites; `present` and `connection` are dispatched when it changes. */
export class Live extends EventTarget {
  #source = null;
  #waitMs = FIRST_WAIT_MS;
  #timer = 0;
  #watch = 0;
  /** Site → the newest item of `now`. */
  items = new Map();
  /** When the connection was lost, or null while it stands. */
  lostAt = null;

  /** Opens it; from then on it stays open. */
  start() {
    this.#open();
    addEventListener("online", () => this.#open());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.lostAt) this.#open();
    });
  }

  #open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const source = new EventSource(liveAddress());
    this.#source = source;
    source.addEventListener("open", () => this.#stands());
    source.addEventListener("now", (event) => this.#take(JSON.parse(event.data)));
    // A browser tries again by itself only after some failures, and never says so: we do it, ever more slowly.
    source.addEventListener("error", () => this.#isLost());
    this.#listen();
  }

  #take(item) {
    this.#listen();
    this.items.set(item.site, { ...item, heardAt: Date.now() });
    this.dispatchEvent(new CustomEvent("present", { detail: item.site }));
  }

  #stands() {
    this.#waitMs = FIRST_WAIT_MS;
    const lost = this.lostAt;
    this.lostAt = null;
    this.dispatchEvent(new CustomEvent("connection", { detail: { mended: lost !== null } }));
  }

  #isLost() {
    this.#source.close();
    clearTimeout(this.#watch);
    this.lostAt ??= new Date();
    this.#timer = setTimeout(() => this.#open(), this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
    this.dispatchEvent(new CustomEvent("connection", { detail: { mended: false } }));
  }

  #listen() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(async () => {
      // Nothing has changed for long: is nobody there, or is there nothing to tell?
      try {
        const answer = await get("/now");
        answer.items.forEach((item) => this.#take(item));
        this.#listen();
      } catch {
        this.#isLost();
      }
    }, QUIET_MS);
  }
}
