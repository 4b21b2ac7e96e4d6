/** Words in the reader's language, from the catalogues that the recorder itself reads, and the language. */

const tables = {};

/** `fr` or `en`, as first.js has set it. */
export const language = () => document.documentElement.lang;

async function load(name) {
  if (!tables[name]) {
    const answer = await fetch(new URL(`translations/${name}.json`, import.meta.url));
    tables[name] = await answer.json();
  }
}

/** True where the catalogue has a key. */
export const has = (key) => key in tables[language()];

/**
 * The words of a key, its `{names}` filled in; of plural forms, that for `values.count`.
 * @param {object} formats of `{name|format}`: name of the format → what writes a value by it.
 */
export function t(key, values = {}, formats = {}) {
  let text = tables[language()][key] ?? key;
  if (typeof text === "object") text = text[new Intl.PluralRules(language()).select(values.count) === "one" ? "one" : "other"];
  return text.replace(/\{(\w+)(?:\|(\w+))?\}/g, (_, name, format) => {
    const value = values[name] ?? "";
    return formats[format] ? formats[format](value) : value;
  });
}

/** A tariff period in words; what no catalogue has is shown as the meter names it. */
export const periodName = (period) => (has(`period.${period}`) ? t(`period.${period}`) : period);

/** A name before something that follows on the same line; `before` by its key. */
export const colon = (name) => `${name}${language() === "fr" ? "\u00a0:" : ":"} `;
export const before = (key) => colon(t(key));

/** Keeps a choice; resolves when its words are there. */
export async function chooseLanguage(chosen) {
  try {
    localStorage.setItem("tictally.language", chosen);
  } catch {
    // Without storage the choice lasts until the page is loaded again.
  }
  await load(chosen);
  document.documentElement.lang = chosen;
}

await load(language());
