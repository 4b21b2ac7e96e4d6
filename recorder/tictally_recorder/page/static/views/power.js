/** The powers of some months: against the subscribed one, the highest, phases, voltage, overloads. */

import { get } from "../api.js";
import { addMonths, today as todayIn } from "../calendar.js";
import { colour, figure, tip } from "../chart.js";
import { choice, figures, stepper, table } from "../components.js";
import { h } from "../dom.js";
import { day as dayName, duration, exactMoment, exactSeconds, fullDay, month as monthName, percent, plain, shortDay, whole } from "../format.js";
import { t } from "../i18n.js";
import { powerCard } from "../powers.js";

const LENGTHS = [1, 3, 12];
const MINUTE_MS = 60_000;
let months = 12;

/** @param {object} context see main.js. */
export async function render({ site, argument, signal, address, reload }) {
  const present = todayIn(site.timezone).slice(0, 7);
  const last = /^\d{4}-\d\d$/.test(argument ?? "") && argument < present ? argument : present;
  const first = addMonths(last, 1 - months);
  const query = { site: site.site, from: `${first}-01`, to: `${addMonths(last, 1)}-01` };
  const [{ items }, powers] = await Promise.all([get("/power/history", query, signal), get("/power", query, signal)]);
  const of = items[0];
  const begin = site.first.slice(0, 7);
  const choose = (key) => {
    months = Number(key);
    reload();
  };
  const title = t("power.span", { count: months, month: monthName(last) });
  const steps = stepper(title, begin < first ? address("power", addMonths(last, -1)) : null, last < present ? address("power", addMonths(last, 1)) : null, [t("power.before"), t("power.after")]);
  const lengths = choice(t("power.length"), LENGTHS.map((count) => [String(count), t("power.months", { count })]), String(months), choose);
  const head = h("div", { class: "heading" }, steps, lengths);
  if (!of.distribution) return { element: h("div", { class: "stack" }, head, h("section", { class: "card empty" }, h("h2", {}, t("power.empty")), h("p", {}, t("month.emptyText")))) };
  return {
    element: h(
      "div",
      { class: "stack" },
      head,
      distribution(of),
      powerCard(powers, address),
      h("div", { class: "cards" }, highest(of, address), overloads(of, address)),
      phases(of, address),
      voltage(of, address),
    ),
    isRefreshed: last === present,
  };
}

const scrolled = (title, content) => h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, content);
const card = (title, ...content) => h("section", { class: "card" }, h("h2", {}, title), content);
/** A place in time, as a link to its day. */
const linked = (address, iso, text) => h("a", { href: address("day", iso.slice(0, 10)) }, text);

function distribution({ distribution: of, power_kva: kva }) {
  const title = t(of.is_maximum ? "power.distribution" : "power.distributionMean");
  const name = (n) => t("power.class", { from: whole(n * of.step), to: whole((n + 1) * of.step), unit: of.unit });
  const isAbove = (n) => of.is_maximum && kva !== null && n * of.step >= kva * 1000;
  const reached = of.reached === null ? null : t(of.reached ? "power.reached" : "power.reachedNone", { count: of.reached, kva, share: percent(of.reached / of.quarters, 2) });
  const note = [t(of.is_maximum ? "power.distributionNote" : "power.distributionMeanNote", { count: whole(of.quarters) }), reached, of.without ? t("power.without", { count: of.without }) : null];
  const option = () => ({
    tooltip: { formatter: ([found]) => tip(name(found.dataIndex), [[t("power.quarters"), whole(of.counts[found.dataIndex]), found.color], [t("power.share"), percent(of.counts[found.dataIndex] / of.quarters, 2), null]]) },
    xAxis: { type: "category", name: of.unit, data: of.counts.map((_, n) => whole(n * of.step)) },
    yAxis: { type: "value", name: t("power.quarters"), nameTextStyle: { align: "left" } },
    grid: { right: 32 },
    // A single quarter-hour among thousands would not be seen.
    series: [{ type: "bar", barCategoryGap: "8%", barMinHeight: 3, data: of.counts.map((count, n) => (count ? { value: count, itemStyle: { color: colour(isAbove(n) ? "over" : "accent") } } : null)), emphasis: { disabled: true } }],
  });
  const rows = of.counts.map((count, n) => [name(n), whole(count), percent(count / of.quarters, 2)]);
  return figure({ title, note: note.filter(Boolean).join(" "), option, table: table(title, [t("power.power"), figures(t("power.quarters")), figures(t("power.share"))], rows) });
}

function highest({ highest: found }, address) {
  if (!found.length) return card(t("power.highest"), h("p", {}, t("power.noPower")));
  const at = (each) => (each.is_exact ? exactSeconds(each.at) : t("power.fromTime", { at: each.at.slice(11, 16) }));
  const rows = found.map((each) => [linked(address, each.day, dayName(each.day)), at(each), `${whole(each.va)}\u00a0VA`]);
  return card(t("power.highest"), h("p", { class: "note" }, t("power.highestNote")), scrolled(t("power.highest"), table(t("power.highest"), [t("power.day"), t("table.time"), figures(t("power.power"))], rows)));
}

function overloads({ overloads: found, more_overloads: more, overload_days: days }, address) {
  if (!found.length) return card(t("power.overloads"), h("p", { class: "good" }, t("power.noOverloads")));
  const length = (each) => duration(Math.max(Math.round((Date.parse(each.to) - Date.parse(each.from)) / MINUTE_MS), 1));
  const rows = [...found].reverse().map((each) => [linked(address, each.from, exactMoment(each.from)), each.is_exact ? length(each) : t("power.within", { length: length(each) })]);
  return card(t("power.overloads"), h("p", { class: "note" }, t("power.overloadsNote", { count: found.length + more, days })), scrolled(t("power.overloads"), table(t("power.overloads"), [t("table.from"), figures(t("table.length"))], rows)), more ? h("p", { class: "note" }, t("power.more", { count: more })) : null);
}

function phases({ phases: of, power_kva: kva, unknown }, address) {
  if (!of) return card(t("live.phases"), h("p", {}, t(`power.unknown.phases.${unknown.phases}`)));
  const hasLimit = of.limit !== null;
  const bar = (each) => {
    const found = h("i", { class: "compare-bar", "aria-hidden": "true" });
    found.style.inlineSize = `${each.share * 100}%`;
    return h("span", { class: "compare-cell" }, found, percent(each.share));
  };
  const columns = [t("power.phase"), figures(t("power.mean")), t("power.share"), figures(t("power.most")), t("power.when"), ...(hasLimit ? [figures(t("power.daysAbove", { limit: `${whole(of.limit)} ${of.unit}` }))] : [])];
  const rows = of.items.map((each) => [t("live.phase", { n: each.phase }), `${plain(each.mean)}\u00a0${of.unit}`, bar(each), `${whole(each.max)}\u00a0${of.unit}`, linked(address, each.max_at, exactMoment(each.max_at)), ...(hasLimit ? [String(each.days_over)] : [])]);
  return card(
    t("live.phases"),
    of.imbalance !== null && h("p", {}, t("power.imbalance", { share: percent(of.imbalance) })),
    hasLimit && h("p", { class: "note" }, t("power.third", { kva, limit: `${whole(of.limit)} ${of.unit}` })),
    scrolled(t("live.phases"), table(t("live.phases"), columns, rows)),
  );
}

function voltage({ voltage: of, volts, unknown }, address) {
  if (!of) return card(t("power.verdict"), h("p", {}, t(`power.unknown.voltage.${unknown.voltage}`)));
  const title = t("power.voltage");
  const verdict = [
    t("power.withinShare", { share: percent(1 - of.outside / of.means, 2) }),
    of.weeks_within ? t("power.weeksWithin", { count: of.weeks_within }) : null,
    of.weeks_outside.length ? t("power.weeksOutside", { count: of.weeks_outside.length, weeks: of.weeks_outside.map((each) => fullDay(each.from)).join(", ") }) : null,
    of.weeks_unknown ? t("power.weeksUnknown", { count: of.weeks_unknown }) : null,
    of.beyond ? t("power.beyond", { count: of.beyond }) : null,
  ];
  const line = (name, values, hue) => ({ name, type: "line", data: values, showSymbol: of.days.length < 3, lineStyle: { width: 1.5, color: colour(hue) }, itemStyle: { color: colour(hue) } });
  const limit = (name, value) => ({ name, type: "line", data: of.days.map(() => value), showSymbol: false, silent: true, lineStyle: { width: 1, type: "dashed", color: colour("over") }, itemStyle: { color: colour("over") } });
  const option = () => ({
    tooltip: { axisPointer: { type: "line" }, formatter: ([found]) => tip(fullDay(of.days[found.dataIndex].day), [[t("power.most"), `${whole(of.days[found.dataIndex].max)} V`, colour("accent")], [t("power.least"), `${whole(of.days[found.dataIndex].min)} V`, colour("near")]]) },
    xAxis: { type: "category", data: of.days.map((each) => shortDay(each.day)) },
    yAxis: { type: "value", name: "V", min: ({ min }) => Math.min(min, of.low) - 3, max: ({ max }) => Math.max(max, of.high) + 3 },
    series: [line(t("power.most"), of.days.map((each) => each.max), "accent"), line(t("power.least"), of.days.map((each) => each.min), "near"), limit(t("power.limitHigh", { volts: of.high }), of.high), limit(t("power.limitLow", { volts: of.low }), of.low)],
  });
  const ofFrames = new Map(volts.map((each) => [each.phase, each]));
  const range = (each) => (ofFrames.has(each.phase) ? t("power.range", ofFrames.get(each.phase)) : "–");
  const columns = [t("power.phase"), figures(t("power.least")), figures(t("power.mean")), figures(t("power.most")), figures(t("power.frames"))];
  const rows = of.phases.map((each) => [t("live.phase", { n: each.phase }), `${each.min}\u00a0V`, `${plain(each.mean)}\u00a0V`, `${each.max}\u00a0V`, range(each)]);
  const outside = of.days_outside.map((each) => [linked(address, each.day, fullDay(each.day)), t("live.phase", { n: each.phase }), `${each.min}\u00a0V`, `${each.max}\u00a0V`, duration(each.minutes)]);
  const chart = figure({ title, note: t("power.voltageNote"), label: t("power.voltageChart"), option, table: table(title, [t("power.day"), figures(t("power.least")), figures(t("power.most"))], of.days.map((each) => [linked(address, each.day, fullDay(each.day)), `${each.min}\u00a0V`, `${each.max}\u00a0V`])), height: "low" });
  return h("div", { class: "stack" }, chart, card(
    t("power.verdict"),
    h("p", {}, verdict.filter(Boolean).join(" ")),
    scrolled(t("power.verdict"), table(t("power.verdict"), columns, rows)),
    outside.length ? [h("h3", {}, t("power.outside")), scrolled(t("power.outside"), table(t("power.outside"), [t("power.day"), t("power.phase"), figures(t("power.least")), figures(t("power.most")), figures(t("power.timeOutside"))], outside))] : null,
  ));
}
