/** Amounts that open their explanation, the lines of a bill, and the hint where there is no contract. */

import { addDays, daysOf } from "./calendar.js";
import { figures, table, tile } from "./components.js";
import { h } from "./dom.js";
import { badge, explainCost, show } from "./explain.js";
import { fullDay, kwh, money, price } from "./format.js";
import { fullPeriodName, t } from "./i18n.js";
import { slug } from "./periods.js";
import { datedReasonText, reasonText } from "./reasons.js";
import { isIncomplete } from "./totals.js";

/**
 * @param {object|null} row of kind `total` of /cost (or with its `amount`, `quality`, `reason`); null: nothing is known.
 * @param {object} query `site`, `from`, `to`, `by` of the explanation.
 * @param {string} title of the explanation.
 */
export function amount(row, query, title, open = explainCost) {
  const text = amountText(row);
  const quality = isIncomplete(row) ? "incomplete" : row && row.amount === null ? "unknown" : row?.quality ?? "unknown";
  return h(
    "button",
    { type: "button", class: `money ${quality}`, onclick: () => open(query, title), "aria-label": `${text}${markOf(quality, ", ")}. ${t("money.explain")}` },
    text,
    quality !== "measured" && h("span", { class: "mark", "aria-hidden": "true" }, t(`quality.${quality}.mark`)),
  );
}

/** What the note below the cost of a period says: what it includes, or the days that it lacks. */
export function costNote(total, isRunning) {
  if (!isIncomplete(total)) return t(isRunning ? "cost.sofar" : "cost.all");
  const days = new Set(total.reasons.flatMap((each) => each.ranges.flatMap(([first, last]) => daysOf(first, addDays(last, 1)))));
  return t("cost.without", { count: days.size });
}

/** The figure alone; an unknown amount is a word, never zero. */
export const amountText = (row) =>
  row && row.amount !== null && row.amount !== undefined ? money(row.rounded ?? row.amount, row.currency ?? "EUR") : t("unknown");

/** What was earned by injection in some lines of /cost; null where nothing was. */
export function income(lines) {
  const known = lines.filter((each) => each.kind === "energy" && each.direction === "injection" && each.amount !== null);
  return known.length ? money(-known.reduce((sum, each) => sum + Number(each.amount), 0), known[0].currency ?? "EUR") : null;
}

/** The columns of injection in a table of rows of /use: their headings, and the cells of a row with its lines of /cost. */
export function injectionColumns(rows, costs) {
  if (!rows.some((row) => row.injection_wh)) return { heads: [], cells: () => [] };
  const earns = income(costs) !== null;
  return {
    heads: [figures(t("injection")), ...(earns ? [figures(t("income"))] : [])],
    cells: (row, lines) => [kwh(row.injection_wh ?? 0), ...(earns ? [income(lines) ?? "–"] : [])],
  };
}

/** A tile of what was injected, and its income; null for a site that does not inject. */
export function injectionTile(use, lines) {
  if (!use.injection_wh) return null;
  const earned = income(lines);
  return tile(t("injection"), kwh(use.injection_wh), earned && t("income.of", { income: earned }));
}

const markOf = (quality, before) => (quality === "measured" ? "" : before + t(`quality.${quality}`));

/** The lines of a first contract, and the file that they belong in. */
function hint(site) {
  const first = site.first_contract;
  if (!first) return [];
  return [h("p", {}, t("contract.where"), " ", h("code", {}, first.file)), h("pre", { tabindex: 0 }, first.lines.join("\n")), h("p", { class: "note" }, t("contract.lists"))];
}

/** Why there is no cost: no contract, or contracts that cannot be read. */
const whyNoCost = (site) => (site.contracts_readable ? [h("p", {}, t("contract.text")), ...hint(site)] : [h("p", {}, t("contract.unreadableText", { reason: site.problem ? reasonText(site.problem) : t("unknown") }))]);

/** A card with the hint. */
export const contractCard = (site) => h("section", { class: "card empty" }, h("h2", {}, t("contract.title")), whyNoCost(site));

/** In the place of an amount: a button that opens the hint. */
export function noContract(site) {
  const open = () => show(t("contract.title"), ...whyNoCost(site));
  return h("button", { type: "button", class: "money unknown", onclick: open }, t(site.contracts_readable ? "contract.none" : "contract.unreadable"));
}

/** @param {object} answer of /cost without explanations; `query` of the request. */
export function costTable(answer, query, site, title) {
  if (!site.contracts.length) return contractCard(site);
  const lines = answer.items.filter((each) => each.kind !== "total" && each.energy_wh !== 0);
  const total = answer.items.find((each) => each.kind === "total") ?? null;
  if (!lines.length) return null;
  const heading = t("explain.of", { what: title });
  // What is injected is on a tariff of its own, and always at another version.
  const versions = new Set(lines.filter((each) => each.direction !== "injection").map((each) => each.version)).size;
  const columns = [t("table.line"), figures(t("energy")), figures(t("price")), figures(t("cost")), t("table.version")];
  const rows = lines.map((each) => [
    name(each, versions > 1),
    each.energy_wh === null ? "" : kwh(each.energy_wh),
    priceOf(each),
    amount(each, query, heading),
    h("span", { class: "version" }, each.version ?? "–", each.quality !== "measured" && badge(each.quality)),
  ]);
  const foot = [t("total"), "", "", amount(total, query, heading), ""];
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("cost.lines")),
    versions > 1 ? h("p", { class: "note" }, t("cost.versions", { n: versions })) : null,
    h("div", { class: "scroll bill", tabindex: 0, role: "region", "aria-label": t("cost.lines") }, table(t("cost.lines"), columns, rows, foot)),
    reasons(lines),
  );
}

function name(line, tellVersion) {
  if (line.kind === "lump_sum") return [line.version.slice(0, -11), h("span", { class: "small note" }, fullDay(line.version.slice(-10)))];
  const since = tellVersion && line.version && t("tariff.from", { day: fullDay(line.version.slice(-10)) });
  const small = [priceOf(line), since].filter(Boolean).map((each) => h("span", { class: "small note" }, each));
  if (line.direction === "injection") return [h("i", { class: "swatch injection" }), t("injection"), small];
  if (line.kind === "subscription") return [h("i", { class: "swatch subscription" }), t("subscription"), line.power_kva && h("span", { class: "note" }, ` ${line.power_kva} kVA`), small];
  return [line.period && h("i", { class: `swatch p-${slug(line.period)}` }), line.period ? fullPeriodName(line.period) : t("energy"), small];
}

function priceOf(line) {
  if (line.price === null) return "";
  return line.kind === "subscription" ? t("price.month", { price: money(line.price, line.currency) }) : price(line.price, line.currency);
}

function reasons(lines) {
  const texts = new Set(lines.flatMap((each) => each.reasons).map(datedReasonText));
  return texts.size ? h("ul", { class: "reasons" }, [...texts].map((each) => h("li", {}, each))) : null;
}
