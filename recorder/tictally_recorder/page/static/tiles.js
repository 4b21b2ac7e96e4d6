/** Figures at the head of a view. */

import { h } from "./dom.js";
import { change, kwh } from "./format.js";
import { t } from "./i18n.js";

/** A figure with its name above and a note below. */
export const tile = (name, figure, note = null) =>
  h("div", { class: "tile" }, h("h3", {}, name), h("div", { class: "big" }, figure), note && h("p", { class: "note" }, note));

/** How much more or less than another amount of energy: a tile, or null where there is nothing to compare with. */
export function comparison(name, wh, otherWh, note) {
  if (!otherWh || wh === null || wh === undefined) return null;
  const share = wh / otherWh - 1;
  return tile(name, change(share), [note && [note, h("br")], t("compared", { kwh: kwh(otherWh) })]);
}

/** Back, where one is, on. `to` of each is an address or null where there is nothing. */
export function stepper(title, before, after, names) {
  const arrow = (sign, to, name) =>
    to ? h("a", { class: "arrow", href: to, "aria-label": name, title: name }, sign) : h("span", { class: "arrow none", "aria-hidden": "true" }, sign);
  return h("div", { class: "stepper" }, arrow("‹", before, names[0]), h("h1", { class: title.length < 6 ? "short" : null }, title), arrow("›", after, names[1]));
}

/** Two or more ways to show the same; `choose` is called with the key. */
export function choice(label, options, chosen, choose) {
  const buttons = options.map(([key, text]) => h("button", { type: "button", "aria-pressed": String(key === chosen), onclick: () => pick(key) }, text));
  const pick = (key) => {
    buttons.forEach((button, n) => button.setAttribute("aria-pressed", String(options[n][0] === key)));
    choose(key);
  };
  return h("div", { class: "choice", role: "group", "aria-label": label }, buttons);
}
