/** Choices of the reader: site, language, theme; and the token where reading requires one. */

import { h } from "./dom.js";
import { chooseLanguage, language, t } from "./i18n.js";

export const THEMES = ["auto", "light", "dark"];
const SIGNS = { auto: "◐", light: "☀", dark: "☾" };

/** The elements of the toolbar. */
export function tools({ sites, here, choose, changed, recolour, address }) {
  return [sites.length > 1 && siteChooser(sites, here.site, choose), languageButton(changed), themeButton(recolour), settingsLink(address, here)];
}

function settingsLink(address, here) {
  return h("a", { class: "tool link", href: address("settings"), "aria-label": t("nav.settings"), title: t("nav.settings"), "aria-current": here.name === "settings" ? "page" : null }, "⚙");
}

/** The theme that the reader has chosen: `auto`, `light` or `dark`. */
export const theme = () => document.documentElement.dataset.theme ?? "auto";

/** Shows a theme, and keeps it. */
export function chooseTheme(chosen) {
  saveTheme(chosen);
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

function siteChooser(sites, chosen, choose) {
  const options = sites.map((each) => h("option", { value: each.site, selected: each === chosen }, each.name ?? each.site));
  return h("select", { "aria-label": t("tools.site"), onchange: (event) => choose(event.target.value) }, options);
}

function languageButton(changed) {
  const other = language() === "fr" ? "en" : "fr";
  const click = async () => {
    await chooseLanguage(other);
    changed();
  };
  return h("button", { type: "button", class: "tool", lang: other, "aria-label": other === "fr" ? "Français" : "English", onclick: click }, other.toUpperCase());
}

function themeButton(recolour) {
  const now = theme();
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  const click = (event) => {
    chooseTheme(next);
    const made = themeButton(recolour);
    event.currentTarget.replaceWith(made);
    made.focus();
    recolour();
  };
  return h("button", { type: "button", class: "tool", "aria-label": t("tools.theme", { now: t(`theme.${now}`) }), title: t(`theme.${now}`), onclick: click }, SIGNS[now]);
}

function saveTheme(theme) {
  try {
    localStorage.setItem("tictally.theme", theme);
  } catch {
    // Without storage the choice lasts until the page is reloaded.
  }
}

const YEAR_S = 31_536_000;

const GIVEN_KEY = "tictally.token-given";

/** Whether this browser was given a token: if so, it is wrong, was changed, or has expired. */
function wasGiven() {
  try {
    return localStorage.getItem(GIVEN_KEY) !== null;
  } catch {
    return document.cookie.includes("tictally_token=");
  }
}

function remember() {
  try {
    localStorage.setItem(GIVEN_KEY, "");
  } catch {
    // The cookie tells as well, until it expires.
  }
}

/** A form for the token; `done` is called when it is submitted. `text`: why it is needed, if not for reading. */
export function tokenForm(done, text = null) {
  const field = h("input", { type: "password", name: "token", id: "token", autocomplete: "current-password", required: true });
  const submit = (event) => {
    event.preventDefault();
    event.currentTarget.dataset.sent = "";
    remember();
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `tictally_token=${field.value}; path=${new URL(".", location).pathname}; max-age=${YEAR_S}; samesite=strict${secure}`;
    done();
  };
  return h(
    "form",
    { class: text ? "token" : "card token", onsubmit: submit },
    text ? h("p", {}, text) : [h("h2", {}, t("token.title")), h("p", {}, t("token.text"))],
    wasGiven() ? h("p", { class: "rejected", role: "alert" }, t("token.rejected")) : null,
    h("label", { for: "token" }, t("token.label")),
    field,
    h("button", { class: "button" }, t("token.send")),
  );
}
