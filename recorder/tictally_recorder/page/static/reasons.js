/** Reasons and issues, which are codes with parameters, in the reader's language. */

import { exactMoment, fullDay, plain } from "./format.js";
import { has, periodName, t } from "./i18n.js";

const RANGES_SHOWN = 5;
const MEGABYTE = 1_000_000;
const HAS_OFFSET = /(Z|[+-]\d\d:\d\d)$/;

const minute = (iso) => t("format.minute", { date: fullDay(iso.slice(0, 10)), time: iso.slice(11, 16) });

function listed(names) {
  const first = names.slice(0, -1).join(", ");
  return first ? t("list.and", { first, last: names.at(-1) }) : names[0] ?? "";
}

const FORMATS = {
  date: fullDay,
  moment: exactMoment,
  when: (iso) => (!iso.includes("T") ? fullDay(iso) : HAS_OFFSET.test(iso) ? exactMoment(iso) : minute(iso)),
  spans: (spans) => listed(spans.map(([start, end]) => t("format.span", { start: minute(start), end: minute(end) }))),
  list: listed,
  clauses: (texts) => texts.join(t("list.separator")),
  joined: (names) => names.join(", ") || t("none"),
  period: periodName,
  periods: (periods) => periods.map(periodName).join(", "),
  decimal: (text) => plain(Number(text)),
  size: (bytes) => t("format.size.mb", { n: plain(bytes / MEGABYTE) }),
};

// What is wrong in a file is itself a code with parameters, and these may be such.
const worded = (value) => (value?.code ? t(`file.${value.code}`, wordedAll(value.parameters), FORMATS) : value);
const wordedAll = (parameters) => Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, worded(value)]));

/** A remark as a sentence. */
export function remarkText(remark) {
  const key = `remark.${remark.code}`;
  return has(key) ? t(key, wordedAll(remark.parameters), FORMATS) : remark.text;
}

/** A reason as a clause. One of a newer recorder than this page comes with its own words, in English. */
export function reasonText(reason) {
  const key = `reason.${reason.code}`;
  return has(key) ? t(key, wordedAll(reason.parameters), FORMATS) : reason.text;
}

/** The same with what is unknown by it, and on which days. */
export function datedReasonText(reason) {
  const clause = reasonText(reason);
  const text = reason.unknown ? t("reasons.unknown", { text: t("reasons.because", { unknown: unknown(reason.unknown), reason: clause }) }) : clause;
  return t("reasons.dated", { text, days: days(reason) });
}

/** Why a job or a sink cannot do its work. */
export function problemText(problem) {
  const key = `problem.${problem.code}`;
  return has(key) ? t(key, problem.parameters, FORMATS) : problem.text;
}

/** Why an import failed: the file and the line, and what is wrong there. */
export function importProblemText({ file, line, problem }) {
  if (file === null) return problemText(problem);
  const key = `import.${problem.code}`;
  const text = has(key) ? t(key, problem.parameters, FORMATS) : problem.text;
  return t(line ? "import_text.in_line" : "import_text.in_file", { file, line, problem: text });
}

/** What is wrong in a line of a file, or in the field of a form that stands for it. */
export function fileProblemText(problem) {
  return has(`file.${problem.code}`) ? worded(problem) : problem.text;
}

/** What is wrong with a file of the user's, and where. */
export function brokenFileText({ parameters: { file, line, problem }, text }) {
  const key = `file.${problem.code}`;
  return has(key) ? t("issue.broken_file", { file, line, problem: worded(problem) }) : text;
}

function days({ days: count, ranges }) {
  const shown = ranges.slice(0, RANGES_SHOWN).map(([first, last]) => (first === last ? t("reasons.day", { day: first }, FORMATS) : t("reasons.range", { first, last }, FORMATS)));
  const more = ranges.length - shown.length;
  return t("reasons.days", { count, ranges: [...shown, ...(more ? [t("reasons.more", { count: more })] : [])].join(", ") });
}

function unknown({ periods, energy_wh: wh, subscription }) {
  const energy = wh ? t("reasons.quantity", { kwh: (wh / 1000).toFixed(3), periods }, FORMATS) : t("reasons.energy", { periods }, FORMATS);
  return listed([...(periods.length ? [energy] : []), ...(subscription ? [t("reasons.subscription")] : [])]);
}
