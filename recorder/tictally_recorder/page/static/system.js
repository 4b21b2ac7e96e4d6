/** Parts of the recorder as a system: what is wrong, versions, backups, sinks, and the log of the last day. */

import { figures, table } from "./components.js";
import { h } from "./dom.js";
import { exactMoment, exactSeconds, duration, moment, plain, whole } from "./format.js";
import { colon, t } from "./i18n.js";
import { problemText } from "./reasons.js";

const SEVERE = ["WARNING", "ERROR", "CRITICAL"];
const LINES_SHOWN = 200;
const MINUTE_S = 60;

const GIGABYTE = 1e9;

export const gigabytes = (bytes) => t("format.size.gb", { n: bytes < 10 * GIGABYTE ? plain(Math.round(bytes / 1e8) / 10) : whole(bytes / GIGABYTE) });

/** What is wrong, each in one line with what to do; troubles first. */
export function findings(items) {
  const line = (each) =>
    h(
      "li",
      { class: `finding ${each.level}` },
      h("b", {}, t(`system.level.${each.level}`)),
      h("span", {}, h("span", { class: "about" }, colon(each.about)), each.text, each.advice ? h("span", { class: "advice" }, " → ", withCode(each.advice)) : null),
    );
  return h(
    "section",
    { class: "card findings" },
    h("h2", {}, t("system.findings")),
    items.length ? h("ul", {}, items.map(line)) : h("p", { class: "good" }, t("system.fine")),
    h("p", { class: "note" }, t("system.doctor"), " ", h("code", {}, "tictally doctor")),
  );
}

/** A text whose parts between backticks are code. */
const withCode = (text) => text.split("`").map((part, n) => (n % 2 ? h("code", {}, part) : part));

/** @param {object} of /system. @param {Array} edges of /quality. */
export function versions({ versions: of }, edges) {
  const rows = [
    [t("quality.recorder"), of.recorder],
    ...edges.map((each) => [t("quality.edge", { edge: each.edge }), each.health?.version ?? t("unknown")]),
    [t("system.schema"), of.schema],
    ["SQLite", of.sqlite],
    ["Python", of.python],
    [t("system.machine"), of.system],
  ];
  return h("section", { class: "card" }, h("h2", {}, t("system.versions")), facts(rows));
}

/** The nightly backup: folder, age of the newest one, free space. */
export function backup(of) {
  const rows = [
    [t("system.made"), of.made ? moment(of.made) : t("system.noBackup")],
    [t("system.verified"), of.is_verified ? t("system.readBack") : null],
    [t("system.free"), of.free_bytes === null ? null : gigabytes(of.free_bytes)],
    [t("system.folder"), of.folder && h("code", {}, of.folder)],
  ];
  return h("section", { class: "card" }, h("h2", {}, t("system.backup")), of.folder ? facts(rows) : h("p", {}, t("system.backupOff"), " ", h("code", {}, "TICTALLY_BACKUP")));
}

/** Names and values, without those that are not known. */
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

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
