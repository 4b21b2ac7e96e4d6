/** The status line, shown while the data are not current: connection lost, edge offline, meter silent. */

import { h, put } from "./dom.js";
import { moment, seconds } from "./format.js";
import { t } from "./i18n.js";
import { reasonText } from "./reasons.js";

const place = () => document.getElementById("status");
let shown = "";
const RECENT_S = 43_200;

/** Updates the status line, and marks figures as stale. An unchanged line is not announced again. */
export function showStatus(live, site) {
  const [kind, text] = find(live, site);
  document.documentElement.classList.toggle("stale", kind !== "fine");
  if (`${kind}${text}` === shown) return;
  shown = `${kind}${text}`;
  put(place(), text && h("p", { class: kind }, text));
}

function find(live, site) {
  if (live.lostAt) {
    const clock = live.lostAt.toLocaleTimeString(document.documentElement.lang);
    return ["lost", t("status.lost", { at: clock })];
  }
  const item = site && live.items.get(site.site);
  if (item?.state === "offline") return ["away", t("status.offline", { edge: item.edges.map((each) => each.edge).join(", "), at: last(item, site) })];
  if (item?.state === "silent") return ["away", t("status.silent", { at: last(item, site) })];
  if (live.problem) return ["away", reasonText(live.problem)];
  return ["fine", ""];
}

function last(item, site) {
  return item.at && item.age_s < RECENT_S ? seconds(item.at) : moment(item.at ?? site.last);
}
