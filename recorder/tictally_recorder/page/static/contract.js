/** A site whose contract nobody has said yet: why there are no amounts, and what to write where. */

import { h } from "./dom.js";
import { show } from "./explain.js";
import { t } from "./i18n.js";

/** The recorder's advice: the lines to write and the file, and its own words where it says something else. */
function advice(site) {
  const told = site.how_to_begin;
  if (!told) return [];
  const lines = told.split("\n").filter((each) => each.startsWith("    ")).map((each) => each.trim());
  const file = /Write into (\S+)/.exec(told)?.[1];
  if (!lines.length || !file) return [h("pre", { lang: "en", tabindex: 0 }, told)];
  return [h("p", {}, t("contract.where"), " ", h("code", {}, file)), h("pre", { tabindex: 0 }, lines.join("\n")), h("p", { class: "note" }, t("contract.lists"))];
}

/** A card that says it. */
export const beginning = (site) => h("section", { class: "card empty" }, h("h2", {}, t("contract.title")), h("p", {}, t("contract.text")), advice(site));

/** Where an amount would stand: it opens the same. */
export function noContract(site) {
  const told = () => show(t("contract.title"), h("p", {}, t("contract.text")), ...advice(site));
  return h("button", { type: "button", class: "money unknown", onclick: told }, t("contract.none"));
}
