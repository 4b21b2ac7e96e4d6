/** Which subscribed powers would have been enough, as a card. */

import { addDays, daysOf } from "./calendar.js";
import { figures, table } from "./components.js";
import { h } from "./dom.js";
import { fullDay, money, signedMoney } from "./format.js";
import { t } from "./i18n.js";
import { remarkText } from "./reasons.js";

const FEW = 5;

/**
 * @param {object} answer of /power for one site.
 * @param {function|null} address see main.js; with it, the days on which a power was exceeded are links where they are few.
 */
export function powerCard(answer, address = null) {
  const columns = [figures(t("compare.power")), figures(t("power.over")), figures(t("power.unknown")), figures(t("subscription")), figures(t("power.saving"))];
  const rows = answer.items.map((each) => [
    [`${each.power_kva} kVA `, each.is_subscribed && h("span", { class: "badge mine" }, t("tariff.yours"))],
    [String(each.days_over), address && each.days_over > 0 && each.days_over <= FEW && h("span", { class: "day-links" }, daysOver(each).map((day) => h("a", { href: address("day", day) }, fullDay(day))))],
    String(each.days_unknown),
    each.subscription === null ? "–" : t("price.month", { price: money(each.subscription, each.currency) }),
    each.saving_year === null ? "–" : signedMoney(Number(each.saving_year), each.currency),
  ]);
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("power.title")),
    address && answer.items.length ? h("p", {}, beside(answer.items)) : null,
    answer.remarks.map((each) => h("p", { class: "note" }, remarkText(each))),
    rows.length ? h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("power.title") }, table(t("power.title"), columns, rows)) : h("p", {}, t("power.noDay")),
  );
}

const daysOver = ({ over }) => over.flatMap(([first, last]) => daysOf(first, addDays(last, 1)));

/** The power below the subscribed one, which is the first question; the subscribed one where there is none below. */
function beside(items) {
  const at = items.findIndex((each) => each.is_subscribed);
  return items
    .slice(Math.max(at - 1, 0), at < 0 ? 2 : at + 1)
    .map((each) => t(each.days_over ? "power.exceeded" : "power.never", { kva: each.power_kva, count: each.days_over, days: each.days }))
    .join(" ");
}
