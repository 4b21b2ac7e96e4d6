/** The page: which view of which site is shown, and what stands around it. */

import { Problem, all } from "./api.js";
import { redrawAll } from "./chart.js";
import { h, put } from "./dom.js";
import { closeBeside } from "./explain.js";
import { tellIn } from "./format.js";
import { t } from "./i18n.js";
import { Live } from "./live.js";
import { askForToken } from "./token.js";
import { empty, failed, loading } from "./states.js";
import { showStatus } from "./status.js";
import { tools } from "./tools.js";

const VIEWS = ["live", "month", "year", "years", "tariffs", "quality"];
const ICONS = {
  live: "M3 13h4l3-8 4 15 3-10 1.5 3H21",
  month: "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4",
  year: "M5 20V10M12 20V4M19 20v-7",
  years: "M3 17l6-6 4 4 8-9M15 6h6v6",
  tariffs: "M4 12V4h8l8 8-8 8zM8.5 8.5h.01",
  quality: "M12 3l8 3v6c0 5-3.5 8-8 9-4.500-1-8-4-8-9V6zM9 12l2 2 4-4",
};
const SITE_KEY = "tictally.site";
// What a view shows of today grows old; the stream keeps only the present fresh.
const FRESH_MS = 5 * 60_000;

const main = document.getElementById("main");
const live = new Live();
let sites = [];
let leave = new AbortController();
let view = null;
let hasBegun = false;

/** What the address asks for: `#/month/2026-11?site=…`. */
function route() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, argument] = path.split("/");
  const asked = new URLSearchParams(query).get("site") ?? remembered();
  const site = sites.find((each) => each.site === asked) ?? sites[0];
  return { name: VIEWS.includes(name) ? name : "live", argument, site };
}

function remembered() {
  try {
    return localStorage.getItem(SITE_KEY);
  } catch {
    return null;
  }
}

/** The address of a view, the site kept where there is a choice. */
export function address(name, argument = null, site = route().site) {
  const query = sites.length > 1 && site ? `?site=${encodeURIComponent(site.site)}` : "";
  return `#/${name}${argument ? `/${argument}` : ""}${query}`;
}

function around(here) {
  document.title = `${t(`nav.${here.name}`)} · tictally`;
  const nav = document.getElementById("nav");
  nav.setAttribute("aria-label", t("nav.label"));
  document.querySelector(".skip").textContent = t("skip");
  put(nav, VIEWS.map((name) => h("a", { href: address(name), "aria-current": name === here.name ? "page" : null }, icon(ICONS[name]), h("span", {}, t(`nav.${name}`)))));
  put(document.getElementById("tools"), tools({ sites, here, choose: chooseSite, changed: begin, recolour: redrawAll }));
}

function icon(path) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  drawing.append(line);
  return drawing;
}

function chooseSite(id) {
  try {
    localStorage.setItem(SITE_KEY, id);
  } catch {
    // The address holds it as well.
  }
  const here = route();
  location.hash = address(here.name, here.argument, sites.find((each) => each.site === id));
}

/** Shows what the address asks for. */
async function showView({ quietly = false } = {}) {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const here = route();
  if (here.site) tellIn(here.site.timezone);
  around(here);
  showStatus(live, here.site);
  const context = { ...here, sites, live, signal, address, again: () => showView() };
  if (!quietly) put(main, loading());
  try {
    const { render } = await import(`./views/${here.name}.js`);
    const found = here.site || here.name === "tariffs" || here.name === "quality" ? await render(context) : { element: empty(t("empty.title"), t("empty.text"), t("empty.code")) };
    if (signal.aborted) return;
    view = found;
    put(main, found.element);
    redrawAll();
    view.present?.();
  } catch (error) {
    if (signal.aborted || error.name === "AbortError") return;
    if (error instanceof Problem && error.status === 401) {
      put(main, askForToken(begin));
      return;
    }
    if (!(error instanceof Problem)) console.error(error);
    view = null;
    put(main, failed(error, () => begin()));
  }
}

/** From the list of sites on; also after the language has changed. */
async function begin() {
  try {
    const answer = await all("/sites");
    sites = answer.items;
    live.problem = answer.problem;
    hasBegun = true;
  } catch (error) {
    around({ name: route().name });
    if (error instanceof Problem && error.status === 401) put(main, askForToken(begin));
    else put(main, failed(error, begin));
    return;
  }
  await showView();
}

live.addEventListener("present", (event) => {
  const here = route();
  if (!hasBegun) return;
  if (!sites.some((each) => each.site === event.detail)) begin(); // the first frame of a site that is new
  else if (event.detail === here.site?.site) {
    showStatus(live, here.site);
    view?.present?.();
  }
});
live.addEventListener("connection", (event) => {
  showStatus(live, route().site);
  if (!event.detail.mended) return;
  if (sites.length && view) showView({ quietly: true }); // what was missed meanwhile
  else begin();
});
addEventListener("hashchange", () => {
  showView();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
setInterval(() => showStatus(live, route().site), 5000);
setInterval(() => {
  if (!document.hidden && !live.lostAt && view?.ages && !document.getElementById("dialog").open) showView({ quietly: true });
}, FRESH_MS);
closeBeside();
live.start();
begin();
