/** Strings in the reader's language, and the language itself. */

import en from "./words-en.js";
import fr from "./words-fr.js";

const TABLES = { en, fr };

/** `fr` or `en`, as set by first.js. */
export const language = () => document.documentElement.lang;

/** The string of a key, with its `{names}` replaced. */
export function t(key, values = {}) {
  const text = TABLES[language()][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The string for a number: `key.one` or `key.many`. */
export function count(key, n, values = {}) {
  return t(`${key}.${new Intl.PluralRules(language()).select(n) === "one" ? "one" : "many"}`, { n, ...values });
}

/** The name of a tariff period; an unknown one is shown as the meter names it. */
export function periodName(period) {
  return TABLES[language()][`period.${period}`] ?? period;
}

/** A label followed by a colon, as the language writes it; `before` takes its key. */
export const colon = (name) => `${name}${language() === "fr" ? "\u00a0:" : ":"} `;
export const before = (key) => colon(t(key));

/** Saves the choice of language and applies it. */
export function chooseLanguage(chosen) {
  try {
    localStorage.setItem("tictally.language", chosen);
  } catch {
    // Without storage the choice lasts until the page is reloaded.
  }
  document.documentElement.lang = chosen;
}
