/** A year: its months, consumption by weekday and hour, base load. */

import { all, get } from "../api.js";
import { addDays, addMonths, daysBetween, earlier, later, today as todayIn } from "../calendar.js";
import { figure } from "../chart.js";
import { compared, comparison, failed, figures, loading, showsMoney, stepper, table, tile, unitChoice } from "../components.js";
import { amount, amountText, costNote, costTable, injectionColumns, injectionTile, noContract } from "../costs.js";
import { h, put } from "../dom.js";
import { kwh, month, percent, shortMonth } from "../format.js";
import { heat } from "../graphics.js";
import { periodName, t } from "../i18n.js";
import { degreeDaysTile, kindCard, partMark, partOf } from "../kinds.js";
import { noteList, notesOf, withNotes } from "../notes.js";
import { cheapName, energyBars, inOrder, isCheap, isPart, moneyBars, newVersions } from "../periods.js";
import { standby } from "../standby.js";
import { temperature } from "../temperature.js";
import { isIncomplete } from "../totals.js";

const MONTHS = Array.from({ length: 12 }, (_, n) => String(n + 1).padStart(2, "0"));

/** @param {object} context see main.js. */
export async function render({ site, argument, signal, address }) {
  const now = todayIn(site.timezone);
  const year = /^\d{4}$/.test(argument ?? "") ? argument : now.slice(0, 4);
  const [from, to] = [`${year}-01-01`, `${Number(year) + 1}-01-01`];
  const firstDay = site.first.slice(0, 10);
  const isRunning = from <= now && now < to;
  const query = { site: site.site, from, to };
  const head = stepper(year, firstDay < from ? address("year", String(Number(year) - 1)) : null, to <= now ? address("year", String(Number(year) + 1)) : null, [t("year.before"), t("year.after")]);
  const [months, whole, monthCosts, yearCosts, lastYear, nights, climate, notes, period] = await Promise.all([
    all("/use", { ...query, by: "month" }, signal),
    all("/use", { ...query, by: "year" }, signal),
    all("/cost", { ...query, by: "month" }, signal),
    all("/cost", { ...query, by: "year" }, signal),
    before(site, from, isRunning ? now : to, signal),
    nightsOf(site, later(addMonths(from.slice(0, 7), -1) + "-01", firstDay), earlier(to, addDays(now, 1)), signal),
    temperaturesOf(site, later(from, firstDay), earlier(to, addDays(now, 1)), signal),
    notesOf(site, from, to, signal),
    get("/period", { site: site.site, by: "year", day: from }, signal).then((answer) => answer.items[0]),
  ]);
  const use = whole.items[0] ?? null;
  if (!use) return { element: h("div", { class: "stack" }, head, h("section", { class: "card empty" }, h("h2", {}, t("year.empty")), h("p", {}, t("month.emptyText")))) };
  const total = yearCosts.items.find((each) => each.kind === "total") ?? null;
  return {
    element: h(
      "div",
      { class: "stack" },
      h("div", { class: "heading" }, head, partMark(period)),
      h("section", { class: "tiles", "aria-label": year }, tiles({ site, period, query, use, total, year, lastYear, isRunning, lines: yearCosts.items })),
      chart(months.items, monthCosts.items, { site, year, address, use, total, notes: notes.items }),
      noteList(notes.items, address),
      kindCard(period),
      heatLater({ site: site.site, from: later(from, firstDay), to: earlier(to, addDays(now, 1)) }, signal),
      nights && standby(nights),
      climate && temperature(climate),
      costTable(yearCosts, { ...query, by: "year" }, site, year),
    ),
    isRefreshed: isRunning,
  };
}

/** The base load of nights; null where the range is before the first frame or in the future. */
const nightsOf = async (site, from, to, signal) => (from < to ? get("/standby", { site: site.site, from, to, by: "month" }, signal).catch(() => null) : null);

/** Consumption by temperature; null as of `nightsOf`. */
const temperaturesOf = async (site, from, to, signal) => (from < to ? get("/temperature", { site: site.site, from, to, by: "temperature" }, signal).catch(() => null) : null);

/** Loaded later: the recorder reads every quarter-hour of the year for it. */
function heatLater(query, signal) {
  const place = h("section", { class: "card" }, h("h2", {}, t("year.heat")), loading());
  all("/profile", query, signal).then(
    (profile) => (profile.items.length ? place.replaceWith(heat(profile.items)) : place.remove()),
    (error) => signal.aborted || put(place, failed(error, () => place.replaceWith(heatLater(query, signal)))),
  );
  return place;
}

/** The same days of the previous year, where its data are complete from the start. */
async function before(site, from, until, signal) {
  const start = `${Number(from.slice(0, 4)) - 1}-01-01`;
  const end = addDays(start, daysBetween(from, until));
  if (site.first.slice(0, 10) > start || end <= start) return null;
  const answers = async (first, end) => {
    const window = { site: site.site, from: first, to: end, by: "year" };
    const [use, cost] = await Promise.all([all("/use", window, signal), all("/cost", window, signal).catch(() => null)]);
    return { use, cost };
  };
  const [there, here] = await Promise.all([answers(start, end), answers(from, until)]);
  return compared(there, here, daysBetween(start, end));
}

function tiles({ site, period, query, use, total, year, lastYear, isRunning, lines }) {
  const parts = Object.entries(use.periods);
  const sum = parts.reduce((found, [, wh]) => found + wh, 0);
  const cheap = parts.filter(([name]) => isCheap(name)).reduce((found, [, wh]) => found + wh, 0);
  return [
    tile(t("energy"), kwh(use.consumption_wh), partOf(period)),
    injectionTile(use, lines),
    tile(t("cost"), site.contracts.length ? amount(total, { ...query, by: "year" }, t("explain.of", { what: year })) : noContract(site), site.contracts.length ? costNote(total, isRunning) : null),
    cheap > 0 && sum > cheap ? tile(cheapName(parts.map(([period]) => period)), percent(cheap / sum), kwh(cheap)) : null,
    comparison(t("year.last"), lastYear, lastYear && isRunning ? t("compared.days", { count: lastYear.days }) : null),
    degreeDaysTile(period),
  ];
}

function chart(rows, costs, { site, year, address, use, total, notes }) {
  const starts = MONTHS.map((n) => `${year}-${n}`);
  const places = starts.map((from) => rows.find((row) => row.from.startsWith(from)) ?? { from, periods: {} });
  const ofMonths = costs.map((each) => ({ ...each, from: each.from.slice(0, 7) }));
  const isCut = (row) => row.to && isPart({ from: row.from, to: row.to }, site);
  const energy = () => energyBars(places, (row) => shortMonth(row.from.slice(0, 7)), (row) => month(row.from.slice(0, 7)), isCut);
  const euros = () => moneyBars(starts, ofMonths, shortMonth, month, newVersions(starts, ofMonths));
  const element = figure({
    title: t("year.months"),
    note: rows.some(isCut) || costs.some((each) => each.kind === "total" && isIncomplete(each)) ? t("hatched") : null,
    label: t("year.monthsOf", { year }),
    option: () => withNotes(site.contracts.length && showsMoney() ? euros() : energy(), notes, starts),
    table: monthsTable(rows, costs, { site, address, year, use, total }),
    open: (n) => (places[n]?.to ? address("month", starts[n]) : null),
    tools: site.contracts.length ? unitChoice(() => element.redraw()) : null,
  });
  return element;
}

function monthsTable(rows, costs, { site, address, year, use, total: whole }) {
  const periods = inOrder(rows.flatMap((row) => Object.keys(row.periods)));
  const injection = injectionColumns(rows, costs);
  const columns = [t("table.month"), figures(t("energy")), figures(t("cost")), ...injection.heads, ...periods.map((name) => figures(periodName(name)))];
  const cells = rows.map((row) => {
    const of = row.from.slice(0, 7);
    const total = costs.find((each) => each.kind === "total" && each.from.startsWith(of)) ?? null;
    const query = { site: site.site, from: `${of}-01`, to: `${addMonths(of, 1)}-01`, by: "month" };
    const link = h("a", { href: address("month", of) }, month(row.from));
    const cost = total ? amount(total, query, t("explain.of", { what: month(row.from) })) : amountText(null);
    const lines = costs.filter((each) => each.from.startsWith(of));
    return [link, kwh(row.consumption_wh), cost, ...injection.cells(row, lines), ...periods.map((name) => kwh(row.periods[name] ?? 0))];
  });
  const query = { site: site.site, from: `${year}-01-01`, to: `${Number(year) + 1}-01-01`, by: "year" };
  const foot = [t("total"), kwh(use.consumption_wh), whole ? amount(whole, query, t("explain.of", { what: year })) : amountText(null), ...injection.cells(use, costs), ...periods.map((name) => kwh(use.periods[name] ?? 0))];
  return table(t("year.months"), columns, cells, foot);
}
