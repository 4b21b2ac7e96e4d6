/** ECharts charts in the page's colours, each with its figures as a table below. */

import { h, put } from "./dom.js";
import { plain } from "./format.js";
import { t } from "./i18n.js";

const VENDORED = new URL("vendor/echarts.js", import.meta.url);
const charts = new Set();
let library;

/** ECharts, loaded when the first chart needs it. */
function load() {
  library ??= new Promise((resolve, reject) => {
    const script = h("script", { src: VENDORED, onload: () => resolve(globalThis.echarts), onerror: reject });
    document.head.append(script);
  });
  return library;
}

/** A colour of the page in the current theme. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/**
 * A figure: caption, chart, and table.
 *
 * @param {object} what `title`, `note`, `label` (for screen readers), `option` (a function, because colours change
 *   with the theme), `table` (a table element or null), `height` as a class: `low`, `tall`, `open`: the address of the
 *   place on the axis with a number, or null; its links for the keyboard are in the table.
 */
export function figure({ title, note, label, option, table, height = "", tools = null, open = null }) {
  const stage = h("div", { class: `stage ${height}${open ? " opens" : ""}`, role: "img", "aria-label": label ?? title });
  const head = h("figcaption", {}, h("span", { class: "title" }, title), note && h("span", { class: "note" }, note), tools);
  const behind = table && h("details", { class: "behind" }, h("summary", {}, t("table.show")), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, table));
  const legend = h("ul", { class: "legend" });
  const element = h("figure", { class: "card chart" }, head, legend, stage, behind);
  const entry = { stage, legend, option, open, chart: null };
  charts.add(entry);
  draw(entry);
  element.redraw = (changed) => {
    entry.option = changed ?? entry.option;
    draw(entry);
  };
  element.behind = (changed) => behind && put(behind.lastChild, changed);
  return element;
}

async function draw(entry) {
  const echarts = await load();
  await new Promise((resolve) => requestAnimationFrame(resolve));
  if (!entry.stage.isConnected) {
    entry.chart?.dispose();
    charts.delete(entry);
    return;
  }
  if (!entry.chart) {
    entry.chart = echarts.init(entry.stage, null, { renderer: "canvas" });
    if (entry.open) openOnClick(entry);
    new ResizeObserver(() => entry.chart.isDisposed() || entry.chart.resize()).observe(entry.stage);
  }
  paint(entry);
}

function paint(entry) {
  const option = entry.option();
  put(entry.legend, option.series.length > 1 ? option.series.map(key) : []);
  entry.chart.setOption(withTheme(option), { notMerge: true });
}

/** A click anywhere above a place on the axis opens it, not only on its bar: that may be low. */
function openOnClick({ chart, open }) {
  chart.getZr().on("click", ({ offsetX, offsetY }) => {
    if (!chart.containPixel("grid", [offsetX, offsetY])) return;
    const address = open(chart.convertFromPixel({ xAxisIndex: 0 }, offsetX));
    if (address) location.hash = address;
  });
}

/** Legend entry of a series: text that wraps on narrow screens and that screen readers read. */
function key({ name, itemStyle }) {
  const mark = h("i", { class: "swatch" });
  mark.style.backgroundColor = itemStyle.color;
  mark.style.borderColor = itemStyle.borderColor ?? itemStyle.color;
  return h("li", {}, mark, name);
}

/** Redraws all charts in the colours of the theme. Charts that left the page are disposed of. */
export function redrawAll() {
  charts.forEach(draw);
}

/** The same at once, for those that are drawn already: before printing nothing is waited for. */
export function redrawNow() {
  charts.forEach((entry) => entry.chart && entry.stage.isConnected && paint(entry));
}

function withTheme(option) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const ink = colour("ink");
  const muted = colour("muted");
  const line = { lineStyle: { color: colour("line") } };
  const axis = (given) => ({
    axisLine: line,
    axisTick: { show: false },
    splitLine: line,
    ...given,
    axisLabel: { color: muted, fontSize: 12, hideOverlap: true, ...given.axisLabel },
    nameTextStyle: { color: muted, ...given.nameTextStyle },
  });
  return {
    animation: !still && option.animation !== false,
    animationDuration: 250,
    useUTC: true,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
    grid: { left: 8, right: 12, top: 28, bottom: 8, containLabel: true, ...option.grid },
    tooltip: { ...tooltip(), ...option.tooltip },
    xAxis: axis({ splitLine: { show: false }, ...option.xAxis }),
    yAxis: axis({ axisLine: { show: false }, ...option.yAxis, axisLabel: { formatter: plain } }),
    series: option.series,
  };
}

function tooltip() {
  return {
    trigger: "axis",
    confine: true,
    backgroundColor: colour("surface"),
    borderColor: colour("line"),
    textStyle: { color: colour("ink"), fontSize: 13 },
    axisPointer: { type: "shadow", shadowStyle: { color: colour("hover") } },
  };
}

/** Content of a tooltip: a heading, and a line for each [label, figure, colour]. Elements, because the policy forbids inline styles. */
export function tip(heading, lines) {
  const rows = lines.map(([label, figureText, dot]) => {
    const mark = h("i", { class: "dot" });
    if (dot) mark.style.backgroundColor = dot;
    return h("div", { class: "tip-row" }, mark, h("span", {}, label), h("b", {}, figureText));
  });
  return h("div", { class: "tip" }, h("strong", {}, heading), ...rows);
}
