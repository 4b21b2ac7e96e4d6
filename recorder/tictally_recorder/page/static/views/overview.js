/** The first view: now, today, this month, and what is wrong; each in one card. */

import { get } from "../api.js";
import { addDays, daysBetween, daysOf, later, today as todayIn } from "../calendar.js";
import { failed } from "../components.js";
import { amount, noContract } from "../costs.js";
import { h, put } from "../dom.js";
import { badge } from "../explain.js";
import { change, day as dayName, duration, exactClock, exactMoney, kwh, money, month as monthName, monthAlone, moment, percent, price, roundMoney, wall, weekday, whole } from "../format.js";
import { allStrings, fullPeriodName, language, periodName, t } from "../i18n.js";
import { slug } from "../periods.js";
import { isOfToday } from "../live.js";
import { preference } from "../preferences.js";
import { problemText } from "../reasons.js";

const AGAIN_MS = 60_000;
const MINUTE_MS = 60_000;
const DAYS = 14;
const YEAR_DAYS = 365;
const ENOUGH_DAYS = 30;
// Below ten cents an hour, cents alone show nothing.
const SMALL = 0.1;
const NEAR = 0.9;

/** @param {object} context see main.js. The power is shown before the recorder has computed the other figures. */
export function render({ site, live, signal, address }) {
  let item = live.items.get(site.site) ?? null;
  let found = null;
  const card = (name) => h("section", { class: `card ${name}` });
  const cards = Object.fromEntries(["now", "period", "today", "month", "days", "standby", "tariff"].map((name) => [name, card(name)]));
  const problems = h("div", { class: "problems" });
  const element = h("div", { class: "overview" }, h("h1", { class: "unseen" }, t("nav.overview")), problems, Object.values(cards));
  cards.tariff.hidden = true;
  cards.period.hidden = onlyInjects(site);
  const slow = ["today", "month", "days", "standby"];
  slow.forEach((name) => put(cards[name], h("div", { class: "bone", "aria-hidden": "true" })));

  const draw = () => {
    const focused = document.activeElement?.closest?.(".overview .card");
    const place = focused && [...focused.querySelectorAll("a, button")].indexOf(document.activeElement);
    put(cards.now, nowCard(item));
    put(cards.period, periodCard(item, found?.prices ?? null));
    if (!found) return;
    put(cards.today, todayCard(found, site));
    put(cards.month, monthCard(found, site));
    put(cards.days, daysCard(found, site, address));
    put(cards.standby, standbyCard(found));
    cards.standby.hidden = !found.standby;
    put(problems, found.problems.map((each) => h("p", {}, h("a", { href: address("system") }, t(`overview.problem.${each.about}`, { title: each.title, problem: problemText(each.problem) })))));
    if (focused && place >= 0) focused.querySelectorAll("a, button")[place]?.focus();
  };
  const ask = async () => {
    try {
      const [answer] = await Promise.all([get("/overview", { site: site.site, language: language() }, signal), allStrings()]);
      found = answer.items[0] ?? found;
      draw();
    } catch (error) {
      if (!signal.aborted && !found) slow.forEach((name) => put(cards[name], name === "today" ? failed(error, ask) : []));
    }
  };
  ask().then(() => tariffHint(site, cards.tariff, address, signal));
  const timer = setInterval(ask, AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  const update = () => {
    item = live.items.get(site.site) ?? item;
    put(cards.now, nowCard(item));
    put(cards.period, periodCard(item, found?.prices ?? null));
  };
  draw();
  return { element, update, isRefreshed: false };
}

/** What flows now, in W where the meter shows it, and what an hour of it costs; negative where it is injected. */
function nowCard(item) {
  if (!item) return [h("h2", {}, t("live.period")), h("p", {}, t("unknown"))];
  const isInjecting = item.injection_va > 0 && !item.power_va;
  const [watts, va] = isInjecting ? [item.injection_w, item.injection_va] : [item.power_w, item.power_va];
  const [value, unit] = watts === null || (preference("power") === "va" && va !== null) ? [va, "VA"] : [watts, "W"];
  const most = item.subscribed_kva ? item.subscribed_kva * 1000 : null;
  const share = !isInjecting && va !== null && most ? va / most : null;
  const bar = h("i", {});
  bar.style.inlineSize = `${Math.min(share ?? 0, 1) * 100}%`;
  const kind = item.overload || share > 1 ? "over" : share >= NEAR ? "near" : isInjecting ? "injecting" : "";
  const notes = [unit === "W" && va !== null && `${whole(va)} VA`, unit === "VA" && watts !== null && `${whole(watts)} W`, isInjecting ? t("live.injecting") : share !== null && t("live.share", { share: percent(share), kva: item.subscribed_kva }), item.overload && t("live.overload")];
  return [
    h("h2", {}, t("overview.now")),
    h("p", { class: `figure ${kind}` }, value === null ? "–" : `${isInjecting && value ? "\u2212" : ""}${whole(value)}`, h("span", { class: "unit" }, `\u00a0${unit}`)),
    share !== null && h("div", { class: `share ${kind}`, "aria-hidden": "true" }, bar),
    h("p", { class: "note" }, notes.filter(Boolean).join(" · ")),
    item.cost_per_hour !== null && h("p", { class: "hourly" }, t(item.cost_per_hour.startsWith("-") ? "overview.earns" : "overview.perHour", { amount: perHour(item.cost_per_hour.replace("-", ""), item.currency ?? "EUR") })),
  ];
}

const perHour = (text, currency) => exactMoney(Number(text).toFixed(Math.abs(Number(text)) < SMALL && Number(text) ? 3 : 2), currency);

function periodCard(item, prices) {
  if (!item) return [];
  const period = item.period ?? prices?.period;
  const known = item.price ?? prices?.price ?? null;
  const currency = item.currency ?? prices?.currency ?? "EUR";
  const tomorrow = item.colour_tomorrow ?? prices?.colour_tomorrow ?? null;
  return [
    h("h2", {}, t("live.period")),
    h("p", { class: "period-now" }, period && h("i", { class: `swatch p-${slug(period)}` }), period ? fullPeriodName(period) : t("period.unknown")),
    known !== null ? h("p", {}, price(known, currency)) : h("p", { class: "note" }, t("price.unknown")),
    prices && next(prices, currency),
    item.colour_today && isOfToday(item) && h("div", { class: "tempo" }, tempoDay("today", item.colour_today), tempoDay("tomorrow", tomorrow)),
    prices?.days_left && h("p", { class: "note" }, t("overview.daysLeft", prices.days_left)),
  ];
}

/** The next period, or the next price where there are no periods, and how long until then. */
function next(prices, currency) {
  const at = prices.next_period_at ?? prices.next_price_at;
  const minutes = at && Math.round((Date.parse(at) - Date.now()) / MINUTE_MS);
  if (!at || minutes < 0) return null;
  const name = prices.next_period_at ? periodName(prices.next_period) : t("overview.otherPrice");
  const then = prices.next_price_at === at ? ` · ${price(prices.next_price, currency)}` : "";
  return h("p", { class: "next" }, h("b", {}, t("overview.next", { period: name, length: duration(minutes) })), h("span", { class: "note" }, ` ${prices.is_usual ? t("overview.usually", { at: exactClock(at) }) : exactClock(at)}${then}`));
}

function tempoDay(which, colour) {
  return h("div", { class: `tempo-day tempo-${colour ?? "unknown"}` }, h("span", {}, t(`tempo_day.${which}`)), h("b", {}, colour ? t(`tempo.${colour}`) : t("tempo.unknown")));
}

function todayCard({ today, currency }, site) {
  const query = { site: site.site, from: today.from, to: addDays(today.from, 1), by: "day" };
  return [
    h("h2", {}, t("live.today")),
    sums(today, currency, query, t("explain.title"), site),
    onlyInjects(site) ? null : usualNote(today.usual, currency),
  ];
}

/** kWh and euros side by side, and below them what they are made of. */
function sums(of, currency, query, title, site) {
  const cost = { amount: of.cost, rounded: of.cost, currency, quality: of.cost === null ? "unknown" : of.quality };
  const parts = of.cost_energy !== null && of.cost_subscription !== null && t("overview.parts", { energy: money(of.cost_energy, currency ?? "EUR"), subscription: money(of.cost_subscription, currency ?? "EUR") });
  const injected = of.injection_wh && [t("live.injectionToday", { kwh: kwh(of.injection_wh) }), of.income !== null && t("income.of", { income: money(of.income, currency ?? "EUR") })].filter(Boolean).join(" · ");
  if (onlyInjects(site)) return [h("p", { class: "sums" }, h("span", { class: "big" }, kwh(of.injection_wh))), h("p", { class: "note" }, [t("injection"), of.income !== null && t("income.of", { income: money(of.income, currency ?? "EUR") })].filter(Boolean).join(" · "))];
  return [
    h("p", { class: "sums" }, h("span", { class: "big" }, kwh(of.energy_wh), of.estimated && badge("estimated")), h("span", { class: "big" }, site.contracts.length ? amount(cost, query, title) : noContract(site))),
    parts && h("p", { class: "note" }, parts),
    injected && h("p", { class: "note" }, injected),
  ];
}

/** True for a site that is paid for what it injects, and pays for nothing itself. */
const onlyInjects = (site) => site.contracts.length > 0 && site.contracts.every((each) => each.direction === "injection");

function usualNote(usual, currency) {
  if (!usual?.energy_wh || usual.today_energy_wh === null) return h("p", { class: "note" }, t("usual.none"));
  const share = usual.today_energy_wh / usual.energy_wh - 1;
  const beside = [kwh(usual.energy_wh), usual.cost !== null && money(usual.cost, currency ?? "EUR")].filter(Boolean).join(", ");
  return h("p", {}, trend(share), " ", t("overview.usual", { weekday: weekday(usual.weekday), beside }));
}

/** A change with its sign, coloured: less is better. */
const trend = (share) => h("b", { class: share > 0 ? "rises" : "falls" }, change(share));

function monthCard({ month, currency }, site) {
  const name = monthName(month.from.slice(0, 7));
  const query = { site: site.site, from: `${month.from.slice(0, 7)}-01`, to: month.to, by: "month" };
  return [h("h2", {}, name[0].toUpperCase() + name.slice(1)), sums(month, currency, query, t("explain.of", { what: name }), site), beforeNote(month, currency), forecastOf(month, currency), budgetOf(month, currency)];
}

function beforeNote({ energy_wh: wh, before }, currency) {
  if (!before?.energy_wh || wh === null) return null;
  const beside = [kwh(before.energy_wh), before.cost !== null && money(before.cost, currency ?? "EUR")].filter(Boolean).join(", ");
  const share = wh / before.energy_wh - 1;
  return h("p", {}, trend(share), " ", t("overview.before", { month: monthAlone(before.from.slice(0, 7)), beside }));
}

/** What the month will come to, as a sentence and as a bar: so far, likely, and the range. */
function forecastOf({ forecast, from, energy_wh: wh }, currency) {
  if (!forecast) return null;
  const euros = (text) => roundMoney(text, currency ?? "EUR");
  const whole = (value) => kwh(Math.round(value / 1000) * 1000).replace(/[.,]0+(?=\s)/, "");
  const likely = [whole(forecast.energy_wh), forecast.cost !== null && euros(forecast.cost)].filter(Boolean).join(", ");
  const range = forecast.cost !== null && forecast.cost_low !== null ? [euros(forecast.cost_low), euros(forecast.cost_high)] : forecast.cost === null && forecast.energy_low_wh !== null ? [whole(forecast.energy_low_wh), whole(forecast.energy_high_wh)] : null;
  const most = Math.max(forecast.energy_high_wh ?? forecast.energy_wh, wh ?? 0, 1);
  const part = (kind, start, end) => {
    const bar = h("i", { class: kind });
    bar.style.insetInlineStart = `${(start / most) * 100}%`;
    bar.style.inlineSize = `${(Math.max(end - start, 0) / most) * 100}%`;
    return bar;
  };
  return [
    h("div", { class: "ahead-bar", "aria-hidden": "true" }, part("likely", 0, forecast.energy_wh), forecast.energy_low_wh !== null && part("range", forecast.energy_low_wh, forecast.energy_high_wh), part("so-far", 0, wh ?? 0)),
    h("p", {}, t("overview.forecast", { month: monthAlone(from.slice(0, 7)) }), " ", h("b", {}, likely), range && [" ", h("span", { class: "note" }, t("overview.range", { low: range[0], high: range[1] }))]),
  ];
}

/** The budget of the month: what is spent of it, and whether it will be enough. */
function budgetOf({ budget, cost, forecast }, currency) {
  if (budget === null || cost === null) return null;
  const likely = forecast?.cost ?? null;
  const most = Math.max(Number(budget), Number(cost), Number(likely ?? 0));
  const bar = (kind, amount) => {
    const part = h("i", { class: kind });
    part.style.inlineSize = `${(Number(amount) / most) * 100}%`;
    return part;
  };
  const limit = h("i", { class: "limit" });
  limit.style.insetInlineStart = `${(Number(budget) / most) * 100}%`;
  const euros = (text) => roundMoney(text, currency ?? "EUR");
  const isOver = Number(cost) > Number(budget);
  const isThreatened = !isOver && likely !== null && Number(likely) > Number(budget);
  const text = isOver ? "overview.budgetExceeded" : isThreatened ? "overview.budgetThreatened" : "overview.budget";
  return [
    h("div", { class: `budget-bar ${isOver ? "over" : isThreatened ? "near" : ""}`, "aria-hidden": "true" }, likely !== null && bar("likely", likely), bar("so-far", cost), limit),
    h("p", { class: isOver || isThreatened ? "rises" : "note" }, t(text, { budget: euros(budget), cost: euros(cost), likely: likely === null ? t("unknown") : euros(likely) })),
  ];
}

/** The last two weeks, a bar for each day that opens it. */
function daysCard({ days, today, currency }, site, address) {
  const name = onlyInjects(site) ? "injection_wh" : "energy_wh";
  const most = Math.max(...days.map((each) => each[name] ?? 0), 1);
  const known = new Map(days.map((each) => [each.day, each]));
  const bars = daysOf(addDays(today.from, 1 - DAYS), addDays(today.from, 1)).map((day) => {
    const each = known.get(day);
    if (!each) return h("li", {});
    const isToday = day === today.from;
    const bar = h("i", { class: isToday ? "today" : null });
    bar.style.blockSize = `${((each[name] ?? 0) / most) * 100}%`;
    const label = [dayName(each.day), kwh(each[name]), each.cost !== null && money(each.cost, currency ?? "EUR")].filter(Boolean).join(" · ");
    return h("li", {}, h("a", { href: address("day", each.day), "aria-label": label, title: label, "aria-current": isToday ? "date" : null }, h("span", { class: "column" }, bar), h("span", { class: "letter", "aria-hidden": "true" }, String(wall(each.day).getUTCDate()))));
  });
  return [h("h2", {}, t("overview.days")), h("ol", { class: "bars" }, bars)];
}

function standbyCard({ standby }) {
  if (!standby) return [];
  const cost = standby.cost_year !== null ? t("overview.standby", { va: standby.va, cost: roundMoney(standby.cost_year, standby.currency) }) : t("overview.standbyVa", { va: standby.va });
  return [h("h2", {}, t("standby.title")), h("p", {}, cost)];
}

/** Whether another tariff would have been cheaper; asked last, because the recorder prices a year. */
async function tariffHint(site, place, address, signal) {
  const to = todayIn(site.timezone);
  const from = later(addDays(to, -YEAR_DAYS), addDays(site.first.slice(0, 10), 1));
  if (!site.contracts.some((each) => each.direction === "consumption") || daysBetween(from, to) < ENOUGH_DAYS) return;
  const answer = await get("/compare", { site: site.site, from, to, offers: true, language: language() }, signal).catch(() => null);
  const rows = answer?.items ?? [];
  const mine = rows.find((each) => each.tariff === each.actual_tariff && each.actual_days === daysBetween(each.from, each.to));
  if (!mine || mine.actual === null) return;
  const power = site.contracts.filter((each) => each.direction === "consumption").at(-1).power_kva;
  const others = rows.filter((each) => each.quality !== "unknown" && each.power_kva === power).sort((a, b) => Number(a.amount) - Number(b.amount));
  const best = others[0];
  if (!best) return;
  const saved = Number(mine.actual) - Number(best.amount);
  const name = best.name ?? best.tariff;
  const text = best.tariff === mine.tariff || saved < 1 ? t("overview.tariffBest") : t("overview.tariffCheaper", { name, saved: money(saved, best.currency), count: daysBetween(from, to) });
  put(place, h("h2", {}, t("overview.tariff")), h("p", {}, text), h("p", {}, h("a", { href: address("tariffs") }, t("overview.tariffMore"))));
  place.hidden = false;
}
