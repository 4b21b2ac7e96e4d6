/** A day: its quarter-hours by tariff period, its power, its hours, what happened, and other days beside it. */

import { all, get } from "../api.js";
import { addDays, earlier, today as todayIn } from "../calendar.js";
import { colour, figure, tip } from "../chart.js";
import { failed, figures, stepper, table, tile } from "../components.js";
import { amount, contractCard, noContract } from "../costs.js";
import { h } from "../dom.js";
import { change, duration, exactClock, exactMoney, exactSeconds, kwh, longDay, money, plain, whole } from "../format.js";
import { periodName, t } from "../i18n.js";
import { noteCard, notesOf } from "../notes.js";
import { fill, inOrder } from "../periods.js";

const QUARTER_MS = 15 * 60_000;
const HOUR_MS = 3_600_000;
const QUARTERS_A_HOUR = 4;
const HOURS_APART = 3;

/** @param {object} context see main.js. */
export async function render(context) {
  const { site, argument, signal, address, reload } = context;
  const now = todayIn(site.timezone);
  const day = /^\d{4}-\d\d-\d\d$/.test(argument ?? "") && !Number.isNaN(Date.parse(argument)) ? argument : now;
  const first = site.first.slice(0, 10);
  const query = { site: site.site, day };
  const head = heading(day, first, now, address);
  if (day < first || day > now) return { element: h("div", { class: "stack" }, head, nothing()) };
  const load = () => notesOf(site, day, addDays(day, 1), signal);
  const [answer, notes, quarters] = await Promise.all([get("/day", query, signal), load(), all("/use", { site: site.site, from: day, to: addDays(day, 1), by: "quarter" }, signal)]);
  const of = answer.items[0];
  const written = noteCard(notes, { site, day, now, load }, context);
  if (!of.hours.length) return { element: h("div", { class: "stack" }, head, nothing(), events(of), written) };
  return {
    element: h(
      "div",
      { class: "stack" },
      head,
      h("section", { class: "tiles", "aria-label": longDay(day) }, tiles(of, site, address)),
      quarterFigure(of, quarters.items),
      powerLater(of, query, signal, reload),
      site.contracts.length ? hourFigure(of) : contractCard(site),
      of.temperature && temperatureFigure(of),
      events(of),
      written,
    ),
    isRefreshed: day === now,
  };
}

const nothing = () => h("section", { class: "card empty" }, h("h2", {}, t("day.empty")), h("p", {}, t("month.emptyText")));

/** The day between the one before and the one after, and a field for any other. */
function heading(day, first, now, address) {
  const pick = h("input", { type: "date", id: "pick", min: first, max: now, value: day, "aria-label": t("day.pick") });
  pick.addEventListener("change", () => {
    if (pick.value && pick.value >= first && pick.value <= now) location.hash = address("day", pick.value);
  });
  const before = day > first ? address("day", earlier(addDays(day, -1), now)) : null;
  return h("div", { class: "heading" }, stepper(longDay(day), before, day < now ? address("day", day < first ? first : addDays(day, 1)) : null, [t("day.before"), t("day.after")]), h("div", { class: "pick" }, pick));
}

function tiles(of, site, address) {
  const query = { site: of.site, from: of.day, to: addDays(of.day, 1), by: "day" };
  const cost = { amount: of.cost, rounded: of.cost, currency: of.currency, quality: of.cost === null ? "unknown" : of.quality };
  const parts = of.cost_energy && of.cost_subscription && t("overview.parts", { energy: money(of.cost_energy, of.currency ?? "EUR"), subscription: money(of.cost_subscription, of.currency ?? "EUR") });
  const beside = (each) => {
    const share = each.here_energy_wh / each.energy_wh - 1;
    const link = h("a", { href: address("day", each.day) }, [kwh(each.energy_wh), each.cost !== null && money(each.cost, of.currency ?? "EUR")].filter(Boolean).join(" · "));
    return tile(t(`day.beside.${each.which}`), change(share), link);
  };
  return [
    tile(t("energy"), kwh(of.energy_wh), of.estimated ? t("estimated.part") : null),
    of.injection_wh ? tile(t("injection"), kwh(of.injection_wh), of.income ? t("income.of", { income: money(of.income, of.currency ?? "EUR") }) : null) : null,
    tile(t("cost"), site.contracts.length ? amount(cost, query, t("explain.title")) : noContract(site), parts),
    of.maximum?.va ? tile(t("day.maximum"), `${whole(of.maximum.va)}\u00a0VA`, of.maximum.is_exact ? t("day.at", { at: exactSeconds(of.maximum.at) }) : t("day.between", { from: exactClock(of.maximum.at), to: exactClock(Date.parse(of.maximum.at) + QUARTER_MS) })) : null,
    of.temperature && tile(t("temperature.mean"), `${plain(of.temperature.mean)}\u00a0°C`, t("day.temperatures", { min: plain(of.temperature.min), max: plain(of.temperature.max) })),
    of.beside.filter((each) => each.energy_wh).map(beside),
  ];
}

/** The starts of equal parts of the day: 92, 96 or 100 quarter-hours. */
function starts(of, step) {
  const [from, to] = [Date.parse(of.from), Date.parse(of.to)];
  return Array.from({ length: Math.round((to - from) / step) }, (_, n) => from + n * step);
}

/** Labels of an axis of clock times: every third hour. */
const axis = (moments) => ({ type: "category", data: moments.map(exactClock), axisLabel: { interval: (_, text) => text.endsWith(":00") && parseInt(text, 10) % HOURS_APART === 0 } });

function quarterFigure(of, rows) {
  const moments = starts(of, QUARTER_MS);
  const at = new Map(rows.map((row) => [Date.parse(row.from), row]));
  const places = moments.map((from) => at.get(from) ?? { periods: {} });
  const periods = inOrder(rows.flatMap((row) => Object.keys(row.periods)));
  const watts = (wh) => (wh ? Math.round(wh * QUARTERS_A_HOUR) : null);
  const bar = (name, style, data) => ({ name, type: "bar", stack: "all", data, barCategoryGap: "8%", itemStyle: { ...style, borderWidth: 0.5 }, emphasis: { disabled: true } });
  const option = () => {
    const series = periods.length ? periods.map((name) => bar(periodName(name), fill(name), places.map((row) => watts(row.periods[name])))) : [bar(t("energy"), { color: colour("accent") }, places.map((row) => watts(row.consumption_wh)))];
    if (rows.some((row) => row.injection_wh)) series.push(bar(t("injection"), { color: colour("injection") }, places.map((row) => (row.injection_wh ? -watts(row.injection_wh) : null))));
    const heading = (n) => `${exactClock(moments[n])} – ${exactClock(moments[n] + QUARTER_MS)}`;
    const lines = (found) => found.filter((each) => each.value).map((each) => [each.seriesName, `${whole(Math.abs(each.value))} W`, each.color]);
    return { tooltip: { formatter: (found) => tip(heading(found[0].dataIndex), lines(found)) }, xAxis: axis(moments), yAxis: { type: "value", name: "W" }, series };
  };
  const columns = [t("table.time"), t("table.period"), figures(t("energy"))];
  const cells = rows.map((row) => [exactClock(row.from), inOrder(Object.keys(row.periods)).map(periodName).join(", "), kwh(row.consumption_wh)]);
  return figure({ title: t("day.quarters"), note: gapNote(of), label: t("day.quartersOf", { day: longDay(of.day) }), option, table: table(t("day.quarters"), columns, cells) });
}

const gapNote = (of) => (of.events.some((each) => each.kind === "gap") ? t("day.gapNote") : null);

/** Loaded later: it takes every frame of the day where they are kept. */
function powerLater(of, query, signal, reload) {
  const place = h("section", { class: "card chart place low", "aria-busy": "true" });
  get("/day/power", query, signal).then(
    (answer) => place.replaceWith(powerFigure(of, answer.items[0])),
    (error) => signal.aborted || place.replaceWith(failed(error, reload)),
  );
  return place;
}

function powerFigure(of, curve) {
  const step = curve.step_s * 1000;
  const moments = starts(of, step);
  const line = (name, data, more) => ({ name, type: "line", data: moments.map((_, n) => data[n] ?? null), showSymbol: false, connectNulls: false, step: "middle", ...more });
  const option = () => ({
    animation: false,
    tooltip: { axisPointer: { type: "line" }, formatter: (found) => tip(exactClock(moments[found[0].dataIndex]), found.filter((each) => each.value !== null && each.value !== undefined).map((each) => [each.seriesName, `${whole(each.value)} VA`, each.color])) },
    xAxis: axis(moments),
    yAxis: { type: "value", name: "VA" },
    series: [
      line(t("day.most"), curve.max_va, { lineStyle: { width: 1, color: colour("near") }, itemStyle: { color: colour("near") } }),
      line(t("day.mean"), curve.mean_va, { lineStyle: { width: 1.5, color: colour("accent") }, areaStyle: { color: colour("accent"), opacity: 0.14 }, itemStyle: { color: colour("accent") } }),
    ],
  });
  const byHour = new Map();
  moments.forEach((at, n) => {
    if (curve.mean_va[n] === null || curve.mean_va[n] === undefined) return;
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
    byHour.set(hour, [...(byHour.get(hour) ?? []), [curve.mean_va[n], curve.max_va[n]]]);
  });
  const cells = [...byHour].map(([hour, values]) => [exactClock(hour), whole(values.reduce((sum, [mean]) => sum + mean, 0) / values.length), whole(Math.max(...values.map(([, most]) => most)))]);
  return figure({ title: t("day.power"), note: t(curve.step_s === 60 ? "day.byMinute" : "day.byQuarter"), option, table: table(t("day.power"), [t("table.hour"), figures(t("table.meanVa")), figures(t("table.mostVa"))], cells), height: "low" });
}

function hourFigure(of) {
  const moments = starts(of, HOUR_MS);
  const at = new Map(of.hours.map((each) => [Date.parse(each.from), each]));
  const currency = of.currency ?? "EUR";
  const value = (from, name) => (at.get(from)?.[name] ? Number(at.get(from)[name]) : null);
  const bar = (name, style, data) => ({ name, type: "bar", stack: "all", data, itemStyle: style, barCategoryGap: "22%", emphasis: { disabled: true } });
  const option = () => {
    const series = [bar(t("energy"), { color: colour("accent") }, moments.map((from) => value(from, "cost")))];
    if (of.hours.some((each) => Number(each.income))) series.push(bar(t("income"), { color: colour("injection") }, moments.map((from) => -value(from, "income") || null)));
    const heading = (n) => `${exactClock(moments[n])} – ${exactClock(moments[n] + HOUR_MS)}`;
    return {
      tooltip: { formatter: (found) => tip(heading(found[0].dataIndex), found.filter((each) => each.value).map((each) => [each.seriesName, money(each.value, currency), each.color])) },
      xAxis: axis(moments),
      yAxis: { type: "value", name: currency === "EUR" ? "€" : currency },
      series,
    };
  };
  const injects = of.hours.some((each) => each.injection_wh);
  const hasTemperature = of.hours.some((each) => each.temperature !== null);
  const columns = [t("table.hour"), figures(t("energy")), figures(t("cost")), ...(injects ? [figures(t("injection"))] : []), ...(hasTemperature ? [figures("°C")] : [])];
  const cells = of.hours.map((each) => [exactClock(each.from), kwh(each.energy_wh), each.cost === null ? "–" : exactMoney(Number(each.cost).toFixed(2), currency), ...(injects ? [kwh(each.injection_wh)] : []), ...(hasTemperature ? [each.temperature === null ? "–" : plain(each.temperature)] : [])]);
  return figure({ title: t("day.hours"), note: t("day.hoursNote"), option, table: table(t("day.hours"), columns, cells), height: "low" });
}

function temperatureFigure(of) {
  const rows = of.hours.filter((each) => each.temperature !== null);
  const option = () => ({
    tooltip: { axisPointer: { type: "line" }, formatter: ([found]) => tip(exactClock(found.value[0]), [[t("day.temperature"), `${plain(found.value[1])} °C`, colour("near")]]) },
    xAxis: { type: "time", min: Date.parse(of.from), max: Date.parse(of.to), axisLabel: { formatter: exactClock } },
    yAxis: { type: "value", name: "°C", scale: true },
    series: [{ type: "line", data: rows.map((each) => [Date.parse(each.from), each.temperature]), symbol: "circle", symbolSize: 5, lineStyle: { width: 2, color: colour("near") }, itemStyle: { color: colour("near") } }],
  });
  const cells = rows.map((each) => [exactClock(each.from), plain(each.temperature)]);
  return figure({ title: t("day.temperature"), option, table: table(t("day.temperature"), [t("table.hour"), figures("°C")], cells), height: "low" });
}

function events(of) {
  if (!of.events.length) return null;
  const one = (each) => h("li", {}, h("b", {}, `${exactSeconds(each.from).replace(/:00$/, "")} – ${exactSeconds(each.to).replace(/:00$/, "")}`), " ", t(`day.event.${each.kind}`, { length: duration(Math.max(Math.round((Date.parse(each.to) - Date.parse(each.from)) / 60_000), 1)) }));
  return h("section", { class: "card" }, h("h2", {}, t("day.events")), h("ul", { class: "events" }, of.events.map(one)));
}
