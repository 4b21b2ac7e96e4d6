/** The cost of a range as the lines of a bill: period, energy, price, amount, version. */

import { figures, table } from "./components.js";
import { contractCard } from "./contract.js";
import { h } from "./dom.js";
import { badge } from "./explain.js";
import { fullDay, kwh, money, price } from "./format.js";
import { periodName, t } from "./i18n.js";
import { amount } from "./money.js";
import { slug } from "./periods.js";
import { datedReasonText } from "./reasons.js";

/** @param {object} answer of /cost without explanations; `query` of the request. */
export function costTable(answer, query, site, title) {
  if (!site.contracts.length) return contractCard(site);
  const lines = answer.items.filter((each) => each.kind !== "total" && each.energy_wh !== 0);
  const total = answer.items.find((each) => each.kind === "total") ?? null;
  if (!lines.length) return null;
  const heading = t("explain.of", { what: title });
  const versions = new Set(lines.map((each) => each.version)).size;
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
  const since = tellVersion && line.version && t("tariff.from", { day: fullDay(line.version.slice(-10)) });
  const small = [priceOf(line), since].filter(Boolean).map((each) => h("span", { class: "small note" }, each));
  if (line.kind === "subscription") return [h("i", { class: "swatch subscription" }), t("subscription"), line.power_kva && h("span", { class: "note" }, ` ${line.power_kva} kVA`), small];
  return [line.period && h("i", { class: `swatch p-${slug(line.period)}` }), line.period ? periodName(line.period) : t("energy"), small];
}

function priceOf(line) {
  if (line.price === null) return "";
  return line.kind === "subscription" ? t("price.month", { price: money(line.price, line.currency) }) : price(line.price, line.currency);
}

function reasons(lines) {
  const texts = new Set(lines.flatMap((each) => each.reasons).map(datedReasonText));
  return texts.size ? h("ul", { class: "reasons" }, [...texts].map((each) => h("li", {}, each))) : null;
}
