/** Graphics without ECharts: the gauge and the heat map. */

import { h, svg } from "./dom.js";
import { decimal, percent, weekday, whole } from "./format.js";
import { t } from "./i18n.js";

const LENGTH = Math.PI * 80;
const NEAR = 0.9;

/** An element with `.set(item)`, which shows an item of /now. */
export function gauge() {
  const arc = (kind) => svg("path", { class: kind, d: "M20 100a80 80 0 0 1 160 0", fill: "none" });
  const value = arc("value");
  const drawing = svg("svg", { viewBox: "0 0 200 112", "aria-hidden": "true", class: "arc" }, arc("track"), value);
  const figure = h("div", { class: "figure" });
  const under = h("div", { class: "under" });
  const element = h("div", { class: "gauge", role: "meter", "aria-label": t("live.power"), "aria-valuemin": 0, "aria-valuenow": 0 }, drawing, h("div", { class: "reading" }, figure, under));
  value.style.strokeDasharray = `${LENGTH}`;
  element.set = (item) => {
    // A meter that injects reports 0 VA consumed: that is not what is happening.
    const isInjecting = item.injection_va > 0 && !item.power_va;
    const power = isInjecting ? item.injection_va : item.power_va;
    const known = power !== null;
    const most = item.subscribed_kva ? item.subscribed_kva * 1000 : null;
    const share = known && most ? power / most : 0;
    value.style.strokeDashoffset = `${LENGTH * (1 - Math.min(share, 1))}`;
    element.classList.toggle("injecting", isInjecting);
    element.classList.toggle("near", !isInjecting && share >= NEAR && share <= 1);
    element.classList.toggle("over", item.overload || (!isInjecting && share > 1));
    figure.textContent = known ? whole(power) : "–";
    figure.dataset.unit = "VA";
    const parts = [isInjecting ? t("live.injecting") : most && known && t("live.share", { share: percent(share), kva: item.subscribed_kva })];
    if (item.overload) parts.push(t("live.overload"));
    if (item.injection_va && !isInjecting) parts.push(t("live.injection", { va: whole(item.injection_va) }));
    under.textContent = parts.filter(Boolean).join(" · ");
    element.setAttribute("aria-valuemax", most ?? Math.max(power ?? 0, 1));
    element.setAttribute("aria-valuenow", power ?? 0);
    element.setAttribute("aria-valuetext", known ? `${whole(power)} VA. ${under.textContent}` : t("unknown"));
  };
  return element;
}

const STEPS = 8;
const HOURS = Array.from({ length: 24 }, (_, n) => n);
const DAYS = [1, 2, 3, 4, 5, 6, 7];

/** @param {Array<{weekday: number, hour: number, mean_w: number|null}>} items of /profile. */
export function heat(items) {
  const rows = DAYS.map((day) => ({ key: day, short: weekday(day, "short"), long: weekday(day) }));
  const values = new Map(items.map((each) => [`${each.weekday} ${each.hour}`, each.mean_w]));
  return heatMap({ title: t("year.heat"), note: (unit) => t("year.heat.note", { unit }), rows, values });
}

/**
 * Mean powers by hour of the day and something else.
 * @param {object} what `title`; `note`: a function of the unit; `rows`: of `key`, `short` and `long` name; `values`:
 *   W by `${key} ${hour}`, null or missing where it is unknown.
 */
export function heatMap({ title, note, rows, values }) {
  const known = [...values.values()].filter((each) => each !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  // A cell has room for three characters: from 1000 W on all of them are in kW.
  const isLarge = most >= 999.5;
  const [unit, write] = isLarge ? ["kW", (value) => decimal(value / 1000)] : ["W", whole];
  const step = (value) => Math.min(Math.floor(((value - least) / (most - least || 1)) * STEPS), STEPS - 1);
  const cell = (row, hour) => {
    const value = values.get(`${row.key} ${hour}`) ?? null;
    if (value === null) return h("td", { class: "none" }, h("span", { class: "unseen" }, t("unknown")));
    return h("td", { class: `heat-${step(value)}`, title: `${row.long} ${hour} h: ${whole(value)} W` }, h("span", {}, write(value)));
  };
  const head = (row, scope) => h("th", { scope }, h("span", { "aria-hidden": "true" }, row.short), h("span", { class: "unseen" }, row.long));
  const across = rows.map((row) => h("tr", {}, head(row, "row"), HOURS.map((hour) => cell(row, hour))));
  const down = HOURS.map((hour) => h("tr", {}, h("th", { scope: "row" }, `${hour} h`), rows.map((row) => cell(row, hour))));
  const scale = h("div", { class: "scale", "aria-hidden": "true" }, `${write(least)} ${unit}`, ...Array.from({ length: STEPS }, (_, n) => h("i", { class: `heat-${n}` })), `${write(most)} ${unit}`);
  // A phone has no room for 24 columns: there the hours are rows. One of the two is displayed.
  const grid = (kind, heads, lines) => h("table", { class: `heat ${kind}` }, h("caption", { class: "unseen" }, title), h("thead", {}, h("tr", {}, h("td"), heads)), h("tbody", {}, lines));
  return h(
    "figure",
    { class: "card" },
    h("figcaption", {}, h("span", { class: "title" }, title), h("span", { class: "note" }, note(unit))),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, grid("across", HOURS.map((hour) => h("th", { scope: "col" }, hour)), across), grid("down", rows.map((row) => head(row, "col")), down)),
    scale,
  );
}
