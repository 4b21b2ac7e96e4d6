/** Parts of the recorder as a system: its sinks, and its log of the last day. */

import { figures, table } from "./components.js";
import { h } from "./dom.js";
import { exactMoment, exactSeconds, duration, whole } from "./format.js";
import { t } from "./i18n.js";
import { problemText } from "./reasons.js";

const SEVERE = ["WARNING", "ERROR", "CRITICAL"];
const LINES_SHOWN = 200;
const MINUTE_S = 60;

/** @param {Array} items of /sinks. */
export function sinks(items) {
  if (!items.length) return null;
  const rows = items.map((each) => [
    [each.title, h("span", { class: "note line" }, h("code", {}, each.destination))],
    each.problem ? h("span", { class: "failed" }, problemText(each.problem)) : t("sinks.fine"),
    each.lag_s ? duration(Math.max(1, Math.round(each.lag_s / MINUTE_S))) : "–",
    whole(each.frames + each.quarters + each.cost_days + each.windows),
    whole(each.rejected),
  ]);
  return scrolled(t("sinks.title"), t("sinks.note"), [t("sinks.sink"), t("jobs.result"), t("sinks.lag"), figures(t("sinks.waiting")), figures(t("sinks.rejected"))], rows);
}

/** @param {Array} items of /log, which is in English. */
export function log(items) {
  if (!items.length) return null;
  const rows = items.slice(0, LINES_SHOWN).map((each) => [
    h("time", { datetime: each.at, title: exactMoment(each.at) }, exactSeconds(each.at)),
    h("span", { lang: "en", class: SEVERE.includes(each.level) ? "failed" : null }, each.message),
  ]);
  return scrolled(t("log.title"), t("log.note"), [t("table.time"), t("log.message")], rows);
}

const scrolled = (title, note, columns, rows) =>
  h("section", { class: "card" }, h("h2", {}, title), h("p", { class: "note" }, note), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, table(title, columns, rows)));
