/** Tariff periods: their order, their colours, and which are the cheap hours. */

import { colour } from "./chart.js";

const KNOWN = ["BASE", "HC", "HP", "HN", "PM", "HC BLEU", "HP BLEU", "HC BLANC", "HP BLANC", "HC ROUGE", "HP ROUGE"];
const OTHERS = 6;

/** Distinct periods in their usual order. */
export function inOrder(names) {
  const place = (name) => (KNOWN.includes(name) ? KNOWN.indexOf(name) : KNOWN.length);
  return [...new Set(names)].sort((a, b) => place(a) - place(b) || a.localeCompare(b));
}

/** Name of a period in the stylesheet: `hp-bleu`. */
export function slug(name) {
  if (KNOWN.includes(name)) return name.toLowerCase().replace(" ", "-");
  return `other-${[...name].reduce((sum, each) => sum + each.charCodeAt(0), 0) % OTHERS}`;
}

/** Fill and border of a period in the current theme. The border makes white visible on white. */
export const fill = (name) => ({ color: colour(`p-${slug(name)}`), borderColor: colour(`e-${slug(name)}`), borderWidth: 1 });

/** True for off-peak hours and for hours outside of mobile peaks. */
export const isCheap = (name) => /^(HC|HN)\b/.test(name);
