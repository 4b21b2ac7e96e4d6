/** Settings of the reader, kept in this browser, and of the household, kept by the recorder. */

import { Problem, get, json, send } from "../api.js";
import { redrawAll } from "../chart.js";
import { choice } from "../components.js";
import { h, put } from "../dom.js";
import { money, plain } from "../format.js";
import { chooseLanguage, language, t } from "../i18n.js";
import { prefer, preference } from "../preferences.js";
import { tokenCards } from "../tokens.js";
import { THEMES, chooseTheme, theme, tokenForm } from "../tools.js";

const UNAUTHORIZED = 401;
const BAD_REQUEST = 400;

/** @param {object} context see main.js. */
export async function render(context) {
  const { site, signal } = context;
  const household = site ? await get("/household", { site: site.site }, signal) : null;
  const tokens = household ? await tokenCards(household.writes, context) : null;
  return {
    element: h("div", { class: "stack settings" }, h("h1", {}, t("nav.settings")), reader(context), household && budget(household, context), site && billing(site, context), tokens),
    isRefreshed: false,
  };
}

/** Language, theme, units, site. */
function reader(context) {
  const redraw = (work) => async (value) => {
    await work(value);
    redrawAll();
    context.reloadAll();
  };
  const line = (name, control, note = null) => h("div", { class: "setting" }, h("span", { class: "name" }, t(name)), control, note && h("p", { class: "note" }, t(note)));
  const sites = context.sites.map((each) => h("option", { value: each.site, selected: each === context.site }, each.name ?? each.site));
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("settings.reader")),
    h("p", { class: "note" }, t("settings.readerNote")),
    line("settings.language", choice(t("settings.language"), [["fr", "Français"], ["en", "English"]], language(), redraw(chooseLanguage))),
    line("settings.theme", choice(t("settings.theme"), THEMES.map((each) => [each, t(`theme.${each}`)]), theme(), redraw(chooseTheme))),
    line("settings.unit", choice(t("settings.unit"), [["kwh", "kWh"], ["eur", "€"]], preference("unit"), (value) => prefer("unit", value)), "settings.unitNote"),
    line("settings.power", choice(t("settings.power"), [["w", "W"], ["va", "VA"]], preference("power"), (value) => prefer("power", value)), "settings.powerNote"),
    sites.length > 1 ? line("tools.site", h("select", { "aria-label": t("tools.site"), onchange: (event) => context.chooseSite(event.target.value) }, sites)) : null,
  );
}

/** The budget of the month, which the recorder keeps with the site. */
function budget({ items, writes }, context) {
  const [{ site, budget: known }] = items;
  const place = h("div", { class: "stack", role: "status", "aria-live": "polite" });
  const field = h("input", { type: "text", inputmode: "decimal", id: "budget", value: known === null ? "" : plain(Number(known)), autocomplete: "off", maxlength: 12, "aria-describedby": "budget-note" });
  const save = async (event) => {
    event.preventDefault();
    field.removeAttribute("aria-invalid");
    try {
      const found = await send("PUT", `/household/${encodeURIComponent(site)}/budget`, {}, json({ budget: field.value.replace(/[\s\u202f\u00a0]/g, "") || null }));
      put(place, h("p", { class: "good" }, found.budget === null ? t("settings.budgetNone") : t("settings.budgetSaved", { budget: money(found.budget) })));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === BAD_REQUEST) field.setAttribute("aria-invalid", "true");
      if (error.status === UNAUTHORIZED) put(place, tokenForm(context.reload, t("settings.tokenNeeded")));
      else put(place, h("p", { class: "failure", role: "alert" }, error.status === BAD_REQUEST ? t("settings.budgetWrong") : error.status ? h("span", { lang: "en" }, error.message) : t("error.unreached")));
    }
  };
  const form = h("form", { class: "fields", onsubmit: save }, h("label", { for: "budget" }, t("settings.budgetLabel")), field, h("p", { class: "note", id: "budget-note" }, t("settings.budgetNote")), h("button", { class: "button" }, t("settings.save")));
  const body = writes === "allowed" ? form : writes === "off" ? h("p", {}, t("settings.off")) : tokenForm(context.reload, t("settings.tokenNeeded"));
  return h("section", { class: "card" }, h("h2", {}, t("settings.budget")), body, place);
}

/** The billing day belongs to the contract. */
function billing(site, { address }) {
  const contract = site.contracts.filter((each) => each.direction === "consumption").at(-1);
  const text = contract?.billing_day ? t("settings.billingDay", { day: contract.billing_day }) : t("settings.billingFirst");
  return h("section", { class: "card" }, h("h2", {}, t("contracts.billing")), h("p", {}, text), h("p", {}, h("a", { href: address("tariffs") }, t("settings.toContracts"))));
}
