/** The year of a tariff whose days have colours, Tempo, or mobile peaks, EJP: a calendar, days used and left, kWh and cost. */

import { all, get } from "./api.js";
import { addDays, addMonths, today as todayIn } from "./calendar.js";
import { figures, stepper, table } from "./components.js";
import { h } from "./dom.js";
import { exactMoment, fullDay, kwh, money, monthAlone, price, wall, weekday, whole } from "./format.js";
import { fullPeriodName, periodName, t } from "./i18n.js";
import { inOrder, slug } from "./periods.js";

const TEMPO = ["ROUGE", "BLANC", "BLEU"];
const QUOTAS = { ROUGE: 22, BLANC: 43 };
const EJP_DAYS = 22;
const SEASON_BEGINS = 9;

/** The card of the season that an address names, or of the present one; null for tariffs without such days. */
export async function colourCalendar({ site, address, signal }, history, argument) {
  const kind = history?.periods.some((each) => each.endsWith(" ROUGE")) ? "tempo" : history?.periods.includes("PM") ? "ejp" : null;
  if (!kind || !site) return null;
  const now = todayIn(site.timezone);
  const present = Number(now.slice(0, 4)) - (Number(now.slice(5, 7)) < SEASON_BEGINS ? 1 : 0);
  const year = /^\d{4}$/.test(argument ?? "") ? Number(argument) : present;
  const [from, until] = [`${year}-09-01`, `${year + 1}-09-01`];
  const first = site.first.slice(0, 10);
  const span = { site: site.site, from: from < first ? first : from, to: addDays(now, 1) < until ? addDays(now, 1) : until };
  const isOurs = span.from < span.to;
  const [tempo, use, cost, prices] = await Promise.all([
    kind === "tempo" ? all("/calendar/tempo", { site: site.site, season: year }, signal) : null,
    isOurs ? all("/use", { ...span, by: "day" }, signal) : { items: [] },
    isOurs ? all("/cost", { ...span, by: "year" }, signal).catch(() => ({ items: [] })) : { items: [] },
    year === present ? get("/prices", { site: site.site }, signal) : null,
  ]);
  const days = kind === "tempo" ? new Map(tempo.items.map((each) => [each.day, each.colour])) : peaks(use.items);
  const names = [t("calendar.before"), t("calendar.after")];
  const head = stepper(`${year}–${year + 1}`, address("tariffs", `${history.id}/${year - 1}`), year < present ? address("tariffs", `${history.id}/${year + 1}`) : null, names, "h3");
  return h(
    "section",
    { class: "card colour-calendar" },
    h("h2", {}, t(`calendar.${kind}`)),
    head,
    kind === "tempo" ? tempoCounts(tempo, days, now) : ejpCounts(days, prices?.items[0]),
    months(days, from, now, kind),
    totals(use.items, cost.items, history, kind),
  );
}

/** The days on which a mobile peak was counted. */
const peaks = (items) => new Map(items.filter((each) => each.quality !== "unknown").map((each) => [each.from.slice(0, 10), each.periods.PM > 0 ? "PM" : "HN"]));

function tempoCounts({ left }, days, now) {
  const used = (colour) => [...days].filter(([day, each]) => each === colour && day <= now).length;
  const rows = TEMPO.map((colour) => [mark(colour, t(`tempo.${colour}`)), whole(used(colour)), left ? whole(left[colour]) : t("unknown"), QUOTAS[colour] ? whole(QUOTAS[colour]) : "–"]);
  const tomorrow = days.get(addDays(now, 1));
  return [
    h("p", {}, t("calendar.tomorrow", { colour: tomorrow ? t(`tempo.${tomorrow}`) : t("tempo.unknown") })),
    table(t("calendar.counts"), [t("calendar.colour"), figures(t("calendar.used")), figures(t("calendar.left")), figures(t("calendar.quota"))], rows),
  ];
}

function ejpCounts(days, prices) {
  const used = [...days.values()].filter((each) => each === "PM").length;
  const next = prices?.next_period_at ? t("calendar.ejpNext", { period: periodName(prices.next_period), at: exactMoment(prices.next_period_at) }) : t("calendar.ejpNextUnknown");
  return [h("p", {}, t("calendar.ejpUsed", { count: used, left: Math.max(EJP_DAYS - used, 0) })), h("p", { class: "note" }, next)];
}

const mark = (colour, text) => h("span", { class: "with-swatch" }, h("i", { class: `swatch day-${colour.toLowerCase()}` }), text);

/** Twelve months from September on, each a grid of weeks. */
function months(days, from, now, kind) {
  const one = (month) => {
    const first = `${month}-01`;
    const count = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate();
    const blanks = (wall(first).getUTCDay() + 6) % 7;
    const cells = Array.from({ length: count }, (_, n) => addDays(first, n)).map((day, n) => {
      const colour = days.get(day);
      const name = colour ? (kind === "tempo" ? t(`tempo.${colour}`) : fullPeriodName(colour)) : day > now ? t("tempo.unknown") : t("unknown");
      return h("td", { class: colour ? `day-${colour.toLowerCase()}` : "day-unknown", title: `${fullDay(day)}: ${name}` }, String(n + 1), h("span", { class: "unseen" }, ` ${name}`));
    });
    const all_ = [...Array.from({ length: blanks }, () => h("td", {})), ...cells];
    const weeks = Array.from({ length: Math.ceil(all_.length / 7) }, (_, n) => h("tr", {}, all_.slice(n * 7, n * 7 + 7)));
    const heads = h("tr", {}, Array.from({ length: 7 }, (_, n) => h("th", { scope: "col" }, h("span", { "aria-hidden": "true" }, weekday(n + 1, "narrow")), h("span", { class: "unseen" }, weekday(n + 1)))));
    return h("table", { class: "days-of-month" }, h("caption", {}, `${monthAlone(month)} ${month.slice(0, 4)}`), h("thead", {}, heads), h("tbody", {}, weeks));
  };
  return h("div", { class: "year-of-days" }, Array.from({ length: 12 }, (_, n) => one(addMonths(from.slice(0, 7), n))));
}

/** Own kWh and cost of each period, with the present price. */
function totals(use, cost, history, kind) {
  const wh = {};
  for (const each of use) for (const [name, value] of Object.entries(each.periods)) wh[name] = (wh[name] ?? 0) + value;
  const amounts = {};
  for (const each of cost) if (each.kind === "energy" && each.direction === "consumption" && each.amount !== null) amounts[each.period] = (amounts[each.period] ?? 0) + Number(each.amount);
  const newest = history.versions.at(-1);
  const priceOf = (name) => Object.values(newest?.energy ?? {}).find((each) => each[name])?.[name]?.ttc ?? null;
  const rows = inOrder(history.periods).map((name) => [
    h("span", { class: "with-swatch" }, h("i", { class: `swatch p-${slug(name)}` }), fullPeriodName(name)),
    priceOf(name) === null ? "–" : price(priceOf(name), history.currency),
    wh[name] === undefined ? "–" : kwh(wh[name]),
    amounts[name] === undefined ? "–" : money(amounts[name], history.currency),
  ]);
  return [h("h3", {}, t(`calendar.own.${kind}`)), table(t(`calendar.own.${kind}`), [t("hourly.period"), figures(t("hourly.price")), figures(t("energy")), figures(t("cost"))], rows)];
}
