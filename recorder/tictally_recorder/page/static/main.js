/** The page: routing between views and sites, navigation, status. */

import { Problem, all, get } from "./api.js";
import { redrawAll } from "./chart.js";
import { empty, failed, loading, useUnit } from "./components.js";
import { h, put } from "./dom.js";
import { closeOnOutsideClick } from "./explain.js";
import { useTimeZone } from "./format.js";
import { allStrings, t } from "./i18n.js";
import { Live, showStatus } from "./live.js";
import { tokenForm, tools } from "./tools.js";
import { render as overview } from "./views/overview.js";

const MAIN = ["overview", "live", "day", "month", "year"];
const OTHERS = ["years", "power", "injection", "versus", "tariffs", "imports", "system"];
// Reached from other views.
const LINKED = ["notes", "settings"];
const VIEWS = [...MAIN, ...OTHERS, ...LINKED];
const WITHOUT_SITE = ["tariffs", "imports", "system", "settings"];
// Addresses that people may have kept.
const FORMER = { quality: "system" };
const ICONS = {
  overview: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  live: "M3 13h4l3-8 4 15 3-10 1.5 3H21",
  day: "M12 4a8 8 0 1 0 .01 0M12 8v4.500l3 2",
  month: "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4",
  year: "M5 20V10M12 20V4M19 20v-7",
  years: "M3 17l6-6 4 4 8-9M15 6h6v6",
  injection: "M12 3v3M5.600 5.600l2 2M18.400 5.600l-2 2M3 13h3M18 13h3M8 13a4 4 0 0 1 8 0M4 18h16M9 21h6",
  power: "M4 20V14h3v6zM10.500 20V9h3v11zM17 20V4h3v16zM3 7h10",
  versus: "M8 4v16M16 4v16M8 9h8M8 15h8",
  tariffs: "M4 12V4h8l8 8-8 8zM8.5 8.5h.01",
  imports: "M12 3v11M8 10l4 4 4-4M4 15v5h16v-5",
  system: "M12 3l8 3v6c0 5-3.5 8-8 9-4.500-1-8-4-8-9V6zM9 12l2 2 4-4",
};
// What is imported above is served as one file; the other views are loaded when they are opened.
const FIRST = { overview };
const SITE_KEY = "tictally.site";
// The stream refreshes only the current state; figures of today are requested again.
const REFRESH_MS = 5 * 60_000;

const main = document.getElementById("main");
const live = new Live();
let sites = [];
let pending = new AbortController();
let view = null;
let isLoaded = false;

/** The route of the address: `#/month/2026-11?site=…`. */
function route() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [written, argument, season] = path.split("/");
  const name = FORMER[written] ?? written;
  const parameters = new URLSearchParams(query);
  const wanted = parameters.get("site") ?? savedSite();
  const site = sites.find((each) => each.site === wanted) ?? sites[0];
  return { name: VIEWS.includes(name) ? name : "overview", argument, season, unit: parameters.get("show"), site };
}

function savedSite() {
  try {
    return localStorage.getItem(SITE_KEY);
  } catch {
    return null;
  }
}

/** The address of a view, with the current site where there are several. */
export function address(name, argument = null, site = route().site) {
  const query = sites.length > 1 && site ? `?site=${encodeURIComponent(site.site)}` : "";
  return `#/${name}${argument ? `/${argument}` : ""}${query}`;
}

function drawHeader(here) {
  document.title = `${t(`nav.${here.name}`)} · tictally`;
  const nav = document.getElementById("nav");
  nav.setAttribute("aria-label", t("nav.label"));
  document.querySelector(".skip").textContent = t("skip");
  const link = (name) => h("a", { href: address(name), "aria-current": name === here.name ? "page" : null }, icon(ICONS[name]), h("span", {}, t(`nav.${name}`)));
  const others = h("div", { class: "others", id: "others" }, OTHERS.filter((name) => isOffered(name, here.site)).map(link));
  put(nav, MAIN.map(link), moreButton(others, here.name), others);
  put(document.getElementById("tools"), tools({ sites, here, choose: chooseSite, changed: load, recolour: redrawAll, address }));
}

/** Whether a view has something to show of a site. */
const isOffered = (name, site) => name !== "injection" || site?.injects || site?.has_production;

/** Opens the other views where a narrow screen has no place for them. */
function moreButton(others, name) {
  const toggle = (isOpen) => {
    others.classList.toggle("open", isOpen);
    button.setAttribute("aria-expanded", String(isOpen));
  };
  const button = h("button", { type: "button", class: `more ${OTHERS.includes(name) ? "current" : ""}`, "aria-expanded": "false", "aria-controls": "others", onclick: () => toggle(!others.classList.contains("open")) }, icon(ICONS.more), h("span", {}, t("nav.more")));
  others.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    toggle(false);
    button.focus();
  });
  return button;
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
    // The address has it as well.
  }
  const here = route();
  location.hash = address(here.name, here.argument, sites.find((each) => each.site === id));
}

/** Loads the other views, and what opens the page while the recorder is unreachable: once the first view is there. */
function loadTheRest() {
  const later = document.getElementById("later");
  if (!later) return;
  document.head.append(later.content);
  import("./keyboard.js").then(({ listenToKeys }) => listenToKeys());
  import("./saving.js").then(({ drawForPaper, offerSaving }) => {
    offerSaving(main);
    drawForPaper();
  });
  later.remove();
  // Browsers have it where the connection is secure. Without it, the page needs the recorder to open.
  navigator.serviceWorker?.register("worker.js").catch(() => {});
}

async function loaded(name) {
  const [{ render }] = await Promise.all([import(`./views/${name}.js`), allStrings()]);
  return render;
}

/** Shows the view of the address. */
async function showView({ keepView = false } = {}) {
  pending.abort();
  pending = new AbortController();
  const { signal } = pending;
  const here = route();
  useUnit(here.unit);
  if (here.site) useTimeZone(here.site.timezone);
  drawHeader(here);
  showStatus(live, here.site);
  const context = { ...here, sites, live, signal, address, reload: () => showView(), reloadAll: load, chooseSite };
  if (!keepView) put(main, loading());
  try {
    const render = FIRST[here.name] ?? (await loaded(here.name));
    const found = here.site || WITHOUT_SITE.includes(here.name) ? await render(context) : { element: empty(t("empty.title"), t("empty.text"), t("empty.code")) };
    if (signal.aborted) return;
    view = found;
    put(main, found.element);
    redrawAll();
    view.update?.();
    loadTheRest();
  } catch (error) {
    if (signal.aborted || error.name === "AbortError") return;
    if (error instanceof Problem && error.status === 401) return; // the form is there
    if (!(error instanceof Problem)) console.error(error);
    view = null;
    await allStrings().catch(() => {}); // without them the reason is in English
    if (!signal.aborted) put(main, failed(error, load));
  }
}

/** Loads the list of sites and shows the view; also after a change of language. */
async function load() {
  try {
    const [answer, present] = await Promise.all([all("/sites"), get("/now")]);
    live.take(present.items);
    if (answer.problem) await allStrings();
    sites = answer.items.map((each) => ({ ...each, problem: answer.problem }));
    live.problem = answer.problem;
    isLoaded = true;
  } catch (error) {
    drawHeader({ name: route().name });
    if (!(error instanceof Problem && error.status === 401)) put(main, failed(error, load));
    return;
  }
  await showView();
}

/** Asks for the token, in place of whatever is shown: also while the page is open, when the token has changed. */
document.addEventListener("unauthorized", () => {
  live.stop();
  pending.abort();
  view = null;
  document.getElementById("dialog").close();
  if (main.querySelector(".token:not([data-sent])")) return;
  showStatus(live, null);
  put(main, tokenForm(() => load().then(() => live.resume())));
});
live.addEventListener("state", (event) => {
  const here = route();
  if (!isLoaded) return;
  if (!sites.some((each) => each.site === event.detail)) load(); // the first frame of a new site
  else if (event.detail === here.site?.site) {
    showStatus(live, here.site);
    view?.update?.();
  }
});
live.addEventListener("connection", (event) => {
  showStatus(live, route().site);
  if (!event.detail.isRestored) return;
  if (sites.length && view) showView({ keepView: true }); // with what was missed
  else load();
});
addEventListener("hashchange", () => {
  if (isLoaded) showView();
  else load();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
setInterval(() => showStatus(live, route().site), 5000);
setInterval(() => {
  if (!document.hidden && !live.lostAt && view?.isRefreshed && !document.getElementById("dialog").open) showView({ keepView: true });
}, REFRESH_MS);
closeOnOutsideClick();
live.start();
load();
