/** A site without a contract: why there are no amounts, and what to write where. */

import { h } from "./dom.js";
import { show } from "./explain.js";
import { t } from "./i18n.js";

/** The recorder's hint: the lines to write and the file, or its text where it has another form. */
function hint(site) {
  const text = site.how_to_begin;
  if (!text) return [];
  const lines = text.split("\n").filter((each) => each.startsWith("    ")).map((each) => each.trim());
  const file = /Write into (\S+)/.exec(text)?.[1];
  if (!lines.length || !file) return [h("pre", { lang: "en", tabindex: 0 }, text)];
  return [h("p", {}, t("contract.where"), " ", h("code", {}, file)), h("pre", { tabindex: 0 }, lines.join("\n")), h("p", { class: "note" }, t("contract.lists"))];
}

/** A card with the hint. */
export const contractCard = (site) => h("section", { class: "card empty" }, h("h2", {}, t("contract.title")), h("p", {}, t("contract.text")), hint(site));

/** In the place of an amount: a button that opens the hint. */
export function noContract(site) {
  const open = () => show(t("contract.title"), h("p", {}, t("contract.text")), ...hint(site));
  return h("button", { type: "button", class: "money unknown", onclick: open }, t("contract.none"));
}
