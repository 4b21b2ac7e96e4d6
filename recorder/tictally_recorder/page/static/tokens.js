/** Tokens: those of clients of Conso API's interface, and a QR code that opens this page on a phone. */

import { Problem, json, send } from "./api.js";
import { table } from "./components.js";
import { h, put, svg } from "./dom.js";
import { exactDay } from "./format.js";
import { t } from "./i18n.js";
import { tokenForm } from "./tools.js";

const UNAUTHORIZED = 401;
const QUIET = 4;
const PIXEL = 6;

/** The cards of both. @param {string} writes whether this browser may: `allowed`, `refused` or `off`. */
export async function tokenCards(writes, context) {
  if (writes !== "allowed") return writes === "off" ? [card("tokens.title", h("p", {}, t("settings.off")))] : [];
  try {
    return [phone(), clients(await send("GET", "/tokens", {}, null, context.signal), context)];
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return [card("tokens.title", sentence(error, context))];
  }
}

const card = (name, ...children) => h("section", { class: "card tokens" }, h("h2", {}, t(name)), children);

const sentence = (error, context) => (error instanceof Problem && error.status === UNAUTHORIZED ? tokenForm(context.reload, t("tokens.needed")) : h("p", { class: "failure", role: "alert" }, error instanceof Problem && error.status ? h("span", { lang: "en" }, error.message) : t("error.unreached")));

/** A QR code of this page's address with the token, on request: whoever sees it can open the page. */
function phone() {
  const place = h("div", { class: "stack", role: "status" });
  const address = h("input", { type: "text", inputmode: "url", id: "page-address", value: `${location.origin}${new URL(".", location).pathname}`, maxlength: 300, autocomplete: "off" });
  const submit = async (event) => {
    event.preventDefault();
    try {
      const { rows } = await send("POST", "/tokens/qr", {}, json({ page: address.value.trim() }));
      put(place, drawing(rows), h("p", { class: "warning" }, t("tokens.qrCare")), h("button", { type: "button", class: "button quiet", onclick: () => put(place) }, t("tokens.hide")));
    } catch (error) {
      put(place, h("p", { class: "failure", role: "alert" }, t(error instanceof Problem && error.status ? "tokens.qrFailed" : "error.unreached")));
    }
  };
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  const form = h("form", { class: "fields", onsubmit: submit }, h("label", { for: "page-address" }, t("tokens.address")), address, isLocal ? h("p", { class: "note" }, t("tokens.local")) : null, h("button", { class: "button" }, t("tokens.show")));
  return card("tokens.phone", h("p", { class: "note" }, t("tokens.phoneNote")), form, place);
}

function drawing(rows) {
  const size = rows.length + 2 * QUIET;
  const path = rows.flatMap((row, y) => [...row].map((each, x) => (each === "1" ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ""))).join("");
  return svg("svg", { class: "qr", viewBox: `0 0 ${size} ${size}`, width: size * PIXEL, height: size * PIXEL, role: "img", "aria-label": t("tokens.phone") }, svg("rect", { width: size, height: size, fill: "#fff" }), svg("path", { d: path, fill: "#000" }));
}

/** Lists, creates and revokes the tokens of clients. */
function clients(answer, context) {
  const place = h("div", { class: "stack", role: "status", "aria-live": "polite" });
  const point = h("input", { type: "text", id: "token-point", value: answer.points[0] ?? context.site?.site ?? "", required: true, maxlength: 300, autocomplete: "off" });
  const days = h("input", { type: "number", id: "token-days", value: 1094, min: 1, max: 3660, required: true });
  const create = async (event) => {
    event.preventDefault();
    try {
      const prms = point.value.split(",").map((each) => each.trim()).filter(Boolean);
      const found = await send("POST", "/tokens", {}, json({ prms, days: Number(days.value) }));
      put(place, h("p", {}, t("tokens.once", { day: exactDay(found.expires) })), h("pre", { tabindex: 0, class: "secret" }, found.token), h("button", { type: "button", class: "button quiet", onclick: context.reload }, t("tokens.done")));
    } catch (error) {
      put(place, sentence(error, context));
    }
  };
  const revoke = async (id, button) => {
    button.disabled = true;
    try {
      await send("DELETE", `/tokens/${id}`);
      context.reload();
    } catch (error) {
      button.disabled = false;
      put(place, sentence(error, context));
    }
  };
  const rows = answer.items.map((each) => [
    h("code", {}, each.id),
    each.prms.join(", "),
    exactDay(each.expires),
    each.is_revoked ? t("tokens.revoked") : h("button", { type: "button", class: "button quiet compact", "aria-label": t("tokens.revokeOne", { id: each.id }), onclick: (event) => revoke(each.id, event.currentTarget) }, t("tokens.revoke")),
  ]);
  const enedis = !answer.enedis.is_set ? t("tokens.enedis") : answer.enedis.expires ? t("tokens.enedisUntil", { day: exactDay(answer.enedis.expires) }) : t("tokens.enedisSet");
  return card(
    "tokens.title",
    h("p", { class: "note" }, t("tokens.note")),
    rows.length ? table(t("tokens.title"), [t("tokens.id"), t("tokens.opens"), t("tokens.until"), t("tokens.revoke")], rows) : h("p", {}, t("tokens.none")),
    h("form", { class: "fields", onsubmit: create }, h("label", { for: "token-point" }, t("tokens.point")), point, h("label", { for: "token-days" }, t("tokens.days")), days, h("button", { class: "button" }, t("tokens.create"))),
    place,
    h("p", { class: "note" }, enedis, " ", h("code", {}, "TICTALLY_ENEDIS_TOKEN_FILE")),
  );
}
