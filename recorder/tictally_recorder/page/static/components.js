/** Building blocks of all views: tables, tiles, choices, placeholders. */

import { Problem } from "./api.js";
import { h } from "./dom.js";
import { change, kwh, money, signedMoney } from "./format.js";
import { t } from "./i18n.js";
import { prefer, preferNow, preference } from "./preferences.js";
import { reasonText } from "./reasons.js";
import { isIncomplete } from "./totals.js";

const NARROW_COLUMNS = 3;

/**
 * @param {string} caption for screen readers.
 * @param {Array<string|{text: string, number: boolean}>} columns
 * @param {Array<Array<string|Node>>} rows the first cell of each is its header.
 */
export function table(caption, columns, rows, foot = null) {
  const heads = columns.map((each) => (typeof each === "string" ? { text: each, number: false } : each));
  const kind = (n) => (heads[n].number ? "number" : null);
  // On a phone a wide table has its cells below one another, each with its heading. The roles stay what they are then.
  const isWide = heads.length > NARROW_COLUMNS;
  const role = (name) => (isWide ? name : null);
  const cellOf = (cell, n) => (n ? h("td", { class: kind(n), role: role("cell"), "data-label": role(heads[n].text) }, ...[cell].flat()) : h("th", { scope: "row", role: role("rowheader") }, ...[cell].flat()));
  const line = (cells) => h("tr", { role: role("row") }, cells.map(cellOf));
  return h(
    "table",
    { class: isWide ? "wide" : null, role: role("table") },
    h("caption", { class: "unseen" }, caption),
    h("thead", { role: role("rowgroup") }, h("tr", { role: role("row") }, heads.map((each, n) => h("th", { scope: "col", class: kind(n), role: role("columnheader") }, each.text)))),
    h("tbody", { role: role("rowgroup") }, rows.map(line)),
    foot && h("tfoot", { role: role("rowgroup") }, line(foot)),
  );
}

/** A column of numbers. */
export const figures = (text) => ({ text, number: true });

/** A figure with its label above and a note below. */
export const tile = (name, figure, note = null) =>
  h("div", { class: "tile" }, h("h3", {}, name), h("div", { class: "big" }, figure), note && h("p", { class: "note" }, note));

/** A tile with the change against other days: of their energy, and in money where both costs are known.
 *
 * @param {object|null} other `wh` and `cost` of the others, `ofWh` and `ofCost` of these; `currency`.
 */
export function comparison(name, other, note) {
  if (!other?.wh || other.ofWh === null || other.ofWh === undefined) return null;
  const paid = other.cost !== null && other.ofCost !== null && h("span", { class: "line" }, t("compared.cost", { change: signedMoney(other.ofCost - other.cost, other.currency), cost: money(other.cost, other.currency) }));
  return tile(name, change(other.ofWh / other.wh - 1), [note && [note, h("br")], t("compared", { kwh: kwh(other.wh) }), paid]);
}

/** Totals of some days beside the same of others, as `comparison` takes them; null where nothing is known of one.
 *
 * @param {object} there `use` and `cost`: answers of /use and /cost for one period.
 * @param {object} here the same.
 */
export function compared(there, here, days) {
  const total = (answer) => answer?.items.find((each) => each.kind === "total") ?? null;
  const [cost, ofCost] = [total(there.cost), total(here.cost)];
  const known = (row) => (row && row.amount !== null && !isIncomplete(row) ? Number(row.amount) : null);
  if (!there.use.items.length || !here.use.items.length) return null;
  return { wh: there.use.items[0].consumption_wh, ofWh: here.use.items[0].consumption_wh, cost: known(cost), ofCost: known(ofCost), currency: ofCost?.currency ?? "EUR", days };
}

/** True where money is shown in place of energy; the choice is kept from month to month and from visit to visit. */
export const showsMoney = () => preference("unit") === "eur";

/** Takes the unit of an address: `#/month/2026-11?show=eur`. One without keeps what was chosen. */
export function useUnit(given) {
  if (given) preferNow("unit", given === "eur" ? "eur" : "kwh");
}

/** Writes the unit into the address, so that a link to it shows the same. */
function writeUnit() {
  const [path, query] = location.hash.split("?");
  const parameters = new URLSearchParams(query);
  if (showsMoney()) parameters.set("show", "eur");
  else parameters.delete("show");
  const text = String(parameters);
  history.replaceState(history.state, "", `${path || "#/"}${text && `?${text}`}`);
}

/** Buttons for energy or money; `redraw` is called after a change. */
export function unitChoice(redraw) {
  writeUnit();
  return choice(t("show"), [["kwh", "kWh"], ["eur", "€"]], preference("unit"), (key) => {
    prefer("unit", key);
    writeUnit();
    redraw();
  });
}

/** A title between links to the previous and the next period; an address is null where there is none. `level`: of the heading. */
export function stepper(title, before, after, names, level = "h1") {
  const arrow = (sign, to, name) =>
    to ? h("a", { class: "arrow", href: to, "aria-label": name, title: name }, sign) : h("span", { class: "arrow none", "aria-hidden": "true" }, sign);
  return h("div", { class: "stepper" }, arrow("‹", before, names[0]), h(level, { class: title.length < 6 ? "short" : null }, title), arrow("›", after, names[1]));
}

/** Buttons for alternative presentations; `choose` is called with the key. */
export function choice(label, options, chosen, choose) {
  const buttons = options.map(([key, text]) => h("button", { type: "button", "aria-pressed": String(key === chosen), onclick: () => pick(key) }, text));
  const pick = (key) => {
    buttons.forEach((button, n) => button.setAttribute("aria-pressed", String(options[n][0] === key)));
    choose(key);
  };
  return h("div", { class: "choice", role: "group", "aria-label": label }, buttons);
}

/** Grey shapes while content loads. */
export const loading = () =>
  h("div", { class: "loading", "aria-busy": "true" }, h("p", { class: "unseen" }, t("loading")), ...["wide", "", "", "tall"].map((size) => h("div", { class: `bone ${size}`, "aria-hidden": "true" })));

/** A card that explains why there is nothing, and what to do. */
export const empty = (title, text, code = null) =>
  h("section", { class: "card empty" }, h("h2", {}, title), h("p", {}, text), code && h("pre", { tabindex: 0 }, code));

/** A card with an error, and a button to retry. */
export function failed(error, retry) {
  const isReached = !(error instanceof Problem) || error.status !== 0;
  const title = isReached ? t("error.title") : t("error.unreached");
  const detail = error instanceof Problem ? error.message : String(error);
  const why = error.reason ? h("p", {}, reasonText(error.reason)) : detail && h("p", { lang: "en" }, detail);
  return h(
    "section",
    { class: "card failed", role: "alert" },
    h("h2", {}, title),
    why,
    h("button", { type: "button", class: "button", onclick: retry }, t("error.again")),
  );
}
