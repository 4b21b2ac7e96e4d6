/** The recorder as a system: what is wrong and what to do, data received, edges, versions, backups, jobs, sinks, log. */

import { get } from "../api.js";
import { figures, table, tile } from "../components.js";
import { h } from "../dom.js";
import { clock, duration, exactMoment, fullDay, moment, percent, wall, whole } from "../format.js";
import { language, t } from "../i18n.js";
import { problemText } from "../reasons.js";
import { backup, facts, findings, gigabytes, log, sinks, versions } from "../system.js";

const MEGABYTE = 1_000_000;
const LEAST_SHARE = 0.001;
const MINUTE_S = 60;

/** @param {object} context see main.js. */
export async function render({ site, signal, address }) {
  const [system, answer, { items: jobs }, { items: ofSinks }, { items: lines }] = await Promise.all([
    get("/system", { language: language() }, signal),
    get("/quality", { site: site?.site }, signal),
    get("/jobs", { language: language() }, signal),
    get("/sinks", {}, signal),
    get("/log", {}, signal),
  ]);
  const of = answer.items[0] ?? null;
  return {
    element: h(
      "div",
      { class: "stack" },
      h("h1", {}, t("nav.system")),
      findings(system.findings),
      of && h("section", { class: "tiles", "aria-label": t("quality.window") }, tilesOf(of, answer)),
      of && gaps(of),
      h("div", { class: "cards" }, answer.edges.map(edge), recorder(answer.recorder, system), versions(system, answer.edges), backup(system.backup), imports(address)),
      scheduled(jobs.filter((each) => each.is_enabled)),
      sinks(ofSinks),
      answer.rejected.length ? rejectedMessages(answer.rejected) : null,
      log(lines),
    ),
    isRefreshed: true,
  };
}

const imports = (address) => h("section", { class: "card" }, h("h2", {}, t("nav.imports")), h("p", {}, t("system.imports")), h("p", {}, h("a", { href: address("imports") }, t("system.toImports"))));

function tilesOf(of, answer) {
  const share = of.quarters ? of.covered / of.quarters : 0;
  const missing = of.quarters - of.covered;
  const shown = missing > 0 && share > 1 - LEAST_SHARE ? `> ${percent(1 - LEAST_SHARE, 1)}` : percent(share, 1);
  return [
    tile(t("quality.covered"), shown, t("quality.coveredNote", { covered: whole(of.covered), quarters: whole(of.quarters), from: fullDay(of.from) })),
    tile(t("quality.missing"), duration(missing * 15), missing ? t("quality.missingNote") : t("quality.noneMissing")),
    tile(t("quality.lost"), whole(of.lost), t("quality.lostNote")),
    tile(t("quality.late"), whole(answer.recorder.waiting_quarters ?? 0), t("quality.lateNote")),
  ];
}

function gaps(of) {
  if (!of.gaps.length && !of.falls.length) return h("section", { class: "card" }, h("h2", {}, t("quality.gaps")), h("p", { class: "good" }, t("quality.noGaps")));
  const length = (each) => duration((wall(each.to) - wall(each.from)) / 60_000);
  const rows = [...of.gaps].reverse().map((each) => [moment(each.from), each.to.slice(0, 10) === each.from.slice(0, 10) ? clock(each.to) : moment(each.to), length(each)]);
  const falls = of.falls.map((each) => h("li", {}, t("quality.fall", { register: each.register, day: fullDay(each.day) })));
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("quality.gaps")),
    h("p", { class: "note" }, t("quality.gapsNote")),
    rows.length ? h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("quality.gaps") }, table(t("quality.gaps"), [t("table.from"), t("table.to"), figures(t("table.length"))], rows)) : null,
    of.more_gaps ? h("p", { class: "note" }, t("quality.more", { count: of.more_gaps })) : null,
    falls.length ? [h("h3", {}, t("quality.falls")), h("ul", {}, falls)] : null,
  );
}

const state = (value) => h("span", { class: `badge state-${value}` }, t(`state.${value}`));

function edge(each) {
  const health = each.health ?? {};
  const groups = Object.entries(health.rejected ?? {}).filter(([, n]) => n);
  const backlog = (health.boots ?? []).flatMap((boot) => boot.backlog ?? []).reduce((sum, [first, last]) => sum + last - first + 1, 0);
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("quality.edge", { edge: each.edge }), " ", state(each.state)),
    facts([
      [t("quality.newest"), each.newest && moment(each.newest)],
      [t("quality.mode"), health.mode],
      [t("quality.port"), health.port && h("code", {}, health.port)],
      [t("quality.signal"), typeof health.signal_quality === "number" ? `${whole(health.signal_quality)} %` : null],
      [t("quality.rejectedGroups"), health.mode ? (groups.length ? groups.map(([reason, n]) => `${t(`rejectedGroup.${reason}`)} ${whole(n)}`).join(", ") : t("none")) : null],
      [t("quality.backlog"), health.boots ? whole(backlog) : null],
      [t("quality.clock"), health.port && t(`clock.${health.clock ?? "unproved"}`)],
      [t("quality.lost"), whole(each.lost)],
      [t("system.uptime"), Number.isFinite(health.uptime_s) ? duration(Math.round(health.uptime_s / MINUTE_S)) : null],
      [t("quality.version"), health.version],
    ]),
    each.health ? null : h("p", { class: "note" }, t("quality.noHealth")),
  );
}

function recorder(of, system) {
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("quality.recorder")),
    facts([
      [t("quality.started"), of.started && moment(of.started)],
      [t("quality.frames"), whole(of.frames)],
      [t("quality.deferred"), whole(of.deferred)],
      [t("quality.ledger"), t("format.size.mb", { n: whole(of.ledger_bytes / MEGABYTE) })],
      [t("system.free"), system.disk.free_bytes === null ? null : t("system.freeOf", { free: gigabytes(system.disk.free_bytes), total: gigabytes(system.disk.total_bytes) })],
      [t("system.folder"), h("code", {}, system.disk.folder)],
    ]),
  );
}

function scheduled(jobs) {
  if (!jobs.length) return null;
  const at = (time) => (time ? exactMoment(time) : "–");
  const result = (each) => (each.problem ? h("span", { class: "failed" }, problemText(each.problem)) : each.last_run ? [t("jobs.succeeded"), " ", h("span", { class: "note" }, each.last_result ?? "")] : "–");
  const rows = jobs.map((each) => [each.title, h("code", {}, each.schedule), at(each.last_run), result(each), at(each.last_success), at(each.next_run)]);
  const columns = [t("jobs.job"), t("jobs.schedule"), t("jobs.lastRun"), t("jobs.result"), t("jobs.lastSuccess"), t("jobs.nextRun")];
  return h("section", { class: "card" }, h("h2", {}, t("jobs.title")), h("p", { class: "note" }, t("jobs.note")), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("jobs.title") }, table(t("jobs.title"), columns, rows)));
}

function rejectedMessages(items) {
  const rows = items.map((each) => [each.at ? moment(each.at) : "–", t(`rejected.${each.reason}`), whole(each.n), h("code", {}, each.topic ?? "")]);
  return h("section", { class: "card" }, h("h2", {}, t("quality.rejected")), h("p", { class: "note" }, t("quality.rejectedNote")), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("quality.rejected") }, table(t("quality.rejected"), [t("table.when"), t("explain.reason"), figures(t("table.n")), t("table.topic")], rows)));
}
