/** What a card shows, to take away: its figures as CSV, its chart as a picture, and the card on paper. */

import { colour, redrawNow } from "./chart.js";
import { h } from "./dom.js";
import { decimalSign, exactDay } from "./format.js";
import { t } from "./i18n.js";

const SCALE = 2;
const MARGIN = 16;
const LINE = 22;
const TITLE_PX = 17;
const TEXT_PX = 13;
const SWATCH = 11;
// As in the recorder's own CSV: what a spreadsheet would run as a formula. A number is none.
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^([^\d\u2212-]*)([\u2212-]?\d[\d\s'.,]*)(.*)$/su;

/** Gives every chart and table buttons, also those that are added later. */
export function offerSaving(root) {
  offer(root);
  const isNew = (node) => node.nodeType === Node.ELEMENT_NODE && (node.matches(".card, table") || node.querySelector(".card, table"));
  new MutationObserver((changes) => {
    if (changes.some((each) => [...each.addedNodes].some(isNew))) offer(root);
  }).observe(root, { childList: true, subtree: true });
  addEventListener("afterprint", () => document.documentElement.classList.remove("prints-one"));
}

function offer(root) {
  root.querySelectorAll(".stage").forEach((stage) => {
    const card = stage.closest(".card");
    if (!card || card.querySelector(":scope > .save")) return;
    const grid = card.querySelector("table");
    card.append(buttons(card, titleOf(card), grid, stage));
  });
  root.querySelectorAll(".scroll").forEach((place) => {
    const card = place.closest(".card");
    if (!card || card.querySelector(".stage") || place.nextElementSibling?.matches(".save")) return;
    // Of two forms of a table, one is displayed.
    const grids = () => [...place.querySelectorAll("table")];
    if (grids().length) place.after(buttons(card, place.getAttribute("aria-label") ?? titleOf(card), () => grids().find((each) => each.offsetParent) ?? grids()[0], null));
  });
}

const titleOf = (card) => (card.querySelector("figcaption .title, h2, h3") ?? document.querySelector("h1")).textContent;

function buttons(card, title, grid, stage) {
  const button = (name, action) => h("button", { type: "button", "aria-label": `${t(`save.${name}`)}, ${title}`, title: t(`save.${name}`), onclick: action }, t(`save.${name}.short`));
  const table = () => (typeof grid === "function" ? grid() : grid?.isConnected ? grid : card.querySelector("table"));
  return h(
    "div",
    { class: "save", role: "group", "aria-label": t("save.label") },
    grid && button("csv", () => download(new Blob([`\ufeff${csvOf(table())}`], { type: "text/csv;charset=utf-8" }), fileName(title, "csv"))),
    stage && button("png", async () => download(await picture(card, title, stage), fileName(title, "png"))),
    button("print", () => printCard(card)),
  );
}

function download(content, name) {
  const link = h("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** `tictally-octobre-2026-energie-par-jour.csv` */
function fileName(title, ending) {
  const words = `tictally ${document.querySelector("h1")?.textContent ?? ""} ${title}`;
  const plain = words.normalize("NFD").replace(/\p{M}/gu, "").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
  return `${plain.toLowerCase().slice(0, 100)}.${ending}`;
}

/** The rows of a table. Numbers are without their unit, which is in the heading, as spreadsheets of this language read them. */
function csvOf(table) {
  const rows = [...table.rows].map((row) => [...row.cells].map(textOf));
  const sign = decimalSign();
  const [heads, ...body] = rows;
  const units = heads.map((_, column) => unitOf(body.map((row) => row[column] ?? ""), sign));
  const cell = (text, column) => (units[column] === null ? guarded(text) : partsOf(text, sign)?.number ?? "");
  const lines = [heads.map((text, column) => guarded(units[column] ? `${text} (${units[column]})` : text)), ...body.map((row) => row.map(cell))];
  const separator = sign === "," ? ";" : ",";
  return lines.map((line) => line.map((text) => quoted(text, separator)).join(separator)).join("\n") + "\n";
}

/** The texts of a cell with spaces between them. */
function textOf(cell) {
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode.data.trim());
  return texts.filter(Boolean).join(" ");
}

/** The unit that all numbers of a column have, or null where something in it is no number. */
function unitOf(texts, sign) {
  const known = texts.filter((text) => text && text !== "–").map((text) => partsOf(text, sign));
  const unit = known[0]?.unit ?? null;
  return known.length && known.every((each) => each && each.unit === unit) ? unit : null;
}

function partsOf(text, sign) {
  const found = NUMBER.exec(text);
  if (!found) return null;
  const number = found[2].trim().replace("\u2212", "-").replace(sign === "," ? /[\s.']/gu : /[\s,']/gu, "");
  if (!/^-?\d+([.,]\d+)?$/.test(number)) return null;
  const unit = `${found[1]}${found[3]}`.trim();
  return /\d/.test(unit) ? null : { number, unit };
}

const guarded = (text) => (FORMULA.test(text) && !/^(-+|[+-]?\d+([.,]\d+)?)$/.test(text) ? `'${text}` : text);
const quoted = (text, separator) => (text.includes(separator) || /["\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A chart with its title, its legend, and where it is from. */
async function picture(card, title, stage) {
  const chart = globalThis.echarts.getInstanceByDom(stage).renderToCanvas({ pixelRatio: SCALE, backgroundColor: colour("surface") });
  const legend = [...card.querySelectorAll(".legend li")].map((each) => ({ text: each.textContent, ...styleOf(each.querySelector(".swatch")) }));
  const canvas = h("canvas", {});
  const context = canvas.getContext("2d");
  const width = chart.width / SCALE + 2 * MARGIN;
  const rows = placed(context, legend, width - 2 * MARGIN);
  const top = MARGIN + LINE * (1 + rows.length);
  canvas.width = width * SCALE;
  canvas.height = (top + chart.height / SCALE + LINE + MARGIN) * SCALE;
  context.scale(SCALE, SCALE);
  context.fillStyle = colour("surface");
  context.fillRect(0, 0, width, canvas.height / SCALE);
  const write = (text, x, y, { px = TEXT_PX, weight = "", ink = "ink" } = {}) => {
    context.font = font(px, weight);
    context.fillStyle = colour(ink);
    context.fillText(text, x, y, width - x - MARGIN);
  };
  const heading = document.querySelector("h1")?.textContent;
  write([title, heading].filter((each, n, all) => each && all.indexOf(each) === n).join(" · "), MARGIN, MARGIN + TITLE_PX, { px: TITLE_PX, weight: "600" });
  rows.forEach((row, n) => row.forEach(({ text, x, fill, border }) => mark(context, write, text, MARGIN + x, MARGIN + LINE * (n + 2), fill, border)));
  context.drawImage(chart, MARGIN, top, chart.width / SCALE, chart.height / SCALE);
  write(`tictally · ${exactDay(Date.now())}`, MARGIN, top + chart.height / SCALE + LINE - 4, { ink: "muted" });
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

const font = (px, weight = "") => `${weight} ${px}px ${getComputedStyle(document.body).fontFamily}`;
const styleOf = (swatch) => ({ fill: swatch?.style.backgroundColor, border: swatch?.style.borderColor });

/** The entries of the legend in rows that fit. */
function placed(context, legend, width) {
  context.font = font(TEXT_PX);
  const rows = [];
  let x = Infinity;
  legend.forEach((each) => {
    const taken = context.measureText(each.text).width + SWATCH + LINE;
    if (x + taken > width) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1).push({ ...each, x });
    x += taken;
  });
  return rows;
}

function mark(context, write, text, x, y, fill, border) {
  context.fillStyle = fill;
  context.strokeStyle = border;
  context.fillRect(x, y - SWATCH, SWATCH, SWATCH);
  context.strokeRect(x, y - SWATCH, SWATCH, SWATCH);
  write(text, x + SWATCH + 5, y);
}

function printCard(card) {
  document.querySelectorAll(".printed").forEach((each) => each.classList.remove("printed"));
  card.classList.add("printed");
  document.documentElement.classList.add("prints-one");
  print();
}

/** Paper is white: charts are drawn in the light theme's colours for it. */
export function drawForPaper() {
  const root = document.documentElement;
  let theme;
  addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    redrawNow();
  });
  addEventListener("afterprint", () => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    redrawNow();
  });
}
