/** What stands where figures are not (yet): loading, nothing there, something wrong. */

import { Problem } from "./api.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";

/** Grey shapes of what will be there. */
export const loading = () =>
  h("div", { class: "loading", "aria-busy": "true" }, h("p", { class: "unseen" }, t("loading")), ...["wide", "", "", "tall"].map((size) => h("div", { class: `bone ${size}`, "aria-hidden": "true" })));

/** A card that says that there is nothing, and what to do. */
export const empty = (title, text, code = null) =>
  h("section", { class: "card empty" }, h("h2", {}, title), h("p", {}, text), code && h("pre", { tabindex: 0 }, code));

/** A card that says what went wrong, with a button to try again. */
export function failed(error, again) {
  const isReached = !(error instanceof Problem) || error.status !== 0;
  const title = isReached ? t("error.title") : t("error.unreached");
  const detail = error instanceof Problem ? error.message : String(error);
  return h(
    "section",
    { class: "card failed", role: "alert" },
    h("h2", {}, title),
    detail && h("p", { lang: "en" }, detail),
    h("button", { type: "button", class: "button", onclick: again }, t("error.again")),
  );
}
