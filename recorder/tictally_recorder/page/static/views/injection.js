/** What a site injects and produces: now, over a day, a month or a year, and when it has a surplus. */

import { all, get } from "../api.js";
import { addDays, addMonths, daysOf, earlier, later, today as todayIn } from "../calendar.js";
import { colour, figure, tip } from "../chart.js";
import { figures, loading, stepper, table, tile } from "../components.js";
import { h, put } from "../dom.js";
import { exactClock, exactMoment, fullDay, kwh, longDay, money, month as monthName, percent, price, shortDay, shortMonth, whole } from "../format.js";
import { heatMap } from "../graphics.js";
import { t } from "../i18n.js";

const HOUR_MS = 3_600_000;
const MONTHS = Array.from({ length: 12 }, (_, n) => n + 1);

/** The span that an argument names, and how it is divided: `2026`, `2026-06` or `2026-06-03`. */
function spanOf(argument, today) {
  const text = /^\d{4}(-\d\d(-\d\d)?)?$/.test(argument ?? "") && argument <= today ? argument : today.slice(0, 7);
  if (text.length === 4) return { kind: "year", text, from: `${text}-01-01`, to: `${Number(text) + 1}-01-01`, by: "month", title: text, before: String(Number(text) - 1), after: String(Number(text) + 1) };
  if (text.length === 7) return { kind: "month", text, from: `${text}-01`, to: `${addMonths(text, 1)}-01`, by: "day", title: monthName(text), before: addMonths(text, -1), after: addMonths(text, 1) };
  return { kind: "day", text, from: text, to: addDays(text, 1), by: "hour", title: longDay(text), before: addDays(text, -1), after: addDays(text, 1) };
}

/** @param {object} context see main.js. */
export async function render({ site, argument, signal, address, live }) {
  const today = todayIn(site.timezone);
  const span = spanOf(argument, today);
  const query = { site: site.site, from: span.from, to: span.to };
  const [answer, costs, curve, present] = await Promise.all([
    get("/injection", { ...query, by: span.by }, signal),
    all("/cost", { ...query, by: span.kind }, signal).catch(() => ({ items: [] })),
    span.kind === "day" ? get("/day/power", { site: site.site, day: span.text }, signal) : null,
    live.items.has(site.site) ? null : get("/now", { site: site.site }, signal),
  ]);
  const total = answer.totals[0] ?? null;
  const source = answer.sources[0] ?? null;
  const begin = site.first.slice(0, span.text.length);
  const steps = stepper(span.title, begin < span.text ? address("injection", span.before) : null, span.after <= today.slice(0, span.text.length) ? address("injection", span.after) : null, [t("injection.before"), t("injection.after")]);
  const place = h("section", { class: "card now" });
  const now = () => put(place, nowOf(live.items.get(site.site) ?? present?.items[0] ?? null));
  now();
  const head = h("div", { class: "heading" }, steps, kinds(span, today, address));
  const element = h(
    "div",
    { class: "stack" },
    head,
    span.from <= today && today < span.to && place,
    total ? h("section", { class: "tiles", "aria-label": span.title }, tiles(total, source)) : h("section", { class: "card empty" }, h("h2", {}, t("month.empty")), h("p", {}, t("month.emptyText"))),
    notes(total, source, today < span.to),
    total && bars(answer.items, span, address),
    curve && gridCurve(curve.items[0], answer.items),
    sales(costs.items, span),
    surplusLater(site, today, signal),
  );
  return { element, update: now, isRefreshed: span.to > today };
}

function kinds(span, today, address) {
  const day = earlier(later(span.from, span.text.length === 10 ? span.text : span.from), today);
  const newest = span.to > today ? today : day;
  const places = { day: span.kind === "day" ? span.text : newest, month: newest.slice(0, 7), year: newest.slice(0, 4) };
  const link = (kind) => h("a", { href: address("injection", places[kind]), "aria-current": kind === span.kind ? "true" : null }, t(`injection.kind.${kind}`));
  return h("nav", { class: "kinds", "aria-label": t("injection.kinds") }, ["day", "month", "year"].map(link));
}

/** The power that flows through the meter, negative where it is injected. */
function nowOf(item) {
  const isInjecting = item?.injection_va > 0 && !item.power_va;
  const [watts, va] = isInjecting ? [item.injection_w, item.injection_va] : [item?.power_w ?? null, item?.power_va ?? null];
  const [value, unit] = watts === null ? [va, "VA"] : [watts, "W"];
  return [
    h("h2", {}, t("injection.now")),
    h("p", { class: `figure ${isInjecting ? "injecting" : ""}` }, value === null ? "–" : `${isInjecting && value ? "\u2212" : ""}${whole(value)}`, h("span", { class: "unit" }, `\u00a0${unit}`)),
    h("p", { class: "note" }, value === null ? t("unknown") : t(isInjecting ? "live.injecting" : "injection.fromGrid")),
  ];
}

function tiles(of, source) {
  const earned = of.income === null ? null : t("income.of", { income: money(of.income, of.currency ?? "EUR") });
  const share = (value) => (value === null ? t("unknown") : percent(value, 1));
  return [
    tile(t("injection"), kwh(of.injection_wh), earned),
    tile(t("injection.grid"), kwh(of.consumption_wh), of.estimated ? t("estimated.part") : null),
    source && tile(t("injection.produced"), kwh(of.production_wh), of.production_estimated ? t("estimated.part") : null),
    source && tile(t("injection.selfConsumption"), share(of.self_consumption), of.self_consumed_wh === null ? null : t("injection.atHome", { kwh: kwh(of.self_consumed_wh) })),
    source && tile(t("injection.selfProduction"), share(of.self_production), t("injection.selfProductionNote")),
  ].filter(Boolean);
}

/** What is missing, and how to add it. */
function notes(total, source, isRunning) {
  if (!source) return h("section", { class: "card" }, h("p", {}, t("injection.noSource")));
  // The last quarter-hours of a running span are still on their way.
  const missing = total && total.quarters - total.both_quarters > (isRunning ? 2 : 0);
  const lines = [
    total?.is_contradictory && t("injection.contradictory"),
    missing && t("injection.partly", { known: percent(total.both_quarters / total.quarters, 1) }),
    source.until ? t(`injection.source.${source.kind}`, { meter: source.meter ?? "", until: exactMoment(source.until) }) : t("injection.nothingYet"),
  ];
  return h("section", { class: "card" }, lines.filter(Boolean).map((each) => h("p", { class: "note" }, each)));
}

const name = (iso, by) => (by === "hour" ? exactClock(iso) : by === "day" ? shortDay(iso.slice(0, 10)) : shortMonth(iso.slice(0, 7)));
const longName = (iso, by) => (by === "hour" ? `${exactClock(iso)} – ${exactClock(Date.parse(iso) + HOUR_MS)}` : by === "day" ? fullDay(iso.slice(0, 10)) : monthName(iso.slice(0, 7)));

/** A place on the axis for each part of the span that is over or has begun, and for the days and months to come. */
function placesOf(items, span) {
  if (span.by === "hour") return items.map((each) => each.from);
  const days = daysOf(span.from, span.to);
  return span.by === "day" ? days : days.filter((each) => each.endsWith("-01"));
}

function bars(items, span, address) {
  const key = (iso) => (span.by === "hour" ? iso : span.by === "day" ? iso.slice(0, 10) : iso.slice(0, 7));
  const places = placesOf(items, span);
  const at = new Map(items.map((each) => [key(each.from), each]));
  const of = (n) => at.get(key(places[n])) ?? null;
  const hasProduction = items.some((each) => each.self_consumed_wh !== null);
  const bar = (label, hue, field) => ({ name: label, type: "bar", stack: "all", itemStyle: { color: colour(hue) }, barCategoryGap: "22%", emphasis: { disabled: true }, data: places.map((_, n) => (of(n)?.[field] ? of(n)[field] / 1000 : null)) });
  const lines = (row) => [
    [t("injection"), kwh(row.injection_wh), colour("injection")],
    ...(row.self_consumed_wh === null ? [] : [[t("injection.used"), kwh(row.self_consumed_wh), colour("accent")]]),
    ...(row.income === null ? [] : [[t("income"), money(row.income, row.currency ?? "EUR"), null]]),
  ];
  const option = () => ({
    tooltip: { formatter: ([found]) => (of(found.dataIndex) ? tip(longName(places[found.dataIndex], span.by), lines(of(found.dataIndex))) : "") },
    xAxis: { type: "category", data: places.map((iso) => name(iso, span.by)) },
    yAxis: { type: "value", name: "kWh" },
    series: [...(hasProduction ? [bar(t("injection.used"), "accent", "self_consumed_wh")] : []), bar(t("injection"), "injection", "injection_wh")],
  });
  const earns = items.some((each) => each.income !== null);
  const share = (value) => (value === null ? "–" : percent(value, 1));
  const columns = [t(span.by === "hour" ? "table.hour" : span.by === "day" ? "power.day" : "table.month"), figures(t("injection")), ...(earns ? [figures(t("income"))] : []), ...(hasProduction ? [figures(t("injection.produced")), figures(t("injection.used")), figures(t("injection.selfConsumption")), figures(t("injection.selfProduction"))] : [])];
  const opened = (each) => (span.by === "hour" ? null : address("injection", key(each.from)));
  const cells = items.map((each) => [
    opened(each) ? h("a", { href: opened(each) }, longName(each.from, span.by)) : longName(each.from, span.by),
    kwh(each.injection_wh),
    ...(earns ? [each.income === null ? "–" : money(each.income, each.currency ?? "EUR")] : []),
    ...(hasProduction ? [kwh(each.production_wh), kwh(each.self_consumed_wh), share(each.self_consumption), share(each.self_production)] : []),
  ]);
  const title = t(hasProduction ? "injection.division" : `injection.by.${span.by}`);
  return figure({ title, label: `${title}, ${span.title}`, option, table: table(title, columns, cells), open: span.by === "hour" ? null : (n) => (of(n) ? address("injection", key(places[n])) : null) });
}

/** The power through the meter over the day, and what was produced by hour. */
function gridCurve(curve, items) {
  const step = curve.step_s * 1000;
  const begin = Date.parse(items[0]?.from ?? curve.day);
  const moments = curve.mean_va.map((_, n) => begin + n * step);
  const known = curve.mean_va.some((each) => each !== null);
  if (!known || !items.length) return null;
  const side = (label, hue, keep) => ({ name: label, type: "line", step: "middle", showSymbol: false, connectNulls: false, lineStyle: { width: 1.2, color: colour(hue) }, itemStyle: { color: colour(hue) }, areaStyle: { color: colour(hue), opacity: 0.18 }, data: curve.mean_va.map((va) => (va === null ? null : keep(va) ? va : 0)) });
  const option = () => ({
    animation: false,
    tooltip: { axisPointer: { type: "line" }, formatter: ([found]) => tip(exactClock(moments[found.dataIndex]), curve.mean_va[found.dataIndex] === null ? [] : [[t(curve.mean_va[found.dataIndex] < 0 ? "injection" : "injection.grid"), `${whole(Math.abs(curve.mean_va[found.dataIndex]))} VA`, null]]) },
    xAxis: { type: "category", data: moments.map((at) => exactClock(at)), axisLabel: { interval: (_, text) => text.endsWith(":00") && parseInt(text, 10) % 3 === 0 } },
    yAxis: { type: "value", name: "VA" },
    series: [side(t("injection.grid"), "accent", (va) => va >= 0), side(t("injection"), "injection", (va) => va < 0)],
  });
  return figure({ title: t("injection.curve"), note: t("injection.curveNote"), option, table: null, height: "low" });
}

/** What the injection was sold for, by contract and price. */
function sales(lines, span) {
  const found = lines.filter((each) => each.kind === "energy" && each.direction === "injection" && each.energy_wh);
  if (!found.length) return null;
  const rows = found.map((each) => [each.version ?? t("injection.noContract"), kwh(each.energy_wh), each.price === null ? "–" : price(each.price, each.currency), each.amount === null ? t("unknown") : money(-Number(each.amount), each.currency)]);
  const columns = [t("table.version"), figures(t("injection")), figures(t("price")), figures(t("income"))];
  const title = t("injection.sales");
  return h("section", { class: "card" }, h("h2", {}, title), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${title}, ${span.title}` }, table(title, columns, rows)));
}

/** Loaded later: the recorder reads every quarter-hour of a year for it. */
function surplusLater(site, today, signal) {
  const place = h("section", { class: "card" }, h("h2", {}, t("injection.surplus")), loading());
  const from = later(`${addMonths(today.slice(0, 7), -11)}-01`, site.first.slice(0, 10));
  get("/injection/profile", { site: site.site, from, to: addDays(today, 1) }, signal).then(
    ({ items }) => (items.length ? place.replaceWith(surplus(items)) : place.remove()),
    () => signal.aborted || place.remove(),
  );
  return place;
}

function surplus(items) {
  const months = MONTHS.filter((month) => items.some((each) => each.month === month));
  const iso = (month) => `2024-${String(month).padStart(2, "0")}`;
  const rows = months.map((month) => ({ key: month, short: shortMonth(iso(month)), long: shortMonth(iso(month)) }));
  const values = new Map(items.map((each) => [`${each.month} ${each.hour}`, each.mean_w]));
  return heatMap({ title: t("injection.surplus"), note: (unit) => t("injection.surplusNote", { unit }), rows, values });
}
