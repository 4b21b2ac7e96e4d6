// Sets the saved theme and language before the first paint, so that nothing flashes.
try {
  const theme = localStorage.getItem("tictally.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const chosen = localStorage.getItem("tictally.language");
  const wanted = chosen ?? (navigator.languages ?? [navigator.language]).find((each) => /^(fr|en)\b/i.test(each)) ?? "en";
  document.documentElement.lang = wanted.toLowerCase().startsWith("fr") ? "fr" : "en";
} catch {
  // Without storage the browser's preferences apply.
}
// The strings are requested with the modules, not after them.
const strings = Object.assign(document.createElement("link"), { rel: "preload", as: "fetch", crossOrigin: "anonymous" });
strings.href = new URL(`translations/${document.documentElement.lang}.json`, document.currentScript.src);
document.head.append(strings);
