/** Prices of today and tomorrow, hour by hour, with the cheapest hours marked. */

import { get } from "./api.js";
import { addDays, today as todayIn } from "./calendar.js";
import { colour, figure, tip } from "./chart.js";
import { figures, table } from "./components.js";
import { h } from "./dom.js";
import { day as dayName, exactClock, price } from "./format.js";
import { fullPeriodName, t } from "./i18n.js";
import { fill } from "./periods.js";

const HOUR_MS = 3_600_000;
const QUARTER_MS = HOUR_MS / 4;
const CHEAPEST_SHARE = 0.25;

/** The prices of a site, for `pricesCard`. */
export const pricesOf = async (site, signal) => (await get("/prices", { site: site.site }, signal)).items[0];

/** The card of both days; null where no price is known, and where all hours of both cost the same. Its charts are drawn
 * once it is on the page: nothing may be waited for in between. */
export function pricesCard(site, found) {
  if (!found || new Set([...found.today, ...found.tomorrow].map((each) => each.price)).size < 2) return null;
  const first = todayIn(site.timezone);
  return h("div", { class: "stack" }, oneDay(found.today, first, "today", found), oneDay(found.tomorrow, addDays(first, 1), "tomorrow", found));
}

/** @param {Array} spans with one price each. @param {string} which `today` or `tomorrow`. */
function oneDay(spans, date, which, { currency }) {
  const title = `${t(`tempo_day.${which}`)}, ${dayName(date)}`;
  if (!spans.length) return h("section", { class: "card" }, h("h2", {}, title), h("p", {}, t("hourly.unknown")));
  const slots = slotsOf(spans);
  const cheap = cheapest(slots);
  const name = (slot) => `${exactClock(slot.start)}–${exactClock(slot.end)}`;
  const isPeriods = slots.some((each) => each.period !== null);
  const style = (slot) => (slot.period !== null ? fill(slot.period) : { color: colour(cheap.has(slot) ? "good" : "p-hp") });
  const option = () => ({
    tooltip: { formatter: ([{ dataIndex: n }]) => tip(name(slots[n]), [[label(slots[n], cheap), price(slots[n].price, currency)]]) },
    xAxis: { type: "category", data: slots.map((each) => exactClock(each.start)) },
    yAxis: { type: "value", name: "€/kWh" },
    series: [{ name: t("price.now"), type: "bar", barCategoryGap: "8%", data: slots.map((each) => ({ value: Number(each.price), itemStyle: style(each) })) }],
  });
  const rows = slots.map((each) => [name(each), price(each.price, currency), label(each, cheap)]);
  const whole = slots.reduce((sum, each) => sum + each.ms, 0) >= 23 * HOUR_MS;
  const note = [cheap.size && t("hourly.cheapest", { hours: hoursOf(slots, cheap) }), !whole && t("hourly.partly")].filter(Boolean).join(" · ");
  return figure({ title, note: note || null, label: `${title}. ${note}`, option, height: "low", table: table(title, [t("table.time"), figures(t("hourly.price")), isPeriods ? t("hourly.period") : t("hourly.mark")], rows) });
}

const label = (slot, cheap) => [slot.period !== null && fullPeriodName(slot.period), cheap.has(slot) && t("hourly.isCheap")].filter(Boolean).join(" · ") || "";

/** Slots of an hour, or of a quarter-hour where prices change within the hour. */
function slotsOf(spans) {
  const all = spans.map((each) => ({ ...each, from: Date.parse(each.start), to: Date.parse(each.end) }));
  const step = all.every((each) => each.from % HOUR_MS === 0 && each.to % HOUR_MS === 0) ? HOUR_MS : QUARTER_MS;
  return all.flatMap((each) => {
    const slots = [];
    for (let at = each.from; at < each.to; at += step) slots.push({ start: at, end: Math.min(at + step, each.to), ms: Math.min(step, each.to - at), period: each.period, price: each.price });
    return slots;
  });
}

/** The slots whose price is among the lowest quarter of the day's; none where all cost the same. */
function cheapest(slots) {
  const prices = slots.map((each) => Number(each.price)).sort((a, b) => a - b);
  if (prices[0] === prices.at(-1)) return new Set();
  const most = prices[Math.max(Math.floor(prices.length * CHEAPEST_SHARE) - 1, 0)];
  return new Set(slots.filter((each) => Number(each.price) <= most));
}

/** The marked slots, those that follow one another as one time. */
function hoursOf(slots, cheap) {
  const times = [];
  for (const slot of slots.filter((each) => cheap.has(each))) {
    if (times.length && times.at(-1).end === slot.start) times.at(-1).end = slot.end;
    else times.push({ start: slot.start, end: slot.end });
  }
  return times.map((each) => `${exactClock(each.start)}–${exactClock(each.end)}`).join(", ");
}
