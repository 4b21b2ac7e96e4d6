/** Formats figures, days and times in the reader's language. Times are in the recorder's time zone, wherever the reader is. */

import { language, t } from "./i18n.js";

/** The reader's regional variant of the language, where there is one: it decides how dates are written. */
const locale = () => navigator.languages.find((each) => each.toLowerCase().startsWith(`${language()}-`)) ?? { en: "en-GB", fr: "fr-FR" }[language()];

const number = (value, digits) =>
  new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

/** What stands before the decimals. */
export const decimalSign = () => new Intl.NumberFormat(locale()).formatToParts(1.5).find((each) => each.type === "decimal").value;

/** With its own decimals, two at most. */
export const plain = (value) => new Intl.NumberFormat(locale(), { maximumFractionDigits: 2 }).format(value);

/** 1234 → `1 234`. */
export const whole = (value) => number(value, 0);

/** With one decimal below 10. */
export const decimal = (value) => number(value, value < 9.95 ? 1 : 0);

/** Wh as kWh, with fewer decimals the larger it is; an unknown value is a word, never zero. */
export function kwh(wh) {
  if (wh === null || wh === undefined) return t("unknown");
  const value = wh / 1000;
  return `${number(value, Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)}\u00a0kWh`;
}

/** A change of energy in whole kWh, with its sign. */
export const signedKwh = (wh) =>
  `${new Intl.NumberFormat(locale(), { maximumFractionDigits: 0, signDisplay: "exceptZero" }).format(wh / 1000)}\u00a0kWh`;

/** Wh as kWh with all decimals. */
export const kwhExact = (wh) => `${number(wh / 1000, 3)}\u00a0kWh`;

/** An amount rounded to the cent by the recorder. */
export const money = (amount, currency = "EUR") =>
  new Intl.NumberFormat(locale(), { style: "currency", currency }).format(Number(amount));

/** An amount without cents, for what is not known to the cent. */
export const roundMoney = (amount, currency = "EUR") =>
  new Intl.NumberFormat(locale(), { style: "currency", currency, maximumFractionDigits: 0 }).format(Number(amount));

/** A change of an amount, with its sign. */
export const signedMoney = (value, currency = "EUR") =>
  new Intl.NumberFormat(locale(), { style: "currency", currency, signDisplay: "exceptZero" }).format(value);

/** A price of a kWh with all its decimals. */
export function price(text, currency = "EUR") {
  const digits = Math.max(4, (String(text).split(".")[1] ?? "").length);
  const style = { style: "currency", currency, minimumFractionDigits: Math.min(digits, 8) };
  return `${new Intl.NumberFormat(locale(), style).format(Number(text))}/kWh`;
}

/** An amount with its own decimals. */
export function exactMoney(text, currency = "EUR") {
  const digits = Math.min(Math.max(2, (String(text).split(".")[1] ?? "").length), 6);
  return new Intl.NumberFormat(locale(), { style: "currency", currency, minimumFractionDigits: digits }).format(Number(text));
}

/** 0.123 → `12 %`. */
export const percent = (share, digits = 0) =>
  new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: digits }).format(share);

/** A percentage with its sign. */
export const change = (share) =>
  new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" }).format(share);

/** The local time of an ISO time with offset, as if it were UTC: charts and formats work in UTC. */
export function wall(iso) {
  const text = iso.length === 7 ? `${iso}-01` : iso;
  return new Date(text.length === 10 ? `${text}T00:00:00Z` : `${text.slice(0, 19)}Z`);
}

let zone = "UTC";

/** Sets the time zone in which moments are shown. */
export function useTimeZone(timeZone) {
  zone = timeZone;
}

// The first of a month is an ordinal in French, and in French alone.
const ordinal = (text) => (language() === "fr" ? text.replace(/(^|\s)1 (?=\p{L})/u, (_, before) => `${before}1er `) : text);

const zoned = (options) => (moment) => ordinal(new Intl.DateTimeFormat(locale(), { timeZone: zone, hourCycle: "h23", ...options }).format(new Date(moment)));

/** A moment in the set time zone, from a time with any offset or milliseconds since 1970. Unlike what `wall` gives,
 * moments can be subtracted: on the days on which the clocks change an hour is missing there, or there twice. */
export const exactMoment = zoned({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
export const exactDay = zoned({ day: "numeric", month: "short", year: "numeric" });
export const exactClock = zoned({ hour: "2-digit", minute: "2-digit" });
export const exactSeconds = zoned({ hour: "2-digit", minute: "2-digit", second: "2-digit" });

const dated = (options) => (iso) => ordinal(new Intl.DateTimeFormat(locale(), { timeZone: "UTC", hourCycle: "h23", ...options }).format(wall(iso)));

export const day = dated({ weekday: "short", day: "numeric", month: "long" });
export const longDay = dated({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
export const shortDay = dated({ day: "numeric", month: "short" });
export const fullDay = dated({ day: "numeric", month: "short", year: "numeric" });
export const month = dated({ month: "long", year: "numeric" });
export const monthAlone = dated({ month: "long" });
export const shortMonth = dated({ month: "short" });
export const monthYear = dated({ month: "short", year: "2-digit" });
export const clock = dated({ hour: "2-digit", minute: "2-digit" });
export const seconds = dated({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const moment = dated({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

/** Monday is 1. */
export const weekday = (n, width = "long") =>
  new Intl.DateTimeFormat(locale(), { weekday: width, timeZone: "UTC" }).format(new Date(Date.UTC(2024, 0, n)));

/** A duration, from minutes. */
export function duration(minutes) {
  if (minutes < 60) return t("length.min", { n: minutes });
  if (minutes >= 2880) return t("length.d", { n: Math.round(minutes / 1440) });
  const [h, min] = [Math.floor(minutes / 60), minutes % 60];
  return min ? t("length.hmin", { h, min: String(min).padStart(2, "0") }) : t("length.h", { n: h });
}
