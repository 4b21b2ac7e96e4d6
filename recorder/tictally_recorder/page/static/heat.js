/** Mean power by weekday and hour, as a table with coloured cells. */

import { h } from "./dom.js";
import { weekday, whole } from "./format.js";
import { t } from "./i18n.js";

const STEPS = 8;
const HOURS = Array.from({ length: 24 }, (_, n) => n);

/** @param {Array<{weekday: number, hour: number, mean_w: number|null}>} items of /profile. */
export function heat(items) {
  const of = new Map(items.map((each) => [`${each.weekday} ${each.hour}`, each.mean_w]));
  const known = items.map((each) => each.mean_w).filter((each) => each !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const step = (value) => Math.min(Math.floor(((value - least) / (most - least || 1)) * STEPS), STEPS - 1);
  const cell = (day, hour) => {
    const value = of.get(`${day} ${hour}`) ?? null;
    if (value === null) return h("td", { class: "none" }, h("span", { class: "unseen" }, t("unknown")));
    return h("td", { class: `heat-${step(value)}`, title: `${weekday(day)} ${hour} h: ${whole(value)} W` }, h("span", {}, whole(value)));
  };
  const rows = [1, 2, 3, 4, 5, 6, 7].map((day) =>
    h("tr", {}, h("th", { scope: "row" }, h("span", { "aria-hidden": "true" }, weekday(day, "short")), h("span", { class: "unseen" }, weekday(day))), HOURS.map((hour) => cell(day, hour))),
  );
  const scale = h("div", { class: "scale", "aria-hidden": "true" }, `${whole(least)} W`, ...Array.from({ length: STEPS }, (_, n) => h("i", { class: `heat-${n}` })), `${whole(most)} W`);
  const head = h("tr", {}, h("td"), HOURS.map((hour) => h("th", { scope: "col" }, hour)));
  const title = t("year.heat");
  return h(
    "figure",
    { class: "card" },
    h("figcaption", {}, h("span", { class: "title" }, title), h("span", { class: "note" }, t("year.heat.note"))),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, h("table", { class: "heat" }, h("caption", { class: "unseen" }, title), h("thead", {}, head), h("tbody", {}, rows))),
    scale,
  );
}
