/** Amounts that open their explanation. */

import { h } from "./dom.js";
import { explainCost } from "./explain.js";
import { money } from "./format.js";
import { t } from "./i18n.js";

/**
 * @param {object|null} row of kind `total` of /cost (or with its `amount`, `quality`, `reason`); null: nothing is known.
 * @param {object} query `site`, `from`, `to`, `by` of the explanation.
 * @param {string} title of the explanation.
 */
export function amount(row, query, title, open = explainCost) {
  const text = amountText(row);
  const quality = row && row.amount === null ? "unknown" : row?.quality ?? "unknown";
  return h(
    "button",
    { type: "button", class: `money ${quality}`, onclick: () => open(query, title), "aria-label": `${text}${markOf(quality, ", ")}. ${t("money.explain")}` },
    text,
    quality !== "measured" && h("span", { class: "mark", "aria-hidden": "true" }, t(`quality.${quality}.mark`)),
  );
}

/** The figure alone; an unknown amount is a word, never zero. */
export const amountText = (row) =>
  row && row.amount !== null && row.amount !== undefined ? money(row.rounded ?? row.amount, row.currency ?? "EUR") : t("unknown");

const markOf = (quality, before) => (quality === "measured" ? "" : before + t(`quality.${quality}`));
