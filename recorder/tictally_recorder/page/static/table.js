/** Tables: what stands behind charts, and what is a table in itself. */

import { h } from "./dom.js";

/**
 * @param {string} caption in words, for who does not see where it stands.
 * @param {Array<string|{text: string, number: boolean}>} columns
 * @param {Array<Array<string|Node>>} rows the first cell of each heads it.
 */
export function table(caption, columns, rows, foot = null) {
  const heads = columns.map((each) => (typeof each === "string" ? { text: each, number: false } : each));
  const kind = (n) => (heads[n].number ? "number" : null);
  const line = (cells) =>
    h("tr", {}, cells.map((cell, n) => h(n ? "td" : "th", { class: kind(n), scope: n ? null : "row" }, ...[cell].flat())));
  return h(
    "table",
    {},
    h("caption", { class: "unseen" }, caption),
    h("thead", {}, h("tr", {}, heads.map((each, n) => h("th", { scope: "col", class: kind(n) }, each.text)))),
    h("tbody", {}, rows.map(line)),
    foot && h("tfoot", {}, line(foot)),
  );
}

/** A column of figures. */
export const figures = (text) => ({ text, number: true });
