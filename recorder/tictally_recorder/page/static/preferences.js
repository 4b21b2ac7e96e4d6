/** What a reader has chosen for this browser: which unit comes first. Without storage a choice lasts until the page is reloaded. */

const PREFIX = "tictally.";
const chosen = {};

/** Values that a preference may have; the first one counts where nothing was chosen. */
export const CHOICES = { unit: ["kwh", "eur"], power: ["w", "va"] };

/** The value of a preference. */
export function preference(name) {
  if (chosen[name]) return chosen[name];
  let saved = null;
  try {
    saved = localStorage.getItem(PREFIX + name);
  } catch {
    // As if nothing was chosen.
  }
  return CHOICES[name].includes(saved) ? saved : CHOICES[name][0];
}

/** Chooses a value until the page is reloaded. */
export function preferNow(name, value) {
  chosen[name] = value;
}

/** Chooses a value, and keeps it. */
export function prefer(name, value) {
  preferNow(name, value);
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // See above.
  }
}
