/** A month: its days by tariff period, their cost, and the comparison with last month and last year. */

import { all, get } from "../api.js";
import { addDays, addMonths, daysBetween, daysOf, earlier, today as todayIn } from "../calendar.js";
import { figure } from "../chart.js";
import { choice, compared, comparison, figures, showsMoney, stepper, table, tile, unitChoice } from "../components.js";
import { amount, amountText, costNote, costTable, injectionColumns, injectionTile, noContract } from "../costs.js";
import { h } from "../dom.js";
import { day, fullDay, kwh, month as monthName, percent, roundMoney, shortDay, wall } from "../format.js";
import { periodName, t } from "../i18n.js";
import { degreeDaysTile, kindCard, partMark, partOf } from "../kinds.js";
import { noteList, notesOf, withNotes } from "../notes.js";
import { cheapName, energyBars, inOrder, isCheap, moneyBars, newVersions } from "../periods.js";

const MONTHS_KEY = "tictally.months";

/** @param {object} context see main.js. */
export async function render({ site, argument, signal, address }) {
  const now = todayIn(site.timezone);
  const span = await spanOf(site, argument, now, signal);
  const { from, to, by, title } = span;
  const query = { site: site.site, from, to };
  const isRunning = from <= now && now < to;
  const until = isRunning ? now : to;
  const [period, days, whole, dayCosts, monthCosts, lastMonth, lastYear, overview, notes] = await Promise.all([
    span.period ?? get("/period", { site: site.site, by, day: from }, signal).then((answer) => answer.items[0]),
    all("/use", { ...query, by: "day" }, signal),
    all("/use", { ...query, by }, signal),
    all("/cost", { ...query, by: "day" }, signal),
    all("/cost", { ...query, by }, signal),
    span.lastMonth().then((other) => beside(site, span, other, until, signal)),
    span.lastYear().then((other) => beside(site, span, other, until, signal)),
    isRunning && by === "month" ? get("/overview", { site: site.site }, signal).catch(() => null) : null,
    notesOf(site, from, to, signal),
  ]);
  const use = whole.items[0] ?? null;
  const total = monthCosts.items.find((each) => each.kind === "total") ?? null;
  const names = [t("month.before"), t("month.after")];
  const head = h("div", { class: "heading" }, stepper(title, first(site) < from ? address("month", span.before) : null, to <= now ? address("month", span.after) : null, names), use && partMark(period), monthChoice(site, span, address));
  if (!use) return { element: h("div", { class: "stack" }, head, h("section", { class: "card empty" }, h("h2", {}, t("month.empty")), h("p", {}, t("month.emptyText")))), isRefreshed: isRunning };
  const about = { site, query: { ...query, by }, use, total, title };
  return {
    element: h(
      "div",
      { class: "stack" },
      head,
      h("section", { class: "tiles", "aria-label": title }, tiles({ ...about, period, lastMonth, lastYear, isRunning, lines: monthCosts.items, forecast: overview?.items[0]?.month.forecast ?? null })),
      chart(days.items, dayCosts.items, { ...about, now, address, notes: notes.items }),
      noteList(notes.items, address),
      kindCard(period),
      costTable(monthCosts, { ...query, by }, site, title),
    ),
    isRefreshed: isRunning,
  };
}

const first = (site) => site.first.slice(0, 10);

/** True where the contract has another billing day than the first of the month. */
const hasBills = (site) => site.contracts.some((each) => each.billing_day > 1);

function savedMonths() {
  try {
    return localStorage.getItem(MONTHS_KEY);
  } catch {
    return null;
  }
}

/** The month of the address, `2026-11`, or the billing month that begins on a day, `2026-10-24`; else the present one. */
async function spanOf(site, argument, now, signal) {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(argument ?? "") && !Number.isNaN(Date.parse(argument));
  if (hasBills(site) && (isDay || (!argument && savedMonths() === "bill"))) return billingMonth(site, isDay ? argument : now, signal);
  const month = /^\d{4}-\d\d/.test(argument ?? "") ? argument.slice(0, 7) : now.slice(0, 7);
  const other = async (months) => ({ from: `${addMonths(month, months)}-01`, to: `${addMonths(month, months + 1)}-01` });
  return {
    ...{ from: `${month}-01`, to: `${addMonths(month, 1)}-01`, by: "month", title: monthName(month) },
    ...{ before: addMonths(month, -1), after: addMonths(month, 1), lastMonth: () => other(-1), lastYear: () => other(-12) },
  };
}

async function billingMonth(site, day, signal) {
  const of = async (at) => (await get("/period", { site: site.site, by: "bill", day: at }, signal)).items[0];
  const period = await of(day);
  const { from, to } = period;
  const yearEarlier = `${Number(from.slice(0, 4)) - 1}${from.slice(4) === "-02-29" ? "-02-28" : from.slice(4)}`;
  return {
    ...{ from, to, by: "bill", period, title: `${fullDay(from)} – ${fullDay(addDays(to, -1))}` },
    ...{ before: period.before, after: to, lastMonth: async () => period.before && { from: period.before, to: from }, lastYear: () => of(yearEarlier) },
  };
}

/** Buttons for calendar and billing months; null where they are the same. The choice is kept. */
function monthChoice(site, { by, from }, address) {
  if (!hasBills(site)) return null;
  return choice(t("month.kind"), [["month", t("month.calendar")], ["bill", t("month.bill")]], by, (key) => {
    try {
      localStorage.setItem(MONTHS_KEY, key);
    } catch {
      // The address has it as well.
    }
    location.hash = address("month", key === "bill" ? from : from.slice(0, 7));
  });
}

/** The same days of another month: all of it, or as many as have passed of the current one; null before the first frame. */
async function beside(site, span, other, until, signal) {
  if (!other) return null;
  const end = until === span.to ? other.to : earlier(addDays(other.from, daysBetween(span.from, until)), other.to);
  if (end <= first(site) || end <= other.from) return null;
  // A month with missing days cannot be compared with a complete one.
  if (first(site) > other.from || first(site) > span.from) return null;
  const answers = async (from, to) => {
    const window = { site: site.site, from, to, by: span.by };
    const [use, cost] = await Promise.all([all("/use", window, signal), all("/cost", window, signal).catch(() => null)]);
    return { use, cost };
  };
  const [there, here] = await Promise.all([answers(other.from, end), answers(span.from, until)]);
  return compared(there, here, daysBetween(other.from, end));
}

function tiles({ site, query, use, total, title, period, lastMonth, lastYear, isRunning, lines, forecast }) {
  const all = Object.entries(use.periods);
  const sum = all.reduce((found, [, wh]) => found + wh, 0);
  const cheap = all.filter(([name]) => isCheap(name)).reduce((found, [, wh]) => found + wh, 0);
  const note = (other) => (isRunning ? t("compared.days", { count: other.days }) : null);
  const against = (name, other) => comparison(name, other, other && note(other));
  return [
    tile(t("energy"), kwh(use.consumption_wh), [partOf(period), use.estimated && t("estimated.part")].filter(Boolean).join(" · ") || null),
    injectionTile(use, lines),
    tile(t("cost"), site.contracts.length ? amount(total, query, t("explain.of", { what: title })) : noContract(site), site.contracts.length ? costNote(total, isRunning) : null),
    cheap > 0 && sum > cheap ? tile(cheapName(all.map(([period]) => period)), percent(cheap / sum), kwh(cheap)) : null,
    forecast && tile(t("month.forecast"), kwh(forecast.energy_wh), forecastNote(forecast, total?.currency ?? "EUR")),
    against(t("month.last"), lastMonth),
    against(t("month.lastYear"), lastYear),
    degreeDaysTile(period),
  ];
}

/** What the month will cost, and in what range. */
function forecastNote({ cost, cost_low: low, cost_high: high }, currency) {
  if (cost === null) return null;
  return [roundMoney(cost, currency), low !== null && t("overview.range", { low: roundMoney(low, currency), high: roundMoney(high, currency) })].filter(Boolean).join(", ");
}

function chart(rows, costs, { site, query, title, now, address, use, total, notes }) {
  const starts = daysOf(query.from, query.to);
  const marks = newVersions(starts, costs);
  const label = (row) => String(wall(row.from).getUTCDate());
  // Future days are included, so that the axis always spans the whole month.
  const places = starts.map((from) => rows.find((row) => row.from.startsWith(from)) ?? { from, periods: {} });
  const energy = () => energyBars(places, label, (row) => day(row.from));
  const euros = () => moneyBars(starts, costs, (from) => String(wall(from).getUTCDate()), day, marks);
  const element = figure({
    title: t("month.days"),
    note: marks.length ? marks.map(([n, version]) => t("newprices.from", { day: shortDay(starts[n]), version })).join(" ") : null,
    label: t("month.daysOf", { month: title }),
    option: () => withNotes(site.contracts.length && showsMoney() ? euros() : energy(), notes, starts),
    table: daysTable(rows, costs, { site, address, query, title, use, total }),
    open: (n) => (starts[n] <= now ? address("day", starts[n]) : null),
    tools: site.contracts.length ? unitChoice(() => element.redraw()) : null,
  });
  return element;
}

function daysTable(rows, costs, { site, address, query, title, use, total: whole }) {
  const periods = inOrder(rows.flatMap((row) => Object.keys(row.periods)));
  const injection = injectionColumns(rows, costs);
  const columns = [t("table.day"), figures(t("energy")), figures(t("cost")), ...injection.heads, ...periods.map((name) => figures(periodName(name)))];
  const cells = rows.map((row) => {
    const from = row.from.slice(0, 10);
    const total = costs.find((each) => each.kind === "total" && each.from === from) ?? null;
    const query = { site: site.site, from, to: addDays(from, 1), by: "day" };
    const cost = total ? amount(total, query, t("explain.of", { what: day(from) })) : amountText(null);
    const lines = costs.filter((each) => each.from === from);
    return [h("a", { href: address("day", from) }, day(row.from)), kwh(row.consumption_wh), cost, ...injection.cells(row, lines), ...periods.map((name) => kwh(row.periods[name] ?? 0))];
  });
  const foot = [t("total"), kwh(use.consumption_wh), whole ? amount(whole, query, t("explain.of", { what: title })) : amountText(null), ...injection.cells(use, costs), ...periods.map((name) => kwh(use.periods[name] ?? 0))];
  return table(t("month.days"), columns, cells, foot);
}
