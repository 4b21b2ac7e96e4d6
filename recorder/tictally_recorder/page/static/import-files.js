/** Imports files: sends them in pieces, shows what a dry run found, imports, follows the task; and undoes runs. */

import { Problem, get, send } from "./api.js";
import { figures, table } from "./components.js";
import { h, put } from "./dom.js";
import { exactDay, exactMoment, kwh, kwhExact, monthYear, plain, whole } from "./format.js";
import { has, t } from "./i18n.js";
import { importProblemText } from "./reasons.js";
import { tokenForm } from "./tools.js";

const POLL_MS = 500;
const MEGABYTE = 1_000_000;
const GAPS_SHOWN = 10;
const [UNAUTHORIZED, NOT_FOUND, CONFLICT, TOO_LARGE, TOO_MANY, UNAVAILABLE, DISK_FULL] = [401, 404, 409, 413, 429, 503, 507];
const RETRIES = 20;
const RETRY_MS = 1500;

/**
 * The card that imports files.
 * @param {object} task of /imports/task.
 * @param {Array} importers of /imports/importers.
 * @param {object} context see main.js; `reload` is called when runs have changed.
 */
export function importCard(task, importers, context) {
  const body = h("div", { class: "stack" });
  const state = h("div", { class: "stack", role: "status", "aria-live": "polite" });
  const card = { body, state, context, hasHub: task.home_assistant };
  const command = h("pre", { tabindex: 0 }, "tictally import --dry-run FILE …");
  if (task.writes === "off") put(body, h("p", {}, t("imports.off")), command);
  else if (task.writes === "refused") put(body, tokenForm(context.reload, t("imports.tokenNeeded")), h("p", {}, t("imports.orCommand")), command);
  else if (task.state === "running") {
    put(body);
    follow(card, (ended) => (ended.kind === "check" ? idle(card) : context.reload()));
  } else idle(card, task);
  return h(
    "section",
    { class: "card import" },
    h("h2", {}, t("imports.upload")),
    h("p", { class: "note" }, t("imports.uploadNote")),
    formats(importers),
    body,
    state,
  );
}

/** A button that undoes a run after a question, or the command where this browser may not. */
export function undoButton(run, task, context) {
  if (task.writes !== "allowed") return h("code", {}, `tictally import undo ${run}`);
  const cell = h("div", { class: "undo", role: "status", "aria-live": "polite" });
  const ask = () => {
    const yes = h("button", { type: "button", class: "button danger", onclick: undo }, t("imports.undoYes", { run }));
    put(cell, h("p", {}, t("imports.undoQuestion", { run })), yes, h("button", { type: "button", class: "button quiet", onclick: offer }, t("imports.keep")));
    yes.focus();
  };
  const offer = () => {
    const button = h("button", { type: "button", class: "button quiet", "aria-label": t("imports.undoRun", { run }), onclick: ask }, t("imports.undoHead"));
    put(cell, button);
    return button;
  };
  const undo = async () => {
    const card = { body: h("div"), state: cell, context, hasHub: false };
    await guarded(card, async () => {
      await send("POST", `/imports/${run}/undo`);
      await follow(card, () => context.reload());
    });
  };
  offer();
  return cell;
}

function formats(importers) {
  const rows = importers.map((each) => {
    const title = has(`origin.${each.name}`) ? t(`origin.${each.name}`) : each.title;
    const form = has(`form.${each.name}`) ? t(`form.${each.name}`) : each.form;
    return h("li", {}, h("b", {}, title), ` – ${form}`, each.requires ? h("span", { class: "note" }, t("import_text.needs", { package: each.requires })) : null);
  });
  return h("details", { class: "formats" }, h("summary", {}, t("imports.formats")), h("ul", {}, rows));
}

/** Shows the form, and the outcome of the last import or undoing that ended. */
function idle(card, last = null) {
  const files = h("input", { type: "file", id: "import-files", multiple: true, required: true });
  const sites = card.context.sites.map((each) => h("option", { value: each.site }, each.name ?? each.site));
  const site = h("input", { type: "text", id: "import-site", list: "import-sites", maxlength: 64, autocomplete: "off", "aria-describedby": "import-site-note" });
  const chosen = () => site.value.trim() || undefined;
  const submit = (event) => {
    event.preventDefault();
    checkFiles(card, [...files.files], chosen());
  };
  put(
    card.body,
    h(
      "form",
      { class: "fields", onsubmit: submit },
      h("label", { for: "import-files" }, t("imports.files")),
      files,
      h("label", { for: "import-site" }, t("imports.site")),
      site,
      h("datalist", { id: "import-sites" }, sites),
      h("p", { class: "note", id: "import-site-note" }, t("imports.siteNote")),
      h(
        "p",
        { class: "buttons" },
        h("button", { class: "button" }, t("imports.check")),
        card.hasHub ? h("button", { type: "button", class: "button quiet", onclick: () => checkHub(card, chosen()) }, t("imports.fromHub")) : null,
      ),
    ),
  );
  put(card.state, last?.state === "failed" && last.kind !== "check" ? failure(importProblemText(last.error)) : null);
}

/** Sends the files, and starts the dry run. */
async function checkFiles(card, files, site) {
  const leaving = new AbortController();
  const stop = () => leaving.abort();
  card.context.signal.addEventListener("abort", stop);
  put(card.body);
  await guarded(card, async () => {
    const upload = await send("POST", "/imports/uploads");
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (size > upload.max_bytes) throw new Problem(TOO_LARGE, "");
    const bar = h("progress", { max: Math.max(size, 1), value: 0, "aria-label": t("imports.files") });
    const line = h("p", {});
    const cancel = () => {
      stop();
      discardQuietly(`/imports/uploads/${upload.id}`);
      idle(card);
    };
    put(card.state, line, bar, cancelButton(cancel));
    let sent = 0;
    for (const [number, file] of files.entries()) {
      for (let offset = 0; offset === 0 || offset < file.size; offset += upload.piece_bytes) {
        const piece = file.slice(offset, offset + upload.piece_bytes);
        put(line, t("imports.sending", { file: file.name, done: megabytes(sent), all: megabytes(size) }));
        await sendPiece(upload, number, { name: file.name, offset }, piece, leaving.signal);
        sent += piece.size;
        bar.value = sent;
      }
    }
    await dryRun(card, `/imports/uploads/${upload.id}`, site);
  });
}

/** Fetches what Home Assistant has, and starts the dry run. */
function checkHub(card, site) {
  put(card.body);
  return guarded(card, () => dryRun(card, "/imports/home-assistant", site));
}

async function dryRun(card, path, site) {
  await send("POST", `${path}/check`, { site });
  await follow(card, (task) => offer(card, path, site, task));
}

/** A recorder that is busy, or was not reached for a moment, gets the same piece again. */
async function sendPiece(upload, number, query, piece, signal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send("POST", `/imports/uploads/${upload.id}/files/${number}`, query, piece, signal);
    } catch (error) {
      const passes = error instanceof Problem && [0, TOO_MANY, UNAVAILABLE].includes(error.status);
      if (!passes || attempt === RETRIES) throw error;
      await pause(RETRY_MS, signal);
    }
  }
}

/** Shows what the dry run found, and asks whether to import it. */
function offer(card, path, site, { result }) {
  const discard = () => {
    discardQuietly(path);
    idle(card);
  };
  if (result.site === null) {
    idle(card);
    put(card.state, skipped(result), h("p", {}, t("import_text.nothing_new")));
    discardQuietly(path);
    return;
  }
  const take = () =>
    guarded(card, async () => {
      await send("POST", `${path}/import`, { site });
      await follow(card, () => {
        discardQuietly(path);
        card.context.reload();
      });
    });
  const button = h("button", { type: "button", class: "button", onclick: take }, t("imports.import"));
  put(
    card.state,
    h("p", { class: "would" }, t("imports.would", { count: values(result), n: whole(values(result)), site: result.site, from: exactDay(result.from), to: exactDay(new Date(result.to).getTime() - 1) }), result.is_new_site ? ` ${t("imports.newSite", { site: result.site })}` : null),
    skipped(result),
    gaps(result),
    contradicted(result),
    months(result),
    h("p", { class: "buttons" }, button, h("button", { type: "button", class: "button quiet", onclick: discard }, t("imports.discard"))),
  );
  button.focus();
}

/** Deletes the files of an upload; nothing is there of Home Assistant's. */
const discardQuietly = (path) => (path.startsWith("/imports/uploads/") ? send("DELETE", path).catch(() => null) : null);

/** Asks for the task until it has ended; `done` gets one that has succeeded. */
async function follow(card, done) {
  const { signal } = card.context;
  const line = h("p", {});
  const cancel = () => guarded(card, async () => show(await send("POST", "/imports/task/cancel")));
  const show = async (task) => {
    if (task.state === "running") {
      put(line, task.phase === "reading" ? t("imports.reading", { count: task.values, n: whole(task.values) }) : t(task.phase === "storing" ? "imports.storing" : "imports.starting"));
      return false;
    }
    if (task.state === "done") await done(task);
    else {
      if (task.kind !== "undo") idle(card);
      put(card.state, failure(task.state === "failed" ? importProblemText(task.error) : t("imports.cancelled")));
    }
    return true;
  };
  put(card.state, line, h("progress", { "aria-label": t("imports.upload") }), cancelButton(cancel));
  await guarded(card, async () => {
    while (!(await show(await get("/imports/task", {}, signal)))) await pause(POLL_MS, signal);
  });
}

/** Runs a step; its failure is shown, with the form again. */
async function guarded(card, step) {
  try {
    await step();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Problem)) throw error;
    if (error.status === UNAUTHORIZED) {
      put(card.state, tokenForm(card.context.reload, t("imports.tokenNeeded")));
      return;
    }
    if (card.body.isConnected) idle(card);
    put(card.state, failure(sentence(error)));
  }
}

function sentence(error) {
  const known = { 0: "error.unreached", [NOT_FOUND]: "imports.gone", [CONFLICT]: "imports.isRunning", [TOO_LARGE]: "imports.tooLarge", [DISK_FULL]: "imports.diskFull" };
  return known[error.status] ? t(known[error.status]) : h("span", { lang: "en" }, error.message);
}

const failure = (text) => h("p", { class: "failure", role: "alert" }, text);
const cancelButton = (cancel) => h("button", { type: "button", class: "button quiet", onclick: cancel }, t("imports.cancel"));
const megabytes = (bytes) => t("format.size.mb", { n: plain(bytes / MEGABYTE) });
const values = (result) => result.files.reduce((sum, file) => sum + file.readings + file.intervals, 0);
const skipped = (result) => (result.skipped.length ? h("p", {}, t("imports.skipped", { files: result.skipped.join(", ") })) : null);

function gaps(result) {
  const count = result.gaps.length + result.more_gaps;
  if (!count) return null;
  const lines = result.gaps.slice(0, GAPS_SHOWN).map((each) => h("li", {}, t("import_text.gap", { start: exactMoment(each.from), end: exactMoment(each.to) })));
  return h("details", {}, h("summary", {}, t("imports.gaps", { count, n: whole(count) })), h("ul", {}, lines), count > lines.length ? h("p", { class: "note" }, t("import_text.more_gaps", { count: count - lines.length })) : null);
}

function contradicted(result) {
  const count = result.contradicted.length + result.more_contradicted;
  if (!count) return null;
  const lines = result.contradicted.slice(0, GAPS_SHOWN).map((each) => h("li", {}, t("import_text.contradicted", { register: each.register, value: whole(each.value), at: exactMoment(each.at) })));
  return h("details", {}, h("summary", {}, t("imports.contradicted", { count, n: whole(count) })), h("ul", {}, lines), count > lines.length ? h("p", { class: "note" }, t("import_text.more_contradicted", { count: count - lines.length })) : null);
}

/** Each month before and after, below the sums of both directions. */
function months(result) {
  const isBoth = new Set(result.months.map((each) => each.direction)).size > 1;
  const quality = (each) => (each.quality === null ? "" : t(each.quality === "unknown" && each.after_wh !== null ? "report.part_unknown" : `quality.${each.quality}`));
  const amount = (wh) => (wh === null ? "–" : kwhExact(wh));
  const rows = result.months.map((each) => [
    monthYear(each.month),
    ...(isBoth ? [t(`report.direction.${each.direction}`)] : []),
    amount(each.before_wh),
    amount(each.after_wh),
    quality(each),
  ]);
  const columns = [t("table.month"), ...(isBoth ? [t("imports.direction")] : []), figures(t("table.old")), figures(t("table.new")), t("explain.quality")];
  const sums = [...new Set(result.months.map((each) => each.direction))].map((direction) => {
    const own = result.months.filter((each) => each.direction === direction);
    const sum = (key) => own.reduce((total, each) => total + (each[key] ?? 0), 0);
    return h("li", {}, t("imports.sum", { direction: t(`report.direction.${direction}`), before: kwh(sum("before_wh")), after: kwh(sum("after_wh")) }));
  });
  return [h("ul", {}, sums), h("details", {}, h("summary", {}, t("imports.byMonth")), table(t("imports.byMonth"), columns, rows))];
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new DOMException("", "AbortError"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    setTimeout(resolve, ms);
  });
}
