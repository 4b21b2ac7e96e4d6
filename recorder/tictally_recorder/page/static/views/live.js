/** The current state: power, tariff period, today, recent power. */

import { all, get } from "../api.js";
import { addDays, addMonths } from "../calendar.js";
import { colour, figure, tip } from "../chart.js";
import { failed, figures, table } from "../components.js";
import { amount, noContract } from "../costs.js";
import { h, put } from "../dom.js";
import { badge, show } from "../explain.js";
import { exactClock, exactSeconds, kwh, moment, money, percent, price, wall, weekday, whole } from "../format.js";
import { gauge } from "../graphics.js";
import { colon, fullPeriodName, periodName, t } from "../i18n.js";
import { fill, inOrder, slug } from "../periods.js";
import { isOfToday, lastHeard } from "../live.js";
import { reasonText } from "../reasons.js";

const SHOWN_MS = 15 * 60_000;
const USUAL_MS = 60_000;
const TICK_MS = 2000;
const HOURS_APART = 3;
const QUARTER_MS = 15 * 60_000;
const QUARTERS = 96;
const OLD_S = 3600;
const HOUR_MS = 3_600_000;
const LEAST_MS = 60_000;
const LEAST_W = 100;

/** @param {object} context see main.js. The current state is shown before the charts are loaded. */
export async function render({ site, live, signal }) {
  let item = live.items.get(site.site) ?? (await get("/now", { site: site.site }, signal)).items[0];
  const dial = gauge();
  const time = h("p", { class: "time" });
  const period = h("section", { class: "card period" });
  const today = h("section", { class: "card today" });
  const phases = h("section", { class: "card phases" });
  const places = ["low", ""].map((size) => h("div", { class: `card chart place ${size}`, "aria-busy": "true" }));
  const element = h("div", { class: "live" }, h("h1", { class: "unseen" }, t("nav.live")), h("section", { class: "card power", "aria-label": t("live.power") }, dial, time), period, today, phases, places);
  let points = [];
  let minutes = null;
  const fail = (error) => signal.aborted || places.forEach((place) => place.isConnected && place.replaceWith(failed(error, () => location.reload())));
  charts(site, item, signal).then((made) => {
    [points, minutes] = [made.points, made.minutes];
    places[0].replaceWith(minutes);
    places[1].replaceWith(made.day);
  }, fail);

  let prices = null;
  const askPrices = async () => {
    const answer = await get("/prices", { site: site.site }, signal).catch(() => null);
    prices = answer?.items[0] ?? prices;
    put(period, periodCard(item, prices));
  };
  let usual = null;
  const askUsual = async () => {
    const answer = await get("/usual", { site: site.site }, signal).catch(() => null);
    usual = answer?.items[0] ?? usual;
    put(today, todayCard(item, usual, site));
  };
  let drawnAt = 0;
  const update = () => {
    item = live.items.get(site.site) ?? item;
    if (!item) return;
    dial.set(item);
    time.textContent = t(item.at ? "live.at" : "live.last", { at: lastHeard(item, site) });
    put(period, periodCard(item, prices));
    const focused = today.contains(document.activeElement);
    put(today, todayCard(item, usual, site));
    if (focused) today.querySelector("button")?.focus();
    phases.hidden = item.phases.length < 2;
    put(phases, phasesCard(item));
    addPoint(points, item);
    if (Date.now() - drawnAt < TICK_MS) return;
    if (!minutes) return;
    drawnAt = Date.now();
    minutes.redraw();
    if (minutes.querySelector("details[open]")) minutes.behind(minutesTable(points));
  };
  askUsual().then(askPrices);
  const timer = setInterval(() => [askUsual(), askPrices()], USUAL_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  return { element, update, isRefreshed: true };
}

/** Power of the last minutes and of the last 24 hours by tariff period, each with the base load. */
async function charts(site, item, signal) {
  const [standby, frames, quarters] = await Promise.all([
    get("/standby", { site: site.site, from: `${addMonths(dayOf(site.last), -2)}-01`, by: "month" }, signal),
    all("/readings/frames", { site: site.site, label: ["power", "SINSTI"], from: before(site.last, 15), to: ahead(site.last) }, signal),
    all("/use", { site: site.site, from: before(site.last, 24 * 60), to: ahead(site.last), by: "quarter" }, signal),
  ]);
  const standbyVa = standby.items.at(-1)?.typical_va ?? null;
  const points = frames.items.map((each) => [at(each.at), flow(each.values.SINSTS ?? each.values.PAPP ?? null, each.values.SINSTI)]).filter(([, va]) => va !== null);
  const notes = [standbyVa && t("live.standby", { va: standbyVa }), isOld(item) && t("live.until", { at: moment(site.last) })];
  return {
    points,
    minutes: figure({ title: t("live.minutes"), note: points.length ? null : t("live.noPoints"), option: () => minutesOption(points, standbyVa, site.last), table: minutesTable(points), height: "low" }),
    day: figure({ title: t("live.day"), note: notes.filter(Boolean).join(" · "), option: () => dayOption(quarters.items, standbyVa, site.last), table: dayTable(quarters.items) }),
  };
}

const at = (iso) => new Date(iso).getTime();
/** True where the last 24 hours are those before the latest frame instead of before now. */
const isOld = (item) => !item?.at || item.age_s > OLD_S;
const dayOf = (iso) => iso.slice(0, 7);
const before = (iso, minutes) => shifted(iso, -minutes);
const ahead = (iso) => shifted(iso, 1);

/** A time with offset some minutes later, with the same offset. */
function shifted(iso, minutes) {
  const offset = iso.slice(19).replace(/^\.\d+/, "") || "Z";
  return `${new Date(wall(iso).getTime() + minutes * 60_000).toISOString().slice(0, 19)}${offset}`;
}

/** What flows: consumed power, or injected power as a negative number; null where neither is known. */
const flow = (powerVa, injectionVa) => (injectionVa > 0 && !powerVa ? -injectionVa : powerVa);

function addPoint(points, item) {
  const va = flow(item.power_va, item.injection_va);
  if (!item.at || va === null) return;
  const now = at(item.at);
  if (points.length && points.at(-1)[0] >= now) return;
  points.push([now, va]);
  while (points.length && points[0][0] < now - SHOWN_MS) points.shift();
}

function periodCard(item, prices) {
  if (!item) return [];
  const colours = item.colour_today && isOfToday(item) && h("div", { class: "tempo" }, dayOfTempo("today", item.colour_today), dayOfTempo("tomorrow", item.colour_tomorrow));
  const name = item.period ? fullPeriodName(item.period) : t("period.unknown");
  const known = item.price !== null && item.price !== undefined;
  const open = () => show(t("price.now"), h("p", {}, `${colon(name)}${price(item.price, item.currency)}`), h("p", {}, t("price.by", { tariff: item.tariff })), h("p", { class: "note" }, t("price.taxes")));
  return [
    h("h2", {}, t("live.period")),
    h("p", { class: "period-now" }, item.period && h("i", { class: `swatch p-${slug(item.period)}` }), name),
    known ? h("button", { type: "button", class: "money price", onclick: open, "aria-label": `${price(item.price, item.currency)}. ${t("money.explain")}` }, price(item.price, item.currency)) : h("p", { class: "note" }, t("price.unknown")),
    colours,
    prices && pricesAhead(prices),
  ];
}

/** The next price or period, the cheapest hours and tomorrow's price, as far as they are known. */
function pricesAhead(of) {
  const per = (text) => price(text, of.currency ?? "EUR");
  const next = of.next_period_at && of.next_period_at === of.next_price_at ? `${colon(periodName(of.next_period))}${per(of.next_price)}` : of.next_price && per(of.next_price);
  const lines = [
    next && [t("prices.next", { at: when(of.next_price_at, of) }), next],
    of.cheapest_3h && [t("prices.cheapest", { at: when(of.cheapest_3h, of) }), per(of.cheapest_3h_price)],
    of.price_tomorrow && of.next_price && [t("prices.tomorrow"), per(of.price_tomorrow)],
  ].filter(Boolean);
  return lines.length ? h("dl", { class: "ahead" }, lines.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])) : null;
}

/** A time of today or tomorrow; nothing else is foretold. */
const when = (iso, of) => (of.today.some((each) => each.start.slice(0, 10) === iso.slice(0, 10)) ? exactClock(iso) : t("prices.atTomorrow", { time: exactClock(iso) }));

function dayOfTempo(which, tempo) {
  const text = tempo ? t(`tempo.${tempo}`) : t("tempo.unknown");
  return h("div", { class: `tempo-day tempo-${tempo ?? "unknown"}` }, h("span", {}, t(`tempo_day.${which}`)), h("b", {}, text));
}

function todayCard(item, usual, site) {
  if (!item) return [];
  const { today } = item;
  const first = today.from.slice(0, 10);
  // A site that only injects has an income and no cost: as in /cost, income is negative.
  const onlyIncome = today.cost === null && today.income !== null && today.quality !== "unknown";
  const sum = onlyIncome ? String(-Number(today.income)) : today.cost;
  const cost = { amount: sum, rounded: sum, currency: today.currency, quality: today.quality };
  const query = { site: site.site, from: first, to: addDays(first, 1), by: "day" };
  const hasContract = site.contracts.length > 0;
  return [
    h("h2", {}, t("live.today")),
    h("p", { class: "big" }, kwh(today.consumption_wh), today.estimated && badge("estimated")),
    today.injection_wh ? h("p", { class: "note" }, t("live.injectionToday", { kwh: kwh(today.injection_wh) }), today.income !== null && !onlyIncome && ` · ${money(today.income, today.currency ?? "EUR")} ${t("live.incomeToday")}`) : null,
    hasContract ? h("p", { class: "cost" }, amount(cost, query, t("explain.title")), sum === null && today.reasons.length && h("span", { class: "reason" }, today.reasons.map(reasonText).join(" ; "))) : h("p", { class: "cost" }, noContract(site)),
    usual && usualBar(usual),
  ];
}

function usualBar(usual) {
  const most = Math.max(usual.today.consumption_wh ?? 0, usual.usual_day?.consumption_wh ?? 0, 1);
  const byNow = usual.usual_by_now?.consumption_wh;
  if (!byNow || usual.today.consumption_wh === null) return h("p", { class: "note" }, t("usual.none"));
  const share = usual.today.consumption_wh / byNow - 1;
  const name = weekday(usual.weekday);
  const width = (wh, element) => {
    element.style.inlineSize = `${Math.min((wh / most) * 100, 100)}%`;
    return element;
  };
  const bars = h("div", { class: "usual", "aria-hidden": "true" }, width(usual.usual_day.consumption_wh, h("i", { class: "whole" })), width(byNow, h("i", { class: "by-now" })), width(usual.today.consumption_wh, h("i", { class: "is" })));
  return [bars, h("p", { class: "note" }, t(share < 0 ? "usual.less" : "usual.more", { share: percent(Math.abs(share)), weekday: name, until: usual.until, byNow: kwh(byNow), day: kwh(usual.usual_day.consumption_wh) }))];
}

function phasesCard(item) {
  const most = Math.max(...item.phases.map((each) => each.power_va ?? 0), ((item.subscribed_kva ?? 0) * 1000) / 3, 1);
  const rows = item.phases.map((each) => {
    const bar = h("i", { class: "phase-bar" });
    bar.style.inlineSize = `${((each.power_va ?? 0) / most) * 100}%`;
    const parts = [each.power_va !== null && `${whole(each.power_va)} VA`, each.current_a !== null && `${each.current_a} A`, each.voltage_v !== null && `${each.voltage_v} V`];
    return h("li", {}, h("b", {}, t("live.phase", { n: each.phase })), h("span", { class: "phase-track", "aria-hidden": "true" }, bar), h("span", { class: "phase-figures" }, parts.filter(Boolean).join(" · ")));
  });
  return [h("h2", {}, t("live.phases")), h("ul", {}, rows)];
}

function standbyLine(standbyVa, label = t("standby.short")) {
  return standbyVa && {
    silent: true,
    symbol: "none",
    animation: false,
    lineStyle: { color: colour("standby"), type: "dashed" },
    label: { show: label !== null, formatter: label, position: "insideEndTop", color: colour("muted"), fontSize: 11 },
    data: [{ yAxis: standbyVa }],
  };
}

function minutesOption(points, standbyVa, last) {
  const end = points.at(-1)?.[0] ?? at(last);
  return {
    animation: false,
    tooltip: { formatter: ([found]) => tip(exactSeconds(found.value[0]), [[t(found.value[1] < 0 ? "injection" : "live.power"), `${whole(Math.abs(found.value[1]))} VA`, colour(found.value[1] < 0 ? "injection" : "accent")]]), axisPointer: { type: "line" } },
    xAxis: { type: "time", min: end - SHOWN_MS, max: end, axisLabel: { formatter: exactClock } },
    yAxis: { type: "value", name: "VA" },
    series: [{ type: "line", data: points, step: "end", showSymbol: false, lineStyle: { width: 2, color: colour("accent") }, areaStyle: { color: colour("accent"), opacity: 0.14 }, itemStyle: { color: colour("accent") }, markLine: standbyLine(standbyVa) || undefined }],
  };
}

/** One row a minute: six hundred would be too many to read. */
function minutesTable(points) {
  const of = new Map();
  points.forEach(([moment, va]) => of.set(Math.floor(moment / 60_000), [...(of.get(Math.floor(moment / 60_000)) ?? []), va]));
  const rows = [...of].map(([minute, values]) => [exactClock(minute * 60_000), whole(values.reduce((a, b) => a + b, 0) / values.length), whole(Math.max(...values))]);
  return table(t("live.minutes"), [t("table.time"), figures(t("table.meanVa")), figures(t("table.mostVa"))], rows);
}

/** The mean power of a row; of the current quarter-hour, up to now. */
function mean(row, wh, last) {
  const from = at(row.from);
  const end = Math.min(at(row.to), Math.max(at(last), from + LEAST_MS));
  return Math.round(((wh ?? 0) * HOUR_MS) / (end - from)) || null;
}

/** The quarter-hours of 24 hours, also those without data, so that the axis always spans 24 hours: on every day. */
function placesOf(rows) {
  if (!rows.length) return [];
  const end = at(rows.at(-1).to);
  const of = new Map(rows.map((row) => [at(row.from), row]));
  return Array.from({ length: QUARTERS }, (_, n) => end - (QUARTERS - n) * QUARTER_MS).map(
    (from) => of.get(from) ?? { from: new Date(from).toISOString(), to: new Date(from + QUARTER_MS).toISOString(), periods: {} },
  );
}

function dayOption(found, standbyVa, last) {
  const rows = placesOf(found);
  const periods = inOrder(rows.flatMap((row) => Object.keys(row.periods)));
  const bar = (name, style, data) => ({ name, type: "bar", stack: "all", data, barCategoryGap: "8%", itemStyle: { ...style, borderWidth: 0.5 }, emphasis: { disabled: true } });
  const series = periods.length ? periods.map((name) => bar(periodName(name), fill(name), rows.map((row) => mean(row, row.periods[name], last)))) : [bar(t("energy"), { color: colour("accent") }, rows.map((row) => mean(row, row.consumption_wh, last)))];
  if (rows.some((row) => row.injection_wh)) series.push(bar(t("injection"), { color: colour("injection") }, rows.map((row) => -mean(row, row.injection_wh, last) || null)));
  if (standbyVa && series.length) series[0].markLine = standbyLine(standbyVa, null);
  const heading = (row) => `${exactClock(row.from)} – ${exactClock(row.to)}`;
  const lines = (found) => found.filter((each) => each.value).map((each) => [each.seriesName, `${whole(Math.abs(each.value))} W`, each.color]);
  return {
    tooltip: { formatter: (found) => tip(heading(rows[found[0].dataIndex]), lines(found)) },
    xAxis: { type: "category", data: rows.map((row) => exactClock(row.from)), axisLabel: { interval: (_, text) => text.endsWith("00") && parseInt(text, 10) % HOURS_APART === 0 } },
    yAxis: { type: "value", name: "W", max: ({ max }) => (max < LEAST_W ? LEAST_W : null) },
    series,
  };
}

/** Energy by hour; the one that occurs twice in autumn has two rows. */
function dayTable(rows) {
  const of = new Map();
  rows.forEach((row) => {
    const hour = Math.floor(at(row.from) / HOUR_MS);
    const sum = of.get(hour) ?? { from: row.from, wh: 0, injected: 0, periods: new Set() };
    sum.wh += row.consumption_wh ?? 0;
    sum.injected += row.injection_wh ?? 0;
    Object.entries(row.periods).forEach(([name, wh]) => wh && sum.periods.add(name));
    of.set(hour, sum);
  });
  const injects = rows.some((row) => row.injection_wh);
  const cells = [...of.values()].map((each) => [exactClock(each.from), inOrder([...each.periods]).map(periodName).join(", "), kwh(each.wh), ...(injects ? [kwh(each.injected)] : [])]);
  return table(t("live.day"), [t("table.hour"), t("table.period"), figures(t("energy")), ...(injects ? [figures(t("injection"))] : [])], cells);
}

