/** A month: its days by tariff period, their cost, and the comparison with last month and last year. */

import { all, get } from "../api.js";
import { addDays, addMonths, daysBetween, daysOf, earlier, today as todayIn } from "../calendar.js";
import { figure } from "../chart.js";
import { compared, comparison, figures, showsMoney, stepper, table, tile, unitChoice } from "../components.js";
import { amount, amountText, costNote, costTable, injectionColumns, injectionTile, noContract } from "../costs.js";
import { h } from "../dom.js";
import { day, fullDay, kwh, month as monthName, percent, roundMoney, shortDay, wall } from "../format.js";
import { periodName, t } from "../i18n.js";
import { noteList, notesOf, withNotes } from "../notes.js";
import { cheapName, energyBars, inOrder, isCheap, moneyBars, newVersions } from "../periods.js";

/** @param {object} context see main.js. */
export async function render({ site, argument, signal, address }) {
  const now = todayIn(site.timezone);
  const month = /^\d{4}-\d\d$/.test(argument ?? "") ? argument : now.slice(0, 7);
  const [from, to] = [`${month}-01`, `${addMonths(month, 1)}-01`];
  const query = { site: site.site, from, to };
  const isRunning = from <= now && now < to;
  const [days, whole, dayCosts, monthCosts, lastMonth, lastYear, overview, notes] = await Promise.all([
    all("/use", { ...query, by: "day" }, signal),
    all("/use", { ...query, by: "month" }, signal),
    all("/cost", { ...query, by: "day" }, signal),
    all("/cost", { ...query, by: "month" }, signal),
    before(site, month, -1, isRunning ? now : to, signal),
    before(site, month, -12, isRunning ? now : to, signal),
    isRunning ? get("/overview", { site: site.site }, signal).catch(() => null) : null,
    notesOf(site, from, to, signal),
  ]);
  const use = whole.items[0] ?? null;
  const total = monthCosts.items.find((each) => each.kind === "total") ?? null;
  const title = monthName(month);
  const names = [t("month.before"), t("month.after")];
  const head = stepper(title, first(site) < from ? address("month", addMonths(month, -1)) : null, to <= now ? address("month", addMonths(month, 1)) : null, names);
  if (!use) return { element: h("div", { class: "stack" }, head, h("section", { class: "card empty" }, h("h2", {}, t("month.empty")), h("p", {}, t("month.emptyText")))), isRefreshed: isRunning };
  return {
    element: h(
      "div",
      { class: "stack" },
      head,
      h("section", { class: "tiles", "aria-label": title }, tiles({ site, query, use, total, title, lastMonth, lastYear, isRunning, lines: monthCosts.items, forecast: overview?.items[0]?.month.forecast ?? null })),
      chart(days.items, dayCosts.items, { site, query, title, now, address, use, total, notes: notes.items }),
      noteList(notes.items, address),
      costTable(monthCosts, { ...query, by: "month" }, site, title),
    ),
    isRefreshed: isRunning,
  };
}

const first = (site) => site.first.slice(0, 10);

/** The same days of another month: all of it, or as many as have passed of the current one; null before the first frame. */
async function before(site, month, months, until, signal) {
  const other = addMonths(month, months);
  const days = daysBetween(`${month}-01`, until);
  const start = `${other}-01`;
  const whole = until === `${addMonths(month, 1)}-01`;
  const end = whole ? `${addMonths(other, 1)}-01` : earlier(addDays(start, days), `${addMonths(other, 1)}-01`);
  if (end <= first(site) || end <= start) return null;
  // A month with missing days cannot be compared with a complete one.
  if (first(site) > start || first(site) > `${month}-01`) return null;
  const answers = async (from, to) => {
    const window = { site: site.site, from, to, by: "month" };
    const [use, cost] = await Promise.all([all("/use", window, signal), all("/cost", window, signal).catch(() => null)]);
    return { use, cost };
  };
  const [there, here] = await Promise.all([answers(start, end), answers(`${month}-01`, until)]);
  return compared(there, here, daysBetween(start, end));
}

function tiles({ site, query, use, total, title, lastMonth, lastYear, isRunning, lines, forecast }) {
  const all = Object.entries(use.periods);
  const sum = all.reduce((found, [, wh]) => found + wh, 0);
  const cheap = all.filter(([name]) => isCheap(name)).reduce((found, [, wh]) => found + wh, 0);
  const note = (other) => (isRunning ? t("compared.days", { count: other.days }) : null);
  const beside = (name, other) => comparison(name, other, other && note(other));
  return [
    tile(t("energy"), kwh(use.consumption_wh), [first(site) > query.from && t("part.from", { day: fullDay(first(site)) }), use.estimated && t("estimated.part")].filter(Boolean).join(" · ") || null),
    injectionTile(use, lines),
    tile(t("cost"), site.contracts.length ? amount(total, { ...query, by: "month" }, t("explain.of", { what: title })) : noContract(site), site.contracts.length ? costNote(total, isRunning) : null),
    cheap > 0 && sum > cheap ? tile(cheapName(all.map(([period]) => period)), percent(cheap / sum), kwh(cheap)) : null,
    forecast && tile(t("month.forecast"), kwh(forecast.energy_wh), forecastNote(forecast, total?.currency ?? "EUR")),
    beside(t("month.last"), lastMonth),
    beside(t("month.lastYear"), lastYear),
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
  const foot = [t("total"), kwh(use.consumption_wh), whole ? amount(whole, { ...query, by: "month" }, t("explain.of", { what: title })) : amountText(null), ...injection.cells(use, costs), ...periods.map((name) => kwh(use.periods[name] ?? 0))];
  return table(t("month.days"), columns, cells, foot);
}
