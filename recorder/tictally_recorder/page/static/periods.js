/** Tariff periods: their order and colours, and bars stacked by them. */

import { colour, tip } from "./chart.js";
import { kwh, money } from "./format.js";
import { periodName, t } from "./i18n.js";

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

/** Energy, from rows of /use. */
export function energyBars(rows, label, heading) {
  const periods = inOrder(rows.flatMap((row) => Object.keys(row.periods)));
  const series = periods.map((name) => bar(periodName(name), fill(name), rows.map((row) => orNothing((row.periods[name] ?? 0) / 1000))));
  if (!periods.length) series.push(bar(t("energy"), { color: colour("accent") }, rows.map((row) => orNothing((row.consumption_wh ?? 0) / 1000))));
  if (rows.some((row) => row.injection_wh)) series.push({ ...bar(t("injection"), { color: colour("injection") }, rows.map((row) => orNothing(-(row.injection_wh ?? 0) / 1000))) });
  const tooltip = (found) => tip(heading(rows[found[0].dataIndex]), lines(found, (value) => kwh(value * 1000), kwh(sum(found) * 1000)));
  return option(rows.map(label), series, "kWh", tooltip);
}

/** Money, from lines of /cost; `ranges` are the bars' first days, `marks` [index, version] of new versions. */
export function moneyBars(ranges, items, label, heading, marks = []) {
  // Without an amount there is no bar, and no entry in the legend.
  const isIncome = (each) => each.kind === "energy" && each.direction === "injection";
  const consumption = items.filter((each) => each.kind === "energy" && !isIncome(each) && each.amount !== null);
  const periods = inOrder(consumption.map((each) => each.period ?? ""));
  const currency = items.find((each) => each.currency)?.currency ?? "EUR";
  const amounts = (wanted) => ranges.map((range) => orNothing(total(items.filter((each) => each.from === range && wanted(each)))));
  const series = periods.map((name) => bar(name ? periodName(name) : t("energy"), name ? fill(name) : { color: colour("accent") }, amounts((each) => each.kind === "energy" && !isIncome(each) && (each.period ?? "") === name)));
  series.unshift(bar(t("subscription"), { color: colour("subscription") }, amounts((each) => each.kind === "subscription")));
  if (items.some((each) => isIncome(each) && each.amount !== null)) series.push(bar(t("income"), { color: colour("injection") }, amounts(isIncome)));
  if (marks.length) series[0].markLine = versionMarks(marks);
  const tooltip = (found) => tip(heading(ranges[found[0].dataIndex]), lines(found, (value) => money(value, currency), money(sum(found), currency)));
  return option(ranges.map(label), series, currency === "EUR" ? "€" : currency, tooltip);
}

/** Where the version of the tariff changes: [index, version]. */
export function newVersions(ranges, items) {
  const of = ranges.map((range) => items.find((each) => each.from === range && each.kind === "energy" && each.version)?.version);
  return of.flatMap((version, n) => (n && version && of[n - 1] && of[n - 1] !== version ? [[n, version]] : []));
}

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
