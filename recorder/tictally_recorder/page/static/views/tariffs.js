/** Tariffs: their history, and whether another one would have cost less. */

import { all, get } from "../api.js";
import { addDays, daysBetween, later, today as todayIn } from "../calendar.js";
import { figure, tip } from "../chart.js";
import { failed, figures, loading, table } from "../components.js";
import { colourCalendar } from "../colour-calendar.js";
import { contractsCard, contractsOf } from "../contracts.js";
import { amount } from "../costs.js";
import { h, put } from "../dom.js";
import { badge, show } from "../explain.js";
import { fullDay, kwh, money, price, signedMoney, wall } from "../format.js";
import { before, colon, fullPeriodName, language, periodName, t } from "../i18n.js";
import { fill, inOrder, slug } from "../periods.js";
import { powerCard } from "../powers.js";
import { pricesCard, pricesOf } from "../prices.js";
import { brokenFileText, datedReasonText } from "../reasons.js";
import { savingsCard, savingsOf } from "../savings.js";

const YEAR_DAYS = 365;
const USUAL_KVA = 6;

/** @param {object} context see main.js. */
export async function render(context) {
  const { site, signal, address } = context;
  const [argument, season] = [context.argument, context.season];
  const [lists, contracts] = await Promise.all([all("/tariffs", { language: language() }, signal), contractsOf(site, signal)]);
  const contract = contractOf(site);
  const chosen = lists.items.find((each) => each.id === argument)?.id ?? contract?.tariff ?? lists.items[0]?.id;
  const power = powerOf(site);
  const history = chosen ? await get(`/tariffs/${encodeURIComponent(chosen)}`, { power, language: language() }, signal) : null;
  const comparison = h("div", {});
  if (contract) put(comparison, invitation((query) => compare(site, comparison, lists.items, signal, query)));
  const [prices, calendar] = await Promise.all([contract && pricesOf(site, signal), colourCalendar(context, history, season)]);
  return {
    element: h(
      "div",
      { class: "stack" },
      h("div", { class: "heading" }, h("h1", {}, t("nav.tariffs")), chooser(lists.items, chosen, contract, address)),
      lists.errors.map((each) => h("p", { class: "card failed" }, brokenFileText(each))),
      prices ? pricesCard(site, prices) : null,
      calendar,
      contractsCard(contracts, lists.items, context),
      comparison,
      history && timeline(history, power, site?.timezone),
      history && versions(history, power),
    ),
  };
}

/** The latest contract for consumption, and the power of a site. */
const contractOf = (site) => site?.contracts.filter((each) => each.direction === "consumption").at(-1) ?? null;
const powerOf = (site) => contractOf(site)?.power_kva ?? site?.meter_reported?.power_kva ?? USUAL_KVA;

function chooser(lists, chosen, contract, address) {
  const option = (each) => h("option", { value: each.id, selected: each.id === chosen }, `${each.name}${each.id === contract?.tariff ? ` · ${t("tariff.yours")}` : ""}`);
  const change = (event) => {
    location.hash = address("tariffs", event.target.value);
  };
  return h("label", { class: "chooser" }, h("span", {}, t("tariff.list")), h("select", { onchange: change }, lists.map(option)));
}

const energyOf = (version, period, power) => (version.energy?.[String(power)] ?? version.energy?.["*"])?.[period]?.ttc ?? null;
const subscriptionOf = (version, power) => (version.subscription?.[String(power)] ?? version.subscription?.["*"])?.ttc ?? null;

function timeline(history, power, timeZone) {
  const periods = inOrder(history.periods);
  const today = todayIn(timeZone);
  const points = (period) => {
    const found = history.versions.filter((each) => energyOf(each, period, power) !== null).map((each) => [wall(each.from).getTime(), Number(energyOf(each, period, power))]);
    return found.length ? [...found, [wall(later(today, history.versions.at(-1).from)).getTime(), found.at(-1)[1]]] : found;
  };
  const line = (name) => ({ name: periodName(name), type: "line", step: "end", data: points(name), showSymbol: false, lineStyle: { width: 2.5, color: lineOf(name) }, itemStyle: { color: lineOf(name) }, emphasis: { disabled: true } });
  const option = () => ({
    tooltip: { axisPointer: { type: "line" }, formatter: (found) => tip(fullDay(new Date(found[0].value[0]).toISOString()), found.map((each) => [each.seriesName, price(each.value[1], history.currency), each.color])) },
    xAxis: { type: "time", axisLabel: { formatter: (at) => String(new Date(at).getUTCFullYear()) }, minInterval: 365 * 86_400_000 },
    yAxis: { type: "value", name: "€/kWh", min: 0 },
    series: periods.map(line),
  });
  const note = [history.supplier, t("tariff.versions", { count: history.versions.length }), history.overdue_since && t("tariff.overdue", { since: fullDay(history.overdue_since) })].filter(Boolean).join(" · ");
  const columns = [t("table.from"), ...periods.map((name) => figures(periodName(name))), figures(t("subscription"))];
  const rows = history.versions.map((each) => [fullDay(each.from), ...periods.map((name) => (energyOf(each, name, power) === null ? t("unknown") : price(energyOf(each, name, power), history.currency))), subscriptionOf(each, power) === null ? "–" : t("price.month", { price: money(subscriptionOf(each, power), history.currency) })]).reverse();
  return figure({ title: history.name, note, label: t("tariff.timeline", { name: history.name }), option, table: table(history.name, columns, rows) });
}

/** The line colour of a period: white would be invisible, so its border colour is used. */
const lineOf = (name) => (/BLANC/.test(name) ? fill(name).borderColor : fill(name).color);

function versions(history, power) {
  const one = (each) =>
    h(
      "li",
      {},
      h(
        "details",
        { open: each === history.versions.at(-1) },
        h("summary", {}, h("h3", {}, fullDay(each.from)), h("span", { class: "note" }, t(`confidence.${each.confidence}`)), brief(each)),
        each.changes.length ? changesTable(each, history) : h("p", { class: "note" }, t("tariff.first")),
        h("p", { class: "source" }, before("explain.source"), h("span", { lang: "en" }, each.source)),
        each.note && h("p", { class: "source", lang: "en" }, each.note),
      ),
    );
  return h("section", { class: "card" }, h("h2", {}, t("tariff.changes")), h("p", { class: "note" }, t("tariff.power", { kva: power })), h("ol", { class: "timeline" }, [...history.versions].reverse().map(one)));
}

/** The smallest and the largest change of energy prices. */
function brief(version) {
  const found = version.changes.filter((each) => each.item !== "subscription" && each.percent !== null).map((each) => Number(each.percent));
  if (!found.length) return null;
  const [least, most] = [Math.min(...found), Math.max(...found)];
  return h("span", { class: "brief" }, least === most ? signed(least) : `${signed(least)} … ${signed(most)}`);
}

function changesTable(version, history) {
  const rows = version.changes.map((each) => {
    const isSubscription = each.item === "subscription";
    const write = (text) => (text === null ? "–" : isSubscription ? t("price.month", { price: money(text, history.currency) }) : price(text, history.currency));
    const name = isSubscription ? t("subscription") : fullPeriodName(each.item);
    const rises = Number(each.percent) > 0;
    return [
      h("span", { class: "with-swatch" }, h("i", { class: `swatch ${isSubscription ? "subscription" : `p-${slug(each.item)}`}` }), name, each.power ? h("span", { class: "note" }, ` ${each.power} kVA`) : null),
      write(each.old),
      write(each.new),
      each.percent === null ? "–" : h("span", { class: rises ? "rises" : "falls" }, `${rises ? "▲" : "▼"} ${signed(each.percent)}`),
    ];
  });
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("tariff.from", { day: fullDay(version.from) }) }, table(version.version, [t("table.line"), figures(t("table.old")), figures(t("table.new")), figures(t("table.change"))], rows));
}

const signed = (text) => new Intl.NumberFormat(language(), { style: "percent", minimumFractionDigits: 1, signDisplay: "exceptZero" }).format(Number(text) / 100);

/** Takes the recorder seconds to compute: loaded on request, not at every visit. */
function invitation(start) {
  const offers = h("input", { type: "checkbox", name: "offers" });
  const hours = h("input", { type: "text", name: "off_peak", placeholder: "22:00-06:00", autocomplete: "off", size: 24 });
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("compare.title")),
    h("p", { class: "note" }, t("compare.patience")),
    h("p", {}, h("label", {}, h("span", { class: "note" }, `${t("compare.hours")} `), hours)),
    h("p", {}, h("label", { class: "check" }, offers, ` ${t("compare.offers")}`)),
    h("button", { type: "button", class: "button", onclick: () => start({ off_peak: hours.value.trim() || undefined, offers: offers.checked || undefined }) }, t("compare.start")),
  );
}

async function compare(site, place, lists, signal, query) {
  const to = todayIn(site.timezone);
  const from = later(addDays(to, -YEAR_DAYS), addDays(site.first.slice(0, 10), 1));
  const heading = h("h2", {}, t("compare.title"));
  if (from >= to) return;
  put(place, h("section", { class: "card" }, heading, loading()));
  try {
    const span = { site: site.site, from, to };
    const [answer, powers] = await Promise.all([get("/compare", { ...span, ...query, language: language() }, signal), get("/power", span, signal)]);
    const items = answer.items.map((each) => ({ ...each, name: each.name ?? each.tariff }));
    const savings = h("div", {}, loading());
    put(place, h("div", { class: "stack" }, savings, comparison(items, heading, from, to, powerOf(site)), powerCard(powers)));
    put(savings, savingsCard(await savingsOf(site, to, query, powerOf(site), signal)));
  } catch (error) {
    if (!signal.aborted) put(place, failed(error, () => compare(site, place, lists, signal, query)));
  }
}

function comparison(items, heading, from, to, power) {
  // An amount of some of the days only is shown with their number, and is neither ranked nor subtracted.
  const known = items.filter((each) => each.quality !== "unknown");
  const first = items[0];
  const actual = first && first.actual_days === daysBetween(first.from, first.to) ? first.actual : null;
  const most = Math.max(...known.map((each) => Number(each.amount)), 1);
  const sorted = [...known].sort((a, b) => Number(a.amount) - Number(b.amount));
  const rows = [...sorted, ...items.filter((each) => each.quality === "unknown")].map((each) => {
    const bar = h("i", { class: "compare-bar", "aria-hidden": "true" });
    const isKnown = each.quality !== "unknown";
    bar.style.inlineSize = `${isKnown ? (Number(each.amount) / most) * 100 : 0}%`;
    const difference = actual !== null && isKnown ? Number(each.amount) - Number(actual) : null;
    const isMine = each.tariff === each.actual_tariff && each.power_kva === power;
    return [
      [`${each.name} `, isMine && h("span", { class: "badge mine" }, `${t("tariff.yours")} `), h("span", { class: "small note" }, `${each.power_kva} kVA`)],
      `${each.power_kva} kVA`,
      h("span", { class: "compare-cell" }, bar),
      [amount(each, each, each.name, explainCompared), !isKnown && each.amount !== null && h("span", { class: "small note" }, ` ${t("compare.days", { count: each.days })}`)],
      difference === null ? "–" : signedMoney(difference, each.currency),
    ];
  });
  const columns = [t("compare.list"), figures(t("compare.power")), "", figures(t("cost")), figures(t("compare.difference"))];
  return h(
    "section",
    { class: "card" },
    heading,
    h("p", { class: "note" }, t("compare.assumed"), " ", t("compare.text", { from: fullDay(from), to: fullDay(addDays(to, -1)) }), first?.off_peak_hours ? ` ${t("compare.hoursUsed", { hours: first.off_peak_hours })}` : ""),
    items.length ? h("div", { class: "scroll compared", tabindex: 0, role: "region", "aria-label": t("compare.title") }, table(t("compare.title"), columns, rows)) : h("p", {}, t("compare.none")),
  );
}

function explainCompared(row, title) {
  const counted = Object.entries(row.energy_wh ?? {}).filter(([, wh]) => wh || row.amount !== null);
  const energies = counted.map(([name, wh]) => h("li", {}, `${colon(fullPeriodName(name))}${kwh(wh)}`));
  const unknown = row.reasons.map((each) => h("li", {}, datedReasonText(each)));
  show(
    title,
    h("p", {}, t("compare.explain", { tariff: row.name, kva: row.power_kva })),
    energies.length ? h("ul", {}, energies) : null,
    h("p", {}, t("explain.quality"), " ", badge(row.quality)),
    unknown.length ? [h("h3", {}, t("unknown")), h("ul", {}, unknown)] : null,
    h("p", { class: "note" }, t("compare.caution")),
  );
}
