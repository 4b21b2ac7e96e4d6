/** Strings in the reader's language, from the catalogues that the recorder uses itself, and the language. */

const tables = {};
const completed = {};

/** `fr` or `en`, as set by first.js. */
export const language = () => document.documentElement.lang;

async function load(name, part = "") {
  const answer = await fetch(new URL(`translations/${name}${part}.json`, import.meta.url));
  const found = await answer.json();
  tables[name] = { ...tables[name], ...(name === "fr" ? unbreakable(found) : found) };
}

/** Resolves when the strings that explain what is wrong are there too: the first figure does not wait for them. */
export function allStrings(name = language()) {
  completed[name] ??= load(name, ".more").catch((error) => {
    delete completed[name];
    throw error;
  });
  return completed[name];
}

/** The strings with the spaces of French punctuation non-breaking: no line begins with a colon. */
function unbreakable(table) {
  const spaced = (text) => text.replace(/ (?=[;:!?»%€])|(?<=«) /g, "\u00a0");
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, typeof value === "object" ? unbreakable(value) : spaced(value)]));
}

/** True where the catalogue has a key. */
export const has = (key) => key in tables[language()];

/**
 * The string of a key with its `{names}` replaced; of plural forms, the one for `values.count`.
 * @param {object} formats for `{name|format}`: name of the format → function that formats a value.
 */
export function t(key, values = {}, formats = {}) {
  let text = tables[language()][key] ?? key;
  if (typeof text === "object") text = text[new Intl.PluralRules(language()).select(values.count) === "one" ? "one" : "other"];
  return text.replace(/\{(\w+)(?:\|(\w+))?\}/g, (_, name, format) => {
    if (values[name] === undefined) console.warn(`${key}: no value for {${name}}`);
    const value = values[name] ?? "";
    return formats[format] ? formats[format](value) : value;
  });
}

/** The short name of a tariff period, for columns, legends and lists; an unknown one is shown as the meter names it. */
export const periodName = (period) => (has(`period.${period}`) ? t(`period.${period}`) : period);

/** The name of a tariff period where there is room for it: with Tempo, hours and day in words. */
export const fullPeriodName = (period) => (has(`period_full.${period}`) ? t(`period_full.${period}`) : periodName(period));

/** A label followed by a colon, as the language writes it; `before` takes its key. */
export const colon = (name) => `${name}${language() === "fr" ? "\u00a0:" : ":"} `;
export const before = (key) => colon(t(key));

/** Saves the choice of language; resolves when its strings are loaded. */
export async function chooseLanguage(chosen) {
  try {
    localStorage.setItem("tictally.language", chosen);
  } catch {
    // Without storage the choice lasts until the page is reloaded.
  }
  await Promise.all([tables[chosen] ?? load(chosen), allStrings(chosen)]);
  document.documentElement.lang = chosen;
}

await load(language());
