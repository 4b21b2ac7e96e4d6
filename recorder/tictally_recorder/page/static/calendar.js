/** Local days as strings (`2026-11-21`), and steps between them. */

const text = (date) => date.toISOString().slice(0, 10);
const date = (day) => new Date(`${day}T00:00:00Z`);

/** The current local day of a time zone. */
export const today = (timeZone) =>
  new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date());

/** The day n days later. */
export function addDays(day, n) {
  const found = date(day);
  found.setUTCDate(found.getUTCDate() + n);
  return text(found);
}

/** The month (`2026-11`) n months later. */
export function addMonths(month, n) {
  const [year, of] = month.split("-").map(Number);
  return text(new Date(Date.UTC(year, of - 1 + n, 1))).slice(0, 7);
}

/** Number of days between two days. */
export const daysBetween = (from, to) => Math.round((date(to) - date(from)) / 86_400_000);

/** All days of [from, to). */
export const daysOf = (from, to) => Array.from({ length: daysBetween(from, to) }, (_, n) => addDays(from, n));

/** The earlier and the later of two days. */
export const earlier = (a, b) => (a < b ? a : b);
export const later = (a, b) => (a > b ? a : b);
