/** Any span of days against another one, and the days after a note against those before it. */

import { get } from "../api.js";
import { addDays, addMonths, earlier, later, today as todayIn } from "../calendar.js";
import { figure } from "../chart.js";
import { choice, figures, table, tile } from "../components.js";
import { h } from "../dom.js";
import { change, fullDay, kwh, money, plain, roundMoney, signedKwh, whole } from "../format.js";
import { periodName, t } from "../i18n.js";
import { energyBars, inOrder } from "../periods.js";
import { remarkText } from "../reasons.js";

const DAY = "\\d{4}-\\d\\d-\\d\\d";
const SPANS = new RegExp(`^(${DAY})_(${DAY})_(${DAY})_(${DAY})$`);
const NOTE = /^note-(\d+)-(4|8|13|notes)$/;
const WEEKS = ["4", "8", "13", "notes"];
// The months in which homes are heated.
const WINTER = ["11-01", "04-01"];

/** @param {object} context see main.js. */
export async function render({ site, argument, signal, address }) {
  const now = todayIn(site.timezone);
  const notes = await get("/notes", { site: site.site }, signal);
  const about = argument?.match(NOTE);
  const spans = about ? null : argument?.match(SPANS)?.slice(1) ?? first(site, now);
  const answer = about
    ? await get(`/notes/${about[1]}/effect`, { site: site.site, weeks: about[2] }, signal)
    : await get("/versus", { site: site.site, from: spans[0], to: spans[1], against_from: spans[2], against_to: spans[3] }, signal);
  const [of] = answer.items;
  const note = about && notes.items.find((each) => String(each.note) === about[1]);
  const shown = of ? [of.here.from, of.here.to, of.against.from, of.against.to] : spans ?? first(site, now);
  return {
    element: h(
      "div",
      { class: "stack" },
      h("h1", {}, note ? t("versus.ofNote", { text: note.text, day: fullDay(note.day) }) : t("nav.versus")),
      about && weekChoice(about, address),
      of?.here.days && of?.against.days ? result(of) : h("section", { class: "card empty" }, h("h2", {}, t("versus.empty")), h("p", {}, t("versus.emptyText"))),
      form(shown, now, site, address),
      presets(now, notes.items, site, address),
    ),
  };
}

const spansOf = (...days) => days.join("_");

/** What a site is old enough for: last month and a year before it, the month before it, or two weeks. */
function first(site, now) {
  const begun = addDays(site.first.slice(0, 10), 1);
  const month = `${now.slice(0, 7)}-01`;
  const [since, before] = [-1, -2].map((each) => `${addMonths(now.slice(0, 7), each)}-01`);
  const weeks = [-7, 0, -14, -7].map((each) => addDays(now, each));
  return [lastMonth(now), [since, month, before, since], weeks].find((each) => each[2] >= begun) ?? weeks;
}

/** Last month against the same month a year before. */
function lastMonth(now) {
  const month = addMonths(now.slice(0, 7), -1);
  return [month, addMonths(month, 1), addMonths(month, -12), addMonths(month, -11)].map((each) => `${each}-01`);
}

/** This winter so far, or the last one while it is summer, against the same days a year before. */
function winter(now) {
  const year = now.slice(5) > WINTER[0] ? Number(now.slice(0, 4)) : Number(now.slice(0, 4)) - 1;
  const until = (of) => `${of + 1}-${WINTER[1]}`;
  const end = earlier(now, until(year));
  const before = `${Number(end.slice(0, 4)) - 1}${end.slice(4) === "-02-29" ? "-02-28" : end.slice(4)}`;
  return [`${year}-${WINTER[0]}`, end, `${year - 1}-${WINTER[0]}`, before];
}

function weekChoice([, number, weeks], address) {
  const options = WEEKS.map((each) => [each, each === "notes" ? t("versus.untilNotes") : t("versus.weeks", { n: each })]);
  return choice(t("versus.length"), options, weeks, (key) => {
    location.hash = address("versus", `note-${number}-${key}`);
  });
}

function result(of) {
  const currency = of.currency ?? "EUR";
  const { here, against } = of;
  const share = (a, b) => (a === null || b === null || !Number(b) ? null : change(Number(a) / Number(b) - 1));
  const range = ({ low, high }, write) => t("versus.range", { low: write(low), high: write(high) });
  const saved = of.saved_wh_a_year;
  const paid = of.saved_cost_a_year;
  const perDay = of.is_corrected && of.saved_wh_a_day;
  return [
    h(
      "section",
      { class: "tiles", "aria-label": t("versus.result") },
      tile(t("versus.kwhADay"), share(here.wh_a_day, against.wh_a_day) ?? "–", t("versus.beside", { here: kwh(here.wh_a_day), against: kwh(against.wh_a_day) })),
      here.cost_a_day !== null && against.cost_a_day !== null ? tile(t("versus.costADay"), share(here.cost_a_day, against.cost_a_day) ?? "–", t("versus.beside", { here: money(here.cost_a_day, currency), against: money(against.cost_a_day, currency) })) : null,
      perDay ? tile(t("versus.corrected"), change(-perDay.value / of.expected_wh_a_day), t("versus.expected", { expected: kwh(of.expected_wh_a_day), here: kwh(of.expected_wh_a_day - perDay.value) })) : null,
      saved ? tile(t(of.is_corrected ? "versus.aYear" : "versus.aYearUncorrected"), signedKwh(-saved.value), range({ low: -saved.high, high: -saved.low }, signedKwh)) : null,
      saved && paid ? tile(t("versus.paidAYear"), roundMoney(-paid.value, currency), range({ low: -paid.high, high: -paid.low }, (value) => roundMoney(value, currency))) : null,
    ),
    h("section", { class: "card" }, h("h2", {}, t("versus.reading")), h("ul", { class: "reasons" }, of.remarks.map((each) => h("li", {}, remarkText(each))))),
    chart(of),
    h("section", { class: "card" }, h("h2", {}, t("versus.figures")), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("versus.figures") }, figureTable(of, share, currency))),
  ];
}

const title = (span) => `${fullDay(span.from)} – ${fullDay(addDays(span.to, -1))}`;

/** What a day consumed by tariff period, of both spans. */
function chart(of) {
  const rows = [of.against, of.here].map((span) => ({ span, consumption_wh: span.wh_a_day, periods: Object.fromEntries(Object.entries(span.periods).map(([name, wh]) => [name, wh / span.days])) }));
  const heading = (row) => title(row.span);
  return figure({ title: t("versus.byPeriod"), note: null, option: () => energyBars(rows, heading, heading), table: null, height: "low" });
}

function figureTable(of, share, currency) {
  const { here, against } = of;
  const line = (name, key, write, isCompared = true) => {
    const [a, b] = [here[key], against[key]];
    if (a === null && b === null) return null;
    return [name, ...[a, b].map((each) => (each === null ? "–" : write(each))), (isCompared && share(a, b)) || "–"];
  };
  const amount = (value) => money(value, currency);
  const number = (value) => plain(Number(value));
  const degrees = (value) => `${number(value)}\u00a0°C`;
  const periods = inOrder([...Object.keys(here.periods), ...Object.keys(against.periods)]);
  const ofPeriod = (name) => {
    const [a, b] = [here, against].map((span) => (span.periods[name] ?? 0) / span.days);
    return [t("versus.periodADay", { period: periodName(name) }), kwh(a), kwh(b), share(a, b) ?? "–"];
  };
  const injects = here.injection_wh || against.injection_wh;
  const cells = [
    [t("versus.days"), ...[here, against].map((span) => (span.days === span.span_days ? whole(span.days) : t("versus.daysOf", { days: whole(span.days), of: whole(span.span_days) }))), "–"],
    line(t("energy"), "energy_wh", kwh, here.days === against.days),
    line(t("versus.kwhADay"), "wh_a_day", kwh),
    ...(periods.length > 1 ? periods.map(ofPeriod) : []),
    injects ? line(t("injection"), "injection_wh", kwh, here.days === against.days) : null,
    line(t("cost"), "cost", amount, here.cost_days === against.cost_days),
    line(t("versus.costADay"), "cost_a_day", amount),
    line(t("income"), "income", amount, here.cost_days === against.cost_days),
    line(t("temperature.mean"), "mean_c", degrees, false),
    line(t("temperature.degreeDays"), "degree_days", number, false),
  ].filter(Boolean);
  return table(t("versus.figures"), [t("versus.figure"), figures(title(here)), figures(title(against)), figures(t("table.change"))], cells);
}

/** Days are shown with the last one; the address has the one after it. */
function form(spans, now, site, address) {
  const first = site.first.slice(0, 10);
  const field = (id, value, label) => {
    const input = h("input", { type: "date", id, min: first, max: now, value, required: true });
    return { input, element: h("div", {}, h("label", { for: id }, label), input) };
  };
  const last = (until) => earlier(addDays(until, -1), now);
  const fields = [
    field("versus-from", later(spans[0], first), t("versus.from")),
    field("versus-to", later(last(spans[1]), first), t("versus.to")),
    field("versus-against-from", later(spans[2], first), t("versus.againstFrom")),
    field("versus-against-to", later(last(spans[3]), first), t("versus.againstTo")),
  ];
  const problem = h("p", { role: "alert" });
  const submit = (event) => {
    event.preventDefault();
    const [from, to, againstFrom, againstTo] = fields.map(({ input }) => input.value);
    if (from > to || againstFrom > againstTo) problem.textContent = t("versus.outOfOrder");
    else location.hash = address("versus", spansOf(from, addDays(to, 1), againstFrom, addDays(againstTo, 1)));
  };
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("versus.choose")),
    h("form", { class: "fields spans", onsubmit: submit }, fields.map(({ element }) => element), h("p", { class: "buttons" }, h("button", { class: "button" }, t("versus.compare"))), problem),
  );
}

function presets(now, notes, site, address) {
  const link = (name, argument) => h("li", {}, h("a", { href: address("versus", argument) }, name));
  const items = [
    link(t("versus.lastMonth"), spansOf(...lastMonth(now))),
    link(t(now.slice(5) > WINTER[0] || now.slice(5) < WINTER[1] ? "versus.thisWinter" : "versus.lastWinter"), spansOf(...winter(now))),
    ...notes.filter((note) => note.day < now && note.day > site.first.slice(0, 10)).map((note) => link(t("versus.aroundNote", { text: note.text, day: fullDay(note.day) }), `note-${note.note}-8`)),
  ];
  return h("section", { class: "card" }, h("h2", {}, t("versus.presets")), h("ul", { class: "events" }, items), h("p", {}, h("a", { href: address("notes") }, t("notes.all"))));
}
