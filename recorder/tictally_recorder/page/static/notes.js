/** Notes on days: a card that shows, adds, changes and deletes them, and marks in charts. */

import { get, send } from "./api.js";
import { colour } from "./chart.js";
import { failed } from "./components.js";
import { h, put } from "./dom.js";
import { day as dayName, fullDay } from "./format.js";
import { t } from "./i18n.js";
import { problemText } from "./reasons.js";
import { tokenForm } from "./tools.js";

const MAX_CHARACTERS = 300;
const UNAUTHORIZED = 401;

/** The notes of some days: an answer of /notes. */
export const notesOf = (site, from, to, signal) => get("/notes", { site: site.site, from, to }, signal);

/**
 * The option of a bar chart with a mark above the bar of each note.
 * @param {Array} notes items of /notes.
 * @param {string[]} starts first day (or its beginning, such as a month) of each bar, in order.
 */
export function withNotes(option, notes, starts) {
  const places = new Set(notes.map((note) => starts.findLastIndex((start) => start <= note.day)).filter((n) => n >= 0));
  const [first] = option.series;
  if (!places.size || !first) return option;
  const lines = first.markLine ?? { symbol: "none", silent: true, animation: false, data: [] };
  const mark = (n) => ({ xAxis: n, lineStyle: { color: colour("ink"), type: "dotted", width: 1.5 }, label: { formatter: t("notes.mark"), color: colour("ink"), fontSize: 11, position: "end" } });
  first.markLine = { ...lines, data: [...lines.data, ...[...places].map(mark)] };
  return option;
}

/** The notes of a chart's days, each with a link to its day; null without any. */
export function noteList(notes, address) {
  if (!notes.length) return null;
  const one = (note) => h("li", {}, h("a", { href: address("day", note.day) }, fullDay(note.day)), " ", note.text);
  return h("section", { class: "card" }, h("h2", {}, t("notes.title")), h("ul", { class: "events" }, notes.map(one)), h("p", {}, h("a", { href: address("notes") }, t("notes.all"))));
}

/**
 * A card whose notes can be changed.
 * @param {object} answer of /notes.
 * @param {object} place `site`, `now` (today), and where the card is about one day, `day`; `load` requests the answer again.
 * @param {object} context see main.js.
 */
export function noteCard(answer, place, context) {
  const body = h("div", { class: "stack" });
  const status = h("div", { role: "status", "aria-live": "polite" });
  const card = { body, status, place, context };
  show(card, answer);
  const all = place.day && h("p", {}, h("a", { href: context.address("notes") }, t("notes.all")));
  return h("section", { class: "card notes" }, h("h2", { class: place.day ? null : "unseen" }, t("notes.title")), body, status, all);
}

function show(card, answer) {
  const { place, context } = card;
  const mayWrite = answer.writes === "allowed";
  const line = (note) => {
    const item = h("li");
    const asLine = () => put(item, lineOf(card, note, mayWrite, asForm));
    const asForm = () => put(item, editForm(card, note, asLine));
    asLine();
    return item;
  };
  const list = answer.items.length ? h("ul", { class: "events" }, answer.items.map(line)) : h("p", { class: "note" }, t(place.day ? "notes.noneOfDay" : "notes.none"));
  put(card.body, list, mayWrite ? addForm(card) : refused(answer.writes, context, place));
}

/** Why this browser may not write, and what else there is. */
function refused(writes, context, place) {
  const command = h("pre", { tabindex: 0 }, `tictally note add --day ${place.day ?? "2026-11-03"} "…"`);
  const inside = writes === "off" ? [h("p", {}, t("notes.off")), command] : [tokenForm(context.reload, t("notes.tokenNeeded")), h("p", {}, t("imports.orCommand")), command];
  return h("details", { class: "behind" }, h("summary", {}, t("notes.add")), h("div", { class: "stack" }, inside));
}

function lineOf(card, note, mayWrite, edit) {
  const { place, context } = card;
  const where = place.day ? null : [h("a", { href: context.address("day", note.day) }, dayName(note.day), " ", note.day.slice(0, 4)), " "];
  const effect = note.day < place.now && h("a", { class: "button quiet", href: context.address("versus", `note-${note.note}-8`), "aria-label": t("notes.effectOf", { text: note.text }) }, t("notes.effect"));
  const remove = () => guarded(card, async () => {
    await send("DELETE", `/notes/${note.note}`);
    await again(card);
    const undo = h("button", { type: "button", class: "button quiet", onclick: () => guarded(card, async () => {
      await send("PUT", `/notes/${note.note}`, {}, content(note.day, note.text));
      await again(card, t("notes.restored"));
    }) }, t("notes.undo"));
    put(card.status, h("p", {}, t("notes.deleted")), undo);
    undo.focus();
  });
  const buttons = mayWrite && [
    h("button", { type: "button", class: "button quiet", "aria-label": t("notes.editOf", { text: note.text }), onclick: edit }, t("notes.edit")),
    h("button", { type: "button", class: "button quiet", "aria-label": t("notes.deleteOf", { text: note.text }), onclick: remove }, t("notes.delete")),
  ];
  return [h("p", {}, where, h("span", { class: "text" }, note.text)), (effect || buttons) && h("p", { class: "buttons" }, effect, buttons)];
}

const content = (day, text) => new Blob([JSON.stringify({ day, text })], { type: "application/json" });

let forms = 0;

/** A form of a day and a text; `save` is called with both. */
function form(values, save, label, cancel = null) {
  forms += 1;
  const id = `note-${forms}`;
  const text = h("input", { type: "text", id, value: values.text, maxlength: MAX_CHARACTERS, required: true, autocomplete: "off" });
  const on = h("input", { type: "date", id: `${id}-day`, value: values.day, required: true });
  const submit = (event) => {
    event.preventDefault();
    save(on.value, text.value);
  };
  return h(
    "form",
    { class: "fields", onsubmit: submit },
    h("label", { for: id }, t("notes.text")),
    text,
    h("label", { for: `${id}-day` }, t("table.day")),
    on,
    h("p", { class: "buttons" }, h("button", { class: "button" }, label), cancel && h("button", { type: "button", class: "button quiet", onclick: cancel }, t("notes.cancel"))),
  );
}

function addForm(card) {
  const { place } = card;
  const add = (day, text) => guarded(card, async () => {
    const body = new Blob([JSON.stringify({ day, text, site: place.site.site })], { type: "application/json" });
    await send("POST", "/notes", {}, body);
    await again(card, t("notes.added"));
  });
  const made = form({ day: place.day ?? place.now, text: "" }, add, t("notes.save"));
  return h("details", { class: "behind" }, h("summary", {}, t("notes.add")), made);
}

function editForm(card, note, cancel) {
  const save = (day, text) => guarded(card, async () => {
    await send("PUT", `/notes/${note.note}`, {}, content(day, text));
    await again(card, t("notes.changed"));
  });
  const made = form(note, save, t("notes.save"), cancel);
  requestAnimationFrame(() => made.querySelector("input")?.focus());
  return made;
}

/** Shows the notes as they are now, and what has happened. */
async function again(card, what = null) {
  show(card, await card.place.load());
  put(card.status, what && h("p", {}, what));
}

async function guarded(card, work) {
  put(card.status);
  try {
    await work();
  } catch (error) {
    if (error.status === UNAUTHORIZED) put(card.status, tokenForm(card.context.reload, t("notes.tokenNeeded")));
    else put(card.status, error.reason ? h("p", { role: "alert" }, problemText(error.reason)) : failed(error, () => guarded(card, work)));
  }
}
