/** The form of a contract: asks what the tariff asks for, shows what would change, and writes it. */

import { Problem, get, json, send } from "./api.js";
import { h, put } from "./dom.js";
import { fullDay, weekday, whole } from "./format.js";
import { t } from "./i18n.js";
import { fileProblemText, problemText, reasonText } from "./reasons.js";
import { tokenForm } from "./tools.js";

const [UNREACHED, UNAUTHORIZED, CONFLICT, CHANGED] = [0, 401, 409, 412];
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const LAST_DAY = 31;
const MOST_MONTHS = 12;

/**
 * Shows the form of a new contract, or of one to be corrected.
 * @param {object} of `place` where it is shown; `answer` of /contracts; `lists` of /tariffs; `context`, see main.js;
 * `contract` of the answer, or null.
 */
export async function contractForm(of) {
  const { place, answer, lists, context, contract } = of;
  const site = contract?.site ?? context.site?.site ?? null;
  const proposed = contract?.tariff ?? context.site?.meter_reported?.tariff ?? "";
  const options = lists.map((each) => h("option", { value: each.id, selected: each.id === proposed }, `${each.supplier} – ${each.name}`));
  const tariff = h("select", { id: "contract-tariff", required: true, onchange: () => ask() }, proposed ? null : h("option", { value: "" }, ""), options);
  const asked = h("div", { class: "stack", "aria-live": "polite" });
  const effect = h("div", { class: "stack", role: "status", "aria-live": "polite" });
  const start = moment("from", contract?.from);
  const until = moment("until", contract?.until);
  const state = { place, answer, context, effect, path: contract ? `/contracts/${contract.contract}` : "/contracts", method: contract ? "PUT" : "POST" };
  let fields = null;
  const ask = async () => {
    put(effect);
    fields = null;
    if (!tariff.value) return;
    try {
      const found = await get("/contracts/asked", { tariff: tariff.value, site: context.sites.length > 1 ? site : undefined }, context.signal);
      fields = fieldsOf(found, contract?.tariff === found.tariff ? contract : null, contract);
      put(asked, fields.elements);
    } catch (error) {
      if (error.name !== "AbortError") put(asked, refusal(error));
    }
  };
  const form = h(
    "form",
    { class: "fields", novalidate: true, onsubmit: submit },
    h("h3", {}, t(contract ? "contracts.correctTitle" : "contracts.addTitle")),
    labelled("tariff", t("tariff.list"), tariff, t("contracts.tariffNote")),
    context.sites.length > 1 ? labelled("site", t("tools.site"), siteChoice(context.sites, site)) : null,
    labelled("from", t("contracts.from"), start.element, t("contracts.fromNote")),
    labelled("until", t("contracts.until"), until.element, t("contracts.untilNote")),
    asked,
    h("p", { class: "buttons" }, h("button", { class: "button" }, t("contracts.preview")), h("button", { type: "button", class: "button quiet", onclick: () => put(place) }, t("contracts.cancel"))),
  );
  function submit(event) {
    event.preventDefault();
    if (!fields) return;
    const body = { tariff: tariff.value, from: start.value(), until: until.value() || null, site: form.querySelector("#contract-site")?.value ?? site, ...fields.values() };
    // A contract without its own site stays one: with a single site the file need not name it.
    if (context.sites.length === 1 && !contract?.site) body.site = null;
    preview(state, form, body);
  }
  put(place, form, effect);
  form.querySelector("h3").tabIndex = -1;
  form.querySelector("h3").focus();
  await ask();
}

/** Asks whether to delete a contract, and shows what that would change. */
export async function deletion({ place, answer, context, contract, name }) {
  const effect = h("div", { class: "stack", role: "status", "aria-live": "polite" });
  const state = { place, answer, context, effect, path: `/contracts/${contract.contract}`, method: "DELETE" };
  put(place, h("h3", { tabindex: -1 }, t("contracts.deleteOne", { name, from: fullDay(contract.from.slice(0, 10)) })), h("p", {}, t("contracts.deleteNote")), effect);
  place.querySelector("h3").focus();
  await preview(state, null, null);
}

/** Shows what a change would do, or what is wrong with it. */
async function preview(state, form, body) {
  clear(form);
  try {
    const found = await sent(state, body, true);
    put(state.effect, effectOf(found), h("p", { class: "buttons" }, confirmation(state, form, body), h("button", { type: "button", class: "button quiet", onclick: () => put(state.place) }, t("contracts.cancel"))));
    state.effect.querySelector("button").focus();
  } catch (error) {
    report(state, form, error);
  }
}

function confirmation(state, form, body) {
  const isDeleting = state.method === "DELETE";
  const click = async (event) => {
    event.currentTarget.disabled = true;
    try {
      await sent(state, body, false);
      state.context.reload();
    } catch (error) {
      report(state, form, error);
    }
  };
  return h("button", { type: "button", class: `button ${isDeleting ? "danger" : ""}`, onclick: click }, t(isDeleting ? "contracts.deleteYes" : "contracts.write"));
}

const sent = ({ method, path, answer }, body, isPreview) => send(method, path, { state: answer.state, ...(isPreview ? { preview: true } : {}) }, body && json(body));

/** The lines that change, the days that are recomputed, and what the meter reports otherwise. */
function effectOf(found) {
  const days = found.recomputed.map((each) => h("li", {}, t("contracts.recomputed", { count: each.days, n: whole(each.days), site: each.site, first: fullDay(each.first), last: fullDay(each.last) })));
  const lines = found.lines.map((each) => h("span", { class: each.sign === "+" ? "comes" : "goes" }, `${each.sign} ${each.text}\n`));
  return [
    h("h3", {}, t("contracts.effect")),
    found.lines.length ? h("pre", { tabindex: 0, class: "difference", "aria-label": t("contracts.lines") }, lines) : h("p", {}, t("contracts.nothing")),
    days.length ? h("ul", {}, days) : h("p", {}, t("contracts.noDays")),
    found.findings.map((each) => h("p", { class: "warning" }, problemText(each))),
  ];
}

/** Shows a problem at its field, or below the form. */
function report(state, form, error) {
  if (error.name === "AbortError") return;
  if (!(error instanceof Problem)) throw error;
  const field = form?.querySelector(`[data-field="${error.parameter}"]`);
  if (error.status === UNAUTHORIZED) put(state.effect, tokenForm(state.context.reload, t("contracts.tokenNeeded")));
  else if (field && error.reason) {
    put(state.effect);
    const input = field.querySelector("input, select");
    const id = `${input.id}-problem`;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", id);
    field.append(h("p", { class: "failure", role: "alert", id }, fileProblemText(error.reason)));
    input.focus();
  } else put(state.effect, refusal(error, state.context.reload));
}

function clear(form) {
  form?.querySelectorAll(".failure").forEach((each) => each.remove());
  form?.querySelectorAll("[aria-invalid]").forEach((each) => each.removeAttribute("aria-invalid"));
}

function refusal(error, reload = null) {
  const again = error.status === CHANGED && reload ? h("button", { type: "button", class: "button quiet", onclick: reload }, t("contracts.reload")) : null;
  return h("div", { class: "stack", role: "alert" }, h("p", { class: "failure" }, sentence(error)), again);
}

function sentence(error) {
  if (error.status === UNREACHED) return t("error.unreached");
  if (error.status === CHANGED) return t("contracts.changed");
  if (error.status === CONFLICT && error.reason) return fileProblemText(error.reason);
  return error.reason ? reasonText(error.reason) : h("span", { lang: "en" }, error.message);
}

/** The fields that a tariff asks for, with the values of a contract. `other`: the contract, also if it was on another tariff. */
function fieldsOf(asked, contract, other) {
  const power = asked.powers.length ? choiceOf("contract-power", asked.powers.map((each) => [String(each), `${each} kVA`]), String(contract?.power_kva ?? other?.power_kva ?? asked.reported_power_kva ?? "")) : null;
  const powers = asked.power_names.map((name) => [name, h("input", { type: "text", inputmode: "decimal", id: `contract-${name}`, value: contract?.powers_kw[name] ?? "" })]);
  const keepsSeasons = contract?.has_other_seasons ?? false;
  const hours = asked.off_peak && !keepsSeasons ? text("contract-off-peak", (other?.off_peak.length ? other.off_peak : asked.counted_off_peak).join(", "), "22:30-06:30") : null;
  const summer = hours && text("contract-summer", (other?.summer_off_peak ?? []).join(", "), "02:00-07:00, 14:00-17:00");
  const day = asked.chosen_day ? choiceOf("contract-day", DAYS.map((key, n) => [key, weekday(n + 1)]), contract?.chosen_day ?? "") : null;
  const billing = number("contract-billing", other?.billing_day ?? "", 1, LAST_DAY);
  const advance = asked.direction === "consumption" ? number("contract-advance", other?.billed_in_advance ?? "", 0, MOST_MONTHS) : null;
  return {
    elements: [
      power && labelled("power_kva", t("contracts.power"), power),
      powers.map(([name, input]) => labelled("powers_kw", t("contracts.powerOf", { name }), input)),
      hours && labelled("off_peak", t("contracts.offPeak"), hours, t("contracts.offPeakNote")),
      summer && labelled("summer_off_peak", t("contracts.summer"), summer, t("contracts.summerNote")),
      asked.off_peak && keepsSeasons ? h("p", { class: "note" }, t("contracts.seasonsKept")) : null,
      day && labelled("chosen_day", t("contracts.chosenDay"), day),
      labelled("billing_day", t("contracts.billing"), billing, t("contracts.billingNote")),
      advance && labelled("billed_in_advance", t("contracts.advance"), advance, t("contracts.advanceNote")),
    ],
    values: () => ({
      power_kva: power ? Number(power.value) || null : null,
      powers_kw: Object.fromEntries(powers.filter(([, input]) => input.value.trim()).map(([name, input]) => [name, input.value.trim()])),
      off_peak: keepsSeasons ? null : split(hours?.value ?? (other?.off_peak ?? []).join(",")),
      summer_off_peak: keepsSeasons ? [] : split(summer?.value ?? (other?.summer_off_peak ?? []).join(",")),
      chosen_day: day?.value || null,
      billing_day: billing.value === "" ? null : Number(billing.value),
      billed_in_advance: !advance || advance.value === "" ? null : Number(advance.value),
    }),
  };
}

const split = (written) => written.split(/[,;]/).map((each) => each.trim()).filter(Boolean);

const text = (id, value, placeholder) => h("input", { type: "text", id, value, placeholder, autocomplete: "off" });
const number = (id, value, min, max) => h("input", { type: "number", id, value, min, max, inputmode: "numeric" });

function choiceOf(id, options, chosen) {
  const known = options.some(([key]) => key === chosen);
  return h("select", { id }, known ? null : h("option", { value: "", selected: true }, ""), options.map(([key, name]) => h("option", { value: key, selected: key === chosen }, name)));
}

function siteChoice(sites, chosen) {
  return h("select", { id: "contract-site" }, sites.map((each) => h("option", { value: each.site, selected: each.site === chosen }, each.name ?? each.site)));
}

/** A field with its label above and a note below. `name`: of the parameter that a problem names. */
function labelled(name, label, control, note = null) {
  const input = control.matches("input, select") ? control : control.querySelector("input");
  return h("div", { class: "field", "data-field": name }, h("label", { for: input.id }, label), control, note && h("p", { class: "note" }, note));
}

/** A day, and a time within it where the contract began or ended within the day. */
function moment(name, value) {
  const [day, time] = (value ?? "").split("T");
  const date = h("input", { type: "date", id: `contract-${name}`, value: day, required: name === "from" });
  const clock = h("input", { type: "time", id: `contract-${name}-time`, step: 900, value: (time ?? "").slice(0, 5), "aria-label": t("contracts.time") });
  // An hour that clocks show twice keeps the offset that it was written with.
  const offset = (time ?? "").slice(5);
  const written = () => `${date.value}T${clock.value}`;
  return {
    element: h("span", { class: "moment" }, date, clock),
    value: () => (!clock.value ? date.value : written() === (value ?? "").slice(0, 16) ? `${written()}${offset}` : written()),
  };
}
