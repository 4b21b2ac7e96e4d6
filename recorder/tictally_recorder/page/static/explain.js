/** How an amount came about: registers, energy, price, version, source, quality, and its previous values. */

import { all } from "./api.js";
import { failed, loading } from "./components.js";
import { h, put } from "./dom.js";
import { exactMoment, exactMoney, fullDay, kwhExact, longDay, money, price, whole } from "./format.js";
import { fullPeriodName, t } from "./i18n.js";
import { slug } from "./periods.js";
import { datedReasonText } from "./reasons.js";

const dialog = () => document.getElementById("dialog");

/** Opens a dialog with a title; the focus returns to its place when the dialog closes. */
export function show(title, ...content) {
  const close = h("button", { type: "button", class: "close", "aria-label": t("close"), onclick: () => dialog().close() }, "×");
  const body = h("div", { class: "body", tabindex: 0 }, ...content);
  put(dialog(), h("header", {}, h("h2", { id: "dialog-title" }, title), close), body);
  if (!dialog().open) dialog().showModal();
  return body;
}

/** Closes the dialog on a click beside it, as the Escape key does. */
export function closeOnOutsideClick() {
  dialog().addEventListener("click", (event) => {
    if (event.target === dialog()) dialog().close();
  });
}

/** Explains a cost line by line, in a dialog. */
export async function explainCost(query, title) {
  const body = show(title, loading());
  try {
    const answer = await all("/cost", { ...query, explain: true });
    put(body, explanation(answer, query));
  } catch (error) {
    put(body, failed(error, () => explainCost(query, title)));
  }
}

function explanation(answer, query) {
  if (!answer.items.length) return h("p", {}, t("explain.nothing"));
  // A period without energy has nothing to explain.
  const lines = answer.items.filter((each) => each.kind !== "total" && each.energy_wh !== 0);
  const totals = answer.items.filter((each) => each.kind === "total");
  const lastDay = new Date(Date.parse(query.to) - 86_400_000).toISOString().slice(0, 10);
  const window = query.by === "day" ? longDay(query.from) : t("explain.window", { from: fullDay(query.from), to: fullDay(lastDay) });
  return [
    h("p", { class: "window" }, window),
    ...totals.map(totalOf),
    h("ol", { class: "lines" }, lines.map(lineOf)),
    h("p", { class: "note" }, t("explain.rounding")),
    ...totals.flatMap(beforeOf),
  ];
}

function totalOf(total) {
  const known = total.amount !== null;
  return h(
    "div",
    { class: "total" },
    h("span", {}, t("total")),
    h("strong", {}, known ? money(total.rounded, total.currency) : t("unknown")),
    badge(total.quality),
    total.reasons.map((each) => h("p", { class: "reason" }, datedReasonText(each))),
  );
}

function lineOf(line) {
  const isEnergy = line.kind === "energy";
  const name = line.kind === "lump_sum" ? line.version.slice(0, -11) : isEnergy ? (line.period ? fullPeriodName(line.period) : t("energy")) : t("subscription");
  const known = line.amount !== null;
  const head = h(
    "div",
    { class: "line-head" },
    isEnergy && line.period && h("i", { class: `swatch p-${slug(line.period)}` }),
    h("b", {}, name),
    h("strong", {}, known ? money(line.rounded, line.currency) : t("unknown")),
  );
  return h("li", {}, head, how(line, isEnergy), h("dl", {}, facts(line)));
}

function how(line, isEnergy) {
  if (line.price === null || line.amount === null) return null;
  const result = exactMoney(line.amount, line.currency);
  if (isEnergy) return h("p", { class: "how" }, `${kwhExact(line.energy_wh)} × ${price(line.price, line.currency)} = ${result}`);
  const months = line.explain?.months ?? [];
  const parts = months.map((each) => `${exactMoney(line.price, line.currency)} × ${each.days} ÷ ${each.days_of_month}`);
  return h("p", { class: "how" }, `${parts.join(" + ")} = ${result}`);
}

function facts(line) {
  const explained = line.explain ?? {};
  const registers = (explained.registers ?? []).map((each) =>
    h("div", {}, h("code", {}, each.register), ` ${whole(each.first)} → ${whole(each.last)} Wh`, h("span", { class: "note" }, ` ${exactMoment(each.from)} → ${exactMoment(each.to)}`), each.estimated && badge("estimated")),
  );
  const pairs = [
    [t("explain.registers"), registers.length && registers],
    [t("explain.version"), line.version && [line.version, line.power_kva && `, ${line.power_kva} kVA`, line.hash && h("span", { class: "note" }, ` ${line.hash.slice(0, 12)}`)]],
    [t("explain.source"), explained.source && [sourceText(explained.source), explained.confidence && ` (${t(`confidence.${explained.confidence}`)})`]],
    [t("explain.quality"), badge(line.quality)],
    [t("explain.reason"), line.reasons.length && line.reasons.map(datedReasonText).join(" ; ")],
  ];
  return pairs.filter(([, value]) => value).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, ...[value].flat(2))]);
}

function beforeOf(total) {
  if (!total.before?.length) return [];
  const rows = total.before.map((each) => {
    const was = each.amount === null ? t("unknown") : money(each.rounded, each.currency);
    return h("li", {}, t("explain.was", { day: fullDay(each.day), amount: was, until: exactMoment(each.until), versions: each.versions.join(", ") }), each.sources.map(sourceBefore));
  });
  return [h("h3", {}, t("explain.before", { count: rows.length })), h("ul", { class: "before" }, rows)];
}

/** Hash and source of a version as it was then: its id may be that of the present one. */
const sourceBefore = (each) =>
  h("div", { class: "note" }, `${each.version}, ${each.hash.slice(0, 12)}: `, sourceText(each.source), ` (${t(`confidence.${each.confidence}`)})`);

/** The quality of a figure as a badge. */
export const badge = (quality) => h("span", { class: `badge ${quality}` }, t(`quality.${quality}`));

/** URLs in a source stay text: the page links to no other host, but they can be copied. */
function sourceText(source) {
  return h("span", { class: "source", lang: "fr" }, source);
}
