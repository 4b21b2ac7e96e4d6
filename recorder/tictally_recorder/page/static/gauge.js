/** Power against the subscribed power, as a half circle. */

import { h, svg } from "./dom.js";
import { percent, whole } from "./format.js";
import { t } from "./i18n.js";

const LENGTH = Math.PI * 80;
const NEAR = 0.9;

/** An element with `.set(item)`, which shows an item of /now. */
export function gauge() {
  const arc = (kind) => svg("path", { class: kind, d: "M20 100a80 80 0 0 1 160 0", fill: "none" });
  const value = arc("value");
  const drawing = svg("svg", { viewBox: "0 0 200 112", "aria-hidden": "true", class: "arc" }, arc("track"), value);
  const figure = h("div", { class: "figure" });
  const under = h("div", { class: "under" });
  const element = h("div", { class: "gauge", role: "meter", "aria-label": t("live.power"), "aria-valuemin": 0, "aria-valuenow": 0 }, drawing, h("div", { class: "reading" }, figure, under));
  value.style.strokeDasharray = `${LENGTH}`;
  element.set = (item) => {
    const known = item.power_va !== null;
    const most = item.subscribed_kva ? item.subscribed_kva * 1000 : null;
    const share = known && most ? item.power_va / most : 0;
    value.style.strokeDashoffset = `${LENGTH * (1 - Math.min(share, 1))}`;
    element.classList.toggle("near", share >= NEAR && share <= 1);
    element.classList.toggle("over", item.overload || share > 1);
    figure.textContent = known ? whole(item.power_va) : "–";
    figure.dataset.unit = "VA";
    const parts = [most && known && t("live.share", { share: percent(share), kva: item.subscribed_kva })];
    if (item.overload) parts.push(t("live.overload"));
    if (item.injection_va) parts.push(t("live.injection", { va: whole(item.injection_va) }));
    under.textContent = parts.filter(Boolean).join(" · ");
    element.setAttribute("aria-valuemax", most ?? Math.max(item.power_va ?? 0, 1));
    element.setAttribute("aria-valuenow", item.power_va ?? 0);
    element.setAttribute("aria-valuetext", known ? `${whole(item.power_va)} VA. ${under.textContent}` : t("unknown"));
  };
  return element;
}
