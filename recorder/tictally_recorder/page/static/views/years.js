/** All years, and their months side by side. */

import { all, get } from "../api.js";
import { addDays, today as todayIn } from "../calendar.js";
import { colour, figure, tip } from "../chart.js";
import { figures, showsMoney, table, unitChoice } from "../components.js";
import { amount, amountText, contractCard, injectionColumns } from "../costs.js";
import { h } from "../dom.js";
import { change, fullDay, kwh, money, percent, shortMonth } from "../format.js";
import { t } from "../i18n.js";
import { noteList, notesOf, withNotes } from "../notes.js";
import { cheapName, energyBars, isCheap, isPart, moneyBars } from "../periods.js";
import { standby } from "../standby.js";
import { isIncomplete } from "../totals.js";

const MONTHS = Array.from({ length: 12 }, (_, n) => `2001-${String(n + 1).padStart(2, "0")}`);
const LINES = 6;

/** @param {object} context see main.js. */
export async function render({ site, signal, address }) {
  const from = `${site.first.slice(0, 4)}-01-01`;
  const to = addDays(todayIn(site.timezone), 1);
  const query = { site: site.site, from, to };
  const [years, months, costs, nights, notes] = await Promise.all([
    all("/use", { ...query, by: "year" }, signal),
    all("/use", { ...query, by: "month" }, signal),
    all("/cost", { ...query, by: "year" }, signal),
    get("/standby", { ...query, from: site.first.slice(0, 10), by: "month" }, signal).catch(() => null),
    notesOf(site, from, to, signal),
  ]);
  const yearOf = (row) => row.from.slice(0, 4);
  const starts = costs.items.filter((each) => each.kind === "total").map((each) => each.from);
  const isCut = (row) => !isWhole(row, site);
  const energy = () => energyBars(years.items, yearOf, yearOf, isCut);
  const euros = () => moneyBars(starts, costs.items, (each) => each.slice(0, 4), (each) => each.slice(0, 4));
  const chart = figure({
    title: t("years.title"),
    note: years.items.some(isCut) || costs.items.some((each) => each.kind === "total" && isIncomplete(each)) ? t("hatched") : null,
    option: () => (site.contracts.length && showsMoney() ? withNotes(euros(), notes.items, starts) : withNotes(energy(), notes.items, years.items.map((row) => row.from.slice(0, 10)))),
    table: yearsTable(years.items, costs.items, site, address),
    open: (n) => (years.items[n] ? address("year", yearOf(years.items[n])) : null),
    tools: site.contracts.length ? unitChoice(() => chart.redraw()) : null,
  });
  chart.querySelector("details").open = true;
  return { element: h("div", { class: "stack" }, h("h1", {}, t("nav.years")), chart, noteList(notes.items, address), byMonth(months.items), nights && standby(nights), site.contracts.length ? null : contractCard(site)), isRefreshed: true };
}

function yearsTable(rows, costs, site, address) {
  const injection = injectionColumns(rows, costs);
  const columns = [t("table.year"), figures(t("energy")), figures(t("cost")), ...injection.heads, figures(t("table.perKwh")), figures(cheapName(rows.flatMap((row) => Object.keys(row.periods)))), figures(t("table.change"))];
  const cells = rows.map((row, n) => {
    const year = row.from.slice(0, 4);
    const total = costs.find((each) => each.kind === "total" && each.from.startsWith(year)) ?? null;
    const query = { site: site.site, from: `${year}-01-01`, to: `${Number(year) + 1}-01-01`, by: "year" };
    const sum = Object.values(row.periods).reduce((a, b) => a + b, 0);
    const cheap = Object.entries(row.periods).filter(([name]) => isCheap(name)).reduce((a, [, wh]) => a + wh, 0);
    // A change from or to an incomplete year would mislead.
    const share = isWhole(row, site) && rows[n - 1] && isWhole(rows[n - 1], site) ? change(row.consumption_wh / rows[n - 1].consumption_wh - 1) : "–";
    const mean = total?.amount && row.consumption_wh && !isIncomplete(total) ? `${money(Number(total.amount) / (row.consumption_wh / 1000), total.currency)}/kWh` : "–";
    const cost = total ? amount(total, query, t("explain.of", { what: year })) : amountText(null);
    return [[h("a", { href: address("year", year) }, year), partOf(row, site)], kwh(row.consumption_wh), cost, ...injection.cells(row, costs.filter((each) => each.from.startsWith(year))), mean, cheap > 0 && cheap < sum ? percent(cheap / sum) : "–", share];
  });
  const sum = (values) => values.reduce((all, value) => all + value, 0);
  const totals = costs.filter((each) => each.kind === "total");
  const isKnown = totals.length === rows.length && totals.every((each) => each.amount !== null && !isIncomplete(each)) && new Set(totals.map((each) => each.currency)).size === 1;
  const injected = { injection_wh: sum(rows.map((row) => row.injection_wh ?? 0)) };
  const foot = [t("total"), kwh(sum(rows.map((row) => row.consumption_wh ?? 0))), isKnown ? money(sum(totals.map((each) => Number(each.amount))), totals[0].currency) : "–", ...injection.cells(injected, costs), "", "", ""];
  return table(t("years.title"), columns, cells, rows.length > 1 ? foot : null);
}

/** True where a site was heard from the first day of a year to its last. */
const isWhole = (row, site) => row.to.slice(5, 10) === "01-01" && !isPart({ from: `${row.from.slice(0, 4)}-01-01T23:59`, to: row.to }, site);

/** From when on, and until when, a year has data, where that is not all of it. */
function partOf(row, site) {
  if (isWhole(row, site)) return null;
  const year = row.from.slice(0, 4);
  const [first, last] = [site.first.slice(0, 10), site.last.slice(0, 10)];
  const notes = [first > `${year}-01-01` && t("part.from", { day: fullDay(first) }), last < `${year}-12-31` && t("part.until", { day: fullDay(last) })];
  return notes.filter(Boolean).map((each) => h("span", { class: "note part" }, each));
}

/** A line for each year, from January to December. */
function byMonth(rows) {
  const years = [...new Set(rows.map((row) => row.from.slice(0, 4)))];
  if (years.length < 2) return null;
  const of = (year, n) => rows.find((row) => row.from.startsWith(`${year}-${MONTHS[n].slice(5)}`));
  const value = (year, n) => {
    const row = of(year, n);
    return row ? Math.round(row.consumption_wh / 100) / 10 : null;
  };
  const isLast = (year) => year === years.at(-1);
  const series = () => years.map((year, at) => ({ name: year, type: "line", data: MONTHS.map((_, n) => value(year, n)), symbol: "circle", symbolSize: isLast(year) ? 7 : 4, lineStyle: { width: isLast(year) ? 3 : 1.5, color: lineColour(years.length - 1 - at) }, itemStyle: { color: lineColour(years.length - 1 - at) }, emphasis: { disabled: true } }));
  const option = () => ({
    tooltip: { axisPointer: { type: "line" }, formatter: (found) => tip(shortMonth(MONTHS[found[0].dataIndex]), found.filter((each) => each.value !== null && each.value !== undefined).map((each) => [each.seriesName, kwh(each.value * 1000), each.color]).reverse()) },
    xAxis: { type: "category", boundaryGap: false, data: MONTHS.map((each) => shortMonth(each)) },
    yAxis: { type: "value", name: "kWh", min: 0 },
    series: series(),
  });
  const columns = [t("table.month"), ...years.map((each) => figures(each))];
  const cells = MONTHS.map((each, n) => [shortMonth(each), ...years.map((year) => (of(year, n) ? kwh(of(year, n).consumption_wh) : "–"))]);
  return figure({ title: t("years.besides"), note: t("years.besidesNote"), option, table: table(t("years.besides"), columns, cells) });
}

const lineColour = (back) => colour(`year-${Math.min(back, LINES - 1)}`);
