/** Imports: our days beside Enedis' figures, and the runs of imports. */

import { all, get } from "../api.js";
import { addDays, addMonths, today as todayIn } from "../calendar.js";
import { figures, stepper, table, tile } from "../components.js";
import { h } from "../dom.js";
import { day, exactDay, exactMoment, kwh, kwhExact, month as monthName, whole } from "../format.js";
import { has, t } from "../i18n.js";
import { importCard, undoButton } from "../import-files.js";
import { remarkText } from "../reasons.js";

const RUNS_SHOWN = 20;
const FILES_SHOWN = 3;
const VERDICTS = ["equal", "rounded", "different", "unknown"];

/** @param {object} context see main.js. */
export async function render(context) {
  const { site, argument, signal, address } = context;
  if (!site) {
    const [task, importers] = await Promise.all([get("/imports/task", {}, signal), all("/imports/importers", {}, signal)]);
    return { element: h("div", { class: "stack" }, h("h1", {}, t("imports.title")), importCard(task, importers.items, context)), isRefreshed: false };
  }
  const now = todayIn(site.timezone);
  const month = /^\d{4}-\d\d$/.test(argument ?? "") ? argument : now.slice(0, 7);
  const year = month.slice(0, 4);
  const until = addDays(now, 1);
  const [compared, imports, importers, task] = await Promise.all([
    get("/reconciliation", { site: site.site, from: `${year}-01-01`, to: `${Number(year) + 1}-01-01` }, signal),
    all("/imports", {}, signal),
    all("/imports/importers", {}, signal),
    get("/imports/task", {}, signal),
  ]);
  const first = site.first.slice(0, 10);
  const names = [t("month.before"), t("month.after")];
  const [from, to] = [`${month}-01`, `${addMonths(month, 1)}-01`];
  const head = stepper(monthName(month), first < from ? address("imports", addMonths(month, -1)) : null, to < until ? address("imports", addMonths(month, 1)) : null, names, "h3");
  return {
    element: h(
      "div",
      { class: "stack" },
      h("h1", {}, t("imports.title")),
      sums(compared.years, year),
      days(compared, head, from, to),
      importCard(task, importers.items, context),
      runs(imports.items.filter((each) => each.site === site.site), new Map(importers.items.map((each) => [each.name, each.title])), (run) => undoButton(run, task, context)),
    ),
    isRefreshed: false,
  };
}

/** A tile for each direction of the year: both sums, and how many days agree. */
function sums(years, year) {
  if (!years.length) return null;
  const one = (each) => {
    const counts = VERDICTS.filter((verdict) => each[verdict]).map((verdict) => t(`imports.count.${verdict}`, { count: each[verdict] }));
    const name = t(`imports.year.${each.direction}`, { year });
    return [
      tile(name, kwh(each.energy_wh), t("imports.yearNote", { count: each.days })),
      tile(t("imports.enedis"), kwh(each.enedis_wh), t("imports.differenceNote", { difference: signed(each.difference_wh) })),
      tile(t("imports.days"), whole(VERDICTS.reduce((sum, verdict) => sum + each[verdict], 0)), counts.join(", ")),
    ];
  };
  return h("section", { class: "tiles", "aria-label": t("imports.yearOf", { year }) }, years.map(one));
}

function days(compared, head, from, to) {
  const title = t("imports.beside");
  const rows = compared.items.filter((each) => from <= each.day && each.day < to);
  const isBoth = new Set(compared.items.map((each) => each.direction)).size > 1;
  const cells = rows.map((each) => [
    day(each.day),
    ...(isBoth ? [t(`report.direction.${each.direction}`)] : []),
    each.energy_wh === null ? t("unknown") : kwhExact(each.energy_wh),
    kwhExact(each.enedis_wh),
    each.difference_wh === null ? "–" : signed(each.difference_wh),
    verdict(each),
  ]);
  const columns = [t("table.day"), ...(isBoth ? [t("imports.direction")] : []), figures(t("imports.ours")), figures(t("imports.enedis")), figures(t("imports.difference")), t("imports.verdict")];
  return h(
    "section",
    { class: "card" },
    h("h2", {}, title),
    h("p", { class: "note" }, t("imports.besideNote")),
    head,
    rows.length ? table(title, columns, cells) : h("p", {}, t(compared.items.length ? "imports.noneOfMonth" : "imports.none")),
  );
}

function verdict(each) {
  const badge = h("span", { class: `badge verdict-${each.verdict}` }, t(`report.verdict.${each.verdict}`));
  return each.cause ? [badge, " ", h("span", { class: "cause" }, remarkText(each.cause))] : badge;
}

/** A difference in Wh with its sign. */
const signed = (wh) => `${wh > 0 ? "+" : wh < 0 ? "\u2212" : ""}${whole(Math.abs(wh))}\u00a0Wh`;

function runs(items, titles, undo) {
  const title = t("imports.runs");
  const source = (name) => (has(`origin.${name}`) ? t(`origin.${name}`) : titles.get(name) ?? name);
  const shown = items.slice(0, RUNS_SHOWN);
  const rows = shown.map((run) => [
    [t("imports.run", { run: run.run }), h("span", { class: "note line" }, exactMoment(run.imported))],
    [...new Set(run.files.map((file) => source(file.importer)))].map((name) => h("span", { class: "line" }, name)).concat(names(run.files)),
    span(exactDay(run.from), exactDay(new Date(run.to).getTime() - 1)),
    whole(run.files.reduce((sum, file) => sum + file.readings + file.intervals, 0)),
    undo(run.run),
  ]);
  const columns = [t("imports.runHead"), t("imports.source"), t("imports.spanHead"), figures(t("imports.values")), t("imports.undo")];
  return h(
    "section",
    { class: "card runs" },
    h("h2", {}, title),
    h("p", { class: "note" }, t(items.length ? "imports.runsNote" : "imports.noRuns")),
    items.length ? table(title, columns, rows) : null,
    items.length > shown.length ? h("p", { class: "note" }, t("imports.more", { count: items.length - shown.length }), " ", h("code", {}, "tictally import list --all")) : null,
  );
}

const span = (from, to) => (from === to ? from : t("imports.span", { from, to }));

function names(files) {
  const more = files.length - FILES_SHOWN;
  const shown = files.slice(0, FILES_SHOWN).map((file) => h("span", { class: "line file note" }, file.name));
  return more > 0 ? [...shown, h("span", { class: "line note" }, t("imports.moreFiles", { count: more }))] : shown;
}
