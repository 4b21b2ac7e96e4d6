/** What switching would save in a year: today's prices on the consumption of each year that is known. */

import { get } from "./api.js";
import { addDays, daysBetween, later } from "./calendar.js";
import { figures, table } from "./components.js";
import { h } from "./dom.js";
import { fullDay, roundMoney, signedMoney } from "./format.js";
import { language, t } from "./i18n.js";

const YEAR_DAYS = 365;
const MOST_YEARS = 3;
const LEAST_DAYS = 30;
const SHOWN = 5;

/**
 * The savings of the best offers, best first.
 * @param {string} to the day after the last one.
 * @param {object} query further parameters of /compare: `off_peak`, `offers`.
 * @returns {Promise<object>} `items` with `name`, `tariff`, `saving`, `low`, `high`; `years` that were compared, `days` of the newest.
 */
export async function savingsOf(site, to, query, power, signal, mostYears = MOST_YEARS) {
  const first = addDays(site.first.slice(0, 10), 1);
  const years = [];
  for (let n = 0; n < mostYears; n += 1) {
    const until = addDays(to, -YEAR_DAYS * n);
    const from = later(addDays(until, -YEAR_DAYS), first);
    const days = daysBetween(from, until);
    // Only the newest year may be incomplete: it is what there is.
    if (n ? days < YEAR_DAYS : days < LEAST_DAYS) break;
    const answer = await get("/compare", { site: site.site, from, to: until, prices_on: addDays(to, -1), language: language(), ...query }, signal);
    const found = savingsIn(answer.items, power, days);
    if (!found) break;
    years.push({ from, to: until, days, ...found });
  }
  if (!years.length) return { items: [], years, mine: null, days: 0 };
  const [newest] = years;
  const items = newest.items.map((each) => {
    const known = years.map((year) => year.items.find((other) => other.tariff === each.tariff)?.saving).filter((value) => value !== undefined);
    return { ...each, low: Math.min(...known), high: Math.max(...known), years: known.length };
  });
  return { items: items.sort((a, b) => b.saving - a.saving), years, mine: newest.mine, days: newest.days };
}

/** Savings against the own tariff at the same prices; null where that one is unknown. Part of a year is scaled to all of it. */
function savingsIn(rows, power, days) {
  const known = rows.filter((each) => each.quality !== "unknown" && (each.power_kva === power || each.power_kva === null));
  const mine = known.find((each) => each.tariff === each.actual_tariff);
  if (!mine) return null;
  const items = known.filter((each) => each !== mine && each.currency === mine.currency).map((each) => ({ tariff: each.tariff, name: each.name ?? each.tariff, currency: each.currency, saving: ((Number(mine.amount) - Number(each.amount)) * YEAR_DAYS) / days }));
  return { mine: mine.name ?? mine.tariff, items };
}

/** The table of savings, with what they rest on. */
export function savingsCard(found) {
  if (!found.items.length) return null;
  const isWhole = found.days >= YEAR_DAYS;
  const range = (each) => (each.years > 1 ? t("savings.range", { low: signedMoney(Math.round(each.low), each.currency), high: signedMoney(Math.round(each.high), each.currency) }) : t("savings.noRange"));
  const rows = found.items.slice(0, SHOWN).map((each) => [each.name, each.saving >= 0 ? roundMoney(each.saving, each.currency) : t("savings.dearer", { amount: roundMoney(-each.saving, each.currency) }), range(each)]);
  const spans = found.years.map((each) => t("savings.span", { from: fullDay(each.from), to: fullDay(addDays(each.to, -1)) }));
  return h(
    "section",
    { class: "card savings" },
    h("h2", {}, t("savings.title")),
    h("p", { class: "note" }, t("savings.note", { name: found.mine }), " ", isWhole ? t("savings.years", { count: found.years.length, spans: spans.join(" ; ") }) : t("savings.part", { count: found.days })),
    table(t("savings.title"), [t("compare.list"), figures(t("savings.year")), figures(t("savings.spread"))], rows),
  );
}
