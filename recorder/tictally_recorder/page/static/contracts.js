/** The contracts of the file: listed, added, corrected, ended, deleted. Nothing is written before its effect was shown. */

import { get } from "./api.js";
import { table } from "./components.js";
import { contractForm, deletion } from "./contract-form.js";
import { h, put } from "./dom.js";
import { exactMoment, fullDay } from "./format.js";
import { language, t } from "./i18n.js";
import { reasonText } from "./reasons.js";
import { tokenForm } from "./tools.js";

/**
 * @param {object} answer of /contracts.
 * @param {Array} lists of /tariffs.
 * @param {object} context see main.js.
 */
export function contractsCard(answer, lists, context) {
  const names = new Map(lists.map((each) => [each.id, each.name]));
  const place = h("div", { class: "stack" });
  const isAllowed = answer.writes === "allowed" && answer.state !== null;
  const isSeveral = context.sites.length > 1;
  const edit = (contract) => (isAllowed ? contractForm({ place, answer, lists, context, contract }) : askToken());
  const askToken = () => put(place, answer.writes === "off" ? h("p", {}, t("contracts.off")) : tokenForm(context.reload, t("contracts.tokenNeeded")));
  const button = (text, label, click) => h("button", { type: "button", class: "button quiet compact", "aria-label": label, onclick: click }, text);
  const rows = answer.items.map((each) => {
    const about = { name: names.get(each.tariff) ?? each.tariff, from: when(each.from) };
    return [
      [about.name, h("span", { class: "note line" }, details(each, isSeveral))],
      when(each.from),
      each.last ? when(each.last) : "–",
      h(
        "span",
        { class: "row-buttons" },
        button(t("contracts.correct"), t("contracts.correctOne", about), () => edit(each)),
        button(t("contracts.delete"), t("contracts.deleteOne", about), () => (isAllowed ? deletion({ place, answer, context, contract: each, name: about.name }) : askToken())),
      ),
    ];
  });
  const columns = [t("compare.list"), t("table.from"), t("table.to"), t("contracts.change")];
  return h(
    "section",
    { class: "card contracts" },
    h("h2", {}, t("contracts.title")),
    answer.problem ? h("p", { class: "failure" }, reasonText(answer.problem)) : null,
    h("p", { class: "note" }, t("contracts.note"), " ", h("code", {}, answer.file)),
    rows.length ? table(t("contracts.title"), columns, rows) : answer.problem ? null : h("p", {}, t("contracts.none")),
    answer.problem ? null : h("button", { type: "button", class: "button", onclick: () => edit(null) }, t("contracts.add")),
    place,
  );
}

/** The contracts, for `contractsCard`. */
export const contractsOf = (site, signal) => get("/contracts", { site: site?.site }, signal);

const when = (text) => (text.includes("T") ? exactMoment(text) : fullDay(text));

function details(each, isSeveral) {
  const powers = Object.entries(each.powers_kw).map(([name, kw]) => `${name} ${kw} kW`);
  const hours = [...each.off_peak, ...(each.summer_off_peak.length ? [t("contracts.summerHours", { hours: each.summer_off_peak.join(", ") })] : [])];
  const parts = [
    isSeveral && each.site,
    each.direction === "injection" && t("injection"),
    each.power_kva && `${each.power_kva} kVA`,
    ...powers,
    hours.length && t("contracts.offPeakShort", { hours: hours.join(", ") }),
    each.chosen_day && t("contracts.dayShort", { day: dayName(each.chosen_day) }),
    each.billing_day && t("contracts.billingShort", { day: each.billing_day }),
  ];
  return parts.filter(Boolean).join(" · ");
}

const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const dayName = (key) => new Intl.DateTimeFormat(language(), { weekday: "long", timeZone: "UTC" }).format(new Date(Date.UTC(2024, 0, 1 + WEEKDAYS.indexOf(key))));
