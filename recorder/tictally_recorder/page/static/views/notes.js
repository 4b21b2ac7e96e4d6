/** All notes on days. */

import { get } from "../api.js";
import { today } from "../calendar.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { noteCard } from "../notes.js";

/** @param {object} context see main.js. */
export async function render(context) {
  const { site, signal } = context;
  const load = () => get("/notes", { site: site.site }, signal);
  const card = noteCard(await load(), { site, now: today(site.timezone), load }, context);
  return { element: h("div", { class: "stack" }, h("h1", {}, t("nav.notes")), card) };
}
