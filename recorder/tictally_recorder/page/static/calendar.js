/** Local days as texts (`2026-11-21`), and steps between them. */

const text = (date) => date.toISOString().slice(0, 10);
const date = (day) => new Date(`${day}T00:00:00Z`);

/** The local day in a time zone now. */
export const today = (timeZone) =>
  new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date());

/** So many days later. */
export function addDays(day, n) {
  const found = date(day);
  found.setUTCDate(found.getUTCDate() + n);
  return text(found);
}

/** The first day of a month (`2026-11`) so many months later. */
export function addMonths(month, n) {
  const [year, of] = month.split("-").map(Number);
  return text(new Date(Date.UTC(year, of - 1 + n, 1))).slice(0, 7);
}

/** How many days lie between two. */
export const daysBetween = (from, to) => Math.round((date(to) - date(from)) / 86_400_000);

/** All days of [from, to). */
export const daysOf = (from, to) => Array.from({ length: daysBetween(from, to) }, (_, n) => addDays(from, n));

/** The smaller and the larger of two days. */
export const earlier = (a, b) => (a < b ? a : b);
export const later = (a, b) => (a > b ? a : b);
