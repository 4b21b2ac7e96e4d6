/** Consumption against outdoor temperature: by classes of two degrees, and what a degree-day takes. */

import { colour, figure, tip } from "./chart.js";
import { figures, table } from "./components.js";
import { kwh, plain, whole } from "./format.js";
import { t } from "./i18n.js";
import { remarkText } from "./reasons.js";

const CLASS_C = 2;

/** @param {object} answer of /temperature by temperature; null where no temperature is known. */
export function temperature(answer) {
  const rows = answer.items.filter((row) => row.wh_a_day !== null);
  if (!rows.length) return null;
  const name = (row) => t("temperature.class", { from: plain(Number(row.name)), to: plain(Number(row.name) + CLASS_C) });
  const option = () => ({
    tooltip: { formatter: ([found]) => tip(name(rows[found.dataIndex]), [[t("temperature.aDay"), kwh(rows[found.dataIndex].wh_a_day), colour("accent")], [t("temperature.days"), whole(rows[found.dataIndex].used_days), null]]) },
    xAxis: { type: "category", name: "°C", data: rows.map((row) => plain(Number(row.name))) },
    yAxis: { type: "value", name: "kWh", min: 0 },
    grid: { right: 28 },
    series: [{ type: "bar", data: rows.map((row) => row.wh_a_day / 1000), itemStyle: { color: colour("accent"), borderRadius: [3, 3, 0, 0] }, barMaxWidth: 40, emphasis: { disabled: true } }],
  });
  const columns = [t("temperature.mean"), figures(t("temperature.days")), figures(t("temperature.degreeDays")), figures(t("temperature.aDay"))];
  const cells = rows.map((row) => [name(row), whole(row.used_days), plain(Number(row.degree_days)), kwh(row.wh_a_day)]);
  const note = [t("temperature.note"), answer.fit[0] && remarkText(answer.fit[0].remark)].filter(Boolean).join(" ");
  return figure({ title: t("temperature.title"), note, option, table: table(t("temperature.title"), columns, cells), height: "low" });
}
