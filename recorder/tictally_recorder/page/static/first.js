// A token in the fragment, which a QR code has, becomes the cookie of the token at once and leaves the address.
const TOKEN = /^#\/token\/([^/?]+)$/;
const takeToken = () => {
  const found = TOKEN.exec(location.hash);
  if (!found) return;
  history.replaceState(null, "", `${location.pathname}${location.search}#/overview`);
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `tictally_token=${decodeURIComponent(found[1])}; path=${new URL(".", location).pathname}; max-age=31536000; samesite=strict${secure}`;
  location.reload(); // the first figures were requested without it
};
takeToken();
addEventListener("hashchange", takeToken);

// Sets the saved theme and language before the first paint, so that nothing flashes.
try {
  const theme = localStorage.getItem("tictally.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const served = document.documentElement.lang;
  const chosen = localStorage.getItem("tictally.language");
  const wanted = chosen ?? (navigator.languages ?? [navigator.language]).find((each) => /^(fr|en)\b/i.test(each)) ?? served;
  const language = wanted.toLowerCase().startsWith("fr") ? "fr" : "en";
  if (language !== served) {
    document.documentElement.lang = language;
    // The next page names the strings of this language itself, so that they are requested with everything else.
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `tictally_language=${language}; path=${new URL(".", location).pathname}; max-age=31536000; samesite=strict${secure}`;
  }
} catch {
  // Without storage the browser's preferences apply.
}
