/** The token, where reading requires one: entered once, stored in the cookie that the recorder reads. */

import { h } from "./dom.js";
import { t } from "./i18n.js";

const YEAR_S = 31_536_000;

/** A form for the token; `done` is called when it is submitted. */
export function tokenForm(done) {
  const field = h("input", { type: "password", name: "token", id: "token", autocomplete: "current-password", required: true });
  const submit = (event) => {
    event.preventDefault();
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `tictally_token=${field.value}; path=/; max-age=${YEAR_S}; samesite=strict${secure}`;
    done();
  };
  return h(
    "form",
    { class: "card token", onsubmit: submit },
    h("h2", {}, t("token.title")),
    h("p", {}, t("token.text")),
    h("label", { for: "token" }, t("token.label")),
    field,
    h("button", { class: "button" }, t("token.send")),
  );
}
