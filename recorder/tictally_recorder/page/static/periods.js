/** Tariff periods: their order and colours, and bars stacked by them. */

import { colour, tip } from "./chart.js";
import { kwh, money } from "./format.js";
import { periodName, t } from "./i18n.js";
import { isIncomplete } from "./totals.js";

const KNOWN = ["BASE", "HC", "HP", "HN", "PM", "HC BLEU", "HP BLEU", "HC BLANC", "HP BLANC", "HC ROUGE", "HP ROUGE"];
const OTHERS = 6;

/** Distinct periods in their usual order. */
export function inOrder(names) {
  const place = (name) => (KNOWN.includes(name) ? KNOWN.indexOf(name) : KNOWN.length);
  return [...new Set(names)].sort((a, b) => place(a) - place(b) || a.localeCompare(b));
}

/** Name of a period in the stylesheet: `hp-bleu`. */
export function slug(name) {
  if (KNOWN.includes(name)) return name.toLowerCase().replace(" ", "-");
  return `other-${[...name].reduce((sum, each) => sum + each.charCodeAt(0), 0) % OTHERS}`;
}

/** Fill and border of a period in the current theme. The border makes white visible on white. */
export const fill = (name) => ({ color: colour(`p-${slug(name)}`), borderColor: colour(`e-${slug(name)}`), borderWidth: 1 });

/** True for off-peak hours and for hours outside of mobile peaks. */
export const isCheap = (name) => /^(HC|HN)\b/.test(name);

/** What the cheap ones of some periods are called together: EJP has normal hours in place of off-peak hours. */
export const cheapName = (names) => (names.includes("HN") ? periodName("HN") : t("offpeak"));

/** Energy, from rows of /use; bars of rows of which `isPart` is true are hatched. */
export function energyBars(rows, label, heading, isPart = () => false) {
  const periods = inOrder(rows.flatMap((row) => Object.keys(row.periods)));
  const of = (name, style, value) => bar(name, style, rows.map((row) => hatched(orNothing(value(row) / 1000), isPart(row), style)));
  const series = periods.map((name) => of(periodName(name), fill(name), (row) => row.periods[name] ?? 0));
  if (!periods.length) series.push(of(t("energy"), { color: colour("accent") }, (row) => row.consumption_wh ?? 0));
  if (rows.some((row) => row.injection_wh)) series.push(of(t("injection"), { color: colour("injection") }, (row) => -(row.injection_wh ?? 0)));
  const tooltip = (found) => tip(heading(rows[found[0].dataIndex]), lines(found, (value) => kwh(value * 1000), kwh(sum(found) * 1000)));
  return option(rows.map(label), series, "kWh", tooltip);
}

/** Money, from lines of /cost; `ranges` are the bars' first days, `marks` [index, version] of new versions. Bars whose
 * total is incomplete are hatched. */
export function moneyBars(ranges, items, label, heading, marks = []) {
  // Without an amount there is no bar, and no entry in the legend.
  const isIncome = (each) => each.kind === "energy" && each.direction === "injection";
  const consumption = items.filter((each) => each.kind === "energy" && !isIncome(each) && each.amount !== null);
  const periods = inOrder(consumption.map((each) => each.period ?? ""));
  const currency = items.find((each) => each.currency)?.currency ?? "EUR";
  const parts = new Set(items.filter((each) => each.kind === "total" && isIncomplete(each)).map((each) => each.from));
  const of = (name, style, wanted) => bar(name, style, ranges.map((range) => hatched(orNothing(total(items.filter((each) => each.from === range && wanted(each)))), parts.has(range), style)));
  const series = periods.map((name) => of(name ? periodName(name) : t("energy"), name ? fill(name) : { color: colour("accent") }, (each) => each.kind === "energy" && !isIncome(each) && (each.period ?? "") === name));
  series.unshift(of(t("subscription"), { color: colour("subscription") }, (each) => each.kind === "subscription"));
  if (items.some((each) => isIncome(each) && each.amount !== null)) series.push(of(t("income"), { color: colour("injection") }, isIncome));
  if (marks.length) series[0].markLine = versionMarks(marks);
  const tooltip = (found) => tip(heading(ranges[found[0].dataIndex]), lines(found, (value) => money(value, currency), money(sum(found), currency)));
  return option(ranges.map(label), series, currency === "EUR" ? "€" : currency, tooltip);
}

/** Where the version of the tariff changes: [index, version]. */
export function newVersions(ranges, items) {
  const of = ranges.map((range) => items.find((each) => each.from === range && each.kind === "energy" && each.version)?.version);
  return of.flatMap((version, n) => (n && version && of[n - 1] && of[n - 1] !== version ? [[n, version]] : []));
}

/** True where a site was not heard from the start to the end of a row of /use. */
export const isPart = (row, site) => !row.to || new Date(site.first) > new Date(row.from) || new Date(site.last) < new Date(row.to);

/** A value of a bar, hatched where it is incomplete. */
const hatched = (value, isSo, style) =>
  isSo && value !== null ? { value, itemStyle: { ...style, decal: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [3, 5], rotation: -Math.PI / 4, color: colour("surface") } } } : value;

/** null instead of 0: a bar of zero height would still have its border. */
const orNothing = (value) => value || null;
const total = (items) => items.reduce((found, each) => found + Number(each.amount ?? 0), 0);
const sum = (found) => found.reduce((all, each) => all + (each.value ?? 0), 0);

function bar(name, itemStyle, data) {
  return { name, type: "bar", stack: "all", data, itemStyle, barMaxWidth: 64, barCategoryGap: "22%", emphasis: { disabled: true } };
}

function lines(found, write, all) {
  const rows = found.filter((each) => each.value).map((each) => [each.seriesName, write(each.value), each.color]).reverse();
  return rows.length > 1 ? [...rows, [t("total"), all, null]] : rows;
}

function versionMarks(marks) {
  return {
    symbol: "none",
    silent: true,
    animation: false,
    lineStyle: { color: colour("accent"), type: "dashed", width: 1.5 },
    label: { formatter: t("newprices"), color: colour("accent"), fontSize: 11, position: "end" },
    data: marks.map(([index]) => ({ xAxis: index })),
  };
}

function option(labels, series, unit, formatter) {
  return {
    tooltip: { formatter },
    xAxis: { type: "category", data: labels },
    yAxis: { type: "value", max: ({ max }) => (max < 1 ? 1 : null), name: unit, nameGap: 14, nameTextStyle: { align: "right" } },
    series,
  };
}
