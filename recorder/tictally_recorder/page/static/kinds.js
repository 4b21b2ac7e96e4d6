/** What /period knows of a month or a year: how much of it there is, kinds of day, degree-days. */

import { addDays } from "./calendar.js";
import { figures, table, tile } from "./components.js";
import { h } from "./dom.js";
import { fullDay, kwh, money, plain, whole } from "./format.js";
import { t } from "./i18n.js";

/** The days between which a period that is incomplete has data; null for a complete one. */
export function partOf(period) {
  if (!period.is_partial || !period.known_from || !period.known_to) return null;
  const notes = [period.known_from > period.from && t("part.from", { day: fullDay(period.known_from) }), !period.is_running && period.known_to < period.to && t("part.until", { day: fullDay(addDays(period.known_to, -1)) })];
  return notes.filter(Boolean).join(" · ") || null;
}

/** A mark beside the title of a period that lacks days, other than those to come; null for another one. */
export const partMark = (period) => (partOf(period) ? h("span", { class: "tag part" }, t("part.incomplete")) : null);

/** A tile of the degree-days; null where no temperature is known. */
export function degreeDaysTile(period) {
  if (period.degree_days === null) return null;
  const notes = [
    period.wh_a_degree_day !== null && Number(period.degree_days) >= 1 && t("period.aDegreeDay", { kwh: kwh(period.wh_a_degree_day) }),
    t("period.meanOf", { mean: plain(Number(period.mean_c)) }),
    period.temperature_days < period.days && t("period.daysOf", { count: period.temperature_days }),
  ];
  return tile(t("temperature.degreeDays"), whole(Number(period.degree_days)), notes.filter(Boolean).join(" · "));
}

/** A card with what an ordinary day of each kind takes; null where not even two kinds are known. */
export function kindCard(period) {
  const known = period.kinds.filter((each) => each.days);
  if (known.length < 2) return null;
  const pays = known.some((each) => each.cost_a_day !== null);
  const columns = [t("kinds.kind"), figures(t("temperature.days")), figures(t("versus.kwhADay")), ...(pays ? [figures(t("versus.costADay"))] : [])];
  const name = ({ kind }) => t(kind === "rest" && !period.holidays ? "kinds.sunday" : `kinds.${kind}`);
  const cost = (each) => (each.cost_a_day === null ? "–" : money(each.cost_a_day, period.currency ?? "EUR"));
  const cells = known.map((each) => [name(each), whole(each.days), kwh(each.wh_a_day), ...(pays ? [cost(each)] : [])]);
  const total = [t("kinds.all"), whole(period.days), kwh(period.wh_a_day), ...(pays ? [cost(period)] : [])];
  return h("section", { class: "card" }, h("h2", {}, t("kinds.title")), h("p", { class: "note" }, t("kinds.note")), table(t("kinds.title"), columns, cells, total));
}
