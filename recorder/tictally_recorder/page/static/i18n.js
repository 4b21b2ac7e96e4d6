/** Words in the reader's language, and the language itself. */

import en from "./words-en.js";
import fr from "./words-fr.js";

const TABLES = { en, fr };

/** `fr` or `en`, as first.js has set it. */
export const language = () => document.documentElement.lang;

/** The words of a key, its `{names}` filled in. */
export function t(key, values = {}) {
  const text = TABLES[language()][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The words for a number of things: `key.one` or `key.many`. */
export function count(key, n, values = {}) {
  return t(`${key}.${new Intl.PluralRules(language()).select(n) === "one" ? "one" : "many"}`, { n, ...values });
}

/** A tariff period in words; what no table has is told as the meter tells it. */
export function periodName(period) {
  return TABLES[language()][`period.${period}`] ?? period;
}

/** A name before something that follows on the same line; `before` by its key. */
export const colon = (name) => `${name}${language() === "fr" ? "\u00a0:" : ":"} `;
export const before = (key) => colon(t(key));

/** Keeps a choice and begins anew with it. */
export function chooseLanguage(chosen) {
  try {
    localStorage.setItem("tictally.language", chosen);
  } catch {
    // Without storage the choice lasts until the page is loaded again.
  }
  document.documentElement.lang = chosen;
}
