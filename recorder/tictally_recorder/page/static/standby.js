/** Base load: by month, its trend, and its cost in a year. */

import { colour, figure, tip } from "./chart.js";
import { figures, table } from "./components.js";
import { amount } from "./costs.js";
import { h } from "./dom.js";
import { show } from "./explain.js";
import { exactMoney, kwh, money, month, monthYear, percent, whole } from "./format.js";
import { before, fullPeriodName, t } from "./i18n.js";
import { reasonText } from "./reasons.js";

const HOURS = 8760;

/** @param {object} answer of /standby by month. */
export function standby(answer) {
  const rows = answer.items;
  if (!rows.length) return h("section", { class: "card empty" }, h("h2", {}, t("standby.title")), h("p", {}, t("standby.none")));
  const cost = answer.year_cost[0] ?? null;
  const trend = answer.trend[0] ?? null;
  const tools = cost && h("p", { class: "standby-cost" }, h("span", {}, t("standby.year", { va: cost.va })), amount({ ...cost, quality: cost.reason ? (cost.amount === null ? "unknown" : "provisional") : "measured" }, cost, t("standby.costTitle"), explainStandby), h("span", {}, t("standby.aYear")));
  const note = [trend && trendText(trend), t("standby.note")].filter(Boolean).join(" ");
  const option = () => ({
    tooltip: { formatter: ([found]) => tip(month(rows[found.dataIndex].from), [[t("standby.typical"), `${rows[found.dataIndex].typical_va} VA`, colour("standby")], [t("standby.lowest"), `${rows[found.dataIndex].lowest_va} VA`, null]]) },
    xAxis: { type: "category", data: rows.map((row) => monthYear(row.from)) },
    yAxis: { type: "value", name: "VA", min: 0 },
    series: [
      { type: "bar", data: rows.map((row) => row.typical_va), itemStyle: { color: colour("standby"), borderRadius: [3, 3, 0, 0] }, barMaxWidth: 40, emphasis: { disabled: true } },
    ],
  });
  const columns = [t("table.month"), figures(t("standby.typical")), figures(t("standby.lowest")), figures(t("standby.nights"))];
  const behind = table(t("standby.title"), columns, rows.map((row) => [month(row.from), `${row.typical_va} VA`, `${row.lowest_va} VA`, String(row.nights)]));
  return figure({ title: t("standby.title"), note, option, table: behind, height: "low", tools });
}

/** The trend as a sentence. */
function trendText(trend) {
  if (trend.recent_va === null) return "";
  const change = trend.change_va;
  const recent = t("standby.recent", { now: trend.recent_va });
  if (change === null) return recent;
  return `${recent} ${t(change === 0 ? "standby.same" : change > 0 ? "standby.more" : "standby.less", { va: Math.abs(change) })}`;
}

function explainStandby(cost, title) {
  const shares = Object.entries(cost.shares ?? {}).map(([period, share]) => h("li", {}, t("standby.share", { period: fullPeriodName(period), share: percent(Number(share), 1) })));
  show(
    title,
    h("p", {}, t("standby.explain", { va: cost.va, kwh: kwh(Number(cost.kwh) * 1000), hours: whole(HOURS) })),
    cost.price !== null && h("p", {}, t("standby.explainPrice", { price: exactMoney(Number(cost.price).toFixed(4), cost.currency) })),
    h("ul", { class: "reasons" }, shares),
    cost.version && h("p", {}, `${before("explain.version")}${cost.version}`),
    cost.amount !== null && h("p", { class: "total" }, h("span", {}, t("total")), h("strong", {}, money(cost.rounded, cost.currency))),
    cost.reason && h("p", { class: "reason" }, reasonText(cost.reason)),
  );
}
